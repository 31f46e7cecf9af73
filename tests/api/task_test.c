/* SPDX-License-Identifier: 0BSD */
/* A server inside an event loop. */
#include "probe.h"

#include <fcntl.h>
#include <poll.h>

#define SECOND INT64_C(1000000000)

static struct probe probe;
static ump_client *client;
static ump_task *task;

static void spawn(void)
{
	probe_spawn_task(&probe, &client, &task);
}

static bool readable(void)
{
	return probe_readable(ump_task_fd(task));
}

/* ---- The file descriptor ------------------------------------------------------------------- */

static void only_inside(void)
{
	probe_init(&probe);
	spawn();
	CHECK_INT(probe.inits, ==, 1);
	CHECK(pthread_equal(probe.builder_thread, pthread_self()));
	CHECK(pthread_equal(probe.dispatcher, pthread_self()));
	CHECK(!readable());
	probe_post(client, OP_ECHO, 1);
	check_nap(5);
	CHECK_INT(probe.handled, ==, 0);
	CHECK(ump_task_dispatch(task, 0));
	CHECK_INT(probe.handled, ==, 1);
	CHECK_INT(ump_task_join(&task, NULL), ==, UMP_EMPTY);
	CHECK(task != NULL);
	ump_client_drop(&client);
	CHECK_INT(probe.terms, ==, 0);
	CHECK(!ump_task_dispatch(task, 0));
	CHECK_INT(probe.terms, ==, 1);
	CHECK_INT(probe.drops, ==, 1);
	CHECK(!probe_join_task(&task).stop);
}

static void readable_while_work(void)
{
	ump_wait_reply *reply;
	struct reply got;
	int fd;

	probe_init(&probe);
	spawn();
	fd = ump_task_fd(task);
	for (int i = 0; i < 3; i++)
		probe_post(client, OP_ECHO, i);
	reply = probe_req_async(client, OP_ECHO, 3, NULL);
	for (int i = 0; i < 4; i++) {
		CHECK(readable());
		CHECK_INT(probe.handled, ==, i);
		CHECK(ump_task_dispatch(task, 1));
	}
	CHECK(!readable());
	CHECK_INT(ump_wait_reply_try(&reply, &got), ==, UMP_OK);
	CHECK_INT(got.value, ==, 3);
	/* With nothing to do, nothing is done. */
	CHECK(ump_task_dispatch(task, 1));
	CHECK(ump_task_dispatch(task, 0));
	CHECK(!readable());
	probe_post(client, OP_ECHO, 4);
	CHECK(readable());
	CHECK_INT(ump_task_fd(task), ==, fd);
	CHECK(ump_task_dispatch(task, 1));
	CHECK(!readable());
	/* A pending end is work. */
	ump_client_drop(&client);
	CHECK(readable());
	CHECK(!ump_task_dispatch(task, 1));
	CHECK(!readable());
	/* It stays ended. */
	CHECK(!ump_task_dispatch(task, 0));
	CHECK_INT(ump_task_run(task, UMP_FOREVER), ==, UMP_OK);
	CHECK(!readable());
	CHECK_INT(ump_task_fd(task), ==, fd);
	CHECK(!probe_join_task(&task).stop);
	for (int i = 0; i < 5; i++)
		CHECK_INT(probe.log[i], ==, i);
}

/* Requests that were given up are work too, until they are skipped. */
static void skipped_work(void)
{
	ump_wait_reply *reply;
	struct ump_stats stats;

	probe_init(&probe);
	spawn();
	reply = probe_req_async(client, OP_ECHO, 1, NULL);
	ump_wait_reply_drop(&reply);
	CHECK(readable());
	CHECK(ump_task_dispatch(task, 1));
	CHECK(!readable());
	CHECK_INT(probe.handled, ==, 0);
	CHECK_INT(ump_client_stats(client, &stats), ==, UMP_OK);
	CHECK_INT(stats.skipped, ==, 1);
	ump_client_drop(&client);
	CHECK_INT(ump_task_run(task, UMP_FOREVER), ==, UMP_OK);
	CHECK(!probe_join_task(&task).stop);
}

