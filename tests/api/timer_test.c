/* SPDX-License-Identifier: 0BSD */
/* Timers of a server, which only its callbacks start and cancel; [timer]. */
#include "probe.h"

#include <poll.h>
#include <stdlib.h>
#include <string.h>

#define MS       INT64_C(1000000)
#define MESSAGES 5
#define MANY     1000

/* A due call writes this and its timer's number into the log. */
#define DUE 1000

static struct probe probe;
static ump_client *client;
static ump_thread *thread;
static ump_task *task;

static void prepare(
	struct ump_flow (*on_call)(struct probe *, const struct order *, ump_reply_context **))
{
	probe_init(&probe);
	probe.on_call = on_call;
	probe.takes_leftovers = true;
}

/* The log's place for one message more. */
static int *next_entry(struct probe *self)
{
	return &self->log[atomic_fetch_add(&self->handled, 1)];
}

/* Log the number that `arg` is. */
static struct ump_flow log_due(void *self, void *arg, uint64_t count)
{
	CHECK_INT(count, >=, 1);
	*next_entry(self) = DUE + (int)(intptr_t)arg;
	return ump_continue();
}

static struct ump_flow break_due(void *self, void *arg, uint64_t count)
{
	CHECK_INT(count, ==, 1);
	(void)self;
	return ump_break(arg);
}

static void start(ump_due_call *call, void *arg, ump_time due, int64_t period, uint64_t *id)
{
	CHECK_INT(ump_timer_start(call, arg, due, period, id), ==, UMP_OK);
	CHECK(id == NULL || *id != 0);
}

/* Drop the client; the loop must end with none. */
static void drain(void)
{
	ump_client_drop(&client);
	CHECK(!probe_join(&thread).stop);
}

/* ---- On a thread --------------------------------------------------------------------------- */

static ump_time planned;

static struct ump_flow break_in_time(void *self, void *arg, uint64_t count)
{
	CHECK_INT(ump_now(), >=, planned);
	return break_due(self, arg, count);
}

static struct ump_flow start_one(
	struct probe *self, const struct order *order, ump_reply_context **rc)
{
	(void)order;
	(void)rc;
	planned = ump_after(2 * MS);
	start(break_in_time, self, planned, 0, NULL);
	return ump_continue();
}

static void once(void)
{
	struct order order = {OP_ECHO, 0, NULL};
	struct ump_flow how;
	int result;

	prepare(start_one);
	probe_spawn(&probe, &client, &thread);
	probe_post(client, OP_CALL, 0);
	/* It may be handled before the call, but does not bring it forward; or come too late. */
	result = ump_client_post(client, &order);
	CHECK(result == UMP_OK || result == UMP_SERVER_GONE);
	how = probe_join(&thread);
	CHECK(how.stop && how.value == &probe);
	ump_client_drop(&client);
}

static struct ump_flow start_some(
	struct probe *self, const struct order *order, ump_reply_context **rc)
{
	(void)self;
	(void)order;
	(void)rc;
	/* All have passed, or do so at once: in the order of their times. */
	start(log_due, (void *)2, 20, 0, NULL);
	start(log_due, (void *)0, INT64_MIN, 0, NULL);
	start(log_due, (void *)3, 30, 0, NULL);
	start(log_due, (void *)1, 10, 0, NULL);
	start(log_due, (void *)4, ump_now(), 0, NULL);
	return ump_continue();
}

/* Messages are queued when the timers are started: the calls come before the next one. */
static void before_messages(void)
{
	int i;

	prepare(start_some);
	probe_spawn(&probe, &client, &thread);
	probe_hold(&probe, client);
	probe_post(client, OP_CALL, 1);
	for (i = 2; i < MESSAGES; i++)
		probe_post(client, OP_ECHO, i);
	probe_release(&probe);
	drain();
	CHECK_INT(probe.handled, ==, 1 + MESSAGES - 1 + 5);
	CHECK_INT(probe.log[1], ==, 1);
	for (i = 0; i < 5; i++)
		CHECK_INT(probe.log[2 + i], ==, DUE + i);
	for (i = 2; i < MESSAGES; i++)
		CHECK_INT(probe.log[5 + i], ==, i);
}

