/* SPDX-License-Identifier: 0BSD */
/*
 * Workers: threads that take messages from one inbox, each for a handler of its own.  Whichever
 * worker holds the lock of the crowd (channel/crowd.h) is the receiver: it takes the inbox, and
 * dequeues one message from the batch.  All else, such as the handler's call, follows without the
 * lock.  So messages begin in order.
 *
 * Idle workers sleep on the word of the inbox, which is PARKED then: a sender that replaces PARKED
 * wakes one of them, as it would wake the one thread of a server.  A worker that leaves with a
 * message sees to the next one: if there is one, it wakes an idle worker, else it restores PARKED.
 *
 * By key: the key of a message is computed without the lock, by the one worker that is the keyer
 * then; others that want a message wait for it.  A message whose key is busy goes into the own
 * queue of the worker that works on that key.
 */
#include "server/workers.h"

#include "call/watch.h"
#include "channel/inbox.h"
#include "channel/references.h"
#include "server/dispatch.h"
#include "server/dropped.h"
#include "server/thread_pool.h"
#include "wait/answer.h"
#include "wait/deadline.h"
#include "wait/wait.h"

#include <string.h>

/* One worker. */
struct member {
	/* Its system thread, and its channel.  Must be first, so that the whole structure is handed
	 * over with it. */
	struct ump__dropped dropped_thread;
	struct ump_workers *group;
	struct ump__slot *slot;
	uint32_t index;
	/* The thread, if it is from a pool. */
	struct ump__pooled *pooled;
	/* Whether the thread ends with the server. */
	bool ends;
	/* Whether the message at hand is handled, and not skipped; and the outcome then. */
	bool handled;
	enum ump__outcome outcome;
	struct ump_flow flow;
	/* Skipped requests that the receiver's statistics contain already. */
	uint64_t told;
	struct ump__dispatcher dispatcher;
	/* The handler's own `request`. */
	struct ump_flow (*request)(void *self, const void *msg, ump_reply_context **rc);
	/* The result of init, for which spawn waits. */
	struct ump__answer started;
	/* Completed by spawn: 0 to handle messages, or else to unwind. */
	struct ump__answer go;
	/* Completed when it is this worker's turn to end its handler; when it has unwound. */
	struct ump__answer turn;
	char name[UMP__NAME_SIZE];
	/* Statistics, and the posts that it has handled and not released. */
	_Alignas(UMP__LINE) struct ump_server receiver;
	/* As in struct ump_thread. */
	bool inherits;
	struct ump__signals signals[];
};

/* A worker that waits until no key is being computed. */
struct queuer {
	struct queuer *next;
	struct ump__answer turn;
};

struct ump_workers {
	enum ump__mark mark;
	struct ump__channel *channel;
	struct ump__crowd *crowd;
	uint64_t (*key)(void *arg, const void *msg, bool request);
	void *key_arg;
	/* Not 0 once spawn waits for no `init` any more. */
	struct ump__hint begun;
	/* The lock of the crowd guards these: the workers that sleep, or are about to; whether one
	 * of them was woken for a message of the batch and has not come yet; those in the loop;
	 * those with a message; the keyer; and those that wait for it. */
	uint32_t idle;
	bool waking;
	uint32_t running;
	int busy;
	struct member *keyer;
	struct queuer *queuers;
	/* The EOS marker was dequeued: only own queues are left. */
	bool drained;
	/* A break or a stop: no message is dequeued any more.  The closer disposes of those that
	 * are left. */
	bool over;
	struct member *closer;
	enum ump__outcome outcome;
	/* The outcome. */
	struct ump_flow how;
	/* Completed when all workers have ended; join waits for it, drop gives it up. */
	struct ump__answer ended;
	/* Threads that a join has joined already. */
	uint32_t joined;
	uint32_t count;
	struct member *members[];
};

/* ---- Memory -------------------------------------------------------------------------------- */

static void member_free(struct member *member)
{
	if (member->dropped_thread.channel != NULL)
		ump__channel_drop_weak(member->dropped_thread.channel);
	ump__free(member);
}

