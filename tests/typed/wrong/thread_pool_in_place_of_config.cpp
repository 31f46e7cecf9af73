// SPDX-License-Identifier: 0BSD
// A thread pool instead of a configuration.
// gcc: no matching function for call to 'spawn_thread
// clang: no matching function for call to 'spawn_thread'
#include "servers.hpp"

bool wrong(std::unique_ptr<ump::handler<adder>> handler, ump::thread_pool &threads);

bool wrong(std::unique_ptr<ump::handler<adder>> handler, ump::thread_pool &threads)
{
#ifdef WRONG
	return ump::spawn_thread(std::move(handler), threads).has_value();
#else
	return threads.spawn_thread(std::move(handler)).has_value();
#endif
}
