// SPDX-License-Identifier: 0BSD
// A task of another server.
// gcc: no match for 'operator=' .*'ump::task<adder>'.*'ump::task<clerk>'
// clang: no viable overloaded '='
#include "servers.hpp"

void wrong(ump::task<adder> &mine, ump::task<clerk> &other);

void wrong(ump::task<adder> &mine, ump::task<clerk> &other)
{
#ifdef WRONG
	mine = std::move(other);
#else
	mine.reset();
	other.reset();
#endif
}
