/* SPDX-License-Identifier: 0BSD */
/* Sources of choices: the only place in which the modes differ. */
#ifndef SIM_CHOICE_H
#define SIM_CHOICE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Kinds of choices.  0 is always the default: nothing rare happens. */
enum choice {
	/* Which of several stores a load returns: 0 is the newest. */
	CHOOSE_STORE,
	/* Whether a rare event happens. */
	CHOOSE_SPURIOUS,
	CHOOSE_WEAK_FAILURE,
	CHOOSE_REFUSAL,
	CHOOSE_TICK,
	CHOOSE_REUSE,
	/* Which sleeper a wake-up reaches. */
	CHOOSE_SLEEPER,
	/* Which thread runs next.  Asked through choice_thread only. */
	CHOOSE_THREAD
};

/* Begin an execution.  `known`: whether the machine, about to choose `what`, is in a known state,
 * which ends the execution if states are cut. */
void choice_begin(bool (*known)(enum choice what));

/* Forget the path of the exploration: it begins anew. */
void choice_restart(void);

/* Choose a number below `count`. */
unsigned choice_make(enum choice what, unsigned count);

/* Choose which of `count` threads runs next.  `stays`: 0 is the running thread, and choosing
 * another one preempts it.  `numbers` are the threads' numbers. */
unsigned choice_thread(const int *numbers, unsigned count, bool stays);

/* The same where the running thread must stay, although `count` threads could run.  It is recorded
 * as a choice, so that a replay meets as many. */
void choice_stay(unsigned count);

/* Choose the input of a program that is fuzzed: at most `most` bytes, and 255; return how many.  It
 * is recorded as its length and then its bytes. */
size_t choice_input(uint8_t *bytes, size_t most);

/* Return a random number that is not a choice: the same for the same seed. */
uint32_t choice_random(void);

#endif
