/* SPDX-License-Identifier: 0BSD */
/* Handlers of a task that suspend, and are resumed. */
#include "channel/channel.h"
#include "client/handle.h"
#include "probe.h"

#include <poll.h>

static struct probe probe;
static ump_client *client;
static ump_task *task;

/* The handler's suspension, and the number of refused ones. */
static ump_suspension *suspended;
static int refused;

static void spawn(void)
{
	suspended = NULL;
	refused = 0;
	probe_spawn_task(&probe, &client, &task);
}

static bool readable(void)
{
	return probe_readable(ump_task_fd(task));
}

/* Suspend; a request is kept. */
static struct ump_flow suspend(
	struct probe *self, const struct order *order, ump_reply_context **rc)
{
	(void)order;
	CHECK(suspended == NULL);
	suspended = ump_suspend();
	CHECK(suspended != NULL);
	/* A handler can suspend only once. */
	CHECK(ump_suspend() == NULL);
	if (rc != NULL) {
		self->kept[self->kept_count] = ump_reply_keep(rc);
		self->kept_count++;
	}
	return ump_pending();
}

static void resume(struct ump_flow flow)
{
	CHECK_INT(ump_task_resume(&suspended, flow), ==, UMP_OK);
	CHECK(suspended == NULL);
}

static void end(void)
{
	ump_client_drop(&client);
	CHECK_INT(ump_task_run(task, UMP_FOREVER), ==, UMP_OK);
	CHECK(!probe_join_task(&task).stop);
}

static void prepare(void)
{
	probe_init(&probe);
	probe.on_call = suspend;
	probe.takes_leftovers = true;
	spawn();
}

static void takes_no_other(void)
{
	struct ump_stats stats;

	prepare();
	probe_post(client, OP_CALL, 1);
	probe_post(client, OP_ECHO, 2);
	CHECK(ump_task_dispatch(task, 0));
	CHECK_INT(probe.handled, ==, 1);
	CHECK(suspended != NULL);
	/* There is a message, but it must wait. */
	CHECK(!readable());
	probe_post(client, OP_ECHO, 3);
	CHECK(!readable());
	CHECK(ump_task_dispatch(task, 0));
	CHECK(ump_task_dispatch(task, 100));
	CHECK_INT(ump_task_run(task, ump_after(1000000)), ==, UMP_TIMED_OUT);
	CHECK_INT(probe.handled, ==, 1);
	CHECK(!readable());
	CHECK_INT(ump_client_stats(client, &stats), ==, UMP_OK);
	CHECK(stats.busy);
	CHECK_INT(ump_task_join(&task, NULL), ==, UMP_EMPTY);
	resume(ump_continue());
	CHECK(readable());
	CHECK_INT(probe.handled, ==, 1);
	CHECK(ump_task_dispatch(task, 1));
	CHECK_INT(probe.handled, ==, 2);
	CHECK(readable());
	CHECK(ump_task_dispatch(task, 0));
	CHECK_INT(probe.handled, ==, 3);
	CHECK(!readable());
	CHECK_INT(ump_client_stats(client, &stats), ==, UMP_OK);
	CHECK(!stats.busy);
	for (int i = 0; i < 3; i++)
		CHECK_INT(probe.log[i], ==, i + 1);
	end();
}

/* Resumed while nothing else is queued: the notifier must be raised once, and not again. */
static void alone(void)
{
	prepare();
	probe_post(client, OP_CALL, 1);
	CHECK(ump_task_dispatch(task, 1));
	CHECK(!readable());
	resume(ump_continue());
	CHECK(readable());
	CHECK(ump_task_dispatch(task, 1));
	CHECK(!readable());
	probe_post(client, OP_ECHO, 1);
	CHECK(readable());
	end();
	CHECK_INT(probe.handled, ==, 2);
}

static const struct order *held;

static struct ump_flow suspend_and_look(
	struct probe *self, const struct order *order, ump_reply_context **rc)
{
	held = order;
	return suspend(self, order, rc);
}

