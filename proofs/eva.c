/* SPDX-License-Identifier: 0BSD */
/*
 * A harness for Eva, which runs the core on all values at once: an independent check, bounded where
 * WP is not, and exact about the code where WP believes the contracts.  It sees no contracts, which
 * it would believe; it is judged by its alarms, the code's own assertions and the checks here.
 */
#include "core/adaptive_spin.h"
#include "core/call.h"
#include "core/counts.h"
#include "core/disposition.h"
#include "core/inbox.h"
#include "core/permit.h"
#include "core/queue.h"
#include "core/valid.h"
#include "core/walk.h"

#include <__fc_builtin.h>

#define NODES    4
#define STEPS    8
#define CAPACITY 2

/* Any order of pushes and pops keeps the order of arrival. */
static void any_order(void)
{
	struct ump__node nodes[NODES];
	struct ump__queue queue;
	unsigned pushed = 0;
	unsigned popped = 0;

	ump__queue_init(&queue);
	for (int step = 0; step < STEPS; step++) {
		if (Frama_C_interval(0, 1) != 0 && pushed < NODES) {
			ump__queue_push(&queue, &nodes[pushed]);
			pushed++;
		} else {
			struct ump__node *node = ump__queue_pop(&queue);

			if (popped == pushed) {
				/*@ check none: node == \null; */
			} else {
				/*@ check first: node == &nodes[popped]; */
				popped++;
			}
		}
		bool empty = ump__queue_is_empty(&queue);
		bool valid = ump__queue_is_valid(&queue);

		/*@ check empty: empty == (pushed == popped ? 1 : 0); */
		/*@ check valid: valid == 1; */
	}
}

/* A stack of any height is popped in the order of arrival, behind what was in the queue. */
static void any_stack(void)
{
	struct ump__node nodes[NODES];
	struct ump__queue queue;
	struct ump__queue rest;
	struct ump__node *top = NULL;
	int old = Frama_C_interval(0, NODES);

	ump__queue_init(&queue);
	for (int i = 0; i < old; i++)
		ump__queue_push(&queue, &nodes[i]);
	for (int i = old; i < NODES; i++) {
		nodes[i].next = top;
		top = &nodes[i];
	}
	ump__queue_from_stack(&rest, top) /*@ ghost ((unsigned long)(NODES - old)) */;
	ump__queue_append(&queue, &rest);
	for (int i = 0; i < NODES; i++) {
		struct ump__node *node = ump__queue_pop(&queue);

		/*@ check arrived: node == &nodes[i]; */
	}
	struct ump__node *none = ump__queue_pop(&queue);

	/*@ check drained: none == \null; */
}

/* A queue whose tail is not its end is not valid. */
static void not_valid(void)
{
	struct ump__node nodes[2];
	struct ump__queue queue;
	bool valid;

	ump__queue_init(&queue);
	ump__queue_push(&queue, &nodes[0]);
	ump__queue_push(&queue, &nodes[1]);
	queue.tail = &nodes[0];
	valid = ump__queue_is_valid(&queue);
	/*@ check wrong_tail: valid == 0; */
}

/* One reference more, or less, within the limits. */
static void one_word(uint32_t strong, uint32_t weak)
{
	const uint64_t word = strong * UMP__COUNTS_STRONG + weak;
	struct ump__counts_step step;
	bool as_told;

	step = ump__counts_add_strong(word);
	as_told = step.taken == (strong > 0 && strong < UMP__COUNTS_MAX) &&
		  step.next == (step.taken ? word + UMP__COUNTS_STRONG : word);
	/*@ check add_strong: as_told == 1; */
	step = ump__counts_add_weak(word);
	as_told = step.taken == (weak > 0 && weak < UMP__COUNTS_MAX) &&
		  step.next == (step.taken ? word + 1 : word);
	/*@ check add_weak: as_told == 1; */
	step = ump__counts_drop_strong(word);
	as_told = step.taken == (strong > 0) &&
		  step.next == (step.taken ? word - UMP__COUNTS_STRONG : word) &&
		  (step.edge == UMP__EDGE_LAST_STRONG) == (strong == 1);
	/*@ check drop_strong: as_told == 1; */
	step = ump__counts_drop_weak(word);
	as_told = step.taken == (strong > 0 ? weak > 1 : weak > 0) &&
		  step.next == (step.taken ? word - 1 : word) &&
		  (step.edge == UMP__EDGE_LAST) == (word == 1);
	/*@ check drop_weak: as_told == 1; */
}

/* The counts at all their limits: intervals cannot represent the halves of a word. */
static void any_counts(void)
{
	static const uint32_t notable[] = {0, 1, 2, 3, UMP__COUNTS_MAX - 1, UMP__COUNTS_MAX};

	for (int i = 0; i < 6; i++) {
		for (int j = 0; j < 6; j++) {
			if (notable[i] == 0 || notable[j] != 0)
				one_word(notable[i], notable[j]);
		}
	}
}

