/* SPDX-License-Identifier: 0BSD */
/*
 * For which server the calling thread is at work: the innermost of the dispatchers whose callbacks
 * it is in.  There is more than one if a callback runs a task.
 */
#ifndef UMP_FRAME_H
#define UMP_FRAME_H

#include "ump_server.h"

#include <stdbool.h>

struct ump__channel;
struct ump__wait;

struct ump__frame {
	/* Whose callbacks run. */
	struct ump__channel *channel;
	struct ump__frame *outer;
	/* A task's handler is in a callback that may suspend, and what it got if it has. */
	bool may_suspend;
	ump_suspension *suspension;
	/* The wait in which the callback is blocked, or NULL; and what stands at the server's vertex
	 * of the wait-for graph when it is not (wait.h). */
	struct ump__wait *blocked;
	struct ump__wait *underneath;
};

/* Begin and end to work for `channel`, on one thread. */
void ump__frame_enter(struct ump__frame *frame, struct ump__channel *channel);
void ump__frame_leave(const struct ump__frame *frame);

/* The innermost frame of the calling thread, or NULL. */
struct ump__frame *ump__frame_top(void);

#endif