static ump_time first;
static uint64_t times;
static int calls;

/* Sleep over several periods once. */
static struct ump_flow count_periods(void *self, void *arg, uint64_t count)
{
	const int64_t period = *(const int64_t *)arg;
	ump_time now = ump_now();

	(void)self;
	times += count;
	calls++;
	/* The last planned time that was covered is past, and not by a period when it began. */
	CHECK_INT(first + (int64_t)(times - 1) * period, <=, now);
	if (calls == 2)
		check_nap(10);
	if (calls == 3)
		CHECK_INT(count, >=, 5);
	return calls == 6 ? ump_break(NULL) : ump_continue();
}

static int64_t period;

static struct ump_flow start_periodic(
	struct probe *self, const struct order *order, ump_reply_context **rc)
{
	(void)self;
	(void)order;
	(void)rc;
	first = ump_after(period);
	start(count_periods, &period, first, period, NULL);
	return ump_continue();
}

static void periodic(void)
{
	prepare(start_periodic);
	period = 2 * MS;
	times = 0;
	calls = 0;
	probe_spawn(&probe, &client, &thread);
	probe_post(client, OP_CALL, 0);
	CHECK(probe_join(&thread).stop);
	CHECK_INT(calls, ==, 6);
	CHECK_INT(times, >, 6);
	ump_client_drop(&client);
}

/* Always due: between two messages it calls once. */
static struct ump_flow count_calls(void *self, void *arg, uint64_t count)
{
	struct probe *own = self;

	(void)arg;
	(void)count;
	calls++;
	/* One message was handled before the timer was started, and one has started it. */
	if (own->handled < 1 + MESSAGES)
		CHECK_INT(calls, <=, own->handled - 1);
	return ump_continue();
}

static struct ump_flow never(void *self, void *arg, uint64_t count)
{
	(void)self;
	(void)arg;
	(void)count;
	CHECK(false);
	return ump_continue();
}

/* Periodic timers whose next time cannot be represented, or is now always. */
static struct ump_flow start_extremes(
	struct probe *self, const struct order *order, ump_reply_context **rc)
{
	(void)self;
	(void)order;
	(void)rc;
	start(log_due, (void *)1, UMP_NOW, INT64_MAX, NULL);
	start(never, NULL, UMP_FOREVER, 1, NULL);
	start(count_calls, NULL, 1, 1, NULL);
	return ump_continue();
}

static void extremes(void)
{
	prepare(start_extremes);
	calls = 0;
	probe_spawn(&probe, &client, &thread);
	probe_hold(&probe, client);
	probe_post(client, OP_CALL, 0);
	for (int i = 1; i < MESSAGES; i++)
		probe_post(client, OP_ECHO, i);
	probe_release(&probe);
	drain();
	CHECK_INT(probe.handled, ==, 1 + MESSAGES + 1);
}

/* ---- Cancelling ---------------------------------------------------------------------------- */

static uint64_t numbers[4];

/* Cancel itself at the second call. */
static struct ump_flow cancel_itself(void *self, void *arg, uint64_t count)
{
	(void)arg;
	(void)count;
	calls++;
	CHECK_INT(calls, <=, 2);
	if (calls == 2) {
		CHECK_INT(ump_timer_cancel(numbers[0]), ==, UMP_OK);
		CHECK_INT(ump_timer_cancel(numbers[0]), ==, UMP_EMPTY);
		start(break_due, self, ump_after(5 * MS), 0, NULL);
	}
	return ump_continue();
}

static struct ump_flow cancel_some(
	struct probe *self, const struct order *order, ump_reply_context **rc)
{
	uint64_t used;

