/* SPDX-License-Identifier: 0BSD */
#include "answer.h"

#include "sync/sync.h"

void ump__answer_init(struct ump__answer *answer)
{
	ump__word_init(&answer->state, UMP__CALL_PENDING);
	answer->code = UMP_OK;
}

bool ump__answer_publish(struct ump__answer *answer, int code)
{
	struct ump__word *state = &answer->state;
	struct ump__call_step step;

	answer->code = code;
	step = ump__call_finish_step(ump__call_word_finish(state));
	/* Unless the step owns it, the answer may be gone from here on: only its address counts. */
	if (step.wake)
		ump__wake(state);
	return step.owns;
}

/* Sleep until the call is done; false: the deadline passed first. */
static bool sleep_until_done(struct ump__word *state, ump_time deadline)
{
	uintptr_t seen = ump__call_word_load(state);

	while (seen != UMP__CALL_DONE) {
		struct ump__call_step step = ump__call_sleep_step(seen);

		if (step.taken && !ump__call_word_wait(state, &seen, step.next)) {
			seen = ump__call_word_load(state);
			continue;
		}
		if (!ump__park(state, UMP__CALL_WAITING, deadline)) {
			seen = UMP__CALL_WAITING;
			step = ump__call_rise_step(seen);
			if (ump__call_word_wait(state, &seen, step.next))
				return false;
		}
		seen = ump__call_word_load(state);
	}
	return true;
}

bool ump__answer_wait(struct ump__answer *answer, ump_time deadline, int other_cpu)
{
	if (ump__call_word_load(&answer->state) == UMP__CALL_DONE)
		return true;
	if (deadline == UMP_NOW)
		return false;
	ump__spin(&answer->state, UMP__CALL_PENDING, UMP__SIDE_CLIENT, other_cpu);
	return sleep_until_done(&answer->state, deadline);
}

bool ump__answer_abandon(struct ump__answer *answer)
{
	uintptr_t seen = ump__call_word_load(&answer->state);

	for (;;) {
		struct ump__call_step step = ump__call_abandon_step(seen);

		if (!step.taken)
			return step.owns;
		if (ump__call_word_abandon(&answer->state, &seen, step.next))
			return step.owns;
		/* The acquire that the failed exchange did not have. */
		seen = ump__call_word_load(&answer->state);
	}
}

bool ump__answer_is_abandoned(const struct ump__answer *answer)
{
	return ump__call_word_load(&answer->state) == UMP__CALL_ABANDONED;
}
