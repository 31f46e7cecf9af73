/* SPDX-License-Identifier: 0BSD */
/*
 * The capacity of a bounded inbox; [bound].  A sender must acquire a permit before it pushes a
 * message; the permit is released when the message leaves the queue.  While permits are free, this
 * is a single exchange.  A sender that finds none spins briefly, then joins a wait queue under a
 * lock.  A permit that is released while there is a wait queue goes to its first waiter.
 */
#ifndef UMP_FAIR_SEMAPHORE_H
#define UMP_FAIR_SEMAPHORE_H

#include "sync/sync.h"
#include "ump_server.h"

#include <stdbool.h>
#include <stddef.h>

struct ump__channel;

/* A waiter in the wait queue. */
struct ump__waiter {
	struct ump__waiter *next;
	struct ump__waiter *previous;
	bool queued;
	/* Called under the lock, after removal from the queue: with UMP_OK for a permit, or with
	 * UMP_SERVER_GONE if there will be none.  Returns false if the permit is not wanted. */
	bool (*call)(struct ump__waiter *waiter, int code);
};

/* State of a client's reservation: never made, pending, granted, lost, or used.  Invariant: NOTHING
 * means that no other thread references the handle.  The thread that completes a reservation may
 * reference the handle until it releases the lock. */
enum ump__reservation_state {
	UMP__RESERVATION_NONE,
	UMP__RESERVATION_PENDING,
	UMP__RESERVATION_GRANTED,
	UMP__RESERVATION_LOST,
	UMP__RESERVATION_USED
};

/* Must be changed under the lock of the room only. */
struct ump__claim {
	/* The client's last reservation, queued or not; NULL if it never made one. */
	struct ump__waiter *waiter;
	/* An enum ump__reservation_state. */
	struct ump__hint reserved;
};

/* Only a bounded inbox has one. */
struct ump__semaphore {
	/* Must be first: its word `taken` ends the previous cache line. */
	struct ump__permits permits;
	/* CPU of the last sender that found no permit; a hint. */
	struct ump__hint sender_cpu;
	struct ump__lock lock;
	/* The lock guards the rest. */
	struct ump__waiter *first;
	struct ump__waiter *last;
	bool closed;
};

/* Bytes on the previous cache line: the word that senders write for each message. */
#define UMP__SEMAPHORE_BEFORE_LINE offsetof(struct ump__semaphore, permits.limit)

void ump__semaphore_init(struct ump__semaphore *semaphore, uint32_t capacity);
void ump__semaphore_end(struct ump__semaphore *semaphore);

void ump__claim_init(struct ump__claim *claim);

/* Acquire a permit of `server`, whose room this is; wait for one until `deadline`.  `own` is the
 * client's reservation: the caller is queued before it, because the next permit is for the client's
 * next message.  UMP_OK; UMP_FULL if the deadline had passed already; UMP_TIMED_OUT after a wait;
 * UMP_DEADLOCK; UMP_SERVER_GONE; or UMP_EMPTY if the reservation was granted just now. */
int ump__semaphore_take(struct ump__semaphore *semaphore, struct ump__channel *server,
	const struct ump__claim *own, ump_time deadline);

/* Yield if senders that found no permit need this CPU.  For a receiver that has nothing to do. */
void ump__semaphore_yield(const struct ump__semaphore *semaphore);

/* Release a permit: to the first waiter, if there is a wait queue. */
void ump__semaphore_give(struct ump__semaphore *semaphore);

/* The same; the caller must hold the lock. */
void ump__semaphore_give_locked(struct ump__semaphore *semaphore);

/* Enqueue a waiter; it is called at once if a permit is free or the inbox is closed.  The caller
 * must hold the lock. */
void ump__semaphore_enqueue(struct ump__semaphore *semaphore, struct ump__waiter *waiter);

/* Remove a waiter from the queue.  Returns false if it was called before.  The caller must hold the
 * lock. */
bool ump__semaphore_withdraw(struct ump__semaphore *semaphore, struct ump__waiter *waiter);

/* Close the room: call all waiters, and all later ones, with UMP_SERVER_GONE. */
void ump__semaphore_close(struct ump__semaphore *semaphore);

#endif
