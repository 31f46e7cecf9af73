/* SPDX-License-Identifier: 0BSD */
#include "core/delayed.h"

/* Return whether `word` has `bit`, by arithmetic that provers know better than masks. */
/*@ requires bit: bit > 0;
  @ terminates \true;
  @ assigns \result \from word, bit;
  @ ensures has: \result <==> has_state(word, bit);
  @*/
static bool has(uintptr_t word, uintptr_t bit)
{
	return word / bit % 2 == 1;
}

/* Return `word` with `bit`. */
/*@ requires inv: is_delayed(word);
  @ requires bit: 0 < bit <= 32;
  @ terminates \true;
  @ assigns \result \from word, bit;
  @ ensures had: has_state(word, bit) ==> \result == word;
  @ ensures added: !has_state(word, bit) ==> \result == word + bit;
  @*/
static uintptr_t with(uintptr_t word, uintptr_t bit)
{
	return has(word, bit) ? word : word + bit;
}

/* The step to `next`, after which the dispatcher must look at the post. */
/*@ requires inv: is_delayed(word) && is_delayed(next);
  @ terminates \true;
  @ assigns \result \from word, next;
  @ ensures taken: \result.taken;
  @ ensures link: \result.link <==> !has_state(word, UMP__DELAYED_LINKED) &&
  @   !has_state(word, UMP__DELAYED_RUNNING);
  @ ensures added: \result.link && !has_state(next, UMP__DELAYED_LINKED) ==>
  @   \result.next == next + UMP__DELAYED_LINKED;
  @ ensures same: !\result.link || has_state(next, UMP__DELAYED_LINKED) ==> \result.next == next;
  @*/
static struct ump__delayed_step news(uintptr_t word, uintptr_t next)
{
	struct ump__delayed_step step = {next, true, false};

	if (!has(word, UMP__DELAYED_LINKED) && !has(word, UMP__DELAYED_RUNNING)) {
		step.next = with(next, UMP__DELAYED_LINKED);
		step.link = true;
	}
	return step;
}

struct ump__delayed_step ump__delayed_cancel_step(uintptr_t word)
{
	struct ump__delayed_step step = {word, false, false};

	if (ump__delayed_is_settled(word))
		return step;
	return news(word, with(word, UMP__DELAYED_CANCELLED));
}

struct ump__delayed_step ump__delayed_pause_step(uintptr_t word)
{
	struct ump__delayed_step step = {word, false, false};

	if (!ump__delayed_is_settled(word)) {
		step.next = with(word, UMP__DELAYED_PAUSED);
		step.taken = true;
	}
	return step;
}

struct ump__delayed_step ump__delayed_renew_step(uintptr_t word, bool resume)
{
	struct ump__delayed_step step = {word, false, false};

	if (ump__delayed_is_settled(word))
		return step;
	if (resume && has(word, UMP__DELAYED_PAUSED))
		return news(word, word - UMP__DELAYED_PAUSED);
	return news(word, word);
}

struct ump__delayed_step ump__delayed_begin_step(uintptr_t word)
{
	struct ump__delayed_step step = {word, false, false};

	if (!ump__delayed_is_settled(word) && !has(word, UMP__DELAYED_PAUSED)) {
		step.next = with(word, UMP__DELAYED_RUNNING);
		step.taken = true;
	}
	return step;
}

struct ump__delayed_step ump__delayed_finish_step(uintptr_t word, bool again)
{
	struct ump__delayed_step step = {word, false, false};

	if (has(word, UMP__DELAYED_RUNNING))
		step.next = word - UMP__DELAYED_RUNNING;
	step.taken = again && !ump__delayed_is_settled(word);
	if (!again)
		step.next = with(step.next, UMP__DELAYED_OVER);
	return step;
}

bool ump__delayed_is_settled(uintptr_t word)
{
	return has(word, UMP__DELAYED_CANCELLED) || has(word, UMP__DELAYED_OVER);
}

int64_t ump__delayed_plan(int64_t last, int64_t period)
{
	return period <= INT64_MAX - last ? last + period : INT64_MAX;
}
