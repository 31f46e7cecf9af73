/* SPDX-License-Identifier: 0BSD */
/*
 * Threads that no handle joins any more: those of dropped servers.  They are handed over to be
 * joined, not detached: only a join proves that a thread executes no more code of the library, so
 * that the library may be unloaded.
 *
 * The state is static: it belongs to one copy of the library.
 */
#ifndef UMP_DEPARTED_H
#define UMP_DEPARTED_H

#include "sync/sync.h"

#include <stdbool.h>
#include <stddef.h>

struct ump__channel;

/* Header of the allocated memory that is handed over with the thread. */
struct ump__departed {
	/* Must be first: runs when the thread exits. */
	struct ump__thread_exit exit;
	struct ump__os_thread os;
	/* Channel of its server, a weak reference; or NULL. */
	struct ump__channel *channel;
	struct ump__departed *next;
	/* Its thread uses this memory until it exits. */
	bool in_use;
	/* It was handed over; its thread was detached, at the end of the process. */
	bool taken;
	bool detached;
};

/* Announce the drop of a server: ump_join_dropped must wait for it from now on. */
void ump__departed_expect(void);

/* Let the calling thread, which is that of `one` and is ending, use that memory until it exits.
 * Returns false if it must not. */
bool ump__departed_use(struct ump__departed *one);

/* Hand over a dropped server that has ended.  If `ends`, its thread `one->os` ends, too, or has
 * ended, and a later call joins it.  `one` and its reference are freed, by its thread if that uses
 * them.  Never blocks. */
void ump__departed_take(struct ump__departed *one, bool ends);

/* Forget all threads, in a forked child, which has none of them. */
void ump__departed_forget(void);

/* Return the number of threads handed over and not joined; for checkers, while no other thread
 * runs. */
size_t ump__departed_count(void);

#endif
