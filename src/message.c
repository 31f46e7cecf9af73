/* SPDX-License-Identifier: 0BSD */
#include "message.h"

#include "sync/sync.h"

#include <string.h>

_Static_assert(offsetof(struct ump__post, message) == 0, "a post begins with its message");

struct ump__post *ump__post_new(const struct ump_type *type, const void *value)
{
	/* Sizes were limited when the channel was opened: the sum cannot overflow. */
	struct ump__post *post = ump__alloc(sizeof *post + type->size);

	if (post == NULL)
		return NULL;
	post->message.kind = UMP__KIND_POST;
	memcpy(post->value, value, type->size);
	return post;
}

void ump__post_free(struct ump__post *post)
{
	ump__free(post);
}

void ump__post_discard(struct ump__post *post, const struct ump_type *type)
{
	ump__value_drop(type, post->value);
	ump__post_free(post);
}
