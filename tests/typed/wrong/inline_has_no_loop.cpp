// SPDX-License-Identifier: 0BSD
// An inline server is run by its callers only.
// gcc: 'class ump::inlined<adder>' has no member named 'dispatch'
// clang: no member named 'dispatch' in 'ump::inlined<adder>'
#include "servers.hpp"

bool wrong(ump::inlined<adder> &inlined);

bool wrong(ump::inlined<adder> &inlined)
{
#ifdef WRONG
	return inlined.dispatch();
#else
	return inlined.join().has_value();
#endif
}
