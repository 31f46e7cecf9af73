// SPDX-License-Identifier: 0BSD
// A handler is resumed with an outcome of another type.
// gcc: cannot convert 'ump::stop_t<std.*basic_string.*' to 'ump::flow<int>'
// clang: no viable conversion from .*stop_t<std.*basic_string.* to .*flow<int>
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
