/* SPDX-License-Identifier: 0BSD */
/*
 * A completion queue: an inbox with a notifier, where an event loop receives the answers to its
 * requests.  Its senders are the answerers.  Its owner has the only strong reference; each message
 * in flight has a weak one, so that an answerer can still raise the notifier when the owner is
 * gone.
 */
#ifndef UMP_COMPLETIONS_H
#define UMP_COMPLETIONS_H

#include "channel/channel.h"
#include "channel/message.h"

#include <stdbool.h>

struct ump__watch;

struct ump_completions {
	/* Written by all threads. */
	_Alignas(UMP__LINE) struct ump__word inbox;
	/* Written by requesters and answerers. */
	_Alignas(UMP__LINE) struct ump__counts counts;
	struct ump__notifier notifier;
	/* The rest is the owner's: messages taken from the inbox, and not retrieved yet. */
	_Alignas(UMP__LINE) struct ump__queue batch;
	/* Watches that have not been retrieved yet (watch.h). */
	struct ump__watch *watches;
	/* Message whose reply was retrieved last; it is freed at the next call. */
	struct ump__message *lent;
	size_t in_flight;
	/* Requests that can be given up one by one; NULL before the first.  For a front: the queue
	 * behind it, with a reference.  See call/cancellables.h. */
	struct ump__cancellables *cancellables;
	struct ump_completions *behind;
	/* For the front of a server that asks: its channel, with a reference; else NULL.  See
	 * call/asks.h. */
	struct ump__channel *asker;
};

/* Initialize all but the notifier: no message, and the owner's reference. */
void ump__completions_init(struct ump_completions *completions);

/* Drop the owner's reference, once the inbox is closed. */
void ump__completions_drop_counts(struct ump_completions *completions);

/* Acquire a reference for a message in flight.  Returns false if there are too many. */
bool ump__completions_hold(struct ump_completions *completions);

/* Release it. */
void ump__completions_release(struct ump_completions *completions);

/* Push a completed message.  Returns false if the owner is gone; then the message belongs to the
 * caller.  The reference is released in both cases, so the completions must not be accessed any
 * more. */
bool ump__completions_push(struct ump_completions *completions, struct ump__message *message);

/* Return whether the owner is gone. */
bool ump__completions_dropped(const struct ump_completions *completions);

#endif
