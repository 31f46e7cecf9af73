/* SPDX-License-Identifier: 0BSD */
#include "server/server.h"

#include "call/completions.h"
#include "channel/inbox.h"
#include "channel/permits.h"
#include "channel/pool.h"
#include "client/handle.h"
#include "sync/probe.h"
#include "wait/deadline.h"

/* Publish the CPU of this thread, for clients that wait.  All of them read it, so it is written
 * only when it changes. */
static void publish_cpu(ump_server *server)
{
	int here = ump__cpu();

	if (ump__hint_get(&server->channel->server_cpu) != here)
		ump__hint_set(&server->channel->server_cpu, here);
}

static bool is_abandoned(struct ump__message *message)
{
	return ump__kind_of(message) == UMP__KIND_REQUEST &&
	       ump__request_is_abandoned(ump__request_of(message));
}

/* The request was abandoned while it was queued: its caller is gone, so it must be freed here. */
void ump__server_skip(ump_server *server, struct ump__message *message)
{
	struct ump__request *request = ump__request_of(message);

	ump__count_set(&server->skipped, ump__count_get(&server->skipped) + 1);
	if (request->completions != NULL)
		ump__completions_release(request->completions);
	ump__request_discard(request, UMP_SERVER_GONE);
}

/* Release the permit of a message that has left the queue.  The queue's depth peaks just before
 * that. */
static void release_permit(ump_server *server)
{
	struct ump__semaphore *semaphore = server->channel->semaphore;

	if (!server->channel->bounded)
		return;
	/* The senders' word, which they keep writing to, is read only if the maximum may have
	 * grown. */
	if (ump__count_get(&server->depth_most) < ump__reach_load(&semaphore->permits))
		(void)ump__count_raise(
			&server->depth_most, ump__permits_depth(&semaphore->permits));
	ump__semaphore_give(semaphore);
}

/* Release the posts that were handled. */
static void settle(ump_server *server)
{
	if (server->done != 0)
		ump__slab_done(server->slab, server->done);
	server->done = 0;
}

void ump__server_give_back(ump_server *server)
{
	/* Their sender may never send again. */
	if (server->done != 0)
		ump__slab_release_unused(server->slab);
	settle(server);
}

void ump__server_done(ump_server *server, struct ump__post *post)
{
	struct ump__slab *slab = ump__post_slab(post);

	if (slab == NULL) {
		ump__post_free(post);
		return;
	}
	if (slab != server->slab)
		settle(server);
	server->slab = slab;
	server->done++;
}

struct ump__message *ump__server_batched(ump_server *server)
{
	struct ump__node *node;

	while ((node = ump__queue_pop(&server->batch)) != NULL) {
		struct ump__message *message = ump__message_of(node);
		enum ump__kind kind = ump__kind_of(message);

		if (kind != UMP__KIND_EOS)
			release_permit(server);
		if (ump__disposition_of(kind, is_abandoned(message), false) !=
			UMP__DISPOSITION_SKIP)
			return message;
		ump__server_skip(server, message);
	}
	ump__server_give_back(server);
	return NULL;
}

/* Prepare for a wait. */
static void get_ready(ump_server *server)
{
	struct ump__channel *channel = server->channel;

	publish_cpu(server);
	if (channel->bounded && ump__word_peek(&channel->inbox) == UMP__INBOX_EMPTY)
		ump__semaphore_yield(channel->semaphore);
}

struct ump__message *ump__server_next(ump_server *server, ump_time deadline)
{
	for (;;) {
		struct ump__message *message = ump__server_batched(server);

		if (message != NULL)
			return message;
		deadline = ump__deadline_at_call(deadline);
		if (deadline != UMP_NOW)
			get_ready(server);
		if (!ump__inbox_receive(
			    &server->channel->inbox, &server->batch, deadline, server->client_cpu))
			return NULL;
	}
}

bool ump__server_linger(ump_server *server)
{
	publish_cpu(server);
	return ump__inbox_linger(&server->channel->inbox, UMP__SIDE_SERVER, server->client_cpu);
}

bool ump__server_collect(ump_server *server)
{
	ump__server_give_back(server);
	publish_cpu(server);
	return !ump__queue_is_empty(&server->batch) ||
	       ump__inbox_take(&server->channel->inbox, &server->batch);
}

ump_reply_context *ump__server_start(ump_server *server, struct ump__request *request)
{
	server->client_cpu = request->client_cpu;
	request->started = true;
	return ump__request_context(request);
}