	(void)self;
	(void)order;
	(void)rc;
	CHECK_INT(ump_timer_cancel(1), ==, UMP_EMPTY);
	start(cancel_itself, NULL, UMP_NOW, MS, &numbers[0]);
	/* Due already, and cancelled before its call. */
	start(log_due, NULL, UMP_NOW, 0, &numbers[1]);
	start(log_due, NULL, UMP_NOW, 0, &numbers[2]);
	CHECK_INT(ump_timer_cancel(numbers[1]), ==, UMP_OK);
	CHECK_INT(ump_timer_cancel(numbers[2]), ==, UMP_OK);
	CHECK_INT(ump_timer_cancel(numbers[2]), ==, UMP_EMPTY);
	/* Another timer in the same memory has another number. */
	start(log_due, NULL, UMP_FOREVER, 0, &used);
	CHECK(used != numbers[1] && used != numbers[2]);
	CHECK_INT(ump_timer_cancel(numbers[1]), ==, UMP_EMPTY);
	CHECK_INT(ump_timer_cancel(numbers[2]), ==, UMP_EMPTY);
	CHECK_INT(ump_timer_cancel(0), ==, UMP_EMPTY);
	CHECK_INT(ump_timer_cancel(used), ==, UMP_OK);
	return ump_continue();
}

static void cancelling(void)
{
	prepare(cancel_some);
	calls = 0;
	probe_spawn(&probe, &client, &thread);
	probe_post(client, OP_CALL, 0);
	CHECK(probe_join(&thread).stop);
	CHECK_INT(calls, ==, 2);
	CHECK_INT(probe.handled, ==, 1);
	ump_client_drop(&client);
}

/* Many timers, of which a random half is cancelled: the others call in the order of time. */
static uint64_t ids[MANY];
static ump_time dues[MANY];
static bool cancelled[MANY];
static ump_time last;

static struct ump_flow in_order(void *self, void *arg, uint64_t count)
{
	ptrdiff_t i = (uint64_t *)arg - ids;

	(void)self;
	CHECK_INT(count, ==, 1);
	CHECK(!cancelled[i]);
	CHECK_INT(dues[i], >=, last);
	last = dues[i];
	cancelled[i] = true;
	calls++;
	return ump_continue();
}

static struct ump_flow start_many(
	struct probe *self, const struct order *order, ump_reply_context **rc)
{
	unsigned seed = 1;
	int left = MANY;

	(void)order;
	(void)rc;
	for (int i = 0; i < MANY; i++) {
		cancelled[i] = false;
		dues[i] = ump_now() + rand_r(&seed) % (2 * MS);
		start(in_order, &ids[i], dues[i], 0, &ids[i]);
	}
	for (int i = 0; i < MANY; i++) {
		cancelled[i] = rand_r(&seed) % 2 == 0;
		if (cancelled[i])
			CHECK_INT(ump_timer_cancel(ids[i]), ==, UMP_OK);
		left -= cancelled[i];
	}
	self->arg = (void *)(intptr_t)left;
	start(break_due, NULL, ump_after(4 * MS), 0, NULL);
	return ump_continue();
}

static void many(void)
{
	prepare(start_many);
	calls = 0;
	last = 0;
	probe_spawn(&probe, &client, &thread);
	probe_post(client, OP_CALL, 0);
	CHECK(probe_join(&thread).stop);
	CHECK_INT(calls, ==, (intptr_t)probe.arg);
	for (int i = 0; i < MANY; i++)
		CHECK(cancelled[i]);
	ump_client_drop(&client);
}

/* ---- The end ------------------------------------------------------------------------------- */

/* What may be called when the loop has ended. */
static void when_over(struct probe *self)
{
	uint64_t id = 1;

	(void)self;
	CHECK_INT(ump_timer_start(log_due, NULL, UMP_NOW, 0, &id), ==, UMP_SERVER_GONE);
	CHECK_INT(id, ==, 0);
	CHECK_INT(ump_timer_cancel(numbers[0]), ==, UMP_OK);
	CHECK_INT(ump_timer_cancel(numbers[0]), ==, UMP_EMPTY);
}