static void group_free(struct ump_workers *group)
{
	for (uint32_t i = 0; i < group->count; i++)
		member_free(group->members[i]);
	group->mark = UMP__MARK_DEAD;
	ump__free(group);
}

static struct member *member_new(
	struct ump_workers *group, uint32_t index, const struct ump_config *config)
{
	size_t signals = config->inherit_signals ? sizeof(struct ump__signals) : 0;
	struct member *member = ump__alloc_line(sizeof *member + signals);

	if (member == NULL)
		return NULL;
	memset(member, 0, sizeof *member);
	member->group = group;
	member->index = index;
	member->ends = true;
	member->inherits = config->inherit_signals;
	if (member->inherits)
		ump__signals_get(member->signals);
	ump__answer_init(&member->started);
	ump__answer_init(&member->go);
	ump__answer_init(&member->turn);
	strncpy(member->name, config->name != NULL ? config->name : "ump", UMP__NAME_SIZE - 1);
	return member;
}

/* Create workers that do not run yet; NULL if out of memory. */
static struct ump_workers *group_new(const struct ump_config *config, uint32_t count)
{
	struct ump_workers *group = ump__alloc(sizeof *group + count * sizeof(struct member *));

	if (group == NULL)
		return NULL;
	memset(group, 0, sizeof *group);
	group->mark = UMP__MARK_WORKERS;
	group->key = config->key;
	group->key_arg = config->key_arg;
	group->running = count;
	group->outcome = UMP__OUTCOME_NONE;
	ump__hint_init(&group->begun, 0);
	ump__answer_init(&group->ended);
	for (; group->count < count; group->count++) {
		group->members[group->count] = member_new(group, group->count, config);
		if (group->members[group->count] == NULL) {
			group_free(group);
			return NULL;
		}
	}
	return group;
}

/* Give a new channel its workers.  UMP_OK or UMP_NO_MEMORY. */
static int crowd_make(struct ump_workers *group, struct ump__channel *channel)
{
	size_t size = sizeof(struct ump__crowd) + group->count * sizeof(struct ump__slot);
	struct ump__crowd *crowd = ump__alloc_line(size);

	if (crowd == NULL)
		return UMP_NO_MEMORY;
	memset(crowd, 0, size);
	ump__lock_init(&crowd->lock);
	crowd->count = group->count;
	crowd->to_state = offsetof(struct ump__request, answer.state);
	channel->crowd = crowd;
	group->channel = channel;
	group->crowd = crowd;
	for (uint32_t i = 0; i < group->count; i++) {
		struct member *member = group->members[i];

		/* A new channel has few references, so adding one cannot fail. */
		(void)ump__weak_add(&channel->counts);
		member->dropped_thread.channel = channel;
		member->slot = &crowd->slots[i];
		member->slot->frame = &member->dispatcher.frame;
		ump__queue_init(&member->slot->own);
		ump__server_init(&member->receiver, channel);
		member->dispatcher.server = &member->receiver;
		member->dispatcher.until = UMP_FOREVER;
		member->dispatcher.me.channel = channel;
		member->dispatcher.me.mark = UMP__MARK_LENT_CLIENT;
	}
	return UMP_OK;
}

/* ---- The end, with the lock held ------------------------------------------------------------- */

/* Wake all idle workers for good. */
static void dismiss(struct ump_workers *group)
{
	struct ump__word *inbox = &group->channel->inbox;

	/* Those that are about to sleep find that it is not PARKED. */
	ump__inbox_unpark(inbox);
	for (uint32_t i = 0; i < group->idle; i++)
		ump__wake(inbox);
}

/* Put what waits for busy keys in front of the batch; after it the keyer's `message`, if any, which
 * was dequeued later. */
static void gather(struct ump_workers *group, struct ump__message *message)
{
	struct ump__queue *batch = &group->channel->server.batch;
	struct ump__queue rest;

	ump__queue_init(&rest);
	for (uint32_t i = 0; i < group->count; i++)
		ump__queue_append(&rest, &group->crowd->slots[i].own);
	if (message != NULL)
		ump__queue_push(&rest, &message->node);
	ump__queue_append(&rest, batch);
	*batch = rest;
}

