/* SPDX-License-Identifier: 0BSD */
#include "probe.h"

#define MS INT64_C(1000000)
/* How late a time-out may come on a machine that is busy with other work. */
#define SOON (INT64_C(10000) * MS)

static void expect_between(ump_time begin, int64_t least)
{
	ump_time took = ump_now() - begin;

	CHECK_INT(took, >=, least);
	CHECK_INT(took, <, SOON);
}

static void requests(void)
{
	struct order order = {OP_ECHO, 1, NULL};
	struct reply reply;
	ump_server *server;
	ump_client *client;
	ump_time begin = ump_now();

	probe_open(&server, &client);
	CHECK_INT(ump_client_req(client, &order, &reply, begin + 30 * MS), ==, UMP_TIMED_OUT);
	expect_between(begin, 30 * MS);
	ump_server_drop(&server);
	ump_client_drop(&client);
}

static void requests_too_late(void)
{
	struct token token = {0};
	struct order order = {OP_ECHO, 1, &token};
	const ump_time past[] = {UMP_NOW, -1, INT64_MIN, ump_after(-1)};
	struct reply reply;
	ump_server *server;
	ump_client *client;

	probe_open(&server, &client);
	for (size_t i = 0; i < sizeof past / sizeof *past; i++)
		CHECK_INT(ump_client_req(client, &order, &reply, past[i]), ==, UMP_TIMED_OUT);
	/* Nothing was sent, and as after every time-out the caller does not own the value any
	 * more. */
	CHECK(ump_server_was_empty(server));
	CHECK_INT(token.dropped, ==, sizeof past / sizeof *past);
	faults_at(0);
	CHECK_INT(ump_client_req(client, &order, &reply, UMP_NOW), ==, UMP_NO_MEMORY);
	CHECK_INT(token.dropped, ==, sizeof past / sizeof *past);
	ump_server_drop(&server);
	ump_client_drop(&client);
}

static const ump_time long_past[] = {UMP_NOW, 1, 1000, -1, INT64_MIN, INT64_MIN + 1};
#define LONG_PAST (sizeof long_past / sizeof *long_past)

/* Each kind of send that may wait for capacity, once it is too late to wait. */
static void sends_too_late(void)
{
	struct ump_config config = probe_config;
	struct token token = {0};
	struct order order = {OP_ECHO, 1, &token};
	ump_post_client *post_client;
	ump_server *server;
	ump_client *client;
	struct reply reply;

	config.capacity = 1;
	CHECK_INT(ump_channel_open(&server, &client, &config), ==, UMP_OK);
	CHECK_INT(ump_client_post_client(client, &post_client), ==, UMP_OK);
	CHECK_INT(ump_client_post(client, &(struct order){OP_ECHO, 2, NULL}), ==, UMP_OK);
	for (size_t i = 0; i <= LONG_PAST; i++) {
		ump_time past = i < LONG_PAST ? long_past[i] : ump_now();
		ump_wait_reply *wait_reply = (ump_wait_reply *)&order;

		CHECK_INT(ump_client_post_until(client, &order, past), ==, UMP_FULL);
		CHECK_INT(ump_post_client_post_until(post_client, &order, past), ==, UMP_FULL);
		CHECK_INT(ump_client_req_async_until(client, &order, &wait_reply, past), ==,
			UMP_FULL);
		CHECK(wait_reply == NULL);
		CHECK_INT(token.dropped, ==, i);
		/* A request with a deadline also waits for its reply, and is too late for that. */
		CHECK_INT(ump_client_req(client, &order, &reply, past), ==, UMP_TIMED_OUT);
		CHECK_INT(token.dropped, ==, i + 1);
	}
	ump_post_client_drop(&post_client);
	ump_client_drop(&client);
	ump_server_drop(&server);
}

/* A handler that has sent a request to its own server, and polls for the reply.  It must get none
 * with UMP_NOW, and none with any deadline that has passed; only a wait closes a cycle. */
static struct ump_flow look_for_own(
	struct probe *probe, const struct order *order, ump_reply_context **rc)
{
	ump_wait_reply *wait_reply = NULL;
	struct order own = {OP_ECHO, 1, NULL};
	struct reply reply = {0, NULL};

	(void)order;
	CHECK_INT(ump_client_req_async(probe->arg, &own, &wait_reply), ==, UMP_OK);
	for (size_t i = 0; i < LONG_PAST; i++)
		CHECK_INT(
			ump_wait_reply_wait(&wait_reply, &reply, long_past[i]), ==, UMP_TIMED_OUT);
	CHECK_INT(ump_wait_reply_wait(&wait_reply, &reply, ump_now()), ==, UMP_TIMED_OUT);
	CHECK_INT(ump_wait_reply_wait(&wait_reply, &reply, ump_after(SOON)), ==, UMP_DEADLOCK);
	ump_wait_reply_drop(&wait_reply);
	(void)ump_reply(rc, &reply);
	return ump_continue();
}

