/* SPDX-License-Identifier: 0BSD */
/*
 * A client's pool of message memory, so that repeated sends need no allocation.  A pool belongs to
 * one client, and outlives it until all of its memory has been returned.  It recycles two kinds of
 * unit: slabs (Bonwick 1994), from which posts are allocated in order, and single requests.
 *
 * A pool keeps no more bytes than configured.  Memory beyond that is freed when it is returned, so
 * a burst leaves little behind.  The receiver must release the unused posts of the last slab of a
 * burst, as its sender may never send again.
 */
#ifndef UMP_POOL_H
#define UMP_POOL_H

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

/* A free list of one kind of unit; owned by the holder of the try-lock. */
struct ump__free_list {
	/* Free units, collected from the remote free list. */
	struct ump__queue spare;
	/* Number of units that the pool may keep and has not allocated yet. */
	uint32_t unmade;
};

struct ump__pool {
	/* The fields up to `channel` are for the holder of the try-lock only, except for those that
	 * never change. */
	_Alignas(UMP__LINE) struct ump__trylock trylock;
	struct ump__free_list free_lists[UMP__FREE_LISTS];
	/* Layout of a slab: the number of its posts (0: the pool may not keep even one slab, and
	 * makes none), and the distance between them. */
	uint32_t slab_posts;
	size_t stride;
	/* Next free post, number of free posts, and their slab.  If none is free, the slab may be
	 * gone. */
	unsigned char *next;
	uint32_t left;
	struct ump__slab *slab;
	/* Channel of the client, with a reference: a waiter whose request is a unit of this pool
	 * may access the channel as long as it has the request. */
	struct ump__channel *channel;
	/* Remote free lists, on which any thread puts the units that it returns: each is an inbox
	 * at which no thread sleeps. */
	_Alignas(UMP__LINE) struct ump__word back[UMP__FREE_LISTS];
	/* Outstanding count: the client, and the units that exist or may still be allocated and
	 * kept.  The last to go frees the pool. */
	struct ump__outstanding units;
};

/* A slab: adjacent posts of one client. */
struct ump__slab {
	/* Link in the free list of its pool. */
	struct ump__node node;
	/* Pool that counts it as a unit; NULL for a slab of one post without a pool. */
	struct ump__pool *pool;
	/* Outstanding count: posts not released yet, including those that were never sent. */
	struct ump__outstanding out;
	/* It returns to its pool when all of its posts are released; otherwise it is freed. */
	bool spare;
	_Alignas(max_align_t) unsigned char posts[];
};

/* Create a pool for a client of `channel`, whose requests are allocations of `request_size` bytes.
 * The pool takes over a reference to the channel.  NULL if out of memory, or if the client may keep
 * too little; then the caller keeps the reference. */
struct ump__pool *ump__pool_new(struct ump__channel *channel, size_t request_size);

/* Drop the client's reference.  No other thread may use the pool as a sender any more. */
void ump__pool_drop(struct ump__pool *pool);

/* Allocate a post, and return the slab that it is in.  NULL if the pool makes no slabs, the
 * try-lock is held, or memory is exhausted. */
struct ump__post *ump__pool_post(struct ump__pool *pool, struct ump__slab **slab);

/* Allocate one post whose value is aligned more strictly than max_align_t, in a slab of its own.
 * NULL if out of memory. */
struct ump__post *ump__slab_of_one(size_t post_size, size_t align, struct ump__slab **slab);

/* Release `count` posts of `slab`.  Any thread; the slab may be gone afterwards. */
void ump__slab_done(struct ump__slab *slab, uint32_t count);

/* Release the posts of `slab` that its sender has not used, unless the slab returns to its pool.
 * The receiver only, before it waits, idles or ends, or gives up the combiner role; and before it
 * releases the last posts that it has received from the slab, so that the slab still exists. */
void ump__slab_release_unused(struct ump__slab *slab);

/* Allocate `size` bytes for a request that is returned to the pool.  NULL if the try-lock is held,
 * all that may be kept is in use, or memory is exhausted. */
void *ump__pool_request(struct ump__pool *pool, size_t size);

/* Release such a request.  Any thread; the pool may be gone afterwards. */
void ump__pool_request_back(struct ump__pool *pool, struct ump__node *request);

#endif
