/* SPDX-License-Identifier: 0BSD */
/*
 * The dispatcher over a batch, on sequences: each message in the batch, and in the inbox when it
 * closes, has one disposition, exactly once, in the order of arrival.
 *
 * This mirrors the loops of src/server/thread.c, src/server/task.c and src/server/server.c.  It is
 * not the shipped code, whose loops are woven into waiting, freeing and the application's
 * callbacks.  All that decides anything (the queue and the dispositions) is shipped: the functions
 * of the core.
 *
 * A stop from outside may come at any time: the message that meets it is undelivered.  A thread
 * passes on all that is there; a task as much as it is asked for, and less if a handler
 * suspends.  What it then leaves in the batch is the batch of its next run.
 */
#include "core/disposition.h"
#include "core/queue.h"

#include <stdint.h>

/* The content of a node, and what the application makes of it: anything. */
/*@ terminates \true;
  @ assigns \result \from *node;
  @ ensures \result == UMP__KIND_POST || \result == UMP__KIND_REQUEST ||
  @   \result == UMP__KIND_EOS;
  @*/
enum ump__kind kind_of(const struct ump__node *node);

/*@ terminates \true;
  @ assigns \result \from *node;
  @*/
bool is_abandoned(const struct ump__node *node);

/* Whether a stop from outside has been accepted: it may come before any message. */
/*@ terminates \true;
  @ assigns \result \from *node;
  @*/
bool is_stopped(const struct ump__node *node);

/* How a handler returns. */
enum flow {
	GOES_ON,
	BREAKS,
	/* It decides between the two later. */
	SUSPENDS
};

/*@ terminates \true;
  @ assigns \result \from *node;
  @ ensures \result == GOES_ON || \result == BREAKS || \result == SUSPENDS;
  @*/
enum flow handle(struct ump__node *node);

/*@ // m is l without its first i.
  @ predicate is_drop(\list<struct ump__node *> l, integer i, \list<struct ump__node *> m) =
  @   0 <= i <= \length(l) && \length(m) == \length(l) - i &&
  @   (\forall integer j; 0 <= j < \length(m) ==> \nth(m, j) == \nth(l, i + j));
  @
  @ predicate has_end(\list<struct ump__node *> l, integer i) =
  @   \exists \list<struct ump__node *> m; is_drop(l, i, m);
  @
  @ predicate is_apart_from(struct ump__node **log, integer n, \list<struct ump__node *> l) =
  @   \forall integer i; 0 <= i < \length(l) ==> \separated(log + (0 .. n - 1), \nth(l, i));
  @
  @ // q holds l, of n nodes, none of which lies in the log.
  @ predicate is_batch{L}(struct ump__queue *q, \list<struct ump__node *> l, integer n,
  @   struct ump__node **log, integer capacity) =
  @   is_queue{L}(q, l) && \length(l) == n && is_apart_from(log, capacity, l);
  @
  @ predicate are_batches{L}(struct ump__queue *q, \list<struct ump__node *> l, integer n,
  @   struct ump__queue *p, \list<struct ump__node *> r, integer k, struct ump__node **log) =
  @   is_batch{L}(q, l, n, log, n + k) && is_batch{L}(p, r, k, log, n + k) &&
  @   are_apart(q, l, p, r);
  @
  @ lemma drop_of_cat: \forall \list<struct ump__node *> l, r, c, m, d, integer i;
  @   is_cat(l, r, c) && is_drop(l, i, m) && is_drop(c, i, d) ==> is_cat(m, r, d);
  @
  @ lemma drop_is_apart: \forall struct ump__queue *q, *p, \list<struct ump__node *> l, r, m,
  @   integer i;
  @   are_apart(q, l, p, r) && is_drop(l, i, m) ==> are_apart(q, m, p, r);
  @
  @ lemma drop_more: \forall \list<struct ump__node *> l, m, integer i;
  @   is_drop(l, i + 1, m) && 0 <= i < \length(l) ==> is_drop(l, i, ([| \nth(l, i) |] ^ m));
  @
  @ lemma drop_is_cons: \forall \list<struct ump__node *> l, a, b, integer i;
  @   is_drop(l, i, a) && is_drop(l, i + 1, b) ==> is_cons(\nth(l, i), b, a);
  @
  @ lemma cat_is_there: \forall \list<struct ump__node *> l, m; is_cat(l, m, (l ^ m));
  @*/

