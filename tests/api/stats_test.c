/* SPDX-License-Identifier: 0BSD */
/* Server statistics. */
#include "probe.h"

#include <string.h>

static struct probe probe;
static struct ump_config config;
static ump_client *client;
static ump_thread *thread;
static ump_task *task;

static void prepare(size_t capacity, int64_t slow_limit)
{
	config = probe_config;
	config.capacity = capacity;
	config.slow_limit = slow_limit;
	probe_init(&probe);
	probe.config = &config;
}

static struct ump_stats look(void)
{
	struct ump_stats stats;

	memset(&stats, 0x55, sizeof stats);
	CHECK_INT(ump_client_stats(client, &stats), ==, UMP_OK);
	return stats;
}

static void fresh(void)
{
	struct ump_stats stats;

	prepare(0, 0);
	probe_spawn_task(&probe, &client, &task);
	stats = look();
	CHECK_INT(stats.depth, ==, UMP_UNCOUNTED);
	CHECK_INT(stats.depth_most, ==, UMP_UNCOUNTED);
	CHECK_INT(stats.handled, ==, 0);
	CHECK_INT(stats.skipped, ==, 0);
	CHECK_INT(stats.failed, ==, 0);
	CHECK_INT(stats.kept, ==, 0);
	CHECK(!stats.busy);
	CHECK_INT(stats.busy_for, ==, -1);
	CHECK_INT(stats.clients, ==, 1);
	CHECK(!stats.closed);
	ump_task_drop(&task);
	stats = look();
	CHECK(stats.closed);
	CHECK_INT(stats.clients, ==, 1);
	ump_client_drop(&client);
}

static void depths(void)
{
	prepare(10, 0);
	probe_spawn_task(&probe, &client, &task);
	CHECK_INT(look().depth, ==, 0);
	CHECK_INT(look().depth_most, ==, 0);
	for (int i = 0; i < 7; i++) {
		probe_post(client, OP_ECHO, i);
		CHECK_INT(look().depth, ==, i + 1);
		CHECK_INT(look().depth_most, ==, i + 1);
	}
	for (int i = 6; i >= 0; i--) {
		CHECK(ump_task_dispatch(task, 1));
		CHECK_INT(look().depth, ==, i);
		CHECK_INT(look().depth_most, ==, 7);
	}
	probe_post(client, OP_ECHO, 1);
	CHECK_INT(look().depth_most, ==, 7);
	ump_task_drop(&task);
	CHECK_INT(look().depth, ==, 0);
	CHECK_INT(look().depth_most, ==, 7);
	ump_client_drop(&client);
}

/* A reported maximum must not decrease, even if the permit is returned unused. */
static void depth_with_reserved_permit(void)
{
	ump_completions *completions;
	ump_client *reserving;

	prepare(3, 0);
	probe_spawn_task(&probe, &client, &task);
	CHECK_INT(ump_client_clone(client, &reserving), ==, UMP_OK);
	CHECK_INT(ump_completions_open(&completions), ==, UMP_OK);
	CHECK_INT(ump_client_reserve(reserving, completions, NULL), ==, UMP_OK);
	CHECK_INT(look().depth, ==, 1);
	CHECK_INT(look().depth_most, ==, 1);
	ump_client_drop(&reserving);
	ump_completions_drop(&completions);
	CHECK_INT(look().depth, ==, 0);
	CHECK_INT(look().depth_most, ==, 1);
	/* No statistics are read while messages come and go. */
	for (int i = 0; i < 2; i++)
		probe_post(client, OP_ECHO, i);
	CHECK(ump_task_dispatch(task, 2));
	CHECK_INT(look().depth_most, ==, 2);
	ump_task_drop(&task);
	ump_client_drop(&client);
}

static void ends_of_requests(void)
{
	ump_wait_reply *replies[6];
	struct reply reply = {0, NULL};

	prepare(0, 0);
	probe_spawn_task(&probe, &client, &task);
	replies[0] = probe_req_async(client, OP_FAIL, 3, NULL);
	replies[1] = probe_req_async(client, OP_ECHO, 3, NULL);
	replies[2] = probe_req_async(client, OP_KEEP, 3, NULL);
	replies[3] = probe_req_async(client, OP_KEEP, 3, NULL);
	replies[4] = probe_req_async(client, OP_KEEP, 3, NULL);
	replies[5] = probe_req_async(client, OP_ECHO, 3, NULL);
	probe_post(client, OP_ECHO, 1);
	ump_wait_reply_drop(&replies[5]);
	CHECK(ump_task_dispatch(task, 0));
	CHECK_INT(look().handled, ==, 6);
	CHECK_INT(look().skipped, ==, 1);
	CHECK_INT(look().failed, ==, 1);
	CHECK_INT(look().kept, ==, 3);
	/* Kept contexts are counted until they are answered, in any way. */
	CHECK_INT(ump_reply(&probe.kept[0], &reply), ==, UMP_OK);
	CHECK_INT(look().kept, ==, 2);
	CHECK_INT(ump_reply_fail(&probe.kept[1], 5), ==, UMP_OK);
	CHECK_INT(look().kept, ==, 1);
	CHECK_INT(look().failed, ==, 2);
	/* A context that is kept again counts once. */
	probe.kept[2] = ump_reply_keep(&probe.kept[2]);
	CHECK_INT(look().kept, ==, 1);
	ump_task_drop(&task);
	CHECK_INT(look().kept, ==, 1);
	ump_reply_drop(&probe.kept[2]);
	CHECK_INT(look().kept, ==, 0);
	CHECK_INT(look().failed, ==, 2);
	for (int i = 0; i < 5; i++)
		ump_wait_reply_drop(&replies[i]);
	ump_client_drop(&client);
}

