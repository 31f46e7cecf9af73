/* SPDX-License-Identifier: 0BSD */
/*
 * An intrusive FIFO of nodes, and the reversal that makes one (oldest first) of a drained Treiber
 * stack (newest first).  Sequential: no atomics, no threads, no memory of its own.
 *
 * The contracts describe a queue by the sequence of its nodes, oldest first: a queue that holds the
 * sequence `l` holds `l` and the new node after a push.  Two rules keep them provable.  Neighbours
 * must be written with two indices, i < j <= i + 1, since an i + 1 inside \nth makes provers
 * instantiate without end.  Sequences must be related by length and index, never by concatenation.
 */
#ifndef UMP_CORE_QUEUE_H
#define UMP_CORE_QUEUE_H

#include <stdbool.h>
#include <stddef.h>

struct ump__node {
	struct ump__node *next;
};

struct ump__queue {
	struct ump__node *head;
	struct ump__node *tail;
};

/*@ // All nodes can be read and written.
  @ predicate nodes_valid{L}(\list<struct ump__node *> l) =
  @   \forall integer i; 0 <= i < \length(l) ==> \valid{L}(\nth(l, i));
  @
  @ // No two of them share memory.
  @ predicate nodes_sep(\list<struct ump__node *> l) =
  @   \forall integer i, j; 0 <= i < \length(l) && 0 <= j < \length(l) && i != j ==>
  @     \separated(\nth(l, i), \nth(l, j));
  @
  @ // Each points to the one that came after it.
  @ predicate links_fwd{L}(\list<struct ump__node *> l) =
  @   \forall integer i, j; 0 <= i < j < \length(l) && j <= i + 1 ==>
  @     \nth(l, i)->next == \nth(l, j);
  @
  @ // Each points to the one that came before it.
  @ predicate links_bwd{L}(\list<struct ump__node *> l) =
  @   \forall integer i, j; 0 <= i < j < \length(l) && j <= i + 1 ==>
  @     \nth(l, j)->next == \nth(l, i);
  @
  @ predicate is_fresh(struct ump__node *n, \list<struct ump__node *> l) =
  @   \forall integer i; 0 <= i < \length(l) ==> \separated(n, \nth(l, i));
  @
  @ predicate is_apart(struct ump__queue *q, \list<struct ump__node *> l) =
  @   \forall integer i; 0 <= i < \length(l) ==> \separated(q, \nth(l, i));
  @
  @ // A chain in the order of a queue: h is the oldest node, and the newest is last.
  @ predicate is_chain{L}(struct ump__node *h, \list<struct ump__node *> l) =
  @   nodes_valid{L}(l) && nodes_sep(l) && links_fwd{L}(l) &&
  @   (\length(l) == 0 ==> h == \null) &&
  @   (\length(l) > 0 ==> h == \nth(l, 0) && \nth(l, \length(l) - 1)->next == \null);
  @
  @ // A chain in the order of the stack: top is the newest node, and the oldest is last.
  @ predicate is_stack{L}(struct ump__node *top, \list<struct ump__node *> l) =
  @   nodes_valid{L}(l) && nodes_sep(l) && links_bwd{L}(l) &&
  @   (\length(l) == 0 ==> top == \null) &&
  @   (\length(l) > 0 ==> top == \nth(l, \length(l) - 1) && \nth(l, 0)->next == \null);
  @
  @ predicate is_queue{L}(struct ump__queue *q, \list<struct ump__node *> l) =
  @   \valid{L}(q) && is_chain{L}(q->head, l) && is_apart(q, l) &&
  @   (\length(l) == 0 ==> q->tail == \null) &&
  @   (\length(l) > 0 ==> q->tail == \nth(l, \length(l) - 1));
  @
  @ // Two queues share no memory, nor do their nodes.
  @ predicate are_apart(struct ump__queue *q, \list<struct ump__node *> l, struct ump__queue *p,
  @   \list<struct ump__node *> m) = \separated(q, p) && is_apart(p, l) && is_apart(q, m) &&
  @   (\forall integer i; 0 <= i < \length(l) ==> is_fresh(\nth(l, i), m));
  @
  @ // b is a, and then n.
  @ predicate is_snoc(\list<struct ump__node *> a, struct ump__node *n,
  @   \list<struct ump__node *> b) =
  @   \length(b) == \length(a) + 1 && \nth(b, \length(a)) == n &&
  @   (\forall integer i; 0 <= i < \length(a) ==> \nth(b, i) == \nth(a, i));
  @
  @ // b is n, and then a.
  @ predicate is_cons(struct ump__node *n, \list<struct ump__node *> a,
  @   \list<struct ump__node *> b) =
  @   \length(b) == \length(a) + 1 && \nth(b, 0) == n &&
  @   (\forall integer i; 0 <= i < \length(a) ==> \nth(b, i + 1) == \nth(a, i));
  @
  @ // c is a, and then b.
  @ predicate is_cat(\list<struct ump__node *> a, \list<struct ump__node *> b,
  @   \list<struct ump__node *> c) =
  @   \length(c) == \length(a) + \length(b) &&
  @   (\forall integer i; 0 <= i < \length(a) ==> \nth(c, i) == \nth(a, i)) &&
  @   (\forall integer i; \length(a) <= i < \length(c) ==>
  @     \nth(c, i) == \nth(b, i - \length(a)));
  @*/

