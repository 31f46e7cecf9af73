/* SPDX-License-Identifier: 0BSD */
#include "probe.h"

static void before_the_first_message(void)
{
	static struct probe probe;
	ump_client *client;
	ump_thread *thread;

	/* The handler itself checks that init saw no message. */
	probe_init(&probe);
	probe_spawn(&probe, &client, &thread);
	CHECK_INT(probe.inits, ==, 1);
	CHECK_INT(probe.built, ==, 1);
	CHECK(pthread_equal(probe.builder_thread, pthread_self()));
	CHECK(!pthread_equal(probe.dispatcher, pthread_self()));
	CHECK_INT(probe_req(client, OP_ECHO, 1, NULL), ==, UMP_OK);
	ump_client_drop(&client);
	CHECK(!probe_join(&thread).stop);
	CHECK_INT(probe.drops, ==, 1);
}

static ump_client *cloned;
static ump_wait_reply *asked;
static struct token posted;
static struct token requested;

/* A builder that clones the client and sends before any thread exists. */
static int clone_and_send(struct probe *probe, ump_client *client)
{
	struct order order = {OP_ECHO, 1, &posted};

	CHECK_INT(ump_client_clone(client, &cloned), ==, UMP_OK);
	CHECK_INT(ump_client_post(client, &order), ==, UMP_OK);
	asked = probe_req_async(client, OP_ECHO, 2, &requested);
	return probe->builder_result;
}

static void expect_gone(void)
{
	struct reply reply;

	CHECK_INT(ump_wait_reply_wait(&asked, &reply, UMP_FOREVER), ==, UMP_SERVER_GONE);
	CHECK_INT(probe_req(cloned, OP_ECHO, 1, NULL), ==, UMP_SERVER_GONE);
	ump_client_drop(&cloned);
	CHECK_INT(posted.dropped, ==, 1);
	CHECK_INT(posted.delivered, ==, 0);
	CHECK_INT(requested.dropped, ==, 1);
	CHECK_INT(requested.delivered, ==, 0);
	posted.dropped = 0;
	requested.dropped = 0;
}

static void init_fails(void)
{
	static struct probe probe;
	ump_client *client;
	ump_thread *thread;

	probe_init(&probe);
	probe.init_result = 77;
	probe.on_build = clone_and_send;
	probe.takes_leftovers = true;
	CHECK_INT(probe_spawn_result(&probe, &client, &thread), ==, 77);
	CHECK(client == NULL);
	CHECK(thread == NULL);
	CHECK_INT(probe.inits, ==, 1);
	CHECK_INT(probe.terms + probe.lefts + probe.handled, ==, 0);
	CHECK_INT(probe.drops, ==, 1);
	expect_gone();
}

static void builder_fails(void)
{
	static struct probe probe;
	ump_client *client;
	ump_thread *thread;

	probe_init(&probe);
	probe.builder_result = -1000;
	probe.on_build = clone_and_send;
	CHECK_INT(probe_spawn_result(&probe, &client, &thread), ==, -1000);
	CHECK(client == NULL);
	CHECK(thread == NULL);
	CHECK_INT(probe.inits + probe.terms + probe.drops, ==, 0);
	expect_gone();
}

static void no_thread(void)
{
	static struct probe probe;
	ump_client *client;
	ump_thread *thread;

	probe_init(&probe);
	probe.on_build = clone_and_send;
	/* Memory for thread, channel and client; for the builder's three; then the thread. */
	faults_at(6);
	CHECK_INT(probe_spawn_result(&probe, &client, &thread), ==, UMP_NO_THREAD);
	CHECK(faults_off());
	CHECK(client == NULL);
	CHECK_INT(probe.inits + probe.terms, ==, 0);
	CHECK_INT(probe.drops, ==, 1);
	expect_gone();
}

static void sent_by_the_builder(void)
{
	static struct probe probe;
	struct reply reply;
	ump_client *client;
	ump_thread *thread;

	probe_init(&probe);
	probe.on_build = clone_and_send;
	probe_spawn(&probe, &client, &thread);
	CHECK_INT(ump_wait_reply_wait(&asked, &reply, UMP_FOREVER), ==, UMP_OK);
	ump_client_drop(&cloned);
	ump_client_drop(&client);
	CHECK(!probe_join(&thread).stop);
	CHECK_INT(probe.handled, ==, 2);
}

static void without_init(void)
{
	static struct probe probe;
	ump_client *client;
	ump_thread *thread;

	probe_init(&probe);
	probe.without_init = true;
	probe_spawn(&probe, &client, &thread);
	CHECK_INT(probe_req(client, OP_ECHO, 1, NULL), ==, UMP_OK);
	ump_client_drop(&client);
	CHECK(!probe_join(&thread).stop);
}

static const struct check_test tests[] = {
	{"[init] init runs once, on the dispatcher, before the first message",
		before_the_first_message},
	{"[init] if init fails, spawn returns its code, and clones get UMP_SERVER_GONE",
		init_fails},
	{"[init] if the builder fails, nothing runs, and clones get UMP_SERVER_GONE",
		builder_fails},
	{"[init] [clean] if no thread can start, the handler is dropped", no_thread},
	{"[init] [fifo] what the builder sends is handled after init", sent_by_the_builder},
	{"[init] init may be left out", without_init},
};

CHECK_MAIN(tests)
