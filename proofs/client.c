/* SPDX-License-Identifier: 0BSD */
/*
 * A sequential client of the cores.  It proves that their contracts are strong enough to be used,
 * and that what they describe exists.  None of this is compiled into the library.
 */
#include "core/counts.h"
#include "core/disposition.h"
#include "core/inbox.h"
#include "core/permit.h"
#include "core/queue.h"

/*@ // The relations between sequences are inhabited: there is a sequence that is l and then n, ...
  @ lemma snoc_is_there: \forall \list<struct ump__node *> l, struct ump__node *n;
  @   is_snoc(l, n, (l ^ [| n |]));
  @ lemma cons_is_there: \forall \list<struct ump__node *> l, struct ump__node *n;
  @   is_cons(n, l, ([| n |] ^ l));
  @ lemma cat_is_there: \forall \list<struct ump__node *> l, m; is_cat(l, m, (l ^ m));
  @
  @ // What one successful push makes of a stack: it is the meaning of publishing a linked node.
  @ lemma push_on_stack{L}: \forall struct ump__node *top, *n, \list<struct ump__node *> l, m;
  @   is_stack(top, l) && is_snoc(l, n, m) && \valid(n) && is_fresh(n, l) && n->next == top ==>
  @   is_stack(n, m);
  @*/

/* A chain in memory is one sequence and no other: what the contracts state of all sequences that a
 * queue holds, they state of the one that it holds. */
/*@ requires one: \exists \list<struct ump__node *> l; is_chain(head, l) && \length(l) == n;
  @ requires other: \exists \list<struct ump__node *> m; is_chain(head, m) && \length(m) == k;
  @ terminates \true;
  @ assigns \nothing;
  @ ensures length: n == k;
  @ ensures same: \forall \list<struct ump__node *> l, m, integer i;
  @   is_chain(head, l) && is_chain(head, m) && \length(l) == n && \length(m) == k &&
  @   0 <= i < n ==> \nth(l, i) == \nth(m, i);
  @*/
void one_sequence(struct ump__node *head, size_t n, size_t k)
{
	struct ump__node *node = head;
	size_t i = 0;

	/*@ loop invariant range: 0 <= i <= n && i <= k;
	  @ loop invariant at_one: \forall \list<struct ump__node *> l;
	  @   is_chain(head, l) && \length(l) == n ==>
	  @   (i < n ==> node == \nth(l, i)) && (i == n ==> node == \null);
	  @ loop invariant at_other: \forall \list<struct ump__node *> m;
	  @   is_chain(head, m) && \length(m) == k ==>
	  @   (i < k ==> node == \nth(m, i)) && (i == k ==> node == \null);
	  @ loop invariant same: \forall \list<struct ump__node *> l, m, integer j;
	  @   is_chain(head, l) && is_chain(head, m) && \length(l) == n && \length(m) == k &&
	  @   0 <= j < i ==> \nth(l, j) == \nth(m, j);
	  @ loop assigns node, i;
	  @ loop variant n - i;
	  @*/
	while (node != NULL) {
		node = node->next;
		i++;
	}
}

/* Two in, two out, in order. */
/*@ requires \valid(queue) && \valid(a) && \valid(b) && \separated(queue, a, b);
  @ terminates \true;
  @ assigns *queue, a->next, b->next;
  @ ensures order: \result == a;
  @*/
struct ump__node *in_and_out(struct ump__queue *queue, struct ump__node *a, struct ump__node *b)
{
	struct ump__node *first;
	struct ump__node *second;
	struct ump__node *none;

	ump__queue_init(queue);
	/*@ assert nothing: is_queue(queue, \Nil); */
	ump__queue_push(queue, a);
	/*@ assert one: is_snoc(\Nil, a, [| a |]); */
	/*@ assert holds_one: is_queue(queue, [| a |]); */
	ump__queue_push(queue, b);
	/*@ assert two: is_snoc([| a |], b, [| a, b |]); */
	/*@ assert holds_two: is_queue(queue, [| a, b |]); */
	first = ump__queue_pop(queue);
	/*@ assert rest: is_cons(a, [| b |], [| a, b |]); */
	/*@ assert first: first == a; */
	second = ump__queue_pop(queue);
	/*@ assert no_rest: is_cons(b, \Nil, [| b |]); */
	/*@ assert second: second == b; */
	none = ump__queue_pop(queue);
	/*@ assert none: none == \null; */
	return first;
}

/*
 * An inbox with one permit.  It is taken; a second sender begins a wait queue; a third cannot
 * overtake it.  The permit that becomes free is handed off and not given back; once the wait queue
 * is gone the last permit is given back.
 */
/*@ terminates \true;
  @ assigns \nothing;
  @ ensures free: \result == 1;
  @*/
uint64_t one_place(void)
{
	uint64_t word = 0;
	uint64_t limit = 1;
	struct ump__permit_word_step step;
	uint32_t depth;

	step = ump__permit_word_begin_step(word, limit);
	/*@ assert no_line_yet: !step.taken; */
	step = ump__permit_word_take_step(word);
	/*@ assert unknown: !step.taken; */
	step = ump__permit_word_look_step(word, limit, 1, 0);
	/*@ assert got: step.taken; */
	word = step.next;
	/*@ assert one: taken_of(word) == 1 && known_of(word) == 0; */
	step = ump__permit_word_look_step(word, limit, 1, 1);
	/*@ assert full: !step.taken; */
	step = ump__permit_word_begin_step(word, limit);
	/*@ assert in_line: step.taken; */
	limit = step.next;
	depth = ump__permit_word_depth(word, limit, 1);
	/*@ assert deep: depth == 1; */
	step = ump__permit_word_begin_step(word, limit);
	/*@ assert one_line: !step.taken; */
	step = ump__permit_word_give_step(limit);
	/*@ assert hand_on: !step.taken; */
	step = ump__permit_word_look_step(word, limit, 1, 1);
	/*@ assert behind: !step.taken; */
	step = ump__permit_word_end_step(limit);
	/*@ assert over: step.taken; */
	limit = step.next;
	step = ump__permit_word_end_step(limit);
	/*@ assert no_line: !step.taken; */
	/* No permit was given back so far: it belongs to the waiter that it was handed to. */
	step = ump__permit_word_look_step(word, limit, 1, 1);
	/*@ assert still_full: !step.taken; */
	step = ump__permit_word_give_step(limit);
	/*@ assert given: step.taken; */
	depth = ump__permit_word_depth(word, step.next, 1);
	/*@ assert empty: depth == 0; */
	return ump__permit_word_left(word, step.next);
}

