/* SPDX-License-Identifier: 0BSD */
/* Handlers whose wait would be a deadlock, and handlers whose wait would not. */
#include "channel/channel.h"
#include "client/handle.h"
#include "probe.h"

#define SECOND INT64_C(1000000000)
#define NODES  5

/* A server whose handler does something to another one. */
struct node {
	struct probe probe;
	struct ump_config config;
	ump_client *client;
	ump_thread *thread;
	/* The node that its handler calls. */
	struct node *next;
	/* What its handler does, if anything, and the result. */
	int (*act)(struct node *node, int value);
	atomic_int result;
	/* Number of times it was done. */
	atomic_int acted;
	/* If set, the handler first posts `entered` and waits for `gate`. */
	bool held;
	sem_t entered;
	sem_t gate;
};

static struct node nodes[NODES];

/* Do the act, and reply with its result if the message is a request. */
static struct ump_flow act(struct probe *probe, const struct order *order, ump_reply_context **rc)
{
	struct node *node = probe->arg;
	int value = order->value;
	struct reply reply = {0, NULL};

	if (node->held) {
		sem_post(&node->entered);
		probe_wait(&node->gate);
	}
	if (node->act != NULL) {
		node->result = node->act(node, value);
		node->acted++;
	}
	reply.value = node->result;
	if (rc != NULL)
		(void)ump_reply(rc, &reply);
	return ump_continue();
}

static void node_init(
	struct node *node, struct node *next, int (*does)(struct node *node, int value))
{
	probe_init(&node->probe);
	node->probe.on_call = act;
	node->probe.arg = node;
	node->probe.config = &node->config;
	/* Large; it is bounded only so that stats report the depth. */
	node->config = probe_config;
	node->config.capacity = 1000;
	node->next = next;
	node->act = does;
	node->result = -100;
	node->acted = 0;
	node->held = false;
	sem_init(&node->entered, 0, 0);
	sem_init(&node->gate, 0, 0);
}

static void node_start(struct node *node)
{
	probe_spawn(&node->probe, &node->client, &node->thread);
}

static void node_end(struct node *node)
{
	ump_client_drop(&node->client);
	CHECK(!probe_join(&node->thread).stop);
}

/* Wait until a message lies in the inbox of a node that is in its handler.  A request lies there
 * only once its sender is known to wait; stats count it earlier, from when it took its permit. */
static void await_message(const struct node *node)
{
	while (!ump__inbox_is_node(ump__word_peek(&node->client->handle.channel->inbox)))
		check_nap(1);
}

/* Wait until nothing is queued. */
static void await_none(const struct node *node)
{
	struct ump_stats stats;

	do {
		check_nap(1);
		CHECK_INT(ump_client_stats(node->client, &stats), ==, UMP_OK);
	} while (stats.depth != 0);
}

/* What a node's handler may do.  Each function returns the library's result. */

static int request_until(const struct node *node, int value, ump_time deadline)
{
	struct order order = {OP_CALL, value, NULL};
	struct reply reply;
	int result = ump_client_req(node->client, &order, &reply, deadline);

	/* After a chain of requests: the result of the last one. */
	return result == UMP_OK ? reply.value : result;
}

static int request_next(struct node *node, int value)
{
	return value > 0 ? request_until(node->next, value - 1, UMP_FOREVER) : UMP_OK;
}

static int request_next_in_time(struct node *node, int value)
{
	(void)value;
	return request_until(node->next, 0, ump_after(60 * SECOND));
}

static int request_next_timed(struct node *node, int value)
{
	return value > 0 ? request_until(node->next, value - 1, ump_after(60 * SECOND)) : UMP_OK;
}

/* The first server waits with a deadline, the second without, and so on. */
static int alternate(struct node *node, int value)
{
	return (node - nodes) % 2 == 0 ? request_next_timed(node, value)
				       : request_next(node, value);
}

/* ---- A server and itself ------------------------------------------------------------------- */

static ump_wait_reply *own_reply;

