/* SPDX-License-Identifier: 0BSD */
#include "wait/answer.h"

#include "channel/notifier.h"
#include "sync/tools.h"

/*@ requires valid: \valid(answer);
  @ terminates \true;
  @ assigns answer->state.value, answer->code;
  @ ensures pending: answer->state.value == UMP__CALL_PENDING && answer->code == UMP_OK;
  @*/
void ump__answer_init(struct ump__answer *answer)
{
	ump__word_init(&answer->state, UMP__CALL_PENDING);
	answer->code = UMP_OK;
}

/*@ requires valid: \valid(answer);
  @ terminates \true;
  @ assigns answer->state.value, answer->code;
  @ ensures done: answer->state.value == UMP__CALL_DONE && answer->code == code;
  @*/
void ump__answer_give(struct ump__answer *answer, int code)
{
	ump__word_init(&answer->state, UMP__CALL_DONE);
	answer->code = code;
}

/*@ requires valid: \valid(answer);
  @ requires notifier: notifier == \null || \valid_read(notifier);
  @ requires role: of_answerer(ump__knows) && ump__owes_wake == \false;
  @ terminates \true;
  @ assigns answer->state.value, answer->code, ump__knows, ump__owes_wake, ump__found,
  @   ump__finished;
  @ ensures once: ump__finished == (uint64_t)(\old(ump__finished) + 1);
  @ ensures left: ump__knows == UMP__KNOWS_LEFT;
  @ ensures woken: ump__owes_wake == \false;
  @ ensures owns: \result <==> ump__found == UMP__CALL_ABANDONED;
  @ ensures code: answer->code == code;
  @*/
bool ump__answer_publish(struct ump__answer *answer, int code, struct ump__notifier *notifier)
{
	struct ump__word *state = &answer->state;
	struct ump__call_step step;

	ump__tools_release(answer);
	answer->code = code;
	step = ump__call_finish_step(ump__call_word_finish(state));
	/* The answer may be freed from here on, unless the step owns it: use its address only. */
	if (step.wake && notifier != NULL)
		ump__notifier_raise(notifier);
	else if (step.wake)
		ump__wake(state);
	if (step.owns)
		ump__tools_acquire(answer);
	return step.owns;
}

/* Sleep until the call is done.  Returns false if the deadline passed first. */
/*@ requires valid: \valid(state);
  @ requires role: of_waiter(ump__knows);
  @ terminates \false;
  @ assigns state->value, ump__knows;
  @ ensures done: \result ==> ump__knows == UMP__KNOWS_ANSWERED;
  @ ensures awake: \result == \false ==> ump__knows == UMP__KNOWS_WAITER;
  @*/
static bool sleep_until_done(struct ump__word *state, ump_time deadline)
{
	uintptr_t seen = ump__call_word_load(state);

	/*@ loop invariant rely: call_rely(ump__knows, seen);
	  @ loop invariant role: of_waiter(ump__knows) || ump__knows == UMP__KNOWS_WAITING;
	  @ loop invariant learnt: seen == UMP__CALL_DONE ==> ump__knows == UMP__KNOWS_ANSWERED;
	  @ loop assigns seen, state->value, ump__knows;
	  @*/
	while (seen != UMP__CALL_DONE) {
		struct ump__call_step step = ump__call_sleep_step(seen);

		if (step.taken && !ump__call_word_wait(state, &seen, step.next)) {
			seen = ump__call_word_load(state);
			continue;
		}
		if (!ump__park(state, UMP__CALL_WAITING, deadline)) {
			seen = UMP__CALL_WAITING;
			step = ump__call_unpark_step(seen);
			if (ump__call_word_wait(state, &seen, step.next))
				return false;
		}
		seen = ump__call_word_load(state);
	}
	return true;
}

/* The rest of ump__answer_wait, if the call is not done yet. */
/*@ requires valid: \valid(answer);
  @ requires role: ump__knows == UMP__KNOWS_WAITER;
  @ terminates \false;
  @ assigns answer->state.value, ump__knows;
  @ ensures done: \result ==> ump__knows == UMP__KNOWS_ANSWERED;
  @ ensures awake: \result == \false ==> ump__knows == UMP__KNOWS_WAITER;
  @*/
