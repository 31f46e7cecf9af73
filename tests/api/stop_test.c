/* SPDX-License-Identifier: 0BSD */
/* Stops from outside. */
#include "channel/channel.h"
#include "client/handle.h"
#include "probe.h"

#include <string.h>

static struct probe probe;
static ump_client *client;

/* The values of stops: each counts how often it was dropped, and on which thread. */
struct value {
	atomic_int dropped;
	pthread_t thread;
};

static struct value values[4];

static void drop_value(void *arg)
{
	struct value *value = arg;

	value->thread = pthread_self();
	value->dropped++;
}

static void prepare(void)
{
	memset(values, 0, sizeof values);
	probe_init(&probe);
	probe.takes_leftovers = true;
}

static int stop(int number)
{
	return ump_client_stop(client, &values[number], drop_value);
}

/* ---- A thread ------------------------------------------------------------------------------ */

/* A full inbox refuses a post, and takes a stop; the messages are undelivered, in order. */
static void overtakes_a_full_inbox(void)
{
	struct ump_config config = probe_config;
	struct order order = {OP_ECHO, 4, NULL};
	struct token tokens[2] = {{0}, {0}};
	ump_wait_reply *wait_reply;
	struct reply reply;
	ump_thread *thread;
	struct ump_flow how;

	prepare();
	config.capacity = 3;
	probe.config = &config;
	probe_spawn(&probe, &client, &thread);
	probe_hold(&probe, client);
	CHECK_INT(ump_client_post(client, &(struct order){OP_ECHO, 1, &tokens[0]}), ==, UMP_OK);
	wait_reply = probe_req_async(client, OP_ECHO, 2, &tokens[1]);
	probe_post(client, OP_BREAK, 3);
	CHECK_INT(ump_client_post(client, &order), ==, UMP_FULL);
	CHECK_INT(stop(0), ==, UMP_OK);
	/* The first one counts. */
	CHECK_INT(stop(1), ==, UMP_SERVER_GONE);
	probe_release(&probe);
	how = probe_join(&thread);
	CHECK(how.stop && how.value == &values[0]);
	CHECK_INT(probe.handled, ==, 1);
	CHECK_INT(probe.lefts, ==, 3);
	for (int i = 0; i < 3; i++)
		CHECK_INT(probe.left_log[i], ==, i + 1);
	CHECK(probe.term_saw.stop && probe.term_saw.value == &values[0]);
	CHECK_INT(tokens[0].left, ==, 1);
	CHECK_INT(ump_wait_reply_wait(&wait_reply, &reply, UMP_FOREVER), ==, UMP_SERVER_GONE);
	CHECK_INT(tokens[1].dropped, ==, 1);
	CHECK_INT(values[0].dropped + values[1].dropped, ==, 0);
	CHECK_INT(stop(2), ==, UMP_SERVER_GONE);
	CHECK_INT(values[2].dropped, ==, 0);
	CHECK_INT(ump_client_post(client, &order), ==, UMP_SERVER_GONE);
	ump_client_drop(&client);
}

/* The messages that are queued behind this undelivered one. */
static int behind;

static void check_depth(struct probe *self, ump_reply_context **rc)
{
	struct ump_stats stats;

	(void)self;
	(void)rc;
	CHECK_INT(ump_client_stats(client, &stats), ==, UMP_OK);
	CHECK_INT(stats.depth, ==, behind);
	behind--;
}

/* The permit of the message at hand was released when it was dequeued, and no other one. */
static void permits_are_exact(void)
{
	struct ump_config config = probe_config;
	ump_thread *thread;
	struct ump_stats stats;

	prepare();
	config.capacity = 4;
	behind = 3;
	probe.on_left = check_depth;
	probe.config = &config;
	probe_spawn(&probe, &client, &thread);
	probe_hold(&probe, client);
	for (int i = 0; i < 4; i++)
		probe_post(client, OP_ECHO, i);
	CHECK_INT(stop(0), ==, UMP_OK);
	probe_release(&probe);
	CHECK(probe_join(&thread).stop);
	CHECK_INT(ump_client_stats(client, &stats), ==, UMP_OK);
	CHECK_INT(stats.depth, ==, 0);
	CHECK_INT(stats.handled, ==, 1);
	CHECK_INT(probe.lefts, ==, 4);
	ump_client_drop(&client);
}