static void own_answers_too_late(void)
{
	static struct probe probe;
	ump_client *client;
	ump_thread *thread;

	probe_init(&probe);
	probe.on_call = look_for_own;
	probe_spawn(&probe, &client, &thread);
	probe.arg = client;
	CHECK_INT(probe_req(client, OP_CALL, 0, NULL), ==, UMP_OK);
	ump_client_drop(&client);
	CHECK(!probe_join(&thread).stop);
}

static void wait_replies(void)
{
	static struct probe probe;
	ump_wait_reply *wait_reply;
	struct reply reply;
	ump_client *client;
	ump_thread *thread;
	ump_time begin;

	probe_init(&probe);
	probe_spawn(&probe, &client, &thread);
	probe_hold(&probe, client);
	wait_reply = probe_req_async(client, OP_ECHO, 5, NULL);
	begin = ump_now();
	CHECK_INT(ump_wait_reply_wait(&wait_reply, &reply, begin + 20 * MS), ==, UMP_TIMED_OUT);
	expect_between(begin, 20 * MS);
	CHECK_INT(ump_wait_reply_wait(&wait_reply, &reply, UMP_NOW), ==, UMP_TIMED_OUT);
	CHECK_INT(ump_wait_reply_wait(&wait_reply, &reply, -7), ==, UMP_TIMED_OUT);
	CHECK_INT(ump_wait_reply_try(&wait_reply, &reply), ==, UMP_EMPTY);
	CHECK(wait_reply != NULL);
	probe_release(&probe);
	CHECK_INT(ump_wait_reply_wait(&wait_reply, &reply, ump_after(SOON)), ==, UMP_OK);
	CHECK(wait_reply == NULL);
	CHECK_INT(reply.value, ==, 5);
	ump_client_drop(&client);
	CHECK(!probe_join(&thread).stop);
}

static void joins(void)
{
	static struct probe probe;
	ump_client *client;
	ump_thread *thread;
	ump_time begin;

	probe_init(&probe);
	probe_spawn(&probe, &client, &thread);
	begin = ump_now();
	CHECK_INT(ump_thread_join(&thread, NULL, begin + 20 * MS), ==, UMP_TIMED_OUT);
	expect_between(begin, 20 * MS);
	CHECK_INT(ump_thread_join(&thread, NULL, UMP_NOW), ==, UMP_TIMED_OUT);
	ump_client_drop(&client);
	CHECK_INT(ump_thread_join(&thread, NULL, ump_after(SOON)), ==, UMP_OK);
}

#ifdef __linux__
/* A thread-local value whose destructor takes as long as the test wants. */
static pthread_key_t slow_key;
static sem_t slow_begun;
static sem_t slow_gate;

static void destroy_slowly(void *value)
{
	(void)value;
	sem_post(&slow_begun);
	while (sem_wait(&slow_gate) != 0)
		continue;
}

static struct ump_flow leave_value(
	struct probe *probe, const struct order *order, ump_reply_context **rc)
{
	(void)probe;
	(void)order;
	(void)rc;
	CHECK_INT(pthread_setspecific(slow_key, &slow_key), ==, 0);
	return ump_break(&slow_key);
}

/* On a thread of its own, or on a pooled one that is not reused. */
static void join_slow(bool reused, bool drops)
{
	static struct probe probe;
	struct ump_config config = probe_config;
	struct ump_flow how = {false, NULL};
	ump_client *client;
	ump_thread *thread;
	ump_time begin;

	probe_init(&probe);
	probe.on_call = leave_value;
	probe.config = &config;
	if (reused)
		CHECK_INT(ump_thread_pool_open(&config.thread_pool, 1, 0), ==, UMP_OK);
	probe_spawn(&probe, &client, &thread);
	/* There is no pool to return to. */
	ump_thread_pool_drop(&config.thread_pool);
	probe_post(client, OP_CALL, 0);
	while (sem_wait(&slow_begun) != 0)
		continue;
	begin = ump_now();
	CHECK_INT(ump_thread_join(&thread, &how, UMP_NOW), ==, UMP_TIMED_OUT);
	CHECK_INT(ump_thread_join(&thread, &how, 1), ==, UMP_TIMED_OUT);
	CHECK_INT(ump_thread_join(&thread, &how, begin + 30 * MS), ==, UMP_TIMED_OUT);
	expect_between(begin, 30 * MS);
	CHECK(thread != NULL && !how.stop);
	if (drops)
		ump_thread_drop(&thread);
	sem_post(&slow_gate);
	if (!drops) {
		CHECK_INT(ump_thread_join(&thread, &how, ump_after(SOON)), ==, UMP_OK);
		CHECK(thread == NULL && how.stop && how.value == &slow_key);
	}
	ump_client_drop(&client);
}

