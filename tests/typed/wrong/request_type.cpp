// SPDX-License-Identifier: 0BSD
// A request of another type.
// gcc: no matching function for call to 'ump::client<adder>::request\(const char
// clang: no matching member function for call to 'request'
#include "servers.hpp"

bool wrong(const ump::client<adder> &client);

bool wrong(const ump::client<adder> &client)
{
#ifdef WRONG
	return client.request("3 + 7").has_value();
#else
	return client.request(add{3, 7}).has_value();
#endif
}
