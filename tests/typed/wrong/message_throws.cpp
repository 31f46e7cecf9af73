// SPDX-License-Identifier: 0BSD
// A message whose move may throw.
// gcc: static assertion failed: moving and destroying a message must not throw
// clang: static_?assert(ion)? failed.*moving and destroying a message must not throw
#include "servers.hpp"

#ifdef WRONG
#define MOVES false
#else
#define MOVES true
#endif

struct message {
	message() = default;
	message(message &&) noexcept(MOVES)
	{
	}
	message &operator=(message &&) noexcept
	{
		return *this;
	}
	~message() = default;
};

struct server : ump::protocol<message> {
};

bool wrong(const ump::client<server> &client);

bool wrong(const ump::client<server> &client)
{
	return client.request(message()).has_value();
}
