/* SPDX-License-Identifier: 0BSD */
/*
 * Spin-then-block: how long to spin before blocking.  An answer between two running threads on two
 * processors takes about 0.1 us; waking a sleeper takes 5 to 60 us.  So a short spin pays whenever
 * the other side runs elsewhere, and never if it needs this very processor.
 *
 * - The dispatcher spins and does not yield: a yield costs more than a request.
 * - Clients may outnumber processors, so they spin briefly and then yield to each other.
 * - A thread must not spin if the other side last ran on this processor.  A client yields even
 *   then: the other side needs that to run, and two threads that both can run get spread over
 *   processors.
 * - With only one processor a thread does neither, unless the other side is known to run elsewhere,
 *   or the wait is in ump__spin_then_park or ump__spin_round.
 * - A thread whose last few spins failed blocks at once for a while: core/adaptive_spin.h.
 * - A thread that has something better to do than to wait (ump__spin_then_park) sets a time limit.
 *
 * The budgets are in time, because a pause takes 1 to 140 cycles; the number of polls in a budget
 * is measured once, so that the loop only counts.  `scripts/bench --sweep` builds the library with
 * other budgets, given by -D, and shows their effect.
 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include "core/adaptive_spin.h"
#include "sync/sync.h"
#include "sync/tools.h"

#include <sched.h>
#include <unistd.h>

/* Budgets in ns: of a server's spin, of a client's spin, and of the yields of a client after it. */
#ifndef UMP__SERVER_SPINS
#define UMP__SERVER_SPINS 14000
#endif
#ifndef UMP__CLIENT_SPINS
#define UMP__CLIENT_SPINS 1000
#endif
#ifndef UMP__CLIENT_YIELDS
#define UMP__CLIENT_YIELDS 20000
#endif

_Static_assert(UMP__SERVER_SPINS <= UMP__SPIN_MOST && UMP__CLIENT_SPINS <= UMP__SPIN_MOST &&
		       UMP__CLIENT_YIELDS <= UMP__SPIN_MOST,
	"no thread spins for long");

/* How often the poll rate is measured.  The fastest time counts, so other threads cannot distort
 * it. */
#define TIMES 3

int ump__cpu(void)
{
#ifdef __linux__
	return sched_getcpu();
#else
	return UMP__CPU_UNKNOWN;
#endif
}

/* Tell the processor that this is a spin loop. */
static void relax(void)
{
#if defined(__x86_64__) || defined(__i386__)
	__builtin_ia32_pause();
#elif defined(__aarch64__) || (defined(__arm__) && __ARM_ARCH >= 7)
	__asm__ volatile("yield");
#endif
}

/* Poll with at most `polls` pauses.  Return whether `word` differs from `value`. */
static bool spin(const struct ump__word *word, uintptr_t value, uint32_t polls)
{
	for (; polls > 0; polls--) {
		if (ump__word_peek(word) != value)
			return true;
		relax();
	}
	return ump__word_peek(word) != value;
}

/* Yield for `ns`.  Return whether `word` changed in that time.  A later change counts as a failed
 * spin: this thread was descheduled for as long as a sleep and a wake would have taken. */
static bool yield(const struct ump__word *word, uintptr_t value, uint32_t ns)
{
	ump_time end = ump_now() + ns;

	do {
		sched_yield();
		if (ump__word_peek(word) != value)
			return ump_now() < end;
	} while (ump_now() < end);
	return false;
}

/* ---- The machine, measured once ------------------------------------------------------------- */

/* 0: not known yet.  Threads that measure at the same time get about the same. */
static struct ump__hint polls_in_10us;
/* This process may run on one processor only. */
static struct ump__hint alone;

static uint32_t measure(void)
{
	struct ump__word word;
	int64_t least = INT64_MAX;

	ump__word_init(&word, UMP__INBOX_EMPTY);
	for (int i = 0; i < TIMES; i++) {
		ump_time begin = ump_now();
		int64_t took;

		(void)spin(&word, UMP__INBOX_EMPTY, UMP__POLLS_TIMED);
		took = ump_now() - begin;
		least = took < least ? took : least;
	}
	return ump__polls_in_10us(least);
}

/*
 * Whether the process may run on one processor only.  Its first thread is asked, since the program
 * can bind others, and only once.  The result counts only where the other side is not known to run
 * elsewhere, so a process that gets more processors loses little.
 */
static bool is_alone(void)
{
#ifdef __linux__
	cpu_set_t set;

	return sched_getaffinity(getpid(), sizeof set, &set) == 0 && CPU_COUNT(&set) == 1;
#else
	return sysconf(_SC_NPROCESSORS_ONLN) == 1;
#endif
}

static uint32_t learn(void)
{
	int known = ump__hint_get(&polls_in_10us);

	if (known == 0) {
		ump__tools_own(&polls_in_10us, sizeof polls_in_10us);
		ump__tools_own(&alone, sizeof alone);
		ump__hint_set(&alone, is_alone());
		known = (int)measure();
		ump__hint_set(&polls_in_10us, known);
	}
	return (uint32_t)known;
}

/* ---- The policy ---------------------------------------------------------------------------- */

void ump__spin(const struct ump__word *word, uintptr_t value, enum ump__side side, int other_cpu)
{
	/* The counter of core/adaptive_spin.h, of this thread, for either side. */
	static _Thread_local uint32_t failed[2];
	bool client = side == UMP__SIDE_CLIENT;
	bool here = other_cpu != UMP__CPU_UNKNOWN && other_cpu == ump__cpu();
	uint32_t in_10us = learn();
	uint32_t ns = client ? UMP__CLIENT_SPINS : UMP__SERVER_SPINS;
	bool succeeded = false;

	if (ump__word_peek(word) != value || (here && !client))
		return;
	if ((here || other_cpu == UMP__CPU_UNKNOWN) && ump__hint_get(&alone) != 0)
		return;
	if (ump__adaptive_spin_lasts(failed[side]))
		succeeded = (!here && spin(word, value, ump__polls_in(ns, in_10us))) ||
			    (client && yield(word, value, UMP__CLIENT_YIELDS));
	failed[side] = ump__adaptive_spin_next(failed[side], succeeded);
}

/* The shortest waits that are worth a yield with its reads of the clock, and worth a sleep. */
#define SPINS_MOST  1000  /* ns */
#define YIELDS_MOST 20000 /* ns */

void ump__spin_then_park(struct ump__word *word, uintptr_t value, int64_t ns)
{
	uint32_t in_10us = learn();
	uint32_t spins = ns < 0 ? 0 : ns < YIELDS_MOST ? (uint32_t)ns : YIELDS_MOST;
	ump_time end;

	if (spins < SPINS_MOST && ump__hint_get(&alone) == 0) {
		(void)spin(word, value, ump__polls_in(spins, in_10us));
		return;
	}
	end = ump_after(ns);
	(void)yield(word, value, spins);
	while (ump__word_peek(word) == value && ump__park(word, value, end))
		;
}

/* A sender that waits so for a permit may be overtaken, so this must not take long; where other
 * threads need the processor each yield may. */
#define ROUND_SPINS  2000 /* ns */
#define ROUND_YIELDS 8

bool ump__spin_round(unsigned round, int other_cpu)
{
	bool here = other_cpu != UMP__CPU_UNKNOWN && other_cpu == ump__cpu();
	unsigned spins = here ? 0 : ump__polls_in(ROUND_SPINS, learn());

	if (round >= spins + ROUND_YIELDS)
		return false;
	if (round >= spins)
		sched_yield();
	else
		relax();
	return true;
}
