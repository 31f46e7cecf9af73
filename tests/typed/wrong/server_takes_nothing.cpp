// SPDX-License-Identifier: 0BSD
// A server that takes nothing.
// gcc: static assertion failed: a server takes requests, or posts, or both
// clang: static_?assert(ion)? failed.*a server takes requests, or posts, or both
#include "servers.hpp"

#ifdef WRONG
struct server : ump::protocol<ump::none> {
#else
struct server : ump::protocol<int> {
#endif
};

bool wrong(std::unique_ptr<ump::handler<server>> handler);

bool wrong(std::unique_ptr<ump::handler<server>> handler)
{
	return ump::spawn_task(std::move(handler)).has_value();
}