static void slow_destructors(void)
{
	sem_init(&slow_begun, 0, 0);
	sem_init(&slow_gate, 0, 0);
	CHECK_INT(pthread_key_create(&slow_key, destroy_slowly), ==, 0);
	join_slow(false, false);
	join_slow(true, false);
	join_slow(false, true);
}
#endif

static void servers(void)
{
	ump_reply_context *rc;
	ump_server *server;
	ump_client *client;
	const void *msg;
	ump_time begin;

	probe_open(&server, &client);
	begin = ump_now();
	CHECK_INT(ump_server_wait(server, &msg, &rc, begin + 20 * MS), ==, UMP_TIMED_OUT);
	expect_between(begin, 20 * MS);
	CHECK(msg == NULL);
	CHECK(rc == NULL);
	CHECK_INT(ump_server_wait(server, &msg, &rc, UMP_NOW), ==, UMP_TIMED_OUT);
	CHECK_INT(ump_server_wait(server, &msg, &rc, -1), ==, UMP_TIMED_OUT);
	CHECK_INT(ump_server_try_pop(server, &msg, &rc), ==, UMP_EMPTY);
	probe_post(client, OP_ECHO, 1);
	CHECK_INT(ump_server_wait(server, &msg, &rc, ump_after(SOON)), ==, UMP_OK);
	ump_server_drop(&server);
	ump_client_drop(&client);
}

static void *wait_cancelled(void *arg)
{
	struct order order = {OP_ECHO, 1, NULL};
	struct reply reply;

	CHECK_INT(ump_client_req(arg, &order, &reply, ump_after(50 * MS)), ==, UMP_TIMED_OUT);
	/* Allow cancellation only from here on; it may take a while to arrive. */
	for (;;) {
		pthread_testcancel();
		check_nap(1);
	}
}

/* A thread that is cancelled while it waits must get its reply first, and leave nothing locked. */
static void cancelled_threads(void)
{
	ump_server *server;
	ump_client *client;

	probe_open(&server, &client);
	for (int i = 0; i < 5; i++) {
		void *result;
		pthread_t id;

		CHECK_INT(pthread_create(&id, NULL, wait_cancelled, client), ==, 0);
		check_nap(5);
		pthread_cancel(id);
		pthread_join(id, &result);
		CHECK(result == PTHREAD_CANCELED);
	}
	ump_server_drop(&server);
	ump_client_drop(&client);
}

/* Replies that arrive around the deadline: each request must end in one of the two ways, and
 * neither may lose anything. */
static void around_the_answer(void)
{
	static struct probe probe;
	struct token answer = {0};
	ump_client *client;
	ump_thread *thread;
	int answered = 0;
	int late = 0;

	probe_init(&probe);
	probe.reply_token = &answer;
	probe_spawn(&probe, &client, &thread);
	for (int i = 0; i < 2000; i++) {
		struct order order = {OP_ECHO, i, NULL};
		struct reply reply = {0, NULL};
		int result = ump_client_req(client, &order, &reply, ump_after(i * 50));

		if (result == UMP_OK)
			CHECK_INT(reply.value, ==, i);
		else
			CHECK_INT(result, ==, UMP_TIMED_OUT);
		answered += result == UMP_OK;
		late += result == UMP_TIMED_OUT;
	}
	ump_client_drop(&client);
	CHECK(!probe_join(&thread).stop);
	CHECK_INT(answered + late, ==, 2000);
	CHECK_INT(probe.handled, >=, answered);
	CHECK_INT(answer.dropped, ==, probe.handled - answered);
}

static const struct check_test tests[] = {
	{"[deadline] a request returns soon after its deadline", requests},
	{"[deadline] a request whose deadline has passed is not sent", requests_too_late},
	{"[deadline] [bound] [gone] a send whose deadline has passed does not wait",
		sends_too_late},
	{"[deadline] [deadlock] polling for an own reply is not a wait", own_answers_too_late},
	{"[deadline] a wait for a reply can be cut short and taken up again", wait_replies},
	{"[deadline] join returns soon after its deadline", joins},
#ifdef __linux__
	{"[deadline] join does not wait for destructors past its deadline", slow_destructors},
#endif
	{"[deadline] the receiving end returns soon after its deadline", servers},
	{"[deadline] [user] a cancelled thread is cancelled after its call", cancelled_threads},
	{"[deadline] [once] replies around the deadline are received or dropped",
		around_the_answer},
};

CHECK_MAIN(tests)