/* Dispose of one message that is left when the inbox has closed. */
static void dispose_undelivered(ump_server *server, struct ump__message *message,
	void (*leftover)(void *self, const void *msg, ump_reply_context **rc), void *self)
{
	if (ump__kind_of(message) == UMP__KIND_POST) {
		struct ump__post *post = ump__post_of(message);

		if (leftover == NULL) {
			ump__post_discard(post, &server->channel->post);
			return;
		}
		leftover(self, post->value, NULL);
		ump__post_free(post);
	} else {
		struct ump__request *request = ump__request_of(message);
		ump_reply_context *rc = ump__request_context(request);

		if (leftover != NULL)
			leftover(self, request->value, &rc);
		/* If not answered, it fails with UMP_SERVER_GONE: it was never started. */
		ump_reply_drop(&rc);
	}
}

void ump__server_close(ump_server *server,
	void (*leftover)(void *self, const void *msg, ump_reply_context **rc), void *self)
{
	struct ump__queue rest;
	struct ump__node *node;

	UMP__PROBE(close, server->channel, 0);
	ump__server_give_back(server);
	ump__inbox_close(&server->channel->inbox, &rest);
	if (server->channel->bounded)
		ump__semaphore_close(server->channel->semaphore);
	/* Messages that were taken but not received yet are older. */
	ump__queue_append(&server->batch, &rest);
	while ((node = ump__queue_pop(&server->batch)) != NULL) {
		struct ump__message *message = ump__message_of(node);

		if (ump__kind_of(message) != UMP__KIND_EOS)
			release_permit(server);
		switch (ump__disposition_of(ump__kind_of(message), is_abandoned(message), true)) {
		case UMP__DISPOSITION_LEFTOVER:
			dispose_undelivered(server, message, leftover, self);
			break;
		case UMP__DISPOSITION_SKIP:
			ump__server_skip(server, message);
			break;
		case UMP__DISPOSITION_HANDLE:
		case UMP__DISPOSITION_NOTHING:
			break;
		}
	}
}

void ump__server_release(ump_server *server)
{
	ump__channel_drop_weak(server->channel);
}

/* ---- The raw receiver ---------------------------------------------------------------------- */

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

	if (server != NULL)
		*server = NULL;
	if (client != NULL)
		*client = NULL;
	if (server == NULL || client == NULL ||
		ump__config_read(&checked, config, config_size) != UMP_OK)
		return UMP_INVALID;
	return ump__channel_open(server, client, &checked);
}

/* Release the post that was lent by the last call. */
static void lent_back(ump_server *server)
{
	if (server->lent != NULL)
		ump__server_done(server, server->lent);
	server->lent = NULL;
}

/* Pass `message` to the owner of the loop. */
static int receive(
	ump_server *server, struct ump__message *message, const void **msg, ump_reply_context **rc)
{
	if (ump__kind_of(message) == UMP__KIND_EOS) {
		server->ended = true;
		return UMP_CLIENTS_GONE;
	}
	ump__count_set(&server->handled, ump__count_get(&server->handled) + 1);
	if (ump__kind_of(message) == UMP__KIND_POST) {
		server->lent = ump__post_of(message);
		*msg = server->lent->value;
	} else {
		*msg = ump__request_of(message)->value;
		*rc = ump__server_start(server, ump__request_of(message));
		/* The context belongs to the owner of the receiver, which may keep it for any
		 * time. */
		ump__hint_set(&ump__request_of(message)->kept, 1);
	}
	return UMP_OK;
}

int ump_server_wait(ump_server *server, const void **msg, ump_reply_context **rc, ump_time deadline)
{
	struct ump__message *message;

	if (msg != NULL)
		*msg = NULL;
	if (rc != NULL)
		*rc = NULL;
	if (server == NULL || msg == NULL || rc == NULL)
		return UMP_INVALID;
	lent_back(server);
	if (server->ended)
		return UMP_CLIENTS_GONE;
	message = ump__server_next(server, deadline);
	if (message == NULL)
		return UMP_TIMED_OUT;
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
	/* The EOS marker does not count as a message. */
	return ump__queue_is_empty(&end->batch) ||
	       ump__kind_of(ump__message_of(end->batch.head)) == UMP__KIND_EOS;
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
	lent_back(dropped);
	ump__server_close(dropped, NULL, NULL);
	ump__server_release(dropped);
}
