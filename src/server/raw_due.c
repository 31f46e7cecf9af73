/* SPDX-License-Identifier: 0BSD */
/*
 * The pending posts lie in the channel without their number, which is in the receiver: there is no
 * room for both at one place.  Each function that uses them makes one heap of both, and puts it
 * back.
 *
 * Posts that are due precede the next message.  Those that are planned meanwhile must not starve
 * messages: so when the first one is returned, the number of pending posts limits how many are
 * returned before a message is looked for (`overtaking`).
 */
#include "server/raw_due.h"

#include "channel/inbox.h"
#include "server/due_posts.h"
#include "server/server.h"
#include "sync/tools.h"

static struct ump__due_posts take_out(const ump_server *server)
{
	const struct ump__raw_posts *kept = &server->channel->raw_posts;

	return (struct ump__due_posts){
		.pending = {.root = kept->root, .added = kept->added, .count = server->pending}};
}

static void put_back(ump_server *server, const struct ump__due_posts *posts)
{
	server->channel->raw_posts.root = posts->pending.root;
	server->channel->raw_posts.added = posts->pending.added;
	/* Each post has a weak reference: there are less than 2^32. */
	server->pending = (uint32_t)posts->pending.count;
}

static bool has_ended(const ump_server *server)
{
	return ump__stop_is_over(ump__attention_peek(&server->channel->attention));
}

static struct ump_delayed *lent_delayed(const ump_server *server)
{
	if (server->lent == NULL || ump__kind_of(&server->lent->message) != UMP__KIND_DELAYED)
		return NULL;
	return ump__delayed_of(&server->lent->message);
}

/* Release the message that was lent by the last call. */
static void release_lent(ump_server *server, struct ump__due_posts *posts)
{
	struct ump_delayed *post = lent_delayed(server);

	if (post != NULL)
		ump__due_posts_done(posts, post);
	else if (server->lent != NULL)
		ump__server_done(server, server->lent);
	server->lent = NULL;
}

void ump__raw_due_release(ump_server *server)
{
	struct ump__due_posts posts = take_out(server);

	release_lent(server, &posts);
	put_back(server, &posts);
}

void ump__raw_due_woken(ump_server *server, struct ump__message *message)
{
	ump__delayed_dequeued(message);
	server->overtaking = 0;
}

bool ump__raw_due_was_empty(ump_server *server)
{
	struct ump__queue *batch = &server->batch;

	while (!ump__queue_is_empty(batch) || ump__inbox_take(&server->channel->inbox, batch)) {
		struct ump__message *first = ump__message_of(batch->head);

		if (ump__kind_of(first) != UMP__KIND_DELAYED)
			/* Nothing but news follows the EOS marker. */
			return ump__kind_of(first) == UMP__KIND_EOS;
		(void)ump__queue_pop(batch);
		ump__raw_due_woken(server, first);
	}
	return true;
}

/* Whether a message must be looked for before the next due post. */
static bool is_messages_turn(const ump_server *server)
{
	return server->overtaking == 1;
}

/* Begin the call of a post that is due; NULL if there is none, or a message comes first. */
static struct ump_delayed *take_due_post(ump_server *server, struct ump__due_posts *posts)
{
	uint32_t count = (uint32_t)posts->pending.count;
	struct ump_delayed *post;
	ump_time now;

	if (count == 0 || is_messages_turn(server))
		return NULL;
	now = ump_now();
	post = ump__due_posts_take(posts, now, now);
	if (post != NULL)
		server->overtaking = server->overtaking == 0 ? count : server->overtaking - 1;
	return post;
}

/* Wait for messages until a post is due, or the deadline.  false: the deadline has passed. */
static bool await(ump_server *server, const struct ump__due_posts *posts, ump_time deadline)
{
	ump_time due = is_messages_turn(server) ? UMP_NOW : ump__due_posts_time(posts);

	if (ump__server_await(server, due < deadline ? due : deadline))
		return true;
	server->overtaking = 0;
	return due <= deadline;
}

/* Look at a message that was dequeued.  true: it is none for the owner of the loop, but the EOS
 * marker, or news. */
static bool is_rare(ump_server *server, struct ump__message *message)
{
	server->overtaking = 0;
	if (ump__kind_of(message) == UMP__KIND_DELAYED) {
		ump__delayed_dequeued(message);
		return true;
	}
	if (ump__kind_of(message) != UMP__KIND_EOS)
		return false;
	ump__tools_acquire(message);
	server->drained = true;
	return true;
}

/* As ump__raw_due_next, of a loop that has not ended. */
static struct ump__message *next(
	ump_server *server, struct ump__due_posts *posts, ump_time deadline)
{
	struct ump__channel *channel = server->channel;

	for (;;) {
		struct ump_delayed *post;
		struct ump__message *message;

		ump__due_posts_collect(posts, channel);
		post = take_due_post(server, posts);
		if (post != NULL)
			return &post->message;
		/* The others are not accepted any more. */
		if (server->drained) {
			ump__due_posts_close(posts, channel, NULL, NULL);
			(void)ump__attention_end(&channel->attention);
			return &channel->eos;
		}
		message = ump__server_batched(server);
		if (message == NULL) {
			if (!await(server, posts, deadline))
				return NULL;
		} else if (!is_rare(server, message)) {
			return message;
		}
	}
}

struct ump__message *ump__raw_due_next(ump_server *server, ump_time deadline)
{
	struct ump__due_posts posts = take_out(server);
	struct ump__message *message;

	/* Nothing is lent or pending. */
	if (has_ended(server))
		return &server->channel->eos;
	release_lent(server, &posts);
	message = next(server, &posts, deadline > UMP_NOW ? deadline : UMP_NOW);
	put_back(server, &posts);
	return message;
}

const void *ump__raw_due_lend(ump_server *server, struct ump__message *message)
{
	ump__count_set(&server->handled, ump__count_get(&server->handled) + 1);
	server->lent = ump__post_of(message);
	return ump__delayed_of(message)->value;
}

void ump__raw_due_close(ump_server *server)
{
	struct ump__due_posts posts = take_out(server);

	if (!has_ended(server))
		ump__due_posts_close(&posts, server->channel, NULL, NULL);
}

ump_time ump_server_due(const ump_server *server)
{
	const struct ump_delayed *lent;

	if (server == NULL)
		return UMP_FOREVER;
	ump__tools_owned(server, sizeof *server);
	if (has_ended(server))
		return UMP_FOREVER;
	lent = lent_delayed(server);
	/* The next receive call plans news, and what is lent. */
	if ((lent != NULL && lent->planned_period != 0) ||
		ump__inbox_is_node(ump__word_peek(&server->channel->delayed)))
		return UMP_NOW;
	return ump__due_posts_time(
		&(struct ump__due_posts){.pending = {.root = server->channel->raw_posts.root}});
}