static struct ump_flow start_pending(
	struct probe *self, const struct order *order, ump_reply_context **rc)
{
	(void)self;
	(void)order;
	(void)rc;
	start(log_due, NULL, UMP_FOREVER, 0, &numbers[0]);
	start(log_due, NULL, ump_after(3600 * 1000 * MS), 1, NULL);
	return ump_continue();
}

/* Pending timers do not keep the loop alive. */
static void pending_at_end(void)
{
	prepare(start_pending);
	probe.on_term = when_over;
	probe_spawn(&probe, &client, &thread);
	probe_post(client, OP_CALL, 0);
	drain();
	CHECK_INT(probe.handled, ==, 1);
}

static struct ump_flow start_break(
	struct probe *self, const struct order *order, ump_reply_context **rc)
{
	(void)order;
	(void)rc;
	start(break_due, self, UMP_NOW, 0, NULL);
	start(log_due, NULL, 1, 0, NULL);
	return ump_continue();
}

/* A due call breaks: all that is queued is left over, in order. */
static void breaks(void)
{
	struct ump_flow how;

	prepare(start_break);
	probe_spawn(&probe, &client, &thread);
	probe_hold(&probe, client);
	probe_post(client, OP_CALL, 1);
	for (int i = 2; i < MESSAGES; i++)
		probe_post(client, OP_ECHO, i);
	probe_release(&probe);
	how = probe_join(&thread);
	CHECK(how.stop && how.value == &probe);
	CHECK_INT(probe.handled, ==, 2);
	CHECK_INT(probe.lefts, ==, MESSAGES - 2);
	for (int i = 2; i < MESSAGES; i++)
		CHECK_INT(probe.left_log[i - 2], ==, i);
	ump_client_drop(&client);
}

static struct ump_flow stop_due(void *self, void *arg, uint64_t count)
{
	(void)count;
	*next_entry(self) = DUE;
	CHECK_INT(ump_client_stop(client, arg, NULL), ==, UMP_OK);
	return ump_continue();
}

static struct ump_flow start_stop(
	struct probe *self, const struct order *order, ump_reply_context **rc)
{
	(void)order;
	(void)rc;
	start(stop_due, self, UMP_NOW, 0, NULL);
	start(log_due, NULL, 1, 0, NULL);
	return ump_continue();
}

/* A due call stops its server: it was the message at hand. */
static void stops(void)
{
	struct ump_flow how;

	prepare(start_stop);
	probe_spawn(&probe, &client, &thread);
	probe_hold(&probe, client);
	probe_post(client, OP_CALL, 1);
	probe_post(client, OP_ECHO, 2);
	probe_release(&probe);
	how = probe_join(&thread);
	CHECK(how.stop && how.value == &probe);
	CHECK_INT(probe.handled, ==, 3);
	CHECK_INT(probe.lefts, ==, 1);
	ump_client_drop(&client);
}

/* ---- Tasks --------------------------------------------------------------------------------- */

static void end_task(void)
{
	ump_client_drop(&client);
	CHECK_INT(ump_task_run(task, UMP_FOREVER), ==, UMP_OK);
	CHECK_INT(ump_task_due(task), ==, UMP_FOREVER);
	CHECK(!probe_join_task(&task).stop);
}

/* Dispatch, having waited until something is due. */
static bool wait_and_dispatch(void)
{
	while (ump_now() < ump_task_due(task))
		check_nap(1);
	return ump_task_dispatch(task, 0);
}

static struct ump_flow start_later(
	struct probe *self, const struct order *order, ump_reply_context **rc)
{
	(void)self;
	(void)rc;
	planned = ump_after(order->value * MS);
	start(log_due, (void *)1, planned, 0, &numbers[0]);
	return ump_continue();
}

