// SPDX-License-Identifier: 0BSD
// Two owners of one thread pool.
// gcc: use of deleted function 'ump::thread_pool::thread_pool\(const ump::thread_pool&\)'
// clang: call to .*deleted copy constructor of 'ump::thread_pool'
#include "servers.hpp"

ump::thread_pool wrong(ump::thread_pool &threads);

ump::thread_pool wrong(ump::thread_pool &threads)
{
#ifdef WRONG
	return threads;
#else
	return std::move(threads);
#endif
}
