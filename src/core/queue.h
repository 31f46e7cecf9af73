/* SPDX-License-Identifier: 0BSD */
/*
 * An intrusive FIFO of nodes, and the reversal that turns what senders have stacked up (newest
 * first) into it (oldest first).  Sequential: no atomics, no threads, no memory of its own.
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

void ump__queue_init(struct ump__queue *queue);
bool ump__queue_is_empty(const struct ump__queue *queue);

/* Put `node`, which is in no queue, behind all others. */
void ump__queue_push(struct ump__queue *queue, struct ump__node *node);

/* Take the oldest node, or NULL. */
struct ump__node *ump__queue_pop(struct ump__queue *queue);

/* Move all of `from` behind all of `queue`. */
void ump__queue_append(struct ump__queue *queue, struct ump__queue *from);

/* Link a chain the other way round, and return its new first node. */
struct ump__node *ump__chain_reverse(struct ump__node *top);

/* Fill `queue`, whatever it held, with the chain that begins at its newest node `top`. */
void ump__queue_from_stack(struct ump__queue *queue, struct ump__node *top);

#endif
