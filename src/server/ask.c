/* SPDX-License-Identifier: 0BSD */
/*
 * A handler sends a request and goes on: the answer comes to it as a callback.  So does the end of
 * a server that it watches.  A deadline is a timer of the asking server (server/timers.h).
 */
#include "server/ask.h"

#include "client/sending.h"
#include "sync/debug.h"
#include "sync/tools.h"
#include "wait/deadline.h"

/* ---- For the dispatcher --------------------------------------------------------------------- */

struct ump_flow ump__ask_call(struct ump__dispatcher *dispatcher, struct ump__message *message)
{
	struct ump__answered answer = ump__ask_take(dispatcher->asks, message);
	const void *above = UMP__CALLBACK_BEGIN();
	struct ump_flow flow;

	if (answer.timer != 0)
		(void)ump__timer_end(dispatcher, answer.timer);
	ump__tools_call(NULL, NULL);
	flow = answer.call(dispatcher->handler.self, answer.arg, answer.result, answer.reply);
	UMP__CALLBACK_END(above);
	ump__asks_release(message);
	return flow;
}

bool ump__ask_was_cancelled(struct ump__dispatcher *dispatcher, struct ump__message *message)
{
	if (!ump__ask_is_cancelled(dispatcher->asks, message))
		return false;
	(void)ump__ask_take(dispatcher->asks, message);
	ump__asks_discard(message);
	return true;
}

/* The due call of a deadline. */
static struct ump_flow expired(void *self, void *arg, uint64_t count)
{
	const struct ump__answered *late = arg;

	(void)count;
	return late->call(self, late->arg, late->result, late->reply);
}

bool ump__ask_expires(struct ump__dispatcher *dispatcher)
{
	struct ump__timer *due = &dispatcher->timers->current;

	if (due->call != expired)
		return true;
	if (!ump__ask_expire(dispatcher->asks, (uint32_t)(uintptr_t)due->arg))
		return false;
	due->arg = &dispatcher->asks->late;
	return true;
}

/* ---- For callbacks ------------------------------------------------------------------------- */

/* Return the dispatcher whose callback the calling thread is in; NULL if there is none, or the
 * callback is a builder. */
static struct ump__dispatcher *dispatcher_of_caller(void)
{
	struct ump__frame *frame = ump__frame_top();
	struct ump__dispatcher *dispatcher;

	if (frame == NULL)
		return NULL;
	if (frame->channel->combining != NULL) {
		dispatcher = ump__combining_dispatcher(frame->channel->combining);
		return frame != &dispatcher->frame ? dispatcher : NULL;
	}
	if (!frame->may_time)
		return NULL;
	return (struct ump__dispatcher *)(void *)((char *)frame -
						  offsetof(struct ump__dispatcher, frame));
}

static bool is_combining(const struct ump__dispatcher *dispatcher)
{
	return dispatcher->server->channel->combining != NULL;
}

/* Reserve a slot of the dispatcher's.  UMP_OK, UMP_SERVER_GONE, UMP_NO_MEMORY or UMP_OVERFLOW. */
static int reserve(
	struct ump__dispatcher *dispatcher, ump_answer_call *call, void *arg, uint32_t *slot)
{
	struct ump__channel *channel = dispatcher->server->channel;
	int result = UMP_OK;

	if (ump__stop_is_over(ump__attention_peek(&channel->attention)))
		return UMP_SERVER_GONE;
	if (dispatcher->asks == NULL)
		result = ump__asks_new(channel, &dispatcher->asks);
	return result == UMP_OK ? ump__ask_open(dispatcher->asks, call, arg, slot) : result;
}

/* Start the timer that ends the request of `slot`.  UMP_OK or UMP_NO_MEMORY. */
static int start_deadline(struct ump__dispatcher *dispatcher, uint32_t slot, ump_time deadline)
{
	struct ump__timer timer = {expired, (void *)(uintptr_t)slot, 0};

	if (deadline == UMP_FOREVER)
		return UMP_OK;
	return ump__timer_begin(dispatcher, &timer, deadline, &dispatcher->asks->slots[slot].timer);
}

/* Send a copy of `msg`, for which there is capacity, as the request of `slot`.  Results as
 * ump__client_send, or UMP_NO_MEMORY or UMP_OVERFLOW. */
static int send(const struct ump__handle *handle, const void *msg, struct ump__asks *asks,
	uint32_t slot, ump_time deadline)
{
	struct ump__request *request =
		ump__request_new(handle->channel, ump__handle_allocator(handle), msg);
	int result;

	if (request == NULL)
		return UMP_NO_MEMORY;
	result = ump__ask_set(asks, slot, request, deadline);
	if (result == UMP_OK) {
		result = ump__client_send(request, NULL);
		if (result < UMP_OK)
			ump__ask_unset(asks, slot);
	}
	if (result < UMP_OK)
		ump__request_free(request);
	return result;
}