static void message_stays(void)
{
	struct reply reply = {4, NULL};
	ump_wait_reply *wait_reply;

	prepare();
	probe.on_call = suspend_and_look;
	probe_post(client, OP_CALL, 1234);
	CHECK(ump_task_dispatch(task, 0));
	probe_post(client, OP_ECHO, 5);
	CHECK(ump_task_dispatch(task, 0));
	/* AddressSanitizer checks these reads. */
	CHECK_INT(held->value, ==, 1234);
	resume(ump_continue());
	CHECK_INT(held->value, ==, 1234);
	CHECK(ump_task_dispatch(task, 0));
	/* That of a request lasts until it is answered, as always. */
	wait_reply = probe_req_async(client, OP_CALL, 4321, NULL);
	CHECK(ump_task_dispatch(task, 0));
	resume(ump_continue());
	CHECK(ump_task_dispatch(task, 0));
	CHECK_INT(held->value, ==, 4321);
	CHECK_INT(ump_wait_reply_try(&wait_reply, &reply), ==, UMP_EMPTY);
	CHECK_INT(ump_reply(&probe.kept[0], &reply), ==, UMP_OK);
	CHECK_INT(ump_wait_reply_try(&wait_reply, &reply), ==, UMP_OK);
	CHECK_INT(reply.value, ==, 4);
	end();
}

/* A request that was neither answered nor kept is forgotten, suspended or not. */
static struct ump_flow suspend_and_forget(
	struct probe *self, const struct order *order, ump_reply_context **rc)
{
	(void)rc;
	return suspend(self, order, NULL);
}

static void forgets(void)
{
	ump_wait_reply *reply;

	prepare();
	probe.on_call = suspend_and_forget;
	reply = probe_req_async(client, OP_CALL, 1, NULL);
	CHECK(ump_task_dispatch(task, 0));
	CHECK_INT(ump_wait_reply_try(&reply, &(struct reply){0}), ==, UMP_NO_REPLY);
	resume(ump_continue());
	end();
}

static struct ump_flow suspend_and_break(
	struct probe *self, const struct order *order, ump_reply_context **rc)
{
	(void)suspend(self, order, rc);
	/* It has suspended, whatever it returns. */
	return ump_break(&probe);
}

static void flow_is_the_resumers(void)
{
	struct ump_flow how;

	prepare();
	probe.on_call = suspend_and_break;
	probe_post(client, OP_CALL, 1);
	CHECK(ump_task_dispatch(task, 0));
	resume(ump_continue());
	CHECK(ump_task_dispatch(task, 0));
	probe_post(client, OP_CALL, 2);
	probe_post(client, OP_ECHO, 3);
	CHECK(ump_task_dispatch(task, 0));
	resume(ump_break(&client));
	CHECK(!ump_task_dispatch(task, 1));
	CHECK_INT(probe.handled, ==, 2);
	CHECK_INT(probe.lefts, ==, 1);
	CHECK(!readable());
	how = probe_join_task(&task);
	CHECK(how.stop);
	CHECK(how.value == &client);
	ump_client_drop(&client);
}

/* ---- Resumed at other times ---------------------------------------------------------------- */

static struct ump_flow suspend_and_resume(
	struct probe *self, const struct order *order, ump_reply_context **rc)
{
	(void)suspend(self, order, rc);
	resume(order->value == 9 ? ump_break(&probe) : ump_continue());
	/* The callback's one suspension is used up. */
	CHECK(ump_suspend() == NULL);
	return ump_pending();
}

static void before_the_return(void)
{
	prepare();
	probe.on_call = suspend_and_resume;
	for (int i = 0; i < 3; i++)
		probe_post(client, OP_CALL, i);
	CHECK(ump_task_dispatch(task, 2));
	CHECK_INT(probe.handled, ==, 2);
	CHECK(readable());
	CHECK(ump_task_dispatch(task, 0));
	CHECK_INT(probe.handled, ==, 3);
	CHECK(!readable());
	probe_post(client, OP_CALL, 9);
	CHECK(!ump_task_dispatch(task, 0));
	CHECK(probe_join_task(&task).value == &probe);
	ump_client_drop(&client);
}

static void *resume_later(void *arg)
{
	ump_suspension *resumed = arg;

	check_nap(1);
	CHECK_INT(ump_task_resume(&resumed, ump_continue()), ==, UMP_OK);
	return NULL;
}

