/* SPDX-License-Identifier: 0BSD */
/*
 * The workers of one channel (server/workers.h): what they share, and their place in the wait-for
 * graph.  Any of them may take a message, so a wait for their server ends unless all of them are
 * blocked.  A wait ends only by one of them if that one has the awaited request at hand, or has it
 * in its own queue.  The channel owns this, since a walk along the graph may read it as long as the
 * channel exists.
 */
#ifndef UMP_CROWD_H
#define UMP_CROWD_H

#include "core/queue.h"
#include "sync/sync.h"
#include "ump_server.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct ump__frame;
struct ump__wait;

/* One worker. */
struct ump__slot {
	/* The frame of its callbacks; constant. */
	const struct ump__frame *frame;
	/* The wait in which its handler is blocked, or NULL; and the mark that a walk has given to
	 * that edge, 0 if none has.  As in a vertex. */
	struct ump__wait *wait;
	uint64_t mark;
	/* Where the context of the request lies that its handler works on; NULL if it works on
	 * none.  Written by the worker without the lock while it does not wait, so it must be read
	 * only if `wait` is not NULL. */
	ump_reply_context **at_hand;
	/* Messages of the key that it works on, which no other worker may take. */
	struct ump__queue own;
	uint64_t key;
	/* It handles a message. */
	bool busy;
};

struct ump__crowd {
	/* Guards all below, and the batch of the channel's receiver. */
	struct ump__lock lock;
	/* Whether the workers take messages.  Before that, the channel has one vertex like any
	 * other: the builders and each `init` run one after the other. */
	bool begun;
	uint32_t count;
	/* From the address of a request to that of the state of its answer. */
	size_t to_state;
	struct ump__slot slots[];
};

#endif
