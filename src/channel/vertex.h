/* SPDX-License-Identifier: 0BSD */
/* A server in the wait-for graph (wait/wait.h). */
#ifndef UMP_VERTEX_H
#define UMP_VERTEX_H

#include "sync/sync.h"

#include <stddef.h>
#include <stdint.h>

struct ump__wait;

struct ump__vertex {
	struct ump__lock lock;
	/* The lock guards the rest.  The edge: the wait in which its handler is blocked or
	 * suspended; NULL if there is none. */
	struct ump__wait *wait;
	/* Mark that a walk has given to this edge; 0 if none has. */
	uint64_t mark;
};

static inline void ump__vertex_init(struct ump__vertex *vertex)
{
	ump__lock_init(&vertex->lock);
	vertex->wait = NULL;
	vertex->mark = 0;
}

static inline void ump__vertex_end(struct ump__vertex *vertex)
{
	ump__lock_end(&vertex->lock);
}

#endif