static pthread_t resumer;

static struct ump_flow hand_to_thread(
	struct probe *self, const struct order *order, ump_reply_context **rc)
{
	(void)suspend(self, order, rc);
	CHECK_INT(pthread_create(&resumer, NULL, resume_later, suspended), ==, 0);
	pthread_detach(resumer);
	suspended = NULL;
	/* So that it sometimes comes before the return. */
	if (order->value % 2 == 0)
		check_nap(1);
	return ump_pending();
}

static void by_another_thread(void)
{
	struct pollfd wanted = {.events = POLLIN};

	prepare();
	probe.on_call = hand_to_thread;
	for (int i = 0; i < 50; i++)
		probe_post(client, OP_CALL, i);
	ump_client_drop(&client);
	wanted.fd = ump_task_fd(task);
	do {
		while (poll(&wanted, 1, -1) != 1)
			continue;
	} while (ump_task_dispatch(task, 0));
	CHECK_INT(probe.handled, ==, 50);
	CHECK(!probe_join_task(&task).stop);
}

static void by_another_thread_run(void)
{
	prepare();
	probe.on_call = hand_to_thread;
	for (int i = 0; i < 50; i++)
		probe_post(client, OP_CALL, i);
	ump_client_drop(&client);
	CHECK_INT(ump_task_run(task, UMP_FOREVER), ==, UMP_OK);
	CHECK_INT(probe.handled, ==, 50);
	CHECK(!probe_join_task(&task).stop);
}

/* ---- Ends ---------------------------------------------------------------------------------- */

static void last_client_goes(void)
{
	prepare();
	probe_post(client, OP_CALL, 1);
	CHECK(ump_task_dispatch(task, 0));
	probe_post(client, OP_ECHO, 2);
	ump_client_drop(&client);
	CHECK(!readable());
	CHECK(ump_task_dispatch(task, 0));
	CHECK_INT(ump_task_run(task, ump_after(1000000)), ==, UMP_TIMED_OUT);
	CHECK_INT(probe.terms, ==, 0);
	resume(ump_continue());
	CHECK(readable());
	CHECK_INT(ump_task_run(task, UMP_FOREVER), ==, UMP_OK);
	CHECK_INT(probe.handled, ==, 2);
	CHECK(!probe_join_task(&task).stop);
}

static void resume_after_drop(void)
{
	struct ump_flow flow = ump_break(&probe);

	prepare();
	probe_post(client, OP_CALL, 1);
	probe_post(client, OP_ECHO, 2);
	CHECK(ump_task_dispatch(task, 0));
	ump_task_drop(&task);
	CHECK_INT(probe.handled, ==, 1);
	CHECK_INT(probe.lefts, ==, 1);
	CHECK_INT(probe.terms, ==, 1);
	CHECK_INT(probe.drops, ==, 1);
	CHECK(probe.term_saw.value == NULL);
	CHECK_INT(ump_task_resume(&suspended, flow), ==, UMP_SERVER_GONE);
	CHECK(suspended == NULL);
	ump_client_drop(&client);
	/* The same when everything else was dropped first. */
	prepare();
	probe_post(client, OP_CALL, 1);
	CHECK(ump_task_dispatch(task, 0));
	ump_task_drop(&task);
	ump_client_drop(&client);
	CHECK_INT(faults_notifiers(), ==, 0);
	CHECK_INT(ump_task_resume(&suspended, flow), ==, UMP_SERVER_GONE);
	CHECK_INT(ump_task_resume(&suspended, flow), ==, UMP_INVALID);
}

/* Resumed with a break, and dropped before the break took effect.  The resumer got UMP_OK, so the
 * break must count, and its value must not be lost. */
static void drop_after_resume(void)
{
	prepare();
	probe_post(client, OP_CALL, 1);
	CHECK(ump_task_dispatch(task, 0));
	resume(ump_break(&probe));
	ump_task_drop(&task);
	CHECK_INT(probe.terms, ==, 1);
	CHECK(probe.term_saw.value == &probe);
	ump_client_drop(&client);
}

