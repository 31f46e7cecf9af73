/* SPDX-License-Identifier: 0BSD */
#include "channel/pool.h"

#include "channel/channel.h"
#include "channel/inbox.h"

/* Maximum number of units of either kind in a pool, whatever the configuration. */
#define UNITS_MOST ((uint32_t)1 << 24)

/* ---- Limits and layout --------------------------------------------------------------------- */

/* Return the distance from one post to the next. */
static size_t stride_of(size_t post_size, size_t align)
{
	return ump__align_up(sizeof(struct ump__post) + post_size, align);
}

/* Return the maximum number of bytes in a slab before its first post. */
static size_t slab_head(size_t align)
{
	return sizeof(struct ump__slab) + ump__align_slack(align);
}

/* Return the first post of a slab; its value is aligned. */
static unsigned char *first_post(struct ump__slab *slab, size_t align)
{
	if (align <= _Alignof(max_align_t))
		return slab->posts;
	return ump__align_to(slab->posts + sizeof(struct ump__post), align) -
	       sizeof(struct ump__post);
}

static size_t least(size_t one, size_t other)
{
	return one < other ? one : other;
}

/* Return how many bytes may be kept of each kind of message that the server takes. */
static size_t kept_of_each(const struct ump__channel *channel)
{
	/* A server takes at least one of the two kinds. */
	size_t kinds = 1 + (size_t)((channel->post.size != 0) & (channel->request.size != 0));
	size_t all = channel->keep != 0 ? channel->keep : 2 * ump__retention()->bytes;

	return all > sizeof(struct ump__pool) ? (all - sizeof(struct ump__pool)) / kinds : 0;
}

/* Return how many units of `size` bytes that allows; by default at most `most`. */
static uint32_t kept(const struct ump__channel *channel, uint32_t most, size_t size)
{
	return (uint32_t)least(
		channel->keep != 0 ? UNITS_MOST : most, kept_of_each(channel) / size);
}

static void free_lists_init(
	struct ump__pool *pool, const struct ump__channel *channel, size_t request_size)
{
	const struct ump__retention *retention = ump__retention();
	size_t stride = stride_of(channel->post.size, channel->post_align);
	size_t head = slab_head(channel->post_align);
	size_t slab_most = least(retention->slab, kept_of_each(channel));
	size_t space = slab_most > head ? slab_most - head : 0;
	size_t slab_size;

	pool->stride = stride;
	pool->slab_posts =
		(uint32_t)least(retention->slab_posts, stride < space ? space / stride : 1);
	slab_size = head + pool->slab_posts * stride;
	pool->free_lists[UMP__FREE_SLABS].unmade = kept(channel, retention->slabs, slab_size);
	/* Each request has cache lines of its own. */
	pool->free_lists[UMP__FREE_REQUESTS].unmade =
		kept(channel, retention->requests, ump__align_up(request_size, UMP__LINE));
	/* Posts that may not be kept need no slabs. */
	if (pool->free_lists[UMP__FREE_SLABS].unmade == 0)
		pool->slab_posts = 0;
}

struct ump__pool *ump__pool_new(struct ump__channel *channel, size_t request_size)
{
	struct ump__pool *pool;
	uint32_t units = 1;

	/* The limit does not allow even one small request. */
	if (kept_of_each(channel) < UMP__LINE)
		return NULL;
	pool = ump__alloc_spare(sizeof *pool, true);
	if (pool == NULL)
		return NULL;
	free_lists_init(pool, channel, request_size);
	pool->channel = channel;
	for (int i = 0; i < UMP__FREE_LISTS; i++) {
		ump__queue_init(&pool->free_lists[i].spare);
		ump__word_init(&pool->back[i], UMP__INBOX_EMPTY);
		units += pool->free_lists[i].unmade;
	}
	ump__trylock_init(&pool->trylock);
	pool->next = NULL;
	pool->left = 0;
	pool->slab = NULL;
	/* The client, and each unit that may be allocated and kept: to allocate one leaves the
	 * count unchanged. */
	ump__outstanding_init(&pool->units, units);
	return pool;
}

/* Remove `count` units for good; the last one frees the pool. */
static void units_gone(struct ump__pool *pool, uint32_t count)
{
	struct ump__channel *channel = pool->channel;

	if (!ump__outstanding_down(&pool->units, count))
		return;
	ump__free(pool);
	ump__channel_drop_weak(channel);
}

/* Put a released unit on its remote free list; if the client is gone, that is closed: free it. */
static void unit_back(struct ump__pool *pool, enum ump__free_list_kind kind, struct ump__node *unit)
{
	/* No thread sleeps there, so nothing is touched once the unit is pushed. */
	if (ump__inbox_push(&pool->back[kind], unit, NULL))
		return;
	ump__free(unit);
	units_gone(pool, 1);
}

/* Return a recycled unit, or NULL.  Requires the try-lock. */
static struct ump__node *take_back(struct ump__pool *pool, enum ump__free_list_kind kind)
{
	struct ump__queue *spare = &pool->free_lists[kind].spare;

	if (ump__queue_is_empty(spare))
		(void)ump__inbox_take(&pool->back[kind], spare);
	return ump__queue_pop(spare);
}

/* Close a free list for good, and free its units.  Returns how many, including those never
 * allocated. */
