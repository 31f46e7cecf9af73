/* SPDX-License-Identifier: 0BSD */
/* An event loop's client asks for room in an inbox, and is told through its completions. */
#ifndef UMP_ASK_H
#define UMP_ASK_H

#include "completions.h"
#include "handle.h"
#include "message.h"
#include "room.h"

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

/* Take the place that `handle` has, if it has one; and keep it for it again. */
bool ump__ask_use(struct ump__handle *handle);
void ump__ask_keep(struct ump__handle *handle);

/* The handle goes: it asks no more, and gives back the place that it may have. */
void ump__ask_end(struct ump__handle *handle);

#endif