/* End by a break or a stop, unless one came before. */
static void end(struct ump_workers *group, struct member *member, enum ump__outcome outcome,
	struct ump_flow flow)
{
	if (group->over)
		return;
	group->over = true;
	group->outcome = outcome;
	group->how = flow;
	/* The keyer has a message that belongs in front of the batch, and gathers the rest then. */
	group->closer = group->keyer != NULL ? group->keyer : member;
	if (group->keyer == NULL)
		gather(group, NULL);
	dismiss(group);
}

/* ---- Idle workers, with the lock held ------------------------------------------------------- */

/* Make the inbox PARKED, so that the next sender wakes an idle worker.  Returns false if there are
 * messages. */
static bool park_inbox(struct ump_workers *group)
{
	struct ump__word *inbox = &group->channel->inbox;
	uintptr_t seen = ump__word_peek(inbox);
	struct ump__inbox_step step = ump__inbox_park_step(seen);

	if (step.taken && !ump__inbox_word_park(inbox, &seen, step.next))
		return false;
	if (ump__inbox_is_node(seen))
		return false;
	group->waking = false;
	return true;
}

/* See to the next message, before the caller leaves with one.  Returns true if the caller must wake
 * an idle worker for it. */
static bool share(struct ump_workers *group)
{
	if (group->idle == 0 || group->waking || group->over)
		return false;
	if (ump__queue_is_empty(&group->channel->server.batch) && park_inbox(group))
		return false;
	group->waking = true;
	return true;
}

/* Wait until there may be a message.  Releases the lock meanwhile. */
static void idle(struct member *member)
{
	struct ump_workers *group = member->group;
	struct ump__lock *lock = &group->crowd->lock;

	if (group->keyer != NULL) {
		struct queuer me;

		ump__answer_init(&me.turn);
		me.next = group->queuers;
		group->queuers = &me;
		ump__lock_give(lock);
		(void)ump__answer_wait(&me.turn, UMP_FOREVER, UMP__CPU_UNKNOWN);
		ump__lock_take(lock);
		return;
	}
	group->idle++;
	if (park_inbox(group)) {
		ump__lock_give(lock);
		(void)ump__park(&group->channel->inbox, UMP__INBOX_PARKED, UMP_FOREVER);
		ump__lock_take(lock);
		group->waking = false;
	}
	group->idle--;
}

/* ---- Keys ---------------------------------------------------------------------------------- */

static const void *value_of(struct ump__message *message)
{
	return ump__kind_of(message) == UMP__KIND_POST ? ump__post_of(message)->value
						       : ump__request_of(message)->value;
}

/* Compute the key of `message`, as the keyer.  Releases the lock meanwhile. */
static uint64_t compute_key(struct member *member, struct ump__message *message)
{
	struct ump_workers *group = member->group;
	const void *above;
	uint64_t key;

	group->keyer = member;
	ump__lock_give(&group->crowd->lock);
	above = UMP__CALLBACK_BEGIN();
	ump__tools_call(message, NULL);
	key = group->key(
		group->key_arg, value_of(message), ump__kind_of(message) == UMP__KIND_REQUEST);
	UMP__CALLBACK_END(above);
	ump__lock_take(&group->crowd->lock);
	group->keyer = NULL;
	while (group->queuers != NULL) {
		struct queuer *one = group->queuers;

		group->queuers = one->next;
		(void)ump__answer_publish(&one->turn, UMP_OK, NULL);
	}
	return key;
}

/* Remove `node` from `queue`.  Returns false if it is not there. */
static bool take_out(struct ump__queue *queue, const struct ump__node *node)
{
	struct ump__queue rest;
	struct ump__node *one;
	bool found = false;

	ump__queue_init(&rest);
	while ((one = ump__queue_pop(queue)) != NULL) {
		if (one == node)
			found = true;
		else
			ump__queue_push(&rest, one);
	}
	*queue = rest;
	return found;
}