static int try_self(struct node *node, int value)
{
	struct order order = {OP_CALL, 1, NULL};
	struct token token = {0};
	struct order valued = {OP_ECHO, 1, &token};
	struct reply reply;

	if (value != 0)
		return UMP_OK;
	CHECK_INT(request_until(node, 1, UMP_FOREVER), ==, UMP_DEADLOCK);
	CHECK_INT(request_until(node, 1, ump_after(60 * SECOND)), ==, UMP_DEADLOCK);
	/* Nothing was sent: the sender still owns the value. */
	CHECK_INT(ump_client_req(node->client, &valued, &reply, UMP_FOREVER), ==, UMP_DEADLOCK);
	CHECK_INT(ump_client_req(node->client, &valued, &reply, ump_after(60 * SECOND)), ==,
		UMP_DEADLOCK);
	CHECK_INT(token.dropped, ==, 0);
	/* Sending is allowed, and so is polling. */
	CHECK_INT(ump_client_req_async(node->client, &order, &own_reply), ==, UMP_OK);
	CHECK_INT(ump_wait_reply_try(&own_reply, &reply), ==, UMP_EMPTY);
	CHECK_INT(ump_wait_reply_wait(&own_reply, &reply, UMP_NOW), ==, UMP_TIMED_OUT);
	CHECK_INT(ump_wait_reply_wait(&own_reply, &reply, UMP_FOREVER), ==, UMP_DEADLOCK);
	CHECK_INT(
		ump_wait_reply_wait(&own_reply, &reply, ump_after(60 * SECOND)), ==, UMP_DEADLOCK);
	CHECK(own_reply != NULL);
	CHECK_INT(ump_thread_join(&node->thread, NULL, UMP_FOREVER), ==, UMP_DEADLOCK);
	CHECK_INT(ump_thread_join(&node->thread, NULL, UMP_NOW), ==, UMP_DEADLOCK);
	CHECK(node->thread != NULL);
	return UMP_OK;
}

static void oneself(void)
{
	struct node *node = &nodes[0];
	struct reply reply;
	struct ump_stats stats;

	node_init(node, NULL, try_self);
	/* Hold it, so that it has its own thread's handle by then. */
	node->held = true;
	node_start(node);
	probe_post(node->client, OP_CALL, 0);
	probe_wait(&node->entered);
	sem_post(&node->gate);
	sem_post(&node->gate);
	while (node->acted < 2)
		check_nap(1);
	/* Nothing was consumed: the reply still arrives. */
	CHECK_INT(ump_wait_reply_wait(&own_reply, &reply, UMP_FOREVER), ==, UMP_OK);
	CHECK_INT(reply.value, ==, UMP_OK);
	CHECK_INT(ump_client_stats(node->client, &stats), ==, UMP_OK);
	CHECK_INT(stats.handled, ==, 2);
	node_end(node);
}

static int fill_self(struct node *node, int value)
{
	struct order order = {OP_ECHO, 1, NULL};
	ump_wait_reply *reply = NULL;

	(void)value;
	CHECK_INT(ump_client_post_until(node->client, &order, UMP_FOREVER), ==, UMP_OK);
	CHECK_INT(ump_client_post(node->client, &order), ==, UMP_FULL);
	CHECK_INT(ump_client_post_until(node->client, &order, UMP_NOW), ==, UMP_FULL);
	CHECK_INT(ump_client_post_until(node->client, &order, UMP_FOREVER), ==, UMP_DEADLOCK);
	CHECK_INT(ump_client_post_until(node->client, &order, ump_after(60 * SECOND)), ==,
		UMP_DEADLOCK);
	CHECK_INT(ump_client_req_async_until(node->client, &order, &reply, UMP_FOREVER), ==,
		UMP_DEADLOCK);
	CHECK(reply == NULL);
	CHECK_INT(request_until(node, 0, UMP_FOREVER), ==, UMP_DEADLOCK);
	CHECK_INT(request_until(node, 0, ump_after(60 * SECOND)), ==, UMP_DEADLOCK);
	return UMP_OK;
}

static void own_capacity(void)
{
	struct node *node = &nodes[0];

	node_init(node, NULL, fill_self);
	node->config.capacity = 1;
	node_start(node);
	CHECK_INT(request_until(node, 1, UMP_FOREVER), ==, UMP_OK);
	await_none(node);
	node_end(node);
	CHECK_INT(node->probe.handled, ==, 2);
}

static int ask_in_builder(struct probe *probe, ump_client *lent)
{
	struct order order = {OP_ECHO, 7, NULL};
	struct reply reply;

	CHECK_INT(ump_client_req(lent, &order, &reply, UMP_FOREVER), ==, UMP_DEADLOCK);
	CHECK_INT(ump_client_req(lent, &order, &reply, ump_after(60 * SECOND)), ==, UMP_DEADLOCK);
	CHECK_INT(ump_client_req_async(lent, &order, &own_reply), ==, UMP_OK);
	CHECK_INT(ump_wait_reply_wait(&own_reply, &reply, UMP_FOREVER), ==, UMP_DEADLOCK);
	CHECK_INT(ump_client_post(lent, &order), ==, UMP_OK);
	(void)probe;
	return 0;
}

