// SPDX-License-Identifier: 0BSD
// A post to a server that takes none.
// gcc: static assertion failed: this server takes no posts
// clang: static_?assert(ion)? failed.*this server takes no posts
#include "servers.hpp"

bool wrong(const ump::client<clerk> &client);

bool wrong(const ump::client<clerk> &client)
{
#ifdef WRONG
	return client.post(ump::none()).has_value();
#else
	return client.request("text").has_value();
#endif
}
