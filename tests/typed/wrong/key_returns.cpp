// SPDX-License-Identifier: 0BSD
// A key function that returns no number.
// gcc: static assertion failed: the key function takes each kind of message
// clang: static_?assert(ion)? failed.*the key function takes each kind of message
#include "servers.hpp"

bool wrong(std::unique_ptr<ump::handler<clerk>> (*make)());

bool wrong(std::unique_ptr<ump::handler<clerk>> (*make)())
{
#ifdef WRONG
	auto key = [](const std::string &msg) { return msg; };
#else
	auto key = [](const std::string &msg) { return msg.size(); };
#endif

	return ump::spawn_workers_by_key(2, make, key).has_value();
}