/* Take a permit, and do that. */
static int try_send(const struct ump__handle *handle, const void *msg, struct ump__asks *asks,
	uint32_t slot, ump_time deadline)
{
	bool kept;
	int result = ump__handle_permit(handle, UMP_NOW, &kept);

	if (result != UMP_OK)
		return result;
	result = send(handle, msg, asks, slot, deadline);
	if (result < UMP_OK)
		ump__handle_permit_back(handle, kept);
	return result;
}

/* Send the request of `slot`.  Results as try_send(). */
static int ask(struct ump__dispatcher *dispatcher, const struct ump__handle *handle,
	const void *msg, uint32_t slot, ump_time deadline)
{
	struct ump__asks *asks = dispatcher->asks;
	int result = start_deadline(dispatcher, slot, deadline);

	if (result == UMP_OK)
		result = try_send(handle, msg, asks, slot, deadline);
	if (result >= UMP_OK)
		return result;
	if (asks->slots[slot].timer != 0)
		(void)ump__timer_end(dispatcher, asks->slots[slot].timer);
	ump__ask_undo(asks, slot);
	return result;
}

static void put_id(uint64_t *id, uint64_t value)
{
	if (id == NULL)
		return;
	*id = value;
	ump__tools_written(id, sizeof *id);
}

int ump_client_ask(const ump_client *client, const void *msg, ump_time deadline,
	ump_answer_call *call, void *arg, uint64_t *id)
{
	struct ump__dispatcher *dispatcher = dispatcher_of_caller();
	uint32_t slot;
	int result;

	put_id(id, 0);
	if (call == NULL || !ump__client_can_request(client, msg) || dispatcher == NULL)
		return UMP_INVALID;
	if (deadline != UMP_FOREVER && is_combining(dispatcher))
		return UMP_NO_TIMERS;
	if (ump__is_over(deadline))
		return UMP_TIMED_OUT;
	result = reserve(dispatcher, call, arg, &slot);
	if (result != UMP_OK)
		return result;
	result = ask(dispatcher, &client->handle, msg, slot, deadline);
	if (result < UMP_OK)
		return result;
	put_id(id, ump__ask_id(dispatcher->asks, slot));
	return ump__channel_run(client->handle.channel, result);
}

int ump_ask_cancel(uint64_t id)
{
	struct ump__dispatcher *dispatcher = dispatcher_of_caller();
	uint64_t timer;

	UMP__REQUIRE_INSIDE();
	if (dispatcher == NULL)
		return UMP_INVALID;
	if (dispatcher->asks == NULL || !ump__ask_cancel(dispatcher->asks, id, &timer))
		return UMP_EMPTY;
	if (timer != 0)
		(void)ump__timer_end(dispatcher, timer);
	return UMP_OK;
}

/* Watch the server of `channel` from a callback. */
static int watch(struct ump__channel *channel, ump_answer_call *call, void *arg, uint64_t *id)
{
	struct ump__dispatcher *dispatcher = dispatcher_of_caller();
	uint32_t slot;
	int result;

	UMP__REQUIRE_INSIDE();
	/* The thread that ends a server may be idle in its pool already: it must run no
	 * callback. */
	if (call == NULL || dispatcher == NULL || is_combining(dispatcher))
		return UMP_INVALID;
	result = reserve(dispatcher, call, arg, &slot);
	if (result != UMP_OK)
		return result;
	result = ump__ask_watch(dispatcher->asks, slot, channel);
	if (result == UMP_OK)
		put_id(id, ump__ask_id(dispatcher->asks, slot));
	else
		ump__ask_undo(dispatcher->asks, slot);
	return result;
}

int ump_client_watch_call(const ump_client *client, ump_answer_call *call, void *arg, uint64_t *id)
{
	put_id(id, 0);
	if (client == NULL)
		return UMP_INVALID;
	UMP__REQUIRE_MARK(&client->handle, UMP__MARK_CLIENT, UMP__CLIENT_LIVES);
	return watch(client->handle.channel, call, arg, id);
}

int ump_post_client_watch_call(
	const ump_post_client *client, ump_answer_call *call, void *arg, uint64_t *id)
{
	put_id(id, 0);
	if (client == NULL)
		return UMP_INVALID;
	UMP__REQUIRE_MARK(&client->handle, UMP__MARK_POST_CLIENT, UMP__CLIENT_LIVES);
	return watch(client->handle.channel, call, arg, id);
}

int ump_weak_client_watch_call(
	const ump_weak_client *weak, ump_answer_call *call, void *arg, uint64_t *id)
{
	put_id(id, 0);
	if (weak == NULL)
		return UMP_INVALID;
	UMP__REQUIRE_WEAK(weak, "a weak client was used after it was dropped, or is none");
	return watch(weak->channel, call, arg, id);
}
