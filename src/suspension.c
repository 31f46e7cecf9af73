/* SPDX-License-Identifier: 0BSD */
#include "suspension.h"

#include "frame.h"
#include "references.h"

/* What pending returns, which is told from all that an application may return by its address. */
static char pending;

struct ump_flow ump_pending(void)
{
	struct ump_flow flow = {false, &pending};

	return flow;
}

ump_suspension *ump_suspend(void)
{
	struct ump__frame *frame = ump__frame_top();
	ump_suspension *made;

	if (frame == NULL || !frame->may_suspend || frame->suspension != NULL)
		return NULL;
	made = ump__alloc(sizeof *made);
	if (made == NULL)
		return NULL;
	if (!ump__weak_add(&frame->channel->counts)) {
		ump__free(made);
		return NULL;
	}
	ump__answer_init(&made->resumed);
	made->channel = frame->channel;
	made->held = NULL;
	frame->suspension = made;
	return made;
}

/* It has been resumed, or never will be gone on with. */
static void suspension_free(ump_suspension *suspension)
{
	if (suspension->held != NULL)
		ump__post_free(suspension->held);
	ump__free(suspension);
}

int ump_task_resume(ump_suspension **suspension, struct ump_flow flow)
{
	ump_suspension *resumed;
	struct ump__channel *channel;
	bool dropped;

	if (suspension == NULL || *suspension == NULL)
		return UMP_INVALID;
	resumed = *suspension;
	*suspension = NULL;
	channel = resumed->channel;
	resumed->flow = flow;
	/* It may be gone from here on, unless the task is. */
	dropped = ump__answer_publish(&resumed->resumed, UMP_OK, &channel->bell);
	if (dropped)
		suspension_free(resumed);
	ump__channel_drop_weak(channel);
	return dropped ? UMP_SERVER_GONE : UMP_OK;
}

/* What it was resumed with; it is gone then. */
static struct ump_flow collect(ump_suspension *suspension)
{
	struct ump_flow flow = suspension->flow;

	suspension_free(suspension);
	return flow;
}

bool ump__suspension_over(ump_suspension *suspension, struct ump_flow *flow)
{
	if (!ump__answer_rest(&suspension->resumed, &suspension->channel->bell))
		return false;
	*flow = collect(suspension);
	return true;
}

bool ump__suspension_give_up(ump_suspension *suspension, struct ump_flow *flow)
{
	if (!ump__answer_abandon(&suspension->resumed))
		return false;
	*flow = collect(suspension);
	return true;
}
