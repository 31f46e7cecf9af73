/* SPDX-License-Identifier: 0BSD */
/* A handler's own requests and watches, whose ends come to it as callbacks; [ask]. */
#include "probe.h"

#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define MS    INT64_C(1000000)
#define SOON  ump_after(2 * MS)
#define LONG  ump_after(60000 * MS)
#define ROUND 300

/* The asker, and its handles; and a server that it asks, a thread or a raw receiving end. */
static struct probe asker, other;
static ump_client *client, *backend;
static ump_thread *thread, *other_thread;
static ump_task *task;
static ump_combining *combining;
static ump_server *raw;

/* What the callbacks got, by the number of the request. */
static atomic_int answered[1000];
static int results[1000];
static int values[1000];
static uint64_t ids[1000];
static atomic_int total;
static int last_number;
static pthread_t answered_on;
static bool dropped_by_handler;

static void prepare(
	struct ump_flow (*on_call)(struct probe *, const struct order *, ump_reply_context **))
{
	probe_init(&asker);
	probe_init(&other);
	asker.on_call = on_call;
	asker.takes_leftovers = true;
	memset(answered, 0, sizeof answered);
	memset(results, 0, sizeof results);
	memset(values, 0, sizeof values);
	memset(ids, 0, sizeof ids);
	total = 0;
	last_number = -1;
	dropped_by_handler = false;
}

/* Note an answer to the request whose number is `arg`. */
static struct ump_flow note(void *self, void *arg, int result, const void *reply)
{
	int n = (int)(intptr_t)arg;

	CHECK(self == &asker);
	CHECK_INT(asker.terms, ==, 0);
	CHECK_INT(asker.drops, ==, 0);
	CHECK((reply != NULL) == (result == UMP_OK));
	asker.log[atomic_fetch_add(&asker.handled, 1)] = 1000 + n;
	results[n] = result;
	if (reply != NULL)
		values[n] = ((const struct reply *)reply)->value;
	answered_on = pthread_self();
	last_number = n;
	answered[n]++;
	total++;
	return ump_continue();
}

static struct ump_flow never(void *self, void *arg, int result, const void *reply)
{
	(void)self;
	(void)reply;
	check_failed(
		__FILE__, __LINE__, "request %d: a callback with %d", (int)(intptr_t)arg, result);
}

static int ask_for(enum op op, int n, ump_time deadline, ump_answer_call *call)
{
	struct order order = {op, n, NULL};

	return ump_client_ask(backend, &order, deadline, call, (void *)(intptr_t)n, &ids[n]);
}

static void ask(enum op op, int n, ump_time deadline)
{
	CHECK_INT(ask_for(op, n, deadline, note), ==, UMP_OK);
	CHECK_INT(ids[n], !=, 0);
}

static void expect(int n, int result)
{
	CHECK_INT(answered[n], ==, 1);
	CHECK_INT(results[n], ==, result);
}

/* Wait for a request to the raw receiving end. */
static ump_reply_context *receive(void)
{
	ump_reply_context *rc = NULL;
	const void *msg;

	CHECK_INT(ump_server_wait(raw, &msg, &rc, UMP_FOREVER), ==, UMP_OK);
	return rc;
}

static void end_backend(void)
{
	ump_client_drop(&backend);
	(void)probe_join(&other_thread);
}

static void end_raw(void)
{
	ump_client_drop(&backend);
	ump_server_drop(&raw);
}

static void run_task(void)
{
	CHECK(ump_task_dispatch(task, 0));
}

static void end_task(void)
{
	ump_client_drop(&client);
	while (ump_task_dispatch(task, 0))
		continue;
	CHECK(!probe_join_task(&task).stop);
}

/* ---- Answers ------------------------------------------------------------------------------- */

static struct ump_flow pass_answer(void *self, void *arg, int result, const void *reply)
{
	ump_reply_context *rc = arg;

	(void)self;
	CHECK_INT(result, ==, UMP_OK);
	CHECK_INT(ump_reply(&rc, reply), ==, UMP_OK);
	return ump_continue();
}

/* A proxy: the answer of the backend is that of the asker. */
static struct ump_flow proxy(struct probe *self, const struct order *order, ump_reply_context **rc)
{
	struct order passed = {OP_ECHO, order->value, NULL};

	(void)self;
	CHECK_INT(ump_client_ask(backend, &passed, LONG, pass_answer, ump_reply_keep(rc), NULL), ==,
		UMP_OK);
	return ump_continue();
}

static void proxies(void)
{
	int answer;

	prepare(proxy);
	probe_spawn(&other, &backend, &other_thread);
	probe_spawn(&asker, &client, &thread);
	for (int i = 0; i < ROUND; i++) {
		CHECK_INT(probe_req(client, OP_CALL, i, &answer), ==, UMP_OK);
		CHECK_INT(answer, ==, i);
	}
	ump_client_drop(&client);
	CHECK(!probe_join(&thread).stop);
	end_backend();
}

static struct ump_flow ask_each(
	struct probe *self, const struct order *order, ump_reply_context **rc)
{
	(void)self;
	(void)order;
	(void)rc;
	ask(OP_ECHO, 0, UMP_FOREVER);
	ask(OP_FAIL, 1, LONG);
	ask(OP_FORGET, 2, UMP_FOREVER);
	ask(OP_BREAK_SILENTLY, 3, LONG);
	ask(OP_ECHO, 4, UMP_FOREVER);
	return ump_continue();
}

static void each_result(void)
{
	prepare(ask_each);
	probe_spawn(&other, &backend, &other_thread);
	probe_spawn(&asker, &client, &thread);
	probe_hold(&other, backend);
	probe_post(client, OP_CALL, 0);
	ump_client_drop(&client);
	probe_release(&other);
	/* The answers hold its loop; nothing else does. */
	CHECK(!probe_join(&thread).stop);
	CHECK_INT(total, ==, 5);
	expect(0, UMP_OK);
	CHECK_INT(values[0], ==, 0);
	expect(1, 1);
	expect(2, UMP_NO_REPLY);
	expect(3, UMP_NO_REPLY);
	expect(4, UMP_SERVER_GONE);
	end_backend();
}

