/* SPDX-License-Identifier: 0BSD */
#include "pool.h"

#include "channel.h"
#include "inbox.h"

/* Maximum number of units of either kind in a pool, whatever the configuration. */
#define UNITS_MOST ((uint32_t)1 << 24)

/* ---- Limits and layout --------------------------------------------------------------------- */

/* Return the distance from one post to the next. */
static size_t stride_of(size_t post_size, size_t align)
{
	return ump__align_up(sizeof(struct ump__post) + post_size, align);
}

/* Return the maximum number of bytes in a slab before its first post. */
static size_t tray_head(size_t align)
{
	return sizeof(struct ump__tray) + ump__align_slack(align);
}

/* Return the first post of a slab; its value is aligned. */
static unsigned char *first_post(struct ump__tray *tray, size_t align)
{
	if (align <= _Alignof(max_align_t))
		return tray->posts;
	return ump__align_to(tray->posts + sizeof(struct ump__post), align) -
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
	size_t all = channel->keep != 0 ? channel->keep : 2 * ump__thrift()->bytes;

	return all > sizeof(struct ump__pool) ? (all - sizeof(struct ump__pool)) / kinds : 0;
}

/* Return how many units of `size` bytes that allows; by default at most `most`. */
static uint32_t kept(const struct ump__channel *channel, uint32_t most, size_t size)
{
	return (uint32_t)least(
		channel->keep != 0 ? UNITS_MOST : most, kept_of_each(channel) / size);
}

static void shelves_init(
	struct ump__pool *pool, const struct ump__channel *channel, size_t request_size)
{
	const struct ump__thrift *thrift = ump__thrift();
	size_t stride = stride_of(channel->post.size, channel->post_align);
	size_t head = tray_head(channel->post_align);
	size_t tray_most = least(thrift->tray, kept_of_each(channel));
	size_t room = tray_most > head ? tray_most - head : 0;
	size_t tray_size;

	pool->stride = stride;
	pool->tray_posts = (uint32_t)least(thrift->tray_posts, stride < room ? room / stride : 1);
	tray_size = head + pool->tray_posts * stride;
	pool->shelves[UMP__SHELF_TRAYS].unmade = kept(channel, thrift->trays, tray_size);
	/* Each request has cache lines of its own. */
	pool->shelves[UMP__SHELF_REQUESTS].unmade =
		kept(channel, thrift->requests, ump__align_up(request_size, UMP__LINE));
	/* Posts that may not be kept need no slabs. */
	if (pool->shelves[UMP__SHELF_TRAYS].unmade == 0)
		pool->tray_posts = 0;
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
	shelves_init(pool, channel, request_size);
	pool->channel = channel;
	for (int i = 0; i < UMP__SHELVES; i++) {
		ump__queue_init(&pool->shelves[i].spare);
		ump__word_init(&pool->back[i], UMP__INBOX_EMPTY);
		units += pool->shelves[i].unmade;
	}
	ump__latch_init(&pool->latch);
	pool->next = NULL;
	pool->left = 0;
	pool->tray = NULL;
	/* The client, and each unit that may be allocated and kept: to allocate one leaves the
	 * count unchanged. */
	ump__tally_init(&pool->units, units);
	return pool;
}

/* Remove `count` units for good; the last one frees the pool. */
static void units_gone(struct ump__pool *pool, uint32_t count)
{
	struct ump__channel *channel = pool->channel;

	if (!ump__tally_down(&pool->units, count))
		return;
	ump__free(pool);
	ump__channel_drop_weak(channel);
}

/* Put a released unit on its remote free list, or free it if the client is gone. */
static void unit_back(struct ump__pool *pool, enum ump__shelf_kind kind, struct ump__node *unit)
{
	/* No thread sleeps there, so nothing is touched once the unit is pushed. */
	if (ump__inbox_push(&pool->back[kind], unit, NULL))
		return;
	ump__free(unit);
	units_gone(pool, 1);
}

/* Return a recycled unit, or NULL.  Requires the try-lock. */
static struct ump__node *take_back(struct ump__pool *pool, enum ump__shelf_kind kind)
{
	struct ump__queue *spare = &pool->shelves[kind].spare;

	if (ump__queue_is_empty(spare))
		(void)ump__inbox_take(&pool->back[kind], spare);
	return ump__queue_pop(spare);
}

/* Close a free list for good, and free its units.  Returns how many, including those never
 * allocated. */
static uint32_t clear_shelf(struct ump__pool *pool, enum ump__shelf_kind kind)
{
	struct ump__shelf *shelf = &pool->shelves[kind];
	uint32_t gone = shelf->unmade;
	struct ump__queue rest;
	struct ump__node *unit;

	ump__inbox_close(&pool->back[kind], &rest);
	ump__queue_append(&shelf->spare, &rest);
	while ((unit = ump__queue_pop(&shelf->spare)) != NULL) {
		ump__free(unit);
		gone++;
	}
	return gone;
}

