// SPDX-License-Identifier: 0BSD
// Dispatching a combining server: only its callers run it.
// gcc: 'class ump::combining<adder>' has no member named 'dispatch'
// clang: no member named 'dispatch' in 'ump::combining<adder>'
#include "servers.hpp"

bool wrong(ump::combining<adder> &combining);

bool wrong(ump::combining<adder> &combining)
{
#ifdef WRONG
	return combining.dispatch();
#else
	return combining.join().has_value();
#endif
}