static struct ump_flow ask_once(
	struct probe *self, const struct order *order, ump_reply_context **rc)
{
	(void)self;
	(void)rc;
	ask(OP_ECHO, order->value, UMP_FOREVER);
	return ump_continue();
}

static void in_order(void)
{
	ump_reply_context *rc;
	struct ump_stats stats;

	prepare(ask_once);
	probe_open(&raw, &backend);
	probe_spawn_task(&asker, &client, &task);
	probe_post(client, OP_CALL, 1);
	run_task();
	rc = probe_receive(raw, 1);
	CHECK(!probe_readable(ump_task_fd(task)));
	probe_post(client, OP_ECHO, 2);
	CHECK_INT(probe_reply(rc, 5, NULL), ==, UMP_OK);
	probe_post(client, OP_ECHO, 3);
	CHECK(probe_readable(ump_task_fd(task)));
	run_task();
	CHECK_INT(asker.handled, ==, 4);
	CHECK_INT(asker.log[1], ==, 2);
	CHECK_INT(asker.log[2], ==, 1001);
	CHECK_INT(asker.log[3], ==, 3);
	CHECK_INT(values[1], ==, 5);
	CHECK_INT(ump_client_stats(client, &stats), ==, UMP_OK);
	CHECK_INT(stats.handled, ==, 4);
	/* The answer alone makes the descriptor readable. */
	probe_post(client, OP_CALL, 6);
	run_task();
	rc = probe_receive(raw, 6);
	CHECK_INT(probe_reply(rc, 7, NULL), ==, UMP_OK);
	CHECK(probe_readable(ump_task_fd(task)));
	run_task();
	CHECK_INT(values[6], ==, 7);
	end_task();
	end_raw();
}

/* A full inbox takes answers. */
static void needs_no_room(void)
{
	struct ump_config config = probe_config;
	struct order order = {OP_ECHO, 9, NULL};
	ump_reply_context *rc[3];

	prepare(ask_once);
	config.capacity = 1;
	asker.config = &config;
	probe_open(&raw, &backend);
	probe_spawn_task(&asker, &client, &task);
	for (int i = 0; i < 3; i++) {
		probe_post(client, OP_CALL, i);
		run_task();
		rc[i] = probe_receive(raw, i);
	}
	probe_post(client, OP_ECHO, 9);
	for (int i = 0; i < 3; i++)
		CHECK_INT(probe_reply(rc[i], i, NULL), ==, UMP_OK);
	CHECK_INT(ump_client_post(client, &order), ==, UMP_FULL);
	run_task();
	CHECK_INT(total, ==, 3);
	/* And gives no permit back. */
	probe_post(client, OP_ECHO, 9);
	CHECK_INT(ump_client_post(client, &order), ==, UMP_FULL);
	run_task();
	end_task();
	end_raw();
}

/* The backend's inbox is full. */
static struct ump_flow ask_full(
	struct probe *self, const struct order *order, ump_reply_context **rc)
{
	(void)self;
	(void)order;
	(void)rc;
	ask(OP_ECHO, 0, LONG);
	CHECK_INT(ask_for(OP_ECHO, 1, LONG, never), ==, UMP_FULL);
	CHECK_INT(ids[1], ==, 0);
	ump_server_drop(&raw);
	CHECK_INT(ask_for(OP_ECHO, 1, LONG, never), ==, UMP_SERVER_GONE);
	return ump_continue();
}

static void refused_by_backend(void)
{
	struct ump_config config = probe_config;

	prepare(ask_full);
	config.capacity = 1;
	CHECK_INT(ump_channel_open(&raw, &backend, &config), ==, UMP_OK);
	probe_spawn_task(&asker, &client, &task);
	probe_post(client, OP_CALL, 0);
	run_task();
	run_task();
	expect(0, UMP_SERVER_GONE);
	CHECK_INT(ump_task_due(task), ==, UMP_FOREVER);
	end_task();
	ump_client_drop(&backend);
}

/* ---- Circles ------------------------------------------------------------------------------- */

static ump_client *asker_client;

static struct ump_flow back(struct probe *self, const struct order *order, ump_reply_context **rc)
{
	struct order passed = {order->value > 0 ? OP_CALL : OP_ECHO, order->value - 1, NULL};
	const ump_client *next = self == &asker ? backend : asker_client;

	CHECK_INT(ump_client_ask(next, &passed, asker.roams ? UMP_FOREVER : LONG, pass_answer,
			  ump_reply_keep(rc), NULL),
		==, UMP_OK);
	return ump_continue();
}

/* Two servers that ask each other, and one that asks itself. */
static void circles(void)
{
	int answer;

	prepare(back);
	other.on_call = back;
	probe_spawn(&other, &backend, &other_thread);
	probe_spawn(&asker, &client, &thread);
	asker_client = client;
	CHECK_INT(probe_req(client, OP_CALL, 7, &answer), ==, UMP_OK);
	CHECK_INT(answer, ==, -1);
	end_backend();
	backend = client;
	CHECK_INT(probe_req(client, OP_CALL, 7, &answer), ==, UMP_OK);
	ump_client_drop(&client);
	(void)probe_join(&thread);
}

static void combining_circle(void)
{
	ump_combining *second;
	int answer;

	prepare(back);
	other.on_call = back;
	probe_spawn_combining(&other, &backend, &second);
	probe_spawn_combining(&asker, &client, &combining);
	asker_client = client;
	CHECK_INT(probe_req(client, OP_CALL, 7, &answer), ==, UMP_OK);
	CHECK_INT(answer, ==, -1);
	ump_client_drop(&client);
	ump_client_drop(&backend);
	CHECK(!probe_join_combining(&combining).stop);
	CHECK(!probe_join_combining(&second).stop);
}

