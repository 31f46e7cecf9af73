// SPDX-License-Identifier: 0BSD
// Workers of another server.
// gcc: no match for 'operator=' .*'ump::workers<adder>'.*'ump::workers<clerk>'
// clang: no viable overloaded '='
#include "servers.hpp"

void wrong(ump::workers<adder> &mine, ump::workers<clerk> &other);

void wrong(ump::workers<adder> &mine, ump::workers<clerk> &other)
{
#ifdef WRONG
	mine = std::move(other);
#else
	mine.reset();
	other.reset();
#endif
}
