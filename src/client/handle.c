/* SPDX-License-Identifier: 0BSD */
#include "client/handle.h"

#include "call/request.h"
#include "call/reservation.h"
#include "channel/inbox.h"
#include "channel/pool.h"
#include "channel/references.h"
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
	ump__word_init(&handle->pool, 0);
	ump__registry_add(handle);
	return handle;
}

void ump__handle_free(struct ump__handle *handle)
{
	struct ump__pool *pool = (struct ump__pool *)ump__pool_word_load(&handle->pool);

	ump__registry_remove(handle);
	if (pool != NULL)
		ump__pool_drop(pool);
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

/* Give `handle` a pool.  If another thread does so at the same time, one of the two is used. */
static struct ump__pool *open_pool(struct ump__handle *handle)
{
	struct ump__channel *channel = handle->channel;
	struct ump__pool *pool;
	uintptr_t seen = 0;

	if (!ump__weak_add(&channel->counts))
		return NULL;
	pool = ump__pool_new(channel, ump__request_size(channel));
	if (pool == NULL)
		ump__channel_drop_weak(channel);
	/* Without a pool, messages are allocated one by one. */
	if (pool == NULL || ump__pool_word_set(&handle->pool, &seen, (uintptr_t)pool))
		return pool;
	ump__pool_drop(pool);
	return (struct ump__pool *)seen;
}

struct ump__pool *ump__handle_pool(const struct ump__handle *handle)
{
	struct ump__pool *pool = (struct ump__pool *)ump__pool_word_load(&handle->pool);
	int sent;

	if (pool != NULL)
		return pool;
	sent = ump__hint_get(&handle->sent);
	if (sent >= ump__retention()->after)
		return open_pool(writable(handle));
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
	struct ump__post *post = ump__post_new(handle->channel, ump__handle_pool(handle), msg);
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