static uint32_t clear_free_list(struct ump__pool *pool, enum ump__free_list_kind kind)
{
	struct ump__free_list *free_list = &pool->free_lists[kind];
	uint32_t gone = free_list->unmade;
	struct ump__queue rest;
	struct ump__node *unit;

	ump__inbox_close(&pool->back[kind], &rest);
	ump__queue_append(&free_list->spare, &rest);
	while ((unit = ump__queue_pop(&free_list->spare)) != NULL) {
		ump__free(unit);
		gone++;
	}
	return gone;
}

/* Release the posts of the current slab that were never sent.  Requires the try-lock. */
static void release_unused(struct ump__pool *pool)
{
	struct ump__slab *slab = pool->slab;
	uint32_t left = pool->left;

	pool->slab = NULL;
	pool->left = 0;
	if (left != 0)
		ump__slab_done(slab, left);
}

void ump__pool_drop(struct ump__pool *pool)
{
	uint32_t gone = 1;

	/* Release the unused posts; if the receiver holds the try-lock, it does so. */
	if (ump__trylock_end(&pool->trylock))
		release_unused(pool);
	for (int i = 0; i < UMP__FREE_LISTS; i++)
		gone += clear_free_list(pool, (enum ump__free_list_kind)i);
	units_gone(pool, gone);
}

/* ---- Posts --------------------------------------------------------------------------------- */

void ump__slab_done(struct ump__slab *slab, uint32_t count)
{
	struct ump__pool *pool;

	if (!ump__outstanding_down(&slab->out, count))
		return;
	pool = slab->pool;
	if (pool != NULL && slab->spare) {
		unit_back(pool, UMP__FREE_SLABS, &slab->node);
		return;
	}
	ump__free(slab);
	if (pool != NULL)
		units_gone(pool, 1);
}

void ump__slab_release_unused(struct ump__slab *slab)
{
	struct ump__pool *pool = slab->pool;

	/* A sender that holds the try-lock is about to send from it. */
	if (pool == NULL || slab->spare || !ump__trylock_take(&pool->trylock))
		return;
	if (pool->slab == slab)
		release_unused(pool);
	/* The pool cannot be gone: this slab is one of its units. */
	if (ump__trylock_return(&pool->trylock))
		release_unused(pool);
}

/* Allocate a slab; NULL if out of memory. */
static struct ump__slab *slab_new(struct ump__pool *pool)
{
	struct ump__free_list *free_list = &pool->free_lists[UMP__FREE_SLABS];
	struct ump__slab *slab = ump__alloc_spare(
		slab_head(pool->channel->post_align) + pool->slab_posts * pool->stride, false);

	if (slab == NULL)
		return NULL;
	ump__outstanding_init(&slab->out, 0);
	slab->pool = pool;
	slab->spare = free_list->unmade != 0;
	if (slab->spare)
		free_list->unmade--;
	else
		ump__outstanding_up(&pool->units);
	return slab;
}

struct ump__post *ump__slab_of_one(size_t post_size, size_t align, struct ump__slab **slab)
{
	struct ump__slab *made = ump__alloc(slab_head(align) + stride_of(post_size, align));

	if (made == NULL)
		return NULL;
	ump__outstanding_init(&made->out, 1);
	made->pool = NULL;
	made->spare = false;
	*slab = made;
	return (struct ump__post *)(void *)first_post(made, align);
}

/* The current slab is used up: begin another one.  Returns false if there is none. */
static bool next_slab(struct ump__pool *pool)
{
	struct ump__node *back = take_back(pool, UMP__FREE_SLABS);
	struct ump__slab *slab = back != NULL ? (struct ump__slab *)(void *)back : slab_new(pool);

	if (slab == NULL)
		return false;
	/* Count all posts at once; release_unused() subtracts those that are never sent. */
	ump__outstanding_set(&slab->out, pool->slab_posts);
	pool->slab = slab;
	pool->next = first_post(slab, pool->channel->post_align);
	pool->left = pool->slab_posts;
	return true;
}

struct ump__post *ump__pool_post(struct ump__pool *pool, struct ump__slab **slab)
{
	struct ump__post *post = NULL;

	if (pool->slab_posts == 0 || !ump__trylock_take(&pool->trylock))
		return NULL;
	if (pool->left != 0 || next_slab(pool)) {
		post = (struct ump__post *)(void *)pool->next;
		*slab = pool->slab;
		pool->next += pool->stride;
		pool->left--;
	}
	ump__trylock_give(&pool->trylock);
	return post;
}

/* ---- Requests ------------------------------------------------------------------------------ */

void *ump__pool_request(struct ump__pool *pool, size_t size)
{
	struct ump__free_list *free_list = &pool->free_lists[UMP__FREE_REQUESTS];
	void *request;

	if (!ump__trylock_take(&pool->trylock))
		return NULL;
	request = take_back(pool, UMP__FREE_REQUESTS);
	if (request == NULL && free_list->unmade != 0) {
		request = ump__alloc_spare(size, true);
		if (request != NULL)
			free_list->unmade--;
	}
	ump__trylock_give(&pool->trylock);
	return request;
}

void ump__pool_request_back(struct ump__pool *pool, struct ump__node *request)
{
	unit_back(pool, UMP__FREE_REQUESTS, request);
}
