// SPDX-License-Identifier: 0BSD
// A request through completions to a server that takes none.
// gcc: static assertion failed: this server takes no requests
// clang: static_?assert(ion)? failed.*this server takes no requests
#include "servers.hpp"

bool wrong(const ump::client<logger> &client, ump::completions &all);

bool wrong(const ump::client<logger> &client, ump::completions &all)
{
#ifdef WRONG
	return client.request_completion(ump::none(), all, [](ump::result<void>) {}).has_value();
#else
	return all && client.post("text").has_value();
#endif
}