static void builder(void)
{
	struct node *node = &nodes[0];
	struct reply reply;

	node_init(node, NULL, NULL);
	node->probe.on_build = ask_in_builder;
	node_start(node);
	/* The request was the builder's, and its dispatch context has ended. */
	CHECK_INT(ump_wait_reply_wait(&own_reply, &reply, UMP_FOREVER), ==, UMP_OK);
	CHECK_INT(reply.value, ==, 7);
	node_end(node);
	CHECK_INT(node->probe.handled, ==, 2);
}

/* The callbacks of the end run once the inbox is closed, and a closed server cannot be waited
 * for. */
static void ask_at_end(struct probe *probe)
{
	struct node *node = probe->arg;
	struct order order = {OP_CALL, 0, NULL};
	ump_wait_reply *waiter;

	CHECK_INT(request_until(node, 0, UMP_FOREVER), ==, UMP_SERVER_GONE);
	CHECK_INT(request_until(node, 0, ump_after(60 * SECOND)), ==, UMP_SERVER_GONE);
	CHECK_INT(ump_client_post_until(node->client, &order, UMP_FOREVER), ==, UMP_SERVER_GONE);
	CHECK_INT(ump_client_post_until(node->client, &order, ump_after(60 * SECOND)), ==,
		UMP_SERVER_GONE);
	CHECK_INT(ump_client_req_async_until(node->client, &order, &waiter, UMP_FOREVER), ==,
		UMP_SERVER_GONE);
	node->acted++;
}

static void ask_leftover(struct probe *probe, ump_reply_context **rc)
{
	(void)rc;
	ask_at_end(probe);
}

static void ends(void)
{
	struct node *node = &nodes[0];

	node_init(node, NULL, NULL);
	node->probe.takes_leftovers = true;
	node->probe.on_left = ask_leftover;
	node->probe.on_term = ask_at_end;
	node->probe.on_drop = ask_at_end;
	node_start(node);
	probe_hold(&node->probe, node->client);
	probe_post(node->client, OP_BREAK, 1);
	probe_post(node->client, OP_ECHO, 1);
	probe_release(&node->probe);
	CHECK(probe_join(&node->thread).stop);
	CHECK_INT(node->acted, ==, 3);
	ump_client_drop(&node->client);
}

/* ---- Wait cycles --------------------------------------------------------------------------- */

/* `count` servers in a cycle, each of which sends a request to the next one. */
static void cycle(int count, int (*asks)(struct node *node, int value))
{
	for (int i = 0; i < count; i++) {
		node_init(&nodes[i], &nodes[(i + 1) % count], asks);
		node_start(&nodes[i]);
	}
	/* A full round closes the cycle: the last node finds that the first waits for it. */
	CHECK_INT(request_until(&nodes[0], count, UMP_FOREVER), ==, UMP_DEADLOCK);
	CHECK_INT(nodes[count - 1].result, ==, UMP_DEADLOCK);
	for (int i = 0; i < count; i++)
		CHECK_INT(nodes[i].acted, ==, 1);
	/* One request fewer is no cycle. */
	CHECK_INT(request_until(&nodes[0], count - 1, UMP_FOREVER), ==, UMP_OK);
	for (int i = 0; i < count; i++)
		CHECK_INT(nodes[i].acted, ==, 2);
	for (int i = 0; i < count; i++)
		node_end(&nodes[i]);
}

static void cycles(void)
{
	static int (*const asks[])(struct node *, int) = {
		request_next, request_next_timed, alternate};

	for (unsigned i = 0; i < sizeof asks / sizeof *asks; i++) {
		cycle(1, asks[i]);
		cycle(2, asks[i]);
		cycle(3, asks[i]);
		cycle(NODES, asks[i]);
	}
}

/* A cycle of `count` nodes into which all posts go at once.  A node that closes a cycle must get
 * UMP_DEADLOCK, and every other node its reply.  No node may hang. */
static void racing(int count, int (*asks)(struct node *node, int value))
{
	for (int i = 0; i < count; i++) {
		node_init(&nodes[i], &nodes[(i + 1) % count], asks);
		node_start(&nodes[i]);
	}
	for (int round = 0; round < 300; round++) {
		for (int i = 0; i < count; i++)
			probe_post(nodes[i].client, OP_CALL, 1);
		for (int i = 0; i < count; i++) {
			/* Each post, and at most one request for it. */
			while (nodes[i].probe.handled < round + 1)
				check_nap(0);
		}
	}
	for (int i = 0; i < count; i++)
		CHECK_INT(request_until(&nodes[i], 0, UMP_FOREVER), ==, UMP_OK);
	for (int i = 0; i < count; i++)
		node_end(&nodes[i]);
}

