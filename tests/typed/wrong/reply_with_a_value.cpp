// SPDX-License-Identifier: 0BSD
// Replying with a value where replies have none.
// gcc: static assertion failed: these replies have no value
// clang: static_?assert(ion)? failed.*these replies have no value
#include "servers.hpp"

void wrong(ump::reply_context<clerk> &rc);

void wrong(ump::reply_context<clerk> &rc)
{
#ifdef WRONG
	rc.reply(ump::none());
#else
	rc.reply();
#endif
}
