// SPDX-License-Identifier: 0BSD
// A key function that does not take the posts.
// gcc: static assertion failed: the key function takes each kind of message
// clang: static_?assert(ion)? failed.*the key function takes each kind of message
#include "servers.hpp"

#include <cstdint>

struct by_first {
	std::uint64_t operator()(const add &msg) const
	{
		return static_cast<std::uint64_t>(msg.a);
	}
#ifndef WRONG
	std::uint64_t operator()(const std::string &msg) const
	{
		return msg.size();
	}
#endif
};

bool wrong(std::unique_ptr<ump::handler<adder>> (*make)());

bool wrong(std::unique_ptr<ump::handler<adder>> (*make)())
{
	return ump::spawn_workers_by_key(2, make, by_first()).has_value();
}
