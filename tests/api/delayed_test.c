/* SPDX-License-Identifier: 0BSD */
/* Delayed posts, which clients send and controllers change; [timer]. */
#include "probe.h"

#include <poll.h>
#include <stdlib.h>
#include <string.h>

#define MS     INT64_C(1000000)
#define HOUR   (3600 * 1000 * MS)
#define MANY   1000
#define ROUNDS 300

static struct probe probe;
static ump_client *client;
static ump_thread *thread;
static ump_task *task;
static struct token tokens[MANY];

static void prepare(
	struct ump_flow (*on_call)(struct probe *, const struct order *, ump_reply_context **))
{
	probe_init(&probe);
	probe.on_call = on_call;
	memset(tokens, 0, sizeof tokens);
}

/* Send an order with the token of its value. */
static int send_at(enum op op, int value, ump_time due, int64_t period, ump_delayed **out)
{
	struct order order = {op, value, &tokens[value]};

	return ump_client_post_at(client, &order, due, period, out);
}

static void post_at(enum op op, int value, ump_time due, int64_t period, ump_delayed **out)
{
	CHECK_INT(send_at(op, value, due, period, out), ==, UMP_OK);
	CHECK(out == NULL || *out != NULL);
}

static void drain(void)
{
	ump_client_drop(&client);
	CHECK(!probe_join(&thread).stop);
}

/* ---- Once ------------------------------------------------------------------------------------ */

static ump_time planned;

static struct ump_flow break_in_time(
	struct probe *self, const struct order *order, ump_reply_context **rc)
{
	(void)order;
	(void)rc;
	CHECK_INT(ump_now(), >=, planned);
	return ump_break(self);
}

static void once(void)
{
	struct ump_flow how;

	prepare(break_in_time);
	probe_spawn(&probe, &client, &thread);
	planned = ump_after(2 * MS);
	post_at(OP_CALL, 0, planned, 0, NULL);
	probe_post(client, OP_ECHO, 1);
	how = probe_join(&thread);
	CHECK(how.stop && how.value == &probe);
	ump_client_drop(&client);
}

/* Posts that are due come before messages that were queued earlier, in the order of their times;
 * and need no capacity. */
static void before_messages(void)
{
	struct ump_config config = probe_config;
	struct order order = {OP_ECHO, 9, NULL};
	struct ump_stats stats;

	prepare(NULL);
	config.capacity = 3;
	probe.config = &config;
	probe_spawn(&probe, &client, &thread);
	probe_hold(&probe, client);
	for (int i = 10; i < 13; i++)
		probe_post(client, OP_ECHO, i);
	CHECK_INT(ump_client_post(client, &order), ==, UMP_FULL);
	post_at(OP_ECHO, 3, 20, 0, NULL);
	post_at(OP_ECHO, 1, UMP_NOW, 0, NULL);
	post_at(OP_ECHO, 4, 20, 0, NULL);
	post_at(OP_ECHO, 2, INT64_MIN, 0, NULL);
	CHECK_INT(ump_client_stats(client, &stats), ==, UMP_OK);
	CHECK_INT((int)stats.depth, ==, 3);
	probe_release(&probe);
	drain();
	CHECK_INT(probe.handled, ==, 8);
	for (int i = 1; i <= 4; i++)
		CHECK_INT(probe.log[i], ==, i);
	for (int i = 10; i < 13; i++)
		CHECK_INT(probe.log[i - 5], ==, i);
	for (int i = 1; i <= 4; i++)
		CHECK_INT(tokens[i].delivered, ==, 1);
}

/* ---- The end --------------------------------------------------------------------------------- */

/* Pending posts do not keep the loop alive, and are dropped. */
static void at_drain(void)
{
	ump_delayed *delayed;

	prepare(NULL);
	probe.takes_leftovers = true;
	probe_spawn(&probe, &client, &thread);
	post_at(OP_ECHO, 0, ump_after(HOUR), 0, NULL);
	post_at(OP_ECHO, 1, UMP_FOREVER, 1, &delayed);
	drain();
	CHECK_INT(probe.handled, ==, 0);
	CHECK_INT(probe.lefts, ==, 0);
	CHECK_INT(tokens[0].dropped, ==, 1);
	CHECK_INT(tokens[1].dropped, ==, 1);
	/* The controller outlives the server. */
	CHECK_INT(ump_delayed_cancel(delayed), ==, UMP_EMPTY);
	CHECK_INT(ump_delayed_pause(delayed), ==, UMP_EMPTY);
	CHECK_INT(ump_delayed_resume(delayed), ==, UMP_EMPTY);
	CHECK_INT(ump_delayed_set_period(delayed, 1), ==, UMP_EMPTY);
	ump_delayed_drop(&delayed);
	CHECK(delayed == NULL);
}

