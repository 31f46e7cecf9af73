// SPDX-License-Identifier: 0BSD
// Reserving capacity through a const client, although a reservation changes the client.
// gcc: passing .*const ump::client<adder>.* as 'this' argument discards qualifiers
// clang: no matching member function for call to 'reserve'
#include "servers.hpp"

bool wrong(ump::client<adder> &client, ump::completions &all);

bool wrong(ump::client<adder> &client, ump::completions &all)
{
#ifdef WRONG
	return std::as_const(client).reserve(all, [](ump::result<void>) {}).has_value();
#else
	return client.reserve(all, [](ump::result<void>) {}).has_value();
#endif
}
