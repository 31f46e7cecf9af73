/* SPDX-License-Identifier: 0BSD */
/*
 * One answer between a waiter and an answerer: the loops that publish the steps of core/call.h.
 * Whoever is told to own it is the last to touch it and what belongs to it.
 */
#ifndef UMP_ANSWER_H
#define UMP_ANSWER_H

#include "sync/sync.h"
#include "ump_server.h"

#include <stdbool.h>

struct ump__answer {
	struct ump__word state;
	/* Written by the answerer before it publishes, read by the waiter afterwards. */
	int code;
};

void ump__answer_init(struct ump__answer *answer);

/* Answer a call that nobody else has seen, whose waiter is this thread. */
void ump__answer_give(struct ump__answer *answer, int code);

/* Publish `code`, and all that was written before, and wake the waiter: by its bell, if it has one.
 * true: the waiter has given up, and the caller owns the answer.  false: the answer must not be
 * touched any more. */
bool ump__answer_publish(struct ump__answer *answer, int code, struct ump__bell *bell);

/* Silence the bell and have it rung when the answer comes.  true: it is there.  The waiter only. */
bool ump__answer_rest(struct ump__answer *answer, const struct ump__bell *bell);

/* Wait until the answer is there; false: the deadline passed first.  `other_cpu` is where the
 * answerer last ran.  The waiter only. */
bool ump__answer_wait(struct ump__answer *answer, ump_time deadline, int other_cpu);

/* Give up.  true: the answer is there already, and the caller owns it.  false: it must not be
 * touched any more.  The waiter only. */
bool ump__answer_abandon(struct ump__answer *answer);

/* Whether the waiter has given up; the answerer, who may ask, owns the answer then. */
bool ump__answer_is_abandoned(const struct ump__answer *answer);

#endif
