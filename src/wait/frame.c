/* SPDX-License-Identifier: 0BSD */
#include "wait/frame.h"

#include "sync/debug.h"

void ump__frame_enter(struct ump__frame *frame, struct ump__channel *channel)
{
	void **slot = ump__thread_slot();

	UMP__REQUIRE_INSIDE();
#ifndef NDEBUG
	frame->above = *ump__thread_above();
#ifdef __GNUC__
	*ump__thread_above() = __builtin_frame_address(0);
#endif
	if (*slot == NULL)
		ump__thread_guard(slot);
#endif
	frame->channel = channel;
	frame->outer = *slot;
	frame->may_suspend = false;
	frame->may_time = false;
	frame->suspension = NULL;
	frame->blocked = NULL;
	frame->underneath = NULL;
	frame->exiting = false;
	*slot = frame;
}

/* Leave the callbacks of `frame`. */
static void end_callbacks(const struct ump__frame *frame)
{
	UMP__REQUIRE(ump__frame_top() == frame,
		"a callback was left out of order: it must return on the thread that has called "
		"it, and before the one that it was called in");
#ifndef NDEBUG
	*ump__thread_above() = frame->above;
	if (frame->outer == NULL)
		ump__thread_guard(NULL);
#else
	(void)frame;
#endif
}

void ump__frame_leave(const struct ump__frame *frame)
{
	end_callbacks(frame);
	*ump__thread_slot() = frame->outer;
}

void ump__frame_exit(struct ump__frame *frame)
{
	end_callbacks(frame);
	frame->exiting = true;
}

void ump__frame_forget(void)
{
	*ump__thread_slot() = NULL;
#ifndef NDEBUG
	ump__thread_guard(NULL);
#endif
}

#if !defined(NDEBUG) && defined(__GNUC__)

void ump__frame_require(const void *here)
{
	const void *above = *ump__thread_above();

	/* Stacks grow down. */
	UMP__REQUIRE(ump__frame_top() == NULL || (uintptr_t)here <= (uintptr_t)above ||
			     !ump__thread_on_stack(above) || !ump__thread_on_stack(here),
		"a callback was left by longjmp, by an exception or by a switch of stacks: it must "
		"return");
}

const void *ump__frame_above(const void *next)
{
	const void *before = *ump__thread_above();

	*ump__thread_above() = next;
	return before;
}

#endif