static void races(void)
{
	racing(2, request_next);
	check_progress();
	racing(3, request_next);
	check_progress();
	racing(2, alternate);
	check_progress();
	racing(3, request_next_timed);
}

/* ---- All kinds of waits -------------------------------------------------------------------- */

/* The first node does `does` while the second waits for it, by `waits`. */
static void while_waited_for(int (*does)(struct node *node, int value),
	int (*waits)(struct node *node, int value), size_t capacity)
{
	struct node *first = &nodes[0];
	struct node *second = &nodes[1];

	node_init(first, second, does);
	node_init(second, first, waits);
	first->held = true;
	second->config.capacity = capacity;
	node_start(first);
	node_start(second);
	probe_post(first->client, OP_CALL, 1);
	probe_wait(&first->entered);
	/* The second node must act only on this post, not on a request of the first. */
	probe_post(second->client, OP_CALL, 1);
	await_message(first);
	sem_post(&first->gate);
	while (first->acted < 1)
		check_nap(1);
	CHECK_INT(first->result, ==, UMP_DEADLOCK);
	/* Let the wait of the second node end. */
	first->act = NULL;
	first->result = UMP_OK;
	sem_post(&first->gate);
	while (second->acted < 1)
		check_nap(1);
	CHECK_INT(second->result, ==, UMP_OK);
	node_end(second);
	sem_post(&first->gate);
	node_end(first);
}

static int join_next(struct node *node, int value)
{
	int result = ump_thread_join(&node->next->thread, NULL, UMP_FOREVER);

	(void)value;
	CHECK_INT(ump_thread_join(&node->next->thread, NULL, ump_after(60 * SECOND)), ==, result);
	CHECK(node->next->thread != NULL);
	return result;
}

static int wait_for_next(struct node *node, int value)
{
	struct order order = {OP_ECHO, value, NULL};
	struct reply reply;
	ump_wait_reply *wait_reply;
	int result;

	CHECK_INT(ump_client_req_async(node->next->client, &order, &wait_reply), ==, UMP_OK);
	CHECK_INT(ump_wait_reply_try(&wait_reply, &reply), ==, UMP_EMPTY);
	result = ump_wait_reply_wait(&wait_reply, &reply, UMP_FOREVER);
	CHECK_INT(ump_wait_reply_wait(&wait_reply, &reply, ump_after(60 * SECOND)), ==, result);
	CHECK(wait_reply != NULL);
	ump_wait_reply_drop(&wait_reply);
	return result;
}

static int post_to_full(struct node *node, int value)
{
	struct order order = {OP_ECHO, value, NULL};
	int result;

	CHECK_INT(ump_client_post_until(node->next->client, &order, UMP_FOREVER), ==, UMP_OK);
	CHECK_INT(ump_client_post(node->next->client, &order), ==, UMP_FULL);
	result = ump_client_post_until(node->next->client, &order, UMP_FOREVER);
	CHECK_INT(ump_client_post_until(node->next->client, &order, ump_after(60 * SECOND)), ==,
		result);
	CHECK_INT(request_until(node->next, 0, UMP_FOREVER), ==, result);
	return result;
}

/* The node that a newly spawned server calls in its init. */
static struct node *called_by_init;

static int on_init(void *self, ump_weak_client *me)
{
	(void)self;
	(void)me;
	return request_until(called_by_init, 0, UMP_FOREVER);
}

static struct ump_flow ignore(void *self, const void *msg)
{
	(void)self;
	(void)msg;
	return ump_continue();
}

static int build_asker(void *arg, ump_client *lent, struct ump_handler *out)
{
	(void)arg;
	(void)lent;
	out->init = on_init;
	out->post = ignore;
	return 0;
}

static int spawn_asker(struct node *node, int value)
{
	struct ump_config config = {.post.size = 1};
	ump_client *client;
	ump_thread *thread;
	int result;

	(void)value;
	/* Its init calls its spawner, and then a node that waits for its spawner. */
	called_by_init = node;
	result = ump_spawn_thread(&config, build_asker, NULL, &client, &thread);
	called_by_init = node->next;
	CHECK_INT(ump_spawn_thread(&config, build_asker, NULL, &client, &thread), ==, result);
	CHECK(client == NULL);
	CHECK(thread == NULL);
	return result;
}