/* ---- Combining askers ----------------------------------------------------------------------- */

static struct ump_flow ask_combining(
	struct probe *self, const struct order *order, ump_reply_context **rc)
{
	(void)self;
	(void)rc;
	CHECK_INT(ask_for(OP_ECHO, order->value, LONG, never), ==, UMP_NO_TIMERS);
	CHECK_INT(ask_for(OP_ECHO, order->value, UMP_NOW, never), ==, UMP_NO_TIMERS);
	CHECK_INT(ump_client_watch_call(backend, never, NULL, NULL), ==, UMP_INVALID);
	ask(OP_ECHO, order->value, UMP_FOREVER);
	return ump_continue();
}

static void combining_runs_on_answerer(void)
{
	ump_reply_context *rc;

	prepare(ask_combining);
	probe_open(&raw, &backend);
	probe_spawn_combining(&asker, &client, &combining);
	probe_post(client, OP_CALL, 1);
	probe_post(client, OP_CALL, 2);
	rc = probe_receive(raw, 1);
	CHECK_INT(total, ==, 0);
	CHECK_INT(probe_reply(rc, 1, NULL), ==, UMP_OK);
	/* This thread was its combiner. */
	CHECK_INT(total, ==, 1);
	CHECK(pthread_equal(answered_on, pthread_self()));
	ump_client_drop(&client);
	CHECK_INT(asker.drops, ==, 0);
	rc = probe_receive(raw, 2);
	ump_reply_drop(&rc);
	CHECK_INT(asker.drops, ==, 1);
	expect(2, UMP_NO_REPLY);
	CHECK(!probe_join_combining(&combining).stop);
	end_raw();
}

/* Both are combining: the answer comes before the sender has returned. */
static void combining_both(void)
{
	ump_combining *second;

	prepare(ask_once);
	probe_spawn_combining(&other, &backend, &second);
	probe_spawn_combining(&asker, &client, &combining);
	for (int i = 0; i < 9; i++) {
		probe_post(client, OP_CALL, i);
		expect(i, UMP_OK);
	}
	ump_client_drop(&client);
	CHECK(!probe_join_combining(&combining).stop);
	ump_client_drop(&backend);
	CHECK(!probe_join_combining(&second).stop);
}

/* ---- Deadlines ----------------------------------------------------------------------------- */

static struct ump_flow ask_soon(
	struct probe *self, const struct order *order, ump_reply_context **rc)
{
	(void)self;
	(void)rc;
	ask(OP_ECHO, order->value, SOON);
	CHECK_INT(ask_for(OP_ECHO, 900, UMP_NOW, never), ==, UMP_TIMED_OUT);
	CHECK_INT(ask_for(OP_ECHO, 900, ump_now() - 1, never), ==, UMP_TIMED_OUT);
	CHECK_INT(ids[900], ==, 0);
	return ump_continue();
}

static void thread_times_out(void)
{
	ump_reply_context *rc;

	prepare(ask_soon);
	probe_open(&raw, &backend);
	probe_spawn(&asker, &client, &thread);
	probe_post(client, OP_CALL, 1);
	probe_await(&total, 1);
	expect(1, UMP_TIMED_OUT);
	/* It was given up in the queue. */
	probe_post(client, OP_CALL, 2);
	rc = receive();
	CHECK_INT(ump_server_skipped(raw), ==, 1);
	CHECK_INT(ump_reply_deadline(rc), !=, UMP_FOREVER);
	probe_await(&total, 2);
	CHECK(ump_reply_origin_gone(rc));
	CHECK_INT(probe_reply(rc, 0, NULL), ==, UMP_ORIGIN_GONE);
	ump_client_drop(&client);
	CHECK(!probe_join(&thread).stop);
	CHECK_INT(total, ==, 2);
	end_raw();
}

static void task_times_out(void)
{
	ump_reply_context *rc;
	struct ump_stats stats;

	prepare(ask_soon);
	probe_open(&raw, &backend);
	probe_spawn_task(&asker, &client, &task);
	probe_post(client, OP_CALL, 1);
	run_task();
	CHECK_INT(ump_task_due(task), <, UMP_FOREVER);
	while (total == 0)
		run_task();
	expect(1, UMP_TIMED_OUT);
	CHECK_INT(ump_task_due(task), ==, UMP_FOREVER);
	/* An answer that was there before the deadline wins, whenever it is seen. */
	probe_post(client, OP_CALL, 2);
	run_task();
	rc = probe_receive(raw, 2);
	CHECK(!ump_reply_origin_gone(rc));
	CHECK_INT(probe_reply(rc, 6, NULL), ==, UMP_OK);
	while (ump_now() <= ump_task_due(task))
		check_nap(1);
	run_task();
	expect(2, UMP_OK);
	CHECK_INT(ump_task_due(task), ==, UMP_FOREVER);
	CHECK_INT(ump_client_stats(client, &stats), ==, UMP_OK);
	CHECK_INT(stats.handled, ==, 4);
	/* An answer cancels its deadline. */
	probe_post(client, OP_CALL, 3);
	run_task();
	CHECK_INT(probe_reply(probe_receive(raw, 3), 6, NULL), ==, UMP_OK);
	run_task();
	CHECK_INT(ump_task_due(task), ==, UMP_FOREVER);
	/* In the drain, a deadline ends the loop. */
	probe_post(client, OP_CALL, 4);
	ump_client_drop(&client);
	CHECK_INT(ump_task_run(task, UMP_FOREVER), ==, UMP_OK);
	expect(4, UMP_TIMED_OUT);
	CHECK(!probe_join_task(&task).stop);
	end_raw();
}