/* ---- How much one call does ---------------------------------------------------------------- */

static struct ump_flow post_two(
	struct probe *self, const struct order *order, ump_reply_context **rc)
{
	(void)rc;
	if (order->value < 3) {
		probe_post(client, OP_CALL, order->value + 1);
		probe_post(client, OP_ECHO, -1);
	}
	(void)self;
	return ump_continue();
}

static void budgets(void)
{
	probe_init(&probe);
	probe.on_call = post_two;
	spawn();
	for (int i = 0; i < 5; i++)
		probe_post(client, OP_ECHO, i);
	CHECK(ump_task_dispatch(task, 3));
	CHECK_INT(probe.handled, ==, 3);
	CHECK(readable());
	CHECK(ump_task_dispatch(task, 100));
	CHECK_INT(probe.handled, ==, 5);
	CHECK(!readable());
	/* A batch is what was queued then, without what the handler has since posted to its own
	 * task. */
	probe_post(client, OP_CALL, 0);
	CHECK(ump_task_dispatch(task, 0));
	CHECK_INT(probe.handled, ==, 6);
	CHECK(readable());
	CHECK(ump_task_dispatch(task, 0));
	CHECK_INT(probe.handled, ==, 8);
	CHECK(readable());
	/* A large budget covers these too. */
	CHECK(ump_task_dispatch(task, SIZE_MAX));
	CHECK_INT(probe.handled, ==, 12);
	CHECK(!readable());
	ump_client_drop(&client);
	CHECK(!ump_task_dispatch(task, 1));
	CHECK(!probe_join_task(&task).stop);
}

/* ---- Ends ---------------------------------------------------------------------------------- */

static void ends_by_break(void)
{
	struct order order = {OP_ECHO, 1, NULL};
	ump_wait_reply *reply;
	struct ump_flow how;

	probe_init(&probe);
	probe.takes_leftovers = true;
	spawn();
	probe_post(client, OP_ECHO, 1);
	probe_post(client, OP_BREAK, 77);
	probe_post(client, OP_ECHO, 2);
	reply = probe_req_async(client, OP_ECHO, 3, NULL);
	CHECK(!ump_task_dispatch(task, 0));
	CHECK_INT(probe.handled, ==, 2);
	CHECK_INT(probe.lefts, ==, 2);
	CHECK_INT(probe.left_log[0], ==, 2);
	CHECK_INT(probe.left_log[1], ==, 3);
	CHECK_INT(probe.terms, ==, 1);
	CHECK_INT(probe.drops, ==, 1);
	CHECK(!readable());
	CHECK_INT(ump_wait_reply_try(&reply, &(struct reply){0}), ==, UMP_SERVER_GONE);
	CHECK_INT(ump_client_post(client, &order), ==, UMP_SERVER_GONE);
	CHECK(!readable());
	how = probe_join_task(&task);
	CHECK(how.stop);
	CHECK_INT((intptr_t)how.value, ==, 77);
	ump_client_drop(&client);
}

static void term_replaces(void)
{
	struct ump_flow how;

	probe_init(&probe);
	probe.term_replaces = true;
	probe.term_outcome = ump_break(&probe);
	spawn();
	ump_client_drop(&client);
	CHECK_INT(ump_task_run(task, UMP_NOW), ==, UMP_OK);
	CHECK(!probe.term_saw.stop);
	how = probe_join_task(&task);
	CHECK(how.stop);
	CHECK(how.value == &probe);
}

static void join_without_outcome(void)
{
	probe_init(&probe);
	spawn();
	ump_client_drop(&client);
	CHECK(!ump_task_dispatch(task, 0));
	CHECK_INT(ump_task_join(&task, NULL), ==, UMP_OK);
	CHECK(task == NULL);
	CHECK_INT(ump_task_join(&task, NULL), ==, UMP_INVALID);
}

/* ---- Spawning ------------------------------------------------------------------------------ */

static ump_client *stolen;

