/* SPDX-License-Identifier: 0BSD */
/*
 * One answer between a waiter and an answerer: the loops that publish the steps of core/call.h.
 * The side that gets ownership must be the last to access the answer and what belongs to it.
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

/* Answer a call that no other thread has seen, and whose waiter is this thread. */
void ump__answer_give(struct ump__answer *answer, int code);

/* Publish `code` and all earlier writes, and wake the waiter: by its notifier, if it has one.
 * Returns true if the waiter has given up; then the caller owns the answer.  Otherwise the answer
 * must not be accessed any more. */
bool ump__answer_publish(struct ump__answer *answer, int code, struct ump__notifier *notifier);

/* Clear the notifier, and have it raised by the answer.  Returns true if the answer is there
 * already.  The waiter only. */
bool ump__answer_idle(struct ump__answer *answer, const struct ump__notifier *notifier);

/* Wait for the answer.  Returns false if the deadline passed first.  `other_cpu` is where the
 * answerer last ran.  The waiter only. */
bool ump__answer_wait(struct ump__answer *answer, ump_time deadline, int other_cpu);

/* Give up.  Returns true if the answer is there already; then the caller owns it.  Otherwise the
 * answer must not be accessed any more.  The waiter only. */
bool ump__answer_abandon(struct ump__answer *answer);

/* Return whether the waiter has given up; then the answerer owns the answer.  The answerer only. */
bool ump__answer_is_abandoned(const struct ump__answer *answer);

#endif