/* Refuse a request that was just queued for a blocked worker alone, if that worker waits for it,
 * directly or through others: its sender gets UMP_DEADLOCK.  A request that is only queued behind
 * such a one is not refused, nor one whose sender does not wait in ump_client_req without a
 * deadline.  Releases the lock meanwhile. */
static void refuse_if_stuck(
	struct ump_workers *group, struct ump__slot *slot, struct ump__message *message)
{
	struct ump__request *request = ump__request_of(message);
	const struct ump__wait *wait = slot->wait;
	struct ump__channel *server;
	const struct ump__word *state;
	bool stuck;

	if (wait == NULL || ump__kind_of(message) != UMP__KIND_REQUEST ||
		request->value_drop != NULL || request->completions != NULL)
		return;
	server = wait->server;
	state = wait->state;
	if (!ump__weak_add(&server->counts))
		return;
	ump__lock_give(&group->crowd->lock);
	stuck = ump__wait_is_stuck(wait, server, state, &request->answer.state);
	ump__channel_drop_weak(server);
	ump__lock_take(&group->crowd->lock);
	if (!stuck || !take_out(&slot->own, &message->node))
		return;
	ump__lock_give(&group->crowd->lock);
	ump__server_permit_back(&group->channel->server);
	(void)ump__request_complete(request, UMP_DEADLOCK);
	ump__lock_take(&group->crowd->lock);
}

/* Return `message` if its key is not busy, and make it that of the worker.  Otherwise queue it for
 * the worker of that key, and return NULL.  Releases the lock meanwhile. */
static struct ump__message *assign(struct member *member, struct ump__message *message)
{
	struct ump_workers *group = member->group;
	uint64_t key = compute_key(member, message);

	if (group->over) {
		gather(group, message);
		return NULL;
	}
	for (uint32_t i = 0; i < group->count; i++) {
		struct ump__slot *slot = &group->crowd->slots[i];

		if (!slot->busy || slot->key != key)
			continue;
		ump__queue_push(&slot->own, &message->node);
		refuse_if_stuck(group, slot, message);
		return NULL;
	}
	member->slot->key = key;
	return message;
}

/* ---- Taking messages ------------------------------------------------------------------------ */

static bool is_stopped(const struct ump_workers *group)
{
	return ump__stop_is_set(ump__attention_peek(&group->channel->attention));
}

/* Dequeue the next message of the batch, as the receiver; NULL if there is none. */
static struct ump__message *dequeue(struct member *member)
{
	struct ump_workers *group = member->group;
	struct ump_server *server = &group->channel->server;
	struct ump__node *node;

	if (ump__queue_is_empty(&server->batch))
		(void)ump__inbox_take(&group->channel->inbox, &server->batch);
	node = ump__queue_pop(&server->batch);
	if (node == NULL)
		return NULL;
	if (ump__kind_of(ump__message_of(node)) != UMP__KIND_EOS)
		return ump__message_of(node);
	ump__tools_acquire(node);
	/* A stop sets its bit before it pushes the marker. */
	if (is_stopped(group)) {
		end(group, member, UMP__OUTCOME_STOP, ump_continue());
		return NULL;
	}
	group->drained = true;
	dismiss(group);
	return NULL;
}

/* Return the next message for `member`; NULL if there is none now, or it must end. */
static struct ump__message *next(struct member *member)
{
	struct ump_workers *group = member->group;
	struct ump__message *message = NULL;

	while (message == NULL) {
		struct ump__node *node;

		if (group->over)
			return NULL;
		if (is_stopped(group)) {
			end(group, member, UMP__OUTCOME_STOP, ump_continue());
			return NULL;
		}
		node = ump__queue_pop(&member->slot->own);
		if (node != NULL)
			return ump__message_of(node);
		member->slot->busy = false;
		if (group->keyer != NULL || group->drained)
			return NULL;
		message = dequeue(member);
		if (message == NULL)
			return NULL;
		if (group->key != NULL)
			message = assign(member, message);
	}
	return message;
}