/* Wait with a deadline for the reply to a request that was sent before. */
static int wait_timed(struct node *node, int value)
{
	struct order order = {OP_CALL, value - 1, NULL};
	struct reply reply = {UMP_INVALID, NULL};
	ump_wait_reply *wait_reply;

	CHECK_INT(ump_client_req_async(node->next->client, &order, &wait_reply), ==, UMP_OK);
	CHECK_INT(ump_wait_reply_wait(&wait_reply, &reply, ump_after(60 * SECOND)), ==, UMP_OK);
	return reply.value;
}

static void all_waits(void)
{
	static int (*const waits[])(struct node *, int) = {
		request_next, request_next_timed, wait_timed};

	for (unsigned i = 0; i < sizeof waits / sizeof *waits; i++) {
		while_waited_for(request_next, waits[i], 1000);
		while_waited_for(request_next_in_time, waits[i], 1000);
		while_waited_for(wait_for_next, waits[i], 1000);
		while_waited_for(join_next, waits[i], 1000);
		while_waited_for(post_to_full, waits[i], 1);
		while_waited_for(spawn_asker, waits[i], 1000);
		check_progress();
	}
}

/* Waits of other kinds are detected by the second waiter, too. */

/* Result of the first node's wait; when it is called itself, it only replies. */
static atomic_int waited;

static int join_for_ever(struct node *node, int value)
{
	if (value != 0)
		waited = ump_thread_join(&node->next->thread, NULL, UMP_FOREVER);
	return UMP_OK;
}

static void seen_join(void)
{
	struct node *first = &nodes[0];
	struct node *second = &nodes[1];

	node_init(first, second, join_for_ever);
	node_init(second, first, request_next);
	second->held = true;
	node_start(first);
	node_start(second);
	probe_post(second->client, OP_CALL, 1);
	probe_wait(&second->entered);
	/* Join it while it is in its handler.  Either of the two may get UMP_DEADLOCK. */
	probe_post(first->client, OP_CALL, 1);
	check_nap(20);
	sem_post(&second->gate);
	while (second->acted < 1)
		check_nap(1);
	ump_client_drop(&second->client);
	while (first->acted < 1)
		check_nap(1);
	CHECK((waited == UMP_DEADLOCK) != (second->result == UMP_DEADLOCK));
	if (waited == UMP_OK)
		CHECK(second->thread == NULL);
	else
		CHECK(!probe_join(&second->thread).stop);
	node_end(first);
}

static int post_for_ever(struct node *node, int value)
{
	struct order order = {OP_ECHO, value, NULL};

	if (value != 0)
		waited = ump_client_post_until(node->next->client, &order, UMP_FOREVER);
	return UMP_OK;
}

static void seen_capacity(void)
{
	struct node *first = &nodes[0];
	struct node *second = &nodes[1];
	struct ump_stats stats;

	node_init(first, second, post_for_ever);
	node_init(second, first, request_next);
	second->held = true;
	second->config.capacity = 1;
	node_start(first);
	node_start(second);
	probe_post(second->client, OP_CALL, 1);
	probe_wait(&second->entered);
	probe_post(second->client, OP_ECHO, 1);
	/* It waits in the queue, or will before the second node sends its request. */
	probe_post(first->client, OP_CALL, 1);
	check_nap(20);
	sem_post(&second->gate);
	while (second->acted < 1)
		check_nap(1);
	while (first->acted < 1)
		check_nap(1);
	/* Exactly one got UMP_DEADLOCK; the other one went on. */
	CHECK((waited == UMP_DEADLOCK) != (second->result == UMP_DEADLOCK));
	CHECK_INT(ump_client_stats(second->client, &stats), ==, UMP_OK);
	node_end(second);
	node_end(first);
}

/* ---- No wait cycle ------------------------------------------------------------------------- */

static struct ump_flow answer_first(
	struct probe *probe, const struct order *order, ump_reply_context **rc)
{
	struct node *node = probe->arg;
	struct reply reply = {0, NULL};

	(void)order;
	/* The requester waits no longer once it has its reply, though it may not have woken yet. */
	CHECK_INT(ump_reply(rc, &reply), ==, UMP_OK);
	node->result = request_until(node->next, 0, UMP_FOREVER);
	CHECK_INT(node->result, ==, UMP_OK);
	node->acted++;
	return ump_continue();
}