static int steal_and_post(struct probe *self, ump_client *lent)
{
	struct order order = {OP_ECHO, 9, NULL};
	struct reply reply;

	CHECK_INT(ump_client_clone(lent, &stolen), ==, UMP_OK);
	probe_post(lent, OP_ECHO, 8);
	/* Only the builder itself could cause a reply. */
	CHECK_INT(ump_client_req(lent, &order, &reply, UMP_FOREVER), ==, UMP_DEADLOCK);
	CHECK_INT(ump_client_req(lent, &order, &reply, ump_after(60 * SECOND)), ==, UMP_DEADLOCK);
	return self->builder_result;
}

static void built_with_messages(void)
{
	probe_init(&probe);
	probe.on_build = steal_and_post;
	spawn();
	CHECK_INT(probe.handled, ==, 0);
	/* What the builder sent can be handled. */
	CHECK(readable());
	CHECK(ump_task_dispatch(task, 0));
	CHECK_INT(probe.handled, ==, 1);
	ump_client_drop(&stolen);
	ump_client_drop(&client);
	CHECK(!ump_task_dispatch(task, 0));
	CHECK(!probe_join_task(&task).stop);
}

static void spawn_fails(int builder_result, int init_result)
{
	struct order order = {OP_ECHO, 1, NULL};

	probe_init(&probe);
	probe.on_build = steal_and_post;
	probe.builder_result = builder_result;
	probe.init_result = init_result;
	client = (ump_client *)&order;
	task = (ump_task *)&order;
	CHECK_INT(probe_spawn_task_result(&probe, &client, &task), ==,
		builder_result != 0 ? builder_result : init_result);
	CHECK(client == NULL);
	CHECK(task == NULL);
	CHECK_INT(probe.inits, ==, builder_result == 0);
	CHECK_INT(probe.drops, ==, builder_result == 0);
	CHECK_INT(probe.terms + probe.lefts + probe.handled, ==, 0);
	CHECK_INT(ump_client_post(stolen, &order), ==, UMP_SERVER_GONE);
	ump_client_drop(&stolen);
}

static void failing_spawns(void)
{
	spawn_fails(5, 0);
	spawn_fails(-100, 0);
	spawn_fails(0, 6);
	spawn_fails(0, UMP_NO_MEMORY);
}

static int drop_all(struct probe *self, ump_client *lent)
{
	(void)self;
	(void)lent;
	return 0;
}

static void without_init(void)
{
	probe_init(&probe);
	probe.without_init = true;
	probe.on_build = drop_all;
	spawn();
	CHECK(!readable());
	ump_client_drop(&client);
	CHECK(readable());
	CHECK(!ump_task_dispatch(task, 1));
	CHECK(!probe_join_task(&task).stop);
}

/* ---- Running ------------------------------------------------------------------------------- */

static void runs_until(void)
{
	ump_time before = ump_now();

	probe_init(&probe);
	spawn();
	CHECK_INT(ump_task_run(task, before + 20 * SECOND / 1000), ==, UMP_TIMED_OUT);
	CHECK_INT(ump_now() - before, >=, 20 * SECOND / 1000);
	/* One message is handled, whatever the deadline. */
	probe_post(client, OP_ECHO, 1);
	CHECK_INT(ump_task_run(task, UMP_NOW), ==, UMP_TIMED_OUT);
	CHECK_INT(probe.handled, ==, 1);
	probe_post(client, OP_ECHO, 2);
	CHECK_INT(ump_task_run(task, INT64_MIN), ==, UMP_TIMED_OUT);
	CHECK_INT(ump_task_run(task, before), ==, UMP_TIMED_OUT);
	CHECK_INT(probe.handled, ==, 2);
	/* But only one. */
	for (int i = 0; i < 3; i++)
		probe_post(client, OP_ECHO, 3);
	CHECK_INT(ump_task_run(task, UMP_NOW), ==, UMP_TIMED_OUT);
	CHECK_INT(probe.handled, ==, 3);
	CHECK(readable());
	CHECK_INT(ump_task_run(task, before), ==, UMP_TIMED_OUT);
	CHECK_INT(probe.handled, ==, 4);
	probe_post(client, OP_BREAK, 3);
	CHECK_INT(ump_task_run(task, UMP_FOREVER), ==, UMP_OK);
	CHECK_INT(probe.handled, ==, 6);
	CHECK_INT((intptr_t)probe_join_task(&task).value, ==, 3);
	ump_client_drop(&client);
}

