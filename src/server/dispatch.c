/* SPDX-License-Identifier: 0BSD */
#include "server/dispatch.h"

#include "server/suspension.h"
#include "sync/probe.h"
#include "sync/tools.h"

#include <assert.h>

static struct ump_flow handle_request(
	struct ump__dispatcher *dispatcher, struct ump__request *request)
{
	const struct ump_handler *handler = &dispatcher->handler;
	ump_reply_context *rc = ump__server_start(dispatcher->server, request);
	const void *above = UMP__CALLBACK_BEGIN();
	struct ump_flow flow;

	ump__tools_call(request, &rc);
	flow = handler->request(handler->self, request->value, &rc);
	UMP__CALLBACK_END(above);
	/* Drop a request that was neither answered nor kept. */
	ump_reply_drop(&rc);
	return flow;
}

static struct ump_flow handle_post(struct ump__dispatcher *dispatcher, struct ump__post *post)
{
	const struct ump_handler *handler = &dispatcher->handler;
	const void *above = UMP__CALLBACK_BEGIN();
	struct ump_flow flow;

	ump__tools_call(post, NULL);
	flow = handler->post(handler->self, post->value);
	UMP__CALLBACK_END(above);
	if (dispatcher->frame.suspension == NULL)
		ump__server_done(dispatcher->server, post);
	else
		dispatcher->frame.suspension->held = post;
	return flow;
}

static struct ump_flow make_due_call(struct ump__dispatcher *dispatcher)
{
	const struct ump__timers *timers = dispatcher->timers;
	const void *above = UMP__CALLBACK_BEGIN();
	struct ump_flow flow;

	assert(timers != NULL);
	ump__tools_call(NULL, NULL);
	flow = timers->current.call(dispatcher->handler.self, timers->current.arg, timers->count);
	UMP__CALLBACK_END(above);
	return flow;
}

static inline struct ump_flow hand_over(
	struct ump__dispatcher *dispatcher, struct ump__message *message, enum ump__kind kind)
{
	switch (kind) {
	case UMP__KIND_POST:
		return handle_post(dispatcher, ump__post_of(message));
	case UMP__KIND_REQUEST:
		return handle_request(dispatcher, ump__request_of(message));
	case UMP__KIND_DUE:
		return make_due_call(dispatcher);
	case UMP__KIND_EOS:
	case UMP__KIND_RESERVATION:
	case UMP__KIND_WATCH:
		break;
	}
	return ump_continue();
}

/* As hand_over(), but measure the duration, for servers with a slow_limit. */
static struct ump_flow hand_over_timed(
	struct ump__dispatcher *dispatcher, struct ump__message *message, enum ump__kind kind)
{
	ump_server *server = dispatcher->server;
	const struct ump__channel *channel = server->channel;
	bool request = kind == UMP__KIND_REQUEST;
	ump_time begin = ump_now();
	struct ump_flow flow;
	int64_t took;

	ump__count_set(&server->busy_since, (uint64_t)begin);
	flow = hand_over(dispatcher, message, kind);
	took = ump_now() - begin;
	/* A suspended handler stays busy, until its task clears this. */
	if (dispatcher->frame.suspension == NULL)
		ump__count_set(&server->busy_since, 0);
	/* The handler has returned: slow_handler must not suspend in its place. */
	dispatcher->frame.may_suspend = false;
	ump__tools_call(NULL, NULL);
	if (took > channel->slow_limit && channel->slow_handler != NULL)
		channel->slow_handler(channel->slow_arg, took, request);
	return flow;
}

/* Begin and end the handling of a message, for those who observe the server. */
static inline void begin_message(ump_server *server, enum ump__kind kind)
{
	(void)kind;
	ump__count_set(&server->handled, ump__count_get(&server->handled) + 1);
	ump__hint_set(&server->busy, 1);
	UMP__PROBE(begin, server->channel, kind);
}

static inline void end_message(ump_server *server, enum ump__kind kind)
{
	(void)kind;
	UMP__PROBE(end, server->channel, kind);
	ump__hint_set(&server->busy, 0);
}

