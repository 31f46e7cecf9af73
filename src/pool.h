/* SPDX-License-Identifier: 0BSD */
/*
 * What a client keeps of the memory of its messages, so that sending again costs no allocation.  A
 * pool belongs to one client and outlives it while memory of it is out.  It has two shelves: trays,
 * from which posts are taken one after the other, and single requests.
 *
 * A pool keeps no more bytes than the configuration says.  What is needed beyond that is freed as
 * it comes back; so a burst leaves little behind.  The last tray of a burst is taken out of use by
 * the receiver, as its sender may never send again.
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

/* Memory of one kind; its owner is who has the latch. */
struct ump__shelf {
	/* What came back and was collected. */
	struct ump__queue spare;
	/* How many more may be made that come back. */
	uint32_t unmade;
};

struct ump__pool {
	/* Who has the latch may touch what is on this line. */
	_Alignas(UMP__LINE) struct ump__latch latch;
	struct ump__shelf shelves[UMP__SHELVES];
	/* How posts lie in a tray; none: they are too large for trays. */
	uint32_t tray_posts;
	size_t stride;
	/* Where the next post lies, how many are left there, and in which tray; none: the tray may
	 * be gone. */
	unsigned char *next;
	uint32_t left;
	struct ump__tray *tray;
	/* The server that the messages go to, of which this has a reference: a waiter whose request
	 * lies here may look at it as long as it has the request. */
	struct ump__channel *channel;
	/* Written by those who give back: inboxes that nobody sleeps at. */
	_Alignas(UMP__LINE) struct ump__word back[UMP__SHELVES];
	/* What belongs to the pool or may still come to: it is freed with the last of these. */
	struct ump__tally units;
};

/* A number of posts of one client, next to each other. */
struct ump__tray {
	/* By which it lies in its pool. */
	struct ump__node node;
	/* Of which it is a unit; NULL: it lies alone. */
	struct ump__pool *pool;
	/* The posts in it that are not done with yet, those that were never sent too. */
	struct ump__tally out;
	/* It comes back to its pool; else it is freed. */
	bool spare;
	_Alignas(max_align_t) unsigned char posts[];
};

/* A pool for a client of `channel`, whose requests are allocations of `request_size` bytes.  It
 * takes over a reference of the channel; NULL: no memory, and the reference stays. */
struct ump__pool *ump__pool_new(struct ump__channel *channel, size_t request_size);

/* The client goes.  Nobody else uses the pool as a sender any more. */
void ump__pool_drop(struct ump__pool *pool);

/* Memory for a post, and the tray that it is in; NULL: there is none to be had without waiting. */
struct ump__post *ump__pool_post(struct ump__pool *pool, struct ump__tray **tray);

/* Memory for one post whose value is aligned more strictly than max_align_t, in a tray of its own;
 * NULL: no memory. */
struct ump__post *ump__tray_of_one(size_t post_size, size_t align, struct ump__tray **tray);

/* `count` posts of `tray` are done with.  Any thread; the tray may be gone afterwards. */
void ump__tray_done(struct ump__tray *tray, uint32_t count);

/* All that was sent has been received, some of `tray`, which is not given back yet: if the tray is
 * one that will be freed, take it out of use.  The receiver only. */
void ump__tray_rest(struct ump__tray *tray);

/* Memory of `size` bytes for a request that comes back; NULL: there is none without waiting, or all
 * that may be kept is out. */
void *ump__pool_request(struct ump__pool *pool, size_t size);

/* That request is done with.  Any thread; the pool may be gone afterwards. */
void ump__pool_request_back(struct ump__pool *pool, struct ump__node *request);

#endif