static void clients(void)
{
	ump_weak_client *weak;
	ump_post_client *post_client;
	ump_client *clone;
	struct ump_stats stats;

	prepare(0, 0);
	probe_spawn_task(&probe, &client, &task);
	CHECK_INT(ump_client_weak(client, &weak), ==, UMP_OK);
	CHECK_INT(look().clients, ==, 1);
	CHECK_INT(ump_client_clone(client, &clone), ==, UMP_OK);
	CHECK_INT(ump_client_post_client(client, &post_client), ==, UMP_OK);
	CHECK_INT(look().clients, ==, 3);
	ump_client_drop(&clone);
	CHECK_INT(look().clients, ==, 2);
	ump_client_drop(&client);
	CHECK_INT(ump_weak_client_stats(weak, &stats), ==, UMP_OK);
	CHECK_INT(stats.clients, ==, 1);
	ump_post_client_drop(&post_client);
	/* A weak client does not keep the server alive, and can still read statistics. */
	CHECK_INT(ump_weak_client_stats(weak, &stats), ==, UMP_OK);
	CHECK_INT(stats.clients, ==, 0);
	CHECK(!stats.closed);
	CHECK_INT(ump_task_run(task, UMP_FOREVER), ==, UMP_OK);
	CHECK_INT(ump_weak_client_stats(weak, &stats), ==, UMP_OK);
	CHECK(stats.closed);
	CHECK(!probe_join_task(&task).stop);
	ump_weak_client_drop(&weak);
}

static void busy(int64_t slow_limit)
{
	struct ump_stats stats;

	prepare(0, slow_limit);
	probe_spawn(&probe, &client, &thread);
	CHECK(!look().busy);
	probe_hold(&probe, client);
	check_nap(2);
	stats = look();
	CHECK(stats.busy);
	if (slow_limit != 0) {
		CHECK_INT(stats.busy_for, >=, 1000000);
		check_nap(2);
		CHECK_INT(look().busy_for, >, stats.busy_for);
	} else {
		CHECK_INT(stats.busy_for, ==, -1);
	}
	CHECK_INT(stats.handled, ==, 1);
	probe_release(&probe);
	CHECK_INT(probe_req(client, OP_ECHO, 1, NULL), ==, UMP_OK);
	/* Two words, which may be seen to change in either order. */
	while (look().busy || look().busy_for != -1)
		check_nap(1);
	CHECK_INT(look().handled, ==, 2);
	ump_client_drop(&client);
	CHECK(!probe_join(&thread).stop);
}

static void busy_handlers(void)
{
	busy(0);
	busy(INT64_C(3600000000000));
}

static ump_suspension *suspended;

static struct ump_flow suspend(
	struct probe *self, const struct order *order, ump_reply_context **rc)
{
	(void)self;
	(void)order;
	(void)rc;
	CHECK(look().busy);
	suspended = ump_suspend();
	return ump_pending();
}

/* A handler that has suspended counts as busy until it is resumed, or cannot be any more. */
static void busy_suspended(int64_t slow_limit)
{
	for (int dropped = 0; dropped < 2; dropped++) {
		prepare(0, slow_limit);
		probe.on_call = suspend;
		probe_spawn_task(&probe, &client, &task);
		probe_post(client, OP_CALL, 1);
		CHECK(ump_task_dispatch(task, 0));
		check_nap(2);
		CHECK(look().busy);
		if (slow_limit != 0)
			CHECK_INT(look().busy_for, >=, 1000000);
		else
			CHECK_INT(look().busy_for, ==, -1);
		if (dropped) {
			ump_task_drop(&task);
		} else {
			CHECK_INT(ump_task_resume(&suspended, ump_continue()), ==, UMP_OK);
			CHECK(look().busy);
			CHECK(ump_task_dispatch(task, 0));
		}
		CHECK(!look().busy);
		CHECK_INT(look().busy_for, ==, -1);
		if (dropped)
			CHECK_INT(ump_task_resume(&suspended, ump_continue()), ==, UMP_SERVER_GONE);
		ump_task_drop(&task);
		ump_client_drop(&client);
	}
}

static void suspended_handlers(void)
{
	busy_suspended(0);
	busy_suspended(INT64_C(3600000000000));
}

