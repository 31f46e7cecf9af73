// SPDX-License-Identifier: 0BSD
// The face after other libraries' headers, which define short names as macros.  These are their
// definitions.
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <string>
#include <utility>

// Qt, qobjectdefs.h and qglobal.h
#define emit
#define signals public
#define slots
#define foreach(a, b) for (a : b)
#define forever       for (;;)
#define SIGNAL(a)     "2" #a
#define SLOT(a)       "1" #a
#define METHOD(a)     "0" #a
// Windows
#define min(a, b) (((a) < (b)) ? (a) : (b))
#define max(a, b) (((a) > (b)) ? (a) : (b))
#define near
#define far
#define small     char
#define interface struct
#define IN
#define OUT
#define OPTIONAL
#define ERROR       0
#define NO_ERROR    0
#define DELETE      0x00010000L
#define leave       __leave
#define exception   math_exception
#define send(...)   (pthread_testcancel(), send(__VA_ARGS__))
#define remove(...) (pthread_testcancel(), remove(__VA_ARGS__))
// X11
#define None        0L
#define Bool        int
#define Status      int
#define True        1
#define False       0
#define Success     0
#define Always      2
#define index(s, c) (strchr((s), (c)))
// curses
#define box(win, v, h) wborder(win, v, v, h, h, 0, 0, 0, 0)
#define clear()        wclear(stdscr)
#define erase()        werase(stdscr)
#define move(y, x)     wmove(stdscr, (y), (x))
#define timeout(delay) wtimeout(stdscr, (delay))
// Others: xt_sctp.h, pkcs11.h, AssertMacros.h, sysmacros.h
#define bytes(type) (sizeof(type) * 8)
#define count       ulCount
#define value       pValue
#define check(what)                                                                                \
	do {                                                                                       \
	} while (!(what))
#define verify(what)                                                                               \
	do {                                                                                       \
	} while (!(what))
#define require(a, b)                                                                              \
	do {                                                                                       \
	} while (!(a))
#define major(dev)    gnu_dev_major(dev)
#define minor(dev)    gnu_dev_minor(dev)
#define makedev(a, b) gnu_dev_makedev(a, b)

#include "ump_server.hpp"

#if !defined(forever) || !defined(signals) || !defined(box) || !defined(min) || !defined(check)
#error "a macro is gone"
#endif

struct macros : ump::protocol<std::string, int, int> {
};

bool macros_request();
bool macros_workers();

bool macros_workers()
{
	auto server = ump::spawn_workers_by_key(
		2,
		[] {
			return ump::make_handler<macros>(
				[](std::string,
					ump::reply_context<macros> rc) -> ump::flow<ump::none> {
					rc.reply(1);
					return ump::go_on;
				},
				[](int) -> ump::flow<ump::none> { return ump::stop(); });
		},
		[](const auto &msg) { return sizeof msg; });

	return server && server->workers.stats(0) && server->client.request("a").has_value();
}

bool macros_request()
{
	auto server = ump::spawn_thread(ump::make_handler<macros>(
		[](std::string, ump::reply_context<macros> rc) -> ump::flow<ump::none> {
			rc.reply(1);
			return ump::go_on;
		},
		[](int) -> ump::flow<ump::none> { return ump::stop(); }));
	auto answers = ump::open_completions();
	auto sent = server->client.request_completion("a", *answers, [](ump::result<int>) {});

	forever
	{
		if (!sent || answers->wait(ump::never))
			break;
	}
	return server->client.request("a", ump::never).has_value();
}
