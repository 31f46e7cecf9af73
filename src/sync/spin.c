/* SPDX-License-Identifier: 0BSD */
/*
 * How long to wait awake before going to sleep.  An answer between two threads that are awake on
 * two processors takes about 0.1 us; waking a sleeper takes 5 to 60 us.  So a short spin pays
 * whenever the other side is at work elsewhere.  It never pays if the other side needs this very
 * processor.
 *
 * The dispatcher spins and does not yield: a yield costs more than a request.  Clients may
 * outnumber processors, so they spin briefly and then yield to each other.
 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include "sync/sync.h"

#include <sched.h>

#define SERVER_SPINS  400
#define CLIENT_SPINS  30
#define CLIENT_YIELDS 50

int ump__cpu(void)
{
#ifdef __linux__
	return sched_getcpu();
#else
	return UMP__CPU_UNKNOWN;
#endif
}

/* Tell the processor that this is a waiting loop. */
static void relax(void)
{
#if defined(__x86_64__) || defined(__i386__)
	__builtin_ia32_pause();
#elif defined(__aarch64__) || (defined(__arm__) && __ARM_ARCH >= 7)
	__asm__ volatile("yield");
#endif
}

void ump__spin(const struct ump__word *word, uintptr_t value, enum ump__side side, int other_cpu)
{
	bool here = other_cpu != UMP__CPU_UNKNOWN && other_cpu == ump__cpu();
	int spins = here ? 0 : side == UMP__SIDE_SERVER ? SERVER_SPINS : CLIENT_SPINS;
	int yields = side == UMP__SIDE_SERVER ? 0 : CLIENT_YIELDS;

	for (int i = 0; i < spins; i++) {
		if (ump__word_peek(word) != value)
			return;
		relax();
	}
	for (int i = 0; i < yields; i++) {
		if (ump__word_peek(word) != value)
			return;
		sched_yield();
	}
}

/* Who waits so for room may be overtaken, so it must not take long: where others need the processor
 * each yield may. */
#define ROUND_SPINS  60
#define ROUND_YIELDS 8

bool ump__spin_round(unsigned round, int other_cpu)
{
	bool here = other_cpu != UMP__CPU_UNKNOWN && other_cpu == ump__cpu();
	unsigned spins = here ? 0 : ROUND_SPINS;

	if (round >= spins + ROUND_YIELDS)
		return false;
	if (round >= spins)
		sched_yield();
	else
		relax();
	return true;
}
