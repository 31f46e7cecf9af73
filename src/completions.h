/* SPDX-License-Identifier: 0BSD */
/*
 * Where an event loop gets the ends of its requests: an inbox whose senders are the answerers, with
 * a bell.  Its owner is the only strong reference of its counts; whatever is in flight owns a weak
 * one, so that an answerer can still ring when the owner has gone.
 */
#ifndef UMP_COMPLETIONS_H
#define UMP_COMPLETIONS_H

#include "channel.h"
#include "message.h"

#include <stdbool.h>

struct ump_completions {
	/* Written by all. */
	_Alignas(UMP__LINE) struct ump__word inbox;
	/* Written by those who send and answer. */
	_Alignas(UMP__LINE) struct ump__counts counts;
	struct ump__bell bell;
	/* The rest is the owner's: what was taken from the inbox and not given out yet. */
	_Alignas(UMP__LINE) struct ump__queue batch;
	/* Whose reply was given out last, to be freed at the next call. */
	struct ump__message *lent;
	size_t in_flight;
};

/* A reference for something in flight; false: there are too many. */
bool ump__completions_hold(struct ump_completions *completions);

/* Give it back. */
void ump__completions_release(struct ump_completions *completions);

/* Hand in what is complete.  false: the owner has gone, and the message is the caller's.  Either
 * way the reference is given back, so the completions must not be touched any more. */
bool ump__completions_push(struct ump_completions *completions, struct ump__message *message);

/* Whether the owner has gone. */
bool ump__completions_dropped(const struct ump_completions *completions);

#endif
