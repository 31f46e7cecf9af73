/* SPDX-License-Identifier: 0BSD */
/* The receiver of a loop that the application writes. */
#include "call/hold.h"
#include "channel/inbox.h"
#include "channel/message.h"
#include "client/handle.h"
#include "server/raw_due.h"
#include "server/server.h"
#include "sync/tools.h"

int ump__channel_open(ump_server **server, ump_client **client, const struct ump_config *config)
{
	struct ump__channel *channel = ump__channel_new(config);

	if (channel == NULL)
		return UMP_NO_MEMORY;
	*client = ump__handle_new(channel, UMP__MARK_CLIENT);
	if (*client == NULL) {
		ump__channel_free(channel);
		return UMP_NO_MEMORY;
	}
	*server = &channel->server;
	return UMP_OK;
}

int ump_channel_open_sized(ump_server **server, ump_client **client,
	const struct ump_config *config, size_t config_size)
{
	struct ump_config checked;
	int result;

	if (server != NULL)
		UMP__CLEAR(server);
	if (client != NULL)
		UMP__CLEAR(client);
	if (server == NULL || client == NULL ||
		ump__config_read(&checked, config, config_size) != UMP_OK)
		return UMP_INVALID;
	result = ump__channel_open(server, client, &checked);
	if (result == UMP_OK) {
		ump__attention_init(&(*server)->channel->attention, UMP__ATTENTION_RAW);
		(*server)->channel->raw_posts = (struct ump__raw_posts){NULL, 0};
	}
	return result;
}

/* Release the post that was lent by the last call. */
static void lent_back(ump_server *server)
{
	if (server->lent != NULL)
		ump__server_done(server, server->lent);
	server->lent = NULL;
}

/* Pass a post or a request to the owner of the loop. */
static int receive(
	ump_server *server, struct ump__message *message, const void **msg, ump_reply_context **rc)
{
	ump__tools_acquire(message);
	ump__count_set(&server->handled, ump__count_get(&server->handled) + 1);
	if (ump__kind_of(message) == UMP__KIND_POST) {
		server->lent = ump__post_of(message);
		*msg = server->lent->value;
	} else {
		*msg = ump__request_of(message)->value;
		*rc = ump__server_start(server, ump__request_of(message));
		/* The context belongs to the owner of the receiver, which may keep it for any
		 * time. */
		ump__hint_set(&ump__request_of(message)->kept, UMP__KEPT_BY_RECEIVER);
	}
	return UMP_OK;
}

/* As ump_server_wait, once the attention word has another bit than RAW: the server has had a
 * delayed post, or its loop has ended.  What the last call has lent was not released yet. */
static int receive_or_due(
	ump_server *server, const void **msg, ump_reply_context **rc, ump_time deadline)
{
	struct ump__message *message = ump__raw_due_next(server, deadline);

	if (message == NULL)
		return UMP_TIMED_OUT;
	switch (ump__kind_of(message)) {
	case UMP__KIND_EOS:
		return UMP_CLIENTS_GONE;
	case UMP__KIND_DELAYED:
		*msg = ump__raw_due_lend(server, message);
		return UMP_OK;
	default:
		return receive(server, message, msg, rc);
	}
}

/* The EOS marker, or what wakes the receiver for the first delayed post, was dequeued. */
static int receive_rare(ump_server *server, struct ump__message *message, const void **msg,
	ump_reply_context **rc, ump_time deadline)
{
	if (ump__kind_of(message) == UMP__KIND_DELAYED) {
		ump__raw_due_woken(server, message);
		return receive_or_due(server, msg, rc, deadline);
	}
	ump__tools_acquire(message);
	(void)ump__attention_end(&server->channel->attention);
	return UMP_CLIENTS_GONE;
}

int ump_server_wait(ump_server *server, const void **msg, ump_reply_context **rc, ump_time deadline)
{
	struct ump__message *message;

	if (msg != NULL)
		*msg = NULL;
	if (rc != NULL)
		*rc = NULL;
	ump__tools_outputs(msg, rc);
	if (server == NULL || msg == NULL || rc == NULL)
		return UMP_INVALID;
	ump__tools_owned(server, sizeof *server);
	if (ump__attention_peek(&server->channel->attention) != UMP__ATTENTION_RAW)
		return receive_or_due(server, msg, rc, deadline);
	lent_back(server);
	message = ump__server_next(server, deadline);
	if (message == NULL)
		return UMP_TIMED_OUT;
	if (ump__kind_of(message) > UMP__KIND_REQUEST)
		return receive_rare(server, message, msg, rc, deadline);
	return receive(server, message, msg, rc);
}

int ump_server_try_pop(ump_server *server, const void **msg, ump_reply_context **rc)
{
	int result = ump_server_wait(server, msg, rc, UMP_NOW);

	return result == UMP_TIMED_OUT ? UMP_EMPTY : result;
}

bool ump_server_was_empty(const ump_server *server)
{
	ump_server *end;

	if (server == NULL)
		return true;
	/* The same object, which its owner may change: the inbox is moved into the batch. */
	end = &server->channel->server;
	if (ump__queue_is_empty(&end->batch))
		(void)ump__inbox_receive(
			&end->channel->inbox, &end->batch, UMP_NOW, end->client_cpu);
	if (ump__queue_is_empty(&end->batch))
		return true;
	/* What is neither a request nor a post does not count as a message. */
	return ump__kind_of(ump__message_of(end->batch.head)) > UMP__KIND_REQUEST &&
	       ump__raw_due_was_empty(end);
}

size_t ump_server_skipped(const ump_server *server)
{
	return server != NULL ? (size_t)ump__count_get(&server->skipped) : 0;
}

void ump_server_drop(ump_server **server)
{
	ump_server *dropped;

	if (server == NULL || *server == NULL)
		return;
	dropped = *server;
	*server = NULL;
	ump__tools_owned(dropped, sizeof *dropped);
	ump__raw_due_release(dropped);
	ump__server_close(dropped, NULL, NULL);
	ump__raw_due_close(dropped);
	ump__server_release(dropped);
}
