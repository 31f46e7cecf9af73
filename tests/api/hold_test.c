/* SPDX-License-Identifier: 0BSD */
#include "probe.h"

#include "call/request.h"
#include "client/handle.h"

#include <string.h>

/* Far enough in the future for what must not happen. */
#define A_WHILE 20000000

/* How a held context is consumed. */
enum way {
	BY_REPLY,
	BY_CODE,
	BY_DROP
};

struct answerer {
	ump_reply_context **rc;
	enum way way;
	int result;
};

static void *answer(void *arg)
{
	struct answerer *answerer = arg;

	answerer->result = UMP_OK;
	if (answerer->way == BY_REPLY)
		answerer->result = ump_reply(answerer->rc, &(struct reply){7, NULL});
	else if (answerer->way == BY_CODE)
		answerer->result = ump_reply_fail(answerer->rc, 7);
	else
		ump_reply_drop(answerer->rc);
	CHECK(*answerer->rc == NULL);
	return NULL;
}

/* Answer on another thread; return the result. */
static int answer_elsewhere(ump_reply_context **rc, enum way way)
{
	struct answerer answerer = {rc, way, UMP_OK};
	pthread_t thread;

	CHECK_INT(pthread_create(&thread, NULL, answer, &answerer), ==, 0);
	pthread_join(thread, NULL);
	return answerer.result;
}

static int code_of(enum way way)
{
	return way == BY_REPLY ? UMP_OK : way == BY_CODE ? 7 : UMP_NO_REPLY;
}

static uint64_t strong_clients(const ump_weak_client *weak)
{
	struct ump_stats stats;

	CHECK_INT(ump_weak_client_stats(weak, &stats), ==, UMP_OK);
	return stats.clients;
}

static struct probe probe;
static ump_client *client;
static ump_thread *thread;

/* In the handler: keep the context and hold the loop. */
static struct ump_flow keep_and_hold(
	struct probe *self, const struct order *order, ump_reply_context **rc)
{
	ump_reply_context *kept;

	(void)order;
	/* Only a kept context can hold. */
	CHECK_INT(ump_reply_hold(*rc), ==, UMP_INVALID);
	kept = ump_reply_keep(rc);
	CHECK_INT(ump_reply_hold(kept), ==, UMP_OK);
	self->kept[self->kept_count] = kept;
	self->kept_count++;
	return ump_continue();
}

static void hold_begin(void)
{
	probe_init(&probe);
	probe.on_call = keep_and_hold;
}

/* ---- Servers of each kind ------------------------------------------------------------------ */

static void thread_waits_for(enum way way)
{
	struct reply reply = {0, NULL};
	ump_wait_reply *wait_reply;
	struct ump_flow how = {true, NULL};

	hold_begin();
	probe_spawn(&probe, &client, &thread);
	wait_reply = probe_req_async(client, OP_CALL, 1, NULL);
	probe_await(&probe.kept_count, 1);
	ump_client_drop(&client);
	CHECK_INT(ump_thread_join(&thread, &how, ump_after(A_WHILE)), ==, UMP_TIMED_OUT);
	CHECK_INT(answer_elsewhere(&probe.kept[0], way), ==, UMP_OK);
	CHECK_INT(ump_thread_join(&thread, &how, UMP_FOREVER), ==, UMP_OK);
	CHECK(!how.stop);
	CHECK_INT(ump_wait_reply_wait(&wait_reply, &reply, UMP_FOREVER), ==, code_of(way));
	CHECK_INT(reply.value, ==, way == BY_REPLY ? 7 : 0);
}

static void on_a_thread(void)
{
	thread_waits_for(BY_REPLY);
	thread_waits_for(BY_CODE);
	thread_waits_for(BY_DROP);
}

