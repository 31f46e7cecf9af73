/* SPDX-License-Identifier: 0BSD */
/* Watches: a completion queue is notified when a server has ended. */
#include "call/completions.h"
#include "core/counts.h"
#include "probe.h"

#include <poll.h>
#include <string.h>

#define ROUNDS 400
#define SECOND INT64_C(1000000000)

static struct probe probe;
static ump_completions *completions;

static void open_queue(void)
{
	memset(&probe, 0, sizeof probe);
	probe_init(&probe);
	CHECK_INT(ump_completions_open(&completions), ==, UMP_OK);
}

static void *tag(intptr_t n)
{
	return (void *)n;
}

static void expect_nothing(size_t in_flight)
{
	struct ump_completion got;

	CHECK_INT(ump_completions_next(completions, &got), ==, UMP_EMPTY);
	CHECK(!probe_readable(ump_completions_fd(completions)));
	CHECK_INT(ump_completions_in_flight(completions), ==, in_flight);
}

/* Wait for the next completion, which must be that of watch `n`. */
static struct ump_completion expect(intptr_t n)
{
	struct ump_completion got;

	CHECK_INT(ump_completions_wait(completions, &got, UMP_FOREVER), ==, UMP_OK);
	CHECK(got.tag == tag(n));
	CHECK_INT(got.result, ==, UMP_OK);
	return got;
}

/* The same by a client. */
static void expect_end(intptr_t n)
{
	CHECK(expect(n).reply == NULL);
}

static void expect_outcome(intptr_t n, bool stop, intptr_t value)
{
	struct ump_completion got = expect(n);
	const struct ump_flow *how = got.reply;

	CHECK(how != NULL);
	CHECK_INT(how->stop, ==, stop);
	CHECK(!stop || how->value == tag(value));
}

static int drops_seen;

static void nothing_came(struct probe *ended)
{
	struct ump_completion got;

	(void)ended;
	drops_seen++;
	CHECK_INT(ump_completions_next(completions, &got), ==, UMP_EMPTY);
}

/* ---- Each kind of server -------------------------------------------------------------------- */

static void thread_breaks(void)
{
	ump_client *client;
	ump_thread *thread;
	struct ump_flow how;

	open_queue();
	probe_spawn(&probe, &client, &thread);
	CHECK_INT(ump_client_watch(client, completions, tag(1)), ==, UMP_OK);
	CHECK_INT(ump_thread_watch(thread, completions, tag(2)), ==, UMP_OK);
	expect_nothing(2);
	probe_post(client, OP_BREAK, 7);
	expect_end(1);
	expect_outcome(2, true, 7);
	CHECK_INT(probe.drops, ==, 1);
	expect_nothing(0);
	/* The loop has ended; the thread may still exit. */
	while (ump_thread_join(&thread, &how, UMP_NOW) == UMP_TIMED_OUT)
		sched_yield();
	CHECK(thread == NULL && how.value == tag(7));
	ump_client_drop(&client);
	ump_completions_drop(&completions);
}

static void pooled_thread_is_joined_at_once(void)
{
	ump_thread_pool *pool;
	ump_client *client;
	ump_thread *thread;
	struct ump_flow how;
	struct ump_config config = probe_config;

	CHECK_INT(ump_thread_pool_open(&pool, 0, 0), ==, UMP_OK);
	config.thread_pool = pool;
	for (int i = 1; i <= ROUNDS; i++) {
		open_queue();
		probe.config = &config;
		probe_spawn(&probe, &client, &thread);
		CHECK_INT(ump_thread_watch(thread, completions, tag(i)), ==, UMP_OK);
		ump_client_drop(&client);
		expect_outcome(i, false, 0);
		CHECK_INT(ump_thread_join(&thread, &how, UMP_NOW), ==, UMP_OK);
		CHECK(!how.stop);
		ump_completions_drop(&completions);
	}
	ump_thread_pool_drop(&pool);
}

/* Its messages are handled before the end; a dropped handle does not matter. */
static void dropped_thread_drains(void)
{
	ump_client *client;
	ump_thread *thread;

	open_queue();
	probe_spawn(&probe, &client, &thread);
	probe_hold(&probe, client);
	CHECK_INT(ump_thread_watch(thread, completions, tag(1)), ==, UMP_OK);
	CHECK_INT(ump_client_watch(client, completions, tag(2)), ==, UMP_OK);
	probe_post(client, OP_FORGET, 1);
	ump_thread_drop(&thread);
	ump_client_drop(&client);
	expect_nothing(2);
	probe_release(&probe);
	expect_outcome(1, false, 0);
	CHECK_INT(probe.handled, ==, 2);
	expect_end(2);
	CHECK_INT(ump_join_dropped(UMP_FOREVER), ==, UMP_OK);
	ump_completions_drop(&completions);
}

