/* SPDX-License-Identifier: 0BSD */
#include "probe.h"

static void last_drop_drains(void)
{
	static struct probe probe;
	ump_client *client;
	ump_thread *thread;
	struct ump_flow how;

	probe_init(&probe);
	probe_spawn(&probe, &client, &thread);
	probe_hold(&probe, client);
	for (int i = 1; i <= 50; i++)
		probe_post(client, OP_ECHO, i);
	ump_client_drop(&client);
	CHECK(client == NULL);
	probe_release(&probe);
	how = probe_join(&thread);
	CHECK(!how.stop);
	CHECK(how.value == NULL);
	CHECK_INT(probe.handled, ==, 51);
	CHECK_INT(probe.log[50], ==, 50);
	CHECK_INT(probe.lefts, ==, 0);
	CHECK_INT(probe.terms, ==, 1);
	CHECK(!probe.term_saw.stop);
	CHECK_INT(probe.drops, ==, 1);
}

static void any_client_keeps_alive(void)
{
	static struct probe probe;
	ump_client *client;
	ump_client *clone;
	ump_post_client *post_client;
	ump_thread *thread;
	struct order order = {OP_ECHO, 5, NULL};

	probe_init(&probe);
	probe_spawn(&probe, &client, &thread);
	CHECK_INT(ump_client_clone(client, &clone), ==, UMP_OK);
	CHECK_INT(ump_client_post_client(client, &post_client), ==, UMP_OK);
	ump_client_drop(&client);
	CHECK_INT(probe_req(clone, OP_ECHO, 1, NULL), ==, UMP_OK);
	ump_client_drop(&clone);
	CHECK_INT(ump_post_client_post(post_client, &order), ==, UMP_OK);
	CHECK_INT(ump_thread_join(&thread, NULL, ump_after(20 * 1000 * 1000)), ==, UMP_TIMED_OUT);
	CHECK(thread != NULL);
	ump_post_client_drop(&post_client);
	CHECK(!probe_join(&thread).stop);
	CHECK_INT(probe.handled, ==, 2);
}

static void nothing_sent(void)
{
	static struct probe probe;
	ump_client *client;
	ump_thread *thread;

	probe_init(&probe);
	probe.without_init = true;
	probe_spawn(&probe, &client, &thread);
	ump_client_drop(&client);
	CHECK(!probe_join(&thread).stop);
	CHECK_INT(probe.inits, ==, 0);
	CHECK_INT(probe.terms, ==, 1);
}

static void requests_in_flight(void)
{
	static struct probe probe;
	ump_client *client;
	ump_thread *thread;
	ump_wait_reply *wait_reply;
	struct reply reply;

	probe_init(&probe);
	probe_spawn(&probe, &client, &thread);
	probe_hold(&probe, client);
	wait_reply = probe_req_async(client, OP_ECHO, 77, NULL);
	ump_client_drop(&client);
	probe_release(&probe);
	CHECK_INT(ump_wait_reply_wait(&wait_reply, &reply, UMP_FOREVER), ==, UMP_OK);
	CHECK_INT(reply.value, ==, 77);
	CHECK(!probe_join(&thread).stop);
}

static void term_replaces_none(void)
{
	static struct probe probe;
	ump_client *client;
	ump_thread *thread;
	struct ump_flow how;

	probe_init(&probe);
	probe.term_replaces = true;
	probe.term_outcome = ump_break(&probe);
	probe_spawn(&probe, &client, &thread);
	ump_client_drop(&client);
	how = probe_join(&thread);
	CHECK(how.stop);
	CHECK(how.value == &probe);
}

static void a_dropped_thread_ends_too(void)
{
	static struct probe probe;
	ump_client *client;
	ump_thread *thread;

	probe_init(&probe);
	probe_spawn(&probe, &client, &thread);
	probe_hold(&probe, client);
	probe_post(client, OP_ECHO, 1);
	ump_thread_drop(&thread);
	CHECK(thread == NULL);
	ump_client_drop(&client);
	probe_release(&probe);
	probe_await(&probe.drops, 1);
	CHECK_INT(probe.handled, ==, 2);
}

static void a_thread_that_ended_is_dropped(void)
{
	static struct probe probe;
	ump_client *client;
	ump_thread *thread;

	probe_init(&probe);
	probe_spawn(&probe, &client, &thread);
	ump_client_drop(&client);
	probe_await(&probe.drops, 1);
	check_nap(5);
	ump_thread_drop(&thread);
}

static const struct check_test tests[] = {
	{"[drain] what was accepted before the last drop is handled, then the loop ends with none",
		last_drop_drains},
	{"[drain] every kind of strong client keeps the loop going", any_client_keeps_alive},
	{"[drain] a server that never got a message ends as well", nothing_sent},
	{"[drain] a request is answered after its last client has gone", requests_in_flight},
	{"[drain] term may make a value of none", term_replaces_none},
	{"[drain] [clean] a thread whose handle was dropped drains and goes",
		a_dropped_thread_ends_too},
	{"[clean] the handle of a thread that has ended can be dropped",
		a_thread_that_ended_is_dropped},
};

CHECK_MAIN(tests)
