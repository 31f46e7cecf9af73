// SPDX-License-Identifier: 0BSD
// One handler for all workers, instead of a factory.
// gcc: no matching function for call to 'spawn_workers\(
// clang: no matching function for call to 'spawn_workers'
#include "servers.hpp"

bool wrong(std::unique_ptr<ump::handler<clerk>> handler,
	std::unique_ptr<ump::handler<clerk>> (*make)());

bool wrong(std::unique_ptr<ump::handler<clerk>> handler,
	std::unique_ptr<ump::handler<clerk>> (*make)())
{
#ifdef WRONG
	static_cast<void>(make);
	return ump::spawn_workers(2, std::move(handler)).has_value();
#else
	handler.reset();
	return ump::spawn_workers(2, make).has_value();
#endif
}