static bool wait_until_done(struct ump__answer *answer, ump_time deadline, int other_cpu)
{
	if (deadline == UMP_NOW)
		return false;
	ump__spin(&answer->state, UMP__CALL_PENDING, UMP__SIDE_CLIENT, other_cpu);
	if (!sleep_until_done(&answer->state, deadline))
		return false;
	ump__tools_acquire(answer);
	return true;
}

/*@ requires valid: \valid(answer);
  @ requires role: of_waiter(ump__knows);
  @ terminates \false;
  @ assigns answer->state.value, ump__knows;
  @ ensures done: \result ==> ump__knows == UMP__KNOWS_ANSWERED;
  @ ensures awake: \result == \false ==> ump__knows == UMP__KNOWS_WAITER;
  @*/
bool ump__answer_wait(struct ump__answer *answer, ump_time deadline, int other_cpu)
{
	if (ump__call_word_load(&answer->state) != UMP__CALL_DONE)
		return wait_until_done(answer, deadline, other_cpu);
	ump__tools_acquire(answer);
	return true;
}

/*@ requires valid: \valid(answer) && \valid_read(notifier);
  @ requires role: of_waiter(ump__knows) || ump__knows == UMP__KNOWS_WAITING;
  @ terminates \true;
  @ assigns answer->state.value, ump__knows, ump__silent;
  @ ensures done: \result ==> ump__knows == UMP__KNOWS_ANSWERED;
  @ ensures idle: \result == \false ==> ump__knows == UMP__KNOWS_WAITING &&
  @   ump__silent == \true;
  @*/
bool ump__answer_idle(struct ump__answer *answer, const struct ump__notifier *notifier)
{
	struct ump__word *state = &answer->state;
	uintptr_t seen = ump__call_word_load(state);
	struct ump__call_step step = ump__call_unpark_step(seen);
	bool done;

	/* The notifier must not be raised while it is being cleared, or the event would be lost. */
	if (step.taken && ump__call_word_wait(state, &seen, step.next))
		seen = UMP__CALL_PENDING;
	if (seen == UMP__CALL_PENDING) {
		ump__notifier_clear(notifier);
		step = ump__call_sleep_step(seen);
		if (ump__call_word_wait(state, &seen, step.next))
			return false;
	}
	/* A failed exchange did not acquire. */
	done = ump__call_word_load(state) == UMP__CALL_DONE;
	if (done)
		ump__tools_acquire(answer);
	return done;
}

/*@ requires valid: \valid(answer);
  @ requires role: of_waiter(ump__knows) || ump__knows == UMP__KNOWS_WAITING;
  @ terminates \true;
  @ assigns answer->state.value, ump__knows;
  @ ensures owns: \result ==> ump__knows == UMP__KNOWS_ANSWERED;
  @ ensures left: \result == \false ==> ump__knows == UMP__KNOWS_LEFT;
  @*/
bool ump__answer_abandon(struct ump__answer *answer)
{
	uintptr_t seen = ump__call_word_load(&answer->state);

	ump__tools_release(answer);
	/*@ loop invariant rely: call_rely(ump__knows, seen) &&
	  @   (of_waiter(ump__knows) || ump__knows == UMP__KNOWS_WAITING);
	  @ loop invariant learnt: seen == UMP__CALL_DONE ==> ump__knows == UMP__KNOWS_ANSWERED;
	  @ loop assigns seen, answer->state.value, ump__knows;
	  @ loop variant seen == UMP__CALL_DONE ? 0 : 1;
	  @*/
	for (;;) {
		struct ump__call_step step = ump__call_abandon_step(seen);

		if (!step.taken) {
			ump__tools_acquire(answer);
			return step.owns;
		}
		if (ump__call_word_abandon(&answer->state, &seen, step.next))
			return step.owns;
		/* The acquire that the failed exchange did not have. */
		seen = ump__call_word_load(&answer->state);
	}
}

/*@ requires valid: \valid_read(answer);
  @ requires role: of_answerer(ump__knows);
  @ terminates \true;
  @ assigns \result, ump__knows \from answer->state.value, ump__knows;
  @ ensures abandoned: \result <==> ump__knows == UMP__KNOWS_ABANDONED;
  @*/
bool ump__answer_is_abandoned(const struct ump__answer *answer)
{
	if (ump__call_word_load(&answer->state) != UMP__CALL_ABANDONED)
		return false;
	ump__tools_acquire(answer);
	return true;
}