/* Count a message that begins (1) or has ended (-1), or none, with the lock held. */
static void count(struct member *member, int change)
{
	struct ump_server *server = &member->group->channel->server;
	uint64_t skipped = ump__count_get(&member->receiver.skipped);

	member->group->busy += change;
	ump__hint_set(&server->busy, member->group->busy != 0);
	if (change > 0)
		ump__count_set(&server->handled, ump__count_get(&server->handled) + 1);
	ump__count_set(&server->skipped, ump__count_get(&server->skipped) + skipped - member->told);
	member->told = skipped;
}

/* Settle the previous message, with the lock held. */
static void settle_previous(struct member *member)
{
	count(member, member->handled ? -1 : 0);
	if (member->handled && member->outcome == UMP__OUTCOME_VALUE)
		end(member->group, member, member->outcome, member->flow);
	member->handled = false;
}

/* Begin a message, with the lock held.  A request that is given up from now on is handled. */
static void begin_message_of(struct member *member, struct ump__message *message)
{
	member->slot->busy = true;
	member->handled = ump__kind_of(message) != UMP__KIND_REQUEST ||
			  !ump__request_is_abandoned(ump__request_of(message));
	if (member->handled)
		count(member, 1);
}

/* Wait for the next message, and dequeue it; NULL: the worker must end. */
static struct ump__message *take(struct member *member)
{
	struct ump_workers *group = member->group;
	struct ump__lock *lock = &group->crowd->lock;
	struct ump__message *message;
	bool lingered = false;
	bool wakes = false;

	ump__lock_take(lock);
	settle_previous(member);
	while ((message = next(member)) == NULL && !group->over && !group->drained) {
		if (lingered || group->keyer != NULL) {
			idle(member);
			continue;
		}
		lingered = true;
		ump__lock_give(lock);
		ump__server_give_back(&member->receiver);
		(void)ump__server_linger(&member->receiver);
		ump__lock_take(lock);
	}
	if (message != NULL) {
		begin_message_of(member, message);
		wakes = share(group);
	}
	ump__lock_give(lock);
	if (wakes)
		ump__wake(&group->channel->inbox);
	return message;
}

/* ---- The loop ------------------------------------------------------------------------------- */

/* Call the handler's `request`, and let walks along the wait-for graph see what is at hand. */
static struct ump_flow pass_request(void *self, const void *msg, ump_reply_context **rc)
{
	struct member *member =
		(struct member *)(void *)((char *)ump__frame_top() -
					  offsetof(struct member, dispatcher.frame));
	struct ump_flow flow;

	member->slot->at_hand = rc;
	flow = member->request(self, msg, rc);
	member->slot->at_hand = NULL;
	return flow;
}

/* Handle one message, or skip it if its requester has given up. */
static void handle(struct member *member, struct ump__message *message)
{
	ump__server_permit_back(&member->group->channel->server);
	if (member->handled)
		member->outcome = ump__dispatcher_pass(&member->dispatcher, message, &member->flow);
	else
		ump__server_skip(&member->receiver, message);
}

/* Release the thread, as leave() in server/thread.c. */
static void leave(struct member *member)
{
	if (member->inherits)
		ump__signals_swap(member->signals);
	if (member->pooled != NULL)
		member->ends = !ump__pooled_idle(member->pooled, &member->dropped_thread.os);
	if (member->ends && ump__dropped_use(&member->dropped_thread))
		ump__frame_exit(&member->dispatcher.frame);
	else
		ump__frame_leave(&member->dispatcher.frame);
}

/* Hand over all threads and the memory, once the handle was dropped and all workers have ended. */
static void let_go(struct ump_workers *group)
{
	group->mark = UMP__MARK_DEAD;
	for (uint32_t i = 0; i < group->count; i++)
		ump__dropped_take(&group->members[i]->dropped_thread, group->members[i]->ends);
	ump__free(group);
}