/* One that has fallen due before the last client is dropped is handled. */
static void due_at_drain(void)
{
	prepare(NULL);
	probe_spawn(&probe, &client, &thread);
	probe_hold(&probe, client);
	post_at(OP_ECHO, 0, ump_after(MS), 0, NULL);
	post_at(OP_ECHO, 1, ump_after(HOUR), 0, NULL);
	check_nap(3);
	ump_client_drop(&client);
	probe_release(&probe);
	CHECK(!probe_join(&thread).stop);
	CHECK_INT(tokens[0].delivered, ==, 1);
	CHECK_INT(tokens[1].dropped, ==, 1);
}

/* The same, if nothing but the end is left to dequeue by then. */
static void due_before_the_end(void)
{
	prepare(NULL);
	probe_spawn(&probe, &client, &thread);
	post_at(OP_ECHO, 0, ump_after(20 * MS), 0, NULL);
	probe_hold(&probe, client);
	check_nap(25);
	ump_client_drop(&client);
	probe_release(&probe);
	CHECK(!probe_join(&thread).stop);
	CHECK_INT(tokens[0].delivered, ==, 1);
}

/* After a break they are passed to `leftover`, in the order of their times. */
static void at_break(void)
{
	prepare(NULL);
	probe.takes_leftovers = true;
	probe_spawn(&probe, &client, &thread);
	post_at(OP_ECHO, 2, ump_after(2 * HOUR), 0, NULL);
	post_at(OP_ECHO, 1, ump_after(HOUR), 5, NULL);
	probe_hold(&probe, client);
	probe_post(client, OP_BREAK, 0);
	probe_post(client, OP_ECHO, 0);
	post_at(OP_ECHO, 3, ump_after(3 * HOUR), 0, NULL);
	probe_release(&probe);
	CHECK(probe_join(&thread).stop);
	CHECK_INT(probe.lefts, ==, 4);
	for (int i = 0; i < 4; i++)
		CHECK_INT(probe.left_log[i], ==, i);
	for (int i = 1; i < 4; i++)
		CHECK_INT(tokens[i].left, ==, 1);
	CHECK_INT(send_at(OP_ECHO, 5, UMP_NOW, 0, NULL), ==, UMP_SERVER_GONE);
	CHECK_INT(tokens[5].dropped, ==, 0);
	ump_client_drop(&client);
}

/* So is a paused one whose time has passed. */
static void paused_at_break(void)
{
	ump_delayed *delayed;

	prepare(NULL);
	probe.takes_leftovers = true;
	probe_spawn(&probe, &client, &thread);
	post_at(OP_ECHO, 1, ump_after(HOUR), 0, NULL);
	post_at(OP_ECHO, 0, ump_after(20 * MS), 0, &delayed);
	CHECK_INT(ump_delayed_pause(delayed), ==, UMP_OK);
	check_nap(30);
	probe_post(client, OP_BREAK, 0);
	CHECK(probe_join(&thread).stop);
	CHECK_INT(probe.lefts, ==, 2);
	CHECK_INT(probe.left_log[0], ==, 0);
	CHECK_INT(probe.left_log[1], ==, 1);
	ump_delayed_drop(&delayed);
	ump_client_drop(&client);
}

static void at_stop(void)
{
	prepare(NULL);
	probe_spawn(&probe, &client, &thread);
	probe_hold(&probe, client);
	post_at(OP_ECHO, 0, UMP_NOW, 0, NULL);
	CHECK_INT(ump_client_stop(client, &probe, NULL), ==, UMP_OK);
	probe_release(&probe);
	CHECK(probe_join(&thread).stop);
	CHECK_INT(probe.handled, ==, 1);
	CHECK_INT(tokens[0].dropped, ==, 1);
	ump_client_drop(&client);
}

/* ---- Periods --------------------------------------------------------------------------------- */

static ump_time first;
static int64_t period;
static int calls;
static ump_delayed *ticker;