static void on_a_task(void)
{
	struct reply reply;
	ump_wait_reply *wait_reply;
	ump_task *task;

	hold_begin();
	probe_spawn_task(&probe, &client, &task);
	wait_reply = probe_req_async(client, OP_CALL, 1, NULL);
	CHECK(ump_task_dispatch(task, 0));
	ump_client_drop(&client);
	CHECK(!probe_readable(ump_task_fd(task)));
	CHECK(ump_task_dispatch(task, 0));
	CHECK_INT(ump_task_run(task, ump_after(A_WHILE)), ==, UMP_TIMED_OUT);
	CHECK_INT(answer_elsewhere(&probe.kept[0], BY_REPLY), ==, UMP_OK);
	CHECK(probe_readable(ump_task_fd(task)));
	CHECK(!ump_task_dispatch(task, 0));
	CHECK(!probe_join_task(&task).stop);
	CHECK_INT(ump_wait_reply_try(&wait_reply, &reply), ==, UMP_OK);
}

/* In term: the answer has arrived before. */
static void find_answer(struct probe *self)
{
	struct reply reply;

	CHECK_INT(ump_wait_reply_try(self->arg, &reply), ==, UMP_OK);
	CHECK_INT(reply.value, ==, 7);
}

/* The thread that answers runs the end of a combining server, after the answer. */
static void on_a_combining_server(void)
{
	ump_wait_reply *wait_reply;
	ump_combining *combining;

	hold_begin();
	probe.roams = true;
	probe.on_term = find_answer;
	probe.arg = &wait_reply;
	probe_spawn_combining(&probe, &client, &combining);
	wait_reply = probe_req_async(client, OP_CALL, 1, NULL);
	ump_client_drop(&client);
	CHECK_INT(ump_combining_join(&combining, NULL, ump_after(A_WHILE)), ==, UMP_TIMED_OUT);
	CHECK_INT(probe.terms, ==, 0);
	CHECK_INT(answer_elsewhere(&probe.kept[0], BY_REPLY), ==, UMP_OK);
	CHECK_INT(probe.terms, ==, 1);
	CHECK_INT(probe.drops, ==, 1);
	CHECK_INT(ump_combining_join(&combining, NULL, UMP_NOW), ==, UMP_OK);
}

static void on_a_raw_end(void)
{
	struct ump_stats stats;
	struct reply reply;
	ump_wait_reply *waits[2];
	ump_reply_context *rc[2];
	ump_server *server;
	const void *msg;
	ump_reply_context *none;

	probe_open(&server, &client);
	for (int i = 0; i < 2; i++) {
		waits[i] = probe_req_async(client, OP_ECHO, i, NULL);
		rc[i] = probe_receive(server, i);
		CHECK_INT(ump_reply_hold(rc[i]), ==, UMP_OK);
	}
	ump_client_drop(&client);
	CHECK_INT(ump_server_try_pop(server, &msg, &none), ==, UMP_EMPTY);
	CHECK_INT(ump_reply_fail(&rc[0], 3), ==, UMP_OK);
	CHECK_INT(ump_server_wait(server, &msg, &none, ump_after(A_WHILE)), ==, UMP_TIMED_OUT);
	CHECK_INT(ump_server_stats(server, &stats), ==, UMP_OK);
	CHECK_INT(stats.clients, ==, 1);
	CHECK_INT(stats.kept, ==, 0);
	CHECK_INT(stats.failed, ==, 0);
	CHECK_INT(answer_elsewhere(&rc[1], BY_REPLY), ==, UMP_OK);
	CHECK_INT(ump_server_try_pop(server, &msg, &none), ==, UMP_CLIENTS_GONE);
	ump_server_drop(&server);
	CHECK_INT(ump_wait_reply_try(&waits[0], &reply), ==, 3);
	CHECK_INT(ump_wait_reply_try(&waits[1], &reply), ==, UMP_OK);
}

/* ---- What counts --------------------------------------------------------------------------- */