static void answered(void)
{
	struct node *first = &nodes[0];
	struct node *second = &nodes[1];

	node_init(first, second, request_next);
	node_init(second, first, NULL);
	second->probe.on_call = answer_first;
	node_start(first);
	node_start(second);
	for (int i = 0; i < 1000; i++) {
		CHECK_INT(request_until(first, 1, UMP_FOREVER), ==, UMP_OK);
		/* The two are not ordered: the second node's request may arrive before this one. */
		while (second->acted < i + 1)
			check_nap(0);
	}
	node_end(second);
	node_end(first);
}

static struct ump_flow keep_and_ask(
	struct probe *probe, const struct order *order, ump_reply_context **rc)
{
	struct node *node = probe->arg;

	(void)order;
	probe->kept[0] = ump_reply_keep(rc);
	probe->kept_count++;
	node->result = request_until(node->next, 0, UMP_FOREVER);
	node->acted++;
	return ump_continue();
}

static void kept(void)
{
	struct node *first = &nodes[0];
	struct node *second = &nodes[1];
	struct reply reply = {0, NULL};

	node_init(first, second, request_next);
	node_init(second, first, NULL);
	second->probe.on_call = keep_and_ask;
	node_start(first);
	node_start(second);
	probe_post(first->client, OP_CALL, 1);
	/* They wait for each other, but the reply to the first one comes from here. */
	probe_await(&second->probe.kept_count, 1);
	await_message(first);
	CHECK_INT(second->acted, ==, 0);
	CHECK_INT(ump_reply(&second->probe.kept[0], &reply), ==, UMP_OK);
	while (second->acted < 1)
		check_nap(1);
	CHECK_INT(first->result, ==, UMP_OK);
	CHECK_INT(second->result, ==, UMP_OK);
	node_end(second);
	node_end(first);
}

/* Call the next node, which is held, until the deadline passes. */
static int request_for_a_while(struct node *node, int value)
{
	if (value == 0)
		return UMP_OK;
	CHECK_INT(request_until(node->next, 0, ump_after(SECOND / 50)), ==, UMP_TIMED_OUT);
	return UMP_OK;
}

/* A wait whose deadline has passed is none: the next node may call in turn. */
static void deadline_over(void)
{
	struct node *first = &nodes[0];
	struct node *second = &nodes[1];

	node_init(first, second, request_for_a_while);
	node_init(second, first, request_next);
	second->held = true;
	node_start(first);
	node_start(second);
	probe_post(second->client, OP_CALL, 1);
	probe_wait(&second->entered);
	CHECK_INT(request_until(first, 1, UMP_FOREVER), ==, UMP_OK);
	sem_post(&second->gate);
	while (second->acted < 1)
		check_nap(1);
	CHECK_INT(second->result, ==, UMP_OK);
	sem_post(&second->gate);
	node_end(second);
	node_end(first);
}

/* Waiting for a reply that has arrived is no wait, whatever its server waits for. */
static int wait_for_answered(struct node *node, int value)
{
	struct order order = {OP_ECHO, value, NULL};
	struct reply reply;
	ump_wait_reply *wait_reply;

	if (value == 0)
		return UMP_OK;
	CHECK_INT(ump_client_req_async(node->next->client, &order, &wait_reply), ==, UMP_OK);
	/* Then it goes on to call this node. */
	probe_post(node->next->client, OP_CALL, 1);
	await_message(node);
	CHECK_INT(ump_wait_reply_wait(&wait_reply, &reply, UMP_FOREVER), ==, UMP_OK);
	CHECK_INT(reply.value, ==, value);
	return UMP_DEADLOCK == request_until(node->next, 0, UMP_FOREVER) ? UMP_OK : UMP_INVALID;
}

static void answer_is_there(void)
{
	struct node *first = &nodes[0];
	struct node *second = &nodes[1];

	node_init(first, second, wait_for_answered);
	node_init(second, first, request_next);
	node_start(first);
	node_start(second);
	CHECK_INT(request_until(first, 5, UMP_FOREVER), ==, UMP_OK);
	node_end(second);
	node_end(first);
}

/* A raw receiving end has no handler: the library does not know what its owner waits for. */
static void raw_ends(void)
{
	struct node *first = &nodes[0];
	static struct node raw;
	ump_reply_context *rc;
	ump_server *server;
	const void *msg;
	struct reply reply = {0, NULL};

	node_init(first, &raw, request_next);
	node_start(first);
	probe_open(&server, &raw.client);
	probe_post(first->client, OP_CALL, 1);
	CHECK_INT(ump_server_wait(server, &msg, &rc, UMP_FOREVER), ==, UMP_OK);
	CHECK_INT(request_until(first, 0, ump_after(SECOND / 50)), ==, UMP_TIMED_OUT);
	CHECK_INT(ump_reply(&rc, &reply), ==, UMP_OK);
	node_end(first);
	CHECK_INT(first->result, ==, UMP_OK);
	ump_server_drop(&server);
	ump_client_drop(&raw.client);
}

