/* SPDX-License-Identifier: 0BSD */
/*
 * Room in an inbox with a capacity; [bound].  A place is taken before a message is pushed, and
 * given back when the message leaves the queue.  Taking one is a single exchange while there are
 * any; who finds none looks again for a little while, then stands in line, under a lock, and is
 * handed the next place that becomes free.
 */
#ifndef UMP_ROOM_H
#define UMP_ROOM_H

#include "sync/sync.h"
#include "ump_server.h"

#include <stdbool.h>
#include <stddef.h>

struct ump__channel;

/* One who stands in line. */
struct ump__ticket {
	struct ump__ticket *next;
	struct ump__ticket *previous;
	bool in_line;
	/* Called under the lock, once out of line, with UMP_OK for a place and UMP_SERVER_GONE for
	 * none any more.  false: the place was not wanted. */
	bool (*call)(struct ump__ticket *ticket, int code);
};

/* What a client has asked for: nothing ever, or room that it waits for, or it has a place, or there
 * was none, or it has used it.  NOTHING says that nobody else is about the handle; whoever ends a
 * wish may have it in hand until it gives the lock back. */
enum ump__asked {
	UMP__ASKED_NOTHING,
	UMP__ASKED_ROOM,
	UMP__ASKED_AND_GOT,
	UMP__ASKED_AND_LOST,
	UMP__ASKED_AND_SENT
};

/* Changed under the lock of the room only. */
struct ump__claim {
	/* What the client has asked with last, in line or not; NULL: it never has. */
	struct ump__ticket *ticket;
	/* An enum ump__asked. */
	struct ump__hint asked;
};

/* An inbox without a capacity has none. */
struct ump__room {
	/* First, since one of the words lies before the beginning of a line. */
	struct ump__places places;
	/* Where the last sender ran that found no room, as far as known. */
	struct ump__hint sender_cpu;
	struct ump__lock lock;
	/* The rest is guarded by it. */
	struct ump__ticket *first;
	struct ump__ticket *last;
	bool closed;
};

/* So many bytes lie on the line before: what senders write for each message. */
#define UMP__ROOM_BEFORE_LINE offsetof(struct ump__room, places.limit)

void ump__room_init(struct ump__room *room, uint32_t capacity);
void ump__room_end(struct ump__room *room);

void ump__claim_init(struct ump__claim *claim);

/* Take a place; wait for one until `deadline`.  `server` is whose room it is, and `own` what the
 * client has asked for: who waits goes before that, since the place that comes is for its next
 * message.  UMP_OK, UMP_FULL (the deadline has passed already), UMP_TIMED_OUT (it has waited),
 * UMP_DEADLOCK, UMP_SERVER_GONE, or UMP_EMPTY: what it has asked for has come just now. */
int ump__room_take(struct ump__room *room, struct ump__channel *server,
	const struct ump__claim *own, ump_time deadline);

/* For the receiver, which has nothing to do: if those who found no room need this processor to go
 * on, let them. */
void ump__room_yield(const struct ump__room *room);

/* Give a place back: to the first in line, if there is a line. */
void ump__room_give(struct ump__room *room);

/* The same, under the lock. */
void ump__room_give_locked(struct ump__room *room);

/* Under the lock: stand in line with a ticket, which is called at once if there is room or the
 * inbox is closed. */
void ump__room_ask(struct ump__room *room, struct ump__ticket *ticket);

/* Under the lock: leave the line.  false: the ticket was called before. */
bool ump__room_withdraw(struct ump__room *room, struct ump__ticket *ticket);

/* There will be no places any more: call all who stand in line, and whoever comes. */
void ump__room_close(struct ump__room *room);

#endif
