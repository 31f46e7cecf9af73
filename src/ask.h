/* SPDX-License-Identifier: 0BSD */
/* An event loop's client asks for room in an inbox, and is told through its completions. */
#ifndef UMP_ASK_H
#define UMP_ASK_H

#include "completions.h"
#include "handle.h"
#include "message.h"
#include "room.h"

/*
 * What a client has asked for.  It has two owners, the client and the completions, and whichever is
 * done with it last frees it: the client when it goes or asks anew, the completions when it was
 * told or they are dropped.  If they are dropped before it was told, the place goes back.
 */
struct ump__ask {
	struct ump__message message;
	struct ump__ticket ticket;
	/* Whose room it will be; NULL once the client is done with this.  Under the lock of the
	 * room, as `told` and, once it is in flight no more, `code`. */
	struct ump__handle *handle;
	/* Whose room it is, with a reference; NULL: there is no bound, and nothing is kept. */
	struct ump__channel *channel;
	/* With a reference. */
	struct ump_completions *completions;
	void *tag;
	int code;
	/* The completions are done with this. */
	bool told;
};

static inline struct ump__ask *ump__ask_of(struct ump__message *message)
{
	return (struct ump__ask *)(void *)message;
}

/* Take the place that `handle` has, if it has one; and keep it for it again. */
bool ump__ask_use(struct ump__handle *handle);
void ump__ask_keep(struct ump__handle *handle);

/* The handle goes: it asks no more, and gives back the place that it may have. */
void ump__ask_end(struct ump__handle *handle);

/* The completions are done with what came to them: the client was told, if it was `read`; else they
 * are dropped, and a place that came goes back. */
void ump__ask_told(struct ump__ask *ask, bool read);

#endif