/* Every sequence has all its suffixes: a loop that pops needs this, and no prover finds it. */
/*@ terminates \true;
  @ assigns \nothing;
  @ ensures ends: \forall \list<struct ump__node *> l, integer i;
  @   \length(l) == n && 0 <= i <= n ==> has_end(l, i);
  @*/
void have_ends(size_t n)
{
	size_t i = n;

	/*@ assert nil: \forall \list<struct ump__node *> l;
	  @   \length(l) == n ==> is_drop(l, n, \Nil);
	  @*/
	/*@ assert none: \forall \list<struct ump__node *> l; \length(l) == n ==> has_end(l, n); */
	/*@ loop invariant range: 0 <= i <= n;
	  @ loop invariant ends: \forall \list<struct ump__node *> l, integer j;
	  @   \length(l) == n && i <= j <= n ==> has_end(l, j);
	  @ loop assigns i;
	  @ loop variant i;
	  @*/
	while (i > 0) {
		/*@ assert here: \forall \list<struct ump__node *> l; \length(l) == n ==>
		 @   has_end(l, i); */
		i--;
		/*@ assert more: \forall \list<struct ump__node *> l, m;
		  @   \length(l) == n && is_drop(l, i + 1, m) ==>
		  @   is_drop(l, i, ([| \nth(l, i) |] ^ m));
		  @*/
		/*@ assert one: \forall \list<struct ump__node *> l; \length(l) == n ==>
		 @   has_end(l, i); */
	}
}

/* Take one message: skip it, handle it, or end the loop.  Returns what the loop does then. */
/*@ requires out: \valid(became) && \valid(flow) && \separated(became, flow);
  @ terminates \true;
  @ assigns *became, *flow;
  @ ensures flow: *flow == GOES_ON || *flow == BREAKS || *flow == SUSPENDS;
  @ ensures on: \result == UMP__OUTCOME_CONTINUE ==> *became == UMP__DISPOSITION_HANDLE ||
  @   *became == UMP__DISPOSITION_SKIP;
  @ ensures value: \result == UMP__OUTCOME_VALUE ==> *became == UMP__DISPOSITION_HANDLE;
  @ ensures none: \result == UMP__OUTCOME_NONE ==> *became == UMP__DISPOSITION_NOTHING;
  @ ensures stop: \result == UMP__OUTCOME_STOP ==> *became != UMP__DISPOSITION_HANDLE;
  @ ensures suspended: *flow == SUSPENDS ==> \result == UMP__OUTCOME_CONTINUE &&
  @   *became == UMP__DISPOSITION_HANDLE;
  @ ensures outcome: \result == UMP__OUTCOME_CONTINUE || \result == UMP__OUTCOME_NONE ||
  @   \result == UMP__OUTCOME_VALUE || \result == UMP__OUTCOME_STOP;
  @*/
enum ump__outcome take(struct ump__node *node, enum ump__disposition *became, enum flow *flow)
{
	enum ump__kind kind = kind_of(node);
	enum ump__outcome outcome;

	*flow = GOES_ON;
	*became = ump__disposition_of(kind, is_abandoned(node), false);
	if (*became == UMP__DISPOSITION_SKIP)
		return UMP__OUTCOME_CONTINUE;
	outcome = ump__outcome_before(kind, is_stopped(node));
	if (outcome == UMP__OUTCOME_STOP)
		/* It is undelivered, as is the rest. */
		*became = ump__disposition_of(kind, is_abandoned(node), true);
	if (outcome != UMP__OUTCOME_CONTINUE)
		return outcome;
	*flow = handle(node);
	return ump__outcome_after(kind, *flow == BREAKS);
}

