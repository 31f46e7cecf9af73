/* SPDX-License-Identifier: 0BSD */
/*
 * For each public function that can fail for want of memory or threads: let the n-th such call
 * fail, for every n up to the first success.  Each time a documented code comes back, nothing has
 * changed and nothing leaks (which the framework checks after each test).
 */
#include "probe.h"

static ump_client *client;
static ump_server *server;

/* Run `attempt` until it succeeds, with the fault at each place in turn; the number of failures. */
static int every_fault(int (*attempt)(void), int expected_code)
{
	for (int n = 0;; n++) {
		long before = faults_live();
		int result;

		faults_at(n);
		result = attempt();
		if (!faults_off()) {
			CHECK_INT(result, ==, UMP_OK);
			return n;
		}
		if (result != UMP_NO_THREAD)
			CHECK_INT(result, ==, expected_code);
		CHECK_INT(faults_live(), ==, before);
	}
}

static int try_open(void)
{
	int result = ump_channel_open(&server, &client, &probe_config);

	if (result != UMP_OK) {
		CHECK(server == NULL);
		CHECK(client == NULL);
	}
	ump_server_drop(&server);
	ump_client_drop(&client);
	return result;
}

static void opening(void)
{
	CHECK_INT(every_fault(try_open, UMP_NO_MEMORY), ==, 2);
}

static int try_clone(void)
{
	ump_client *clone;
	int result = ump_client_clone(client, &clone);

	CHECK((clone != NULL) == (result == UMP_OK));
	ump_client_drop(&clone);
	return result;
}

static int try_post_client(void)
{
	ump_post_client *made;
	ump_post_client *clone;
	int result = ump_client_post_client(client, &made);

	if (result != UMP_OK)
		return result;
	result = ump_post_client_clone(made, &clone);
	CHECK((clone != NULL) == (result == UMP_OK));
	ump_post_client_drop(&clone);
	ump_post_client_drop(&made);
	return result;
}

static int try_weak(void)
{
	ump_weak_client *weak;
	ump_weak_client *clone;
	ump_client *strong = NULL;
	int result = ump_client_weak(client, &weak);

	if (result != UMP_OK)
		return result;
	result = ump_weak_client_clone(weak, &clone);
	if (result == UMP_OK)
		result = ump_weak_client_upgrade(clone, &strong);
	ump_weak_client_drop(&clone);
	ump_weak_client_drop(&weak);
	ump_client_drop(&strong);
	return result;
}

static struct token token;

static int try_send(void)
{
	struct order order = {OP_ECHO, 1, &token};
	ump_wait_reply *wait_reply = NULL;
	ump_reply_context *rc;
	const void *msg;
	int result = ump_client_post(client, &order);

	if (result == UMP_OK)
		result = ump_client_req_async(client, &order, &wait_reply);
	while (ump_server_try_pop(server, &msg, &rc) == UMP_OK)
		ump_reply_drop(&rc);
	ump_wait_reply_drop(&wait_reply);
	return result;
}

static int try_timed_request(void)
{
	struct order order = {OP_ECHO, 1, &token};
	struct reply reply;
	ump_reply_context *rc;
	const void *msg;
	int result = ump_client_req(client, &order, &reply, ump_after(1000 * 1000));

	/* It was given up, and is skipped here. */
	CHECK_INT(ump_server_try_pop(server, &msg, &rc), ==, UMP_EMPTY);
	return result == UMP_TIMED_OUT ? UMP_OK : result;
}

static void with_channel(int (*attempt)(void), int faults)
{
	probe_open(&server, &client);
	CHECK_INT(every_fault(attempt, UMP_NO_MEMORY), ==, faults);
	ump_server_drop(&server);
	ump_client_drop(&client);
}

static void handles(void)
{
	with_channel(try_clone, 1);
	with_channel(try_post_client, 2);
	with_channel(try_weak, 3);
}

static void sending(void)
{
	token.dropped = 0;
	with_channel(try_send, 2);
	/* What was not sent is still the sender's. */
	CHECK_INT(token.dropped, ==, 0);
	with_channel(try_timed_request, 1);
	CHECK_INT(token.dropped, ==, 1);
}

static struct probe probe;

static int try_spawn(void)
{
	ump_client *made;
	ump_thread *thread;
	int result;

	probe_init(&probe);
	result = probe_spawn_result(&probe, &made, &thread);
	if (result != UMP_OK) {
		CHECK(made == NULL);
		CHECK(thread == NULL);
		CHECK_INT(probe.drops, ==, probe.built);
		CHECK_INT(probe.inits + probe.terms, ==, 0);
		return result;
	}
	ump_client_drop(&made);
	CHECK(!probe_join(&thread).stop);
	return result;
}

static void spawning(void)
{
	CHECK_INT(every_fault(try_spawn, UMP_NO_MEMORY), ==, 4);
}

static const struct check_test tests[] = {
	{"[clean] opening a channel with each allocation failing", opening},
	{"[clean] making handles with each allocation failing", handles},
	{"[clean] [gone] sending with each allocation failing", sending},
	{"[clean] spawning a server with each allocation, and the thread, failing", spawning},
};

CHECK_MAIN(tests)
