// SPDX-License-Identifier: 0BSD
// A post through a weak client that was not upgraded.
// gcc: 'const class ump::weak_client<adder>' has no member named 'post'
// clang: no member named 'post' in 'ump::weak_client<adder>'
#include "servers.hpp"

bool wrong(const ump::weak_client<adder> &client);

bool wrong(const ump::weak_client<adder> &client)
{
#ifdef WRONG
	return client.post("text").has_value();
#else
	return client.upgrade()->post("text").has_value();
#endif
}