static void in_a_loop(void)
{
	prepare(start_later);
	probe_spawn_task(&probe, &client, &task);
	CHECK_INT(ump_task_due(NULL), ==, UMP_FOREVER);
	CHECK_INT(ump_task_due(task), ==, UMP_FOREVER);
	probe_post(client, OP_CALL, 2);
	CHECK(ump_task_dispatch(task, 0));
	CHECK_INT(ump_task_due(task), ==, planned);
	CHECK(!probe_readable(ump_task_fd(task)));
	CHECK(wait_and_dispatch());
	CHECK_INT(ump_task_due(task), ==, UMP_FOREVER);
	CHECK_INT(probe.handled, ==, 2);
	CHECK_INT(probe.log[1], ==, DUE + 1);
	/* ump_task_run waits no longer than until the call is due, and goes on. */
	probe_post(client, OP_CALL, 2);
	CHECK_INT(ump_task_run(task, ump_after(20 * MS)), ==, UMP_TIMED_OUT);
	CHECK_INT(probe.handled, ==, 4);
	end_task();
}

static struct ump_flow break_task(
	struct probe *self, const struct order *order, ump_reply_context **rc)
{
	(void)rc;
	start(break_due, self, ump_after(order->value * MS), 0, NULL);
	return ump_continue();
}

/* A due call ends the loop, and ump_task_run with it. */
static void task_breaks(void)
{
	prepare(break_task);
	probe_spawn_task(&probe, &client, &task);
	probe_post(client, OP_CALL, 2);
	CHECK_INT(ump_task_run(task, UMP_FOREVER), ==, UMP_OK);
	CHECK(probe_join_task(&task).value == &probe);
	ump_client_drop(&client);
	/* Before messages that are queued already. */
	prepare(break_task);
	probe_spawn_task(&probe, &client, &task);
	probe_post(client, OP_CALL, 0);
	probe_post(client, OP_ECHO, 1);
	CHECK(!ump_task_dispatch(task, 0));
	CHECK_INT(probe.lefts, ==, 1);
	CHECK(probe_join_task(&task).value == &probe);
	ump_client_drop(&client);
}

static ump_suspension *suspension;
static bool resumes_at_once;

static struct ump_flow suspend_due(void *self, void *arg, uint64_t count)
{
	(void)arg;
	(void)count;
	*next_entry(self) = DUE;
	suspension = ump_suspend();
	CHECK(suspension != NULL);
	if (resumes_at_once)
		CHECK_INT(ump_task_resume(&suspension, ump_continue()), ==, UMP_OK);
	return ump_pending();
}

static struct ump_flow start_suspend(
	struct probe *self, const struct order *order, ump_reply_context **rc)
{
	(void)self;
	(void)order;
	(void)rc;
	start(suspend_due, NULL, UMP_NOW, 0, NULL);
	start(log_due, (void *)1, 1, 0, NULL);
	return ump_continue();
}

static void prepare_suspend(void)
{
	static struct ump_config config;

	prepare(start_suspend);
	/* The duration is measured, too. */
	config = probe_config;
	config.slow_limit = INT64_MAX;
	probe.config = &config;
	probe_spawn_task(&probe, &client, &task);
	probe_post(client, OP_CALL, 0);
	probe_post(client, OP_ECHO, 2);
	probe_post(client, OP_ECHO, 3);
}