/* The deadline of the current run. */
static ump_time run_until;

static struct ump_flow stay_until(
	struct probe *self, const struct order *order, ump_reply_context **rc)
{
	(void)self;
	(void)order;
	(void)rc;
	while (ump_now() < run_until)
		check_nap(1);
	return ump_continue();
}

static void runs_over_by_one(void)
{
	probe_init(&probe);
	probe.on_call = stay_until;
	spawn();
	for (int i = 0; i < 100; i++)
		probe_post(client, OP_CALL, i);
	/* However late it is: the run ends after the current message, and the next run handles the
	 * rest. */
	for (int runs = 1; runs <= 3; runs++) {
		run_until = ump_after(20 * SECOND / 1000);
		CHECK_INT(ump_task_run(task, run_until), ==, UMP_TIMED_OUT);
		CHECK_INT(probe.handled, ==, runs);
		CHECK(readable());
	}
	ump_client_drop(&client);
	run_until = 0;
	CHECK_INT(ump_task_run(task, UMP_FOREVER), ==, UMP_OK);
	CHECK_INT(probe.handled, ==, 100);
	CHECK(!probe_join_task(&task).stop);
}

/* A handler whose message is always followed by another one. */
static struct ump_flow post_again(
	struct probe *self, const struct order *order, ump_reply_context **rc)
{
	(void)self;
	(void)order;
	(void)rc;
	probe_post(client, OP_CALL, 0);
	return ump_continue();
}

static void runs_in_a_flood(void)
{
	ump_time until;
	int before;
	int tries = 0;

	probe_init(&probe);
	probe.on_call = post_again;
	spawn();
	probe_post(client, OP_CALL, 0);
	/* A run whose deadline has passed at its start handles one message. */
	do {
		tries++;
		before = probe.handled;
		until = ump_after(tries * 20 * SECOND / 1000);
		CHECK_INT(ump_task_run(task, until), ==, UMP_TIMED_OUT);
		CHECK_INT(ump_now(), >=, until);
		CHECK_INT(probe.handled - before, >=, 1);
	} while (probe.handled - before == 1);
	/* The rest needs another run. */
	CHECK(readable());
	ump_task_drop(&task);
	ump_client_drop(&client);
}

struct caller {
	pthread_t id;
	ump_client *client;
	int requests;
};

static void *call(void *arg)
{
	struct caller *caller = arg;

	for (int i = 0; i < caller->requests; i++) {
		int value;

		if (i % 100 == 50)
			check_nap(1);
		CHECK_INT(probe_req(caller->client, OP_ECHO, i, &value), ==, UMP_OK);
		CHECK_INT(value, ==, i);
		probe_post(caller->client, OP_ECHO, i);
	}
	ump_client_drop(&caller->client);
	return NULL;
}

static void start_callers(struct caller *callers, int count, int requests)
{
	for (int i = 0; i < count; i++) {
		callers[i].requests = requests;
		CHECK_INT(ump_client_clone(client, &callers[i].client), ==, UMP_OK);
	}
	/* The loop must end with the last client of the callers. */
	ump_client_drop(&client);
	for (int i = 0; i < count; i++)
		CHECK_INT(pthread_create(&callers[i].id, NULL, call, &callers[i]), ==, 0);
}

static void many_callers_run(void)
{
	struct caller callers[4];

	probe_init(&probe);
	spawn();
	start_callers(callers, 4, 1000);
	CHECK_INT(ump_task_run(task, UMP_FOREVER), ==, UMP_OK);
	for (int i = 0; i < 4; i++)
		pthread_join(callers[i].id, NULL);
	CHECK_INT(probe.handled, ==, 8000);
	CHECK(!probe_join_task(&task).stop);
}

/* A real loop, which sleeps in poll() without a time-out: if the notifier is not raised, it
 * hangs. */