static void wakes_a_sleeper(void)
{
	ump_thread *thread;
	struct ump_flow how;

	prepare();
	probe_spawn(&probe, &client, &thread);
	check_nap(5);
	CHECK_INT(stop(0), ==, UMP_OK);
	how = probe_join(&thread);
	CHECK(how.stop && how.value == &values[0]);
	CHECK_INT(probe.handled, ==, 0);
	ump_client_drop(&client);
}

/* The handler's own break is the outcome, and the value of the stop is dropped. */
static void a_break_at_hand_wins(void)
{
	ump_thread *thread;
	struct ump_flow how;

	prepare();
	probe_spawn(&probe, &client, &thread);
	probe.on_call = NULL;
	probe_hold(&probe, client);
	probe_post(client, OP_BREAK, 7);
	CHECK_INT(stop(0), ==, UMP_OK);
	probe_release(&probe);
	how = probe_join(&thread);
	/* The break was queued, not at hand. */
	CHECK(how.stop && how.value == &values[0]);
	CHECK_INT(probe.lefts, ==, 1);
	CHECK_INT(values[0].dropped, ==, 0);
	ump_client_drop(&client);
}

/* Stop the server inside its own callback; the order's value says what to return. */
static struct ump_flow stop_inside(
	struct probe *self, const struct order *order, ump_reply_context **rc)
{
	struct reply reply = {order->value, NULL};

	CHECK_INT(ump_weak_client_stop(self->me, &values[0], drop_value), ==, UMP_OK);
	CHECK_INT(ump_weak_client_stop(self->me, &values[1], NULL), ==, UMP_SERVER_GONE);
	if (rc != NULL)
		CHECK_INT(ump_reply(rc, &reply), ==, UMP_OK);
	return order->value != 0 ? ump_break(self) : ump_continue();
}

static void inside(bool breaks)
{
	ump_thread *thread;
	struct ump_flow how;

	prepare();
	probe.on_call = stop_inside;
	probe_spawn(&probe, &client, &thread);
	probe_hold(&probe, client);
	probe_post(client, OP_CALL, breaks);
	probe_post(client, OP_ECHO, 2);
	probe_release(&probe);
	how = probe_join(&thread);
	CHECK(how.stop && how.value == (breaks ? (void *)&probe : &values[0]));
	CHECK_INT(probe.handled, ==, 2);
	CHECK_INT(probe.lefts, ==, 1);
	CHECK_INT(values[0].dropped, ==, breaks);
	if (breaks)
		CHECK(pthread_equal(values[0].thread, probe.dispatcher));
	CHECK_INT(values[1].dropped, ==, 0);
	ump_client_drop(&client);
}

static void inside_the_handler(void)
{
	inside(false);
}

static void inside_a_handler_that_breaks(void)
{
	inside(true);
}

/* With no `drop`, there is nothing to call. */
static struct ump_flow stop_and_break(
	struct probe *self, const struct order *order, ump_reply_context **rc)
{
	(void)order;
	(void)rc;
	CHECK_INT(ump_weak_client_stop(self->me, &values[0], NULL), ==, UMP_OK);
	return ump_break(self);
}

static void without_drop(void)
{
	ump_thread *thread;

	prepare();
	probe.on_call = stop_and_break;
	probe_spawn(&probe, &client, &thread);
	probe_post(client, OP_CALL, 0);
	CHECK(probe_join(&thread).value == &probe);
	ump_client_drop(&client);
}

/* Callbacks of the end come too late. */
static void stop_late(struct probe *self)
{
	CHECK_INT(ump_weak_client_stop(self->me, &values[1], drop_value), ==, UMP_SERVER_GONE);
}

static void stop_left(struct probe *self, ump_reply_context **rc)
{
	(void)rc;
	stop_late(self);
}

static void too_late_at_the_end(void)
{
	ump_thread *thread;

	prepare();
	probe.on_left = stop_left;
	probe.on_term = stop_late;
	probe.on_drop = stop_late;
	probe_spawn(&probe, &client, &thread);
	probe_hold(&probe, client);
	probe_post(client, OP_ECHO, 1);
	CHECK_INT(stop(0), ==, UMP_OK);
	probe_release(&probe);
	CHECK(probe_join(&thread).value == &values[0]);
	CHECK_INT(probe.lefts, ==, 1);
	CHECK_INT(values[1].dropped, ==, 0);
	ump_client_drop(&client);
}

