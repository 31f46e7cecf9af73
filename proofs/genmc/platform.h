/* SPDX-License-Identifier: 0BSD */
/*
 * The platform as the GenMC clients see it, in place of src/sync.  GenMC explores all executions of
 * a small program under a weak memory model, so sleeping is replaced by assuming: an execution in
 * which the sleeper is not woken is cut off, and one in which nobody is left to wake it is what
 * GenMC reports as a blocked execution.  Loops are bounded by -unroll.
 *
 * Run as an ordinary program, under ThreadSanitizer, sleeping is yielding.
 *
 * Each client includes the shipped sources that it uses, so that GenMC gets one file.
 */
#ifndef UMP_PROOFS_GENMC_PLATFORM_H
#define UMP_PROOFS_GENMC_PLATFORM_H

#include "sync/sync.h"

#include <assert.h>
#include <pthread.h>
#include <sched.h>
#include <stdlib.h>

#ifdef __GENMC__
void __VERIFIER_assume(int condition);
#define AWAIT(condition) __VERIFIER_assume(condition)
/* GenMC lets others run everywhere. */
#define LINGER()
#else
/* Let others run for a while, where it matters that they may. */
#define LINGER() (void)nanosleep(&(struct timespec){0, 100000}, NULL)
#define AWAIT(condition)                                                                           \
	do {                                                                                       \
		while (!(condition))                                                               \
			sched_yield();                                                             \
	} while (0)
#endif

bool ump__park(struct ump__word *word, uintptr_t value, ump_time deadline)
{
	/* The clients' deadlines are UMP_FOREVER: or else they have passed. */
	if (deadline != UMP_FOREVER)
		return false;
	AWAIT(ump__word_peek(word) != value);
	return true;
}

/* The sleeper looks at the word itself, so a wake has nothing to do. */
void ump__wake(struct ump__word *word)
{
	(void)word;
}

/* A bell, as the system makes it: whoever silences it has seen what was done before it was rung.
 * The clients have one each. */
static _Atomic int rings;

void ump__notifier_raise(struct ump__notifier *bell)
{
	(void)bell;
	(void)atomic_exchange_explicit(&rings, 1, memory_order_acq_rel);
}

void ump__notifier_clear(const struct ump__notifier *bell)
{
	(void)bell;
	LINGER();
	(void)atomic_exchange_explicit(&rings, 0, memory_order_acq_rel);
	LINGER();
}

/* What an event loop does. */
static inline void await_ring(void)
{
	AWAIT(atomic_load_explicit(&rings, memory_order_acquire) != 0);
}

/* Spinning changes nothing but the time it takes. */
void ump__spin(const struct ump__word *word, uintptr_t value, enum ump__side side, int other_cpu)
{
	(void)word;
	(void)value;
	(void)side;
	(void)other_cpu;
}

_Noreturn void ump__die(const char *text)
{
	(void)text;
	assert(!"a count went below zero");
	abort();
}

static inline pthread_t go(void *(*run)(void *), void *arg)
{
	pthread_t thread;

	if (pthread_create(&thread, NULL, run, arg) != 0)
		abort();
	return thread;
}

static inline void come_back(pthread_t thread)
{
	if (pthread_join(thread, NULL) != 0)
		abort();
}

#endif
