/* SPDX-License-Identifier: 0BSD */
/*
 * The platform of the GenMC clients, in place of src/sync.  GenMC explores all executions of a
 * small program under a weak memory model.  Parking becomes an assumption: an execution in which
 * the sleeper is not woken is discarded, and one in which no thread is left to wake it is reported
 * as blocked.  Loops are bounded by -unroll.
 *
 * In an ordinary program, under ThreadSanitizer, parking yields.
 *
 * Each client includes the shipped sources that it uses, so that GenMC gets one file.
 */
#ifndef UMP_PROOFS_GENMC_PLATFORM_H
#define UMP_PROOFS_GENMC_PLATFORM_H

/* GenMC sees all accesses, so nothing is told to tools. */
#define UMP__IS_SEEN 1
#include "sync/sync.h"

#include <assert.h>
#include <pthread.h>
#include <sched.h>
#include <stdlib.h>

#ifdef __GENMC__
void __VERIFIER_assume(int condition);
#define AWAIT(condition) __VERIFIER_assume(condition)
/* GenMC preempts everywhere. */
#define LINGER()
#else
/* Let other threads run here, where an interleaving matters. */
#define LINGER() (void)nanosleep(&(struct timespec){0, 100000}, NULL)
#define AWAIT(condition)                                                                           \
	do {                                                                                       \
		while (!(condition))                                                               \
			sched_yield();                                                             \
	} while (0)
#endif

bool ump__park(struct ump__word *word, uintptr_t value, ump_time deadline)
{
	/* The clients' deadlines are UMP_FOREVER, or have passed. */
	if (deadline != UMP_FOREVER)
		return false;
	AWAIT(ump__word_peek(word) != value);
	return true;
}

/* Does nothing: a parked thread polls the word. */
void ump__wake(struct ump__word *word)
{
	(void)word;
}

/* The state of the client's only notifier.  Clearing it acquires what was written before it was
 * raised, as in the kernel. */
static _Atomic int raised;

void ump__notifier_raise(struct ump__notifier *notifier)
{
	(void)notifier;
	(void)atomic_exchange_explicit(&raised, 1, memory_order_acq_rel);
}

void ump__notifier_clear(const struct ump__notifier *notifier)
{
	(void)notifier;
	LINGER();
	(void)atomic_exchange_explicit(&raised, 0, memory_order_acq_rel);
	LINGER();
}

/* Poll, as an event loop does. */
static inline void await_raise(void)
{
	AWAIT(atomic_load_explicit(&raised, memory_order_acquire) != 0);
}

/* Spinning changes only the time that a wait takes. */
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

static inline pthread_t start(void *(*run)(void *), void *arg)
{
	pthread_t thread;

	if (pthread_create(&thread, NULL, run, arg) != 0)
		abort();
	return thread;
}

static inline void join(pthread_t thread)
{
	if (pthread_join(thread, NULL) != 0)
		abort();
}

#endif