static struct ump_flow suspend_and_drop(
	struct probe *self, const struct order *order, ump_reply_context **rc)
{
	int value = order->value;

	(void)suspend(self, order, rc);
	ump_task_drop(&task);
	if (value == 2)
		resume(ump_continue());
	return ump_pending();
}

static void dropped_in_the_callback(void)
{
	prepare();
	probe.on_call = suspend_and_drop;
	probe_post(client, OP_CALL, 1);
	probe_post(client, OP_ECHO, 2);
	CHECK(!ump_task_dispatch(task, 0));
	CHECK_INT(probe.handled, ==, 1);
	CHECK_INT(probe.lefts, ==, 1);
	CHECK_INT(probe.drops, ==, 1);
	CHECK_INT(ump_task_resume(&suspended, ump_continue()), ==, UMP_SERVER_GONE);
	ump_client_drop(&client);
	/* The same if it is resumed before it returns: nothing more is handled. */
	prepare();
	probe.on_call = suspend_and_drop;
	probe_post(client, OP_CALL, 2);
	probe_post(client, OP_ECHO, 3);
	CHECK(!ump_task_dispatch(task, 0));
	CHECK_INT(probe.handled, ==, 1);
	CHECK_INT(probe.lefts, ==, 1);
	CHECK_INT(probe.drops, ==, 1);
	ump_client_drop(&client);
}

/* ---- Where it is refused ------------------------------------------------------------------- */

static int refuse_in_builder(struct probe *self, ump_client *lent)
{
	(void)self;
	(void)lent;
	refused += ump_suspend() == NULL;
	return 0;
}

static void refuse(struct probe *self)
{
	(void)self;
	refused += ump_suspend() == NULL;
}

static void refuse_left(struct probe *self, ump_reply_context **rc)
{
	(void)rc;
	refuse(self);
}

static struct ump_flow refuse_call(
	struct probe *self, const struct order *order, ump_reply_context **rc)
{
	(void)order;
	(void)rc;
	refuse(self);
	/* Without a suspension it is the same as ump_continue. */
	return ump_pending();
}

static void elsewhere(void)
{
	ump_thread *thread;

	refused = 0;
	CHECK(ump_suspend() == NULL);
	/* In all callbacks of a task but request and post. */
	prepare();
	probe.on_left = refuse_left;
	probe.on_term = refuse;
	probe.on_drop = refuse;
	probe_post(client, OP_BREAK, 1);
	probe_post(client, OP_ECHO, 1);
	CHECK(!ump_task_dispatch(task, 0));
	CHECK_INT(refused, ==, 3);
	ump_task_drop(&task);
	ump_client_drop(&client);
	/* And in a thread. */
	probe_init(&probe);
	refused = 0;
	probe.on_build = refuse_in_builder;
	probe.on_call = refuse_call;
	probe_spawn(&probe, &client, &thread);
	probe_post(client, OP_CALL, 1);
	probe_post(client, OP_CALL, 1);
	ump_client_drop(&client);
	CHECK(!probe_join(&thread).stop);
	CHECK_INT(probe.handled, ==, 2);
	CHECK_INT(refused, ==, 3);
}

static void on_slow(void *arg, int64_t took, bool request)
{
	(void)arg;
	(void)took;
	(void)request;
	refused += ump_suspend() == NULL;
}

static struct ump_flow dawdle(struct probe *self, const struct order *order, ump_reply_context **rc)
{
	(void)self;
	(void)order;
	(void)rc;
	check_nap(2);
	return ump_continue();
}

/* The slow-handler callback is neither request nor post. */
static void in_slow_handler(void)
{
	struct ump_config config = probe_config;

	config.slow_limit = 1000;
	config.slow_handler = on_slow;
	probe_init(&probe);
	probe.config = &config;
	probe.on_call = dawdle;
	spawn();
	probe_post(client, OP_CALL, 1);
	CHECK(ump_task_dispatch(task, 1));
	CHECK_INT(refused, ==, 1);
	end();
}

/* Set the counts as if the task had the maximum number of references. */
static struct ump_flow suspend_at_limit(
	struct probe *self, const struct order *order, ump_reply_context **rc)
{
	_Atomic uint64_t *counts = &client->handle.channel->counts.value;
	uint64_t before = *counts;