static void as_a_strong_client(void)
{
	ump_wait_reply *wait_reply;
	ump_weak_client *weak;

	hold_begin();
	probe_spawn(&probe, &client, &thread);
	CHECK_INT(ump_client_weak(client, &weak), ==, UMP_OK);
	wait_reply = probe_req_async(client, OP_CALL, 1, NULL);
	probe_await(&probe.kept_count, 1);
	CHECK_INT(strong_clients(weak), ==, 2);
	/* It holds once. */
	CHECK_INT(ump_reply_hold(probe.kept[0]), ==, UMP_OK);
	CHECK_INT(strong_clients(weak), ==, 2);
	ump_client_drop(&client);
	CHECK_INT(strong_clients(weak), ==, 1);
	CHECK_INT(ump_weak_client_upgrade(weak, &client), ==, UMP_OK);
	CHECK_INT(probe_req(client, OP_ECHO, 4, NULL), ==, UMP_OK);
	/* Its caller gives up; the handler has still to answer. */
	ump_wait_reply_drop(&wait_reply);
	ump_client_drop(&client);
	CHECK_INT(strong_clients(weak), ==, 1);
	CHECK_INT(answer_elsewhere(&probe.kept[0], BY_REPLY), ==, UMP_ORIGIN_GONE);
	CHECK(!probe_join(&thread).stop);
	CHECK_INT(strong_clients(weak), ==, 0);
	CHECK_INT(ump_weak_client_upgrade(weak, &client), ==, UMP_CLIENTS_GONE);
	ump_weak_client_drop(&weak);
}

struct caller {
	pthread_t id;
	ump_client *client;
	ump_time deadline;
};

static void *call(void *arg)
{
	struct caller *caller = arg;
	struct reply reply;

	CHECK_INT(ump_client_req(caller->client, &(struct order){OP_CALL, 1, NULL}, &reply,
			  caller->deadline),
		==, UMP_OK);
	CHECK_INT(reply.value, ==, 7);
	ump_client_drop(&caller->client);
	return NULL;
}

/* The caller drops its client as soon as it has the answer, as the answerer gives up its hold. */
static void blocked_callers(void)
{
	for (int i = 0; i < 200; i++) {
		struct caller caller = {
			.deadline = i % 2 == 0 ? UMP_FOREVER : ump_after(INT64_C(60000000000))};

		hold_begin();
		probe_spawn(&probe, &caller.client, &thread);
		CHECK_INT(pthread_create(&caller.id, NULL, call, &caller), ==, 0);
		probe_await(&probe.kept_count, 1);
		CHECK_INT(answer_elsewhere(&probe.kept[0], BY_REPLY), ==, UMP_OK);
		pthread_join(caller.id, NULL);
		CHECK(!probe_join(&thread).stop);
	}
}

static void from_completions(void)
{
	ump_completions *completions;
	struct ump_completion watch;
	struct order order = {OP_CALL, 1, NULL};

	hold_begin();
	probe_spawn(&probe, &client, &thread);
	CHECK_INT(ump_completions_open(&completions), ==, UMP_OK);
	CHECK_INT(ump_client_req_completion(client, &order, completions, (void *)1), ==, UMP_OK);
	CHECK_INT(ump_client_watch(client, completions, (void *)2), ==, UMP_OK);
	probe_await(&probe.kept_count, 1);
	ump_client_drop(&client);
	probe_expect_empty(completions);
	CHECK_INT(answer_elsewhere(&probe.kept[0], BY_REPLY), ==, UMP_OK);
	CHECK(!probe_join(&thread).stop);
	/* The answer precedes the end. */
	probe_expect(completions, 1, UMP_OK);
	CHECK_INT(ump_completions_next(completions, &watch), ==, UMP_OK);
	CHECK(watch.tag == (void *)2);
	ump_completions_drop(&completions);
}

/* ---- Breaks -------------------------------------------------------------------------------- */

