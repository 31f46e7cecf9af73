/* SPDX-License-Identifier: 0BSD */
/*
 * The inbox is one word: empty, parked (empty, and the dispatcher sleeps), closed, or the address
 * of the newest of the nodes that senders have stacked up.  Each function takes the word as it was
 * and says what it becomes; nothing here reads memory.
 */
#ifndef UMP_CORE_INBOX_H
#define UMP_CORE_INBOX_H

#include <stdbool.h>
#include <stdint.h>

#define UMP__INBOX_EMPTY  ((uintptr_t)0)
#define UMP__INBOX_PARKED ((uintptr_t)1)
#define UMP__INBOX_CLOSED ((uintptr_t)2)
/* Nodes are aligned at least so much: their addresses are none of the above. */
#define UMP__INBOX_ALIGN ((uintptr_t)4)

struct ump__inbox_push {
	uintptr_t next;
	/* What the new node must point to before the word is published: the node below, or 0. */
	uintptr_t link;
	bool accepted;
	/* The dispatcher sleeps, and this push is the one that has to wake it. */
	bool wake;
};

struct ump__inbox_step {
	uintptr_t next;
	/* What this step takes out of the inbox: the newest node, or 0.  It is the caller's now. */
	uintptr_t chain;
	/* Whether the word may change so; otherwise `next` is the word as it was. */
	bool taken;
};

/* A sender puts `node` on top. */
struct ump__inbox_push ump__inbox_push_step(uintptr_t word, uintptr_t node);

/* The dispatcher takes everything. */
struct ump__inbox_step ump__inbox_take_step(uintptr_t word);

/* The dispatcher goes to sleep; refused unless the inbox is empty. */
struct ump__inbox_step ump__inbox_park_step(uintptr_t word);

/* The dispatcher, awake for another reason than a message, sleeps no more. */
struct ump__inbox_step ump__inbox_unpark_step(uintptr_t word);

/* The dispatcher closes the inbox for good, and takes what is left in it. */
struct ump__inbox_step ump__inbox_close_step(uintptr_t word);

static inline bool ump__inbox_is_node(uintptr_t word)
{
	return word >= UMP__INBOX_ALIGN;
}

#endif
