// SPDX-License-Identifier: 0BSD
// Suspending from outside of the handler: only a handler may suspend itself.
// gcc: suspend\(\).* is protected within this context
// clang: 'suspend' is a protected member of 'ump::handler<adder>'
#include "servers.hpp"

bool wrong(ump::handler<adder> &handler);

bool wrong(ump::handler<adder> &handler)
{
#ifdef WRONG
	return static_cast<bool>(handler.suspend());
#else
	return handler.build(ump::client<adder>()) == 0;
#endif
}
