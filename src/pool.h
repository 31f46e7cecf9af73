/* SPDX-License-Identifier: 0BSD */
/*
 * A client's pool of message memory, so that repeated sends need no allocation.  A pool belongs to
 * one client, and outlives it until all of its memory has been returned.  It has two free lists:
 * slabs (Bonwick 1994), from which posts are taken in order, and single requests.
 *
 * A pool keeps no more bytes than configured.  Memory beyond that is freed when it is returned, so
 * a burst leaves little behind.  The receiver must release the unused posts of the last slab of a
 * burst, as its sender may never send again.
 */
#ifndef UMP_POOL_H
#define UMP_POOL_H

#include "core/queue.h"
#include "message.h"
#include "sync/sync.h"

#include <stdbool.h>
#include <stdint.h>

enum ump__shelf_kind {
	UMP__SHELF_TRAYS,
	UMP__SHELF_REQUESTS,
	UMP__SHELVES
};

/* A free list of one kind of memory; owned by the holder of the try-lock. */
struct ump__shelf {
	/* Units that were returned and collected. */
	struct ump__queue spare;
	/* Number of units that may still be allocated and kept. */
	uint32_t unmade;
};

struct ump__pool {
	/* Only the holder of the try-lock may access this cache line, except for what never
	 * changes. */
	_Alignas(UMP__LINE) struct ump__latch latch;
	struct ump__shelf shelves[UMP__SHELVES];
	/* Layout of the posts in a slab; no posts if they are too large for slabs. */
	uint32_t tray_posts;
	size_t stride;
	/* Next free post, number of free posts, and their slab.  If none is free, the slab may be
	 * gone. */
	unsigned char *next;
	uint32_t left;
	struct ump__tray *tray;
	/* Server that receives the messages, with a reference: a waiter whose request lies here may
	 * access it as long as it has the request. */
	struct ump__channel *channel;
	/* Remote free lists, written by the threads that return units: inboxes without a
	 * sleeper. */
	_Alignas(UMP__LINE) struct ump__word back[UMP__SHELVES];
	/* Outstanding count: units that belong to the pool or may still be allocated; the last one
	 * frees the pool. */
	struct ump__tally units;
};

/* A slab: adjacent posts of one client. */
struct ump__tray {
	/* Link in the free list of its pool. */
	struct ump__node node;
	/* Pool that counts it as a unit; NULL if it belongs to none. */
	struct ump__pool *pool;
	/* Outstanding count: posts not released yet, including those that were never sent. */
	struct ump__tally out;
	/* It returns to its pool when released; otherwise it is freed. */
	bool spare;
	_Alignas(max_align_t) unsigned char posts[];
};

/* Create a pool for a client of `channel`, whose requests are allocations of `request_size` bytes.
 * The pool takes over a reference to the channel.  NULL if out of memory, or if the client may keep
 * too little; then the caller keeps the reference. */
struct ump__pool *ump__pool_new(struct ump__channel *channel, size_t request_size);

/* Drop the client's reference.  No other thread may use the pool as a sender any more. */
void ump__pool_drop(struct ump__pool *pool);

/* Allocate a post, and return the slab that it is in.  NULL if there are no slabs, the try-lock is
 * held, or memory is exhausted. */
struct ump__post *ump__pool_post(struct ump__pool *pool, struct ump__tray **tray);

/* Allocate one post whose value is aligned more strictly than max_align_t, in a slab of its own.
 * NULL if out of memory. */
struct ump__post *ump__tray_of_one(size_t post_size, size_t align, struct ump__tray **tray);

/* Release `count` posts of `tray`.  Any thread; the slab may be gone afterwards. */
void ump__tray_done(struct ump__tray *tray, uint32_t count);

/* Release the unused posts of `tray`, if that will be freed.  The receiver only, which has received
 * everything that was sent, and has not yet released its last posts of the slab. */
void ump__tray_rest(struct ump__tray *tray);

/* Allocate `size` bytes for a request that is returned to the pool.  NULL if the try-lock is held,
 * all that may be kept is in use, or memory is exhausted. */
void *ump__pool_request(struct ump__pool *pool, size_t size);

/* Release such a request.  Any thread; the pool may be gone afterwards. */
void ump__pool_request_back(struct ump__pool *pool, struct ump__node *request);

#endif
