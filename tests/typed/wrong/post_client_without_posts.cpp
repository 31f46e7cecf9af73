// SPDX-License-Identifier: 0BSD
// A post-only client of a server that takes no posts.
// gcc: static assertion failed: this server takes no posts
// clang: static_?assert(ion)? failed.*this server takes no posts
#include "servers.hpp"

bool wrong(const ump::client<clerk> &client);

bool wrong(const ump::client<clerk> &client)
{
#ifdef WRONG
	return client.post_client().has_value();
#else
	return client.clone().has_value();
#endif
}