/* Whatever the words hold, a step must neither overflow nor leave what is valid. */
static void any_word(void)
{
	uintptr_t call = (uintptr_t)Frama_C_interval(0, 3);
	uintptr_t inbox = (uintptr_t)Frama_C_interval(0, 2);
	uintptr_t node = (uintptr_t)Frama_C_interval(1, 1000) * 4;

	(void)ump__call_finish_step(call);
	(void)ump__call_sleep_step(call);
	(void)ump__call_unpark_step(call);
	(void)ump__call_abandon_step(call);
	if (Frama_C_interval(0, 1) != 0)
		inbox = (uintptr_t)Frama_C_interval(1, 1000) * 4;
	(void)ump__inbox_push_step(inbox, node);
	(void)ump__inbox_take_step(inbox);
	(void)ump__inbox_park_step(inbox);
	(void)ump__inbox_unpark_step(inbox);
	(void)ump__inbox_close_step(inbox);
}

/* Any order of arrivals and departures keeps the bound, and no sender overtakes the waiters. */
static void any_coming(void)
{
	uint64_t taken = 0;
	uint64_t limit = CAPACITY;
	unsigned queued = 0;
	unsigned waiting = 0;

	for (int i = 0; i < STEPS; i++) {
		bool as_told = true;
		struct ump__permit_word_step step;

		if (Frama_C_interval(0, 1) != 0) {
			step = ump__permit_word_take_step(taken);
			if (!step.taken)
				step = ump__permit_word_look_step(taken, limit, CAPACITY, CAPACITY);
			as_told = step.taken == (queued < CAPACITY && waiting == 0);
			taken = step.next;
			if (step.taken) {
				queued++;
			} else {
				step = ump__permit_word_begin_step(taken, limit);
				as_told = as_told && step.taken == (waiting == 0);
				waiting++;
				limit = step.next;
			}
		} else if (queued > 0) {
			step = ump__permit_word_give_step(limit);
			as_told = step.taken == (waiting == 0);
			if (step.taken) {
				queued--;
			} else {
				/* The permit is the first waiter's now. */
				waiting--;
				if (waiting == 0)
					step = ump__permit_word_end_step(limit);
			}
			limit = step.next;
		}
		/*@ check as_told: as_told == 1; */
		bool bound = queued == ump__permit_word_depth(taken, limit, CAPACITY) &&
			     queued <= CAPACITY;

		/*@ check bound: bound == 1; */
	}
}

/* The loop ends at the EOS marker, and at a break. */
static void endings(void)
{
	bool flag = Frama_C_interval(0, 1) != 0;
	enum ump__outcome none = ump__outcome_after(UMP__KIND_EOS, flag);
	enum ump__outcome value = ump__outcome_after(UMP__KIND_REQUEST, true);
	enum ump__outcome on = ump__outcome_after(UMP__KIND_POST, false);
	enum ump__disposition skip = ump__disposition_of(UMP__KIND_REQUEST, true, flag);
	enum ump__disposition left = ump__disposition_of(UMP__KIND_POST, flag, true);

	/*@ check none_at_eos: none == UMP__OUTCOME_NONE; */
	/*@ check value_at_break: value == UMP__OUTCOME_VALUE; */
	/*@ check on_otherwise: on == UMP__OUTCOME_CONTINUE; */
	/*@ check skipped: skip == UMP__DISPOSITION_SKIP; */
	/*@ check left_over: left == UMP__DISPOSITION_LEFTOVER; */
}

/* Spinning stops after failed spins, and is tried again. */
static void adaptive_spin(void)
{
	uint32_t failed = 0;
	int spun = 0;

	for (int i = 0; i < 2 * (int)(UMP__ADAPTIVE_SPIN_TRIES + UMP__ADAPTIVE_SPIN_RESTS); i++) {
		spun += ump__adaptive_spin_lasts(failed);
		failed = ump__adaptive_spin_next(failed, false);
	}
	/*@ check few_failed: spun == UMP__ADAPTIVE_SPIN_TRIES + 2; */
	failed = ump__adaptive_spin_next((uint32_t)Frama_C_interval(0, INT32_MAX), true);
	/*@ check reset_at_once: failed == 0; */
	uint32_t rate = ump__polls_in_10us(Frama_C_interval(INT32_MIN, INT32_MAX));
	bool sane = UMP__POLLS_LEAST <= rate && rate <= UMP__POLLS_MOST;

	/*@ check sane_rate: sane == 1; */
	uint32_t polls = ump__polls_in(UMP__SPIN_MOST, rate);
	bool few = polls <= UMP__SPIN_MOST / 10000 * UMP__POLLS_MOST;

	/*@ check polls_end: few == 1; */
}

/* A cycle of two other servers ends a walk that is led into it; and a cycle of marked edges is
 * reported in the second round that marks, at the latest. */
static void walks(void)
{
	struct ump__walk walk;
	int steps = 0;

	ump__walk_begin(&walk);
	while (steps < 8 && ump__walk_edge(&walk, 0, 64 + 64 * (uintptr_t)(steps % 2)))
		steps++;
	/*@ check ends: steps < 8; */
	ump__walk_begin(&walk);
	bool first = ump__walk_back(&walk, 0, 1);
	/*@ check unmarked: first == 0; */
	(void)ump__walk_edge(&walk, 2, 64);
	bool second = ump__walk_back(&walk, 3, 4);
	/*@ check new_edges: second == 0; */
	(void)ump__walk_edge(&walk, 2, 64);
	bool third = ump__walk_back(&walk, 3, 5);
	/*@ check reported: third == 1; */
}

int main(void)
{
	any_order();
	any_stack();
	not_valid();
	any_counts();
	any_word();
	any_coming();
	endings();
	adaptive_spin();
	walks();
	return 0;
}