/* Not a handler: it may wait for any server. */
static void no_handler(void)
{
	struct node *node = &nodes[0];

	node_init(node, NULL, NULL);
	node->result = UMP_OK;
	node_start(node);
	probe_hold(&node->probe, node->client);
	CHECK_INT(request_until(node, 0, ump_after(1000000)), ==, UMP_TIMED_OUT);
	CHECK_INT(ump_thread_join(&node->thread, NULL, ump_after(1000000)), ==, UMP_TIMED_OUT);
	probe_release(&node->probe);
	CHECK_INT(request_until(node, 0, UMP_FOREVER), ==, UMP_OK);
	node_end(node);
}

/* ---- Addresses that are reused ------------------------------------------------------------- */

static struct node shared;

static struct ump_flow ask_shared(void *self, const void *msg, ump_reply_context **rc)
{
	struct reply reply = {0, NULL};

	(void)self;
	(void)msg;
	reply.value = request_until(&shared, 0, UMP_FOREVER);
	CHECK_INT(ump_reply(rc, &reply), ==, UMP_OK);
	return ump_continue();
}

static int init_asks_shared(void *self, ump_weak_client *me)
{
	(void)self;
	(void)me;
	return request_until(&shared, 0, UMP_FOREVER);
}

static int build_short_life(void *arg, ump_client *lent, struct ump_handler *out)
{
	(void)arg;
	(void)lent;
	out->init = init_asks_shared;
	out->request = ask_shared;
	out->post = ignore;
	return 0;
}

/* Spawn, call, drop and join repeatedly: the channels reuse the same addresses. */
static int many_short_lives(struct node *node, int value)
{
	(void)node;
	for (int i = 0; i < value; i++) {
		static _Thread_local struct node made;
		struct ump_flow how;

		CHECK_INT(ump_spawn_thread(&probe_config, build_short_life, NULL, &made.client,
				  &made.thread),
			==, UMP_OK);
		CHECK_INT(request_until(&made, 0, UMP_FOREVER), ==, UMP_OK);
		ump_client_drop(&made.client);
		if (i % 3 == 0)
			ump_thread_drop(&made.thread);
		else
			CHECK_INT(ump_thread_join(&made.thread, &how, UMP_FOREVER), ==, UMP_OK);
		check_progress();
	}
	return UMP_OK;
}

static void addresses(void)
{
	node_init(&shared, NULL, NULL);
	shared.result = UMP_OK;
	node_start(&shared);
	for (int i = 0; i < 3; i++) {
		node_init(&nodes[i], NULL, many_short_lives);
		node_start(&nodes[i]);
		probe_post(nodes[i].client, OP_CALL, 100);
	}
	for (int i = 0; i < 3; i++) {
		node_end(&nodes[i]);
		CHECK_INT(nodes[i].result, ==, UMP_OK);
	}
	node_end(&shared);
}

/* ---- Tasks --------------------------------------------------------------------------------- */

static struct node inner;
static ump_task *inner_task;

/* A handler that runs a task: both handlers are active on one thread. */
static int run_inner(struct node *node, int value)
{
	(void)node;
	probe_post(inner.client, OP_CALL, value);
	CHECK(ump_task_dispatch(inner_task, 1));
	return inner.result;
}

/* Call the outer node, the node itself, and a node that calls the outer one. */
static int ask_outward(struct node *node, int value)
{
	CHECK_INT(request_until(node->next, 0, UMP_FOREVER), ==, UMP_DEADLOCK);
	CHECK_INT(request_until(node, 0, UMP_FOREVER), ==, UMP_DEADLOCK);
	(void)value;
	return request_until(&nodes[1], 1, UMP_FOREVER);
}

static void tasks(void)
{
	struct node *outer = &nodes[0];

	node_init(outer, NULL, run_inner);
	node_init(&nodes[1], outer, request_next);
	node_init(&inner, outer, ask_outward);
	/* The outer node's thread runs it. */
	inner.probe.without_init = true;
	probe_spawn_task(&inner.probe, &inner.client, &inner_task);
	node_start(outer);
	node_start(&nodes[1]);
	CHECK_INT(request_until(outer, 1, UMP_FOREVER), ==, UMP_DEADLOCK);
	CHECK_INT(nodes[1].result, ==, UMP_DEADLOCK);
	node_end(&nodes[1]);
	node_end(outer);
	/* The task is not inside any handler any more. */
	ump_client_drop(&inner.client);
	CHECK_INT(ump_task_run(inner_task, UMP_FOREVER), ==, UMP_OK);
	CHECK(!probe_join_task(&inner_task).stop);
}

