/* SPDX-License-Identifier: 0BSD */
/* The state of a delayed post, for all its words; [timer]. */
#include "check.h"
#include "core/delayed.h"
#include "core/timer.h"

#define LINKED    UMP__DELAYED_LINKED
#define QUEUED    UMP__DELAYED_QUEUED
#define PAUSED    UMP__DELAYED_PAUSED
#define RUNNING   UMP__DELAYED_RUNNING
#define CANCELLED UMP__DELAYED_CANCELLED
#define OVER      UMP__DELAYED_OVER
#define WORDS     64

/* A controller's step to `wanted`: the dispatcher must look at the post, at once or when the call
 * that is under way has ended. */
static void is_news(struct ump__delayed_step step, uintptr_t word, uintptr_t wanted)
{
	bool link = (word & (LINKED | RUNNING)) == 0;

	CHECK(step.taken);
	CHECK_INT(step.link, ==, link);
	CHECK(step.next == (link ? wanted | LINKED : wanted));
}

static void is_refused(struct ump__delayed_step step, uintptr_t word)
{
	CHECK(!step.taken && !step.link && step.next == word);
}

static void controllers(void)
{
	for (uintptr_t word = 0; word < WORDS; word++) {
		struct ump__delayed_step pause = ump__delayed_pause_step(word);

		if ((word & (CANCELLED | OVER)) != 0) {
			CHECK(ump__delayed_is_settled(word));
			is_refused(pause, word);
			is_refused(ump__delayed_cancel_step(word), word);
			is_refused(ump__delayed_renew_step(word, true), word);
			is_refused(ump__delayed_renew_step(word, false), word);
			continue;
		}
		CHECK(!ump__delayed_is_settled(word));
		CHECK(pause.taken && !pause.link && pause.next == (word | PAUSED));
		is_news(ump__delayed_cancel_step(word), word, word | CANCELLED);
		is_news(ump__delayed_renew_step(word, true), word, word & ~PAUSED);
		is_news(ump__delayed_renew_step(word, false), word, word);
	}
}

static void calls(void)
{
	for (uintptr_t word = 0; word < WORDS; word++) {
		struct ump__delayed_step begin = ump__delayed_begin_step(word);
		struct ump__delayed_step again = ump__delayed_finish_step(word, true);
		struct ump__delayed_step last = ump__delayed_finish_step(word, false);

		if ((word & (CANCELLED | OVER | PAUSED)) != 0)
			is_refused(begin, word);
		else
			CHECK(begin.taken && !begin.link && begin.next == (word | RUNNING));
		CHECK_INT(again.taken, ==, (word & (CANCELLED | OVER)) == 0);
		CHECK(!again.link && again.next == (word & ~RUNNING));
		CHECK(!last.taken && !last.link && last.next == ((word & ~RUNNING) | OVER));
	}
	CHECK(UMP__DELAYED_FIRST == (LINKED | QUEUED));
}

static void plans(void)
{
	CHECK_INT(ump__delayed_plan(5, 7), ==, 12);
	CHECK_INT(ump__delayed_plan(INT64_MAX - 7, 7), ==, INT64_MAX);
	CHECK_INT(ump__delayed_plan(INT64_MAX - 7, 8), ==, UMP__TIMER_NEVER);
	CHECK_INT(ump__delayed_plan(INT64_MAX, INT64_MAX), ==, UMP__TIMER_NEVER);
}

static const struct check_test tests[] = {
	{"[timer] what controllers may change", controllers},
	{"[timer] where calls begin and end", calls},
	{"[timer] planned times", plans},
};

CHECK_MAIN(tests)