	*counts = UMP__COUNTS_STRONG + UMP__COUNTS_MAX;
	refuse(self);
	*counts = before;
	(void)order;
	(void)rc;
	return ump_continue();
}

static void too_many(void)
{
	prepare();
	probe.on_call = suspend_at_limit;
	probe_post(client, OP_CALL, 1);
	CHECK(ump_task_dispatch(task, 0));
	CHECK_INT(refused, ==, 1);
	end();
}

static struct ump_flow pend(struct probe *self, const struct order *order, ump_reply_context **rc)
{
	(void)self;
	(void)order;
	(void)rc;
	CHECK(!ump_pending().stop);
	return ump_pending();
}

static void pending_alone(void)
{
	prepare();
	probe.on_call = pend;
	probe_post(client, OP_CALL, 1);
	probe_post(client, OP_CALL, 2);
	CHECK(ump_task_dispatch(task, 0));
	CHECK_INT(probe.handled, ==, 2);
	end();
}

/* ---- Two at once --------------------------------------------------------------------------- */

static struct probe outer_probe;
static ump_client *outer_client;
static ump_task *outer_task;
static ump_suspension *outer_suspended;

/* Run a task whose handler suspends, and then suspend: each has its own suspension. */
static struct ump_flow run_inner(
	struct probe *self, const struct order *order, ump_reply_context **rc)
{
	(void)self;
	(void)order;
	(void)rc;
	probe_post(client, OP_CALL, 1);
	CHECK(ump_task_dispatch(task, 0));
	CHECK(suspended != NULL);
	outer_suspended = ump_suspend();
	CHECK(outer_suspended != NULL);
	return ump_pending();
}

static void nested(void)
{
	prepare();
	probe_init(&outer_probe);
	outer_probe.on_call = run_inner;
	probe_spawn_task(&outer_probe, &outer_client, &outer_task);
	probe_post(outer_client, OP_CALL, 1);
	probe_post(outer_client, OP_ECHO, 2);
	CHECK(ump_task_dispatch(outer_task, 0));
	CHECK_INT(outer_probe.handled, ==, 1);
	CHECK_INT(probe.handled, ==, 1);
	resume(ump_continue());
	CHECK(readable());
	CHECK(!probe_readable(ump_task_fd(outer_task)));
	CHECK_INT(ump_task_resume(&outer_suspended, ump_continue()), ==, UMP_OK);
	CHECK(probe_readable(ump_task_fd(outer_task)));
	CHECK(ump_task_dispatch(outer_task, 0));
	CHECK_INT(outer_probe.handled, ==, 2);
	end();
	ump_client_drop(&outer_client);
	ump_task_drop(&outer_task);
}

/* A handler that awaits the reply of another server: the purpose of suspending. */
static ump_completions *completions;
static ump_client *asked;

static struct ump_flow await_other(
	struct probe *self, const struct order *order, ump_reply_context **rc)
{
	struct order question = {OP_ECHO, order->value + 100, NULL};

	(void)suspend(self, order, rc);
	CHECK_INT(ump_client_req_completion(asked, &question, completions, suspended), ==, UMP_OK);
	suspended = NULL;
	return ump_pending();
}

static void awaits(void)
{
	static struct probe server;
	ump_wait_reply *replies[5];
	ump_thread *thread;

	probe_init(&server);
	probe_spawn(&server, &asked, &thread);
	prepare();
	probe.on_call = await_other;
	CHECK_INT(ump_completions_open(&completions), ==, UMP_OK);
	for (int i = 0; i < 5; i++)
		replies[i] = probe_req_async(client, OP_CALL, i, NULL);
	for (int i = 0; i < 5; i++) {
		struct ump_completion completion;
		const struct reply *got;

		CHECK(ump_task_dispatch(task, 0));
		CHECK_INT(probe.handled, ==, i + 1);
		CHECK_INT(ump_completions_wait(completions, &completion, UMP_FOREVER), ==, UMP_OK);
		got = completion.reply;
		CHECK_INT(got->value, ==, i + 100);
		CHECK_INT(ump_reply(&probe.kept[i], got), ==, UMP_OK);
		CHECK_INT(ump_task_resume(&(ump_suspension *){completion.tag}, ump_continue()), ==,
			UMP_OK);
	}
	for (int i = 0; i < 5; i++) {
		struct reply reply;

		CHECK_INT(ump_wait_reply_try(&replies[i], &reply), ==, UMP_OK);
		CHECK_INT(reply.value, ==, i + 100);
	}
	ump_completions_drop(&completions);
	ump_client_drop(&asked);
	CHECK(!probe_join(&thread).stop);
	end();
}