/* ---- Handles ------------------------------------------------------------------------------- */

static void every_handle(void)
{
	ump_post_client *post_client;
	ump_weak_client *weak;
	ump_thread *thread;

	prepare();
	probe_spawn(&probe, &client, &thread);
	CHECK_INT(ump_client_post_client(client, &post_client), ==, UMP_OK);
	CHECK_INT(ump_client_weak(client, &weak), ==, UMP_OK);
	CHECK_INT(ump_post_client_stop(post_client, &values[0], drop_value), ==, UMP_OK);
	CHECK_INT(ump_weak_client_stop(weak, &values[1], drop_value), ==, UMP_SERVER_GONE);
	CHECK(probe_join(&thread).value == &values[0]);
	ump_post_client_drop(&post_client);
	ump_client_drop(&client);
	CHECK_INT(ump_weak_client_stop(weak, &values[1], drop_value), ==, UMP_CLIENTS_GONE);
	ump_weak_client_drop(&weak);
	CHECK_INT(values[0].dropped + values[1].dropped, ==, 0);
}

/* The stop lies before the end of the last client, whatever is queued. */
static void before_the_last_drop(void)
{
	ump_weak_client *weak;
	ump_thread *thread;

	prepare();
	probe_spawn(&probe, &client, &thread);
	CHECK_INT(ump_client_weak(client, &weak), ==, UMP_OK);
	probe_hold(&probe, client);
	probe_post(client, OP_ECHO, 1);
	CHECK_INT(ump_weak_client_stop(weak, &values[0], drop_value), ==, UMP_OK);
	ump_client_drop(&client);
	CHECK_INT(ump_weak_client_stop(weak, &values[1], drop_value), ==, UMP_CLIENTS_GONE);
	probe_release(&probe);
	CHECK(probe_join(&thread).value == &values[0]);
	CHECK_INT(probe.lefts, ==, 1);
	ump_weak_client_drop(&weak);
}

/* Too many strong clients. */
static void overflow(void)
{
	uint64_t few;
	ump_thread *thread;
	ump_weak_client *weak;
	struct ump__counts *counts;

	prepare();
	probe_spawn(&probe, &client, &thread);
	CHECK_INT(ump_client_weak(client, &weak), ==, UMP_OK);
	counts = &client->handle.channel->counts;
	few = atomic_load(&counts->value);
	atomic_store(&counts->value, few | UINT64_C(0xffffffff00000000));
	CHECK_INT(ump_weak_client_stop(weak, &values[0], drop_value), ==, UMP_OVERFLOW);
	atomic_store(&counts->value, few);
	ump_weak_client_drop(&weak);
	ump_client_drop(&client);
	CHECK(!probe_join(&thread).stop);
	CHECK_INT(values[0].dropped, ==, 0);
}

static void misuse(void)
{
	ump_server *server;
	const void *msg;
	ump_reply_context *rc;

	prepare();
	CHECK_INT(ump_client_stop(NULL, &values[0], drop_value), ==, UMP_INVALID);
	CHECK_INT(ump_post_client_stop(NULL, &values[0], drop_value), ==, UMP_INVALID);
	CHECK_INT(ump_weak_client_stop(NULL, &values[0], drop_value), ==, UMP_INVALID);
	/* A loop of the application cannot be stopped. */
	probe_open(&server, &client);
	CHECK_INT(stop(0), ==, UMP_INVALID);
	CHECK_INT(ump_server_try_pop(server, &msg, &rc), ==, UMP_EMPTY);
	ump_client_drop(&client);
	CHECK_INT(ump_server_try_pop(server, &msg, &rc), ==, UMP_CLIENTS_GONE);
	ump_server_drop(&server);
	CHECK_INT(values[0].dropped, ==, 0);
}

/* ---- The beginning ------------------------------------------------------------------------- */

static ump_client *cloned;

static int stop_in_builder(struct probe *self, ump_client *lent)
{
	(void)self;
	probe_post(lent, OP_ECHO, 1);
	CHECK_INT(ump_client_clone(lent, &cloned), ==, UMP_OK);
	CHECK_INT(ump_client_stop(cloned, &values[0], drop_value), ==, UMP_OK);
	return 0;
}