/* ---- The end of the asker ------------------------------------------------------------------- */

static struct ump_flow again(void *self, void *arg, int result, const void *reply)
{
	int n = (int)(intptr_t)arg;

	(void)note(self, arg, result, reply);
	if (n > 1)
		CHECK_INT(ask_for(OP_ECHO, n - 1, LONG, again), ==, UMP_OK);
	return ump_continue();
}

static struct ump_flow ask_chain(
	struct probe *self, const struct order *order, ump_reply_context **rc)
{
	(void)self;
	(void)rc;
	CHECK_INT(ask_for(OP_ECHO, order->value, UMP_FOREVER, again), ==, UMP_OK);
	return ump_continue();
}

static void drains(void)
{
	struct ump_flow how;

	prepare(ask_chain);
	probe_open(&raw, &backend);
	probe_spawn(&asker, &client, &thread);
	probe_hold(&asker, client);
	/* It asks when no client is left. */
	probe_post(client, OP_CALL, 3);
	ump_client_drop(&client);
	probe_release(&asker);
	for (int i = 3; i > 0; i--) {
		ump_reply_context *rc;
		const void *msg;

		CHECK_INT(ump_server_wait(raw, &msg, &rc, UMP_FOREVER), ==, UMP_OK);
		CHECK_INT(((const struct order *)msg)->value, ==, i);
		CHECK_INT(ump_thread_join(&thread, &how, UMP_NOW), ==, UMP_TIMED_OUT);
		CHECK_INT(probe_reply(rc, i, NULL), ==, UMP_OK);
	}
	CHECK(!probe_join(&thread).stop);
	CHECK_INT(total, ==, 3);
	end_raw();
}

static void check_cancelled(struct probe *self)
{
	(void)self;
	CHECK_INT(total, ==, asker.lefts == 0 ? 0 : 3);
	CHECK_INT(ask_for(OP_ECHO, 900, UMP_FOREVER, never), ==, UMP_SERVER_GONE);
	CHECK_INT(ump_ask_cancel(ids[0]), ==, UMP_EMPTY);
	CHECK_INT(ump_client_watch_call(backend, never, NULL, NULL), ==, UMP_SERVER_GONE);
	CHECK_INT(ump_weak_client_watch_call(self->me, never, NULL, NULL), ==, UMP_SERVER_GONE);
}

static void left_before_cancelled(struct probe *self, ump_reply_context **rc)
{
	(void)rc;
	(void)self;
	CHECK_INT(total, ==, 0);
	/* After the break, cancelling is exact as well. */
	CHECK_INT(ump_ask_cancel(ids[4]), ==, UMP_OK);
	CHECK_INT(ump_ask_cancel(ids[4]), ==, UMP_EMPTY);
	CHECK_INT(ump_ask_cancel(ids[6]), ==, UMP_EMPTY);
}

/* 0 is answered and handled, 1 and 2 are answered and queued, 3 to 5 in flight, 6 a watch. */
static struct ump_flow ask_and_break(
	struct probe *self, const struct order *order, ump_reply_context **rc)
{
	static struct token token;
	ump_reply_context *kept[3];

	(void)self;
	(void)rc;
	if (order->value == 0) {
		ask(OP_ECHO, 1, UMP_FOREVER);
		ask(OP_ECHO, 2, LONG);
		ask(OP_ECHO, 3, LONG);
		ask(OP_ECHO, 4, UMP_FOREVER);
		ask(OP_ECHO, 5, UMP_FOREVER);
		CHECK_INT(ump_client_watch_call(backend, never, NULL, &ids[6]), ==, UMP_OK);
		return ump_continue();
	}
	token.dropped = 0;
	for (int i = 0; i < 3; i++)
		kept[i] = probe_receive(raw, i + 1);
	CHECK_INT(probe_reply(kept[0], 1, &token), ==, UMP_OK);
	CHECK_INT(probe_reply(kept[1], 2, &token), ==, UMP_OK);
	/* This one was answered before it was cancelled. */
	CHECK_INT(ump_ask_cancel(ids[1]), ==, UMP_OK);
	CHECK_INT(ump_ask_cancel(ids[1]), ==, UMP_EMPTY);
	asker.arg = &token;
	asker.kept[7] = kept[2];
	return ump_break(&token);
}

static void breaks(void)
{
	static const struct order left = {OP_ECHO, 8, NULL};
	struct ump_flow how;

	prepare(ask_and_break);
	asker.on_left = left_before_cancelled;
	asker.on_term = check_cancelled;
	asker.on_drop = check_cancelled;
	probe_open(&raw, &backend);
	probe_spawn_task(&asker, &client, &task);
	probe_post(client, OP_CALL, 0);
	run_task();
	probe_post(client, OP_CALL, 1);
	CHECK_INT(ump_client_post(client, &left), ==, UMP_OK);
	CHECK(!ump_task_dispatch(task, 0));
	how = probe_join_task(&task);
	CHECK(how.stop && how.value == asker.arg);
	CHECK_INT(asker.lefts, ==, 1);
	/* Of five, two were cancelled. */
	CHECK_INT(total, ==, 3);
	expect(2, UMP_CANCELLED);
	expect(3, UMP_CANCELLED);
	expect(5, UMP_CANCELLED);
	CHECK_INT(last_number, ==, 5);
	CHECK_INT(((struct token *)asker.arg)->dropped, ==, 2);
	CHECK_INT(probe_reply(asker.kept[7], 3, NULL), ==, UMP_ORIGIN_GONE);
	ump_client_drop(&client);
	end_raw();
}

