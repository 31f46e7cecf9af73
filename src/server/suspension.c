/* SPDX-License-Identifier: 0BSD */
#include "server/suspension.h"

#include "call/delayed.h"
#include "channel/references.h"
#include "client/handle.h"
#include "sync/debug.h"
#include "wait/frame.h"

/* Address in the result of ump_pending, which no application can return otherwise. */
static char pending;

struct ump_flow ump_pending(void)
{
	struct ump_flow flow = {false, &pending};

	return flow;
}

/* Return whether the calling thread is in a callback that may suspend, and has not. */
static bool can_suspend(const struct ump__frame *frame)
{
	return frame != NULL && frame->may_suspend && frame->suspension == NULL;
}

/* Create a suspension of the handler in `frame`.  UMP_OK, UMP_NO_MEMORY or UMP_OVERFLOW. */
static int suspension_new(const struct ump__frame *frame, bool awaits, ump_suspension **out)
{
	size_t size = sizeof(ump_suspension) + (awaits ? sizeof(struct ump__awaiting) : 0);
	ump_suspension *made = ump__alloc(size);

	if (made == NULL)
		return UMP_NO_MEMORY;
	if (!ump__weak_add(&frame->channel->counts)) {
		ump__free(made);
		return UMP_OVERFLOW;
	}
	ump__answer_init(&made->resumed);
	made->channel = frame->channel;
	made->held = NULL;
	made->awaits = false;
	*out = made;
	return UMP_OK;
}

ump_suspension *ump_suspend(void)
{
	struct ump__frame *frame = ump__frame_top();
	ump_suspension *made;

	UMP__REQUIRE_INSIDE();
	if (!can_suspend(frame) || suspension_new(frame, false, &made) != UMP_OK)
		return NULL;
	frame->suspension = made;
	return made;
}

/* Begin the handler's wait for `server`.  UMP_OK, UMP_OVERFLOW or UMP_DEADLOCK. */
static int await(ump_suspension *suspension, struct ump__channel *server)
{
	struct ump__awaiting *awaiting = suspension->awaiting;

	if (!ump__weak_add(&server->counts))
		return UMP_OVERFLOW;
	awaiting->frame = (struct ump__frame){.channel = suspension->channel};
	if (!ump__wait_begin_for(
		    &awaiting->wait, &awaiting->frame, server, &suspension->resumed.state)) {
		ump__channel_drop_weak(server);
		return UMP_DEADLOCK;
	}
	suspension->awaits = true;
	return UMP_OK;
}

/* End that wait.  The task only; must be called before the suspension may be freed. */
static void await_no_more(ump_suspension *suspension)
{
	struct ump__channel *server;

	if (!suspension->awaits)
		return;
	server = suspension->awaiting->wait.server;
	ump__wait_end(&suspension->awaiting->wait);
	suspension->awaits = false;
	ump__channel_drop_weak(server);
}

int ump_suspend_for(const ump_client *client, ump_suspension **out)
{
	struct ump__frame *frame = ump__frame_top();
	ump_suspension *made;
	int result;

	if (out != NULL)
		UMP__CLEAR(out);
	if (client == NULL || out == NULL)
		return UMP_INVALID;
	UMP__REQUIRE_MARK(&client->handle, UMP__MARK_CLIENT, UMP__CLIENT_LIVES);
	UMP__REQUIRE_INSIDE();
	if (!can_suspend(frame))
		return UMP_INVALID;
	result = suspension_new(frame, true, &made);
	if (result != UMP_OK)
		return result;
	result = await(made, client->handle.channel);
	if (result != UMP_OK) {
		ump__channel_drop_weak(made->channel);
		ump__free(made);
		return result;
	}
	frame->suspension = made;
	*out = made;
	return UMP_OK;
}

/* Free a suspension that was resumed, or whose handler will never be resumed. */
static void suspension_free(ump_suspension *suspension)
{
	struct ump__message *held = suspension->held;

	if (held != NULL && ump__kind_of(held) == UMP__KIND_DELAYED)
		ump__delayed_release(ump__delayed_of(held));
	else if (held != NULL)
		ump__post_free(ump__post_of(held));
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
	/* Unless the task was dropped, it may free the suspension from here on. */
	dropped = ump__answer_publish(&resumed->resumed, UMP_OK, &channel->notifier);
	if (dropped)
		suspension_free(resumed);
	ump__channel_drop_weak(channel);
	return dropped ? UMP_SERVER_GONE : UMP_OK;
}

/* Return what it was resumed with, and free it. */
static struct ump_flow collect(ump_suspension *suspension)
{
	struct ump_flow flow = suspension->flow;

	suspension_free(suspension);
	return flow;
}

bool ump__suspension_over(ump_suspension *suspension, struct ump_flow *flow)
{
	if (!ump__answer_idle(&suspension->resumed, &suspension->channel->notifier))
		return false;
	await_no_more(suspension);
	*flow = collect(suspension);
	return true;
}

bool ump__suspension_give_up(ump_suspension *suspension, struct ump_flow *flow)
{
	await_no_more(suspension);
	if (!ump__answer_abandon(&suspension->resumed))
		return false;
	*flow = collect(suspension);
	return true;
}