static void many_callers_poll(void)
{
	struct caller callers[4];
	struct pollfd wanted = {.events = POLLIN};
	size_t budget = 0;

	probe_init(&probe);
	spawn();
	start_callers(callers, 4, 500);
	wanted.fd = ump_task_fd(task);
	do {
		while (poll(&wanted, 1, -1) != 1)
			continue;
		budget = (budget + 1) % 5;
	} while (ump_task_dispatch(task, budget));
	for (int i = 0; i < 4; i++)
		pthread_join(callers[i].id, NULL);
	CHECK_INT(probe.handled, ==, 4000);
	CHECK(!probe_join_task(&task).stop);
}

/* One thread at a time: each dispatches a little, and hands the task to the next. */
static void *dispatch_one(void *arg)
{
	(void)arg;
	CHECK(ump_task_dispatch(task, 1));
	return NULL;
}

static void moves_among_threads(void)
{
	pthread_t id;

	probe_init(&probe);
	probe.without_init = true;
	spawn();
	for (int i = 0; i < 10; i++)
		probe_post(client, OP_ECHO, i);
	for (int i = 0; i < 10; i++) {
		CHECK_INT(pthread_create(&id, NULL, dispatch_one, NULL), ==, 0);
		pthread_join(id, NULL);
		CHECK_INT(probe.handled, ==, i + 1);
	}
	CHECK(!readable());
	ump_client_drop(&client);
	CHECK_INT(ump_task_run(task, UMP_FOREVER), ==, UMP_OK);
	CHECK(!probe_join_task(&task).stop);
}

/* ---- From its own callbacks ---------------------------------------------------------------- */

static struct ump_flow meddle(struct probe *self, const struct order *order, ump_reply_context **rc)
{
	ump_task *same = task;
	int handled = self->handled;

	(void)order;
	(void)rc;
	CHECK(ump_task_dispatch(task, 0));
	CHECK(ump_task_dispatch(task, 1));
	CHECK_INT(self->handled, ==, handled);
	CHECK_INT(ump_task_run(task, UMP_FOREVER), ==, UMP_DEADLOCK);
	CHECK_INT(ump_task_run(task, UMP_NOW), ==, UMP_DEADLOCK);
	CHECK_INT(ump_task_join(&same, NULL), ==, UMP_DEADLOCK);
	CHECK(same == task);
	return ump_continue();
}

static void meddle_left(struct probe *self, ump_reply_context **rc)
{
	(void)meddle(self, NULL, rc);
}

static void meddle_end(struct probe *self)
{
	(void)meddle(self, NULL, NULL);
}

static void from_callbacks(void)
{
	ump_wait_reply *reply;

	probe_init(&probe);
	probe.takes_leftovers = true;
	probe.on_call = meddle;
	probe.on_left = meddle_left;
	probe.on_term = meddle_end;
	probe.on_drop = meddle_end;
	spawn();
	probe_post(client, OP_CALL, 1);
	reply = probe_req_async(client, OP_CALL, 2, NULL);
	probe_post(client, OP_BREAK, 3);
	probe_post(client, OP_ECHO, 4);
	CHECK(!ump_task_dispatch(task, 0));
	CHECK_INT(probe.handled, ==, 3);
	CHECK_INT(probe.lefts, ==, 1);
	CHECK_INT(ump_wait_reply_try(&reply, &(struct reply){0}), ==, UMP_NO_REPLY);
	CHECK_INT((intptr_t)probe_join_task(&task).value, ==, 3);
	ump_client_drop(&client);
}

/* ---- Dropping ------------------------------------------------------------------------------ */

static void drop_with_work(void)
{
	struct order order = {OP_ECHO, 1, NULL};
	ump_wait_reply *reply;

	probe_init(&probe);
	probe.takes_leftovers = true;
	spawn();
	probe_post(client, OP_ECHO, 1);
	reply = probe_req_async(client, OP_ECHO, 2, NULL);
	ump_task_drop(&task);
	CHECK(task == NULL);
	CHECK_INT(probe.handled, ==, 0);
	CHECK_INT(probe.lefts, ==, 2);
	CHECK_INT(probe.terms, ==, 1);
	CHECK_INT(probe.drops, ==, 1);
	/* As after a break with NULL. */
	CHECK(probe.term_saw.stop);
	CHECK(probe.term_saw.value == NULL);
	CHECK_INT(ump_wait_reply_try(&reply, &(struct reply){0}), ==, UMP_SERVER_GONE);
	CHECK_INT(ump_client_post(client, &order), ==, UMP_SERVER_GONE);
	ump_client_drop(&client);
}