/* Each call covers at least one planned time that no other has covered. */
static struct ump_flow tick(struct probe *self, const struct order *order, ump_reply_context **rc)
{
	ump_time now = ump_now();

	(void)rc;
	CHECK_INT(now, >=, first);
	CHECK_INT(order->token->dropped, ==, 0);
	if (calls > 0)
		CHECK_INT((now - first) / period, >, (planned - first) / period);
	planned = now;
	if (++calls == 2)
		check_nap(10);
	return calls == 5 ? ump_break(self) : ump_continue();
}

static void periodic(void)
{
	prepare(tick);
	calls = 0;
	probe_spawn(&probe, &client, &thread);
	period = MS;
	first = ump_after(MS);
	post_at(OP_CALL, 0, first, period, &ticker);
	CHECK(probe_join(&thread).stop);
	CHECK_INT(calls, ==, 5);
	CHECK_INT(tokens[0].dropped, ==, 1);
	ump_delayed_drop(&ticker);
	ump_client_drop(&client);
}

static atomic_int ticks;

static struct ump_flow count_tick(
	struct probe *self, const struct order *order, ump_reply_context **rc)
{
	(void)self;
	(void)order;
	(void)rc;
	atomic_fetch_add(&ticks, 1);
	return ump_continue();
}

static struct ump_flow cancel_tick(
	struct probe *self, const struct order *order, ump_reply_context **rc)
{
	(void)self;
	(void)rc;
	/* The caller's own call is under way. */
	CHECK_INT(ump_delayed_cancel(ticker), ==, UMP_EMPTY);
	CHECK_INT(ump_delayed_cancel(ticker), ==, UMP_EMPTY);
	CHECK_INT(order->token->dropped, ==, 0);
	atomic_fetch_add(&ticks, 1);
	return ump_continue();
}

/* All that the controller can do, on a task, whose loop is at hand. */
static void controlled(void)
{
	prepare(count_tick);
	ticks = 0;
	probe_spawn_task(&probe, &client, &task);
	post_at(OP_CALL, 0, UMP_NOW, HOUR, &ticker);
	CHECK(probe_readable(ump_task_fd(task)));
	CHECK_INT(ump_task_due(task), ==, UMP_FOREVER);
	CHECK(ump_task_dispatch(task, 0));
	CHECK_INT(ticks, ==, 1);
	CHECK_INT(ump_task_due(task), <, ump_after(HOUR));
	CHECK_INT(ump_task_due(task), >, ump_now());
	/* The next time follows the last one. */
	CHECK_INT(ump_delayed_set_period(ticker, 2 * HOUR), ==, UMP_OK);
	CHECK_INT(ump_delayed_set_period(ticker, 3 * HOUR), ==, UMP_OK);
	CHECK(ump_task_dispatch(task, 0));
	CHECK_INT(ump_task_due(task), >, ump_after(HOUR));
	CHECK_INT(ump_delayed_set_period(ticker, MS), ==, UMP_OK);
	CHECK_INT(ump_delayed_pause(ticker), ==, UMP_OK);
	check_nap(5);
	CHECK(ump_task_dispatch(task, 0));
	CHECK_INT(ticks, ==, 1);
	CHECK_INT(ump_task_due(task), ==, UMP_FOREVER);
	/* One call for all that was missed. */
	CHECK_INT(ump_delayed_resume(ticker), ==, UMP_OK);
	CHECK_INT(ump_delayed_set_period(ticker, HOUR), ==, UMP_OK);
	CHECK(ump_task_dispatch(task, 0));
	CHECK(ump_task_dispatch(task, 0));
	CHECK_INT(ump_delayed_set_period(ticker, INT64_MAX), ==, UMP_OK);
	CHECK(ump_task_dispatch(task, 0));
	CHECK_INT(ump_task_due(task), ==, UMP_FOREVER);
	CHECK_INT(ticks, <=, 2);
	CHECK_INT(tokens[0].dropped, ==, 0);
	CHECK_INT(ump_delayed_cancel(ticker), ==, UMP_OK);
	CHECK_INT(tokens[0].dropped, ==, 1);
	CHECK_INT(ump_delayed_cancel(ticker), ==, UMP_EMPTY);
	CHECK_INT(ump_delayed_resume(ticker), ==, UMP_EMPTY);
	ump_delayed_drop(&ticker);
	CHECK(ump_task_dispatch(task, 0));
	/* In its own call. */
	probe.on_call = cancel_tick;
	ticks = 0;
	post_at(OP_CALL, 1, UMP_NOW, 1, &ticker);
	CHECK(ump_task_dispatch(task, 0));
	CHECK(ump_task_dispatch(task, 0));
	CHECK_INT(ticks, ==, 1);
	CHECK_INT(tokens[1].dropped, ==, 1);
	ump_delayed_drop(&ticker);
	ump_client_drop(&client);
	CHECK(!ump_task_dispatch(task, 0));
	CHECK(!probe_join_task(&task).stop);
}

