/* SPDX-License-Identifier: 0BSD */
/* Delayed posts to a raw receiving end; [timer]. */
#include "probe.h"

#include <pthread.h>
#include <string.h>

#define MS   INT64_C(1000000)
#define HOUR (3600 * 1000 * MS)
#define MANY 300

static struct token tokens[MANY];
static ump_server *server;
static ump_client *client;

static void prepare(void)
{
	memset(tokens, 0, sizeof tokens);
	probe_open(&server, &client);
}

static int send_at(int value, ump_time due, int64_t period, ump_delayed **out)
{
	struct order order = {OP_ECHO, value, &tokens[value]};

	return ump_client_post_at(client, &order, due, period, out);
}

static void post_at(int value, ump_time due, int64_t period, ump_delayed **out)
{
	CHECK_INT(send_at(value, due, period, out), ==, UMP_OK);
	CHECK(out == NULL || *out != NULL);
}

/* Receive a post with this value, until the deadline. */
static const struct order *expect(int value, ump_time deadline)
{
	ump_reply_context *rc;
	const void *msg;

	CHECK_INT(ump_server_wait(server, &msg, &rc, deadline), ==, UMP_OK);
	CHECK(rc == NULL);
	CHECK_INT(((const struct order *)msg)->value, ==, value);
	return msg;
}

static void expect_nothing(int result, ump_time deadline)
{
	ump_reply_context *rc;
	const void *msg;

	CHECK_INT(ump_server_wait(server, &msg, &rc, deadline), ==, result);
	CHECK(msg == NULL && rc == NULL);
}

static void expect_empty(void)
{
	ump_reply_context *rc;
	const void *msg;

	CHECK_INT(ump_server_try_pop(server, &msg, &rc), ==, UMP_EMPTY);
	CHECK(msg == NULL && rc == NULL);
}

static void finish(void)
{
	ump_client_drop(&client);
	expect_nothing(UMP_CLIENTS_GONE, UMP_FOREVER);
	CHECK_INT(ump_server_due(server), ==, UMP_FOREVER);
	expect_nothing(UMP_CLIENTS_GONE, UMP_NOW);
	ump_server_drop(&server);
}

/* ---- Once ------------------------------------------------------------------------------------ */

/* Due posts come before messages that were queued earlier, in the order of their times. */
static void before_messages(void)
{
	struct ump_stats stats;

	prepare();
	probe_post(client, OP_ECHO, 10);
	probe_post(client, OP_ECHO, 11);
	post_at(3, 20, 0, NULL);
	post_at(1, UMP_NOW, 0, NULL);
	post_at(4, 20, 0, NULL);
	post_at(2, INT64_MIN, 0, NULL);
	post_at(5, ump_after(HOUR), 0, NULL);
	for (int i = 1; i <= 4; i++) {
		expect(i, i % 2 == 0 ? UMP_FOREVER : -1);
		CHECK_INT(tokens[i].dropped, ==, 0);
	}
	expect(10, UMP_FOREVER);
	expect(11, UMP_NOW);
	expect_empty();
	CHECK_INT(ump_server_stats(server, &stats), ==, UMP_OK);
	CHECK_INT((int)stats.handled, ==, 6);
	finish();
	/* The receiver owns what it has received. */
	for (int i = 1; i <= 4; i++)
		CHECK_INT(tokens[i].dropped, ==, 0);
	CHECK_INT(tokens[5].dropped, ==, 1);
}

/* The receiver is in the wait for a message, and the first post is news. */
static void first_in_a_batch(void)
{
	prepare();
	probe_post(client, OP_ECHO, 10);
	CHECK(!ump_server_was_empty(server));
	post_at(1, UMP_NOW, 0, NULL);
	probe_post(client, OP_ECHO, 11);
	expect(1, UMP_FOREVER);
	expect(10, UMP_FOREVER);
	post_at(2, UMP_NOW, 0, NULL);
	expect(2, UMP_FOREVER);
	expect(11, UMP_FOREVER);
	finish();
}

static void in_time(void)
{
	ump_time due;

	prepare();
	due = ump_after(20 * MS);
	post_at(1, due, 0, NULL);
	expect_empty();
	expect_nothing(UMP_TIMED_OUT, UMP_NOW);
	expect_nothing(UMP_TIMED_OUT, due - 19 * MS);
	expect(1, UMP_FOREVER);
	CHECK_INT(ump_now(), >=, due);
	/* The deadline comes after it. */
	due = ump_after(5 * MS);
	post_at(2, due, 0, NULL);
	expect(2, ump_after(HOUR));
	CHECK_INT(ump_now(), >=, due);
	expect_nothing(UMP_TIMED_OUT, ump_after(MS));
	finish();
}