/* Complete the end, as the last worker. */
static void end_group(struct ump_workers *group)
{
	struct ump__channel *channel = group->channel;
	struct ump_flow how = group->how;

	if (ump__answer_publish(&group->ended, UMP_OK, NULL))
		let_go(group);
	/* The receiver has a reference to the channel. */
	ump__server_ended(&channel->server, &how);
	ump__server_release(&channel->server);
}

/* Close the inbox, dispose of what is left, and find the outcome. */
static void close_inbox(struct member *member)
{
	struct ump_workers *group = member->group;

	group->how = ump__dispatcher_close(
		&group->channel->server, &member->dispatcher.handler, group->outcome, group->how);
}

/* End the worker, once its loop has ended: close the inbox if that is its part, wait for all
 * others, and end the handlers one after the other. */
static void finish(struct member *member)
{
	struct ump_workers *group = member->group;
	struct ump__dispatcher *dispatcher = &member->dispatcher;
	struct member *after = NULL;
	bool closes;
	bool last;

	ump__server_give_back(&member->receiver);
	ump__lock_take(&group->crowd->lock);
	closes = group->closer == member;
	ump__lock_give(&group->crowd->lock);
	if (closes)
		close_inbox(member);
	ump__lock_take(&group->crowd->lock);
	last = --group->running == 0;
	ump__lock_give(&group->crowd->lock);
	if (last && !group->over)
		close_inbox(member);
	if (last)
		(void)ump__answer_publish(&group->members[0]->turn, UMP_OK, NULL);
	(void)ump__answer_wait(&member->turn, UMP_FOREVER, UMP__CPU_UNKNOWN);
	if (dispatcher->handler.term != NULL) {
		ump__tools_call(NULL, NULL);
		group->how = dispatcher->handler.term(dispatcher->handler.self, group->how);
	}
	ump__dispatcher_end_handler(dispatcher);
	if (member->index + 1 < group->count)
		after = group->members[member->index + 1];
	leave(member);
	/* This worker's memory may be gone as soon as the last one has ended. */
	if (after != NULL)
		(void)ump__answer_publish(&after->turn, UMP_OK, NULL);
	else
		end_group(group);
}

/* Run the worker on its thread, from init to its end. */
static void serve(struct member *member)
{
	struct ump__dispatcher *dispatcher = &member->dispatcher;
	struct ump__message *message;
	int code;

	if (member->inherits)
		ump__signals_swap(member->signals);
	ump__frame_enter(&dispatcher->frame, member->group->channel);
	code = ump__dispatcher_init(dispatcher);
	(void)ump__answer_publish(&member->started, code, NULL);
	(void)ump__answer_wait(&member->go, UMP_FOREVER, UMP__CPU_UNKNOWN);
	if (member->go.code != UMP_OK) {
		ump__dispatcher_end_handler(dispatcher);
		leave(member);
		(void)ump__answer_publish(&member->turn, UMP_OK, NULL);
		return;
	}
	while ((message = take(member)) != NULL)
		handle(member, message);
	finish(member);
}

static void *run(void *arg)
{
	struct member *member = arg;

	ump__thread_name(member->name);
	serve(member);
	return NULL;
}

static void run_pooled(void *arg, struct ump__pooled *pooled)
{
	struct member *member = arg;

	member->pooled = pooled;
	ump__pooled_name(pooled, member->name);
	serve(member);
}

/* ---- Spawning ------------------------------------------------------------------------------- */

/* Build the handlers.  If one cannot be built, those before it are dropped. */
static int build(struct ump_workers *group, const struct ump_config *config,
	ump_handler_builder *builder, void *arg, ump_client *client)
{
	int result = UMP_OK;
	uint32_t built = 0;

	while (built < group->count) {
		struct ump__dispatcher *dispatcher = &group->members[built]->dispatcher;

		result = ump__dispatcher_build(dispatcher, config, builder, arg, client);
		if (result != UMP_OK)
			break;
		group->members[built]->request = dispatcher->handler.request;
		if (dispatcher->handler.request != NULL)
			dispatcher->handler.request = pass_request;
		built++;
	}
	if (result == UMP_OK)
		return UMP_OK;
	while (built > 0)
		ump__dispatcher_end_handler(&group->members[--built]->dispatcher);
	return result;
}

