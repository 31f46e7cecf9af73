// SPDX-License-Identifier: 0BSD
// A result is not its value.
// gcc: could not convert .*ump::result<.* to 'std::string'
// clang: no viable conversion from .*result<.*to function return type 'std::string'
#include "servers.hpp"

std::string wrong(const ump::client<adder> &client);

std::string wrong(const ump::client<adder> &client)
{
#ifdef WRONG
	return client.request(add{3, 7});
#else
	return client.request(add{3, 7}).value_or("none");
#endif
}