/* While the loop runs: each message is handled or skipped, until one of them ends the loop,
 * `budget` of them are handled, or one suspends. */
/*@ requires wf: \exists \list<struct ump__node *> l; is_batch(batch, l, n, log, capacity);
  @ requires capacity: \valid(log + (0 .. n - 1)) && \valid(results + (0 .. n - 1)) &&
  @   n <= capacity;
  @ requires out: \valid(count) && \valid(handled) && \valid(suspended) &&
  @   \separated(count, handled, suspended);
  @ requires apart: \separated(log + (0 .. capacity - 1), batch, count, handled, suspended) &&
  @   \separated(results + (0 .. capacity - 1), batch, count, handled, suspended);
  @ terminates \true;
  @ assigns batch->head, batch->tail, log[0 .. n - 1], results[0 .. n - 1], *count, *handled,
  @   *suspended;
  @ ensures count: 0 <= *count <= n;
  @ ensures order: \forall \list<struct ump__node *> l, integer i;
  @   is_batch{Pre}(batch, l, n, log, capacity) && 0 <= i < *count ==> log[i] == \nth(l, i);
  @ ensures rest: \forall \list<struct ump__node *> l, m;
  @   is_batch{Pre}(batch, l, n, log, capacity) && is_drop(l, *count, m) ==> is_queue(batch, m);
  @ ensures all: \result == UMP__OUTCOME_CONTINUE ==>
  @   *count == n || *handled == budget || *suspended == \true;
  @ ensures budget: *handled <= budget && *handled <= *count;
  @ ensures suspended: *suspended == \true ==> \result == UMP__OUTCOME_CONTINUE && *count > 0 &&
  @   results[*count - 1] == UMP__DISPOSITION_HANDLE;
  @ ensures results: \forall integer i; 0 <= i < *count && (\result == UMP__OUTCOME_CONTINUE ||
  @   i < *count - 1) ==> results[i] == UMP__DISPOSITION_HANDLE ||
  @   results[i] == UMP__DISPOSITION_SKIP;
  @ ensures value: \result == UMP__OUTCOME_VALUE ==> *count > 0 &&
  @   results[*count - 1] == UMP__DISPOSITION_HANDLE;
  @ ensures none: \result == UMP__OUTCOME_NONE ==> *count > 0 &&
  @   results[*count - 1] == UMP__DISPOSITION_NOTHING;
  @ ensures stop: \result == UMP__OUTCOME_STOP ==> *count > 0 &&
  @   results[*count - 1] != UMP__DISPOSITION_HANDLE;
  @ ensures outcome: \result == UMP__OUTCOME_CONTINUE || \result == UMP__OUTCOME_NONE ||
  @   \result == UMP__OUTCOME_VALUE || \result == UMP__OUTCOME_STOP;
  @*/
