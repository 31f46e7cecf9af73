// SPDX-License-Identifier: 0BSD
// Replying without the value that replies have.
// gcc: static assertion failed: these replies have a value
// clang: static_?assert(ion)? failed.*these replies have a value
#include "servers.hpp"

void wrong(ump::reply_context<adder> &rc);

void wrong(ump::reply_context<adder> &rc)
{
#ifdef WRONG
	rc.reply();
#else
	rc.reply("10");
#endif
}