static void task_ends_after_drop(void)
{
	ump_client *client;
	ump_task *task;

	open_queue();
	drops_seen = 0;
	probe.on_drop = nothing_came;
	probe.on_term = nothing_came;
	probe_spawn_task(&probe, &client, &task);
	CHECK_INT(ump_task_watch(task, completions, tag(1)), ==, UMP_OK);
	CHECK_INT(ump_client_watch(client, completions, tag(2)), ==, UMP_OK);
	probe_post(client, OP_BREAK, 5);
	expect_nothing(2);
	CHECK(!ump_task_dispatch(task, 0));
	CHECK_INT(drops_seen, ==, 2);
	CHECK(probe_readable(ump_completions_fd(completions)));
	expect_outcome(1, true, 5);
	expect_end(2);
	/* It has ended, and is watched again. */
	CHECK_INT(ump_task_watch(task, completions, tag(3)), ==, UMP_OK);
	CHECK_INT(ump_client_watch(client, completions, tag(4)), ==, UMP_OK);
	expect_outcome(3, true, 5);
	expect_end(4);
	CHECK(probe_join_task(&task).value == tag(5));
	/* The handle is gone; a client still tells. */
	CHECK_INT(ump_client_watch(client, completions, tag(5)), ==, UMP_OK);
	expect_end(5);
	ump_client_drop(&client);
	ump_completions_drop(&completions);
}

static void task_is_dropped(void)
{
	ump_client *client;
	ump_task *task;

	open_queue();
	probe_spawn_task(&probe, &client, &task);
	CHECK_INT(ump_task_watch(task, completions, tag(1)), ==, UMP_OK);
	ump_task_drop(&task);
	expect_outcome(1, true, 0);
	ump_client_drop(&client);
	ump_completions_drop(&completions);
}

static void combining_ends_in_a_call(void)
{
	ump_client *client;
	ump_combining *combining;
	struct ump_flow how;

	open_queue();
	probe_spawn_combining(&probe, &client, &combining);
	CHECK_INT(ump_combining_watch(combining, completions, tag(1)), ==, UMP_OK);
	CHECK_INT(ump_client_watch(client, completions, tag(2)), ==, UMP_OK);
	expect_nothing(2);
	ump_client_drop(&client);
	expect_outcome(1, false, 0);
	expect_end(2);
	CHECK_INT(ump_combining_watch(combining, completions, tag(3)), ==, UMP_OK);
	expect_outcome(3, false, 0);
	CHECK_INT(ump_combining_join(&combining, &how, UMP_NOW), ==, UMP_OK);
	/* One whose handle was dropped. */
	ump_client_drop(&client);
	ump_completions_drop(&completions);
}

static void dropped_combining_ends(void)
{
	ump_client *client;
	ump_combining *combining;

	open_queue();
	probe_spawn_combining(&probe, &client, &combining);
	CHECK_INT(ump_combining_watch(combining, completions, tag(4)), ==, UMP_OK);
	ump_combining_drop(&combining);
	probe_post(client, OP_BREAK, 9);
	expect_outcome(4, true, 9);
	ump_client_drop(&client);
	ump_completions_drop(&completions);
}

static void raw_end_is_dropped(void)
{
	ump_server *server;
	ump_client *client;
	ump_post_client *poster;
	ump_weak_client *weak;
	const void *msg;
	ump_reply_context *rc;

	open_queue();
	probe_open(&server, &client);
	CHECK_INT(ump_client_post_client(client, &poster), ==, UMP_OK);
	CHECK_INT(ump_client_weak(client, &weak), ==, UMP_OK);
	CHECK_INT(ump_client_watch(client, completions, tag(1)), ==, UMP_OK);
	CHECK_INT(ump_post_client_watch(poster, completions, tag(2)), ==, UMP_OK);
	CHECK_INT(ump_weak_client_watch(weak, completions, tag(3)), ==, UMP_OK);
	/* A watch keeps nothing alive, and has gone with none of the clients. */
	ump_client_drop(&client);
	ump_post_client_drop(&poster);
	CHECK_INT(ump_server_try_pop(server, &msg, &rc), ==, UMP_CLIENTS_GONE);
	CHECK_INT(ump_weak_client_watch(weak, completions, tag(4)), ==, UMP_OK);
	expect_nothing(4);
	ump_server_drop(&server);
	for (int i = 1; i <= 4; i++)
		expect_end(i);
	CHECK_INT(ump_weak_client_watch(weak, completions, tag(5)), ==, UMP_OK);
	ump_weak_client_drop(&weak);
	expect_end(5);
	ump_completions_drop(&completions);
}

