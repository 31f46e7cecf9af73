/* SPDX-License-Identifier: 0BSD */
#include "client/handle.h"

#include "call/request.h"
#include "call/reservation.h"
#include "channel/inbox.h"
#include "channel/references.h"
#include "channel/slab_allocator.h"
#include "wait/capacity.h"
#include "wait/frame.h"

void *ump__handle_new(struct ump__channel *channel, enum ump__mark mark)
{
	struct ump__handle *handle = ump__alloc(sizeof *handle + ump__registry_extra());

	if (handle == NULL)
		return NULL;
	handle->channel = channel;
	handle->mark = mark;
	ump__claim_init(&handle->claim);
	ump__hint_init(&handle->sent, 0);
	ump__word_init(&handle->allocator, 0);
	ump__registry_add(handle);
	return handle;
}

void ump__handle_free(struct ump__handle *handle)
{
	struct ump__slab_allocator *allocator =
		(struct ump__slab_allocator *)ump__allocator_word_load(&handle->allocator);

	ump__registry_remove(handle);
	if (allocator != NULL)
		ump__slab_allocator_drop(allocator);
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

int ump__weak_client_new(struct ump__channel *channel, ump_weak_client **out)
{
	ump_weak_client *weak = ump__alloc(sizeof *weak);

	if (weak == NULL)
		return UMP_NO_MEMORY;
	if (!ump__weak_add(&channel->counts)) {
		ump__free(weak);
		return UMP_OVERFLOW;
	}
	weak->channel = channel;
	weak->mark = UMP__MARK_WEAK_CLIENT;
	*out = weak;
	return UMP_OK;
}

/* Clients are passed as const, since sending changes nothing that they show. */
static struct ump__handle *writable(const struct ump__handle *handle)
{
	return (struct ump__handle *)(uintptr_t)handle;
}

/* Give `handle` an allocator.  If two threads do so at the same time, one of the two is used. */
static struct ump__slab_allocator *open_allocator(struct ump__handle *handle)
{
	struct ump__channel *channel = handle->channel;
	struct ump__slab_allocator *allocator;
	uintptr_t seen = 0;

	if (!ump__weak_add(&channel->counts))
		return NULL;
	allocator = ump__slab_allocator_new(channel, ump__request_size(channel));
	if (allocator == NULL)
		ump__channel_drop_weak(channel);
	/* Without an allocator, messages are allocated one by one. */
	if (allocator == NULL ||
		ump__allocator_word_set(&handle->allocator, &seen, (uintptr_t)allocator))
		return allocator;
	ump__slab_allocator_drop(allocator);
	return (struct ump__slab_allocator *)seen;
}

struct ump__slab_allocator *ump__handle_allocator(const struct ump__handle *handle)
{
	struct ump__slab_allocator *allocator =
		(struct ump__slab_allocator *)ump__allocator_word_load(&handle->allocator);
	int sent;

	if (allocator != NULL)
		return allocator;
	sent = ump__hint_get(&handle->sent);
	if (sent >= ump__retention()->after)
		return open_allocator(writable(handle));
	ump__hint_set(&writable(handle)->sent, sent + 1);
	return NULL;
}

int ump__handle_permit_bounded(const struct ump__handle *handle, ump_time deadline, bool *kept)
{
	struct ump__channel *channel = handle->channel;
	int result;

	do {
		*kept = ump__reservation_use(channel, &writable(handle)->claim);
		if (*kept)
			return UMP_OK;
		result = ump__capacity_take(channel, &handle->claim, deadline);
	} while (result == UMP_EMPTY);
	/* A closed inbox is neither full nor waited for.  Its permits may be released only
	 * later. */
	if ((result == UMP_FULL || result == UMP_DEADLOCK) && ump__inbox_is_closed(&channel->inbox))
		return UMP_SERVER_GONE;
	return result;
}

void ump__handle_permit_back(const struct ump__handle *handle, bool kept)
{
	if (kept)
		ump__reservation_keep(handle->channel, &writable(handle)->claim);
	else if (handle->channel->bounded)
		ump__semaphore_give(handle->channel->semaphore);
}

/* Send a copy of `msg`, for which there is capacity.  Results as ump__channel_send, or
 * UMP_NO_MEMORY. */
static int send_post(const struct ump__handle *handle, const void *msg)
{
	struct ump__post *post = ump__post_new(handle->channel, ump__handle_allocator(handle), msg);
	int result;

	if (post == NULL)
		return UMP_NO_MEMORY;
	result = ump__channel_send(handle->channel, &post->message);
	if (result == UMP_SERVER_GONE)
		ump__post_free(post);
	return result;
}

int ump__handle_post(const struct ump__handle *handle, const void *msg, ump_time deadline)
{
	struct ump__channel *channel = handle->channel;
	bool kept;
	int result;

	UMP__REQUIRE_INSIDE();
	UMP__REQUIRE_OWN(channel);
	if (msg == NULL || channel->post.size == 0)
		return UMP_INVALID;
	result = ump__handle_permit(handle, deadline, &kept);
	if (result != UMP_OK)
		return result;
	result = send_post(handle, msg);
	if (result < UMP_OK)
		ump__handle_permit_back(handle, kept);
	return ump__channel_run(channel, result);
}