static void stopped(void)
{
	ump_reply_context *rc;

	prepare(ask_once);
	probe_open(&raw, &backend);
	probe_spawn(&asker, &client, &thread);
	probe_post(client, OP_CALL, 1);
	CHECK_INT(probe_reply(receive(), 0, NULL), ==, UMP_OK);
	probe_await(&total, 1);
	probe_post(client, OP_CALL, 2);
	rc = receive();
	CHECK_INT(ump_client_stop(client, &asker, NULL), ==, UMP_OK);
	CHECK(probe_join(&thread).stop);
	expect(2, UMP_CANCELLED);
	CHECK_INT(probe_reply(rc, 0, NULL), ==, UMP_ORIGIN_GONE);
	ump_client_drop(&client);
	end_raw();
}

static void task_is_dropped(void)
{
	prepare(ask_once);
	probe_open(&raw, &backend);
	probe_spawn_task(&asker, &client, &task);
	probe_post(client, OP_CALL, 1);
	run_task();
	probe_post(client, OP_CALL, 2);
	ump_client_drop(&client);
	ump_task_drop(&task);
	expect(1, UMP_CANCELLED);
	CHECK_INT(total, ==, 1);
	CHECK_INT(asker.lefts, ==, 1);
	end_raw();
}

/* ---- Cancelling ---------------------------------------------------------------------------- */

static struct ump_flow cancel_first(
	struct probe *self, const struct order *order, ump_reply_context **rc)
{
	(void)self;
	(void)rc;
	if (order->value == 0) {
		for (int i = 0; i < 3; i++)
			CHECK_INT(ask_for(OP_ECHO, i, LONG, never), ==, UMP_OK);
		ask(OP_ECHO, 3, LONG);
		/* This one is skipped. */
		CHECK_INT(ump_ask_cancel(ids[0]), ==, UMP_OK);
		CHECK_INT(ump_ask_cancel(ids[0]), ==, UMP_EMPTY);
		CHECK_INT(ump_ask_cancel(0), ==, UMP_EMPTY);
		CHECK_INT(ump_ask_cancel(UINT64_MAX), ==, UMP_EMPTY);
		return ump_continue();
	}
	CHECK_INT(ump_ask_cancel(ids[order->value]), ==, UMP_OK);
	CHECK_INT(ump_ask_cancel(ids[order->value]), ==, UMP_EMPTY);
	return ump_continue();
}

static void cancels(void)
{
	struct token token = {0};
	ump_reply_context *rc;

	prepare(cancel_first);
	probe_open(&raw, &backend);
	probe_spawn_task(&asker, &client, &task);
	probe_post(client, OP_CALL, 0);
	run_task();
	/* One in progress. */
	rc = probe_receive(raw, 1);
	CHECK_INT(ump_server_skipped(raw), ==, 1);
	probe_post(client, OP_CALL, 1);
	run_task();
	CHECK_INT(probe_reply(rc, 1, &token), ==, UMP_ORIGIN_GONE);
	CHECK_INT(token.dropped, ==, 1);
	/* One that is answered, and queued behind the message that cancels it. */
	rc = probe_receive(raw, 2);
	probe_post(client, OP_CALL, 2);
	CHECK_INT(probe_reply(rc, 2, &token), ==, UMP_OK);
	run_task();
	CHECK_INT(token.dropped, ==, 2);
	CHECK_INT(asker.handled, ==, 3);
	/* The last one ends the loop as it is cancelled, after the last client has gone. */
	probe_post(client, OP_CALL, 3);
	end_task();
	CHECK_INT(total, ==, 0);
	end_raw();
}

static struct ump_flow cancel_due(void *self, void *arg, uint64_t count)
{
	(void)self;
	(void)arg;
	(void)count;
	CHECK_INT(ump_ask_cancel(ids[1]), ==, UMP_OK);
	return ump_continue();
}

static struct ump_flow ask_with_timer(
	struct probe *self, const struct order *order, ump_reply_context **rc)
{
	(void)self;
	(void)order;
	(void)rc;
	CHECK_INT(ask_for(OP_ECHO, 1, UMP_FOREVER, never), ==, UMP_OK);
	CHECK_INT(ump_timer_start(cancel_due, NULL, SOON, 0, NULL), ==, UMP_OK);
	return ump_continue();
}

/* A timer cancels the last request, after the last client has gone. */
static void timer_cancels(void)
{
	prepare(ask_with_timer);
	probe_open(&raw, &backend);
	probe_spawn(&asker, &client, &thread);
	probe_post(client, OP_CALL, 0);
	ump_client_drop(&client);
	CHECK(!probe_join(&thread).stop);
	end_raw();
}

/* ---- Callbacks ----------------------------------------------------------------------------- */

static ump_suspension *suspension;

static struct ump_flow suspend(void *self, void *arg, int result, const void *reply)
{
	(void)note(self, arg, result, reply);
	suspension = ump_suspend();
	CHECK(suspension != NULL);
	return ump_pending();
}

static struct ump_flow ask_suspending(
	struct probe *self, const struct order *order, ump_reply_context **rc)
{
	(void)self;
	(void)rc;
	CHECK_INT(ask_for(OP_ECHO, order->value, UMP_FOREVER, suspend), ==, UMP_OK);
	return ump_continue();
}

static void suspends(void)
{
	prepare(ask_suspending);
	probe_open(&raw, &backend);
	probe_spawn_task(&asker, &client, &task);
	for (int i = 0; i < 2; i++) {
		probe_post(client, OP_CALL, i);
		if (i == 1)
			ump_client_drop(&client);
		run_task();
		CHECK_INT(probe_reply(probe_receive(raw, i), 0, NULL), ==, UMP_OK);
		run_task();
		CHECK_INT(total, ==, i + 1);
		/* The last answer has come, and its handler is not done with it. */
		run_task();
		CHECK_INT(asker.terms, ==, 0);
		CHECK_INT(ump_task_resume(&suspension, ump_continue()), ==, UMP_OK);
	}
	CHECK(!ump_task_dispatch(task, 0));
	CHECK(!probe_join_task(&task).stop);
	end_raw();
}

