// SPDX-License-Identifier: 0BSD
// A client of another server.
// gcc: no match for 'operator=' .*'ump::client<adder>'.*'ump::client<clerk>'
// clang: no viable overloaded '='
#include "servers.hpp"

void wrong(ump::client<adder> &mine, ump::client<clerk> &other);

void wrong(ump::client<adder> &mine, ump::client<clerk> &other)
{
#ifdef WRONG
	mine = std::move(other);
#else
	mine.reset();
	other.reset();
#endif
}
