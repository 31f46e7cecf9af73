// SPDX-License-Identifier: 0BSD
// A request through a post-only client.
// gcc: 'const class ump::post_client<adder>' has no member named 'request'
// clang: no member named 'request' in 'ump::post_client<adder>'
#include "servers.hpp"

bool wrong(const ump::post_client<adder> &client);

bool wrong(const ump::post_client<adder> &client)
{
#ifdef WRONG
	return client.request(add{3, 7}).has_value();
#else
	return client.post("text").has_value();
#endif
}
