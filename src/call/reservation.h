/* SPDX-License-Identifier: 0BSD */
/* Reservations: a client in an event loop reserves capacity of an inbox, and is notified by its
 * completions. */
#ifndef UMP_RESERVATION_H
#define UMP_RESERVATION_H

#include "call/completions.h"
#include "channel/fair_semaphore.h"
#include "channel/message.h"
#include "client/handle.h"

/*
 * A reservation.  It has two owners, the client and the completions, and the last to release it
 * frees it.  The client releases it when it is dropped or makes another one; the completions, when
 * they have notified the client or are dropped.  If they are dropped before that, the permit is
 * returned.
 */
struct ump__reservation {
	struct ump__message message;
	struct ump__waiter waiter;
	/* Handle that gets the permit; NULL once the client has released this.  Guarded by the lock
	 * of the semaphore, as are `released` and, once it is no longer in flight, `code`. */
	struct ump__handle *handle;
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

/* Take the permit that is reserved for `handle`; returns false if there is none.
 * ump__reservation_keep undoes this. */
bool ump__reservation_use(struct ump__handle *handle);
void ump__reservation_keep(struct ump__handle *handle);

/* Cancel the reservation of a handle that is being dropped, and return its permit if it has one. */
void ump__reservation_end(struct ump__handle *handle);

/* Release a reservation for its completions, which have notified the client if `read`.  Otherwise
 * they are being dropped, and a granted permit is returned. */
void ump__reservation_release(struct ump__reservation *reservation, bool read);

#endif
