/* SPDX-License-Identifier: 0BSD */
/* What lies in an inbox: requests, posts and the goodbye, each beginning with a message. */
#ifndef UMP_MESSAGE_H
#define UMP_MESSAGE_H

#include "core/queue.h"
#include "core/verdict.h"
#include "ump_server.h"

#include <stddef.h>

struct ump__message {
	/* First, so that a node's address is its message's. */
	struct ump__node node;
	enum ump__kind kind;
};

_Static_assert(offsetof(struct ump__message, node) == 0, "a message begins with its node");

/* A post carries its value with it. */
struct ump__post {
	struct ump__message message;
	_Alignas(max_align_t) unsigned char value[];
};

/* A post with a copy of `value`, or NULL. */
struct ump__post *ump__post_new(const struct ump_type *type, const void *value);

/* Free a post whose value somebody else owns now. */
void ump__post_free(struct ump__post *post);

/* Free a post that nobody received, and drop its value. */
void ump__post_discard(struct ump__post *post, const struct ump_type *type);

static inline struct ump__message *ump__message_of(struct ump__node *node)
{
	return (struct ump__message *)(void *)node;
}

static inline struct ump__post *ump__post_of(struct ump__message *message)
{
	return (struct ump__post *)(void *)message;
}

/* Drop `value`, if its type has anything to drop. */
static inline void ump__value_drop(const struct ump_type *type, void *value)
{
	if (type->drop != NULL && type->size != 0)
		type->drop(value);
}

#endif
