// SPDX-License-Identifier: 0BSD
// Resuming a handler with an outcome of another type.
// gcc: no matching function for call to 'ump::suspension<adder>::resume\(ump::stop_t
// clang: no matching member function for call to 'resume'
#include "servers.hpp"

void wrong(ump::suspension<adder> &suspended);

void wrong(ump::suspension<adder> &suspended)
{
#ifdef WRONG
	suspended.resume(ump::stop(std::string("none")));
#else
	suspended.resume(ump::stop(7));
#endif
}