static void drop_ended(void)
{
	probe_init(&probe);
	spawn();
	ump_client_drop(&client);
	CHECK(!ump_task_dispatch(task, 0));
	ump_task_drop(&task);
	CHECK_INT(probe.terms, ==, 1);
	CHECK_INT(probe.drops, ==, 1);
	CHECK(!probe.term_saw.stop);
}

static struct ump_flow drop_task(
	struct probe *self, const struct order *order, ump_reply_context **rc)
{
	int value = order->value;

	(void)rc;
	ump_task_drop(&task);
	CHECK(task == NULL);
	/* All of these must run only after this callback returns. */
	CHECK_INT(self->terms + self->lefts + self->drops, ==, 0);
	return value < 0 ? ump_break(self) : ump_continue();
}

static void drop_left(struct probe *self, ump_reply_context **rc)
{
	(void)rc;
	ump_task_drop(&task);
	CHECK_INT(self->terms, ==, 0);
}

static void drop_late(struct probe *self)
{
	(void)self;
	ump_task_drop(&task);
}

/* Spawn, and queue three messages, the first of which is `op`. */
static void prepare_drop(enum op op, bool request)
{
	ump_wait_reply *reply;

	probe.takes_leftovers = true;
	probe.on_call = drop_task;
	spawn();
	if (request) {
		reply = probe_req_async(client, op, 1, NULL);
		ump_wait_reply_drop(&reply);
		reply = probe_req_async(client, op, 1, NULL);
		probe_post(client, OP_ECHO, 2);
		probe_post(client, OP_ECHO, 3);
		CHECK(!ump_task_dispatch(task, 0));
		CHECK_INT(ump_wait_reply_try(&reply, &(struct reply){0}), ==, UMP_NO_REPLY);
		return;
	}
	probe_post(client, op, op == OP_CALL ? 1 : 0);
	probe_post(client, OP_ECHO, 2);
	probe_post(client, OP_ECHO, 3);
	CHECK(!ump_task_dispatch(task, 0));
}

static void check_dropped(int lefts)
{
	CHECK(task == NULL);
	CHECK_INT(probe.handled, ==, 1);
	CHECK_INT(probe.lefts, ==, lefts);
	CHECK_INT(probe.terms, ==, 1);
	CHECK_INT(probe.drops, ==, 1);
	CHECK(probe.term_saw.stop);
	ump_client_drop(&client);
}

static void drop_in_callbacks(void)
{
	probe_init(&probe);
	prepare_drop(OP_CALL, false);
	check_dropped(2);
	probe_init(&probe);
	prepare_drop(OP_CALL, true);
	check_dropped(2);
	probe_init(&probe);
	probe.on_left = drop_left;
	prepare_drop(OP_BREAK, false);
	check_dropped(2);
	probe_init(&probe);
	probe.on_term = drop_late;
	prepare_drop(OP_BREAK, false);
	check_dropped(2);
	probe_init(&probe);
	probe.on_drop = drop_late;
	prepare_drop(OP_BREAK, false);
	check_dropped(2);
}

/* The handler also breaks: term must see that outcome. */
static void drop_and_break(void)
{
	probe_init(&probe);
	probe.on_call = drop_task;
	spawn();
	probe_post(client, OP_CALL, -1);
	CHECK_INT(ump_task_run(task, UMP_FOREVER), ==, UMP_OK);
	CHECK(task == NULL);
	CHECK(probe.term_saw.stop);
	CHECK(probe.term_saw.value == &probe);
	CHECK_INT(probe.drops, ==, 1);
	ump_client_drop(&client);
}

/* ---- More than one ------------------------------------------------------------------------- */

static struct probe other;
static ump_client *other_client;
static ump_task *other_task;

