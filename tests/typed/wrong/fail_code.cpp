// SPDX-License-Identifier: 0BSD
// A code of another server.
// gcc: cannot convert 'other_trouble' to .*trouble
// clang: cannot initialize a parameter of type .*trouble.* with an rvalue of type 'other_trouble'
#include "servers.hpp"

void wrong(ump::reply_context<adder> &rc);

void wrong(ump::reply_context<adder> &rc)
{
#ifdef WRONG
	rc.fail(other_trouble::tired);
#else
	rc.fail(trouble::overflow);
#endif
}
