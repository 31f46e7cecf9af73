/* SPDX-License-Identifier: 0BSD */
#include "handle.h"

#include "ask.h"
#include "inbox.h"
#include "references.h"

void *ump__handle_new(struct ump__channel *channel, enum ump__mark mark)
{
	struct ump__handle *handle = ump__alloc(sizeof *handle);

	if (handle == NULL)
		return NULL;
	handle->channel = channel;
	handle->mark = mark;
	ump__claim_init(&handle->claim);
	if (mark != UMP__MARK_WEAK_CLIENT)
		ump__holder_add(handle);
	return handle;
}

void ump__handle_free(struct ump__handle *handle)
{
	if (handle->mark != UMP__MARK_WEAK_CLIENT)
		ump__holder_remove(handle);
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

/* Clients are lent as const, since nothing that they show changes by sending. */
static struct ump__handle *asker(const struct ump__handle *handle)
{
	return (struct ump__handle *)(uintptr_t)handle;
}

int ump__handle_room(const struct ump__handle *handle, ump_time deadline, bool *kept)
{
	struct ump__channel *channel = handle->channel;
	int result;

	*kept = false;
	if (!channel->bounded)
		return UMP_OK;
	do {
		*kept = ump__ask_use(asker(handle));
		if (*kept)
			return UMP_OK;
		result = ump__room_take(&channel->room, channel, &handle->claim, deadline);
	} while (result == UMP_EMPTY);
	/* What is left when the inbox closes makes it full no more, but not at once. */
	if (result == UMP_FULL && ump__inbox_is_closed(&channel->inbox))
		return UMP_SERVER_GONE;
	return result;
}

void ump__handle_room_back(const struct ump__handle *handle, bool kept)
{
	if (kept)
		ump__ask_keep(asker(handle));
	else
		ump__room_give(&handle->channel->room);
}

/* Send a copy of `msg`, for which there is room. */
static int send_post(struct ump__channel *channel, const void *msg)
{
	struct ump__post *post = ump__post_new(&channel->post, msg);

	if (post == NULL)
		return UMP_NO_MEMORY;
	if (ump__channel_send(channel, &post->message))
		return UMP_OK;
	ump__post_free(post);
	return UMP_SERVER_GONE;
}

int ump__handle_post(const struct ump__handle *handle, const void *msg, ump_time deadline)
{
	struct ump__channel *channel = handle->channel;
	bool kept;
	int result;

	if (msg == NULL || channel->post.size == 0)
		return UMP_INVALID;
	result = ump__handle_room(handle, deadline, &kept);
	if (result != UMP_OK)
		return result;
	result = send_post(channel, msg);
	if (result != UMP_OK)
		ump__handle_room_back(handle, kept);
	return result;
}
