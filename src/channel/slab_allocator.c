/* SPDX-License-Identifier: 0BSD */
#include "channel/slab_allocator.h"

#include "channel/channel.h"
#include "channel/inbox.h"
#include "sync/tools.h"

/* Maximum number of units of either kind in an allocator, whatever the configuration. */
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

	return all > sizeof(struct ump__slab_allocator)
		       ? (all - sizeof(struct ump__slab_allocator)) / kinds
		       : 0;
}

/* Return how many units of `size` bytes that allows; by default at most `most`. */
static uint32_t kept(const struct ump__channel *channel, uint32_t most, size_t size)
{
	return (uint32_t)least(
		channel->keep != 0 ? UNITS_MOST : most, kept_of_each(channel) / size);
}

/* Initialize the free lists, and lay out the slabs. */
static void free_lists_init(struct ump__slab_allocator *allocator,
	const struct ump__channel *channel, size_t request_size)
{
	const struct ump__retention *retention = ump__retention();
	size_t stride = stride_of(channel->post.size, channel->post_align);
	size_t head = slab_head(channel->post_align);
	size_t slab_most = least(retention->slab, kept_of_each(channel));
	size_t space = slab_most > head ? slab_most - head : 0;
	size_t slab_size;

	allocator->stride = stride;
	allocator->slab_posts =
		(uint32_t)least(retention->slab_posts, stride < space ? space / stride : 1);
	slab_size = head + allocator->slab_posts * stride;
	allocator->free_lists[UMP__FREE_SLABS].unmade = kept(channel, retention->slabs, slab_size);
	/* Each request has cache lines of its own. */
	allocator->free_lists[UMP__FREE_REQUESTS].unmade =
		kept(channel, retention->requests, ump__align_up(request_size, UMP__LINE));
	/* Posts that may not be kept need no slabs. */
	if (allocator->free_lists[UMP__FREE_SLABS].unmade == 0)
		allocator->slab_posts = 0;
}

struct ump__slab_allocator *ump__slab_allocator_new(
	struct ump__channel *channel, size_t request_size)
{
	struct ump__slab_allocator *allocator;
	uint32_t units = 1;

	/* The limit does not allow even one small request. */
	if (kept_of_each(channel) < UMP__LINE)
		return NULL;
	allocator = ump__alloc_spare(sizeof *allocator, true);
	if (allocator == NULL)
		return NULL;
	free_lists_init(allocator, channel, request_size);
	/* Tools mark whole words. */
	allocator->request_size = ump__align_up(request_size, sizeof(uint64_t));
	allocator->channel = channel;
	for (int i = 0; i < UMP__FREE_LISTS; i++) {
		ump__queue_init(&allocator->free_lists[i].spare);
		ump__word_init(&allocator->back[i], UMP__INBOX_EMPTY);
		units += allocator->free_lists[i].unmade;
	}
	ump__trylock_init(&allocator->trylock);
	allocator->next = NULL;
	allocator->left = 0;
	allocator->slab = NULL;
	/* The client, and each unit that may be allocated and kept: to allocate one leaves the
	 * count unchanged. */
	ump__outstanding_init(&allocator->units, units);
	return allocator;
}

/* Remove `count` units for good; the last one frees the allocator. */
static void units_gone(struct ump__slab_allocator *allocator, uint32_t count)
{
	struct ump__channel *channel = allocator->channel;

	if (!ump__outstanding_down(&allocator->units, count))
		return;
	ump__free(allocator);
	ump__channel_drop_weak(channel);
}

/* Put a released unit on its remote free list; if the client is gone, that is closed: free it. */
static void unit_back(struct ump__slab_allocator *allocator, enum ump__free_list_kind kind,
	struct ump__node *unit)
{
	/* No thread sleeps there, so nothing is touched once the unit is pushed. */
	if (ump__inbox_push(&allocator->back[kind], unit, NULL))
		return;
	ump__free(unit);
	units_gone(allocator, 1);
}

/* Return a recycled unit, or NULL.  Requires the try-lock. */
static struct ump__node *take_back(
	struct ump__slab_allocator *allocator, enum ump__free_list_kind kind)
{
	struct ump__queue *spare = &allocator->free_lists[kind].spare;
	struct ump__node *unit;

	if (ump__queue_is_empty(spare))
		(void)ump__inbox_take(&allocator->back[kind], spare);
	unit = ump__queue_pop(spare);
	if (unit != NULL)
		ump__tools_reuse(unit, kind == UMP__FREE_REQUESTS ? allocator->request_size : 0);
	return unit;
}

/* Close a free list for good, and free its units.  Returns how many, including those never
 * allocated. */
static uint32_t clear_free_list(
	struct ump__slab_allocator *allocator, enum ump__free_list_kind kind)
{
	struct ump__free_list *free_list = &allocator->free_lists[kind];
	uint32_t gone = free_list->unmade;
	struct ump__queue rest;
	struct ump__node *unit;

	ump__inbox_close(&allocator->back[kind], &rest);
	ump__queue_append(&free_list->spare, &rest);
	while ((unit = ump__queue_pop(&free_list->spare)) != NULL) {
		ump__tools_acquire(unit);
		ump__free(unit);
		gone++;
	}
	return gone;
}

