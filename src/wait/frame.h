/* SPDX-License-Identifier: 0BSD */
/*
 * The dispatch context of the calling thread: the servers whose callbacks it is in.  If a callback
 * runs a task or becomes a combiner, contexts nest.  The innermost may suspend; a wait is one of
 * all of them.
 */
#ifndef UMP_FRAME_H
#define UMP_FRAME_H

#include "sync/sync.h"
#include "ump_server.h"

#include <stdbool.h>
#include <stddef.h>

struct ump__channel;
struct ump__wait;

struct ump__frame {
	/* Channel of the server whose callbacks run. */
	struct ump__channel *channel;
	struct ump__frame *outer;
	/* A task's handler is in a callback that may suspend; and its suspension, if it has. */
	bool may_suspend;
	/* It is in a callback that may start and cancel timers; then it is a dispatcher's. */
	bool may_time;
	ump_suspension *suspension;
	/* The wait in which the callback is blocked, or NULL; and the edge that the server's vertex
	 * in the wait-for graph had before, which returns when that wait ends (wait.h). */
	struct ump__wait *blocked;
	struct ump__wait *underneath;
	/* The server has ended; its thread runs destructors of thread-local variables. */
	bool exiting;
#ifndef NDEBUG
	/* The previous value of the thread's `above`. */
	const void *above;
#endif
};

/* Enter and leave callbacks of `channel`; both on one thread.  Debug builds stop if the frame that
 * is left is not the innermost. */
void ump__frame_enter(struct ump__frame *frame, struct ump__channel *channel);
void ump__frame_leave(const struct ump__frame *frame);

/* Must be called instead of leave if the thread will exit: no callback runs any more, but waits in
 * its destructors are still edges of the wait-for graph.  `frame` must outlive them. */
void ump__frame_exit(struct ump__frame *frame);

/*
 * Debug builds stop in a function of the API if the callback of the innermost frame was left other
 * than by its return.  What a callback calls lies deeper on the stack than the caller of the
 * callback.  The check cannot tell on a stack other than the thread's own, nor after a jump to
 * where the next call lies just as deep.
 */
#if !defined(NDEBUG) && defined(__GNUC__)
#define UMP__REQUIRE_INSIDE() ump__frame_require(__builtin_frame_address(0))
/* Must enclose a callback, in the function that calls it.  The end takes what the beginning
 * returned. */
#define UMP__CALLBACK_BEGIN()    ump__frame_above(__builtin_frame_address(0))
#define UMP__CALLBACK_END(above) ((void)ump__frame_above(above))

void ump__frame_require(const void *here);
/* Set the thread's `above`.  Returns the previous value. */
const void *ump__frame_above(const void *next);
#else
#define UMP__REQUIRE_INSIDE()    ((void)0)
#define UMP__CALLBACK_BEGIN()    NULL
#define UMP__CALLBACK_END(above) ((void)(above))
#endif

/* Forget all frames, in a forked child: its thread is in no callback of the parent's servers. */
void ump__frame_forget(void);

/* Return the innermost frame of the calling thread, or NULL. */
static inline struct ump__frame *ump__frame_top(void)
{
	return *ump__thread_slot();
}

#endif