static struct ump_flow answer_breaks(void *self, void *arg, int result, const void *reply)
{
	(void)note(self, arg, result, reply);
	return ump_break(&total);
}

static struct ump_flow ask_breaking(
	struct probe *self, const struct order *order, ump_reply_context **rc)
{
	(void)self;
	(void)order;
	(void)rc;
	CHECK_INT(ask_for(OP_ECHO, 1, LONG, answer_breaks), ==, UMP_OK);
	ask(OP_ECHO, 2, LONG);
	return ump_continue();
}

static void answer_ends(void)
{
	struct ump_flow how;

	prepare(ask_breaking);
	probe_spawn(&other, &backend, &other_thread);
	probe_spawn(&asker, &client, &thread);
	probe_post(client, OP_CALL, 0);
	how = probe_join(&thread);
	CHECK(how.stop && how.value == &total);
	expect(1, UMP_OK);
	expect(2, UMP_CANCELLED);
	ump_client_drop(&client);
	end_backend();
}

/* The handler of a thread runs a task: the innermost one is the asker. */
static struct ump_flow run_within(
	struct probe *self, const struct order *order, ump_reply_context **rc)
{
	(void)order;
	(void)rc;
	CHECK(self == &other);
	run_task();
	CHECK_INT(ump_ask_cancel(ids[1]), ==, UMP_EMPTY);
	return ump_continue();
}

static void nested(void)
{
	ump_client *runner;

	prepare(ask_once);
	other.on_call = run_within;
	asker.roams = true;
	probe_open(&raw, &backend);
	probe_spawn_task(&asker, &client, &task);
	probe_spawn(&other, &runner, &other_thread);
	probe_post(client, OP_CALL, 1);
	probe_post(runner, OP_CALL, 1);
	ump_client_drop(&runner);
	(void)probe_join(&other_thread);
	CHECK_INT(probe_reply(probe_receive(raw, 1), 0, NULL), ==, UMP_OK);
	run_task();
	expect(1, UMP_OK);
	end_task();
	end_raw();
}

static int build_asks(struct probe *self, ump_client *own)
{
	struct order order = {OP_ECHO, 1, NULL};

	(void)self;
	CHECK_INT(ump_client_ask(own, &order, UMP_FOREVER, never, NULL, &ids[0]), ==, UMP_INVALID);
	CHECK_INT(ump_ask_cancel(1), ==, UMP_INVALID);
	CHECK_INT(ump_client_watch_call(own, never, NULL, NULL), ==, UMP_INVALID);
	return 0;
}

static struct ump_flow ask_wrongly(
	struct probe *self, const struct order *order, ump_reply_context **rc)
{
	struct order sent = {OP_ECHO, 1, NULL};
	struct ump_config posts = {.post = {.size = sizeof sent}};
	ump_client *poster;
	ump_server *server;
	pid_t child;
	int status;

	(void)self;
	(void)order;
	(void)rc;
	CHECK_INT(ump_channel_open(&server, &poster, &posts), ==, UMP_OK);
	CHECK_INT(ump_client_ask(poster, &sent, UMP_FOREVER, never, NULL, NULL), ==, UMP_INVALID);
	CHECK_INT(ump_client_ask(backend, NULL, UMP_FOREVER, never, NULL, NULL), ==, UMP_INVALID);
	CHECK_INT(ump_client_ask(backend, &sent, UMP_FOREVER, NULL, NULL, NULL), ==, UMP_INVALID);
	CHECK_INT(ump_client_ask(NULL, &sent, UMP_FOREVER, never, NULL, NULL), ==, UMP_INVALID);
	CHECK_INT(ump_client_watch_call(NULL, never, NULL, NULL), ==, UMP_INVALID);
	CHECK_INT(ump_client_watch_call(backend, NULL, NULL, NULL), ==, UMP_INVALID);
	CHECK_INT(ump_post_client_watch_call(NULL, never, NULL, NULL), ==, UMP_INVALID);
	CHECK_INT(ump_weak_client_watch_call(NULL, never, NULL, NULL), ==, UMP_INVALID);
	CHECK_INT(ump_ask_cancel(1), ==, UMP_EMPTY);
	ump_client_drop(&poster);
	ump_server_drop(&server);
	/* A child that a callback forks is in no callback. */
	child = fork();
	if (child == 0)
		_exit(ump_ask_cancel(1) == UMP_INVALID ? 0 : 1);
	CHECK(waitpid(child, &status, 0) == child);
	CHECK_INT(status, ==, 0);
	return ump_continue();
}

static void misused(void)
{
	prepare(ask_wrongly);
	asker.on_build = build_asks;
	probe_open(&raw, &backend);
	CHECK_INT(ask_for(OP_ECHO, 1, UMP_FOREVER, never), ==, UMP_INVALID);
	CHECK_INT(ump_ask_cancel(1), ==, UMP_INVALID);
	CHECK_INT(ump_client_watch_call(backend, never, NULL, &ids[0]), ==, UMP_INVALID);
	probe_spawn_task(&asker, &client, &task);
	probe_post(client, OP_CALL, 0);
	run_task();
	end_task();
	probe_init(&asker);
	asker.on_build = build_asks;
	probe_spawn_combining(&asker, &client, &combining);
	ump_client_drop(&client);
	(void)probe_join_combining(&combining);
	end_raw();
}

/* ---- A handler of its own, for init --------------------------------------------------------- */

static int init_result;

static int init_asks(void *self, ump_weak_client *me)
{
	struct order order = {OP_ECHO, 1, NULL};

	(void)self;
	CHECK_INT(ump_client_ask(backend, &order, UMP_FOREVER, note, (void *)1, NULL), ==, UMP_OK);
	CHECK_INT(ump_weak_client_watch_call(me, never, NULL, NULL), ==, UMP_OK);
	return init_result;
}