/*@ requires \valid(queue);
  @ terminates \true;
  @ assigns queue->head, queue->tail \from \nothing;
  @ ensures empty: is_queue(queue, \Nil);
  @*/
void ump__queue_init(struct ump__queue *queue);

/*@ requires wf: \exists \list<struct ump__node *> l; is_queue(queue, l);
  @ terminates \true;
  @ assigns \result \from queue->head;
  @ ensures empty: \forall \list<struct ump__node *> l; is_queue(queue, l) ==>
  @   (\result <==> \length(l) == 0);
  @*/
bool ump__queue_is_empty(const struct ump__queue *queue);

/* Append `node`, which must be in no queue. */
/*@ requires wf: \exists \list<struct ump__node *> l; is_queue(queue, l);
  @ requires valid: \valid(node) && \separated(node, queue);
  @ requires new: \forall \list<struct ump__node *> l; is_queue(queue, l) ==> is_fresh(node, l);
  @ terminates \true;
  @ assigns queue->head, queue->tail, node->next, queue->tail->next
  @   \from node, queue->head, queue->tail;
  @ ensures fifo: \forall \list<struct ump__node *> l, m;
  @   is_queue{Pre}(queue, l) && is_snoc(l, node, m) ==> is_queue{Post}(queue, m);
  @*/
void ump__queue_push(struct ump__queue *queue, struct ump__node *node);

/* Remove and return the oldest node, or NULL. */
/*@ requires wf: \exists \list<struct ump__node *> l; is_queue(queue, l);
  @ terminates \true;
  @ assigns queue->head, queue->tail \from queue->head, queue->tail, queue->head->next;
  @ assigns \result \from queue->head;
  @ ensures none: \forall \list<struct ump__node *> l; is_queue{Pre}(queue, l) ==>
  @   (\result == \null <==> \length(l) == 0);
  @ ensures empty: \result == \null ==> is_queue{Post}(queue, \Nil);
  @ ensures first: \forall \list<struct ump__node *> l, m, struct ump__node *x;
  @   is_queue{Pre}(queue, l) && is_cons(x, m, l) ==>
  @   \result == x && is_queue{Post}(queue, m) && is_fresh(x, m) && \valid(x);
  @*/
struct ump__node *ump__queue_pop(struct ump__queue *queue);

/* Move all of `from` behind all of `queue`. */
/*@ requires wf: \exists \list<struct ump__node *> l, m;
  @   is_queue(queue, l) && is_queue(from, m) && are_apart(queue, l, from, m);
  @ terminates \true;
  @ assigns queue->head, queue->tail, queue->tail->next, from->head, from->tail
  @   \from queue->head, queue->tail, from->head, from->tail;
  @ ensures cat: \forall \list<struct ump__node *> l, m, c; is_queue{Pre}(queue, l) &&
  @   is_queue{Pre}(from, m) && are_apart(queue, l, from, m) && is_cat(l, m, c) ==>
  @   is_queue{Post}(queue, c) && is_queue{Post}(from, \Nil);
  @*/
void ump__queue_append(struct ump__queue *queue, struct ump__queue *from);

/* Reverse a chain, and return its new first node. */
/*@ requires wf: \exists \list<struct ump__node *> l; is_stack(top, l) && \length(l) == n;
  @ terminates \true;
  @ assigns { x->next | struct ump__node *x; \true } \from top;
  @ assigns \result \from top;
  @ ensures order: \forall \list<struct ump__node *> l;
  @   is_stack{Pre}(top, l) && \length(l) == n ==> is_chain{Post}(\result, l);
  @ ensures frame: \forall \list<struct ump__node *> l, struct ump__node *x;
  @   is_stack{Pre}(top, l) && \length(l) == n && is_fresh(x, l) ==>
  @   x->next == \at(x->next, Pre);
  @*/
struct ump__node *ump__chain_reverse(struct ump__node *top) /*@ ghost (size_t n) */;

/* Fill `queue` with the chain that begins at its newest node `top`; what it held is overwritten. */
/*@ requires wf: \exists \list<struct ump__node *> l;
  @   is_stack(top, l) && \length(l) == n && is_apart(queue, l);
  @ requires valid: \valid(queue);
  @ terminates \true;
  @ assigns queue->head, queue->tail, { x->next | struct ump__node *x; \true } \from top;
  @ ensures order: \forall \list<struct ump__node *> l;
  @   is_stack{Pre}(top, l) && \length(l) == n && is_apart(queue, l) ==> is_queue{Post}(queue, l);
  @ ensures frame: \forall \list<struct ump__node *> l, struct ump__node *x;
  @   is_stack{Pre}(top, l) && \length(l) == n && is_fresh(x, l) && \separated(queue, x) ==>
  @   x->next == \at(x->next, Pre);
  @*/
void ump__queue_from_stack(struct ump__queue *queue, struct ump__node *top) /*@ ghost (size_t n) */;

#endif
