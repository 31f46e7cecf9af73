/* SPDX-License-Identifier: 0BSD */
/* The handles of clients. */
#ifndef UMP_HANDLE_H
#define UMP_HANDLE_H

#include "channel.h"
#include "debug.h"
#include "holders.h"

#include <stdint.h>

/* What a handle is; debug builds check it, to find handles used after they were dropped. */
enum ump__mark {
	UMP__MARK_DEAD = 0x0dead,
	UMP__MARK_CLIENT = 0xc11e47,
	UMP__MARK_POST_CLIENT,
	UMP__MARK_WEAK_CLIENT,
	/* A weak client that belongs to a dispatcher and is lent to its handler. */
	UMP__MARK_LENT_CLIENT,
	UMP__MARK_THREAD,
	UMP__MARK_TASK,
	UMP__MARK_INLINE,
	UMP__MARK_THREADS
};

struct ump__handle {
	struct ump__channel *channel;
	/* Allocators use the first words of freed memory; the mark lies behind them, so that it is
	 * still there to be found. */
	enum ump__mark mark;
	/* How many messages it has sent, until it has a pool. */
	struct ump__hint sent;
	/* The room that it has asked for. */
	struct ump__claim claim;
	/* The address of a struct ump__pool, or 0: the memory of its messages is used once. */
	struct ump__word pool;
#ifdef UMP_HOLDERS
	struct ump__holder holder;
#endif
};

struct ump_client {
	struct ump__handle handle;
};

struct ump_post_client {
	struct ump__handle handle;
};

/* It cannot send, and so has no use for the rest. */
struct ump_weak_client {
	struct ump__channel *channel;
	enum ump__mark mark;
};

/* A strong handle that takes over a reference of `channel`; or NULL, and the reference stays. */
void *ump__handle_new(struct ump__channel *channel, enum ump__mark mark);

/* Free a handle; its reference is the caller's to drop. */
void ump__handle_free(struct ump__handle *handle);

/* Where the memory of messages comes from and goes back to; NULL: nowhere.  A client that sends
 * seldom has no pool. */
struct ump__pool *ump__handle_pool(const struct ump__handle *handle);

/* A new handle with a strong reference of its own: UMP_OK, UMP_NO_MEMORY, or UMP_OVERFLOW. */
int ump__handle_strong(struct ump__channel *channel, enum ump__mark mark, void **out);

/* A new weak client with a reference of its own: UMP_OK, UMP_NO_MEMORY, or UMP_OVERFLOW. */
int ump__weak_client_new(struct ump__channel *channel, ump_weak_client **out);

/* Take a place for a message, before it is sent.  Results as ump__room_take, but for UMP_EMPTY;
 * `*kept` tells whether it is one that was kept for this handle. */
int ump__handle_room(const struct ump__handle *handle, ump_time deadline, bool *kept);

/* The message was not sent: give the place back, or keep it for this handle again. */
void ump__handle_room_back(const struct ump__handle *handle, bool kept);

/* Send a copy of `msg` as a post, for both kinds of clients, waiting for room. */
int ump__handle_post(const struct ump__handle *handle, const void *msg, ump_time deadline);

/* What they say of a client. */
#define UMP__CLIENT_LIVES "a client was used after it was dropped, or is none"

/* Debug builds stop if `handle` is no live handle of this kind. */
#define UMP__REQUIRE_MARK(handle, expected, text) UMP__REQUIRE((handle)->mark == (expected), text)

/* A weak client: one of the application's own, or the one that is lent to a handler. */
static inline bool ump__is_weak_client(const struct ump_weak_client *weak)
{
	return weak->mark == UMP__MARK_WEAK_CLIENT || weak->mark == UMP__MARK_LENT_CLIENT;
}

#endif