static struct ump_flow run_other(
	struct probe *self, const struct order *order, ump_reply_context **rc)
{
	(void)self;
	(void)order;
	(void)rc;
	probe_post(other_client, OP_ECHO, 1);
	CHECK(ump_task_dispatch(other_task, 0));
	CHECK_INT(other.handled, ==, 1);
	return ump_continue();
}

static void one_runs_another(void)
{
	probe_init(&probe);
	probe_init(&other);
	probe.on_call = run_other;
	spawn();
	probe_spawn_task(&other, &other_client, &other_task);
	probe_post(client, OP_CALL, 1);
	CHECK(ump_task_dispatch(task, 0));
	CHECK(!readable());
	CHECK(!probe_readable(ump_task_fd(other_task)));
	ump_client_drop(&client);
	ump_client_drop(&other_client);
	CHECK_INT(ump_task_run(task, UMP_FOREVER), ==, UMP_OK);
	CHECK_INT(ump_task_run(other_task, UMP_FOREVER), ==, UMP_OK);
	CHECK(!probe_join_task(&task).stop);
	CHECK(!probe_join_task(&other_task).stop);
}

/* ---- A loop within the loop ----------------------------------------------------------------- */

static int woken;

/* Like a dialog's loop: poll and dispatch for 50 ms, while messages arrive. */
static struct ump_flow nested_loop(
	struct probe *self, const struct order *order, ump_reply_context **rc)
{
	ump_time end = ump_after(50 * SECOND / 1000);
	int before = self->handled;

	(void)rc;
	probe_post(client, OP_ECHO, order->value + 1);
	while (ump_now() < end) {
		struct pollfd wanted = {ump_task_fd(task), POLLIN, 0};
		bool run = order->value == 2;

		if (poll(&wanted, 1, (int)((end - ump_now()) / (SECOND / 1000)) + 1) <= 0)
			continue;
		woken++;
		if (run)
			CHECK_INT(ump_task_run(task, UMP_NOW), ==, UMP_DEADLOCK);
		else
			CHECK(ump_task_dispatch(task, 0));
		probe_post(client, OP_ECHO, order->value + 2);
	}
	CHECK(!readable());
	CHECK_INT(self->handled, ==, before);
	return ump_continue();
}

/* It must be woken at most once, by what was raised for this very callback; nothing may be lost. */
static void loop_within_the_loop(void)
{
	for (int value = 0; value < 4; value += 2) {
		probe_init(&probe);
		probe.on_call = nested_loop;
		spawn();
		woken = 0;
		probe_post(client, OP_CALL, value);
		CHECK(readable());
		CHECK(ump_task_dispatch(task, value == 0 ? 0 : 1));
		CHECK_INT(woken, <=, 1);
		/* What arrived meanwhile. */
		CHECK(readable());
		while (readable())
			CHECK(ump_task_dispatch(task, 1));
		CHECK_INT(probe.handled, ==, 2 + woken);
		ump_client_drop(&client);
		CHECK(readable());
		CHECK(!ump_task_dispatch(task, 0));
		CHECK(!probe_join_task(&task).stop);
	}
}

static void *spawn_elsewhere(void *arg)
{
	(void)arg;
	spawn();
	CHECK(ump_task_dispatch(task, 0));
	return NULL;
}

static void outlives_its_thread(void)
{
	pthread_t id;

	probe_init(&probe);
	probe.without_init = true;
	CHECK_INT(pthread_create(&id, NULL, spawn_elsewhere, NULL), ==, 0);
	pthread_join(id, NULL);
	probe_post(client, OP_ECHO, 1);
	CHECK(readable());
	CHECK(ump_task_dispatch(task, 0));
	ump_task_drop(&task);
	CHECK_INT(probe.handled, ==, 1);
	ump_client_drop(&client);
}

