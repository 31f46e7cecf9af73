// SPDX-License-Identifier: 0BSD
// Two owners of the same threads.
// gcc: use of deleted function 'ump::threads::threads\(const ump::threads&\)'
// clang: call to .*deleted copy constructor of 'ump::threads'
#include "servers.hpp"

ump::threads wrong(ump::threads &threads);

ump::threads wrong(ump::threads &threads)
{
#ifdef WRONG
	return threads;
#else
	return std::move(threads);
#endif
}
