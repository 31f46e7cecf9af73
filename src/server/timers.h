/* SPDX-License-Identifier: 0BSD */
/*
 * The timers of one server.  They belong to its dispatcher; only callbacks start and cancel them.
 * They are allocated with the first timer, so a server without timers has a pointer only.
 */
#ifndef UMP_TIMERS_H
#define UMP_TIMERS_H

#include "channel/message.h"
#include "ump_server.h"
#include "wait/heap.h"

#include <stdbool.h>

/* What is called, and when again. */
struct ump__timer {
	ump_due_call *call;
	void *arg;
	/* 0: once. */
	int64_t period;
};

struct ump__timer_slot {
	struct ump__timer timer;
	/* How often the slot was freed: a part of the timer's number. */
	uint32_t generation;
};

struct ump__timers {
	/* Pending times, by slot. */
	struct ump__heap heap;
	struct ump__timer_slot *slots;
	/* The timer whose call is under way, and how many planned times it covers. */
	struct ump__timer current;
	uint64_t count;
};

/* Create timers without any; NULL if out of memory. */
struct ump__timers *ump__timers_new(void);

/* Free them all; those that are pending are not called.  NULL is allowed. */
void ump__timers_free(struct ump__timers *timers);

/* Start a timer.  UMP_OK: `*id` is its number, which is not 0.  UMP_NO_MEMORY. */
int ump__timers_start(
	struct ump__timers *timers, const struct ump__timer *timer, ump_time due, uint64_t *id);

/* Cancel a timer.  false: it is not pending. */
bool ump__timers_cancel(struct ump__timers *timers, uint64_t id);

/* Return the time of the next due call; UMP_FOREVER if there is none. */
ump_time ump__timers_due(const struct ump__timers *timers);

struct ump__dispatcher;

/* For callbacks of `dispatcher`: start a timer, as ump__timers_start; the first one allocates them.
 * UMP_OK, UMP_NO_MEMORY, or UMP_SERVER_GONE once the loop has ended. */
int ump__timer_begin(struct ump__dispatcher *dispatcher, const struct ump__timer *timer,
	ump_time due, uint64_t *id);

/* Cancel a timer.  false: it is not pending. */
bool ump__timer_end(struct ump__dispatcher *dispatcher, uint64_t id);

/* Take the timer that is due first for a call; false if none is due at `now`.  It stays pending if
 * it is periodic. */
bool ump__timers_take(struct ump__timers *timers, ump_time now);

#endif
