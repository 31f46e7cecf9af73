/* SPDX-License-Identifier: 0BSD */
#include "core/queue.h"

void ump__queue_init(struct ump__queue *queue)
{
	queue->head = NULL;
	queue->tail = NULL;
}

bool ump__queue_is_empty(const struct ump__queue *queue)
{
	return queue->head == NULL;
}

void ump__queue_push(struct ump__queue *queue, struct ump__node *node)
{
	node->next = NULL;
	if (queue->tail == NULL)
		queue->head = node;
	else
		queue->tail->next = node;
	queue->tail = node;
	/*@ assert links: \forall \list<struct ump__node *> l, m;
	  @   is_queue{Pre}(queue, l) && is_snoc(l, node, m) ==> links_fwd(m);
	  @*/
}

struct ump__node *ump__queue_pop(struct ump__queue *queue)
{
	struct ump__node *node = queue->head;

	if (node != NULL) {
		queue->head = node->next;
		if (queue->head == NULL)
			queue->tail = NULL;
	}
	return node;
}

/*@ // What append needs to know of sequences.  Without memory in them, these are easy to prove, and
  @ // they spare the provers from finding them inside the goals of append.
  @ lemma cat_valid{L}: \forall \list<struct ump__node *> l, m, c;
  @   is_cat(l, m, c) && nodes_valid{L}(l) && nodes_valid{L}(m) ==> nodes_valid{L}(c);
  @ lemma cat_apart: \forall struct ump__queue *q, \list<struct ump__node *> l, m, c;
  @   is_cat(l, m, c) && is_apart(q, l) && is_apart(q, m) ==> is_apart(q, c);
  @ lemma cat_sep: \forall \list<struct ump__node *> l, m, c;
  @   is_cat(l, m, c) && nodes_sep(l) && nodes_sep(m) &&
  @   (\forall integer i; 0 <= i < \length(l) ==> is_fresh(\nth(l, i), m)) ==> nodes_sep(c);
  @ lemma cat_links{L}: \forall \list<struct ump__node *> l, m, c;
  @   is_cat(l, m, c) && links_fwd{L}(l) && links_fwd{L}(m) &&
  @   (\length(l) > 0 && \length(m) > 0 ==> \nth(l, \length(l) - 1)->next == \nth(m, 0)) ==>
  @   links_fwd{L}(c);
  @*/

void ump__queue_append(struct ump__queue *queue, struct ump__queue *from)
{
	if (from->head == NULL)
		return;
	if (queue->tail == NULL)
		queue->head = from->head;
	else
		queue->tail->next = from->head;
	queue->tail = from->tail;
	from->head = NULL;
	from->tail = NULL;
	/*@ assert keep: \forall \list<struct ump__node *> l, m;
	  @   is_queue{Pre}(queue, l) && is_queue{Pre}(from, m) && are_apart(queue, l, from, m) ==>
	  @   links_fwd(l) && links_fwd(m);
	  @*/
	/*@ assert join: \forall \list<struct ump__node *> l, m;
	  @   is_queue{Pre}(queue, l) && is_queue{Pre}(from, m) && are_apart(queue, l, from, m) &&
	  @   \length(l) > 0 && \length(m) > 0 ==> \nth(l, \length(l) - 1)->next == \nth(m, 0);
	  @*/
	/*@ assert whole: \forall \list<struct ump__node *> l, m, c;
	  @   is_queue{Pre}(queue, l) && is_queue{Pre}(from, m) && are_apart(queue, l, from, m) &&
	  @   is_cat(l, m, c) ==>
	  @   nodes_valid(c) && is_apart(queue, c) && nodes_sep(c) && links_fwd(c);
	  @*/
	/*@ assert ends: \forall \list<struct ump__node *> l, m, c;
	  @   is_queue{Pre}(queue, l) && is_queue{Pre}(from, m) && are_apart(queue, l, from, m) &&
	  @   is_cat(l, m, c) ==>
	  @   (\length(c) == 0 ==> queue->head == \null && queue->tail == \null) &&
	  @   (\length(c) > 0 ==> queue->head == \nth(c, 0) &&
	  @     queue->tail == \nth(c, \length(c) - 1) && queue->tail->next == \null);
	  @*/
}

struct ump__node *ump__chain_reverse(struct ump__node *top) /*@ ghost (size_t n) */
{
	struct ump__node *out = NULL;
	/*@ ghost size_t k = n; */

	/*@ loop invariant range: 0 <= k <= n;
	  @ loop invariant todo: \forall \list<struct ump__node *> l;
	  @   is_stack{Pre}(\at(top, Pre), l) && \length(l) == n ==>
	  @   (k == 0 ==> top == \null) &&
	  @   (k > 0 ==> top == \nth(l, k - 1) && \nth(l, 0)->next == \null) &&
	  @   (\forall integer i, j; 0 <= i < j < k && j <= i + 1 ==>
	  @     \nth(l, j)->next == \nth(l, i));
	  @ loop invariant done: \forall \list<struct ump__node *> l;
	  @   is_stack{Pre}(\at(top, Pre), l) && \length(l) == n ==>
	  @   (k == n ==> out == \null) &&
	  @   (k < n ==> out == \nth(l, k) && \nth(l, n - 1)->next == \null) &&
	  @   (\forall integer i, j; k <= i < j < n && j <= i + 1 ==>
	  @     \nth(l, i)->next == \nth(l, j));
	  @ loop invariant frame: \forall \list<struct ump__node *> l, struct ump__node *x;
	  @   is_stack{Pre}(\at(top, Pre), l) && \length(l) == n && is_fresh(x, l) ==>
	  @   x->next == \at(x->next, Pre);
	  @ loop assigns top, out, k, { x->next | struct ump__node *x; \true };
	  @ loop variant k;
	  @*/
	while (top != NULL) {
		struct ump__node *next = top->next;

		top->next = out;
		out = top;
		top = next;
		/*@ ghost k--; */
	}
	return out;
}

void ump__queue_from_stack(struct ump__queue *queue, struct ump__node *top) /*@ ghost (size_t n) */
{
	queue->head = ump__chain_reverse(top) /*@ ghost (n) */;
	queue->tail = top;
}
