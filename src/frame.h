/* SPDX-License-Identifier: 0BSD */
/*
 * For which server the calling thread is at work: the innermost of the dispatchers whose callbacks
 * it is in.  There is more than one if a callback runs a task.
 */
#ifndef UMP_FRAME_H
#define UMP_FRAME_H

#include "ump_server.h"

#include <stdbool.h>
#include <stddef.h>

struct ump__channel;
struct ump__wait;

struct ump__frame {
	/* Whose callbacks run. */
	struct ump__channel *channel;
	struct ump__frame *outer;
	/* A task's handler is in a callback that may suspend, and what it got if it has. */
	bool may_suspend;
	ump_suspension *suspension;
	/* The wait in which the callback is blocked, or NULL; and what stands at the server's
	 * vertex of the wait-for graph when it is not (wait.h). */
	struct ump__wait *blocked;
	struct ump__wait *underneath;
	/* The server has ended: its thread runs destructors of thread-local variables. */
	bool exiting;
#ifndef NDEBUG
	/* What the thread's `above` was before. */
	const void *above;
#endif
};

/* Begin and end to work for `channel`, on one thread.  Debug builds stop at an end that is not that
 * of the innermost frame. */
void ump__frame_enter(struct ump__frame *frame, struct ump__channel *channel);
void ump__frame_leave(const struct ump__frame *frame);

/* Instead of leave, where the thread will exit: no callback runs any more, but what its destructors
 * wait for is still an edge of the wait-for graph.  `frame` must outlive them. */
void ump__frame_exit(struct ump__frame *frame);

/*
 * Debug builds stop in a function of the API if the callback of the innermost frame was left, and
 * not by its return.  What a callback calls lies deeper on the stack than what has called it.  On
 * another stack than the thread's own nothing is known, nor after a jump to where the next call
 * lies just as deep.
 */
#if !defined(NDEBUG) && defined(__GNUC__)
#define UMP__REQUIRE_INSIDE() ump__frame_require(__builtin_frame_address(0))
/* Around a callback, in the function that calls it.  What begin gives is for end. */
#define UMP__CALLBACK_BEGIN()    ump__frame_above(__builtin_frame_address(0))
#define UMP__CALLBACK_END(above) ((void)ump__frame_above(above))

void ump__frame_require(const void *here);
/* Set the thread's `above`.  Returns what it was. */
const void *ump__frame_above(const void *next);
#else
#define UMP__REQUIRE_INSIDE()    ((void)0)
#define UMP__CALLBACK_BEGIN()    NULL
#define UMP__CALLBACK_END(above) ((void)(above))
#endif

/* In a forked child: its thread is at work for no server of the parent's any more. */
void ump__frame_forget(void);

/* The innermost frame of the calling thread, or NULL. */
struct ump__frame *ump__frame_top(void);

#endif
