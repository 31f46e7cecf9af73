/* SPDX-License-Identifier: 0BSD */
#include "channel/message.h"

#include "channel/channel.h"
#include "channel/slab_allocator.h"
#include "sync/sync.h"

_Static_assert(offsetof(struct ump__post, message) == 0, "a post begins with its message");
_Static_assert(offsetof(struct ump__post, value) % _Alignof(max_align_t) == 0, "any type fits");
_Static_assert(UMP__KIND_ANSWER <= UMP__KIND_BITS, "a kind has room beside an address");
_Static_assert(_Alignof(max_align_t) > UMP__KIND_BITS, "so that allocated addresses have it");

/* Allocate a post that is not recycled: on its own, or in a slab of one post if the value needs
 * more alignment. */
static struct ump__post *post_alone(const struct ump__channel *channel, struct ump__slab **slab)
{
	/* Sizes were limited when the channel was opened: the sum cannot overflow. */
	if (channel->post_align <= _Alignof(max_align_t))
		return ump__alloc(sizeof(struct ump__post) + channel->post.size);
	return ump__slab_of_one(channel->post.size, channel->post_align, slab);
}

struct ump__post *ump__post_new(const struct ump__channel *channel,
	struct ump__slab_allocator *allocator, const void *value)
{
	size_t size = channel->post.size;
	struct ump__slab *slab = NULL;
	struct ump__post *post =
		allocator != NULL ? ump__slab_allocator_post(allocator, &slab) : NULL;

	if (post == NULL)
		post = post_alone(channel, &slab);
	if (post == NULL)
		return NULL;
	ump__message_init(&post->message, UMP__KIND_POST, slab);
	ump__value_copy(post->value, value, size, true);
	return post;
}

struct ump__slab *ump__post_slab(const struct ump__post *post)
{
	return ump__home_of(&post->message);
}

void ump__post_free(struct ump__post *post)
{
	struct ump__slab *slab = ump__post_slab(post);

	if (slab != NULL) {
		ump__slab_forbid(slab, post);
		ump__slab_done(slab, 1);
	} else {
		ump__free(post);
	}
}

void ump__post_discard(struct ump__post *post, const struct ump_type *type)
{
	ump__value_drop(type, post->value);
	ump__post_free(post);
}