/* A due call suspends before a message that was taken already. */
static void task_suspends(void)
{
	resumes_at_once = false;
	prepare_suspend();
	CHECK(ump_task_dispatch(task, 0));
	CHECK_INT(probe.handled, ==, 2);
	CHECK_INT(ump_task_due(task), ==, UMP_FOREVER);
	CHECK(ump_task_dispatch(task, 0));
	CHECK_INT(probe.handled, ==, 2);
	CHECK_INT(ump_task_resume(&suspension, ump_continue()), ==, UMP_OK);
	CHECK(probe_readable(ump_task_fd(task)));
	CHECK_INT(ump_task_run(task, ump_after(10 * MS)), ==, UMP_TIMED_OUT);
	CHECK_INT(probe.handled, ==, 5);
	CHECK_INT(probe.log[1], ==, DUE);
	CHECK_INT(probe.log[2] + probe.log[3], ==, DUE + 1 + 2);
	CHECK_INT(probe.log[4], ==, 3);
	end_task();
	/* Resumed before it returns. */
	resumes_at_once = true;
	prepare_suspend();
	CHECK_INT(ump_task_run(task, ump_after(10 * MS)), ==, UMP_TIMED_OUT);
	CHECK_INT(probe.handled, ==, 5);
	CHECK_INT(probe.log[4], ==, 3);
	end_task();
	/* Never resumed by the time of the drop: the message is left over. */
	resumes_at_once = false;
	prepare_suspend();
	CHECK(ump_task_dispatch(task, 0));
	ump_task_drop(&task);
	CHECK_INT(probe.handled, ==, 2);
	CHECK_INT(probe.lefts, ==, 2);
	CHECK_INT(probe.left_log[0], ==, 2);
	CHECK_INT(ump_task_resume(&suspension, ump_continue()), ==, UMP_SERVER_GONE);
	ump_client_drop(&client);
	/* Resumed with a break. */
	prepare_suspend();
	CHECK(ump_task_dispatch(task, 0));
	CHECK_INT(ump_task_resume(&suspension, ump_break(&probe)), ==, UMP_OK);
	CHECK(!ump_task_dispatch(task, 0));
	CHECK_INT(probe.lefts, ==, 2);
	CHECK(probe_join_task(&task).value == &probe);
	ump_client_drop(&client);
}

/* A due call suspends before a request, whose requester then gives up: it is skipped.  A message
 * before which one has suspended counts for the budget. */
static void task_suspends_before_request(void)
{
	struct ump_stats stats;
	ump_wait_reply *waiting;

	resumes_at_once = false;
	prepare(start_suspend);
	probe_spawn_task(&probe, &client, &task);
	probe_post(client, OP_CALL, 0);
	waiting = probe_req_async(client, OP_ECHO, 1, NULL);
	probe_post(client, OP_ECHO, 2);
	CHECK(ump_task_dispatch(task, 0));
	CHECK_INT(probe.handled, ==, 2);
	ump_wait_reply_drop(&waiting);
	CHECK_INT(ump_task_resume(&suspension, ump_continue()), ==, UMP_OK);
	CHECK(ump_task_dispatch(task, 0));
	CHECK_INT(ump_client_stats(client, &stats), ==, UMP_OK);
	CHECK_INT(stats.skipped, ==, 1);
	end_task();
	CHECK_INT(probe.handled, ==, 4);
	prepare_suspend();
	CHECK(ump_task_dispatch(task, 0));
	CHECK_INT(ump_task_resume(&suspension, ump_continue()), ==, UMP_OK);
	CHECK(ump_task_dispatch(task, 1));
	CHECK_INT(probe.handled, ==, 4);
	CHECK(ump_task_dispatch(task, 1));
	CHECK_INT(probe.handled, ==, 5);
	end_task();
}

static struct ump_flow suspend_later(
	struct probe *self, const struct order *order, ump_reply_context **rc)
{
	(void)self;
	(void)order;
	(void)rc;
	start(suspend_due, NULL, ump_after(MS), 0, NULL);
	return ump_continue();
}

