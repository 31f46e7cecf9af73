/* SPDX-License-Identifier: 0BSD */
/* Reservations: a client in an event loop reserves capacity of an inbox, and is notified by its
 * completions. */
#ifndef UMP_ASK_H
#define UMP_ASK_H

#include "completions.h"
#include "handle.h"
#include "message.h"
#include "room.h"

/*
 * A reservation.  It has two owners, the client and the completions, and the last to release it
 * frees it.  The client releases it when it is dropped or makes another one; the completions, when
 * they have notified the client or are dropped.  If they are dropped before that, the permit is
 * returned.
 */
struct ump__ask {
	struct ump__message message;
	struct ump__ticket ticket;
	/* Handle that gets the permit; NULL once the client has released this.  Guarded by the lock
	 * of the room, as are `told` and, once it is no longer in flight, `code`. */
	struct ump__handle *handle;
	/* Channel of that room, with a reference; NULL if there is no bound, and no permit to
	 * keep. */
	struct ump__channel *channel;
	/* With a reference. */
	struct ump_completions *completions;
	void *tag;
	int code;
	/* The completions have released this. */
	bool told;
};

static inline struct ump__ask *ump__ask_of(struct ump__message *message)
{
	return (struct ump__ask *)(void *)message;
}

/* Take the permit that is reserved for `handle`; returns false if there is none.
 * ump__ask_keep undoes this. */
bool ump__ask_use(struct ump__handle *handle);
void ump__ask_keep(struct ump__handle *handle);

/* Cancel the reservation of a handle that is being dropped, and return its permit if it has one. */
void ump__ask_end(struct ump__handle *handle);

/* Release a reservation for its completions, which have notified the client if `read`.  Otherwise
 * they are being dropped, and a granted permit is returned. */
void ump__ask_told(struct ump__ask *ask, bool read);

#endif
