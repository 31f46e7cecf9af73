// SPDX-License-Identifier: 0BSD
// A request to a server that takes none.
// gcc: static assertion failed: this server takes no requests
// clang: static_?assert(ion)? failed.*this server takes no requests
#include "servers.hpp"

bool wrong(const ump::client<logger> &client);

bool wrong(const ump::client<logger> &client)
{
#ifdef WRONG
	return client.request_async(ump::none()).has_value();
#else
	return client.post("text").has_value();
#endif
}