static void in_the_builder(void)
{
	ump_combining *combining;
	ump_thread *thread;
	ump_task *task;

	prepare();
	probe.on_build = stop_in_builder;
	probe_spawn(&probe, &client, &thread);
	CHECK(probe_join(&thread).value == &values[0]);
	CHECK_INT(probe.inits, ==, 1);
	CHECK_INT(probe.handled, ==, 0);
	CHECK_INT(probe.lefts, ==, 1);
	ump_client_drop(&cloned);
	ump_client_drop(&client);

	prepare();
	probe.on_build = stop_in_builder;
	probe_spawn_task(&probe, &client, &task);
	CHECK(probe_readable(ump_task_fd(task)));
	CHECK(!ump_task_dispatch(task, 1));
	CHECK(probe_join_task(&task).value == &values[0]);
	CHECK_INT(probe.lefts, ==, 1);
	ump_client_drop(&cloned);
	ump_client_drop(&client);

	prepare();
	probe.on_build = stop_in_builder;
	probe_spawn_combining(&probe, &client, &combining);
	CHECK(probe_join_combining(&combining).value == &values[0]);
	CHECK_INT(probe.handled, ==, 0);
	CHECK_INT(probe.lefts, ==, 1);
	ump_client_drop(&cloned);
	ump_client_drop(&client);
}

/* Init fails: there is no loop, and the value of the stop is dropped. */
static void in_a_builder_whose_init_fails(void)
{
	ump_thread *thread;

	prepare();
	probe.on_build = stop_in_builder;
	probe.init_result = 9;
	CHECK_INT(probe_spawn_result(&probe, &client, &thread), ==, 9);
	CHECK_INT(values[0].dropped, ==, 1);
	CHECK_INT(probe.lefts, ==, 0);
	CHECK_INT(ump_client_stop(cloned, &values[1], drop_value), ==, UMP_SERVER_GONE);
	ump_client_drop(&cloned);
	CHECK_INT(values[1].dropped, ==, 0);
}

static int only_stop(struct probe *self, ump_client *lent)
{
	(void)self;
	CHECK_INT(ump_client_stop(lent, &values[0], drop_value), ==, UMP_OK);
	return 0;
}

/* The system creates no thread. */
static void without_a_thread(void)
{
	ump_thread *thread;
	int refused = 0;

	for (int n = 0;; n++) {
		int result;

		prepare();
		probe.on_build = only_stop;
		faults_at(n);
		result = probe_spawn_result(&probe, &client, &thread);
		if (!faults_off()) {
			CHECK_INT(result, ==, UMP_OK);
			break;
		}
		refused += result == UMP_NO_THREAD;
		CHECK_INT(values[0].dropped, ==, probe.built);
	}
	CHECK_INT(refused, ==, 1);
	CHECK(probe_join(&thread).value == &values[0]);
	ump_client_drop(&client);
}

/* ---- A task -------------------------------------------------------------------------------- */

static ump_task *task;
static ump_suspension *suspension;

/* An idle task's descriptor becomes readable. */
static void wakes_a_task(void)
{
	prepare();
	probe_spawn_task(&probe, &client, &task);
	CHECK(ump_task_dispatch(task, 0));
	CHECK(!probe_readable(ump_task_fd(task)));
	CHECK_INT(stop(0), ==, UMP_OK);
	CHECK(probe_readable(ump_task_fd(task)));
	CHECK(!ump_task_dispatch(task, 0));
	CHECK(!probe_readable(ump_task_fd(task)));
	CHECK(probe_join_task(&task).value == &values[0]);
	ump_client_drop(&client);
}

/* What was taken from the inbox, and not handled yet. */
static void in_the_middle_of_a_batch(void)
{
	prepare();
	probe_spawn_task(&probe, &client, &task);
	for (int i = 0; i < 4; i++)
		probe_post(client, OP_ECHO, i);
	CHECK(ump_task_dispatch(task, 2));
	CHECK_INT(stop(0), ==, UMP_OK);
	CHECK(!ump_task_dispatch(task, 1));
	CHECK_INT(probe.handled, ==, 2);
	CHECK_INT(probe.lefts, ==, 2);
	CHECK_INT(probe.left_log[0], ==, 2);
	CHECK_INT(probe.left_log[1], ==, 3);
	CHECK(probe_join_task(&task).value == &values[0]);
	ump_client_drop(&client);
}

