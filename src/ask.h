/* SPDX-License-Identifier: 0BSD */
/* An event loop's client asks for room in an inbox, and is told through its completions. */
#ifndef UMP_ASK_H
#define UMP_ASK_H

#include "completions.h"
#include "handle.h"
#include "message.h"
#include "room.h"

/* What a client has asked for: nothing, or room that it waits for, or it has a place, or there was
 * none.  Only who uses the handle makes it NOTHING, which says that nobody else is about it;
 * whoever ends a wish may have the handle in hand until it gives the lock back. */
enum ump__asked {
	UMP__ASKED_NOTHING,
	UMP__ASKED_ROOM,
	UMP__ASKED_AND_GOT,
	UMP__ASKED_AND_LOST
};

struct ump__ask {
	struct ump__message message;
	struct ump__ticket ticket;
	/* Whose room it will be. */
	struct ump__handle *handle;
	struct ump_completions *completions;
	void *tag;
	int code;
};

static inline struct ump__ask *ump__ask_of(struct ump__message *message)
{
	return (struct ump__ask *)(void *)message;
}

/* Take the place that `handle` has, if it has one. */
bool ump__ask_use(struct ump__handle *handle);

/* The handle goes: it asks no more, and gives back the place that it may have. */
void ump__ask_end(struct ump__handle *handle);

#endif
