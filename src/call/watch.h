/* SPDX-License-Identifier: 0BSD */
/*
 * Watches: a completion queue is notified when a server has ended.  A watch is linked to the
 * server's channel until one of two threads takes it: the one that ends the server, which completes
 * it, or the owner of the completions, which drops them and frees it.  So it needs no reference to
 * the channel.
 */
#ifndef UMP_WATCH_H
#define UMP_WATCH_H

#include "call/completions.h"
#include "channel/channel.h"
#include "channel/message.h"

#include <stdbool.h>

struct ump__watch {
	/* In the inbox of the completions, once the server has ended. */
	struct ump__message message;
	/* Guarded by the lock of the watches: the channel, until a thread has taken the watch; and
	 * its neighbours in the list of that channel, the next of which is the older one. */
	struct ump__channel *channel;
	struct ump__watch *next;
	struct ump__watch *previous;
	/* Of the owner of the completions: its neighbours in their list. */
	struct ump__watch *owned_next;
	struct ump__watch *owned_previous;
	/* With a reference, until it is pushed there. */
	struct ump_completions *completions;
	void *tag;
	/* Whether it reports the outcome, and that. */
	bool reports;
	struct ump_flow how;
};

static inline struct ump__watch *ump__watch_of(struct ump__message *message)
{
	return (struct ump__watch *)(void *)message;
}

/* Watch the server of `channel`: UMP_OK, UMP_NO_MEMORY or UMP_OVERFLOW.  `how` is NULL, or where
 * the outcome lies once the server has ended; then it is reported. */
int ump__watch_make(struct ump__channel *channel, struct ump_completions *completions, void *tag,
	const struct ump_flow *how);

/* Complete all watches of a server that has ended, the oldest first, and all to come.  `how` is the
 * outcome, or NULL.  Later calls do nothing.  The owner of the receiver only. */
void ump__watch_end(struct ump__channel *channel, const struct ump_flow *how);

/* Describe a watch that the owner of the completions has retrieved.  It must still be freed. */
struct ump_completion ump__watch_tell(
	struct ump_completions *completions, struct ump__watch *watch);

/* Cancel a watch.  Returns false if the server has ended: then the watch is in the completions, or
 * about to be. */
bool ump__watch_cancel(struct ump_completions *completions, struct ump__watch *watch);

/* Free a completed watch. */
void ump__watch_free(struct ump__watch *watch);

/* Free the watches of completions that are about to be dropped, unless their servers have ended.
 * The completions must not be closed yet. */
void ump__watch_forget_all(struct ump_completions *completions);

/* In a forked child. */
void ump__watch_forget(void);

#endif