enum ump__outcome run_batch(struct ump__queue *batch, struct ump__node **log,
	enum ump__disposition *results, size_t *count, size_t *handled, bool *suspended,
	size_t budget, size_t n, size_t capacity)
{
	enum ump__outcome outcome = UMP__OUTCOME_CONTINUE;
	enum flow flow = GOES_ON;
	size_t done = 0;
	size_t i = 0;

	have_ends(n);
	/*@ assert whole: \forall \list<struct ump__node *> l, m;
	  @   is_batch(batch, l, n, log, capacity) && is_drop(l, 0, m) ==> is_queue(batch, m);
	  @*/
	/*@ loop invariant range: 0 <= i <= n;
	  @ loop invariant rest: \forall \list<struct ump__node *> l, m;
	  @   is_batch{Pre}(batch, l, n, log, capacity) && is_drop(l, i, m) ==> is_queue(batch, m);
	  @ loop invariant order: \forall \list<struct ump__node *> l, integer j;
	  @   is_batch{Pre}(batch, l, n, log, capacity) && 0 <= j < i ==> log[j] == \nth(l, j);
	  @ loop invariant results: \forall integer j; 0 <= j < i &&
	  @   (outcome == UMP__OUTCOME_CONTINUE ||
	  @   j < i - 1) ==> results[j] == UMP__DISPOSITION_HANDLE ||
	  @   results[j] == UMP__DISPOSITION_SKIP;
	  @ loop invariant value: outcome == UMP__OUTCOME_VALUE ==> i > 0 &&
	  @   results[i - 1] == UMP__DISPOSITION_HANDLE;
	  @ loop invariant none: outcome == UMP__OUTCOME_NONE ==> i > 0 &&
	  @   results[i - 1] == UMP__DISPOSITION_NOTHING;
	  @ loop invariant outcome: outcome == UMP__OUTCOME_CONTINUE ||
	  @   outcome == UMP__OUTCOME_NONE ||
	  @   outcome == UMP__OUTCOME_VALUE || outcome == UMP__OUTCOME_STOP;
	  @ loop invariant stop: outcome == UMP__OUTCOME_STOP ==> i > 0 &&
	  @   results[i - 1] != UMP__DISPOSITION_HANDLE;
	  @ loop invariant budget: done <= budget && done <= i;
	  @ loop invariant suspended: flow == SUSPENDS ==> outcome == UMP__OUTCOME_CONTINUE &&
	  @   i > 0 &&
	  @   results[i - 1] == UMP__DISPOSITION_HANDLE;
	  @ loop assigns i, done, flow, outcome, batch->head, batch->tail, log[0 .. n - 1],
	  @   results[0 .. n - 1];
	  @ loop variant n - i;
	  @*/
	while (outcome == UMP__OUTCOME_CONTINUE && flow != SUSPENDS && done < budget) {
		/*@ assert here: \forall \list<struct ump__node *> l; \length(l) == n ==>
		 @   has_end(l, i); */
		/*@ assert wf: \exists \list<struct ump__node *> m; is_queue(batch, m) &&
		  @   \length(m) == n - i;
		  @*/
		struct ump__node *node = ump__queue_pop(batch);
		enum ump__disposition became;

		if (node == NULL)
			break;
		/*@ assert left: i < n; */
		/*@ assert next: \forall \list<struct ump__node *> l; \length(l) == n ==>
		 @   has_end(l, i + 1); */
		/*@ assert cons: \forall \list<struct ump__node *> l, a, b;
		  @   is_drop(l, i, a) && is_drop(l, i + 1, b) ==> is_cons(\nth(l, i), b, a);
		  @*/
		/*@ assert popped: \forall \list<struct ump__node *> l, a, b;
		  @   is_batch{Pre}(batch, l, n, log, capacity) && is_drop(l, i, a) &&
		  @   is_drop(l, i + 1, b) ==> node == \nth(l, i) && is_queue(batch, b);
		  @*/
		/*@ assert order: \forall \list<struct ump__node *> l;
		  @   is_batch{Pre}(batch, l, n, log, capacity) ==> node == \nth(l, i);
		  @*/
		/*@ assert rest: \forall \list<struct ump__node *> l, b;
		  @   is_batch{Pre}(batch, l, n, log, capacity) && is_drop(l, i + 1, b) ==>
		  @   is_queue(batch, b) && is_apart_from(log, capacity, b);
		  @*/
		log[i] = node;
		outcome = take(node, &became, &flow);
		results[i] = became;
		if (became != UMP__DISPOSITION_SKIP)
			done++;
		i++;
	}
	*count = i;
	*handled = done;
	*suspended = flow == SUSPENDS;
	return outcome;
}