/* ---- Cancelling ------------------------------------------------------------------------------ */

/* Cancel from another thread while the post falls due: exactly one side has the value. */
static void races(void)
{
	int won = 0;

	prepare(NULL);
	probe_spawn(&probe, &client, &thread);
	for (int i = 0; i < ROUNDS; i++) {
		ump_delayed *delayed;
		ump_time due = ump_after(i % 3 == 0 ? 0 : i * INT64_C(100));
		int result;

		post_at(OP_ECHO, i, due, i % 2 == 0 ? 0 : HOUR, &delayed);
		while (i % 3 != 0 && ump_now() < due)
			;
		result = ump_delayed_cancel(delayed);
		if (result == UMP_OK) {
			won++;
			CHECK_INT(tokens[i].dropped, ==, 1);
			CHECK(i % 2 != 0 || tokens[i].delivered == 0);
		} else {
			CHECK_INT(result, ==, UMP_EMPTY);
		}
		ump_delayed_drop(&delayed);
	}
	drain();
	for (int i = 0; i < ROUNDS; i++)
		CHECK_INT(tokens[i].dropped + (i % 2 == 0 ? tokens[i].delivered : 0), ==, 1);
	CHECK_INT(won, <=, ROUNDS);
}

/* Many are pending; every second one is cancelled. */
static void many(void)
{
	static ump_delayed *delayed[MANY];
	unsigned random = 1;

	prepare(NULL);
	probe_spawn(&probe, &client, &thread);
	probe_hold(&probe, client);
	for (int i = 0; i < MANY; i++) {
		random = random * 1103515245 + 12345;
		post_at(OP_ECHO, i, 1 + random / 65536 % 500, 0, &delayed[i]);
	}
	for (int i = 0; i < MANY; i += 2)
		CHECK_INT(ump_delayed_cancel(delayed[i]), ==, UMP_OK);
	probe_release(&probe);
	drain();
	for (int i = 0; i < MANY; i++) {
		CHECK_INT(tokens[i].dropped, ==, i % 2 == 0);
		CHECK_INT(tokens[i].delivered, ==, i % 2);
		ump_delayed_drop(&delayed[i]);
	}
	CHECK_INT(probe.handled, ==, 1 + MANY / 2);
}

/* Memory of cancelled posts returns, in any order of their times. */
static void removed(void)
{
	static ump_delayed *delayed[MANY];
	unsigned random = 7;

	prepare(NULL);
	probe_spawn_task(&probe, &client, &task);
	for (int i = 0; i < MANY; i++) {
		random = random * 1103515245 + 12345;
		post_at(OP_ECHO, i, ump_after(HOUR) + random / 65536 % 500, 0, &delayed[i]);
	}
	CHECK(ump_task_dispatch(task, 0));
	for (int i = 0; i < MANY; i++) {
		int which = i * 7 % MANY;

		CHECK_INT(ump_delayed_cancel(delayed[which]), ==, UMP_OK);
		if (i % 3 == 0)
			CHECK(ump_task_dispatch(task, 0));
		ump_delayed_drop(&delayed[which]);
	}
	CHECK(ump_task_dispatch(task, 0));
	CHECK_INT(ump_task_due(task), ==, UMP_FOREVER);
	ump_client_drop(&client);
	CHECK(!ump_task_dispatch(task, 0));
	CHECK(!probe_join_task(&task).stop);
	for (int i = 0; i < MANY; i++)
		CHECK_INT(tokens[i].dropped, ==, 1);
}

/* ---- Suspended tasks ------------------------------------------------------------------------- */

static ump_suspension *suspension;
static const struct order *held;

static struct ump_flow suspend(
	struct probe *self, const struct order *order, ump_reply_context **rc)
{
	(void)self;
	(void)rc;
	held = order;
	suspension = ump_suspend();
	CHECK(suspension != NULL);
	return ump_pending();
}

