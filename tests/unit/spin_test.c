/* SPDX-License-Identifier: 0BSD */
/*
 * The spin policy in a simulated world: polls, yields, the clock and the processors are simulated,
 * so that nothing depends on real time.  The file under test is included unchanged.
 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include "sync/sync.h"

#include "check.h"

#include <sched.h>
#include <string.h>
#include <unistd.h>

#define POLL_NS  50
#define YIELD_NS 400

static struct {
	ump_time now;
	/* How long other threads keep the processor after a yield. */
	ump_time yield_ns;
	/* The clock runs `speed` times as fast; 0: it stands still. */
	int speed;
	int cpu;
	size_t processors;
	uint32_t polls;
	uint32_t yields;
	uint32_t clocks;
	uint32_t affinities;
	uint32_t parks;
	/* How long before its deadline a sleep ends. */
	ump_time early;
	/* When the word changes. */
	ump_time changes;
} world;

static uintptr_t played_peek(const struct ump__word *word)
{
	uintptr_t value = ump__word_peek(word);

	world.polls++;
	world.now += POLL_NS;
	return value == UMP__INBOX_EMPTY && world.now >= world.changes ? UMP__INBOX_ALIGN : value;
}

static int played_yield(void)
{
	world.yields++;
	world.now += world.yield_ns;
	return 0;
}

static ump_time played_now(void)
{
	world.clocks++;
	return world.now * world.speed;
}

/* It is never woken. */
static bool played_park(struct ump__word *word, uintptr_t value, ump_time deadline)
{
	CHECK_INT(ump__word_peek(word), ==, value);
	world.parks++;
	if (world.early > 0 && world.now < deadline - world.early) {
		world.now = deadline - world.early;
		return true;
	}
	world.now = deadline > world.now ? deadline : world.now;
	return false;
}

static int played_cpu(void)
{
	return world.cpu;
}

static int played_affinity(pid_t pid, size_t size, cpu_set_t *set)
{
	world.affinities++;
	CHECK_INT(pid, ==, getpid());
	if (world.processors == 0)
		return -1;
	memset(set, 0, size);
	for (size_t i = 0; i < world.processors; i++)
		CPU_SET(i, set);
	return 0;
}

/* Its functions have the names of the library's, so rename them. */
#define ump__cpu            spin_cpu
#define ump__spin           spin_spin
#define ump__spin_round     spin_round
#define ump__spin_then_park spin_spin_then_park
#define ump__park           played_park
#define ump_after(ns)       (played_now() + (ns))
#define ump__word_peek      played_peek
#define sched_yield         played_yield
#define ump_now             played_now
#define sched_getcpu        played_cpu
#define sched_getaffinity   played_affinity

int ump__cpu(void);
void ump__spin(const struct ump__word *word, uintptr_t value, enum ump__side side, int other_cpu);

#include "sync/spin.c"

static struct ump__word word;

/* Start on a machine with `processors` processors and a clock of that speed, of which this process
 * knows nothing yet. */
static void begin(size_t processors, int speed)
{
	world.now = 1000000;
	world.yield_ns = YIELD_NS;
	world.speed = speed;
	world.cpu = 0;
	world.processors = processors;
	world.changes = INT64_MAX;
	ump__word_init(&word, UMP__INBOX_EMPTY);
	ump__hint_init(&polls_in_10us, 0);
	ump__hint_init(&alone, 0);
	(void)learn();
}

/* One failed wait, by a thread that is willing to spin; return its duration. */
static ump_time failed_wait(enum ump__side side, int other_cpu)
{
	ump_time from;

	/* A success restores spinning, once a spin is tried. */
	for (uint32_t i = 0; i <= UMP__ADAPTIVE_SPIN_RESTS; i++) {
		world.changes = world.now + POLL_NS + 1;
		ump__spin(&word, UMP__INBOX_EMPTY, side, 1);
	}
	world.changes = INT64_MAX;
	world.polls = world.yields = world.clocks = 0;
	from = world.now;
	ump__spin(&word, UMP__INBOX_EMPTY, side, other_cpu);
	return world.now - from;
}

#define check_about(took, ns)                                                                      \
	do {                                                                                       \
		CHECK_INT(took, >=, (ns)*8 / 10);                                                  \
		CHECK_INT(took, <=, (ns)*12 / 10 + 2 * POLL_NS);                                   \
	} while (0)

