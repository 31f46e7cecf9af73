// SPDX-License-Identifier: 0BSD
// A post that waits for capacity, to a server that takes no posts.
// gcc: static assertion failed: this server takes no posts
// clang: static_?assert(ion)? failed.*this server takes no posts
#include "servers.hpp"

bool wrong(const ump::client<clerk> &client);

bool wrong(const ump::client<clerk> &client)
{
#ifdef WRONG
	return client.post_until(ump::none(), ump::never).has_value();
#else
	return client.request("text").has_value();
#endif
}