/* Those that were given up are skipped, not undelivered. */
static void given_up_at_hand(void)
{
	ump_wait_reply *wait_reply;
	struct token token = {0};

	prepare();
	probe_spawn_task(&probe, &client, &task);
	wait_reply = probe_req_async(client, OP_ECHO, 1, &token);
	CHECK_INT(stop(0), ==, UMP_OK);
	ump_wait_reply_drop(&wait_reply);
	CHECK(!ump_task_dispatch(task, 0));
	CHECK_INT(probe.lefts, ==, 0);
	CHECK_INT(token.dropped, ==, 1);
	CHECK(probe_join_task(&task).value == &values[0]);
	ump_client_drop(&client);
}

static struct ump_flow suspend(
	struct probe *self, const struct order *order, ump_reply_context **rc)
{
	(void)order;
	if (rc != NULL)
		self->kept[self->kept_count++] = ump_reply_keep(rc);
	suspension = ump_suspend();
	CHECK(suspension != NULL);
	return ump_pending();
}

static void begin_suspended(void)
{
	prepare();
	probe.on_call = suspend;
	probe_spawn_task(&probe, &client, &task);
	probe_post(client, OP_CALL, 1);
	probe_post(client, OP_ECHO, 2);
	CHECK(ump_task_dispatch(task, 0));
	CHECK_INT(stop(0), ==, UMP_OK);
	CHECK(!probe_readable(ump_task_fd(task)));
	CHECK(ump_task_dispatch(task, 0));
	CHECK_INT(probe.lefts, ==, 0);
}

/* A suspended handler is the message at hand. */
static void takes_effect_after_a_resume(void)
{
	begin_suspended();
	CHECK_INT(ump_task_resume(&suspension, ump_continue()), ==, UMP_OK);
	CHECK(probe_readable(ump_task_fd(task)));
	CHECK(!ump_task_dispatch(task, 0));
	CHECK_INT(probe.handled, ==, 1);
	CHECK_INT(probe.lefts, ==, 1);
	CHECK_INT(values[0].dropped, ==, 0);
	CHECK(probe_join_task(&task).value == &values[0]);
	ump_client_drop(&client);
}

static void resumed_with_a_break(void)
{
	begin_suspended();
	CHECK_INT(ump_task_resume(&suspension, ump_break(&probe)), ==, UMP_OK);
	CHECK(!ump_task_dispatch(task, 0));
	CHECK_INT(values[0].dropped, ==, 1);
	CHECK_INT(probe.lefts, ==, 1);
	CHECK(probe_join_task(&task).value == &probe);
	ump_client_drop(&client);
}

/* A task that is dropped ends by its stop; `term` gets the value. */
static void dropped_after_a_stop(void)
{
	begin_suspended();
	ump_task_drop(&task);
	CHECK(probe.term_saw.stop && probe.term_saw.value == &values[0]);
	CHECK_INT(values[0].dropped, ==, 0);
	CHECK_INT(ump_task_resume(&suspension, ump_continue()), ==, UMP_SERVER_GONE);
	ump_client_drop(&client);

	begin_suspended();
	CHECK_INT(ump_task_resume(&suspension, ump_break(&probe)), ==, UMP_OK);
	ump_task_drop(&task);
	CHECK(probe.term_saw.value == &probe);
	CHECK_INT(values[0].dropped, ==, 1);
	ump_client_drop(&client);
}

/* A kept context is not the message at hand: it is answered after the end. */
static void kept_contexts_stay(void)
{
	ump_wait_reply *wait_reply;
	struct reply reply;

	prepare();
	probe_spawn_task(&probe, &client, &task);
	wait_reply = probe_req_async(client, OP_KEEP, 1, NULL);
	CHECK(ump_task_dispatch(task, 0));
	CHECK_INT(stop(0), ==, UMP_OK);
	CHECK(!ump_task_dispatch(task, 0));
	CHECK(probe_join_task(&task).value == &values[0]);
	CHECK_INT(ump_reply(&probe.kept[0], &(struct reply){5, NULL}), ==, UMP_OK);
	CHECK_INT(ump_wait_reply_try(&wait_reply, &reply), ==, UMP_OK);
	CHECK_INT(reply.value, ==, 5);
	ump_client_drop(&client);
}