/* ---- A blocked handler runs another server -------------------------------------------------- */

static struct node combining;
static ump_combining *combining_handle;
/* What the third node gets from the outer node and from the combining server. */
static atomic_int asked_outer, asked_combining;

/* The outer handler calls the combining server, which it runs itself, with a deadline or
 * without. */
static int ask_combining(struct node *node, int value)
{
	if (value == 0)
		return UMP_OK;
	node->result = UMP_OK;
	return request_until(&combining, value, value == 1 ? UMP_FOREVER : ump_after(60 * SECOND));
}

/* The combining server calls the third node, which calls both of the others.  Then the outer node
 * still waits for the combining server, but that one does not wait for any node. */
static int ask_third(struct node *node, int value)
{
	int result = request_until(&nodes[1], value, UMP_FOREVER);

	(void)node;
	CHECK_INT(result, ==, UMP_OK);
	CHECK_INT(asked_outer, ==, UMP_DEADLOCK);
	CHECK_INT(asked_combining, ==, UMP_DEADLOCK);
	probe_post(nodes[1].client, OP_CALL, -1);
	while (nodes[1].acted < 2)
		check_nap(1);
	CHECK_INT(asked_outer, ==, UMP_TIMED_OUT);
	return result;
}

static int ask_both(struct node *node, int value)
{
	ump_time deadline = value < 0 ? ump_after(SECOND / 100) : UMP_FOREVER;

	(void)node;
	asked_outer = request_until(&nodes[0], 0, deadline);
	if (value >= 0)
		asked_combining = request_until(&combining, 0, deadline);
	return UMP_OK;
}

static void runs_combining(int value)
{
	struct ump_flow how;

	node_init(&nodes[0], NULL, ask_combining);
	node_init(&nodes[1], NULL, ask_both);
	node_init(&combining, NULL, ask_third);
	combining.config.capacity = 0;
	probe_spawn_combining(&combining.probe, &combining.client, &combining_handle);
	node_start(&nodes[0]);
	node_start(&nodes[1]);
	CHECK_INT(request_until(&nodes[0], value, UMP_FOREVER), ==, UMP_OK);
	node_end(&nodes[0]);
	node_end(&nodes[1]);
	ump_client_drop(&combining.client);
	CHECK_INT(ump_combining_join(&combining_handle, &how, UMP_FOREVER), ==, UMP_OK);
}

static void blocked_runs(void)
{
	runs_combining(1);
	check_progress();
	runs_combining(2);
}

static const struct check_test tests[] = {
	{"[deadlock] a handler that waits for itself gets UMP_DEADLOCK; the alternatives work",
		oneself},
	{"[deadlock] [bound] a handler that waits for a permit of its own inbox gets UMP_DEADLOCK",
		own_capacity},
	{"[deadlock] [init] a builder that waits for its server gets UMP_DEADLOCK", builder},
	{"[deadlock] [gone] in leftover, term and drop the own server is gone", ends},
	{"[deadlock] wait cycles of 1, 2, 3 and 5 servers", cycles},
	{"[deadlock] wait cycles that all servers close at the same time", races},
	{"[deadlock] requests, replies, joins, capacity and init of a server that waits for the "
	 "caller",
		all_waits},
	{"[deadlock] a join is seen by the wait that closes the cycle", seen_join},
	{"[deadlock] [bound] a wait for a permit is seen by the wait that closes the cycle",
		seen_capacity},
	{"[deadlock] a caller that was answered waits no longer", answered},
	{"[deadlock] [keep] a kept context closes no cycle", kept},
	{"[deadlock] [deadline] a wait whose deadline has passed closes no cycle", deadline_over},
	{"[deadlock] an answer that is there needs no wait", answer_is_there},
	{"[deadlock] [deadline] nothing is known of raw receiving ends", raw_ends},
	{"[deadlock] threads that are not handlers may wait for any server", no_handler},
	{"[deadlock] [init] no false alarm for servers that come and go", addresses},
	{"[deadlock] [task] a handler that runs a task is at work for both", tasks},
	{"[deadlock] [combining] a handler that is blocked runs another server", blocked_runs},
};

CHECK_MAIN(tests)
