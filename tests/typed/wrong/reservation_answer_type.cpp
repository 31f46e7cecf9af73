// SPDX-License-Identifier: 0BSD
// The callable of a reservation takes a value, but a reservation has none.
// gcc: static assertion failed: the callable takes the result of the reservation
// clang: static_?assert(ion)? failed.*the callable takes the result of the reservation
#include "servers.hpp"

bool wrong(ump::client<adder> &client, ump::completions &all);

bool wrong(ump::client<adder> &client, ump::completions &all)
{
#ifdef WRONG
	return client.reserve(all, [](ump::result<int>) {}).has_value();
#else
	return client.reserve(all, [](ump::result<void>) {}).has_value();
#endif
}