static void *send_later(void *arg)
{
	(void)arg;
	check_nap(5);
	post_at(1, UMP_NOW, 0, NULL);
	check_nap(5);
	post_at(2, ump_after(5 * MS), 0, NULL);
	check_nap(10);
	probe_post(client, OP_ECHO, 3);
	return NULL;
}

/* It wakes a receiver that sleeps: the first one, and a later one. */
static void wakes(void)
{
	pthread_t thread;

	prepare();
	CHECK_INT(pthread_create(&thread, NULL, send_later, NULL), ==, 0);
	for (int i = 1; i <= 3; i++)
		expect(i, UMP_FOREVER);
	CHECK_INT(pthread_join(thread, NULL), ==, 0);
	finish();
}

/* ---- Periods --------------------------------------------------------------------------------- */

/* A post that is always due does not keep a message waiting. */
static void no_starvation(void)
{
	prepare();
	for (int i = 10; i < 13; i++)
		probe_post(client, OP_ECHO, i);
	post_at(1, UMP_NOW, 1, NULL);
	post_at(2, UMP_NOW, 1, NULL);
	for (int i = 10; i < 13; i++) {
		expect(1, UMP_FOREVER);
		expect(2, UMP_FOREVER);
		expect(i, UMP_FOREVER);
	}
	for (int i = 0; i < 5; i++) {
		expect(1, -1);
		expect(2, UMP_FOREVER);
	}
	CHECK_INT(tokens[1].dropped, ==, 0);
	ump_client_drop(&client);
	/* Those that are due at the end are received once more. */
	expect(1, UMP_FOREVER);
	expect(2, UMP_FOREVER);
	expect_nothing(UMP_CLIENTS_GONE, UMP_FOREVER);
	CHECK_INT(tokens[1].dropped, ==, 1);
	CHECK_INT(tokens[2].dropped, ==, 1);
	ump_server_drop(&server);
}

static void periodic(void)
{
	ump_time first;
	const struct order *order;

	prepare();
	first = ump_after(MS);
	post_at(1, first, 2 * MS, NULL);
	for (int i = 0; i < 4; i++) {
		order = expect(1, UMP_FOREVER);
		CHECK_INT(ump_now(), >=, first + i * 2 * MS);
		/* It is lent, and unchanged by what does not receive. */
		(void)ump_server_was_empty(server);
		CHECK_INT(ump_server_due(server), ==, UMP_NOW);
		CHECK_INT(order->value, ==, 1);
		CHECK_INT(tokens[1].dropped, ==, 0);
	}
	check_nap(9);
	/* All that was missed is one call, and the next is planned without drift. */
	expect(1, UMP_NOW);
	expect_empty();
	CHECK_INT((ump_server_due(server) - first) % (2 * MS), ==, 0);
	finish();
	CHECK_INT(tokens[1].dropped, ==, 1);
}

static void controlled(void)
{
	ump_delayed *ticker;

	prepare();
	post_at(0, UMP_NOW, HOUR, &ticker);
	CHECK_INT(ump_server_due(server), ==, UMP_NOW);
	expect(0, UMP_NOW);
	expect_empty();
	CHECK_INT(ump_server_due(server), <, ump_after(HOUR));
	CHECK_INT(ump_server_due(server), >, ump_now());
	CHECK_INT(ump_delayed_set_period(ticker, 2 * HOUR), ==, UMP_OK);
	CHECK_INT(ump_server_due(server), ==, UMP_NOW);
	expect_empty();
	CHECK_INT(ump_server_due(server), >, ump_after(HOUR));
	CHECK_INT(ump_delayed_set_period(ticker, MS), ==, UMP_OK);
	CHECK_INT(ump_delayed_pause(ticker), ==, UMP_OK);
	check_nap(5);
	expect_empty();
	CHECK_INT(ump_server_due(server), ==, UMP_FOREVER);
	CHECK_INT(ump_delayed_resume(ticker), ==, UMP_OK);
	CHECK_INT(ump_delayed_set_period(ticker, HOUR), ==, UMP_OK);
	/* The planned times that have passed are one call; the new period follows it. */
	expect_empty();
	CHECK_INT(ump_delayed_set_period(ticker, 1), ==, UMP_OK);
	expect(0, UMP_FOREVER);
	/* While it is lent, a cancel leaves the value to the receiver. */
	CHECK_INT(ump_delayed_cancel(ticker), ==, UMP_EMPTY);
	CHECK_INT(tokens[0].dropped, ==, 0);
	expect_empty();
	CHECK_INT(tokens[0].dropped, ==, 1);
	CHECK_INT(ump_server_due(server), ==, UMP_FOREVER);
	ump_delayed_drop(&ticker);
	/* Otherwise it drops the value. */
	post_at(1, ump_after(HOUR), 0, &ticker);
	expect_empty();
	CHECK_INT(ump_delayed_cancel(ticker), ==, UMP_OK);
	CHECK_INT(tokens[1].dropped, ==, 1);
	expect_empty();
	CHECK_INT(ump_server_due(server), ==, UMP_FOREVER);
	ump_delayed_drop(&ticker);
	/* A single one that is lent has ended for its controller. */
	post_at(2, UMP_NOW, 0, &ticker);
	expect(2, UMP_NOW);
	CHECK_INT(ump_delayed_cancel(ticker), ==, UMP_EMPTY);
	expect_empty();
	CHECK_INT(ump_delayed_resume(ticker), ==, UMP_EMPTY);
	ump_delayed_drop(&ticker);
	CHECK_INT(tokens[2].dropped, ==, 0);
	finish();
}

