/* SPDX-License-Identifier: 0BSD */
/*
 * A thread pool.  Each of its threads runs one job after the other, whichever thread
 * submits it, and is idle in between, in the list of its pool.
 */
#ifndef UMP_THREAD_POOL_H
#define UMP_THREAD_POOL_H

#include "sync/sync.h"
#include "ump_server.h"

#include <stdbool.h>

struct ump__pooled;

/* The job of a pooled thread.  It must call ump__pooled_idle once.  What it does afterwards delays
 * the next job, which may be assigned by then, so that must be brief. */
typedef void ump__job(void *arg, struct ump__pooled *pooled);

/* Return whether a server that asks for this stack size can run in this pool. */
bool ump__thread_pool_fit(const ump_thread_pool *pool, size_t stack_size);

/* Run `job` on an idle thread, or else on a new one.  UMP_OK, UMP_NO_MEMORY or UMP_NO_THREAD. */
int ump__thread_pool_run(ump_thread_pool *pool, ump__job *job, void *arg);

/* Give the calling thread this name, unless it has it already. */
void ump__pooled_name(struct ump__pooled *pooled, const char *name);

/* Make the calling thread idle, before its job returns.  Returns true if the pool keeps it: it may
 * have another job by now, which it begins when the present one returns.  Returns false if the pool
 * keeps no more idle threads: the thread then ends, and the caller must have it, as `os`, joined or
 * detached. */
bool ump__pooled_idle(struct ump__pooled *pooled, struct ump__os_thread *os);

#endif
