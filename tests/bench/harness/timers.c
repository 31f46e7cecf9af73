/* SPDX-License-Identifier: 0BSD */
/* Timers of a server's own callbacks: the cost of starting and cancelling, and lateness. */
#include "timers.h"
#include "kinds.h"
#include "measure.h"

#include <stdlib.h>

/* Planned times lie at whole ms from now, since some peers know no others. */
#define MS INT64_C(1000000)

/* The most calls whose lateness is taken. */
#define LATE_MOST 100000

struct bench_timers {
	/* What the server is to do in its callbacks; returns whether it is done. */
	bool (*begin)(struct bench_timers *timers);
	bool (*due)(struct bench_timers *timers, unsigned slot);
	const struct bench_run *run;
	struct bench_mark from;
	struct bench_mark to;
	uint64_t random;
	uint64_t ops;
	/* Of `late`: the planned time of the next call, and how late each was. */
	int64_t planned;
	uint64_t calls;
	int64_t *late;
};

bool bench_timers_begin(struct bench_timers *timers)
{
	return timers->begin(timers);
}

bool bench_timers_due(struct bench_timers *timers, unsigned slot)
{
	return timers->due(timers, slot);
}

static uint64_t next_random(struct bench_timers *timers)
{
	timers->random = timers->random * 6364136223846793005u + 1442695040888963407u;
	return timers->random >> 33;
}

/* ---- Starting and cancelling beside many that are pending ------------------------------------ */

static bool can_timers(void)
{
	return the_timers.cancel != NULL;
}

/* A time within an hour, that never comes in a run. */
static int64_t some_time(struct bench_timers *timers, int64_t now)
{
	return now + (int64_t)(3600000 + next_random(timers) % 3600000) * MS;
}

static bool change_timers(struct bench_timers *timers)
{
	unsigned pending = (unsigned)timers->run->depth;
	int64_t now = bench_time(), begin = now;

	for (unsigned slot = 0; slot < pending; slot++)
		the_timers.start(slot, some_time(timers, now), now);
	bench_tell("fill", (double)(bench_time() - begin) / pending);
	timers->from = bench_mark();
	for (uint64_t i = 0; i < timers->ops; i++) {
		unsigned slot = (unsigned)(next_random(timers) % pending);

		the_timers.cancel(slot);
		the_timers.start(slot, some_time(timers, now), now);
	}
	timers->to = bench_mark();
	for (unsigned slot = 0; slot < pending; slot++)
		the_timers.cancel(slot);
	return true;
}

static bool too_early(struct bench_timers *timers, unsigned slot)
{
	(void)timers;
	bench_fail("the timer %u was called an hour early", slot);
}

static void timers_run(const struct bench_run *run)
{
	struct bench_timers timers = {.begin = change_timers,
		.due = too_early,
		.run = run,
		.random = 1,
		.ops = run->ops == 0 ? 1000000 : run->ops};

	if (run->depth < 1 || run->depth > 1000000)
		bench_fail("depth is the number of pending timers");
	the_timers.run(&timers, (unsigned)run->depth);
	bench_tell_between(&timers.from, &timers.to, timers.ops);
}

/* ---- Lateness: one timer at a time, each started by the call of the last one ----------------- */

static bool can_late(void)
{
	return true;
}

static bool plan_next(struct bench_timers *timers)
{
	int64_t now = bench_time();

	timers->planned = now + (int64_t)(1 + next_random(timers) % 3) * MS;
	the_timers.start(0, timers->planned, now);
	return false;
}

static bool note_late(struct bench_timers *timers, unsigned slot)
{
	int64_t late = bench_time() - timers->planned;

	(void)slot;
	timers->late[timers->calls++] = late;
	return timers->calls == timers->ops || plan_next(timers);
}

static int compare(const void *left, const void *right)
{
	int64_t one = *(const int64_t *)left, other = *(const int64_t *)right;

	return one < other ? -1 : one > other;
}

static void late_run(const struct bench_run *run)
{
	uint64_t ops = run->ops == 0 ? run->ms / 2 : run->ops;
	struct bench_timers timers = {
		.begin = plan_next, .due = note_late, .run = run, .random = 1, .ops = ops};

	if (ops < 1 || ops > LATE_MOST)
		bench_fail("there are 1 to %d calls", LATE_MOST);
	timers.late = bench_alloc((size_t)ops * sizeof(*timers.late));
	timers.from = bench_mark();
	the_timers.run(&timers, 1);
	timers.to = bench_mark();
	if (timers.calls != ops)
		bench_fail("%llu calls of %llu", (unsigned long long)timers.calls,
			(unsigned long long)ops);
	qsort(timers.late, (size_t)ops, sizeof(*timers.late), compare);
	bench_tell("late", (double)timers.late[ops / 2]);
	bench_tell("late99", (double)timers.late[ops * 99 / 100]);
	bench_tell("early", (double)-timers.late[0]);
	bench_tell_between(&timers.from, &timers.to, ops);
	free(timers.late);
}

const struct bench_kind bench_kinds[] = {
	{"timers", can_timers, timers_run},
	{"late", can_late, late_run},
	{NULL, NULL, NULL},
};