/* A due call suspends in a run that began idle: messages do not raise the notifier meanwhile. */
static void task_suspends_when_idle(void)
{
	resumes_at_once = false;
	prepare(suspend_later);
	probe_spawn_task(&probe, &client, &task);
	probe_post(client, OP_CALL, 0);
	CHECK(ump_task_dispatch(task, 0));
	CHECK(!probe_readable(ump_task_fd(task)));
	CHECK(wait_and_dispatch());
	CHECK_INT(probe.handled, ==, 2);
	probe_post(client, OP_ECHO, 1);
	CHECK(!probe_readable(ump_task_fd(task)));
	CHECK_INT(ump_task_resume(&suspension, ump_continue()), ==, UMP_OK);
	CHECK(probe_readable(ump_task_fd(task)));
	CHECK(ump_task_dispatch(task, 0));
	CHECK_INT(probe.handled, ==, 3);
	end_task();
}

static struct ump_flow drop_due(void *self, void *arg, uint64_t count)
{
	(void)arg;
	(void)count;
	*next_entry(self) = DUE;
	ump_task_drop(&task);
	return ump_continue();
}

static struct ump_flow start_drop(
	struct probe *self, const struct order *order, ump_reply_context **rc)
{
	(void)self;
	(void)rc;
	start(drop_due, NULL, ump_after(order->value * MS), 0, NULL);
	return ump_continue();
}

static void task_drops_itself(void)
{
	ump_task *running;

	for (int queued = 0; queued < 2; queued++) {
		prepare(start_drop);
		probe_spawn_task(&probe, &client, &task);
		probe_post(client, OP_CALL, queued == 0);
		if (queued)
			probe_post(client, OP_ECHO, 1);
		running = task;
		if (queued)
			CHECK(!ump_task_dispatch(running, 0));
		else
			CHECK_INT(ump_task_run(running, UMP_FOREVER), ==, UMP_OK);
		CHECK_INT(probe.handled, ==, 2);
		CHECK_INT(probe.lefts, ==, queued);
		ump_client_drop(&client);
	}
}

/* ---- Callbacks like the others ------------------------------------------------------------- */

static int slow_calls;

static void note_slow(void *arg, int64_t took, bool request)
{
	(void)arg;
	CHECK_INT(took, >, MS);
	CHECK(!request);
	slow_calls++;
}

static struct ump_flow wait_due(void *self, void *arg, uint64_t count)
{
	struct ump_stats stats;
	int answer;

	(void)self;
	(void)arg;
	(void)count;
	/* It would wait for itself. */
	CHECK_INT(probe_req(client, OP_ECHO, 1, &answer), ==, UMP_DEADLOCK);
	CHECK_INT(ump_client_stats(client, &stats), ==, UMP_OK);
	CHECK(stats.busy);
	CHECK_INT(stats.handled, ==, 2);
	check_nap(3);
	return ump_break(NULL);
}

static struct ump_flow start_wait(
	struct probe *self, const struct order *order, ump_reply_context **rc)
{
	(void)self;
	(void)order;
	(void)rc;
	start(wait_due, NULL, UMP_NOW, 0, NULL);
	return ump_continue();
}

static void is_a_callback(void)
{
	struct ump_config config = probe_config;

	prepare(start_wait);
	config.slow_limit = MS;
	config.slow_handler = note_slow;
	probe.config = &config;
	slow_calls = 0;
	probe_spawn(&probe, &client, &thread);
	probe_post(client, OP_CALL, 0);
	CHECK(probe_join(&thread).stop);
	CHECK_INT(slow_calls, ==, 1);
	ump_client_drop(&client);
}

/* ---- Errors -------------------------------------------------------------------------------- */

static int results[3];

static void try_all(void)
{
	results[0] = ump_timer_start(log_due, NULL, UMP_NOW, 0, NULL);
	results[1] = ump_timer_cancel(1);
}

static int build_and_try(struct probe *self, ump_client *built)
{
	(void)self;
	(void)built;
	try_all();
	return 0;
}

static struct ump_flow call_wrongly(
	struct probe *self, const struct order *order, ump_reply_context **rc)
{
	uint64_t id = 1;

