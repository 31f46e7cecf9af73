/* SPDX-License-Identifier: 0BSD */
#include "frame.h"

#include "sync/sync.h"

struct ump__frame *ump__frame_top(void)
{
	return *ump__thread_slot();
}

void ump__frame_enter(struct ump__frame *frame, struct ump__channel *channel)
{
	void **slot = ump__thread_slot();

	frame->channel = channel;
	frame->outer = *slot;
	frame->may_suspend = false;
	frame->suspension = NULL;
	frame->blocked = NULL;
	frame->underneath = NULL;
	*slot = frame;
}

void ump__frame_leave(const struct ump__frame *frame)
{
	*ump__thread_slot() = frame->outer;
}