/* With a time limit, the dispatcher looks closer at each message anyway. */
static void with_a_slow_limit(void)
{
	struct ump_config config = probe_config;

	prepare();
	config.slow_limit = INT64_C(3600000000000);
	probe.config = &config;
	probe_spawn_task(&probe, &client, &task);
	probe_post(client, OP_ECHO, 1);
	probe_post(client, OP_ECHO, 2);
	CHECK(ump_task_dispatch(task, 1));
	CHECK_INT(stop(0), ==, UMP_OK);
	CHECK(!ump_task_dispatch(task, 0));
	CHECK_INT(probe.handled, ==, 1);
	CHECK_INT(probe.lefts, ==, 1);
	CHECK(probe_join_task(&task).value == &values[0]);
	ump_client_drop(&client);
}

/* ---- A combining server -------------------------------------------------------------------- */

static ump_combining *combining;

static void of_an_idle_combining_server(void)
{
	struct ump_flow how;

	prepare();
	probe.roams = true;
	probe_spawn_combining(&probe, &client, &combining);
	CHECK_INT(probe_req(client, OP_ECHO, 1, NULL), ==, UMP_OK);
	/* This thread becomes the combiner, and ends the server. */
	CHECK_INT(stop(0), ==, UMP_OK);
	CHECK_INT(probe.drops, ==, 1);
	CHECK_INT(probe_req(client, OP_ECHO, 1, NULL), ==, UMP_SERVER_GONE);
	how = probe_join_combining(&combining);
	CHECK(how.stop && how.value == &values[0]);
	ump_client_drop(&client);
}

static void *request(void *arg)
{
	int *result = arg;

	*result = probe_req(client, OP_ECHO, 8, NULL);
	return NULL;
}

static void *hold(void *arg)
{
	(void)arg;
	CHECK_INT(probe_req(client, OP_GATE, 1, NULL), ==, UMP_OK);
	return NULL;
}

/* Another thread is the combiner, and its inbox holds messages; with a budget of one it hands off
 * its role to a caller whose own request is undelivered then. */
static void while_a_combiner_runs(size_t budget)
{
	struct ump_config config = probe_config;
	pthread_t combiner;
	pthread_t requester;
	struct ump_stats stats;
	int result = UMP_OK;

	prepare();
	config.budget = budget;
	config.capacity = 10;
	probe.config = &config;
	probe.roams = true;
	probe_spawn_combining(&probe, &client, &combining);
	CHECK_INT(pthread_create(&combiner, NULL, hold, NULL), ==, 0);
	probe_wait(&probe.entered);
	CHECK_INT(pthread_create(&requester, NULL, request, &result), ==, 0);
	do {
		check_nap(1);
		CHECK_INT(ump_client_stats(client, &stats), ==, UMP_OK);
	} while (stats.depth != 1);
	probe_post(client, OP_ECHO, 9);
	CHECK_INT(stop(0), ==, UMP_OK);
	CHECK_INT(probe.lefts, ==, 0);
	probe_release(&probe);
	CHECK_INT(pthread_join(requester, NULL), ==, 0);
	CHECK_INT(pthread_join(combiner, NULL), ==, 0);
	CHECK_INT(result, ==, UMP_SERVER_GONE);
	CHECK_INT(probe.handled, ==, 1);
	CHECK(probe_join_combining(&combining).value == &values[0]);
	ump_client_drop(&client);
}

static void while_another_thread_combines(void)
{
	while_a_combiner_runs(0);
	while_a_combiner_runs(1);
}

/* In the handler of a request that its caller runs. */
static void inside_a_combiner(bool breaks)
{
	struct ump_flow how;
	int answer;

	prepare();
	probe.on_call = stop_inside;
	probe.roams = true;
	probe_spawn_combining(&probe, &client, &combining);
	CHECK_INT(probe_req(client, OP_CALL, breaks, &answer), ==, UMP_OK);
	CHECK_INT(answer, ==, breaks);
	how = probe_join_combining(&combining);
	CHECK(how.value == (breaks ? (void *)&probe : &values[0]));
	CHECK_INT(values[0].dropped, ==, breaks);
	ump_client_drop(&client);
}