static struct ump_flow no_post(void *self, const void *msg)
{
	(void)self;
	(void)msg;
	return ump_continue();
}

static int build_init(void *arg, ump_client *own, struct ump_handler *out)
{
	(void)own;
	out->self = arg;
	out->init = init_asks;
	out->post = no_post;
	return 0;
}

static void asks_in_init(void)
{
	static const struct ump_config config = {.post = {.size = 1}};

	prepare(NULL);
	probe_open(&raw, &backend);
	init_result = 0;
	CHECK_INT(ump_spawn_thread(&config, build_init, &asker, &client, &thread), ==, UMP_OK);
	ump_client_drop(&client);
	CHECK_INT(probe_reply(probe_receive(raw, 1), 0, NULL), ==, UMP_OK);
	CHECK(!probe_join(&thread).stop);
	expect(1, UMP_OK);
	init_result = 5;
	CHECK_INT(ump_spawn_thread(&config, build_init, &asker, &client, &thread), ==, 5);
	CHECK_INT(results[1], ==, UMP_CANCELLED);
	CHECK_INT(ump_spawn_task(&config, build_init, &asker, &client, &task), ==, 5);
	CHECK_INT(total, ==, 3);
	end_raw();
}

/* ---- Memory -------------------------------------------------------------------------------- */

/* Each fault in turn, in a server of its own. */
static int fault;
static bool missed;

static struct ump_flow ask_with_fault(
	struct probe *self, const struct order *order, ump_reply_context **rc)
{
	int result;

	(void)self;
	(void)order;
	(void)rc;
	faults_at(fault);
	result = ask_for(OP_ECHO, 1, LONG, note);
	missed = !faults_off();
	CHECK_INT(result, ==, missed ? UMP_OK : UMP_NO_MEMORY);
	if (missed)
		faults_at(0);
	CHECK_INT(ump_client_watch_call(backend, never, NULL, NULL), ==,
		missed ? UMP_NO_MEMORY : UMP_OK);
	if (missed)
		CHECK(faults_off());
	return ump_continue();
}

static void no_memory(void)
{
	for (fault = 0, missed = false; !missed; fault++) {
		prepare(ask_with_fault);
		probe_open(&raw, &backend);
		probe_spawn_task(&asker, &client, &task);
		probe_post(client, OP_CALL, 0);
		run_task();
		if (missed)
			ump_server_drop(&raw);
		end_task();
		CHECK_INT(total, ==, missed ? 1 : 0);
		end_raw();
	}
	CHECK_INT(fault, ==, 6);
}

/* ---- Many ---------------------------------------------------------------------------------- */

static struct ump_flow ask_many(
	struct probe *self, const struct order *order, ump_reply_context **rc)
{
	(void)self;
	(void)order;
	(void)rc;
	for (int i = 0; i < 1000; i++)
		CHECK_INT(ask_for(OP_ECHO, i, i % 2 == 0 ? LONG : UMP_FOREVER,
				  i % 3 == 0 ? never : note),
			==, UMP_OK);
	for (int i = 0; i < 1000; i += 3)
		CHECK_INT(ump_ask_cancel(ids[i]), ==, UMP_OK);
	return ump_continue();
}

static void many(void)
{
	prepare(ask_many);
	probe_spawn(&other, &backend, &other_thread);
	probe_spawn(&asker, &client, &thread);
	probe_post(client, OP_CALL, 0);
	ump_client_drop(&client);
	CHECK(!probe_join(&thread).stop);
	CHECK_INT(total, ==, 666);
	for (int i = 0; i < 1000; i++)
		CHECK_INT(answered[i], ==, i % 3 == 0 ? 0 : 1);
	end_backend();
}

static struct ump_flow race_once(
	struct probe *self, const struct order *order, ump_reply_context **rc)
{
	(void)self;
	(void)rc;
	for (int i = 0; i < 8; i++) {
		int result = ask_for(i % 2 == 0 ? OP_ECHO : OP_KEEP, i,
			i % 3 == 0 ? ump_after(20000) : UMP_FOREVER, note);

		CHECK(result == UMP_OK || (i % 3 == 0 && result == UMP_TIMED_OUT));
	}
	if (order->value % 4 == 1)
		return ump_break(NULL);
	for (int i = 1; i < 8; i += 2)
		(void)ump_ask_cancel(ids[i]);
	return ump_continue();
}

/* Answers race the deadline, the break, the stop and the cancellation. */
static void races(void)
{
	for (int round = 0; round < ROUND; round++) {
		prepare(race_once);
		probe_spawn(&other, &backend, &other_thread);
		probe_spawn(&asker, &client, &thread);
		probe_post(client, OP_CALL, round);
		if (round % 4 == 2)
			(void)ump_client_stop(client, NULL, NULL);
		ump_client_drop(&client);
		(void)probe_join(&thread);
		for (int i = 0; i < 8; i++)
			CHECK_INT(answered[i], <=, 1);
		end_backend();
		for (int i = 0; i < other.kept_count; i++)
			CHECK_INT(probe_reply(other.kept[i], 0, NULL), ==, UMP_ORIGIN_GONE);
	}
}

/* ---- Watches ------------------------------------------------------------------------------- */

static struct ump_flow note_end(void *self, void *arg, int result, const void *reply)
{
	CHECK(reply == NULL);
	CHECK_INT(result, ==, UMP_OK);
	CHECK(self == &asker);
	/* What its callbacks have written is visible. */
	CHECK_INT(other.drops, ==, 1);
	answered[(intptr_t)arg]++;
	total++;
	return ump_continue();
}

static ump_post_client *poster;
static ump_weak_client *weak;

static struct ump_flow watch_all(
	struct probe *self, const struct order *order, ump_reply_context **rc)
{
	ump_answer_call *third = order->value == 2 ? note_end : never;