static void suspends(int64_t every)
{
	prepare(suspend);
	probe_spawn_task(&probe, &client, &task);
	post_at(OP_CALL, 0, UMP_NOW, every, &ticker);
	CHECK(ump_task_dispatch(task, 0));
	CHECK(suspension != NULL);
	CHECK_INT(ump_task_due(task), ==, UMP_FOREVER);
	/* A due post waits for the resume. */
	post_at(OP_ECHO, 7, UMP_NOW, 0, NULL);
	CHECK(ump_task_dispatch(task, 0));
	CHECK_INT(tokens[7].delivered, ==, 0);
	CHECK_INT(held->value, ==, 0);
}

static void suspended(void)
{
	for (int i = 0; i < 2; i++) {
		suspends(i == 0 ? 0 : HOUR);
		CHECK_INT(ump_delayed_cancel(ticker), ==, UMP_EMPTY);
		CHECK_INT(held->value, ==, 0);
		CHECK_INT(ump_task_resume(&suspension, ump_continue()), ==, UMP_OK);
		CHECK(ump_task_dispatch(task, 0));
		CHECK_INT(tokens[0].dropped, ==, i);
		CHECK_INT(tokens[7].delivered, ==, 1);
		ump_delayed_drop(&ticker);
		ump_client_drop(&client);
		CHECK(!ump_task_dispatch(task, 0));
		CHECK(!probe_join_task(&task).stop);
	}
	/* Without a cancel it is called again. */
	suspends(HOUR);
	CHECK_INT(ump_task_resume(&suspension, ump_continue()), ==, UMP_OK);
	CHECK(ump_task_dispatch(task, 0));
	CHECK_INT(ump_task_due(task), !=, UMP_FOREVER);
	ump_delayed_drop(&ticker);
	ump_client_drop(&client);
	ump_task_drop(&task);
	CHECK_INT(tokens[0].dropped, ==, 1);
	/* The task is dropped meanwhile; the message stays valid until the resume. */
	for (int i = 0; i < 2; i++) {
		suspends(i == 0 ? 0 : HOUR);
		ump_task_drop(&task);
		ump_delayed_drop(&ticker);
		CHECK_INT(held->value, ==, 0);
		CHECK_INT(ump_task_resume(&suspension, ump_continue()), ==, UMP_SERVER_GONE);
		CHECK_INT(tokens[0].dropped, ==, i);
		ump_client_drop(&client);
	}
}

/* A post that has fallen due suspends at the end of the clients. */
static void suspends_at_end(void)
{
	prepare(suspend);
	probe_spawn_task(&probe, &client, &task);
	post_at(OP_CALL, 0, ump_after(MS), 0, NULL);
	CHECK(ump_task_dispatch(task, 0));
	check_nap(2);
	ump_client_drop(&client);
	/* The post is due, and then the end is reached. */
	CHECK(ump_task_dispatch(task, 0));
	CHECK_INT(ump_task_resume(&suspension, ump_continue()), ==, UMP_OK);
	CHECK(!ump_task_dispatch(task, 0));
	CHECK(!probe_join_task(&task).stop);
}

/* ---- Refusals -------------------------------------------------------------------------------- */