static void inside_combiners(void)
{
	inside_a_combiner(false);
	inside_a_combiner(true);
}

/* A request that its caller would run, once the bit of the stop is set and its marker is not queued
 * yet: it is undelivered, and its caller ends the server. */
static void before_the_marker(void)
{
	struct ump__channel *channel;

	prepare();
	probe.roams = true;
	probe_spawn_combining(&probe, &client, &combining);
	channel = client->handle.channel;
	/* What ump_client_stop does up to then. */
	CHECK(ump__stop_is_claimed(ump__attention_claim(&channel->attention)));
	CHECK_INT(stop(1), ==, UMP_SERVER_GONE);
	CHECK_INT(probe_req(client, OP_ECHO, 1, NULL), ==, UMP_OK);
	channel->stop.value = &values[0];
	channel->stop.drop = drop_value;
	CHECK(ump__stop_is_accepted(ump__attention_stop(&channel->attention)));
	CHECK_INT(probe_req(client, OP_ECHO, 2, NULL), ==, UMP_SERVER_GONE);
	CHECK_INT(probe.handled, ==, 1);
	CHECK_INT(probe.lefts, ==, 1);
	CHECK(probe_join_combining(&combining).value == &values[0]);
	CHECK_INT(ump__channel_push_eos(channel), ==, UMP_SERVER_GONE);
	ump_client_drop(&client);
}

/* `leftover` answers, or keeps, a request that its caller has run. */
static void answered_as_leftover(bool keeps)
{
	struct ump__channel *channel;
	pthread_t thread;
	int result = UMP_OK;

	prepare();
	probe.roams = true;
	probe.answers_leftovers = !keeps;
	probe.keeps_leftovers = keeps;
	probe_spawn_combining(&probe, &client, &combining);
	channel = client->handle.channel;
	(void)ump__attention_claim(&channel->attention);
	channel->stop.value = &values[0];
	channel->stop.drop = drop_value;
	(void)ump__attention_stop(&channel->attention);
	CHECK_INT(pthread_create(&thread, NULL, request, &result), ==, 0);
	if (keeps) {
		probe_await(&probe.kept_count, 1);
		CHECK_INT(ump_reply(&probe.kept[0], &(struct reply){8, NULL}), ==, UMP_OK);
	}
	CHECK_INT(pthread_join(thread, NULL), ==, 0);
	CHECK_INT(result, ==, UMP_OK);
	CHECK_INT(probe.lefts, ==, 1);
	CHECK(probe_join_combining(&combining).value == &values[0]);
	ump_client_drop(&client);
}

static void leftover_takes_over(void)
{
	answered_as_leftover(false);
	answered_as_leftover(true);
}

/* ---- Races --------------------------------------------------------------------------------- */

#define ROUNDS   200
#define STOPPERS 3

static ump_client *racing[STOPPERS];
static int raced[STOPPERS];

static void *race(void *arg)
{
	int number = (int)(intptr_t)arg;

	raced[number] = ump_client_stop(racing[number], &values[number], drop_value);
	ump_client_drop(&racing[number]);
	return NULL;
}

/* Stoppers race with each other, with a break, and with the drop of the last client: each accepted
 * value is the outcome, or was dropped. */
static void races(void)
{
	for (int round = 0; round < ROUNDS; round++) {
		pthread_t stoppers[STOPPERS];
		ump_thread *thread;
		struct ump_flow how;
		int accepted = 0;

		check_progress();
		prepare();
		probe_spawn(&probe, &client, &thread);
		for (int i = 0; i < STOPPERS; i++)
			CHECK_INT(ump_client_clone(client, &racing[i]), ==, UMP_OK);
		for (int i = 0; i < STOPPERS; i++)
			CHECK_INT(pthread_create(&stoppers[i], NULL, race, (void *)(intptr_t)i), ==,
				0);
		if (round % 2 == 0)
			(void)ump_client_post(client, &(struct order){OP_BREAK, 7, NULL});
		ump_client_drop(&client);
		for (int i = 0; i < STOPPERS; i++)
			CHECK_INT(pthread_join(stoppers[i], NULL), ==, 0);
		how = probe_join(&thread);
		CHECK(how.stop);
		for (int i = 0; i < STOPPERS; i++) {
			bool outcome = how.value == &values[i];

			CHECK(raced[i] == UMP_OK || raced[i] == UMP_SERVER_GONE);
			CHECK_INT(values[i].dropped + outcome, ==, raced[i] == UMP_OK);
			accepted += raced[i] == UMP_OK;
		}
		CHECK_INT(accepted, <=, 1);
		CHECK(accepted == 1 || (intptr_t)how.value == 7);
	}
}

