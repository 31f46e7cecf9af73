/* SPDX-License-Identifier: 0BSD */
/* Reservations: a client in an event loop reserves capacity of an inbox, and is notified by its
 * completions. */
#ifndef UMP_RESERVATION_H
#define UMP_RESERVATION_H

#include "call/completions.h"
#include "channel/fair_semaphore.h"
#include "channel/message.h"

/*
 * A reservation.  It has two owners, the client and the completions, and the last to release it
 * frees it.  The client releases it when it is dropped or makes another one; the completions, when
 * they have notified the client or are dropped.  If they are dropped before that, the permit is
 * returned.
 */
struct ump__reservation {
	struct ump__message message;
	struct ump__waiter waiter;
	/* Claim of the client that gets the permit; NULL once the client has released this.
	 * Guarded by the lock of the semaphore, as are `released` and, once it is no longer in
	 * flight, `code`. */
	struct ump__claim *claim;
	/* Channel of that semaphore, with a reference; NULL if there is no bound, and no permit to
	 * keep. */
	struct ump__channel *channel;
	/* With a reference. */
	struct ump_completions *completions;
	void *tag;
	int code;
	/* The completions have released this. */
	bool released;
};

static inline struct ump__reservation *ump__reservation_of(struct ump__message *message)
{
	return (struct ump__reservation *)(void *)message;
}

/* Make a reservation for a client of `channel`, whose claim this is.  It is notified by
 * `completions`, with `tag`; it may be notified, and be gone, when this returns.  UMP_OK,
 * UMP_NO_MEMORY, UMP_OVERFLOW, or UMP_INVALID if the client has a pending reservation or a permit
 * already. */
int ump__reservation_make(struct ump__channel *channel, struct ump__claim *claim,
	struct ump_completions *completions, void *tag);

/* Take the permit of `channel` that is reserved by `claim`; returns false if there is none.
 * ump__reservation_keep undoes this. */
bool ump__reservation_use(struct ump__channel *channel, struct ump__claim *claim);
void ump__reservation_keep(struct ump__channel *channel, struct ump__claim *claim);

/* Cancel the reservation of a client that is being dropped, and return its permit if it has one. */
void ump__reservation_end(struct ump__channel *channel, struct ump__claim *claim);

/* Release a reservation for its completions, which have notified the client if `read`.  Otherwise
 * they are being dropped, and a granted permit is returned. */
void ump__reservation_release(struct ump__reservation *reservation, bool read);

#endif
