/* SPDX-License-Identifier: 0BSD */
/*
 * Threads that no handle joins any more: those of servers that were dropped.  They are handed over
 * to be joined, instead of being detached: only who has joined a thread knows that it executes
 * nothing of the library any more, so that the library may be unloaded.
 *
 * The state is static: it is that of one copy of the library.
 */
#ifndef UMP_DEPARTED_H
#define UMP_DEPARTED_H

#include "sync/sync.h"

#include <stdbool.h>
#include <stddef.h>

struct ump__channel;

/* The beginning of allocated memory, which is handed over with the thread. */
struct ump__departed {
	/* First: what runs when the thread exits. */
	struct ump__thread_exit exit;
	struct ump__os_thread os;
	/* The channel of its server, a weak reference; or NULL. */
	struct ump__channel *channel;
	struct ump__departed *next;
	/* Its thread uses this memory until it exits. */
	bool in_use;
	/* It was handed over; and its thread is not joined any more. */
	bool taken;
	bool detached;
};

/* A server is about to be dropped: ump_join_dropped waits for it from now on. */
void ump__departed_expect(void);

/* The calling thread, which is that of `one` and ends, will use that memory until it exits.
 * false: it must not. */
bool ump__departed_use(struct ump__departed *one);

/* A dropped server has ended.  `ends`: its thread `one->os` ends, too, or has ended, and is joined
 * by a later call.  `one` and its reference are freed, by its thread if that uses them.  Never
 * blocks. */
void ump__departed_take(struct ump__departed *one, bool ends);

/* In a forked child: there are none. */
void ump__departed_forget(void);

/* How many threads are handed over and not joined; for checkers, while no other thread runs. */
size_t ump__departed_count(void);

#endif
