/* SPDX-License-Identifier: 0BSD */
/*
 * The capacity of a bounded inbox; [bound].  A sender must acquire a permit before it pushes a
 * message; the permit is released when the message leaves the queue.  While permits are free, this
 * is a single exchange.  A sender that finds none spins briefly, then joins a wait queue under a
 * lock.  A permit that is released while there is a wait queue goes to its first waiter.
 */
#ifndef UMP_ROOM_H
#define UMP_ROOM_H

#include "sync/sync.h"
#include "ump_server.h"

#include <stdbool.h>
#include <stddef.h>

struct ump__channel;

/* A waiter in the wait queue. */
struct ump__ticket {
	struct ump__ticket *next;
	struct ump__ticket *previous;
	bool in_line;
	/* Called under the lock, after removal from the queue: with UMP_OK for a permit, or with
	 * UMP_SERVER_GONE if there will be none.  Returns false if the permit is not wanted. */
	bool (*call)(struct ump__ticket *ticket, int code);
};

/* State of a client's reservation: never made, pending, granted, lost, or used.  Invariant: NOTHING
 * means that no other thread references the handle.  The thread that completes a reservation may
 * reference the handle until it releases the lock. */
enum ump__asked {
	UMP__ASKED_NOTHING,
	UMP__ASKED_ROOM,
	UMP__ASKED_AND_GOT,
	UMP__ASKED_AND_LOST,
	UMP__ASKED_AND_SENT
};

/* Must be changed under the lock of the room only. */
struct ump__claim {
	/* The client's last reservation, queued or not; NULL if it never made one. */
	struct ump__ticket *ticket;
	/* An enum ump__asked. */
	struct ump__hint asked;
};

/* Only a bounded inbox has one. */
struct ump__room {
	/* Must be first: its word `taken` ends the previous cache line. */
	struct ump__places places;
	/* CPU of the last sender that found no permit; a hint. */
	struct ump__hint sender_cpu;
	struct ump__lock lock;
	/* The lock guards the rest. */
	struct ump__ticket *first;
	struct ump__ticket *last;
	bool closed;
};

/* Bytes on the previous cache line: the word that senders write for each message. */
#define UMP__ROOM_BEFORE_LINE offsetof(struct ump__room, places.limit)

void ump__room_init(struct ump__room *room, uint32_t capacity);
void ump__room_end(struct ump__room *room);

void ump__claim_init(struct ump__claim *claim);

/* Acquire a permit of `server`, whose room this is; wait for one until `deadline`.  `own` is the
 * client's reservation: the caller is queued before it, because the next permit is for the client's
 * next message.  UMP_OK; UMP_FULL if the deadline had passed already; UMP_TIMED_OUT after a wait;
 * UMP_DEADLOCK; UMP_SERVER_GONE; or UMP_EMPTY if the reservation was granted just now. */
int ump__room_take(struct ump__room *room, struct ump__channel *server,
	const struct ump__claim *own, ump_time deadline);

/* Yield if senders that found no permit need this CPU.  For a receiver that has nothing to do. */
void ump__room_yield(const struct ump__room *room);

/* Release a permit: to the first waiter, if there is a wait queue. */
void ump__room_give(struct ump__room *room);

/* The same; the caller must hold the lock. */
void ump__room_give_locked(struct ump__room *room);

/* Enqueue a waiter; it is called at once if a permit is free or the inbox is closed.  The caller
 * must hold the lock. */
void ump__room_ask(struct ump__room *room, struct ump__ticket *ticket);

/* Remove a waiter from the queue.  Returns false if it was called before.  The caller must hold the
 * lock. */
bool ump__room_withdraw(struct ump__room *room, struct ump__ticket *ticket);

/* Close the room: call all waiters, and all later ones, with UMP_SERVER_GONE. */
void ump__room_close(struct ump__room *room);

#endif
