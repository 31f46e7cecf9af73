/* SPDX-License-Identifier: 0BSD */
/*
 * For each public function that can fail for lack of memory, threads or file descriptors: make the
 * n-th such call fail, for every n up to the first success.  Each time the function must return a
 * documented code, change nothing and leak nothing (the framework checks leaks after each test).
 */
#include "probe.h"

static ump_client *client;
static ump_server *server;

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
	CHECK_INT(probe_every_fault(try_open, UMP_NO_MEMORY), ==, 2);
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

	/* The requester gave up, so the request is skipped here. */
	CHECK_INT(ump_server_try_pop(server, &msg, &rc), ==, UMP_EMPTY);
	return result == UMP_TIMED_OUT ? UMP_OK : result;
}

static void with_channel(int (*attempt)(void), int faults)
{
	probe_open(&server, &client);
	CHECK_INT(probe_every_fault(attempt, UMP_NO_MEMORY), ==, faults);
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
	/* The sender still owns what was not sent. */
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
	CHECK_INT(probe_every_fault(try_spawn, UMP_NO_THREAD), ==, 4);
}

/* ---- Event loops --------------------------------------------------------------------------- */

static int without_fd;

static int try_spawn_task(void)
{
	ump_client *made = (ump_client *)&probe;
	ump_task *task = (ump_task *)&probe;
	int result;

	probe_init(&probe);
	result = probe_spawn_task_result(&probe, &made, &task);
	without_fd += result == UMP_NO_FD;
	if (result != UMP_OK) {
		CHECK(made == NULL);
		CHECK(task == NULL);
		CHECK_INT(probe.built + probe.inits + probe.terms + probe.drops, ==, 0);
		return result;
	}
	ump_client_drop(&made);
	CHECK(!ump_task_dispatch(task, 0));
	CHECK(!probe_join_task(&task).stop);
	return result;
}

static void spawning_tasks(void)
{
	without_fd = 0;
	CHECK_INT(probe_every_fault(try_spawn_task, UMP_NO_FD), ==, 4);
	CHECK_INT(without_fd, ==, 1);
}

static int try_completions(void)
{
	ump_completions *made = (ump_completions *)&probe;
	int result = ump_completions_open(&made);

	without_fd += result == UMP_NO_FD;
	CHECK((made != NULL) == (result == UMP_OK));
	ump_completions_drop(&made);
	return result;
}

static ump_completions *completions;

static int try_req_completion(void)
{
	struct order order = {OP_ECHO, 1, &token};
	struct ump_completion got;
	ump_reply_context *rc;
	const void *msg;
	int result = ump_client_req_completion(client, &order, completions, NULL);

	CHECK_INT(ump_completions_in_flight(completions), ==, result == UMP_OK);
	if (result != UMP_OK) {
		CHECK_INT(
			ump_completions_wait(completions, &got, UMP_FOREVER), ==, UMP_NONE_PENDING);
		return result;
	}
	CHECK_INT(ump_server_try_pop(server, &msg, &rc), ==, UMP_OK);
	ump_reply_drop(&rc);
	CHECK_INT(ump_completions_next(completions, &got), ==, UMP_OK);
	/* It holds what was lent. */
	CHECK_INT(ump_completions_next(completions, &got), ==, UMP_EMPTY);
	return result;
}

static int try_reserve(void)
{
	struct ump_completion got;
	int result = ump_client_reserve(client, completions, NULL);

	CHECK_INT(ump_completions_in_flight(completions), ==, result == UMP_OK);
	if (result == UMP_OK)
		CHECK_INT(ump_completions_next(completions, &got), ==, UMP_OK);
	else
		CHECK_INT(ump_completions_next(completions, &got), ==, UMP_EMPTY);
	return result;
}

static void completing(void)
{
	without_fd = 0;
	token.dropped = 0;
	CHECK_INT(probe_every_fault(try_completions, UMP_NO_FD), ==, 2);
	CHECK_INT(without_fd, ==, 1);
	CHECK_INT(ump_completions_open(&completions), ==, UMP_OK);
	with_channel(try_req_completion, 1);
	with_channel(try_reserve, 1);
	ump_completions_drop(&completions);
	CHECK_INT(token.dropped, ==, 0);
}

static ump_task *suspending;
static ump_suspension *suspended;

static struct ump_flow suspend(
	struct probe *self, const struct order *order, ump_reply_context **rc)
{
	(void)self;
	(void)order;
	(void)rc;
	suspended = ump_suspend();
	return ump_pending();
}

/* A handler that failed to suspend has not suspended: its return value counts. */
static int try_suspend(void)
{
	int handled = probe.handled;
	int result;

	CHECK(ump_task_dispatch(suspending, 1));
	CHECK_INT(probe.handled, ==, handled + 1);
	result = suspended != NULL ? UMP_OK : UMP_NO_MEMORY;
	if (suspended != NULL) {
		CHECK_INT(ump_task_resume(&suspended, ump_continue()), ==, UMP_OK);
		CHECK(ump_task_dispatch(suspending, 0));
	}
	return result;
}

