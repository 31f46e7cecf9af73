/* SPDX-License-Identifier: 0BSD */
/*
 * How long to wait awake before going to sleep.  An answer between two threads that are awake on
 * two processors takes about 0.1 us; waking a sleeper takes 5 to 60 us.  So a short spin pays
 * whenever the other side is at work elsewhere, and never if it needs this very processor.
 *
 * - The dispatcher spins and does not yield: a yield costs more than a request.
 * - Clients may outnumber processors, so they spin briefly and then yield to each other.
 * - Nobody spins if the other side last ran on this processor.  A client yields even then: that is
 *   how the other side gets it, and two threads that both can run get spread over processors.
 * - With only one processor nobody does either.
 * - Who has waited awake in vain a few times sleeps at once for a while: core/patience.h.
 * - Who has something better to do than to wait (ump__stand_by) says for how long.
 *
 * The budgets are in time, because a pause takes 1 to 140 cycles; how many looks that is, is
 * measured once, so that the loop only counts.  `scripts/bench --sweep` builds the library with
 * other budgets, given by -D, and shows what they do.
 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include "core/patience.h"
#include "sync/sync.h"

#include <sched.h>
#include <unistd.h>

/* ns that a server spins, that a client spins, and that a client then yields. */
#ifndef UMP__SERVER_SPINS
#define UMP__SERVER_SPINS 14000
#endif
#ifndef UMP__CLIENT_SPINS
#define UMP__CLIENT_SPINS 1000
#endif
#ifndef UMP__CLIENT_YIELDS
#define UMP__CLIENT_YIELDS 20000
#endif

_Static_assert(UMP__SERVER_SPINS <= UMP__AWAKE_MOST && UMP__CLIENT_SPINS <= UMP__AWAKE_MOST &&
		       UMP__CLIENT_YIELDS <= UMP__AWAKE_MOST,
	"nobody waits awake for long");

/* How often speed is measured: what others do to one of the times is to be left out. */
#define TIMES 3

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

/* Look so often; whether `word` is another than `value`. */
static bool spin(const struct ump__word *word, uintptr_t value, uint32_t looks)
{
	for (; looks > 0; looks--) {
		if (ump__word_peek(word) != value)
			return true;
		relax();
	}
	return ump__word_peek(word) != value;
}

/* Let others run, for so many ns.  An answer that comes later came in vain: this thread was not let
 * run again for so long that it might as well have slept, and been woken. */
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

/* ---- What is learnt of the machine, once ---------------------------------------------------- */

/* 0: not known yet.  Threads that come at the same time learn the same. */
static struct ump__hint looks_in_10us;
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

		(void)spin(&word, UMP__INBOX_EMPTY, UMP__LOOKS_TIMED);
		took = ump_now() - begin;
		least = took < least ? took : least;
	}
	return ump__looks_in_10us(least);
}

/*
 * Whether the process may run on one processor only: what its first thread may, since others can be
 * bound by the program.  This is not asked again.  It counts only where it is not known that the
 * other side runs elsewhere, and so a process that gets more processors loses little.
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
	int known = ump__hint_get(&looks_in_10us);

	if (known == 0) {
		ump__hint_set(&alone, is_alone());
		known = (int)measure();
		ump__hint_set(&looks_in_10us, known);
	}
	return (uint32_t)known;
}

/* ---- The policy ---------------------------------------------------------------------------- */

void ump__spin(const struct ump__word *word, uintptr_t value, enum ump__side side, int other_cpu)
{
	/* Of this thread, on either side: how often in a row it waited in vain. */
	static _Thread_local uint32_t vain[2];
	bool client = side == UMP__SIDE_CLIENT;
	bool here = other_cpu != UMP__CPU_UNKNOWN && other_cpu == ump__cpu();
	uint32_t in_10us = learn();
	uint32_t ns = client ? UMP__CLIENT_SPINS : UMP__SERVER_SPINS;
	bool paid = false;

	if (ump__word_peek(word) != value || (here && !client))
		return;
	if ((here || other_cpu == UMP__CPU_UNKNOWN) && ump__hint_get(&alone) != 0)
		return;
	if (ump__patience_lasts(vain[side]))
		paid = (!here && spin(word, value, ump__looks_in(ns, in_10us))) ||
		       (client && yield(word, value, UMP__CLIENT_YIELDS));
	vain[side] = ump__patience_next(vain[side], paid);
}

/* What is shorter than a yield and its looks at the clock, and than going to sleep. */
#define STAND_BY_SPINS  1000  /* ns */
#define STAND_BY_YIELDS 20000 /* ns */

void ump__stand_by(struct ump__word *word, uintptr_t value, int64_t ns)
{
	uint32_t in_10us = learn();
	uint32_t awake = ns < 0 ? 0 : ns < STAND_BY_YIELDS ? (uint32_t)ns : STAND_BY_YIELDS;
	ump_time end;

	if (awake < STAND_BY_SPINS && ump__hint_get(&alone) == 0) {
		(void)spin(word, value, ump__looks_in(awake, in_10us));
		return;
	}
	end = ump_after(ns);
	(void)yield(word, value, awake);
	while (ump__word_peek(word) == value && ump__park(word, value, end))
		;
}

/* Who waits so for room may be overtaken, so it must not take long: where others need the processor
 * each yield may. */
#define ROUND_SPINS  2000 /* ns */
#define ROUND_YIELDS 8

bool ump__spin_round(unsigned round, int other_cpu)
{
	bool here = other_cpu != UMP__CPU_UNKNOWN && other_cpu == ump__cpu();
	unsigned spins = here ? 0 : ump__looks_in(ROUND_SPINS, learn());

	if (round >= spins + ROUND_YIELDS)
		return false;
	if (round >= spins)
		sched_yield();
	else
		relax();
	return true;
}