/* ---- A suspension that names a server ------------------------------------------------------ */

/* Send the task a request from another task's handler, with a deadline `ns` away, or without
 * one. */
static int ask_task(int64_t ns)
{
	struct order order = {OP_ECHO, 1, NULL};
	struct reply reply;

	return ump_client_req(client, &order, &reply, ns != 0 ? ump_after(ns) : UMP_FOREVER);
}

#define LONG INT64_C(60000000000)

/* What the other handler must get from the task. */
static int expected;

static struct ump_flow ask_back(
	struct probe *self, const struct order *order, ump_reply_context **rc)
{
	struct reply reply = {0, NULL};

	(void)self;
	(void)order;
	if (expected != UMP_TIMED_OUT)
		CHECK_INT(ask_task(0), ==, expected);
	CHECK_INT(ask_task(expected == UMP_TIMED_OUT ? 1000000 : LONG), ==, expected);
	/* A post is not a wait. */
	probe_post(client, OP_ECHO, 2);
	if (rc != NULL)
		CHECK_INT(ump_reply(rc, &reply), ==, UMP_OK);
	return ump_continue();
}

static void ask_back_now(int result)
{
	expected = result;
	probe_post(outer_client, OP_CALL, 1);
	CHECK(ump_task_dispatch(outer_task, 0));
}

static struct ump_flow suspend_for_outer(
	struct probe *self, const struct order *order, ump_reply_context **rc)
{
	ump_suspension *none = (ump_suspension *)(void *)self;

	(void)order;
	(void)rc;
	CHECK_INT(ump_suspend_for(outer_client, NULL), ==, UMP_INVALID);
	CHECK_INT(ump_suspend_for(NULL, &none), ==, UMP_INVALID);
	CHECK(none == NULL);
	CHECK_INT(ump_suspend_for(outer_client, &suspended), ==, UMP_OK);
	CHECK(suspended != NULL);
	CHECK_INT(ump_suspend_for(outer_client, &none), ==, UMP_INVALID);
	CHECK(ump_suspend() == NULL);
	/* A wait of the callback itself hides the suspension's edge only while it lasts. */
	if (asked != NULL) {
		struct order question = {OP_ECHO, 3, NULL};
		struct reply reply;

		CHECK_INT(ump_client_req(asked, &question, &reply, UMP_FOREVER), ==, UMP_OK);
	}
	return ump_pending();
}

static void open_outer(void)
{
	probe_init(&outer_probe);
	outer_probe.on_call = ask_back;
	probe_spawn_task(&outer_probe, &outer_client, &outer_task);
	prepare();
	probe.on_call = suspend_for_outer;
	probe_post(client, OP_CALL, 1);
}

static void named(void)
{
	static struct probe server;
	ump_thread *thread;

	probe_init(&server);
	probe_spawn(&server, &asked, &thread);
	open_outer();
	CHECK(ump_task_dispatch(task, 0));
	ask_back_now(UMP_DEADLOCK);
	/* A suspension that was resumed is no wait, even before the task is run again. */
	resume(ump_continue());
	ask_back_now(UMP_TIMED_OUT);
	CHECK(ump_task_dispatch(task, 0));
	ask_back_now(UMP_TIMED_OUT);
	CHECK(ump_task_dispatch(task, 0));
	end();
	ump_task_drop(&outer_task);
	ump_client_drop(&outer_client);
	ump_client_drop(&asked);
	CHECK(!probe_join(&thread).stop);
}