static void refused(void)
{
	struct order order = {OP_ECHO, 1, NULL};
	ump_delayed *delayed = NULL;
	ump_post_client *poster;
	ump_combining *combining;
	const struct ump_config no_posts = {.request = {sizeof order, NULL}};
	ump_server *requests_only;
	ump_client *asker;

	prepare(NULL);
	probe_spawn_combining(&probe, &client, &combining);
	CHECK_INT(send_at(OP_ECHO, 0, UMP_NOW, 0, &delayed), ==, UMP_NO_TIMERS);
	ump_client_drop(&client);
	CHECK(!probe_join_combining(&combining).stop);
	CHECK_INT(ump_channel_open(&requests_only, &asker, &no_posts), ==, UMP_OK);
	CHECK_INT(ump_client_post_at(asker, &order, UMP_NOW, 0, &delayed), ==, UMP_INVALID);
	ump_client_drop(&asker);
	ump_server_drop(&requests_only);
	prepare(NULL);
	probe_spawn(&probe, &client, &thread);
	CHECK_INT(ump_client_post_at(NULL, &order, 0, 0, &delayed), ==, UMP_INVALID);
	CHECK_INT(ump_client_post_at(NULL, &order, 0, 0, NULL), ==, UMP_INVALID);
	CHECK_INT(ump_client_post_at(client, NULL, 0, 0, &delayed), ==, UMP_INVALID);
	CHECK_INT(ump_client_post_at(client, &order, 0, -1, &delayed), ==, UMP_INVALID);
	CHECK_INT(ump_post_client_post_at(NULL, &order, 0, 0, &delayed), ==, UMP_INVALID);
	CHECK_INT(ump_post_client_post_at(NULL, &order, 0, 0, NULL), ==, UMP_INVALID);
	CHECK(delayed == NULL);
	CHECK_INT(ump_delayed_cancel(NULL), ==, UMP_INVALID);
	CHECK_INT(ump_delayed_pause(NULL), ==, UMP_INVALID);
	CHECK_INT(ump_delayed_resume(NULL), ==, UMP_INVALID);
	CHECK_INT(ump_delayed_set_period(NULL, 1), ==, UMP_INVALID);
	ump_delayed_drop(NULL);
	ump_delayed_drop(&delayed);
	CHECK_INT(ump_client_post_client(client, &poster), ==, UMP_OK);
	CHECK_INT(ump_post_client_post_at(poster, &order, UMP_FOREVER, 0, &delayed), ==, UMP_OK);
	CHECK_INT(ump_delayed_set_period(delayed, 1), ==, UMP_INVALID);
	ump_delayed_drop(&delayed);
	CHECK_INT(ump_post_client_post_at(poster, &order, UMP_FOREVER, 1, &delayed), ==, UMP_OK);
	CHECK_INT(ump_delayed_set_period(delayed, 0), ==, UMP_INVALID);
	ump_delayed_drop(&delayed);
	ump_post_client_drop(&poster);
	drain();
}

static void no_memory(void)
{
	ump_delayed *delayed = NULL;

	prepare(NULL);
	probe_spawn(&probe, &client, &thread);
	faults_at(0);
	CHECK_INT(send_at(OP_ECHO, 0, UMP_NOW, 0, &delayed), ==, UMP_NO_MEMORY);
	CHECK(faults_off());
	CHECK(delayed == NULL);
	CHECK_INT(tokens[0].dropped, ==, 0);
	drain();
}

/* A handler sends through the upgraded weak client of `init`. */
static struct ump_flow send_itself(
	struct probe *self, const struct order *order, ump_reply_context **rc)
{
	struct order later = {OP_BREAK, 0, NULL};
	ump_client *strong;

	(void)order;
	(void)rc;
	CHECK_INT(ump_weak_client_upgrade(self->me, &strong), ==, UMP_OK);
	CHECK_INT(ump_client_post_at(strong, &later, ump_after(MS), 0, NULL), ==, UMP_OK);
	ump_client_drop(&strong);
	return ump_continue();
}

static void from_handler(void)
{
	prepare(send_itself);
	probe_spawn(&probe, &client, &thread);
	probe_post(client, OP_CALL, 0);
	CHECK(probe_join(&thread).stop);
	ump_client_drop(&client);
}

static const struct check_test tests[] = {
	{"[timer] a delayed post is handled once, not before its time", once},
	{"[timer] [bound] due posts come before queued messages, and need no capacity",
		before_messages},
	{"[timer] [drain] pending posts do not keep the loop alive, and are dropped", at_drain},
	{"[timer] [drain] a post that has fallen due is accepted", due_at_drain},
	{"[timer] [drain] a post that has fallen due before the end is accepted",
		due_before_the_end},
	{"[timer] [break] pending posts are left over", at_break},
	{"[timer] [break] so are paused ones, by their times", paused_at_break},
	{"[timer] [stop] a stop overtakes due posts", at_stop},
	{"[timer] a periodic post: missed times are one call", periodic},
	{"[timer] [task] period, pause, resume, cancel", controlled},
	{"[timer] [once] cancels race with calls", races},
	{"[timer] a thousand posts, half of them cancelled", many},
	{"[timer] [clean] cancelled posts are removed", removed},
	{"[timer] [suspend] a due post suspends", suspended},
	{"[timer] [suspend] [drain] a due post suspends at the end", suspends_at_end},
	{"[timer] [misuse] refused calls", refused},
	{"[timer] [clean] without memory", no_memory},
	{"[timer] [weak] a handler posts to itself", from_handler},
};

CHECK_MAIN(tests)
