// SPDX-License-Identifier: 0BSD
// A reply buffer for a reply that must be moved, so cannot be written in place.
// gcc: static assertion failed: only a trivially copyable reply can be written in place
// clang: static_?assert(ion)? failed.*only a trivially copyable reply can be written in place
#include "servers.hpp"

void wrong(ump::reply_context<adder> &rc);

void wrong(ump::reply_context<adder> &rc)
{
#ifdef WRONG
	rc.reply(*rc.buffer());
#else
	rc.reply("10");
#endif
}
