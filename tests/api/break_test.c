/* SPDX-License-Identifier: 0BSD */
#include "probe.h"

/* Hold the server, queue a break, a post and a request behind it, and release it. */
static ump_wait_reply *break_with_leftovers(
	struct probe *probe, ump_client *client, struct token *post, struct token *request)
{
	struct order order = {OP_ECHO, 2, post};
	ump_wait_reply *wait_reply;

	probe_hold(probe, client);
	probe_post(client, OP_BREAK, 42);
	CHECK_INT(ump_client_post(client, &order), ==, UMP_OK);
	wait_reply = probe_req_async(client, OP_ECHO, 3, request);
	probe_release(probe);
	return wait_reply;
}

static void without_leftover(void)
{
	static struct probe probe;
	struct token post = {0};
	struct token request = {0};
	struct reply reply;
	ump_wait_reply *wait_reply;
	ump_client *client;
	ump_thread *thread;
	struct ump_flow how;

	probe_init(&probe);
	probe_spawn(&probe, &client, &thread);
	wait_reply = break_with_leftovers(&probe, client, &post, &request);
	how = probe_join(&thread);
	CHECK(how.stop);
	CHECK_INT((intptr_t)how.value, ==, 42);
	CHECK_INT(probe.handled, ==, 2);
	CHECK_INT(post.dropped, ==, 1);
	CHECK_INT(ump_wait_reply_wait(&wait_reply, &reply, UMP_FOREVER), ==, UMP_SERVER_GONE);
	/* It was sent without waiting, so no caller owns its value any more. */
	CHECK_INT(request.dropped, ==, 1);
	CHECK_INT(probe_req(client, OP_ECHO, 1, NULL), ==, UMP_SERVER_GONE);
	ump_client_drop(&client);
	CHECK_INT(probe.terms, ==, 1);
	CHECK(probe.term_saw.stop);
}

static void leftover_sees_all_in_order(void)
{
	static struct probe probe;
	struct token post = {0};
	struct token request = {0};
	struct reply reply;
	ump_wait_reply *wait_reply;
	ump_client *client;
	ump_thread *thread;

	probe_init(&probe);
	probe.takes_leftovers = true;
	probe_spawn(&probe, &client, &thread);
	wait_reply = break_with_leftovers(&probe, client, &post, &request);
	CHECK(probe_join(&thread).stop);
	CHECK_INT(probe.handled, ==, 2);
	CHECK_INT(probe.lefts, ==, 2);
	CHECK_INT(probe.left_log[0], ==, 2);
	CHECK_INT(probe.left_log[1], ==, 3);
	CHECK_INT(post.left, ==, 1);
	CHECK_INT(post.dropped, ==, 0);
	CHECK_INT(ump_wait_reply_wait(&wait_reply, &reply, UMP_FOREVER), ==, UMP_SERVER_GONE);
	CHECK_INT(request.left, ==, 0);
	CHECK_INT(request.dropped, ==, 1);
	ump_client_drop(&client);
}

static void leftover_may_answer(void)
{
	static struct probe probe;
	struct token post = {0};
	struct token request = {0};
	struct reply reply;
	ump_wait_reply *wait_reply;
	ump_client *client;
	ump_thread *thread;

	probe_init(&probe);
	probe.takes_leftovers = true;
	probe.answers_leftovers = true;
	probe_spawn(&probe, &client, &thread);
	wait_reply = break_with_leftovers(&probe, client, &post, &request);
	CHECK(probe_join(&thread).stop);
	CHECK_INT(ump_wait_reply_wait(&wait_reply, &reply, UMP_FOREVER), ==, UMP_OK);
	CHECK_INT(reply.value, ==, 3);
	CHECK_INT(request.dropped, ==, 0);
	CHECK_INT(request.left, ==, 1);
	ump_client_drop(&client);
}

