/* SPDX-License-Identifier: 0BSD */
/*
 * A client's allocator of message memory, so that repeated sends need no call of malloc.  It
 * belongs to one client, and outlives the client until all of its memory has been returned.  It
 * recycles two kinds of unit: slabs (Bonwick 1994), from which posts are allocated in order, and
 * single requests.
 *
 * An allocator keeps no more bytes than configured.  Memory beyond that is freed when it is
 * returned, so a burst leaves little behind.  The receiver must release the unused posts of the
 * last slab of a burst, as its sender may never send again.
 */
#ifndef UMP_SLAB_ALLOCATOR_H
#define UMP_SLAB_ALLOCATOR_H

#include "channel/message.h"
#include "core/queue.h"
#include "sync/sync.h"

#include <stdbool.h>
#include <stdint.h>

enum ump__free_list_kind {
	UMP__FREE_SLABS,
	UMP__FREE_REQUESTS,
	UMP__FREE_LISTS
};

/* A free list of one kind of unit. */
struct ump__free_list {
	/* Free units, collected from the remote free list. */
	struct ump__queue spare;
	/* Number of units that the allocator may keep and has not allocated yet. */
	uint32_t unmade;
};

struct ump__slab_allocator {
	/* The fields up to `channel` are for the holder of the try-lock, and for the drop.  All
	 * threads may read those that never change. */
	_Alignas(UMP__LINE) struct ump__trylock trylock;
	struct ump__free_list free_lists[UMP__FREE_LISTS];
	/* Layout of a slab: the number of its posts (0: the allocator may not keep even one slab,
	 * and makes none), and the distance between them. */
	uint32_t slab_posts;
	size_t stride;
	/* Bytes of a request, a multiple of a word. */
	size_t request_size;
	/* Next free post, number of free posts, and their slab.  If none is free, the slab may be
	 * gone. */
	unsigned char *next;
	uint32_t left;
	struct ump__slab *slab;
	/* Channel of the client, with a reference: a waiter whose request is a unit of this
	 * allocator may access the channel as long as it has the request. */
	struct ump__channel *channel;
	/* Remote free lists, on which any thread puts the units that it returns: each is an inbox
	 * at which no thread sleeps. */
	_Alignas(UMP__LINE) struct ump__word back[UMP__FREE_LISTS];
	/* Outstanding count: the client, and the units that exist or may still be allocated and
	 * kept.  The last to go frees the allocator. */
	struct ump__outstanding units;
};

/* A slab: adjacent posts of one client. */
struct ump__slab {
	/* Link in the free list of its allocator. */
	struct ump__node node;
	/* Slab allocator that counts it as a unit; NULL for a slab of one post without an
	 * allocator. */
	struct ump__slab_allocator *allocator;
	/* Outstanding count: posts not released yet, including those that were never sent. */
	struct ump__outstanding out;
	/* It returns to its allocator when all of its posts are released; otherwise it is freed. */
	bool spare;
	_Alignas(max_align_t) unsigned char posts[];
};

/* Create an allocator for a client of `channel`, whose requests are allocations of `request_size`
 * bytes.  The allocator takes over a reference to the channel.  NULL if out of memory, or if the
 * client may keep too little; then the caller keeps the reference. */
struct ump__slab_allocator *ump__slab_allocator_new(
	struct ump__channel *channel, size_t request_size);

/* Drop the client's reference.  No other thread may use the allocator as a sender any more. */
void ump__slab_allocator_drop(struct ump__slab_allocator *allocator);

/* Allocate a post; `*slab` receives its slab.  NULL if the allocator makes no slabs, the
 * try-lock is held, or memory is exhausted. */
struct ump__post *ump__slab_allocator_post(
	struct ump__slab_allocator *allocator, struct ump__slab **slab);

/* Allocate one post whose value is aligned more strictly than max_align_t, in a slab of its own,
 * which `*slab` receives.  NULL if out of memory. */
struct ump__post *ump__slab_of_one(size_t post_size, size_t align, struct ump__slab **slab);

/* Tell tools that the value of a post of `slab` must not be accessed any more. */
static inline void ump__slab_forbid(const struct ump__slab *slab, const struct ump__post *post)
{
	/* A slab of one post is freed with it. */
	if (UMP__HAS_TOOLS() && slab->allocator != NULL)
		ump__tools_forbid(post->value, slab->allocator->stride - UMP__POST_HEAD);
}

/* Release `count` posts of `slab`.  Any thread; the slab may be gone afterwards. */
void ump__slab_done(struct ump__slab *slab, uint32_t count);

/* Release the posts of `slab` that its sender has not used.  Does nothing if the slab returns to
 * its allocator, or if the try-lock is held.  The receiver only, while it has a post of the slab
 * left: before it waits, idles or ends, or gives up the combiner role. */
void ump__slab_release_unused(struct ump__slab *slab);

/* Allocate memory for a request, which must be returned to the allocator.  NULL if the try-lock is
 * held, all that may be kept is in use, or memory is exhausted. */
void *ump__slab_allocator_request(struct ump__slab_allocator *allocator);

/* Release such a request.  Any thread; the allocator may be gone afterwards. */
void ump__slab_allocator_request_back(
	struct ump__slab_allocator *allocator, struct ump__node *request);

#endif