/* ---- The queue ------------------------------------------------------------------------------- */

/* Delayed posts are not in the queue, and neither is what wakes the receiver for them. */
static void not_queued(void)
{
	ump_delayed *delayed;

	prepare();
	post_at(1, ump_after(HOUR), 0, &delayed);
	CHECK(ump_server_was_empty(server));
	post_at(2, ump_after(HOUR), 0, NULL);
	probe_post(client, OP_ECHO, 10);
	CHECK(!ump_server_was_empty(server));
	expect(10, UMP_NOW);
	/* The news that this has dequeued is not lost. */
	CHECK_INT(ump_delayed_resume(delayed), ==, UMP_OK);
	CHECK(ump_server_was_empty(server));
	CHECK_INT(ump_delayed_cancel(delayed), ==, UMP_OK);
	ump_delayed_drop(&delayed);
	post_at(3, ump_after(2 * MS), 0, NULL);
	CHECK(ump_server_was_empty(server));
	expect(3, UMP_FOREVER);
	post_at(4, ump_after(HOUR), 0, NULL);
	ump_client_drop(&client);
	CHECK(ump_server_was_empty(server));
	expect_nothing(UMP_CLIENTS_GONE, UMP_FOREVER);
	CHECK(ump_server_was_empty(server));
	ump_server_drop(&server);
	CHECK_INT(tokens[2].dropped, ==, 1);
	CHECK_INT(tokens[4].dropped, ==, 1);
}

static void needs_no_capacity(void)
{
	struct ump_config config = probe_config;
	struct order order = {OP_ECHO, 9, NULL};

	memset(tokens, 0, sizeof tokens);
	config.capacity = 1;
	CHECK_INT(ump_channel_open(&server, &client, &config), ==, UMP_OK);
	probe_post(client, OP_ECHO, 10);
	CHECK_INT(ump_client_post(client, &order), ==, UMP_FULL);
	post_at(1, UMP_NOW, 0, NULL);
	post_at(2, UMP_NOW, 0, NULL);
	expect(1, UMP_FOREVER);
	CHECK_INT(ump_client_post(client, &order), ==, UMP_FULL);
	expect(2, UMP_FOREVER);
	expect(10, UMP_FOREVER);
	probe_post(client, OP_ECHO, 11);
	expect(11, UMP_FOREVER);
	finish();
}

/* ---- The end --------------------------------------------------------------------------------- */

static void due_at_the_end(void)
{
	ump_delayed *delayed;

	prepare();
	post_at(1, ump_after(MS), 0, NULL);
	post_at(2, ump_after(HOUR), 0, &delayed);
	probe_post(client, OP_ECHO, 10);
	expect(10, UMP_FOREVER);
	ump_client_drop(&client);
	check_nap(2);
	expect(1, UMP_FOREVER);
	CHECK_INT(tokens[2].dropped, ==, 0);
	expect_nothing(UMP_CLIENTS_GONE, UMP_FOREVER);
	CHECK_INT(tokens[1].dropped, ==, 0);
	CHECK_INT(tokens[2].dropped, ==, 1);
	/* The controller outlives the receiving end. */
	ump_server_drop(&server);
	CHECK_INT(ump_delayed_cancel(delayed), ==, UMP_EMPTY);
	CHECK_INT(ump_delayed_resume(delayed), ==, UMP_EMPTY);
	ump_delayed_drop(&delayed);
}

