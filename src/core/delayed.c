/* SPDX-License-Identifier: 0BSD */
#include "core/delayed.h"

#define SETTLED (UMP__DELAYED_CANCELLED | UMP__DELAYED_OVER)

/* The step to `next`, after which the dispatcher must look at the post. */
static struct ump__delayed_step news(uintptr_t word, uintptr_t next)
{
	struct ump__delayed_step step = {next, true, false};

	if ((word & (UMP__DELAYED_LINKED | UMP__DELAYED_RUNNING)) == 0) {
		step.next = next | UMP__DELAYED_LINKED;
		step.link = true;
	}
	return step;
}

struct ump__delayed_step ump__delayed_cancel_step(uintptr_t word)
{
	struct ump__delayed_step step = {word, false, false};

	return (word & SETTLED) != 0 ? step : news(word, word | UMP__DELAYED_CANCELLED);
}

struct ump__delayed_step ump__delayed_pause_step(uintptr_t word)
{
	struct ump__delayed_step step = {word, false, false};

	if ((word & SETTLED) == 0) {
		step.next = word | UMP__DELAYED_PAUSED;
		step.taken = true;
	}
	return step;
}

struct ump__delayed_step ump__delayed_renew_step(uintptr_t word, bool resume)
{
	struct ump__delayed_step step = {word, false, false};

	if ((word & SETTLED) != 0)
		return step;
	return news(word, resume ? word & ~UMP__DELAYED_PAUSED : word);
}

struct ump__delayed_step ump__delayed_begin_step(uintptr_t word)
{
	struct ump__delayed_step step = {word, false, false};

	if ((word & (SETTLED | UMP__DELAYED_PAUSED)) == 0) {
		step.next = word | UMP__DELAYED_RUNNING;
		step.taken = true;
	}
	return step;
}

struct ump__delayed_step ump__delayed_finish_step(uintptr_t word, bool again)
{
	struct ump__delayed_step step = {word & ~UMP__DELAYED_RUNNING, false, false};

	step.taken = again && (word & SETTLED) == 0;
	if (!again)
		step.next |= UMP__DELAYED_OVER;
	return step;
}

bool ump__delayed_is_settled(uintptr_t word)
{
	return (word & SETTLED) != 0;
}

int64_t ump__delayed_plan(int64_t last, int64_t period)
{
	return period <= INT64_MAX - last ? last + period : INT64_MAX;
}