/* ---- Servers that never run ----------------------------------------------------------------- */

static ump_client *cloned;

static int watch_at_build(struct probe *of, ump_client *client)
{
	CHECK_INT(ump_client_clone(client, &cloned), ==, UMP_OK);
	CHECK_INT(ump_client_watch(client, completions, tag(1)), ==, UMP_OK);
	return of->builder_result;
}

static void failed_spawn(int builder_result, int init_result)
{
	ump_client *client;
	ump_thread *thread;
	ump_task *task;
	ump_combining *combining;

	for (int kind = 0; kind < 3; kind++) {
		int result;

		open_queue();
		probe.builder_result = builder_result;
		probe.init_result = init_result;
		probe.on_build = watch_at_build;
		if (kind == 0)
			result = probe_spawn_result(&probe, &client, &thread);
		else if (kind == 1)
			result = probe_spawn_task_result(&probe, &client, &task);
		else
			result = probe_spawn_combining_result(&probe, &client, &combining);
		CHECK_INT(result, ==, 5);
		expect_end(1);
		CHECK_INT(ump_client_watch(cloned, completions, tag(2)), ==, UMP_OK);
		expect_end(2);
		ump_client_drop(&cloned);
		ump_completions_drop(&completions);
	}
}

static void init_fails(void)
{
	failed_spawn(0, 5);
}

static void builder_fails(void)
{
	failed_spawn(5, 0);
}

/* ---- From callbacks -------------------------------------------------------------------------- */

static struct ump_flow watch_itself(
	struct probe *of, const struct order *order, ump_reply_context **rc)
{
	(void)rc;
	CHECK_INT(ump_weak_client_watch(of->me, completions, tag(order->value)), ==, UMP_OK);
	return ump_continue();
}

static void watch_in_drop(struct probe *of)
{
	CHECK_INT(ump_weak_client_watch(of->me, completions, tag(9)), ==, UMP_OK);
	nothing_came(of);
}

static void handlers_watch_their_server(void)
{
	ump_client *client;
	ump_task *task;

	open_queue();
	probe.on_call = watch_itself;
	probe.on_drop = watch_in_drop;
	probe_spawn_task(&probe, &client, &task);
	probe_post(client, OP_CALL, 1);
	probe_post(client, OP_CALL, 2);
	CHECK(ump_task_dispatch(task, 0));
	expect_nothing(2);
	ump_client_drop(&client);
	CHECK(!ump_task_dispatch(task, 0));
	expect_end(1);
	expect_end(2);
	expect_end(9);
	CHECK(!probe_join_task(&task).stop);
	ump_completions_drop(&completions);
}

/* ---- Completions that are dropped ------------------------------------------------------------ */

/* Their watches must be freed at once, the others of the same server must stay. */
static void dropped_queues_leave_nothing(void)
{
	ump_server *server;
	ump_client *client;
	ump_server *other;
	ump_client *client_of_other;
	ump_completions *kept[3];
	long live;

	open_queue();
	probe_open(&server, &client);
	for (int i = 0; i < 3; i++) {
		CHECK_INT(ump_completions_open(&kept[i]), ==, UMP_OK);
		CHECK_INT(ump_client_watch(client, kept[i], tag(i)), ==, UMP_OK);
		CHECK_INT(ump_client_watch(client, completions, tag(10 + i)), ==, UMP_OK);
	}
	live = faults_live();
	/* The newest, the oldest and one in the middle of the server's list. */
	ump_completions_drop(&kept[1]);
	CHECK_INT(faults_live(), ==, live - 2);
	ump_completions_drop(&kept[0]);
	ump_completions_drop(&kept[2]);
	CHECK_INT(faults_live(), ==, live - 6);
	/* Their memory serves the watches of another server, which the end must not touch. */
	probe_open(&other, &client_of_other);
	live = faults_live();
	CHECK_INT(ump_completions_open(&kept[0]), ==, UMP_OK);
	for (int i = 0; i < 3; i++)
		CHECK_INT(ump_client_watch(client_of_other, kept[0], tag(i)), ==, UMP_OK);
	ump_server_drop(&server);
	for (int i = 0; i < 3; i++)
		expect_end(10 + i);
	expect_nothing(0);
	ump_completions_drop(&kept[0]);
	CHECK_INT(faults_live(), ==, live - 3);
	ump_server_drop(&other);
	ump_client_drop(&client_of_other);
	expect_nothing(0);
	ump_client_drop(&client);
	ump_completions_drop(&completions);
}

