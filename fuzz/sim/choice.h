/* SPDX-License-Identifier: 0BSD */
/* Where choices come from: the one place in which the modes differ. */
#ifndef SIM_CHOICE_H
#define SIM_CHOICE_H

#include <stdbool.h>
#include <stdint.h>

/* What is chosen.  0 is always the dull answer: nothing rare happens. */
enum choice {
	/* Which of several stores a load returns: 0 is the newest. */
	CHOOSE_STORE,
	/* Whether something rare happens. */
	CHOOSE_SPURIOUS,
	CHOOSE_WEAK_FAILURE,
	CHOOSE_REFUSAL,
	CHOOSE_TICK,
	CHOOSE_REUSE,
	/* Which sleeper a wake-up reaches. */
	CHOOSE_SLEEPER,
	/* Who goes on.  Asked through choice_thread only. */
	CHOOSE_THREAD
};

void choice_begin(void);

/* A number below `count`. */
unsigned choice_make(enum choice what, unsigned count);

/* Which of `count` threads goes on.  `stays`: 0 is the thread that runs, and another one would
 * preempt it.  `numbers` are the threads' numbers. */
unsigned choice_thread(const int *numbers, unsigned count, bool stays);

/* The same when nobody but the thread that runs goes on, whoever might.  It is a choice all the
 * same, so that a replay meets as many. */
void choice_stay(unsigned count);

/* A random number that is no choice: the same for the same seed. */
uint32_t choice_random(void);

#endif
