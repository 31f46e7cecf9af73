/* SPDX-License-Identifier: 0BSD */
/* The handler's life, from the builder to the drop. */
#include "server/dispatch.h"
#include "sync/tools.h"

#include <string.h>

/* Return whether `handler` has the callbacks that this configuration requires. */
static bool is_complete(const struct ump_handler *handler, const struct ump_config *config)
{
	if (config->request.size != 0 && handler->request == NULL)
		return false;
	return config->post.size == 0 || handler->post != NULL;
}

bool ump__dispatcher_fits(struct ump_config *checked, const struct ump_config *config,
	size_t config_size, size_t handler_size)
{
	return handler_size <= sizeof(struct ump_handler) &&
	       ump__config_read(checked, config, config_size) == UMP_OK;
}

static void drop_handler(struct ump__dispatcher *dispatcher)
{
	if (dispatcher->handler.drop == NULL)
		return;
	ump__tools_call(NULL, NULL);
	dispatcher->handler.drop(dispatcher->handler.self);
}

/* End the handler's life. */
static void end_handler(struct ump__dispatcher *dispatcher)
{
	drop_handler(dispatcher);
	if (dispatcher->asks != NULL)
		ump__asks_free(dispatcher->asks);
	dispatcher->asks = NULL;
	ump__timers_free(dispatcher->timers);
	dispatcher->timers = NULL;
	dispatcher->until = UMP_FOREVER;
}

/* Release the value of a stop that is not the outcome; NULL: there is none. */
static void drop_stop(const struct ump__stop *stop)
{
	if (stop == NULL || stop->drop == NULL)
		return;
	ump__tools_call(NULL, NULL);
	stop->drop(stop->value);
}

/* Give up what the handler has asked for: nothing more is answered.  Must precede the close of the
 * inbox. */
static void give_up_asks(struct ump__dispatcher *dispatcher)
{
	if (dispatcher->asks != NULL)
		ump__asks_close(dispatcher->asks);
}

/* Tell the handler what was given up. */
static void cancel_asks(struct ump__dispatcher *dispatcher)
{
	struct ump__answered cancelled;

	while (dispatcher->asks != NULL && ump__asks_next(dispatcher->asks, &cancelled)) {
		ump__tools_call(NULL, NULL);
		(void)cancelled.call(dispatcher->handler.self, cancelled.arg, UMP_CANCELLED, NULL);
	}
}

void ump__dispatcher_unwind(struct ump__dispatcher *dispatcher)
{
	const struct ump__stop *stop = ump__channel_end_stop(dispatcher->server->channel);

	give_up_asks(dispatcher);
	ump__server_close(dispatcher->server, NULL, NULL);
	drop_stop(stop);
	ump__due_posts_close(&dispatcher->due_posts, dispatcher->server->channel, NULL, NULL);
	cancel_asks(dispatcher);
	end_handler(dispatcher);
}

int ump__dispatcher_open(
	struct ump__dispatcher *dispatcher, const struct ump_config *config, ump_client **client)
{
	int result = ump__channel_open(&dispatcher->server, client, config);

	if (result != UMP_OK)
		return result;
	dispatcher->until = UMP_FOREVER;
	ump__message_init(&dispatcher->marker, UMP__KIND_EOS, NULL);
	dispatcher->me.channel = dispatcher->server->channel;
	dispatcher->me.mark = UMP__MARK_LENT_CLIENT;
	return UMP_OK;
}

int ump__dispatcher_build(struct ump__dispatcher *dispatcher, const struct ump_config *config,
	ump_handler_builder *builder, void *arg, ump_client *client)
{
	int result;

	memset(&dispatcher->handler, 0, sizeof dispatcher->handler);
	/* A request to this server could only wait for itself; the frame lets it fail instead. */
	ump__frame_enter(&dispatcher->frame, dispatcher->server->channel);
	ump__tools_call(NULL, NULL);
	ump__tools_written(&dispatcher->handler, sizeof dispatcher->handler);
	result = builder(arg, client, &dispatcher->handler);
	ump__frame_leave(&dispatcher->frame);
	if (result != 0)
		/* No handler was built. */
		dispatcher->handler.drop = NULL;
	else if (!is_complete(&dispatcher->handler, config))
		result = UMP_INVALID;
	if (result != UMP_OK)
		ump__dispatcher_unwind(dispatcher);
	return result;
}

int ump__dispatcher_init(struct ump__dispatcher *dispatcher)
{
	if (dispatcher->handler.init == NULL)
		return 0;
	ump__tools_call(NULL, NULL);
	return dispatcher->handler.init(dispatcher->handler.self, &dispatcher->me);
}

struct ump_flow ump__dispatcher_close(ump_server *server, const struct ump_handler *handler,
	enum ump__outcome outcome, struct ump_flow flow)
{
	const struct ump__stop *stop = ump__channel_end_stop(server->channel);

	if (outcome == UMP__OUTCOME_NONE)
		flow = ump_continue();
	if (outcome == UMP__OUTCOME_STOP && stop != NULL) {
		flow = ump_break(stop->value);
		stop = NULL;
	}
	if (handler != NULL)
		ump__server_close(server, handler->leftover, handler->self);
	else
		ump__server_close(server, NULL, NULL);
	drop_stop(stop);
	return flow;
}

void ump__dispatcher_end_handler(struct ump__dispatcher *dispatcher)
{
	end_handler(dispatcher);
}

struct ump_flow ump__dispatcher_end(
	struct ump__dispatcher *dispatcher, enum ump__outcome outcome, struct ump_flow flow)
{
	const struct ump_handler *handler = &dispatcher->handler;

	give_up_asks(dispatcher);
	flow = ump__dispatcher_close(dispatcher->server, handler, outcome, flow);
	/* What has not fallen due by the end of the clients is not undelivered, but dropped. */
	ump__due_posts_close(&dispatcher->due_posts, dispatcher->server->channel,
		outcome == UMP__OUTCOME_NONE ? NULL : handler->leftover, handler->self);
	cancel_asks(dispatcher);
	if (handler->term != NULL) {
		ump__tools_call(NULL, NULL);
		flow = handler->term(handler->self, flow);
	}
	end_handler(dispatcher);
	return flow;
}
