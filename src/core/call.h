/* SPDX-License-Identifier: 0BSD */
/*
 * The life of one call, as one word with two sides: a waiter, who may sleep and may give up, and
 * an answerer, who completes it exactly once.  The side that leaves last owns what the two shared.
 * A request is such a call; so is the end of a thread, which join waits for.
 */
#ifndef UMP_CORE_CALL_H
#define UMP_CORE_CALL_H

#include <stdbool.h>
#include <stdint.h>

/* Not answered, and the waiter is awake or not there. */
#define UMP__CALL_PENDING ((uintptr_t)0)
/* Not answered, and the waiter sleeps. */
#define UMP__CALL_WAITING ((uintptr_t)1)
/* Not answered, and the waiter has given up: the answerer owns the call. */
#define UMP__CALL_ABANDONED ((uintptr_t)2)
/* Answered: the waiter, if there is one, owns the call. */
#define UMP__CALL_DONE ((uintptr_t)3)

struct ump__call_step {
	uintptr_t next;
	/* Whether the word may change so; otherwise `next` is the word as it was. */
	bool taken;
	/* The other side sleeps and has to be woken. */
	bool wake;
	/* Whoever takes this step owns the call from now on: the other side is gone. */
	bool owns;
};

/* The answerer completes the call.  Refused if it is complete already. */
struct ump__call_step ump__call_finish_step(uintptr_t word);

/* The waiter goes to sleep.  Refused unless the call is pending. */
struct ump__call_step ump__call_sleep_step(uintptr_t word);

/* The waiter, awake for another reason than an answer, sleeps no more. */
struct ump__call_step ump__call_rise_step(uintptr_t word);

/* The waiter gives up.  Refused if the call is complete: then the waiter owns it. */
struct ump__call_step ump__call_abandon_step(uintptr_t word);

#endif