/* Run one worker on a thread. */
static int start(struct member *member, const struct ump_config *config)
{
	if (config->thread_pool != NULL)
		return ump__thread_pool_run(config->thread_pool, run_pooled, member);
	return ump__thread_start(&member->dropped_thread.os, run, member, config->stack_size);
}

/* Unwind, the last worker first: of `started` workers whose threads run, and of the others. */
static void unwind(struct ump_workers *group, uint32_t started)
{
	struct ump__channel *channel = group->channel;

	/* Must precede the rest, so that every client finds the server gone. */
	(void)ump__dispatcher_close(&channel->server, NULL, UMP__OUTCOME_NONE, ump_continue());
	for (uint32_t i = group->count; i-- > 0;) {
		struct member *member = group->members[i];

		if (i >= started) {
			ump__dispatcher_end_handler(&member->dispatcher);
			continue;
		}
		(void)ump__answer_publish(&member->go, 1, NULL);
		(void)ump__answer_wait(&member->turn, UMP_FOREVER, UMP__CPU_UNKNOWN);
		if (member->ends)
			(void)ump__thread_join(&member->dropped_thread.os, UMP_FOREVER);
	}
}

/* Let the workers take messages. */
static void begin(struct ump_workers *group)
{
	ump__lock_take(&group->crowd->lock);
	group->crowd->begun = true;
	ump__lock_give(&group->crowd->lock);
	for (uint32_t i = 0; i < group->count; i++)
		(void)ump__answer_publish(&group->members[i]->go, UMP_OK, NULL);
}

/* Start the threads, run each init on its own, and wait for the results. */
static int start_all(struct ump_workers *group, const struct ump_config *config)
{
	struct ump__wait wait;
	uint32_t started = 0;
	int result = UMP_OK;

	/* As start_and_wait() in server/thread.c. */
	(void)ump__wait_begin(&wait, group->channel, &group->ended.state, &group->begun);
	while (started < group->count && result == UMP_OK) {
		struct member *member = group->members[started];

		result = start(member, config);
		if (result != UMP_OK)
			break;
		started++;
		(void)ump__answer_wait(&member->started, UMP_FOREVER, UMP__CPU_UNKNOWN);
		result = member->started.code;
	}
	if (result == UMP_OK)
		ump__hint_set(&group->begun, 1);
	else
		unwind(group, started);
	ump__wait_end(&wait);
	return result;
}

static int spawn(struct ump_workers *group, const struct ump_config *config,
	ump_handler_builder *builder, void *arg, ump_client **client)
{
	ump_server *server;
	int result = ump__channel_open(&server, client, config);

	if (result != UMP_OK)
		return result;
	result = crowd_make(group, server->channel);
	if (result == UMP_OK)
		result = build(group, config, builder, arg, *client);
	else
		ump__server_close(server, NULL, NULL);
	if (result == UMP_OK)
		result = start_all(group, config);
	if (result != UMP_OK) {
		ump__server_release(server);
		ump_client_drop(client);
	}
	return result;
}

int ump_spawn_workers_sized(const struct ump_config *config, size_t config_size,
	size_t handler_size, ump_handler_builder *builder, void *arg, size_t count,
	ump_client **client, ump_workers **workers)
{
	struct ump_config checked;
	struct ump_workers *made;
	int result;

	UMP__REQUIRE_INSIDE();
	if (client != NULL)
		UMP__CLEAR(client);
	if (workers != NULL)
		UMP__CLEAR(workers);
	if (builder == NULL || client == NULL || workers == NULL || count == 0 ||
		count > UMP_WORKERS_MOST ||
		!ump__dispatcher_fits(&checked, config, config_size, handler_size))
		return UMP_INVALID;
	if (checked.thread_pool != NULL &&
		!ump__thread_pool_fit(checked.thread_pool, checked.stack_size))
		return UMP_INVALID;
	made = group_new(&checked, (uint32_t)count);
	if (made == NULL)
		return UMP_NO_MEMORY;
	result = spawn(made, &checked, builder, arg, client);
	if (result != UMP_OK) {
		group_free(made);
		return result;
	}
	*workers = made;
	begin(made);
	return UMP_OK;
}