/* Release the posts of the current slab that were never sent.  Requires the try-lock. */
static void rest_done(struct ump__pool *pool)
{
	struct ump__tray *tray = pool->tray;
	uint32_t left = pool->left;

	pool->tray = NULL;
	pool->left = 0;
	if (left != 0)
		ump__tray_done(tray, left);
}

void ump__pool_drop(struct ump__pool *pool)
{
	uint32_t gone = 1;

	/* If the receiver holds the try-lock, it releases them. */
	if (ump__latch_end(&pool->latch))
		rest_done(pool);
	for (int i = 0; i < UMP__SHELVES; i++)
		gone += clear_shelf(pool, (enum ump__shelf_kind)i);
	units_gone(pool, gone);
}

/* ---- Posts --------------------------------------------------------------------------------- */

void ump__tray_done(struct ump__tray *tray, uint32_t count)
{
	struct ump__pool *pool;

	if (!ump__tally_down(&tray->out, count))
		return;
	pool = tray->pool;
	if (pool != NULL && tray->spare) {
		unit_back(pool, UMP__SHELF_TRAYS, &tray->node);
		return;
	}
	ump__free(tray);
	if (pool != NULL)
		units_gone(pool, 1);
}

void ump__tray_rest(struct ump__tray *tray)
{
	struct ump__pool *pool = tray->pool;

	/* A sender that holds the try-lock is about to send from it. */
	if (pool == NULL || tray->spare || !ump__latch_take(&pool->latch))
		return;
	if (pool->tray == tray)
		rest_done(pool);
	/* The pool cannot be gone: this slab is one of its units. */
	if (ump__latch_return(&pool->latch))
		rest_done(pool);
}

/* Allocate a slab; NULL if out of memory. */
static struct ump__tray *tray_new(struct ump__pool *pool)
{
	struct ump__shelf *shelf = &pool->shelves[UMP__SHELF_TRAYS];
	struct ump__tray *tray = ump__alloc_spare(
		tray_head(pool->channel->post_align) + pool->tray_posts * pool->stride, false);

	if (tray == NULL)
		return NULL;
	ump__tally_init(&tray->out, 0);
	tray->pool = pool;
	tray->spare = shelf->unmade != 0;
	if (tray->spare)
		shelf->unmade--;
	else
		ump__tally_up(&pool->units);
	return tray;
}

struct ump__post *ump__tray_of_one(size_t post_size, size_t align, struct ump__tray **tray)
{
	struct ump__tray *made = ump__alloc(tray_head(align) + stride_of(post_size, align));

	if (made == NULL)
		return NULL;
	ump__tally_init(&made->out, 1);
	made->pool = NULL;
	made->spare = false;
	*tray = made;
	return (struct ump__post *)(void *)first_post(made, align);
}

/* The current slab is used up: begin another one.  Returns false if there is none. */
static bool next_tray(struct ump__pool *pool)
{
	struct ump__node *back = take_back(pool, UMP__SHELF_TRAYS);
	struct ump__tray *tray = back != NULL ? (struct ump__tray *)(void *)back : tray_new(pool);

	if (tray == NULL)
		return false;
	/* Count all posts at once; those never sent are subtracted when the client is dropped. */
	ump__tally_set(&tray->out, pool->tray_posts);
	pool->tray = tray;
	pool->next = first_post(tray, pool->channel->post_align);
	pool->left = pool->tray_posts;
	return true;
}

struct ump__post *ump__pool_post(struct ump__pool *pool, struct ump__tray **tray)
{
	struct ump__post *post = NULL;

	if (pool->tray_posts == 0 || !ump__latch_take(&pool->latch))
		return NULL;
	if (pool->left != 0 || next_tray(pool)) {
		post = (struct ump__post *)(void *)pool->next;
		*tray = pool->tray;
		pool->next += pool->stride;
		pool->left--;
	}
	ump__latch_give(&pool->latch);
	return post;
}

/* ---- Requests ------------------------------------------------------------------------------ */

void *ump__pool_request(struct ump__pool *pool, size_t size)
{
	struct ump__shelf *shelf = &pool->shelves[UMP__SHELF_REQUESTS];
	void *request;

	if (!ump__latch_take(&pool->latch))
		return NULL;
	request = take_back(pool, UMP__SHELF_REQUESTS);
	if (request == NULL && shelf->unmade != 0) {
		request = ump__alloc_spare(size, true);
		if (request != NULL)
			shelf->unmade--;
	}
	ump__latch_give(&pool->latch);
	return request;
}

void ump__pool_request_back(struct ump__pool *pool, struct ump__node *request)
{
	unit_back(pool, UMP__SHELF_REQUESTS, request);
}
