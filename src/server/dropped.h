/* SPDX-License-Identifier: 0BSD */
/*
 * Threads that no handle joins any more: those of dropped servers.  They are handed over to this
 * file, which joins them and does not detach them: only a join proves that a thread executes no
 * more code of the library, so that the library may be unloaded.
 *
 * The state is static: it belongs to one copy of the library.
 */
#ifndef UMP_DROPPED_H
#define UMP_DROPPED_H

#include "sync/sync.h"

#include <stdbool.h>
#include <stddef.h>

struct ump__channel;

/* Header of the allocated memory that is handed over with a thread. */
struct ump__dropped {
	/* Must be first: runs when the thread exits. */
	struct ump__thread_exit exit;
	struct ump__os_thread os;
	/* Channel of its server, a weak reference; or NULL. */
	struct ump__channel *channel;
	struct ump__dropped *next;
	/* Its thread uses this memory until it exits. */
	bool in_use;
	/* Whether it was handed over, and whether its thread was then detached, at the end of the
	 * process. */
	bool handed_over;
	bool detached;
};

/* Announce the drop of a server: ump_join_dropped must wait for it from now on. */
void ump__dropped_expect(void);

/* Let the calling thread, which is that of `one` and is ending, use that memory until it exits.
 * Returns false if the library cannot see its exit: then the memory may be gone before. */
bool ump__dropped_use(struct ump__dropped *one);

/* Hand over a dropped server that has ended.  If `ends`, its thread `one->os` ends, too, or has
 * ended, and a later call joins it.  `one` is freed and its reference dropped as soon as neither is
 * needed: by this call, by its thread when that exits, or by the call that joins it.  Never
 * blocks. */
void ump__dropped_take(struct ump__dropped *one, bool ends);

/* Forget all servers and threads, in a forked child, which has none of them. */
void ump__dropped_forget(void);

/* Return the number of threads handed over and not joined; for checkers, while no other thread
 * runs. */
size_t ump__dropped_count(void);

#endif
