// SPDX-License-Identifier: 0BSD
// Servers that between them have each kind of message and lack each kind, in C++.
#ifndef SERVERS_HPP
#define SERVERS_HPP

#include "ump_server.hpp"

#include <string>

struct add {
	int a;
	int b;
};

enum class trouble {
	overflow = 1
};

enum class other_trouble {
	tired = 1
};

// All kinds; requests travel as bytes.
struct adder : ump::protocol<add, std::string, std::string, int, trouble> {
};
// Requests that are given back, and replies without a value.
struct clerk : ump::protocol<std::string> {
};
// Posts only.
struct logger : ump::protocol<ump::none, ump::none, std::string> {
};

#endif