	(void)self;
	(void)order;
	(void)rc;
	CHECK_INT(ump_timer_start(NULL, NULL, UMP_NOW, 0, &id), ==, UMP_INVALID);
	CHECK_INT(id, ==, 0);
	CHECK_INT(ump_timer_start(log_due, NULL, UMP_NOW, -1, NULL), ==, UMP_INVALID);
	return ump_continue();
}

static struct ump_flow call_try(
	struct probe *self, const struct order *order, ump_reply_context **rc)
{
	(void)self;
	(void)order;
	(void)rc;
	try_all();
	return ump_continue();
}

static void refused(void)
{
	ump_combining *combining;

	try_all();
	CHECK_INT(results[0], ==, UMP_INVALID);
	CHECK_INT(results[1], ==, UMP_INVALID);
	prepare(call_wrongly);
	probe.on_build = build_and_try;
	probe_spawn(&probe, &client, &thread);
	CHECK_INT(results[0], ==, UMP_INVALID);
	CHECK_INT(results[1], ==, UMP_INVALID);
	probe_post(client, OP_CALL, 0);
	drain();
	CHECK_INT(probe.handled, ==, 1);
	prepare(call_try);
	probe.roams = true;
	probe_spawn_combining(&probe, &client, &combining);
	probe_post(client, OP_CALL, 0);
	CHECK_INT(results[0], ==, UMP_NO_TIMERS);
	CHECK_INT(results[1], ==, UMP_NO_TIMERS);
	ump_client_drop(&client);
	CHECK(!probe_join_combining(&combining).stop);
}

static struct ump_flow start_without_memory(
	struct probe *self, const struct order *order, ump_reply_context **rc)
{
	uint64_t id = 1;

	(void)self;
	(void)order;
	(void)rc;
	for (int n = 0; n < 2; n++) {
		faults_at(n);
		CHECK_INT(ump_timer_start(log_due, NULL, UMP_NOW, 0, &id), ==, UMP_NO_MEMORY);
		CHECK(faults_off());
		CHECK_INT(id, ==, 0);
		CHECK_INT(ump_timer_cancel(1), ==, UMP_EMPTY);
	}
	start(log_due, (void *)7, UMP_NOW, 0, &id);
	return ump_continue();
}

static void no_memory(void)
{
	prepare(start_without_memory);
	probe_spawn_task(&probe, &client, &task);
	probe_post(client, OP_CALL, 0);
	CHECK(ump_task_dispatch(task, 0));
	CHECK(ump_task_dispatch(task, 0));
	CHECK_INT(probe.handled, ==, 2);
	CHECK_INT(probe.log[1], ==, DUE + 7);
	end_task();
}

static const struct check_test tests[] = {
	{"[timer] a timer calls once, not before its time", once},
	{"[timer] due calls come before the next message, in the order of their times",
		before_messages},
	{"[timer] a periodic timer does not drift, and counts what it missed", periodic},
	{"[timer] times at the ends of the range; messages are not starved", extremes},
	{"[timer] cancelling is exact", cancelling},
	{"[timer] a thousand timers, half of them cancelled", many},
	{"[timer] [drain] pending timers do not keep the loop alive", pending_at_end},
	{"[timer] [break] a due call breaks", breaks},
	{"[timer] [stop] a due call stops its server", stops},
	{"[timer] [task] a task's due calls in an event loop", in_a_loop},
	{"[timer] [task] a due call ends a task", task_breaks},
	{"[timer] [suspend] a due call suspends", task_suspends},
	{"[timer] [origin] [task] a due call suspends before a request",
		task_suspends_before_request},
	{"[timer] [task] [suspend] a due call suspends in an idle task", task_suspends_when_idle},
	{"[timer] [task] a due call drops its task", task_drops_itself},
	{"[timer] [user] [deadlock] a due call is a callback", is_a_callback},
	{"[timer] [misuse] refused calls", refused},
	{"[timer] [clean] without memory", no_memory},
};

CHECK_MAIN(tests)
