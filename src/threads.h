/* SPDX-License-Identifier: 0BSD */
/*
 * Threads that are used again.  A worker is one of them: it does one job after the other, and rests
 * in between in the list of the object that it belongs to, whoever gives it the next.
 */
#ifndef UMP_THREADS_H
#define UMP_THREADS_H

#include "sync/sync.h"
#include "ump_server.h"

#include <stdbool.h>

struct ump__worker;

/* What a worker does.  It calls ump__worker_rest once, as the last thing but what the next job need
 * not wait for. */
typedef void ump__job(void *arg, struct ump__worker *worker);

/* Whether a server that asks for so large a stack can run on these threads. */
bool ump__threads_fit(const ump_threads *threads, size_t stack_size);

/* Have a worker do `job`: one that rests, or a new one.  UMP_OK, UMP_NO_MEMORY or UMP_NO_THREAD. */
int ump__threads_run(ump_threads *threads, ump__job *job, void *arg);

/* Give the calling worker's thread this name, if it has another one. */
void ump__worker_name(struct ump__worker *worker, const char *name);

/* The calling worker is done with what it was given.  true: it may have been given something else
 * by now, which it does when its job returns.  false: nobody wants it any more, and its thread ends
 * then; `os` is that thread, for the caller to have it joined or detached. */
bool ump__worker_rest(struct ump__worker *worker, struct ump__os_thread *os);

#endif