/* Release the posts of the current slab that were never sent.  Requires the try-lock. */
static void release_unused(struct ump__slab_allocator *allocator)
{
	struct ump__slab *slab = allocator->slab;
	uint32_t left = allocator->left;

	allocator->slab = NULL;
	allocator->left = 0;
	if (left != 0)
		ump__slab_done(slab, left);
}

void ump__slab_allocator_drop(struct ump__slab_allocator *allocator)
{
	uint32_t gone = 1;

	/* Release the unused posts.  If the receiver holds the try-lock, it releases them when it
	 * returns that. */
	if (ump__trylock_end(&allocator->trylock))
		release_unused(allocator);
	for (int i = 0; i < UMP__FREE_LISTS; i++)
		gone += clear_free_list(allocator, (enum ump__free_list_kind)i);
	units_gone(allocator, gone);
}

/* ---- Posts --------------------------------------------------------------------------------- */

void ump__slab_done(struct ump__slab *slab, uint32_t count)
{
	struct ump__slab_allocator *allocator;

	ump__tools_release(slab);
	if (!ump__outstanding_down(&slab->out, count))
		return;
	ump__tools_acquire(slab);
	allocator = slab->allocator;
	if (allocator != NULL && slab->spare) {
		unit_back(allocator, UMP__FREE_SLABS, &slab->node);
		return;
	}
	ump__free(slab);
	if (allocator != NULL)
		units_gone(allocator, 1);
}

void ump__slab_release_unused(struct ump__slab *slab)
{
	struct ump__slab_allocator *allocator = slab->allocator;

	/* A sender that holds the try-lock is about to send from it. */
	if (allocator == NULL || slab->spare || !ump__trylock_take_late(&allocator->trylock))
		return;
	if (allocator->slab == slab)
		release_unused(allocator);
	/* The allocator cannot be gone: this slab is one of its units. */
	if (ump__trylock_return(&allocator->trylock))
		release_unused(allocator);
}

/* Allocate a slab; NULL if out of memory. */
static struct ump__slab *slab_new(struct ump__slab_allocator *allocator)
{
	struct ump__free_list *free_list = &allocator->free_lists[UMP__FREE_SLABS];
	struct ump__slab *slab = ump__alloc_spare(slab_head(allocator->channel->post_align) +
							  allocator->slab_posts * allocator->stride,
		false);

	if (slab == NULL)
		return NULL;
	ump__outstanding_init(&slab->out, 0);
	slab->allocator = allocator;
	slab->spare = free_list->unmade != 0;
	if (slab->spare)
		free_list->unmade--;
	else
		ump__outstanding_up(&allocator->units);
	return slab;
}

struct ump__post *ump__slab_of_one(size_t post_size, size_t align, struct ump__slab **slab)
{
	struct ump__slab *made = ump__alloc(slab_head(align) + stride_of(post_size, align));

	if (made == NULL)
		return NULL;
	ump__outstanding_init(&made->out, 1);
	made->allocator = NULL;
	made->spare = false;
	*slab = made;
	return (struct ump__post *)(void *)first_post(made, align);
}

/* The current slab is used up: begin another one.  Returns false if there is none. */
static bool next_slab(struct ump__slab_allocator *allocator)
{
	struct ump__node *back = take_back(allocator, UMP__FREE_SLABS);
	struct ump__slab *slab =
		back != NULL ? (struct ump__slab *)(void *)back : slab_new(allocator);

	if (slab == NULL)
		return false;
	/* Count all posts at once; release_unused() subtracts those that are never sent. */
	ump__outstanding_set(&slab->out, allocator->slab_posts);
	allocator->slab = slab;
	allocator->next = first_post(slab, allocator->channel->post_align);
	allocator->left = allocator->slab_posts;
	return true;
}

struct ump__post *ump__slab_allocator_post(
	struct ump__slab_allocator *allocator, struct ump__slab **slab)
{
	struct ump__post *post = NULL;

	if (allocator->slab_posts == 0 || !ump__trylock_take(&allocator->trylock))
		return NULL;
	if (allocator->left != 0 || next_slab(allocator)) {
		post = (struct ump__post *)(void *)allocator->next;
		*slab = allocator->slab;
		allocator->next += allocator->stride;
		allocator->left--;
	}
	ump__trylock_give(&allocator->trylock);
	return post;
}

/* ---- Requests ------------------------------------------------------------------------------ */

void *ump__slab_allocator_request(struct ump__slab_allocator *allocator)
{
	struct ump__free_list *free_list = &allocator->free_lists[UMP__FREE_REQUESTS];
	void *request;

	if (!ump__trylock_take(&allocator->trylock))
		return NULL;
	request = take_back(allocator, UMP__FREE_REQUESTS);
	if (request == NULL && free_list->unmade != 0) {
		request = ump__alloc_spare(allocator->request_size, true);
		if (request != NULL)
			free_list->unmade--;
	}
	ump__trylock_give(&allocator->trylock);
	return request;
}

void ump__slab_allocator_request_back(
	struct ump__slab_allocator *allocator, struct ump__node *request)
{
	ump__tools_forbid(request + 1, allocator->request_size - sizeof *request);
	unit_back(allocator, UMP__FREE_REQUESTS, request);
}
