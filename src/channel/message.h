/* SPDX-License-Identifier: 0BSD */
/* What lies in an inbox: requests, posts and the EOS marker, each beginning with a message. */
#ifndef UMP_MESSAGE_H
#define UMP_MESSAGE_H

#include "core/disposition.h"
#include "core/queue.h"
#include "sync/tools.h"
#include "ump_server.h"

#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct ump__channel;
struct ump__slab_allocator;
struct ump__slab;

struct ump__message {
	/* Must be first, so that the address of a node is that of its message. */
	struct ump__node node;
	/* An enum ump__kind in the low bits, and the address of what the memory returns to, if
	 * anything: a post's slab, a request's allocator.  One word, so that a post costs no more.
	 * */
	uintptr_t origin;
};

/* Bits of a kind; in an address they must be 0. */
#define UMP__KIND_BITS ((uintptr_t)7)

_Static_assert(offsetof(struct ump__message, node) == 0, "a message begins with its node");

/* Bytes before a post's value, which is aligned for any type.  If the value needs more alignment
 * than max_align_t has, its slab places the post so that the value is aligned. */
#define UMP__POST_HEAD                                                                             \
	((sizeof(struct ump__message) + _Alignof(max_align_t) - 1) / _Alignof(max_align_t) *       \
		_Alignof(max_align_t))

/* A post with its value. */
struct ump__post {
	union {
		struct ump__message message;
		unsigned char head[UMP__POST_HEAD];
	};
	unsigned char value[];
};

/* Create a post to `channel` with a copy of `value`; NULL if out of memory.  `allocator` is the
 * sender's, or NULL. */
struct ump__post *ump__post_new(const struct ump__channel *channel,
	struct ump__slab_allocator *allocator, const void *value);

/* Return the slab that contains a post; NULL if the post is an allocation of its own. */
struct ump__slab *ump__post_slab(const struct ump__post *post);

/* Free a post whose value has another owner now. */
void ump__post_free(struct ump__post *post);

/* Free a post that was not received, and drop its value. */
void ump__post_discard(struct ump__post *post, const struct ump_type *type);

static inline size_t ump__align_up(size_t size, size_t align)
{
	return (size + align - 1) / align * align;
}

/* Return the alignment of a value of `size` bytes, for which `align` is configured, or 0.  A
 * value that is smaller than the alignment of max_align_t needs less than that, wherever that is
 * 8 or 16. */
static inline size_t ump__value_align(size_t size, size_t align)
{
	size_t usual = size < _Alignof(max_align_t) ? 8 : _Alignof(max_align_t);

	return align > usual ? align : usual;
}

/* Return the maximum number of bytes between an address that is aligned for any type and the next
 * multiple of `align`. */
static inline size_t ump__align_slack(size_t align)
{
	return align > _Alignof(max_align_t) ? align - _Alignof(max_align_t) : 0;
}

/* Return the first address from `at` on that is a multiple of `align`, a power of two. */
static inline unsigned char *ump__align_to(unsigned char *at, size_t align)
{
	return at + ((0 - (uintptr_t)at) & (align - 1));
}

/* Copy a value; `fresh`: into memory that the application may access from now on.  Many values are
 * a word or a pointer, for which a call takes longer than the copy. */
static inline void ump__value_copy(void *to, const void *from, size_t size, bool fresh)
{
	if (UMP__HAS_TOOLS())
		ump__tell_copy(to, from, size, fresh);
	else if (size == sizeof(void *))
		memcpy(to, from, sizeof(void *));
	else
		memcpy(to, from, size);
}

/* `home` is what the memory returns to, or NULL. */
static inline void ump__message_init(
	struct ump__message *message, enum ump__kind kind, const void *home)
{
	message->origin = (uintptr_t)home | (uintptr_t)kind;
}

static inline enum ump__kind ump__kind_of(const struct ump__message *message)
{
	return (enum ump__kind)(message->origin & UMP__KIND_BITS);
}

/* Return what the memory returns to, or NULL. */
static inline void *ump__home_of(const struct ump__message *message)
{
	return (void *)(message->origin & ~UMP__KIND_BITS);
}

static inline struct ump__message *ump__message_of(struct ump__node *node)
{
	return (struct ump__message *)(void *)node;
}

static inline struct ump__post *ump__post_of(struct ump__message *message)
{
	return (struct ump__post *)(void *)message;
}

/* Drop `value`, if its type requires it. */
static inline void ump__value_drop(const struct ump_type *type, void *value)
{
	if (type->drop != NULL && type->size != 0) {
		ump__tools_call(NULL, NULL);
		type->drop(value);
	}
}

#endif