static void break_does_not_wait(void)
{
	struct reply reply;
	ump_wait_reply *wait_reply;

	hold_begin();
	probe_spawn(&probe, &client, &thread);
	wait_reply = probe_req_async(client, OP_CALL, 1, NULL);
	probe_await(&probe.kept_count, 1);
	probe_post(client, OP_BREAK_SILENTLY, 5);
	CHECK(probe_join(&thread).value == (void *)5);
	/* The hold is without effect, and so is another one. */
	CHECK_INT(ump_reply_hold(probe.kept[0]), ==, UMP_OK);
	ump_client_drop(&client);
	CHECK_INT(answer_elsewhere(&probe.kept[0], BY_REPLY), ==, UMP_OK);
	CHECK_INT(ump_wait_reply_wait(&wait_reply, &reply, UMP_FOREVER), ==, UMP_OK);
	CHECK_INT(reply.value, ==, 7);
}

static void stop_does_not_wait(void)
{
	struct reply reply;
	ump_wait_reply *wait_reply;

	hold_begin();
	probe_spawn(&probe, &client, &thread);
	wait_reply = probe_req_async(client, OP_CALL, 1, NULL);
	probe_await(&probe.kept_count, 1);
	CHECK_INT(ump_client_stop(client, (void *)6, NULL), ==, UMP_OK);
	ump_client_drop(&client);
	CHECK(probe_join(&thread).value == (void *)6);
	CHECK_INT(answer_elsewhere(&probe.kept[0], BY_DROP), ==, UMP_OK);
	CHECK_INT(ump_wait_reply_wait(&wait_reply, &reply, UMP_FOREVER), ==, UMP_NO_REPLY);
}

/* A task that is dropped ends, whatever holds it. */
static void drop_of_a_task(void)
{
	struct reply reply;
	ump_wait_reply *wait_reply;
	ump_task *task;

	hold_begin();
	probe_spawn_task(&probe, &client, &task);
	wait_reply = probe_req_async(client, OP_CALL, 1, NULL);
	CHECK(ump_task_dispatch(task, 0));
	ump_task_drop(&task);
	CHECK_INT(probe.terms, ==, 1);
	ump_client_drop(&client);
	CHECK_INT(answer_elsewhere(&probe.kept[0], BY_REPLY), ==, UMP_OK);
	CHECK_INT(ump_wait_reply_try(&wait_reply, &reply), ==, UMP_OK);
}

static void hold_leftover(struct probe *self, ump_reply_context **rc)
{
	if (rc == NULL)
		return;
	self->kept[self->kept_count] = ump_reply_keep(rc);
	CHECK_INT(ump_reply_hold(self->kept[self->kept_count]), ==, UMP_OK);
	self->kept_count++;
}

static void in_leftover(void)
{
	struct reply reply;
	ump_wait_reply *wait_reply;

	hold_begin();
	probe.takes_leftovers = true;
	probe.on_left = hold_leftover;
	probe_spawn(&probe, &client, &thread);
	probe_hold(&probe, client);
	probe_post(client, OP_BREAK_SILENTLY, 5);
	wait_reply = probe_req_async(client, OP_ECHO, 1, NULL);
	probe_release(&probe);
	CHECK(probe_join(&thread).value == (void *)5);
	CHECK_INT(probe.kept_count, ==, 1);
	ump_client_drop(&client);
	CHECK_INT(answer_elsewhere(&probe.kept[0], BY_REPLY), ==, UMP_OK);
	CHECK_INT(ump_wait_reply_wait(&wait_reply, &reply, UMP_FOREVER), ==, UMP_OK);
}

/* ---- Codes --------------------------------------------------------------------------------- */

static void codes(void)
{
	ump_wait_reply *wait_reply;
	ump_reply_context *rc;
	ump_server *server;
	struct ump__counts *counts;
	uint64_t before;

	CHECK_INT(ump_reply_hold(NULL), ==, UMP_INVALID);
	probe_open(&server, &client);
	counts = &client->handle.channel->counts;
	wait_reply = probe_req_async(client, OP_ECHO, 1, NULL);
	rc = probe_receive(server, 1);
	before = atomic_load(&counts->value);
	atomic_store(&counts->value, (uint64_t)UMP__COUNTS_MAX * UMP__COUNTS_STRONG + 3);
	CHECK_INT(ump_reply_hold(rc), ==, UMP_OVERFLOW);
	atomic_store(&counts->value, before);
	ump_client_drop(&client);
	CHECK_INT(ump_reply_hold(rc), ==, UMP_CLIENTS_GONE);
	CHECK_INT(probe_reply(rc, 1, NULL), ==, UMP_OK);
	ump_wait_reply_drop(&wait_reply);
	ump_server_drop(&server);
}