static void leftover_may_keep(void)
{
	static struct probe probe;
	struct token post = {0};
	struct token request = {0};
	struct reply reply;
	ump_wait_reply *wait_reply;
	ump_client *client;
	ump_thread *thread;

	probe_init(&probe);
	probe.takes_leftovers = true;
	probe.keeps_leftovers = true;
	probe_spawn(&probe, &client, &thread);
	wait_reply = break_with_leftovers(&probe, client, &post, &request);
	CHECK(probe_join(&thread).stop);
	CHECK_INT(ump_wait_reply_try(&wait_reply, &reply), ==, UMP_EMPTY);
	/* `leftover` has taken it over, so the caller must not simply send it again. */
	ump_reply_drop(&probe.kept[0]);
	CHECK_INT(ump_wait_reply_try(&wait_reply, &reply), ==, UMP_NO_REPLY);
	CHECK_INT(request.dropped, ==, 0);
	CHECK_INT(request.left, ==, 1);
	ump_client_drop(&client);
}

static void given_up_leftovers_are_skipped(void)
{
	static struct probe probe;
	struct token request = {0};
	ump_wait_reply *wait_reply;
	ump_client *client;
	ump_thread *thread;

	probe_init(&probe);
	probe.takes_leftovers = true;
	probe_spawn(&probe, &client, &thread);
	probe_hold(&probe, client);
	probe_post(client, OP_BREAK, 1);
	wait_reply = probe_req_async(client, OP_ECHO, 3, &request);
	ump_wait_reply_drop(&wait_reply);
	probe_release(&probe);
	CHECK(probe_join(&thread).stop);
	CHECK_INT(probe.lefts, ==, 0);
	CHECK_INT(request.dropped, ==, 1);
	ump_client_drop(&client);
}

static void the_breaking_request(void)
{
	static struct probe probe;
	ump_client *client;
	ump_thread *thread;
	int value;

	probe_init(&probe);
	probe_spawn(&probe, &client, &thread);
	CHECK_INT(probe_req(client, OP_BREAK, 7, &value), ==, UMP_OK);
	CHECK_INT(value, ==, 7);
	CHECK_INT((intptr_t)probe_join(&thread).value, ==, 7);
	ump_client_drop(&client);

	probe_init(&probe);
	probe_spawn(&probe, &client, &thread);
	CHECK_INT(probe_req(client, OP_BREAK_SILENTLY, 8, NULL), ==, UMP_NO_REPLY);
	CHECK_INT((intptr_t)probe_join(&thread).value, ==, 8);
	ump_client_drop(&client);
}

static void term_replaces_value(void)
{
	static struct probe probe;
	ump_client *client;
	ump_thread *thread;

	probe_init(&probe);
	probe.term_replaces = true;
	probe.term_outcome = ump_continue();
	probe_spawn(&probe, &client, &thread);
	probe_post(client, OP_BREAK, 1);
	CHECK(!probe_join(&thread).stop);
	CHECK(probe.term_saw.stop);
	ump_client_drop(&client);
}

static void break_after_eos_is_queued(void)
{
	static struct probe probe;
	ump_client *client;
	ump_thread *thread;

	/* The end-of-stream marker is undelivered then, but must not be passed to `leftover`. */
	probe_init(&probe);
	probe.takes_leftovers = true;
	probe_spawn(&probe, &client, &thread);
	probe_hold(&probe, client);
	probe_post(client, OP_BREAK, 5);
	ump_client_drop(&client);
	probe_release(&probe);
	CHECK_INT((intptr_t)probe_join(&thread).value, ==, 5);
	CHECK_INT(probe.lefts, ==, 0);
}

static const struct check_test tests[] = {
	{"[break] without leftover, requests say gone and posts are dropped", without_leftover},
	{"[break] leftover sees all that was accepted, in order, before term",
		leftover_sees_all_in_order},
	{"[break] leftover may answer", leftover_may_answer},
	{"[break] [keep] leftover may keep a context; dropping it gives UMP_NO_REPLY",
		leftover_may_keep},
	{"[break] [origin] requests that were given up are not passed to leftover",
		given_up_leftovers_are_skipped},
	{"[break] the request that breaks is answered, or gets UMP_NO_REPLY", the_breaking_request},
	{"[break] term may make none of a value", term_replaces_value},
	{"[break] a break before a queued end-of-stream marker wins", break_after_eos_is_queued},
};

CHECK_MAIN(tests)
