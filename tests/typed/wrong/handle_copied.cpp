// SPDX-License-Identifier: 0BSD
// Two owners of one handle.
// gcc: use of deleted function 'ump::client<adder>::client\(const ump::client<adder>&\)'
// clang: call to .*deleted copy constructor of 'ump::client<adder>'
#include "servers.hpp"

ump::client<adder> wrong(ump::client<adder> &client);

ump::client<adder> wrong(ump::client<adder> &client)
{
#ifdef WRONG
	return client;
#else
	return std::move(client);
#endif
}
