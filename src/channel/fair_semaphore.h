/* SPDX-License-Identifier: 0BSD */
/*
 * A fair (FIFO) counting semaphore, whose permits are the places in a bounded inbox; [bound].  A
 * sender must acquire a permit before it pushes a message; the permit is released when the message
 * leaves the queue.  While permits are free, neither needs the lock (permits.h).  A sender that
 * finds none spins, then waits (wait/capacity.h): it joins the wait queue under the lock.  While
 * there is one, a released permit goes to its first waiter that wants it.
 */
#ifndef UMP_FAIR_SEMAPHORE_H
#define UMP_FAIR_SEMAPHORE_H

#include "sync/sync.h"
#include "ump_server.h"

#include <stdbool.h>
#include <stddef.h>

/* A waiter for a permit: a blocked sender, or a reservation. */
struct ump__waiter {
	struct ump__waiter *next;
	struct ump__waiter *previous;
	bool queued;
	/* Called once, under the lock, when the waiter is not queued or has just left the queue.
	 * UMP_OK: it has a permit.  UMP_SERVER_GONE: there will be none.  Must be set by the owner.
	 * Returns false if the permit is not wanted; ignored with UMP_SERVER_GONE. */
	bool (*call)(struct ump__waiter *waiter, int code);
};

/* State of a client's reservation.  Invariant: while it is NONE, only the client's thread accesses
 * the claim.  Otherwise the thread that completes the reservation may access it too, until it
 * releases the lock.  LOST: the server or the completions are gone, and there is no permit. */
enum ump__reservation_state {
	UMP__RESERVATION_NONE,
	UMP__RESERVATION_PENDING,
	UMP__RESERVATION_GRANTED,
	UMP__RESERVATION_LOST,
	UMP__RESERVATION_USED
};

/* A client's claim to a permit of its own.  Once initialized, it must be changed under the lock of
 * the semaphore only. */
struct ump__claim {
	/* The client's last reservation, queued or not; NULL if it never made one. */
	struct ump__waiter *waiter;
	/* An enum ump__reservation_state. */
	struct ump__hint reserved;
};

/* Part of a channel with a capacity. */
struct ump__semaphore {
	/* The words on which it counts.  Must be first: `taken` ends the previous cache line. */
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

/* Yield if the last sender that found no permit ran on this CPU, and so may need it.  For a
 * receiver that has nothing to do. */
void ump__semaphore_yield(const struct ump__semaphore *semaphore);

/* Release a permit: hand it to the first waiter that wants it, if there is a wait queue. */
void ump__semaphore_give(struct ump__semaphore *semaphore);

/* The same; the caller must hold the lock. */
void ump__semaphore_give_locked(struct ump__semaphore *semaphore);

/* Acquire a permit, or queue for one before `next`, or last if that is NULL.  UMP_OK, UMP_FULL if
 * `waiter` is queued now, or UMP_SERVER_GONE.  The caller must hold the lock. */
int ump__semaphore_enter(
	struct ump__semaphore *semaphore, struct ump__waiter *waiter, struct ump__waiter *next);

/* Enqueue a waiter; it is called at once if a permit is free or the semaphore is closed.  The
 * caller must hold the lock. */
void ump__semaphore_enqueue(struct ump__semaphore *semaphore, struct ump__waiter *waiter);

/* Remove a waiter from the queue.  Returns false if it is not queued: `call` has been called.  The
 * caller must hold the lock. */
bool ump__semaphore_withdraw(struct ump__semaphore *semaphore, struct ump__waiter *waiter);

/* Close the semaphore: call all queued waiters with UMP_SERVER_GONE.  Later, ump__semaphore_enter
 * returns it, and ump__semaphore_enqueue calls with it.  Free permits may still be acquired. */
void ump__semaphore_close(struct ump__semaphore *semaphore);

#endif
