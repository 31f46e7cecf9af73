/* SPDX-License-Identifier: 0BSD */
#include "handle.h"

#include "references.h"

void *ump__handle_new(struct ump__channel *channel, enum ump__mark mark)
{
	struct ump__handle *handle = ump__alloc(sizeof *handle);

	if (handle == NULL)
		return NULL;
	handle->channel = channel;
	handle->mark = mark;
	return handle;
}

void ump__handle_free(struct ump__handle *handle)
{
	handle->mark = UMP__MARK_DEAD;
	ump__free(handle);
}

int ump__handle_strong(struct ump__channel *channel, enum ump__mark mark, void **out)
{
	struct ump__handle *handle = ump__handle_new(channel, mark);

	if (handle == NULL)
		return UMP_NO_MEMORY;
	if (!ump__strong_add(&channel->counts)) {
		ump__handle_free(handle);
		return UMP_OVERFLOW;
	}
	*out = handle;
	return UMP_OK;
}

int ump__handle_weak(struct ump__channel *channel, void **out)
{
	struct ump__handle *handle = ump__handle_new(channel, UMP__MARK_WEAK_CLIENT);

	if (handle == NULL)
		return UMP_NO_MEMORY;
	if (!ump__weak_add(&channel->counts)) {
		ump__handle_free(handle);
		return UMP_OVERFLOW;
	}
	*out = handle;
	return UMP_OK;
}

int ump__handle_post(const struct ump__handle *handle, const void *msg)
{
	struct ump__channel *channel = handle->channel;
	struct ump__post *post;

	if (msg == NULL || channel->post.size == 0)
		return UMP_INVALID;
	post = ump__post_new(&channel->post, msg);
	if (post == NULL)
		return UMP_NO_MEMORY;
	if (!ump__channel_send(channel, &post->message)) {
		ump__post_free(post);
		return UMP_SERVER_GONE;
	}
	return UMP_OK;
}