static struct ump_flow keep_uncounted(
	struct probe *self, const struct order *order, ump_reply_context **rc)
{
	struct ump__counts *counts = &ump__request_of_context(*rc)->channel->counts;
	uint64_t before = atomic_load(&counts->value);

	(void)order;
	atomic_store(&counts->value, UMP__COUNTS_STRONG + UMP__COUNTS_MAX);
	self->kept[0] = ump_reply_keep(rc);
	atomic_store(&counts->value, before);
	/* Its channel may be gone at any time. */
	CHECK_INT(ump_reply_hold(self->kept[0]), ==, UMP_OVERFLOW);
	return ump_continue();
}

static void too_many_references(void)
{
	ump_wait_reply *wait_reply;
	struct reply reply;
	ump_task *task;

	probe_init(&probe);
	probe.on_call = keep_uncounted;
	probe_spawn_task(&probe, &client, &task);
	wait_reply = probe_req_async(client, OP_CALL, 1, NULL);
	CHECK(ump_task_dispatch(task, 0));
	ump_client_drop(&client);
	CHECK(!ump_task_dispatch(task, 0));
	CHECK(!probe_join_task(&task).stop);
	CHECK_INT(answer_elsewhere(&probe.kept[0], BY_REPLY), ==, UMP_OK);
	CHECK_INT(ump_wait_reply_try(&wait_reply, &reply), ==, UMP_OK);
}

/* A request that is handled after the last client has gone cannot hold the loop. */
static struct ump_flow hold_too_late(
	struct probe *self, const struct order *order, ump_reply_context **rc)
{
	(void)order;
	self->kept[0] = ump_reply_keep(rc);
	CHECK_INT(ump_reply_hold(self->kept[0]), ==, UMP_CLIENTS_GONE);
	return ump_continue();
}

static void after_the_last_client(void)
{
	ump_wait_reply *wait_reply;
	struct reply reply;

	probe_init(&probe);
	probe.on_call = hold_too_late;
	probe_spawn(&probe, &client, &thread);
	probe_hold(&probe, client);
	wait_reply = probe_req_async(client, OP_CALL, 1, NULL);
	ump_client_drop(&client);
	probe_release(&probe);
	CHECK(!probe_join(&thread).stop);
	CHECK_INT(answer_elsewhere(&probe.kept[0], BY_REPLY), ==, UMP_OK);
	CHECK_INT(ump_wait_reply_wait(&wait_reply, &reply, UMP_FOREVER), ==, UMP_OK);
}

static const struct check_test tests[] = {
	{"[hold] a thread drains only when a held context is consumed, in each way", on_a_thread},
	{"[hold] a task becomes readable, and ends, with the answer", on_a_task},
	{"[hold] [combining] the answer runs the end of a combining server", on_a_combining_server},
	{"[hold] a raw receiving end drains when the last context is answered", on_a_raw_end},
	{"[hold] [weak] a held context counts as one strong client", as_a_strong_client},
	{"[hold] the answer races with the drop of its caller's client", blocked_callers},
	{"[hold] [watch] the answer comes before the end", from_completions},
	{"[hold] [break] a break does not wait for it", break_does_not_wait},
	{"[hold] [stop] a stop does not wait for it", stop_does_not_wait},
	{"[hold] the drop of a task does not wait for it", drop_of_a_task},
	{"[hold] an undelivered request that is kept may hold, without effect", in_leftover},
	{"[hold] [misuse] its codes", codes},
	{"[hold] a context without a reference cannot hold", too_many_references},
	{"[hold] [drain] after the last client a context cannot hold", after_the_last_client},
};

CHECK_MAIN(tests)