/* Some watches were retrieved, some have arrived, some are pending: all go. */
static void dropped_in_any_state(void)
{
	ump_server *server[3];
	ump_client *client[3];

	open_queue();
	for (int i = 0; i < 3; i++) {
		probe_open(&server[i], &client[i]);
		CHECK_INT(ump_client_watch(client[i], completions, tag(i)), ==, UMP_OK);
		CHECK_INT(ump_client_watch(client[0], completions, tag(10 + i)), ==, UMP_OK);
	}
	ump_server_drop(&server[1]);
	expect_end(1);
	CHECK_INT(ump_completions_in_flight(completions), ==, 5);
	ump_completions_drop(&completions);
	for (int i = 0; i < 3; i++) {
		ump_server_drop(&server[i]);
		ump_client_drop(&client[i]);
	}
}

/* ---- Arguments and limits -------------------------------------------------------------------- */

static void wrong_arguments(void)
{
	ump_server *server;
	ump_client *client;
	ump_thread *thread;
	struct ump_flow how;

	open_queue();
	probe_spawn(&probe, &client, &thread);
	CHECK_INT(ump_client_watch(NULL, completions, NULL), ==, UMP_INVALID);
	CHECK_INT(ump_client_watch(client, NULL, NULL), ==, UMP_INVALID);
	CHECK_INT(ump_post_client_watch(NULL, completions, NULL), ==, UMP_INVALID);
	CHECK_INT(ump_weak_client_watch(NULL, completions, NULL), ==, UMP_INVALID);
	CHECK_INT(ump_thread_watch(NULL, completions, NULL), ==, UMP_INVALID);
	CHECK_INT(ump_thread_watch(thread, NULL, NULL), ==, UMP_INVALID);
	CHECK_INT(ump_task_watch(NULL, completions, NULL), ==, UMP_INVALID);
	CHECK_INT(ump_combining_watch(NULL, completions, NULL), ==, UMP_INVALID);
	expect_nothing(0);
	ump_client_drop(&client);
	CHECK_INT(ump_thread_join(&thread, &how, UMP_FOREVER), ==, UMP_OK);
	probe_open(&server, &client);
	faults_at(0);
	CHECK_INT(ump_client_watch(client, completions, NULL), ==, UMP_NO_MEMORY);
	(void)faults_off();
	expect_nothing(0);
	ump_server_drop(&server);
	ump_client_drop(&client);
	ump_completions_drop(&completions);
}

static void too_many_in_flight(void)
{
	ump_server *server;
	ump_client *client;
	uint64_t crowd;

	open_queue();
	probe_open(&server, &client);
	crowd = UMP__COUNTS_MAX - ump__counts_weak(atomic_load(&completions->counts.value));
	atomic_fetch_add(&completions->counts.value, crowd);
	CHECK_INT(ump_client_watch(client, completions, NULL), ==, UMP_OVERFLOW);
	atomic_fetch_sub(&completions->counts.value, crowd);
	expect_nothing(0);
	ump_server_drop(&server);
	ump_client_drop(&client);
	ump_completions_drop(&completions);
}

/* ---- Waiting --------------------------------------------------------------------------------- */

/* A watch is in flight: the wait lasts until its deadline, and the end wakes it. */
static void waits_for_the_end(void)
{
	struct ump_completion got;
	ump_client *client;
	ump_thread *thread;

	open_queue();
	CHECK_INT(ump_completions_wait(completions, &got, UMP_FOREVER), ==, UMP_NONE_PENDING);
	probe_spawn(&probe, &client, &thread);
	CHECK_INT(ump_thread_watch(thread, completions, tag(1)), ==, UMP_OK);
	CHECK_INT(ump_completions_wait(completions, &got, UMP_NOW), ==, UMP_TIMED_OUT);
	ump_client_drop(&client);
	expect_outcome(1, false, 0);
	CHECK_INT(ump_completions_wait(completions, &got, UMP_FOREVER), ==, UMP_NONE_PENDING);
	(void)probe_join(&thread);
	ump_completions_drop(&completions);
}

