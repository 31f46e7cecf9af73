/* SPDX-License-Identifier: 0BSD */
#include "server/dispatch.h"

#include "server/ask.h"
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
		dispatcher->frame.suspension->held = &post->message;
	return flow;
}

static struct ump_flow handle_due_post(struct ump__dispatcher *dispatcher, struct ump_delayed *post)
{
	const struct ump_handler *handler = &dispatcher->handler;
	const void *above = UMP__CALLBACK_BEGIN();
	struct ump_flow flow;

	ump__tools_call(NULL, NULL);
	flow = handler->post(handler->self, post->value);
	UMP__CALLBACK_END(above);
	if (dispatcher->frame.suspension == NULL) {
		ump__due_posts_done(&dispatcher->due_posts, post);
		return flow;
	}
	ump__delayed_hold(post);
	dispatcher->frame.suspension->held = &post->message;
	dispatcher->due_posts.suspended = post;
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
	case UMP__KIND_DELAYED:
		return handle_due_post(dispatcher, ump__delayed_of(message));
	case UMP__KIND_ANSWER:
		return ump__ask_call(dispatcher, message);
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

/* Begin and end the handling of a message, for observers of the server. */
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

	if (kind == UMP__KIND_ANSWER && ump__ask_was_cancelled(dispatcher, message))
		return UMP__OUTCOME_CONTINUE;
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

void ump__dispatcher_plan(struct ump__dispatcher *dispatcher)
{
	ump_time until = ump__due_posts_time(&dispatcher->due_posts);

	if (dispatcher->timers != NULL && ump__timers_due(dispatcher->timers) < until)
		until = ump__timers_due(dispatcher->timers);
	dispatcher->until = until;
}

/* Take what is due first at `now`: a delayed post, or the marker for a timer, if `timers` is not
 * NULL.  Returns NULL if nothing is due. */
static struct ump__message *take_due(
	struct ump__dispatcher *dispatcher, struct ump__timers *timers, ump_time now)
{
	ump_time due = timers != NULL ? ump__timers_due(timers) : UMP_FOREVER;
	struct ump_delayed *post = NULL;

	/* A post that was cancelled or is paused gives way to one that may be later. */
	if (ump__due_posts_time(&dispatcher->due_posts) <= due)
		post = ump__due_posts_take(&dispatcher->due_posts, now < due ? now : due, now);
	if (post != NULL)
		return &post->message;
	return timers != NULL && ump__timers_take(timers, now) ? &dispatcher->marker : NULL;
}

/* Make the calls that are due, those of `timers` (which may be NULL) too, until one breaks,
 * suspends, stops the server or drops the task.  Each timer and each post calls at most once, and
 * those that are started meanwhile are left, so that messages are not starved. */
static enum ump__outcome make_due_calls(
	struct ump__dispatcher *dispatcher, struct ump__timers *timers, struct ump_flow *flow)
{
	enum ump__outcome outcome = UMP__OUTCOME_CONTINUE;
	struct ump__attention *attention = &dispatcher->server->channel->attention;
	bool may_suspend = dispatcher->frame.may_suspend;
	size_t left =
		dispatcher->due_posts.pending.count + (timers != NULL ? timers->heap.count : 0);
	ump_time now = left != 0 ? ump_now() : UMP_NOW;

	for (; left != 0 && outcome == UMP__OUTCOME_CONTINUE; left--) {
		struct ump__message *due;

		if (dispatcher->frame.suspension != NULL || dispatcher->dropped ||
			ump__stop_is_set(ump__attention_peek(attention)))
			break;
		due = take_due(dispatcher, timers, now);
		ump__dispatcher_plan(dispatcher);
		if (due == NULL)
			break;
		if (due == &dispatcher->marker && !ump__ask_expires(dispatcher))
			continue;
		outcome = pass_on(dispatcher, due,
			due == &dispatcher->marker ? UMP__KIND_DUE : UMP__KIND_DELAYED, flow);
		ump__dispatcher_plan(dispatcher);
		dispatcher->frame.may_suspend = may_suspend;
	}
	return outcome;
}

/* As ump__dispatcher_handle, if `message` is none for the handler, or the attention word is not
 * 0. */
static enum ump__outcome look_closer(
	struct ump__dispatcher *dispatcher, struct ump__message *message, struct ump_flow *flow)
{
	struct ump__channel *channel = dispatcher->server->channel;
	enum ump__kind kind =
		message == &dispatcher->marker ? UMP__KIND_DUE : ump__kind_of(message);
	bool due = kind == UMP__KIND_DUE || kind == UMP__KIND_DELAYED;
	enum ump__outcome outcome = UMP__OUTCOME_CONTINUE;

	if (kind == UMP__KIND_DELAYED)
		ump__delayed_dequeued(message);
	if ((ump__attention_peek(&channel->attention) & UMP__ATTENTION_TIMERS) != 0) {
		ump__due_posts_collect(&dispatcher->due_posts, channel);
		ump__dispatcher_plan(dispatcher);
		/* Before the end, a post that has fallen due is accepted; a timer no longer
		 * calls. */
		outcome = make_due_calls(
			dispatcher, kind != UMP__KIND_EOS ? dispatcher->timers : NULL, flow);
	}
	if (outcome == UMP__OUTCOME_CONTINUE && dispatcher->frame.suspension == NULL &&
		!dispatcher->dropped) {
		/* A due call may have stopped the server. */
		outcome = ump__outcome_before(
			kind, ump__stop_is_set(ump__attention_peek(&channel->attention)));
		if (outcome == UMP__OUTCOME_CONTINUE && !due)
			return pass_on(dispatcher, message, kind, flow);
	}
	if (kind == UMP__KIND_EOS && outcome == UMP__OUTCOME_NONE) {
		ump__tools_acquire(message);
		if (dispatcher->asks != NULL)
			dispatcher->asks->drained = true;
	} else if (!due) {
		dispatcher->server->refused = message;
	}
	return outcome;
}

enum ump__outcome ump__dispatcher_drained(
	const struct ump__dispatcher *dispatcher, enum ump__outcome outcome)
{
	const struct ump__asks *asks = dispatcher->asks;

	return asks != NULL ? ump__outcome_drained(outcome, asks->drained, asks->in_flight)
			    : outcome;
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
		return ump__dispatcher_drained(dispatcher, look_closer(dispatcher, message, flow));
	begin_message(server, kind);
	*flow = hand_over(dispatcher, message, kind);
	end_message(server, kind);
	return ump__outcome_after(kind, flow->stop);
}

struct ump__dispatcher *ump__dispatcher_of_caller(void)
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