static void raw(void)
{
	struct ump_stats stats;
	ump_wait_reply *wait_reply;
	ump_reply_context *rc;
	ump_server *server;
	const void *msg;

	prepare(5, 0);
	CHECK_INT(ump_channel_open(&server, &client, &config), ==, UMP_OK);
	probe_post(client, OP_ECHO, 1);
	wait_reply = probe_req_async(client, OP_ECHO, 2, NULL);
	CHECK_INT(ump_server_stats(server, &stats), ==, UMP_OK);
	CHECK_INT(stats.depth, ==, 2);
	CHECK_INT(stats.handled, ==, 0);
	CHECK_INT(ump_server_try_pop(server, &msg, &rc), ==, UMP_OK);
	CHECK_INT(ump_server_try_pop(server, &msg, &rc), ==, UMP_OK);
	CHECK_INT(ump_server_stats(server, &stats), ==, UMP_OK);
	CHECK_INT(stats.depth, ==, 0);
	CHECK_INT(stats.depth_most, ==, 2);
	CHECK_INT(stats.handled, ==, 2);
	CHECK(!stats.busy);
	/* The contexts belong to the raw end's owner, however they end. */
	rc = ump_reply_keep(&rc);
	CHECK_INT(look().kept, ==, 0);
	CHECK_INT(ump_reply_fail(&rc, 1), ==, UMP_OK);
	CHECK_INT(look().failed, ==, 0);
	ump_wait_reply_drop(&wait_reply);
	ump_server_drop(&server);
	CHECK(look().closed);
	ump_client_drop(&client);
}

/* Callers built for an older and for a newer library. */
static void sizes(void)
{
	struct {
		struct ump_stats known;
		uint64_t unknown;
	} newer;
	ump_server *server;
	ump_weak_client *weak;

	probe_open(&server, &client);
	CHECK_INT(ump_client_weak(client, &weak), ==, UMP_OK);
	memset(&newer, 0x55, sizeof newer);
	CHECK_INT(ump_client_stats_sized(client, &newer.known, sizeof newer), ==, UMP_OK);
	CHECK_INT(newer.unknown, ==, 0);
	CHECK_INT(newer.known.clients, ==, 1);
	CHECK_INT(ump_client_stats_sized(client, &newer.known, 8), ==, UMP_INVALID);
	CHECK_INT(ump_weak_client_stats_sized(weak, &newer.known, 0), ==, UMP_INVALID);
	CHECK_INT(ump_server_stats_sized(server, &newer.known, offsetof(struct ump_stats, closed)),
		==, UMP_INVALID);
	CHECK_INT(newer.known.clients, ==, 1);
	ump_weak_client_drop(&weak);
	ump_server_drop(&server);
	ump_client_drop(&client);
}

static atomic_bool stop;

/* An observer must never see a counter decrease. */
static void *watch(void *arg)
{
	ump_weak_client *weak = arg;
	struct ump_stats last = {0};

	while (!stop) {
		struct ump_stats stats;

		CHECK_INT(ump_weak_client_stats(weak, &stats), ==, UMP_OK);
		CHECK_INT(stats.handled, >=, last.handled);
		CHECK_INT(stats.depth_most, >=, last.depth_most);
		CHECK_INT(stats.depth, <=, 4);
		CHECK_INT(stats.depth_most, <=, 4);
		CHECK_INT(stats.failed, >=, last.failed);
		last = stats;
	}
	return NULL;
}

static void watched(void)
{
	ump_weak_client *weak;
	pthread_t watcher;
	struct ump_stats stats;

	prepare(4, 1000000);
	probe_spawn(&probe, &client, &thread);
	CHECK_INT(ump_client_weak(client, &weak), ==, UMP_OK);
	stop = false;
	CHECK_INT(pthread_create(&watcher, NULL, watch, weak), ==, 0);
	for (int i = 0; i < 1000; i++) {
		struct order order = {OP_ECHO, i, NULL};

		CHECK_INT(ump_client_post_until(client, &order, UMP_FOREVER), ==, UMP_OK);
		CHECK_INT(probe_req(client, OP_FAIL, 1, NULL), ==, 1);
	}
	stop = true;
	pthread_join(watcher, NULL);
	ump_client_drop(&client);
	CHECK(!probe_join(&thread).stop);
	CHECK_INT(ump_weak_client_stats(weak, &stats), ==, UMP_OK);
	CHECK_INT(stats.handled, ==, 2000);
	CHECK_INT(stats.failed, ==, 1000);
	CHECK_INT(stats.depth, ==, 0);
	CHECK(stats.closed);
	ump_weak_client_drop(&weak);
}

static const struct check_test tests[] = {
	{"[task] a fresh server's numbers, and those of one that was dropped", fresh},
	{"[bound] depth, and the most there ever was", depths},
	{"[bound] a reserved permit counts as depth, and is not forgotten",
		depth_with_reserved_permit},
	{"[origin] [keep] requests handled, skipped, failed and kept", ends_of_requests},
	{"[weak] clients are counted; monitoring keeps nothing alive", clients},
	{"[user] a handler at work, and since when", busy_handlers},
	{"[suspend] a handler that has suspended is at work", suspended_handlers},
	{"[bound] raw receiving ends have numbers too", raw},
	{"[misuse] callers of other versions", sizes},
	{"[quiet] monitoring disturbs no thread", watched},
};

CHECK_MAIN(tests)