static void budgets(void)
{
	begin(2, 1);
	/* Calibrate once, and within little time. */
	CHECK_INT(world.affinities, ==, 1);
	CHECK_INT(world.clocks, <=, 8);
	check_about(failed_wait(UMP__SIDE_SERVER, 1), UMP__SERVER_SPINS);
	CHECK_INT(world.yields, ==, 0);
	/* The loop only counts: it must not read the clock. */
	CHECK_INT(world.clocks, ==, 0);
	check_about(failed_wait(UMP__SIDE_CLIENT, 1), UMP__CLIENT_SPINS + UMP__CLIENT_YIELDS);
	check_about(world.yields * YIELD_NS, UMP__CLIENT_YIELDS);
	check_about(failed_wait(UMP__SIDE_SERVER, UMP__CPU_UNKNOWN), UMP__SERVER_SPINS);
	CHECK_INT(world.affinities, ==, 1);
}

/* A poll takes ten times as long: the budget must be the same in time. */
static void slow_processor(void)
{
	begin(2, 10);
	check_about(10 * failed_wait(UMP__SIDE_SERVER, 1), UMP__SERVER_SPINS);
}

static void odd_clock(void)
{
	begin(2, 0);
	(void)failed_wait(UMP__SIDE_SERVER, 1);
	check_about(world.polls, (ump_time)UMP__SERVER_SPINS / 40);
}

static void same_processor(void)
{
	begin(2, 1);
	CHECK_INT(failed_wait(UMP__SIDE_SERVER, 0), <=, POLL_NS);
	CHECK_INT(world.yields, ==, 0);
	/* The client yields. */
	check_about(failed_wait(UMP__SIDE_CLIENT, 0), UMP__CLIENT_YIELDS);
	CHECK_INT(world.polls, <=, world.yields + 1);
}

static void one_processor(void)
{
	begin(1, 1);
	CHECK_INT(failed_wait(UMP__SIDE_SERVER, 0), <=, POLL_NS);
	CHECK_INT(failed_wait(UMP__SIDE_SERVER, UMP__CPU_UNKNOWN), <=, POLL_NS);
	CHECK_INT(failed_wait(UMP__SIDE_CLIENT, 0), <=, POLL_NS);
	CHECK_INT(failed_wait(UMP__SIDE_CLIENT, UMP__CPU_UNKNOWN), <=, POLL_NS);
	CHECK_INT(world.yields, ==, 0);
	/* The first thread is bound to a processor; this one and the other one are not. */
	check_about(failed_wait(UMP__SIDE_SERVER, 1), UMP__SERVER_SPINS);
}

/* The system does not report them. */
static void unknown_processors(void)
{
	begin(0, 1);
	check_about(failed_wait(UMP__SIDE_SERVER, UMP__CPU_UNKNOWN), UMP__SERVER_SPINS);
}

static void comes_in_time(void)
{
	begin(2, 1);
	for (int i = 0; i < 1000; i++) {
		world.changes = world.now + UMP__SERVER_SPINS / 2;
		ump__spin(&word, UMP__INBOX_EMPTY, UMP__SIDE_SERVER, 1);
		CHECK_INT(world.now, >=, world.changes);
		CHECK_INT(world.now, <=, world.changes + POLL_NS);
	}
	/* It has changed already: no wait at all. */
	CHECK_INT(ump__word_peek(&word), !=, UMP__INBOX_EMPTY);
	world.polls = 0;
	ump__spin(&word, UMP__INBOX_EMPTY, UMP__SIDE_CLIENT, 1);
	CHECK_INT(world.polls, ==, 1);
}

/* Number of spins in 1000 waits on this side, none of which succeeds. */
static int spins(enum ump__side side, int other_cpu)
{
	int count = 0;

	(void)failed_wait(side, 1);
	for (int i = 0; i < 1000; i++) {
		ump_time from = world.now;

		ump__spin(&word, UMP__INBOX_EMPTY, side, other_cpu);
		count += world.now - from > 2 * POLL_NS;
	}
	return count;
}

static void failed_spins(void)
{
	begin(2, 1);
	CHECK_INT(spins(UMP__SIDE_SERVER, 1), <=, 1000 / 10);
	CHECK_INT(spins(UMP__SIDE_CLIENT, 1), <=, 1000 / 10);
	CHECK_INT(spins(UMP__SIDE_CLIENT, 1), >, 0);
	/* A spin that was not tried has not failed: the server spins as before. */
	(void)failed_wait(UMP__SIDE_SERVER, 1);
	for (int i = 0; i < 1000; i++)
		ump__spin(&word, UMP__INBOX_EMPTY, UMP__SIDE_SERVER, 0);
	world.polls = 0;
	ump__spin(&word, UMP__INBOX_EMPTY, UMP__SIDE_SERVER, 1);
	CHECK_INT(world.polls, >, 10);
}