/* A full inbox does not matter. */
static void needs_no_capacity(void)
{
	const struct ump_config config = {.post.size = sizeof(int), .capacity = 1};
	struct ump_stats stats;
	ump_server *server;
	ump_client *client;
	int value = 0;

	open_queue();
	CHECK_INT(ump_channel_open(&server, &client, &config), ==, UMP_OK);
	CHECK_INT(ump_client_post(client, &value), ==, UMP_OK);
	CHECK_INT(ump_client_watch(client, completions, tag(1)), ==, UMP_OK);
	CHECK_INT(ump_client_stats(client, &stats), ==, UMP_OK);
	CHECK_INT(stats.depth, ==, 1);
	ump_server_drop(&server);
	expect_end(1);
	ump_client_drop(&client);
	ump_completions_drop(&completions);
}

/* ---- Races: ThreadSanitizer must see these --------------------------------------------------- */

static int written;

static void write_it(struct probe *of)
{
	(void)of;
	written++;
}

static void *watch_often(void *arg)
{
	ump_completions *mine;
	struct ump_completion got;

	CHECK_INT(ump_completions_open(&mine), ==, UMP_OK);
	for (int i = 1; i <= 4; i++)
		CHECK_INT(ump_client_watch(arg, mine, tag(i)), ==, UMP_OK);
	for (int i = 1; i <= 4; i++) {
		CHECK_INT(ump_completions_wait(mine, &got, UMP_FOREVER), ==, UMP_OK);
		CHECK_INT(got.result, ==, UMP_OK);
		CHECK_INT(written, ==, 1);
	}
	CHECK_INT(ump_completions_in_flight(mine), ==, 0);
	ump_completions_drop(&mine);
	return NULL;
}

/* Two threads watch while the server ends: each watch completes, after `drop`. */
static void watches_race_the_end(void)
{
	for (int i = 0; i < ROUNDS; i++) {
		ump_client *client;
		ump_thread *thread;
		pthread_t id[2];

		open_queue();
		written = 0;
		probe.on_drop = write_it;
		probe_spawn(&probe, &client, &thread);
		for (int j = 0; j < 2; j++)
			CHECK_INT(pthread_create(&id[j], NULL, watch_often, client), ==, 0);
		probe_post(client, OP_BREAK, 1);
		for (int j = 0; j < 2; j++)
			pthread_join(id[j], NULL);
		(void)probe_join(&thread);
		ump_client_drop(&client);
		ump_completions_drop(&completions);
	}
}

/* The completions are dropped while the server ends. */
static void drop_races_the_end(void)
{
	for (int i = 0; i < ROUNDS; i++) {
		ump_client *client;
		ump_thread *thread;

		open_queue();
		probe_spawn(&probe, &client, &thread);
		CHECK_INT(ump_client_watch(client, completions, tag(1)), ==, UMP_OK);
		CHECK_INT(ump_thread_watch(thread, completions, tag(2)), ==, UMP_OK);
		CHECK_INT(ump_client_watch(client, completions, tag(3)), ==, UMP_OK);
		ump_client_drop(&client);
		for (volatile int j = 0; j < i % 97 * 40; j++)
			continue;
		ump_completions_drop(&completions);
		(void)probe_join(&thread);
	}
}

static const struct check_test tests[] = {
	{"[watch] [break] a thread, by a client and by its handle", thread_breaks},
	{"[watch] [reuse] a pooled thread is joined at once after its completion",
		pooled_thread_is_joined_at_once},
	{"[watch] [drain] a dropped thread handles what it has accepted", dropped_thread_drains},
	{"[watch] [task] a task ends after its drop callback, and is watched again",
		task_ends_after_drop},
	{"[watch] [task] a task is dropped", task_is_dropped},
	{"[watch] [combining] a combining server ends in a call", combining_ends_in_a_call},
	{"[watch] [combining] a combining server whose handle was dropped", dropped_combining_ends},
	{"[watch] [weak] a raw receiving end, by all kinds of client", raw_end_is_dropped},
	{"[watch] [init] clients of a server whose init fails", init_fails},
	{"[watch] [init] clients of a server whose builder fails", builder_fails},
	{"[watch] [user] handlers watch their own server", handlers_watch_their_server},
	{"[watch] [clean] a dropped completion queue leaves no watch",
		dropped_queues_leave_nothing},
	{"[watch] [clean] a completion queue is dropped with watches in any state",
		dropped_in_any_state},
	{"[watch] [misuse] [clean] wrong arguments, and no memory", wrong_arguments},
	{"[watch] [complete] too many in flight", too_many_in_flight},
	{"[watch] [quiet] [complete] waiting for an end", waits_for_the_end},
	{"[watch] [bound] a watch needs no capacity", needs_no_capacity},
	{"[watch] [quiet] threads watch while the server ends", watches_race_the_end},
	{"[watch] [clean] the completion queue is dropped while the server ends",
		drop_races_the_end},
};

CHECK_MAIN(tests)