/* The receiving end is dropped: with a periodic post that is lent, and with news. */
static void dropped(void)
{
	ump_delayed *delayed;

	prepare();
	post_at(0, UMP_NOW, 1, &delayed);
	post_at(1, ump_after(HOUR), 0, NULL);
	expect(0, UMP_FOREVER);
	post_at(2, UMP_NOW, 0, NULL);
	probe_post(client, OP_ECHO, 10);
	CHECK_INT(ump_delayed_set_period(delayed, HOUR), ==, UMP_OK);
	CHECK_INT(tokens[0].dropped, ==, 0);
	ump_server_drop(&server);
	for (int i = 0; i < 3; i++)
		CHECK_INT(tokens[i].dropped, ==, 1);
	CHECK_INT(send_at(3, UMP_NOW, 0, NULL), ==, UMP_SERVER_GONE);
	CHECK_INT(tokens[3].dropped, ==, 0);
	CHECK_INT(ump_delayed_pause(delayed), ==, UMP_EMPTY);
	ump_delayed_drop(&delayed);
	ump_client_drop(&client);
	/* One whose only call is lent belongs to the receiver. */
	prepare();
	post_at(0, UMP_NOW, 0, NULL);
	expect(0, UMP_FOREVER);
	ump_server_drop(&server);
	CHECK_INT(tokens[0].dropped, ==, 0);
	ump_client_drop(&client);
	/* No receive call has seen any of them. */
	prepare();
	post_at(0, UMP_NOW, 0, NULL);
	post_at(1, UMP_FOREVER, 1, NULL);
	CHECK(ump_server_was_empty(server));
	ump_server_drop(&server);
	CHECK_INT(tokens[0].dropped, ==, 1);
	CHECK_INT(tokens[1].dropped, ==, 1);
	ump_client_drop(&client);
}

/* ---- Races ----------------------------------------------------------------------------------- */

static void *cancel_all(void *arg)
{
	for (int i = 0; i < MANY; i++) {
		ump_delayed *delayed;
		int result;

		post_at(i, ump_after(i % 3 * 1000), i % 2 == 0 ? 0 : HOUR, &delayed);
		if (i % 5 == 0)
			probe_post(client, OP_ECHO, i);
		result = ump_delayed_cancel(delayed);
		CHECK(result == UMP_OK || result == UMP_EMPTY);
		if (result == UMP_OK)
			CHECK_INT(tokens[i].dropped, ==, 1);
		ump_delayed_drop(&delayed);
	}
	ump_client_drop(&client);
	return arg;
}

/* Another thread sends and cancels; exactly one side has each value. */
static void races(void)
{
	ump_reply_context *rc;
	pthread_t thread;
	const void *msg;
	int result;

	prepare();
	CHECK_INT(pthread_create(&thread, NULL, cancel_all, NULL), ==, 0);
	while ((result = ump_server_wait(server, &msg, &rc, ump_after(HOUR))) == UMP_OK) {
		const struct order *order = msg;

		if (order->token != NULL)
			order->token->delivered++;
	}
	CHECK_INT(result, ==, UMP_CLIENTS_GONE);
	CHECK_INT(pthread_join(thread, NULL), ==, 0);
	ump_server_drop(&server);
	for (int i = 0; i < MANY; i++)
		CHECK_INT(tokens[i].dropped + (i % 2 == 0 ? tokens[i].delivered : 0), ==, 1);
}

static void refused(void)
{
	ump_delayed *delayed = NULL;

	CHECK_INT(ump_server_due(NULL), ==, UMP_FOREVER);
	prepare();
	CHECK_INT(ump_server_due(server), ==, UMP_FOREVER);
	faults_at(0);
	CHECK_INT(send_at(0, UMP_NOW, 0, &delayed), ==, UMP_NO_MEMORY);
	CHECK(faults_off());
	CHECK(delayed == NULL);
	CHECK_INT(tokens[0].dropped, ==, 0);
	CHECK_INT(ump_server_due(server), ==, UMP_FOREVER);
	finish();
}

static const struct check_test tests[] = {
	{"[timer] due posts come before queued messages, in the order of their times",
		before_messages},
	{"[timer] due posts come before a batch", first_in_a_batch},
	{"[timer] [deadline] a wait lasts until the next due post", in_time},
	{"[timer] [quiet] a post wakes the receiver", wakes},
	{"[timer] posts that are always due do not starve messages", no_starvation},
	{"[timer] a periodic post: missed times are one call", periodic},
	{"[timer] [once] period, pause, resume, cancel", controlled},
	{"[timer] delayed posts are not in the queue", not_queued},
	{"[timer] [bound] delayed posts need no capacity", needs_no_capacity},
	{"[timer] [drain] a post that has fallen due is received before the end", due_at_the_end},
	{"[timer] [once] the receiving end is dropped", dropped},
	{"[timer] [once] cancels race with receive calls", races},
	{"[timer] [misuse] [clean] refused calls", refused},
};

CHECK_MAIN(tests)
