/* SPDX-License-Identifier: 0BSD */
#include "server/server.h"

#include "call/asks.h"
#include "call/completions.h"
#include "call/delayed.h"
#include "call/watch.h"
#include "channel/inbox.h"
#include "channel/permits.h"
#include "channel/slab_allocator.h"
#include "client/handle.h"
#include "sync/probe.h"
#include "sync/tools.h"
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

	ump__tools_acquire(message);
	ump__count_set(&server->skipped, ump__count_get(&server->skipped) + 1);
	if (request->completions != NULL)
		ump__completions_release(request->completions);
	ump__request_discard(request, UMP_SERVER_GONE);
}

struct ump__message *ump__server_unless_abandoned(ump_server *server, struct ump__message *message)
{
	if (!is_abandoned(message))
		return message;
	ump__server_skip(server, message);
	return NULL;
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

void ump__server_permit_back(ump_server *server)
{
	release_permit(server);
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
	ump__slab_forbid(slab, post);
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

		if (kind <= UMP__KIND_REQUEST)
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
			return server->channel->late;
	}
}

bool ump__server_await(ump_server *server, ump_time deadline)
{
	deadline = ump__deadline_at_call(deadline);
	if (deadline != UMP_NOW)
		get_ready(server);
	return ump__inbox_receive(
		&server->channel->inbox, &server->batch, deadline, server->client_cpu);
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
		ump__tools_call(NULL, NULL);
		leftover(self, post->value, NULL);
		ump__post_free(post);
	} else {
		struct ump__request *request = ump__request_of(message);
		ump_reply_context *rc = ump__request_context(request);

		ump__tools_call(NULL, &rc);
		if (leftover != NULL)
			leftover(self, request->value, &rc);
		/* If not answered, it fails with UMP_SERVER_GONE: it was never started. */
		ump_reply_drop(&rc);
	}
}

/* Dispose of one message of the closed inbox, or of the batch; the EOS marker, too. */
static void dispose(ump_server *server, struct ump__message *message,
	void (*leftover)(void *self, const void *msg, ump_reply_context **rc), void *self)
{
	if (ump__kind_of(message) == UMP__KIND_DELAYED) {
		ump__delayed_dequeued(message);
		return;
	}
	ump__tools_acquire(message);
	switch (ump__disposition_of(ump__kind_of(message), is_abandoned(message), true)) {
	case UMP__DISPOSITION_LEFTOVER:
		dispose_undelivered(server, message, leftover, self);
		break;
	case UMP__DISPOSITION_SKIP:
		ump__server_skip(server, message);
		break;
	case UMP__DISPOSITION_RELEASE:
		ump__asks_discard(message);
		break;
	case UMP__DISPOSITION_HANDLE:
	case UMP__DISPOSITION_NOTHING:
		break;
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
	/* This one is the oldest. */
	if (server->refused != NULL)
		dispose(server, server->refused, leftover, self);
	server->refused = NULL;
	while ((node = ump__queue_pop(&server->batch)) != NULL) {
		struct ump__message *message = ump__message_of(node);

		if (ump__kind_of(message) <= UMP__KIND_REQUEST)
			release_permit(server);
		dispose(server, message, leftover, self);
	}
}

void ump__server_ended(ump_server *server, const struct ump_flow *how)
{
	ump__watch_end(server->channel, how);
}

void ump__server_release(ump_server *server)
{
	ump__server_ended(server, NULL);
	ump__channel_drop_weak(server->channel);
}