/* Make one call, with any attention word. */
static enum ump__outcome pass_on(struct ump__dispatcher *dispatcher, struct ump__message *message,
	enum ump__kind kind, struct ump_flow *flow)
{
	ump_server *server = dispatcher->server;
	uint32_t attention = ump__attention_peek(&server->channel->attention);

	begin_message(server, kind);
	*flow = (attention & UMP__ATTENTION_TIMED) != 0 ? hand_over_timed(dispatcher, message, kind)
							: hand_over(dispatcher, message, kind);
	end_message(server, kind);
	return ump__outcome_after(kind, flow->stop);
}

enum ump__outcome ump__dispatcher_pass(
	struct ump__dispatcher *dispatcher, struct ump__message *message, struct ump_flow *flow)
{
	return pass_on(dispatcher, message, ump__kind_of(message), flow);
}

/* Make the calls that are due, until one breaks, suspends, stops the server or drops the task.
 * Each timer calls at most once, and those that are started meanwhile are left, so that messages
 * are not starved. */
static enum ump__outcome make_due_calls(struct ump__dispatcher *dispatcher, struct ump_flow *flow)
{
	enum ump__outcome outcome = UMP__OUTCOME_CONTINUE;
	struct ump__attention *attention = &dispatcher->server->channel->attention;
	struct ump__timers *timers = dispatcher->timers;
	bool may_suspend = dispatcher->frame.may_suspend;
	uint32_t left = timers->heap.count;
	ump_time now = left != 0 ? ump_now() : UMP_NOW;

	for (; left != 0 && outcome == UMP__OUTCOME_CONTINUE; left--) {
		if (dispatcher->frame.suspension != NULL || dispatcher->dropped ||
			ump__stop_is_set(ump__attention_peek(attention)) ||
			!ump__timers_take(timers, now))
			break;
		dispatcher->until = ump__timers_due(timers);
		outcome = pass_on(dispatcher, &timers->marker, UMP__KIND_DUE, flow);
		dispatcher->frame.may_suspend = may_suspend;
	}
	return outcome;
}

/* As ump__dispatcher_handle, if `message` is the EOS marker, or the attention word is not 0. */
static enum ump__outcome look_closer(
	struct ump__dispatcher *dispatcher, struct ump__message *message, struct ump_flow *flow)
{
	const struct ump__attention *attention = &dispatcher->server->channel->attention;
	const struct ump__timers *timers = dispatcher->timers;
	bool due = timers != NULL && message == &timers->marker;
	enum ump__kind kind = due ? UMP__KIND_DUE : ump__kind_of(message);
	enum ump__outcome outcome = UMP__OUTCOME_CONTINUE;

	if (timers != NULL && kind != UMP__KIND_EOS)
		outcome = make_due_calls(dispatcher, flow);
	if (outcome == UMP__OUTCOME_CONTINUE && dispatcher->frame.suspension == NULL &&
		!dispatcher->dropped) {
		/* A due call may have stopped the server. */
		outcome =
			ump__outcome_before(kind, ump__stop_is_set(ump__attention_peek(attention)));
		if (outcome == UMP__OUTCOME_CONTINUE && !due)
			return pass_on(dispatcher, message, kind, flow);
	}
	if (kind == UMP__KIND_EOS)
		ump__tools_acquire(message);
	else if (!due)
		dispatcher->server->refused = message;
	return outcome;
}

enum ump__outcome ump__dispatcher_handle(
	struct ump__dispatcher *dispatcher, struct ump__message *message, struct ump_flow *flow)
{
	ump_server *server = dispatcher->server;
	uint32_t attention = ump__attention_peek(&server->channel->attention);
	/* The message is gone once it is handled. */
	enum ump__kind kind = ump__kind_of(message);

	/* One comparison for the EOS marker and for every bit. */
	if (((uint32_t)kind | attention) > UMP__KIND_REQUEST)
		return look_closer(dispatcher, message, flow);
	begin_message(server, kind);
	*flow = hand_over(dispatcher, message, kind);
	end_message(server, kind);
	return ump__outcome_after(kind, flow->stop);
}