static void adapts_by_side(void)
{
	begin(2, 1);
	for (int spent = UMP__SIDE_SERVER; spent <= UMP__SIDE_CLIENT; spent++) {
		enum ump__side other =
			spent == UMP__SIDE_SERVER ? UMP__SIDE_CLIENT : UMP__SIDE_SERVER;

		(void)failed_wait(other, 1);
		(void)spins((enum ump__side)spent, 1);
		world.polls = 0;
		ump__spin(&word, UMP__INBOX_EMPTY, other, 1);
		CHECK_INT(world.polls, >, 1);
	}
}

/* Beside a thread that never sleeps, a yield takes as long as that thread may run.  A sleeping
 * thread would have been woken earlier. */
static void hogged(void)
{
	int slow = 0;

	begin(2, 1);
	(void)failed_wait(UMP__SIDE_CLIENT, 1);
	world.yield_ns = 3000000;
	for (int i = 0; i < 1000; i++) {
		ump_time from = world.now;

		world.changes = world.now + 100000;
		ump__spin(&word, UMP__INBOX_EMPTY, UMP__SIDE_CLIENT, 0);
		slow += world.now - from >= world.yield_ns;
	}
	CHECK_INT(slow, <=, 1000 / 10);
}

/* Spin, then block, without success; return the duration. */
static ump_time spin_then_park(int64_t ns)
{
	ump_time from = world.now;

	world.changes = INT64_MAX;
	world.polls = world.yields = world.clocks = world.parks = 0;
	ump__spin_then_park(&word, UMP__INBOX_EMPTY, ns);
	return world.now - from;
}

static void spin_then_parks(void)
{
	begin(2, 1);
	world.early = 0;
	CHECK_INT(spin_then_park(0), <=, POLL_NS);
	CHECK_INT(spin_then_park(-5), <=, POLL_NS);
	check_about(spin_then_park(500), 500);
	/* Too short for anything but polls. */
	CHECK_INT(world.clocks + world.yields + world.parks, ==, 0);
	check_about(spin_then_park(10000), 10000);
	CHECK_INT(world.yields, >, 10);
	CHECK_INT(world.parks, <=, 1);
	check_about(spin_then_park(10000000), 10000000);
	/* Most of the time asleep. */
	check_about(world.yields * (YIELD_NS + POLL_NS), YIELDS_MOST);
	CHECK_INT(world.parks, ==, 1);
	/* A sleep that ends early must be continued. */
	world.early = 1000;
	check_about(spin_then_park(10000000), 10000000);
	CHECK_INT(world.parks, ==, 2);
	/* A change is seen during the spin; then the thread must not sleep. */
	world.parks = 0;
	world.changes = world.now + 5000;
	ump__spin_then_park(&word, UMP__INBOX_EMPTY, 10000000);
	CHECK_INT(world.now, <=, world.changes + YIELD_NS + 2 * POLL_NS);
	CHECK_INT(world.parks, ==, 0);
}

/* Other threads that need the processor must get it. */
static void spin_then_parks_alone(void)
{
	begin(1, 1);
	world.early = 0;
	(void)spin_then_park(500);
	CHECK_INT(world.yields, >, 0);
	CHECK_INT(world.polls, <=, world.yields + 1);
}

static const struct check_test tests[] = {
	{"budgets are in time, and are learnt once", budgets},
	{"a slow processor polls less often", slow_processor},
	{"a clock that stands still gives a usual budget", odd_clock},
	{"no side spins if the other one needs this processor", same_processor},
	{"on one processor no thread spins", one_processor},
	{"an unknown number of processors counts as many", unknown_processors},
	{"what comes in time is seen at once", comes_in_time},
	{"failed spins stop the spinning", failed_spins},
	{"each side adapts its spinning on its own", adapts_by_side},
	{"yielding to a thread that never sleeps ends", hogged},
	{"spinning, then parking takes as long as given, and mostly parks", spin_then_parks},
	{"on one processor others run meanwhile", spin_then_parks_alone},
};

CHECK_MAIN(tests)
