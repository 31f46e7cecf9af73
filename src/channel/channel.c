/* SPDX-License-Identifier: 0BSD */
#include "channel/channel.h"

#include "channel/inbox.h"
#include "channel/references.h"
#include "sync/probe.h"
#include "sync/tools.h"

void ump__server_init(struct ump_server *server, struct ump__channel *channel)
{
	server->channel = channel;
	ump__queue_init(&server->batch);
	server->refused = NULL;
	server->slab = NULL;
	server->done = 0;
	server->client_cpu = UMP__CPU_UNKNOWN;
	server->pending = 0;
	server->overtaking = 0;
	ump__count_init(&server->handled, 0);
	ump__count_init(&server->skipped, 0);
	ump__count_init(&server->depth_most, 0);
	ump__count_init(&server->busy_since, 0);
	ump__hint_init(&server->busy, 0);
	server->drained = false;
}

struct ump__channel *ump__channel_new(const struct ump_config *config)
{
	struct ump__channel *channel = NULL;

	if (ump__fork_ready())
		channel = ump__alloc_line(ump__channel_size(config->capacity != 0));
	if (channel == NULL)
		return NULL;
	ump__word_init(&channel->inbox, UMP__INBOX_EMPTY);
	ump__vertex_init(&channel->vertex);
	ump__counts_init(&channel->counts);
	ump__count_init(&channel->kept, 0);
	ump__count_init(&channel->failed, 0);
	ump__hint_init(&channel->server_cpu, UMP__CPU_UNKNOWN);
	channel->request = config->request;
	channel->reply = config->reply;
	channel->post = config->post;
	channel->request_align =
		(uint16_t)ump__value_align(config->request.size, config->request_align);
	channel->reply_align = (uint16_t)ump__value_align(config->reply.size, config->reply_align);
	channel->post_align = (uint16_t)ump__value_align(config->post.size, config->post_align);
	channel->keep = (uint32_t)config->keep;
	channel->bounded = config->capacity != 0;
	if (channel->bounded)
		ump__semaphore_init(channel->semaphore, (uint32_t)config->capacity);
	channel->slow_limit = config->slow_limit;
	channel->slow_handler = config->slow_handler;
	channel->slow_arg = config->slow_arg;
	ump__attention_init(
		&channel->attention, config->slow_limit != 0 ? UMP__ATTENTION_TIMED : 0);
	channel->notifier.fd = -1;
	channel->combining = NULL;
	channel->late = NULL;
	ump__word_init(&channel->delayed, UMP__INBOX_EMPTY);
	channel->crowd = NULL;
#ifndef NDEBUG
	channel->generation = ump__fork_generation();
#endif
	ump__message_init(&channel->eos, UMP__KIND_EOS, NULL);
	ump__word_init(&channel->watches, UMP__INBOX_EMPTY);
	ump__server_init(&channel->server, channel);
	return channel;
}

void ump__channel_free(struct ump__channel *channel)
{
	if (channel->bounded)
		ump__semaphore_end(channel->semaphore);
	ump__vertex_end(&channel->vertex);
	if (channel->crowd != NULL) {
		ump__lock_end(&channel->crowd->lock);
		ump__free(channel->crowd);
	}
	ump__free(channel);
}

static int push(struct ump__channel *channel, struct ump__node *node)
{
	if (channel->combining != NULL)
		return ump__combiner_push(&channel->inbox, node);
	return ump__inbox_push(&channel->inbox, node, ump__channel_notifier(channel))
		       ? UMP_OK
		       : UMP_SERVER_GONE;
}

void ump__channel_drop_strong(struct ump__channel *channel)
{
	ump__tools_release(&channel->counts);
	if (!ump__strong_drop(&channel->counts))
		return;
	ump__tools_acquire(&channel->counts);
	/* Everything that was sent lies below the EOS marker: the end travels through the same word
	 * as the messages, so there is no second word to race with.  A closed inbox needs no
	 * marker.  A stop has pushed it: its strong reference was dropped before this one, so the
	 * bit is seen. */
	if (!ump__stop_is_set(ump__attention_peek(&channel->attention)))
		(void)ump__channel_run(channel, ump__channel_push_eos(channel));
	ump__channel_drop_weak(channel);
}

int ump__channel_push_eos(struct ump__channel *channel)
{
	return push(channel, &channel->eos.node);
}

void ump__channel_drop_weak(struct ump__channel *channel)
{
	ump__tools_release(&channel->counts);
	if (!ump__weak_drop(&channel->counts))
		return;
	ump__tools_acquire(&channel->counts);
	ump__channel_free(channel);
}

int ump__channel_send(struct ump__channel *channel, struct ump__message *message)
{
	UMP__PROBE(send, channel, ump__kind_of(message));
	return push(channel, &message->node);
}

int ump__channel_run(struct ump__channel *channel, int result)
{
	if (result != UMP__RUN)
		return result;
	ump__combining_calls.run(channel->combining);
	return UMP_OK;
}