	(void)self;
	(void)rc;
	if (order->value == 1) {
		CHECK_INT(ump_ask_cancel(ids[3]), ==, UMP_OK);
		CHECK_INT(ump_ask_cancel(ids[3]), ==, UMP_EMPTY);
		return ump_continue();
	}
	CHECK_INT(ump_client_watch_call(backend, note_end, (void *)0, &ids[0]), ==, UMP_OK);
	CHECK_INT(ump_post_client_watch_call(poster, note_end, (void *)1, &ids[1]), ==, UMP_OK);
	CHECK_INT(ump_weak_client_watch_call(weak, note_end, (void *)2, &ids[2]), ==, UMP_OK);
	CHECK_INT(ump_client_watch_call(backend, third, (void *)3, &ids[3]), ==, UMP_OK);
	CHECK_INT(ump_client_watch_call(backend, never, (void *)4, &ids[4]), ==, UMP_OK);
	CHECK_INT(ump_ask_cancel(ids[4]), ==, UMP_OK);
	CHECK_INT(ump_ask_cancel(ids[4]), ==, UMP_EMPTY);
	return ump_continue();
}

/* Open the watched server, and all kinds of clients of it. */
static void open_watched(void)
{
	probe_spawn(&other, &backend, &other_thread);
	CHECK_INT(ump_client_post_client(backend, &poster), ==, UMP_OK);
	CHECK_INT(ump_client_weak(backend, &weak), ==, UMP_OK);
}

static void drop_watched(void)
{
	ump_post_client_drop(&poster);
	ump_weak_client_drop(&weak);
	end_backend();
}

static void watches(void)
{
	prepare(watch_all);
	open_watched();
	probe_spawn_task(&asker, &client, &task);
	probe_post(client, OP_CALL, 0);
	run_task();
	CHECK_INT(total, ==, 0);
	probe_post(client, OP_CALL, 1);
	drop_watched();
	/* A watch that completes is cancelled by the message before it, or did not begin to. */
	run_task();
	CHECK_INT(total, ==, 3);
	CHECK_INT(asker.handled, ==, 2);
	end_task();
}

/* The server has ended before; and a watch is no reason to go on. */
static void watches_late(void)
{
	prepare(watch_all);
	open_watched();
	probe_spawn(&asker, &client, &thread);
	probe_post(backend, OP_BREAK, 0);
	(void)probe_join(&other_thread);
	probe_hold(&asker, client);
	probe_post(client, OP_CALL, 0);
	probe_post(client, OP_CALL, 1);
	probe_release(&asker);
	probe_await(&total, 3);
	ump_client_drop(&client);
	CHECK(!probe_join(&thread).stop);
	CHECK_INT(total, ==, 3);
	ump_post_client_drop(&poster);
	ump_weak_client_drop(&weak);
	ump_client_drop(&backend);
}

static void watch_holds_nothing(void)
{
	prepare(watch_all);
	open_watched();
	probe_spawn(&asker, &client, &thread);
	probe_post(client, OP_CALL, 0);
	ump_client_drop(&client);
	CHECK(!probe_join(&thread).stop);
	CHECK_INT(total, ==, 0);
	drop_watched();
	CHECK_INT(total, ==, 0);
}

/* The watched server's end races the watcher's. */
static void watch_races(void)
{
	for (int round = 0; round < ROUND; round++) {
		prepare(watch_all);
		open_watched();
		probe_spawn(&asker, &client, &thread);
		probe_post(client, OP_CALL, 2);
		if (round % 2 == 0)
			probe_await(&asker.handled, 1);
		probe_post(backend, OP_BREAK, 0);
		ump_client_drop(&client);
		(void)probe_join(&thread);
		drop_watched();
		CHECK_INT(total, <=, 4);
	}
}

static const struct check_test tests[] = {
	{"[ask] [keep] a proxy answers with its backend's answers", proxies},
	{"[ask] [drain] each result of a request", each_result},
	{"[ask] [fifo] [task] an answer is handled in the order of arrival", in_order},
	{"[ask] [bound] an answer needs no capacity", needs_no_room},
	{"[ask] [gone] [bound] what is refused at once", refused_by_backend},
	{"[ask] [deadlock] servers that ask each other, and themselves", circles},
	{"[ask] [combining] [deadlock] combining servers that ask each other", combining_circle},
	{"[ask] [combining] a combining asker runs on the thread that answers",
		combining_runs_on_answerer},
	{"[ask] [combining] a combining server asks another one", combining_both},
	{"[ask] [deadline] [origin] a thread's request times out", thread_times_out},
	{"[ask] [deadline] [task] [timer] a task's requests time out, unless they are answered",
		task_times_out},
	{"[ask] [drain] requests hold the loop", drains},
	{"[ask] [break] a break cancels what is in flight", breaks},
	{"[ask] [stop] a stop cancels what is in flight", stopped},
	{"[ask] [task] so does the drop of a task", task_is_dropped},
	{"[ask] [origin] cancelling is exact", cancels},
	{"[ask] [timer] [drain] a timer cancels the last request", timer_cancels},
	{"[ask] [suspend] the callback suspends", suspends},
	{"[ask] [break] the callback breaks", answer_ends},
	{"[ask] nested callbacks: the innermost asks", nested},
	{"[ask] [misuse] refused calls", misused},
	{"[ask] [init] requests of init", asks_in_init},
	{"[ask] [clean] without memory", no_memory},
	{"[ask] [once] a thousand requests", many},
	{"[ask] [once] [clean] answers race the asker", races},
	{"[ask] [watch] a server is watched by another one", watches},
	{"[ask] [watch] a server that has ended is watched", watches_late},
	{"[ask] [watch] [drain] a watch holds no loop", watch_holds_nothing},
	{"[ask] [watch] [clean] the end races the watcher", watch_races},
};

CHECK_MAIN(tests)