/* The server that was named ends, and then the task. */
static void named_goes(void)
{
	open_outer();
	CHECK(ump_task_dispatch(task, 0));
	ump_client_drop(&outer_client);
	ump_task_drop(&outer_task);
	CHECK(ump_task_dispatch(task, 0));
	resume(ump_continue());
	end();

	open_outer();
	CHECK(ump_task_dispatch(task, 0));
	ump_task_drop(&task);
	expected = UMP_SERVER_GONE;
	probe_post(outer_client, OP_ECHO, 1);
	CHECK(ump_task_dispatch(outer_task, 0));
	CHECK_INT(ask_task(0), ==, UMP_SERVER_GONE);
	CHECK_INT(ump_task_resume(&suspended, ump_continue()), ==, UMP_SERVER_GONE);
	ump_client_drop(&client);
	ump_client_drop(&outer_client);
	ump_task_drop(&outer_task);
}

static struct ump_flow suspend_for_waiter(
	struct probe *self, const struct order *order, ump_reply_context **rc)
{
	(void)self;
	(void)order;
	(void)rc;
	/* The task itself. */
	CHECK_INT(ump_suspend_for(client, &suspended), ==, UMP_DEADLOCK);
	CHECK(suspended == NULL);
	/* A server whose handler has sent this task a request; this message was already taken from
	 * the inbox. */
	probe_post(asked, OP_CALL, 1);
	while (!ump__inbox_is_node(ump__word_peek(&client->handle.channel->inbox)))
		check_nap(1);
	CHECK_INT(ump_suspend_for(asked, &suspended), ==, UMP_DEADLOCK);
	CHECK(suspended == NULL);
	return ump_continue();
}

/* The named server already waits for the task: the handler gets UMP_DEADLOCK, and has not
 * suspended. */
static void named_waits(void)
{
	static struct probe server;
	ump_thread *thread;

	probe_init(&server);
	server.on_call = ask_back;
	expected = UMP_OK;
	probe_spawn(&server, &asked, &thread);
	prepare();
	probe.on_call = suspend_for_waiter;
	probe_post(client, OP_CALL, 1);
	while (probe.handled < 4)
		CHECK(ump_task_dispatch(task, 1));
	ump_client_drop(&asked);
	CHECK(!probe_join(&thread).stop);
	end();
}

static const struct check_test tests[] = {
	{"[suspend] [task] until it is resumed, a task takes no other message and its descriptor "
	 "is not readable",
		takes_no_other},
	{"[suspend] [task] resumed with nothing else to do", alone},
	{"[suspend] the message of a post stays until then; of a request, until its answer",
		message_stays},
	{"[suspend] [forgot] a request that is not kept is forgotten all the same", forgets},
	{"[suspend] [break] the handler returns what it is resumed with, a break too",
		flow_is_the_resumers},
	{"[suspend] resumed before the callback returns", before_the_return},
	{"[suspend] [quiet] resumed by other threads, polled", by_another_thread},
	{"[suspend] [quiet] resumed by other threads, run", by_another_thread_run},
	{"[suspend] [drain] the last client goes meanwhile: what was sent is still handled",
		last_client_goes},
	{"[suspend] [once] [clean] resuming after the drop returns UMP_SERVER_GONE, and frees",
		resume_after_drop},
	{"[suspend] dropped when it was resumed already", drop_after_resume},
	{"[suspend] dropped by the handler that has suspended", dropped_in_the_callback},
	{"[suspend] refused outside of a task's request and post", elsewhere},
	{"[suspend] [clean] refused where there are too many references", too_many},
	{"[suspend] refused where slow handlers are reported", in_slow_handler},
	{"[suspend] pending is going on, without a suspension", pending_alone},
	{"[suspend] tasks within tasks suspend each for itself", nested},
	{"[suspend] [complete] [keep] a handler awaits another server's answer", awaits},
	{"[suspend] [deadlock] a suspension that names a server closes a cycle", named},
	{"[suspend] [deadlock] [clean] the named server goes, or the task", named_goes},
	{"[suspend] [deadlock] naming a server that waits for the caller returns UMP_DEADLOCK",
		named_waits},
};

CHECK_MAIN(tests)