/* A read of the limit makes more than one permit known; they are taken without another read. */
/*@ terminates \true;
  @ assigns \nothing;
  @ ensures full: \result == 3;
  @*/
uint32_t three_places(void)
{
	uint64_t limit = 3;
	struct ump__permit_word_step step;

	step = ump__permit_word_look_step(0, limit, 3, 3);
	/*@ assert first: step.taken && known_of(step.next) == 2; */
	step = ump__permit_word_take_step(step.next);
	/*@ assert second: step.taken && known_of(step.next) == 1; */
	step = ump__permit_word_take_step(step.next);
	/*@ assert third: step.taken && known_of(step.next) == 0; */
	return ump__permit_word_depth(step.next, limit, 3);
}

/*
 * The life of a channel on one thread.  Two messages are pushed, and then the end-of-stream (EOS)
 * marker, since the last strong reference is dropped.  The receiver, which had parked and must be
 * woken, takes, reverses, finds them in the order of arrival, ends with none, and closes an inbox
 * in which nothing is left.
 */
/*@ requires nodes: \valid(a) && \valid(b) && \valid(eos) && \valid(queue) &&
  @   \separated(a, b, eos, queue);
  @ requires aligned: is_node_word((uintptr_t)a) && is_node_word((uintptr_t)b) &&
  @   is_node_word((uintptr_t)eos);
  @ terminates \true;
  @ assigns *queue, { x->next | struct ump__node *x; \true };
  @ ensures outcome: \result == UMP__OUTCOME_NONE;
  @*/
enum ump__outcome whole_life(
	struct ump__node *a, struct ump__node *b, struct ump__node *eos, struct ump__queue *queue)
{
	uint64_t counts = UMP__COUNTS_FIRST;
	uintptr_t inbox = UMP__INBOX_EMPTY;
	struct ump__inbox_push push;
	struct ump__inbox_step step;
	struct ump__counts_step drop;
	struct ump__node *first;
	struct ump__node *second;
	struct ump__node *third;
	struct ump__node *none;

	step = ump__inbox_park_step(inbox);
	/*@ assert parked: step.taken; */
	inbox = step.next;

	push = ump__inbox_push_step(inbox, (uintptr_t)a);
	/*@ assert wakes: push.accepted && push.wake; */
	a->next = (struct ump__node *)push.link;
	inbox = push.next;
	/*@ assert stack_one: is_stack(a, [| a |]); */

	push = ump__inbox_push_step(inbox, (uintptr_t)b);
	/*@ assert quiet: push.accepted && !push.wake; */
	b->next = (struct ump__node *)push.link;
	inbox = push.next;
	/*@ assert on_a: b->next == a; */
	/*@ assert stack_two: is_stack(b, [| a, b |]); */

	drop = ump__counts_drop_strong(counts);
	/*@ assert last: drop.taken && drop.edge == UMP__EDGE_LAST_STRONG; */
	counts = drop.next;
	push = ump__inbox_push_step(inbox, (uintptr_t)eos);
	/*@ assert heard: push.accepted && !push.wake; */
	eos->next = (struct ump__node *)push.link;
	inbox = push.next;
	/*@ assert on_b: eos->next == b; */
	/*@ assert stack_three: is_stack(eos, [| a, b, eos |]); */
	drop = ump__counts_drop_weak(counts);
	/*@ assert not_last: drop.taken && drop.edge == UMP__EDGE_NONE; */
	counts = drop.next;

	step = ump__inbox_take_step(inbox);
	/*@ assert taken: step.taken && step.chain == (uintptr_t)eos; */
	inbox = step.next;
	/*@ assert top: (struct ump__node *)step.chain == eos; */
	ump__queue_from_stack(queue, (struct ump__node *)step.chain) /*@ ghost (3) */;
	/*@ assert reversed: is_queue(queue, [| a, b, eos |]); */

	first = ump__queue_pop(queue);
	/*@ assert cons_one: is_cons(a, [| b, eos |], [| a, b, eos |]); */
	/*@ assert first: first == a; */
	second = ump__queue_pop(queue);
	/*@ assert cons_two: is_cons(b, [| eos |], [| b, eos |]); */
	/*@ assert second: second == b; */
	third = ump__queue_pop(queue);
	/*@ assert cons_three: is_cons(eos, \Nil, [| eos |]); */
	/*@ assert third: third == eos; */
	none = ump__queue_pop(queue);
	/*@ assert none: none == \null; */

	step = ump__inbox_close_step(inbox);
	/*@ assert nothing_left: step.taken && step.chain == 0; */
	inbox = step.next;
	push = ump__inbox_push_step(inbox, (uintptr_t)a);
	/*@ assert gone: !push.accepted; */

	drop = ump__counts_drop_weak(counts);
	/*@ assert freed: drop.taken && drop.edge == UMP__EDGE_LAST; */
	return ump__outcome_after(UMP__KIND_EOS, false);
}