static void suspending_handlers(void)
{
	ump_client *made;

	probe_init(&probe);
	probe.on_call = suspend;
	probe_spawn_task(&probe, &made, &suspending);
	/* One post for each attempt, and no allocations but those under test. */
	probe_post(made, OP_CALL, 1);
	CHECK(ump_task_dispatch(suspending, 1));
	CHECK_INT(ump_task_resume(&suspended, ump_continue()), ==, UMP_OK);
	CHECK(ump_task_dispatch(suspending, 0));
	for (int n = 0; n < 2; n++) {
		probe_post(made, OP_CALL, 1);
		faults_at(n);
		CHECK_INT(try_suspend(), ==, n == 0 ? UMP_NO_MEMORY : UMP_OK);
		CHECK_INT(faults_off(), ==, n == 0);
	}
	ump_client_drop(&made);
	CHECK(!ump_task_dispatch(suspending, 0));
	CHECK(!probe_join_task(&suspending).stop);
}

/* ---- Capacity ------------------------------------------------------------------------------ */

/* All kinds of sends.  Each takes the only permit and must return it on failure. */
static int try_sends_with_permit(void)
{
	struct order order = {OP_ECHO, 1, &token};
	struct reply reply;
	struct ump_stats stats;
	ump_wait_reply *wait_reply = NULL;
	ump_reply_context *rc;
	const void *msg;
	int result = ump_client_post_until(client, &order, UMP_FOREVER);

	while (ump_server_try_pop(server, &msg, &rc) == UMP_OK)
		continue;
	if (result == UMP_OK)
		result = ump_client_req_async_until(client, &order, &wait_reply, UMP_FOREVER);
	CHECK((wait_reply != NULL) == (result == UMP_OK));
	while (ump_server_try_pop(server, &msg, &rc) == UMP_OK)
		ump_reply_drop(&rc);
	ump_wait_reply_drop(&wait_reply);
	if (result == UMP_OK) {
		result = ump_client_req(client, &order, &reply, ump_after(1000));
		result = result == UMP_TIMED_OUT ? UMP_OK : result;
	}
	CHECK_INT(ump_server_try_pop(server, &msg, &rc), ==, UMP_EMPTY);
	CHECK_INT(ump_server_stats(server, &stats), ==, UMP_OK);
	CHECK_INT(stats.depth, ==, 0);
	return result;
}

static void sending_with_permit(void)
{
	struct ump_config config = probe_config;

	config.capacity = 1;
	CHECK_INT(ump_channel_open(&server, &client, &config), ==, UMP_OK);
	token.dropped = 0;
	CHECK_INT(probe_every_fault(try_sends_with_permit, UMP_NO_MEMORY), ==, 3);
	/* The timed request that was sent in the end. */
	CHECK_INT(token.dropped, ==, 1);
	ump_server_drop(&server);
	ump_client_drop(&client);
}

/* The same with a permit that was reserved for the client.  A send that fails must leave the permit
 * to the client, which need not reserve again. */
static int try_reserved_permit(void)
{
	struct order order = {OP_ECHO, 1, &token};
	ump_reply_context *rc;
	const void *msg;
	int result = ump_client_post(client, &order);

	CHECK_INT(ump_server_try_pop(server, &msg, &rc), ==, result == UMP_OK ? UMP_OK : UMP_EMPTY);
	/* What the receiver reads is freed at its next call. */
	CHECK_INT(ump_server_try_pop(server, &msg, &rc), ==, UMP_EMPTY);
	return result;
}

static void sending_with_reserved_permit(void)
{
	struct ump_config config = probe_config;

	config.capacity = 1;
	CHECK_INT(ump_completions_open(&completions), ==, UMP_OK);
	CHECK_INT(ump_channel_open(&server, &client, &config), ==, UMP_OK);
	CHECK_INT(probe_every_fault(try_reserve, UMP_NO_MEMORY), ==, 1);
	CHECK_INT(ump_client_post(client, &(struct order){OP_ECHO, 1, NULL}), ==, UMP_OK);
	CHECK_INT(ump_client_post(client, &(struct order){OP_ECHO, 1, NULL}), ==, UMP_FULL);
	ump_server_drop(&server);
	ump_client_drop(&client);
	CHECK_INT(ump_channel_open(&server, &client, &config), ==, UMP_OK);
	CHECK_INT(try_reserve(), ==, UMP_OK);
	CHECK_INT(probe_every_fault(try_reserved_permit, UMP_NO_MEMORY), ==, 1);
	ump_server_drop(&server);
	ump_client_drop(&client);
	ump_completions_drop(&completions);
}

static const struct check_test tests[] = {
	{"[clean] opening a channel with each allocation failing", opening},
	{"[clean] making handles with each allocation failing", handles},
	{"[clean] [gone] sending with each allocation failing", sending},
	{"[clean] spawning a server with each allocation, and the thread, failing", spawning},
	{"[clean] [task] spawning a task with each allocation, and the descriptor, failing",
		spawning_tasks},
	{"[clean] [complete] completions with each allocation, and the descriptor, failing",
		completing},
	{"[clean] [suspend] a handler that cannot suspend goes on", suspending_handlers},
	{"[clean] [bound] failing sends return their permit", sending_with_permit},
	{"[clean] [bound] [complete] failing sends return a reserved permit",
		sending_with_reserved_permit},
};

CHECK_MAIN(tests)