/* The descriptor is closed with the task, even if clients remain. */
static void descriptor_closes(void)
{
	struct order order = {OP_ECHO, 1, NULL};
	int fd;

	probe_init(&probe);
	spawn();
	fd = ump_task_fd(task);
	CHECK_INT(faults_notifiers(), ==, 1);
	CHECK(fcntl(fd, F_GETFD) >= 0);
	ump_task_drop(&task);
	CHECK_INT(faults_notifiers(), ==, 0);
	CHECK(fcntl(fd, F_GETFD) < 0);
	CHECK_INT(ump_client_post(client, &order), ==, UMP_SERVER_GONE);
	ump_client_drop(&client);
	probe_init(&probe);
	spawn();
	ump_client_drop(&client);
	CHECK(!ump_task_dispatch(task, 0));
	CHECK_INT(faults_notifiers(), ==, 1);
	CHECK(!probe_join_task(&task).stop);
	CHECK_INT(faults_notifiers(), ==, 0);
	/* By a break, with a client that remains. */
	probe_init(&probe);
	spawn();
	probe_post(client, OP_BREAK, 1);
	CHECK(!ump_task_dispatch(task, 0));
	CHECK(probe_join_task(&task).stop);
	CHECK_INT(faults_notifiers(), ==, 0);
	ump_client_drop(&client);
}

static ump_client *stays;

static int clone_and_fail(void *arg, ump_client *made, struct ump_handler *out)
{
	(void)out;
	CHECK_INT(ump_client_clone(made, &stays), ==, UMP_OK);
	return *(const int *)arg;
}

/* A spawn that fails must leave no descriptor, not even to clients that the builder has made. */
static void failed_spawn_closes(void)
{
	struct ump_config config = {.post.size = sizeof(struct order)};
	int code = 7;

	CHECK_INT(ump_spawn_task(&config, clone_and_fail, &code, &client, &task), ==, 7);
	CHECK(stays != NULL);
	CHECK_INT(faults_notifiers(), ==, 0);
	ump_client_drop(&stays);
}

static const struct check_test tests[] = {
	{"[task] [init] builder, init and messages run inside the calls, on their thread",
		only_inside},
	{"[task] the descriptor is readable exactly while there is work", readable_while_work},
	{"[task] [origin] requests that were given up are work until they are skipped",
		skipped_work},
	{"[task] budget and batch bound what one call does; a handler may post to its own task",
		budgets},
	{"[task] [break] leftovers, term and drop run in the call in which the handler breaks",
		ends_by_break},
	{"[task] [break] term may replace the outcome", term_replaces},
	{"[task] join needs no outcome pointer, and consumes the handle", join_without_outcome},
	{"[task] [deadlock] what the builder posts is handled later; it cannot wait for itself",
		built_with_messages},
	{"[task] [init] a builder or an init that fails is spawn's code, and clones find it gone",
		failing_spawns},
	{"[task] a handler without init", without_init},
	{"[task] [deadline] running ends with the deadline or the loop", runs_until},
	{"[task] [deadline] a run ends after the current message, whatever is queued",
		runs_over_by_one},
	{"[task] [deadline] a flood does not keep a run past its deadline", runs_in_a_flood},
	{"[task] [drain] [quiet] running serves callers on other threads to the last",
		many_callers_run},
	{"[task] [drain] [quiet] so does a loop that sleeps in poll, with any budget",
		many_callers_poll},
	{"[task] one thread at a time may be another each time", moves_among_threads},
	{"[task] [deadlock] dispatch, run and join from all callbacks of the same task",
		from_callbacks},
	{"[task] [break] dropping ends the loop as by a break with NULL", drop_with_work},
	{"[task] dropping one that has ended does no more", drop_ended},
	{"[task] [break] dropped by request, post, leftover, term or drop, it ends when they "
	 "return",
		drop_in_callbacks},
	{"[task] [break] dropped by a handler that breaks", drop_and_break},
	{"[task] [user] a handler may run another task", one_runs_another},
	{"[task] a task outlives the thread that spawned it", outlives_its_thread},
	{"[task] a loop within the loop is not called for what comes after its callback",
		loop_within_the_loop},
	{"[task] [init] [clean] a spawn that fails leaves no descriptor", failed_spawn_closes},
	{"[task] [clean] the descriptor is closed when the task is joined or dropped",
		descriptor_closes},
};

CHECK_MAIN(tests)
