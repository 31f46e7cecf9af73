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
}

struct ump__node *ump__chain_reverse(struct ump__node *top)
{
	struct ump__node *out = NULL;

	while (top != NULL) {
		struct ump__node *next = top->next;

		top->next = out;
		out = top;
		top = next;
	}
	return out;
}

void ump__queue_from_stack(struct ump__queue *queue, struct ump__node *top)
{
	queue->head = ump__chain_reverse(top);
	queue->tail = top;
}
