// SPDX-License-Identifier: 0BSD
// Dispatching a server that has its own thread.
// gcc: 'class ump::thread<adder>' has no member named 'dispatch'
// clang: no member named 'dispatch' in 'ump::thread<adder>'
#include "servers.hpp"

bool wrong(ump::thread<adder> &thread);

bool wrong(ump::thread<adder> &thread)
{
#ifdef WRONG
	return thread.dispatch();
#else
	return thread.join().has_value();
#endif
}