/* Senders that wait for capacity get UMP_SERVER_GONE. */
static void *push(void *arg)
{
	struct order order = {OP_ECHO, 1, NULL};

	*(int *)arg = ump_client_post_until(client, &order, UMP_FOREVER);
	return NULL;
}

static void releases_blocked_senders(void)
{
	struct ump_config config = probe_config;
	pthread_t sender;
	int result = UMP_OK;
	ump_thread *thread;

	prepare();
	config.capacity = 1;
	probe.config = &config;
	probe_spawn(&probe, &client, &thread);
	probe_hold(&probe, client);
	probe_post(client, OP_ECHO, 1);
	CHECK_INT(pthread_create(&sender, NULL, push, &result), ==, 0);
	check_nap(5);
	CHECK_INT(stop(0), ==, UMP_OK);
	probe_release(&probe);
	CHECK(probe_join(&thread).value == &values[0]);
	CHECK_INT(pthread_join(sender, NULL), ==, 0);
	/* Its message may have been accepted as a permit was released; then it is undelivered. */
	CHECK(result == UMP_SERVER_GONE || probe.lefts == 2);
	CHECK_INT(probe.handled, ==, 1);
	ump_client_drop(&client);
}

static const struct check_test tests[] = {
	{"[stop] [bound] a stop needs no capacity, and overtakes what is queued",
		overtakes_a_full_inbox},
	{"[stop] [bound] no permit is released twice", permits_are_exact},
	{"[stop] [quiet] a stop wakes a server that sleeps", wakes_a_sleeper},
	{"[stop] [break] a queued break comes too late", a_break_at_hand_wins},
	{"[stop] by the handler, after the message", inside_the_handler},
	{"[stop] [break] the handler's own break is the outcome, and the value is dropped",
		inside_a_handler_that_breaks},
	{"[stop] a value without drop", without_drop},
	{"[stop] leftover, term and drop come too late", too_late_at_the_end},
	{"[stop] by each kind of client", every_handle},
	{"[stop] [weak] [drain] a stop lies before the end of the last client",
		before_the_last_drop},
	{"[stop] [weak] too many strong clients", overflow},
	{"[stop] [misuse] wrong arguments, and a raw receiving end", misuse},
	{"[stop] [init] in the builder: nothing is handled", in_the_builder},
	{"[stop] [init] init fails: the value is dropped", in_a_builder_whose_init_fails},
	{"[stop] [init] [clean] spawn fails: the value is dropped", without_a_thread},
	{"[stop] [task] [quiet] an idle task's descriptor becomes readable", wakes_a_task},
	{"[stop] [task] in the middle of a batch", in_the_middle_of_a_batch},
	{"[stop] [origin] what was given up is skipped", given_up_at_hand},
	{"[stop] [suspend] a suspended handler is the message at hand",
		takes_effect_after_a_resume},
	{"[stop] [suspend] [break] it is resumed with a break", resumed_with_a_break},
	{"[stop] [suspend] [task] the task is dropped", dropped_after_a_stop},
	{"[stop] [keep] kept contexts outlive it", kept_contexts_stay},
	{"[stop] with a time limit for callbacks", with_a_slow_limit},
	{"[stop] [combining] its caller ends an idle server", of_an_idle_combining_server},
	{"[stop] [combining] while another thread is the combiner", while_another_thread_combines},
	{"[stop] [combining] in the handler of a caller that runs it", inside_combiners},
	{"[stop] [combining] [gone] a caller finds the stop before its marker", before_the_marker},
	{"[stop] [combining] [keep] leftover answers or keeps its request", leftover_takes_over},
	{"[stop] [once] races of stops, breaks and drops", races},
	{"[stop] [bound] [gone] senders that wait for capacity", releases_blocked_senders},
};

CHECK_MAIN(tests)
