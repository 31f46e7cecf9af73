/* SPDX-License-Identifier: 0BSD */
/* The handles of clients. */
#ifndef UMP_HANDLE_H
#define UMP_HANDLE_H

#include "channel/channel.h"
#include "client/registry.h"
#include "sync/debug.h"
#include "sync/tools.h"

#include <stdint.h>

/* Kinds of handles; debug builds check them, to detect the use of a dropped handle. */
enum ump__mark {
	UMP__MARK_DEAD = 0x0dead,
	UMP__MARK_CLIENT = 0xc11e47,
	UMP__MARK_POST_CLIENT,
	UMP__MARK_WEAK_CLIENT,
	/* Weak client of a dispatcher, lent to its handler. */
	UMP__MARK_LENT_CLIENT,
	UMP__MARK_THREAD,
	UMP__MARK_TASK,
	UMP__MARK_COMBINING,
	UMP__MARK_THREAD_POOL,
	UMP__MARK_WORKERS
};

struct ump__handle {
	struct ump__channel *channel;
	/* Allocators reuse the first words of freed memory; the mark must lie behind them, so that
	 * it can still be found. */
	enum ump__mark mark;
	/* Number of messages sent, until there is an allocator. */
	struct ump__hint sent;
	/* Its reservation. */
	struct ump__claim claim;
	/* Address of a struct ump__slab_allocator; 0 if memory of messages is not recycled. */
	struct ump__word allocator;
#ifdef UMP_REGISTRY
	struct ump__registration registration;
#endif
};

struct ump_client {
	struct ump__handle handle;
};

struct ump_post_client {
	struct ump__handle handle;
};

/* A weak client cannot send, and needs no more than this. */
struct ump_weak_client {
	struct ump__channel *channel;
	enum ump__mark mark;
};

/* Create a strong handle, which takes over a reference to `channel`.  NULL if out of memory; then
 * the caller keeps the reference. */
void *ump__handle_new(struct ump__channel *channel, enum ump__mark mark);

/* Free a handle; the caller must drop its reference. */
void ump__handle_free(struct ump__handle *handle);

/* Return the allocator for the memory of a message that is about to be sent, or NULL.  A client has
 * one only once it has sent a few messages. */
struct ump__slab_allocator *ump__handle_allocator(const struct ump__handle *handle);

/* Create a handle with a strong reference of its own: UMP_OK, UMP_NO_MEMORY, or UMP_OVERFLOW. */
int ump__handle_strong(struct ump__channel *channel, enum ump__mark mark, void **out);

/* Create a weak client with a reference of its own: UMP_OK, UMP_NO_MEMORY, or UMP_OVERFLOW. */
int ump__weak_client_new(struct ump__channel *channel, ump_weak_client **out);

/* As ump__handle_permit, for a channel with a capacity. */
int ump__handle_permit_bounded(const struct ump__handle *handle, ump_time deadline, bool *kept);

/* Acquire a permit for a message, before it is sent.  Results as ump__capacity_take, except
 * UMP_EMPTY; UMP_SERVER_GONE also in place of UMP_FULL and UMP_DEADLOCK, if the inbox is closed.
 * `*kept` is set if the permit was reserved for this handle. */
static inline int ump__handle_permit(
	const struct ump__handle *handle, ump_time deadline, bool *kept)
{
	*kept = false;
	return handle->channel->bounded ? ump__handle_permit_bounded(handle, deadline, kept)
					: UMP_OK;
}

/* Return the permit of a message that was not sent: release it, or reserve it again if `kept`. */
void ump__handle_permit_back(const struct ump__handle *handle, bool kept);

/* Send a copy of `msg` as a post, for both kinds of clients; wait for capacity until `deadline`. */
int ump__handle_post(const struct ump__handle *handle, const void *msg, ump_time deadline);

/* Text of the check below, for a client. */
#define UMP__CLIENT_LIVES "a client was used after it was dropped, or is none"

/* Debug builds stop if `handle` is not a live handle of this kind; tools report one that is freed.
 * */
#define UMP__REQUIRE_MARK(handle, expected, text)                                                  \
	(ump__tools_used((handle), sizeof *(handle)),                                              \
		UMP__REQUIRE((handle)->mark == (expected), text))

/* Return whether `weak` is a weak client, of the application or lent to a handler. */
static inline bool ump__is_weak_client(const struct ump_weak_client *weak)
{
	return weak->mark == UMP__MARK_WEAK_CLIENT || weak->mark == UMP__MARK_LENT_CLIENT;
}

/* As UMP__REQUIRE_MARK, for a weak client. */
#define UMP__REQUIRE_WEAK(weak, text)                                                              \
	(ump__tools_used((weak), sizeof *(weak)), UMP__REQUIRE(ump__is_weak_client(weak), text))

#endif