/* ---- The handle ----------------------------------------------------------------------------- */

/* Return whether the calling thread is in a callback of a worker, or exits after that. */
static bool is_own(const struct ump_workers *group)
{
	const struct ump__frame *frame = ump__frame_top();

	while (frame != NULL && frame->channel != group->channel)
		frame = frame->outer;
	return frame != NULL;
}

/* Wait for the threads of workers that have ended, as join_thread() in server/thread.c. */
static int join_threads(struct ump_workers *group, ump_time deadline)
{
	struct ump__answer never;
	struct ump__wait wait;
	int result = UMP_OK;

	ump__answer_init(&never);
	if (!ump__wait_begin(&wait, group->channel, &never.state, NULL))
		return UMP_DEADLOCK;
	for (; group->joined < group->count && result == UMP_OK; group->joined++) {
		struct member *member = group->members[group->joined];

		if (member->ends)
			result = ump__thread_join(&member->dropped_thread.os, deadline);
		if (result != UMP_OK)
			break;
		/* The handle may be dropped after a join that times out at a later one. */
		member->ends = false;
	}
	ump__wait_end(&wait);
	return result;
}

int ump_workers_join(ump_workers **workers, struct ump_flow *how, ump_time deadline)
{
	struct ump_workers *joined;
	int result;

	if (workers == NULL || *workers == NULL)
		return UMP_INVALID;
	joined = *workers;
	ump__tools_owned(joined, sizeof *joined);
	UMP__REQUIRE_MARK(joined, UMP__MARK_WORKERS, "workers were joined after they were dropped");
	UMP__REQUIRE_OWN(joined->channel);
	UMP__REQUIRE_INSIDE();
	if (is_own(joined))
		return UMP_DEADLOCK;
	deadline = ump__deadline_at_call(deadline);
	result =
		ump__wait_answer(&joined->ended, joined->channel, NULL, deadline, UMP__CPU_UNKNOWN);
	if (result == UMP_OK)
		result = join_threads(joined, deadline);
	if (result != UMP_OK)
		return result;
	*workers = NULL;
	if (how != NULL) {
		*how = joined->how;
		ump__tools_written(how, sizeof *how);
	}
	group_free(joined);
	return UMP_OK;
}

int ump_workers_watch(const ump_workers *workers, ump_completions *completions, void *tag)
{
	if (workers == NULL || completions == NULL)
		return UMP_INVALID;
	ump__tools_owned(workers, sizeof *workers);
	ump__tools_owned(completions, sizeof *completions);
	UMP__REQUIRE_MARK(
		workers, UMP__MARK_WORKERS, "workers were watched after they were dropped");
	return ump__watch_make(workers->channel, completions, tag, &workers->how);
}

void ump_workers_drop(ump_workers **workers)
{
	struct ump_workers *dropped;
	uint32_t many;

	if (workers == NULL || *workers == NULL)
		return;
	dropped = *workers;
	*workers = NULL;
	UMP__REQUIRE_MARK(dropped, UMP__MARK_WORKERS, "workers were dropped twice, or are none");
	many = dropped->count;
	/* Must precede the abandonment, as in ump_thread_drop. */
	for (uint32_t i = 0; i < many; i++)
		ump__dropped_expect();
	if (ump__answer_abandon(&dropped->ended))
		let_go(dropped);
}

const struct ump_server *ump__workers_receiver(const ump_workers *workers, size_t index)
{
	UMP__REQUIRE_MARK(workers, UMP__MARK_WORKERS,
		"statistics of workers were read after they were dropped");
	return index < workers->count ? &workers->members[index]->receiver : NULL;
}