/* After the loop has ended: each message is undelivered, was given up, or is the EOS marker. */
/*@ requires wf: \exists \list<struct ump__node *> l; is_batch(batch, l, n, log, capacity);
  @ requires capacity: \valid(log + (from .. from + n - 1)) &&
  @   \valid(results + (from .. from + n - 1)) && from + n <= capacity;
  @ requires apart: \separated(log + (0 .. capacity - 1), batch) &&
  @   \separated(results + (0 .. capacity - 1), batch);
  @ terminates \true;
  @ assigns batch->head, batch->tail, log[from .. from + n - 1],
  @   results[from .. from + n - 1];
  @ ensures order: \forall \list<struct ump__node *> l, integer i;
  @   is_batch{Pre}(batch, l, n, log, capacity) && from <= i < from + n ==>
  @   log[i] == \nth(l, i - from);
  @ ensures empty: is_queue(batch, \Nil);
  @ ensures results: \forall integer i; from <= i < from + n ==>
  @   results[i] == UMP__DISPOSITION_LEFTOVER ||
  @   results[i] == UMP__DISPOSITION_SKIP || results[i] == UMP__DISPOSITION_NOTHING;
  @*/
void leave_all(struct ump__queue *batch, struct ump__node **log, enum ump__disposition *results,
	size_t from, size_t n, size_t capacity)
{
	struct ump__node *node;
	size_t i = 0;

	have_ends(n);
	/*@ assert whole: \forall \list<struct ump__node *> l, m;
	  @   is_batch(batch, l, n, log, capacity) && is_drop(l, 0, m) ==> is_queue(batch, m);
	  @*/
	/*@ loop invariant range: 0 <= i <= n;
	  @ loop invariant rest: \forall \list<struct ump__node *> l, m;
	  @   is_batch{Pre}(batch, l, n, log, capacity) && is_drop(l, i, m) ==> is_queue(batch, m);
	  @ loop invariant order: \forall \list<struct ump__node *> l, integer j;
	  @   is_batch{Pre}(batch, l, n, log, capacity) && from <= j < from + i ==>
	  @   log[j] == \nth(l, j - from);
	  @ loop invariant results: \forall integer j; from <= j < from + i ==>
	  @   results[j] == UMP__DISPOSITION_LEFTOVER ||
	  @   results[j] == UMP__DISPOSITION_SKIP || results[j] == UMP__DISPOSITION_NOTHING;
	  @ loop assigns i, node, batch->head, batch->tail, log[from .. from + n - 1],
  @   results[from .. from + n - 1];
	  @ loop variant n - i;
	  @*/
	for (;;) {
		/*@ assert here: \forall \list<struct ump__node *> l; \length(l) == n ==>
		 @   has_end(l, i); */
		/*@ assert wf: \exists \list<struct ump__node *> m; is_queue(batch, m) &&
		  @   \length(m) == n - i;
		  @*/
		node = ump__queue_pop(batch);
		if (node == NULL)
			break;
		/*@ assert left: i < n; */
		/*@ assert next: \forall \list<struct ump__node *> l; \length(l) == n ==>
		 @   has_end(l, i + 1); */
		/*@ assert cons: \forall \list<struct ump__node *> l, a, b;
		  @   is_drop(l, i, a) && is_drop(l, i + 1, b) ==> is_cons(\nth(l, i), b, a);
		  @*/
		/*@ assert popped: \forall \list<struct ump__node *> l, a, b;
		  @   is_batch{Pre}(batch, l, n, log, capacity) && is_drop(l, i, a) &&
		  @   is_drop(l, i + 1, b) ==> node == \nth(l, i) && is_queue(batch, b);
		  @*/
		/*@ assert order: \forall \list<struct ump__node *> l;
		  @   is_batch{Pre}(batch, l, n, log, capacity) ==> node == \nth(l, i);
		  @*/
		/*@ assert rest: \forall \list<struct ump__node *> l, b;
		  @   is_batch{Pre}(batch, l, n, log, capacity) && is_drop(l, i + 1, b) ==>
		  @   is_queue(batch, b) && is_apart_from(log, capacity, b);
		  @*/
		log[from + i] = node;
		results[from + i] = ump__disposition_of(kind_of(node), is_abandoned(node), true);
		i++;
	}
}
