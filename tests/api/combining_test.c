/* SPDX-License-Identifier: 0BSD */
/* Combining servers, which their senders run. */
#include "channel/channel.h"
#include "client/handle.h"
#include "probe.h"

#define SECOND INT64_C(1000000000)

static struct probe probe;
static ump_client *client;
static ump_combining *combining;

static void spawn(void)
{
	probe_spawn_combining(&probe, &client, &combining);
}

/* Drop the last client.  This must end the server within the call, unless it has ended before. */
static struct ump_flow end(void)
{
	ump_client_drop(&client);
	CHECK_INT(probe.terms, ==, 1);
	CHECK_INT(probe.drops, ==, 1);
	return probe_join_combining(&combining);
}

/* The same if another thread may still run it, and then ends it. */
static struct ump_flow end_anywhere(void)
{
	struct ump_flow how;

	ump_client_drop(&client);
	how = probe_join_combining(&combining);
	CHECK_INT(probe.terms, ==, 1);
	CHECK_INT(probe.drops, ==, 1);
	return how;
}

static bool ran_here(int at)
{
	return pthread_equal(probe.threads[at], pthread_self());
}

/* ---- One thread ---------------------------------------------------------------------------- */

static void inside_the_call(void)
{
	int answered = 0;

	probe_init(&probe);
	spawn();
	CHECK_INT(probe.inits, ==, 1);
	CHECK(pthread_equal(probe.builder_thread, pthread_self()));
	CHECK(pthread_equal(probe.dispatcher, pthread_self()));
	probe_post(client, OP_ECHO, 1);
	CHECK_INT(probe.handled, ==, 1);
	CHECK_INT(probe_req(client, OP_ECHO, 2, &answered), ==, UMP_OK);
	CHECK_INT(answered, ==, 2);
	CHECK_INT(probe_req(client, OP_ECHO_IN_PLACE, 3, &answered), ==, UMP_OK);
	CHECK_INT(answered, ==, 3);
	CHECK_INT(probe_req(client, OP_FAIL, 4, NULL), ==, 4);
	CHECK_INT(probe_req(client, OP_FORGET, 5, NULL), ==, UMP_NO_REPLY);
	CHECK_INT(probe.handled, ==, 5);
	for (int i = 0; i < 5; i++) {
		CHECK_INT(probe.log[i], ==, i + 1);
		CHECK(ran_here(i));
	}
	CHECK_INT(probe.terms, ==, 0);
	CHECK_INT(ump_combining_join(&combining, NULL, UMP_NOW), ==, UMP_TIMED_OUT);
	CHECK(combining != NULL);
	CHECK(!end().stop);
}

static void without_waiting(void)
{
	struct order order = {OP_ECHO, 2, NULL};
	ump_completions *completions;
	struct ump_completion completion;
	ump_wait_reply *wait_reply;
	struct reply reply;
	ump_post_client *poster;

	probe_init(&probe);
	spawn();
	wait_reply = probe_req_async(client, OP_ECHO, 1, NULL);
	CHECK_INT(ump_wait_reply_try(&wait_reply, &reply), ==, UMP_OK);
	CHECK_INT(reply.value, ==, 1);
	CHECK_INT(ump_completions_open(&completions), ==, UMP_OK);
	CHECK_INT(ump_client_req_completion(client, &order, completions, &order), ==, UMP_OK);
	CHECK_INT(ump_completions_in_flight(completions), ==, 1);
	CHECK_INT(ump_completions_next(completions, &completion), ==, UMP_OK);
	CHECK(completion.tag == &order);
	CHECK_INT(((const struct reply *)completion.reply)->value, ==, 2);
	ump_completions_drop(&completions);
	CHECK_INT(ump_client_post_client(client, &poster), ==, UMP_OK);
	order.value = 3;
	CHECK_INT(ump_post_client_post(poster, &order), ==, UMP_OK);
	CHECK_INT(probe.handled, ==, 3);
	/* The last strong client may be a post client. */
	ump_client_drop(&client);
	CHECK_INT(probe.terms, ==, 0);
	ump_post_client_drop(&poster);
	CHECK_INT(probe.terms, ==, 1);
	CHECK(!probe_join_combining(&combining).stop);
}

static void breaks(void)
{
	struct order order = {OP_ECHO, 2, NULL};
	int answered = 0;
	struct ump_flow how;

	probe_init(&probe);
	spawn();
	CHECK_INT(probe_req(client, OP_BREAK, 7, &answered), ==, UMP_OK);
	CHECK_INT(answered, ==, 7);
	CHECK_INT(probe.terms, ==, 1);
	CHECK_INT(probe.drops, ==, 1);
	CHECK_INT(ump_client_post(client, &order), ==, UMP_SERVER_GONE);
	CHECK_INT(probe_req(client, OP_ECHO, 1, NULL), ==, UMP_SERVER_GONE);
	how = end();
	CHECK(how.stop);
	CHECK_INT((intptr_t)how.value, ==, 7);
}

static int send_in_builder(struct probe *its, ump_client *lent)
{
	(void)its;
	CHECK_INT(probe_req(lent, OP_ECHO, 0, NULL), ==, UMP_DEADLOCK);
	probe_post(lent, OP_ECHO, 1);
	probe_post(lent, OP_BREAK, 2);
	probe_post(lent, OP_ECHO, 3);
	CHECK_INT(probe.handled, ==, 0);
	return 0;
}

/* What the builder has sent is handled before spawn returns, even if it ends the server. */
static void sent_by_the_builder(void)
{
	probe_init(&probe);
	probe.on_build = send_in_builder;
	probe.takes_leftovers = true;
	spawn();
	CHECK_INT(probe.handled, ==, 2);
	CHECK_INT(probe.lefts, ==, 1);
	CHECK_INT(probe.left_log[0], ==, 3);
	CHECK_INT((intptr_t)end().value, ==, 2);
}

static void failing_to_start(void)
{
	probe_init(&probe);
	probe.builder_result = 5;
	CHECK_INT(probe_spawn_combining_result(&probe, &client, &combining), ==, 5);
	CHECK(client == NULL);
	CHECK(combining == NULL);
	CHECK_INT(probe.inits, ==, 0);
	CHECK_INT(probe.drops, ==, 0);
	probe_init(&probe);
	probe.init_result = 6;
	CHECK_INT(probe_spawn_combining_result(&probe, &client, &combining), ==, 6);
	CHECK(client == NULL);
	CHECK(combining == NULL);
	CHECK_INT(probe.terms, ==, 0);
	CHECK_INT(probe.drops, ==, 1);
}

static void without_memory(void)
{
	int n = 0;
	int result = UMP_NO_MEMORY;

	for (; result != UMP_OK; n++) {
		probe_init(&probe);
		faults_at(n);
		result = probe_spawn_combining_result(&probe, &client, &combining);
		CHECK(faults_off() == (result != UMP_OK));
		if (result == UMP_OK)
			break;
		CHECK_INT(result, ==, UMP_NO_MEMORY);
		CHECK(client == NULL && combining == NULL);
		CHECK_INT(faults_live(), ==, 0);
	}
	CHECK_INT(n, ==, 3);
	CHECK(!end().stop);
}

/* ---- In the handler ------------------------------------------------------------------------ */

static struct ump_flow post_to_self(
	struct probe *its, const struct order *order, ump_reply_context **rc)
{
	struct order next = {OP_ECHO, order->value + 1, NULL};
	int handled = its->handled;
	ump_client *strong;

	CHECK_INT(ump_weak_client_upgrade(its->me, &strong), ==, UMP_OK);
	CHECK_INT(ump_client_post(strong, &next), ==, UMP_OK);
	/* It is queued. */
	CHECK_INT(its->handled, ==, handled);
	next.value++;
	CHECK_INT(ump_client_req(strong, &next, its->arg, UMP_FOREVER), ==, UMP_DEADLOCK);
	CHECK_INT(
		ump_client_req(strong, &next, its->arg, ump_after(60 * SECOND)), ==, UMP_DEADLOCK);
	CHECK_INT(ump_combining_join(&combining, NULL, UMP_FOREVER), ==, UMP_DEADLOCK);
	CHECK(ump_suspend() == NULL);
	ump_client_drop(&strong);
	if (rc != NULL)
		CHECK_INT(ump_reply(rc, &(struct reply){1, NULL}), ==, UMP_OK);
	return ump_pending();
}

static void to_itself(void)
{
	struct reply reply;

	probe_init(&probe);
	probe.on_call = post_to_self;
	probe.arg = &reply;
	spawn();
	CHECK_INT(probe_req(client, OP_CALL, 1, NULL), ==, UMP_OK);
	CHECK_INT(probe.handled, ==, 2);
	probe_post(client, OP_CALL, 3);
	CHECK_INT(probe.handled, ==, 4);
	for (int i = 0; i < 4; i++)
		CHECK_INT(probe.log[i], ==, i + 1);
	CHECK(!end().stop);
}

static struct ump_flow drop_all(
	struct probe *its, const struct order *order, ump_reply_context **rc)
{
	(void)order;
	(void)rc;
	ump_combining_drop(&combining);
	ump_client_drop(&its->own_strong);
	CHECK_INT(its->terms, ==, 0);
	return ump_continue();
}

static int clone_in_builder(struct probe *its, ump_client *lent)
{
	return ump_client_clone(lent, &its->own_strong);
}

/* The handler drops the last client: the server must end when the handler returns. */
static void dropped_inside(void)
{
	ump_post_client *poster;
	struct order order = {OP_CALL, 1, NULL};

	probe_init(&probe);
	probe.on_call = drop_all;
	probe.on_build = clone_in_builder;
	spawn();
	CHECK_INT(ump_client_post_client(client, &poster), ==, UMP_OK);
	ump_client_drop(&client);
	CHECK_INT(ump_post_client_post(poster, &order), ==, UMP_OK);
	CHECK_INT(probe.terms, ==, 0);
	ump_post_client_drop(&poster);
	CHECK_INT(probe.terms, ==, 1);
	CHECK_INT(probe.drops, ==, 1);
}

/* ---- Wait cycles --------------------------------------------------------------------------- */

static struct probe other;
static ump_client *to_other;
static atomic_int came_back;

/* The first server calls the other one, which calls the first. */
static struct ump_flow ask_other(
	struct probe *its, const struct order *order, ump_reply_context **rc)
{
	ump_client *to = its == &probe ? to_other : client;
	struct order next = {OP_CALL, order->value + 1, NULL};
	struct reply reply = {0, NULL};
	int result = ump_client_req(to, &next, &reply, UMP_FOREVER);

	if (its == &other)
		came_back = result;
	else
		CHECK_INT(result, ==, UMP_OK);
	CHECK_INT(ump_reply(rc, &reply), ==, UMP_OK);
	return ump_continue();
}

static void wait_cycles(void)
{
	ump_combining *other_combining;
	ump_thread *thread;

	probe_init(&probe);
	probe_init(&other);
	probe.on_call = ask_other;
	other.on_call = ask_other;
	spawn();
	probe_spawn_combining(&other, &to_other, &other_combining);
	CHECK_INT(probe_req(client, OP_CALL, 1, NULL), ==, UMP_OK);
	CHECK_INT(came_back, ==, UMP_DEADLOCK);
	ump_client_drop(&to_other);
	CHECK(!probe_join_combining(&other_combining).stop);
	/* The same through a threaded server. */
	came_back = 0;
	probe_init(&other);
	other.on_call = ask_other;
	probe_spawn(&other, &to_other, &thread);
	CHECK_INT(probe_req(client, OP_CALL, 1, NULL), ==, UMP_OK);
	CHECK_INT(came_back, ==, UMP_DEADLOCK);
	ump_client_drop(&to_other);
	CHECK(!probe_join(&thread).stop);
	CHECK(!end().stop);
}

/* ---- Several threads ----------------------------------------------------------------------- */

/* A thread that sends one request. */
struct caller {
	pthread_t thread;
	enum op op;
	int value;
	ump_time deadline;
	int result;
	struct reply reply;
};

static void *call(void *arg)
{
	struct caller *caller = arg;
	struct order order = {caller->op, caller->value, NULL};

	caller->result = ump_client_req(client, &order, &caller->reply, caller->deadline);
	return NULL;
}

static void begin(struct caller *caller, enum op op, int value, ump_time deadline)
{
	*caller = (struct caller){.op = op, .value = value, .deadline = deadline};
	CHECK_INT(pthread_create(&caller->thread, NULL, call, caller), ==, 0);
}

static void finish(struct caller *caller)
{
	CHECK_INT(pthread_join(caller->thread, NULL), ==, 0);
}

/* Make another thread the combiner, and hold it in the handler. */
static void hold(struct caller *combiner)
{
	begin(combiner, OP_GATE, 0, UMP_FOREVER);
	while (sem_wait(&probe.entered) != 0)
		;
}

/* The message that was queued last, if another thread is the combiner and has not received it.  The
 * depth in stats counts from the permit, which is taken before the message is queued. */
static uintptr_t last_queued(void)
{
	return ump__word_peek(&client->handle.channel->inbox);
}

/* Send while another thread is in the handler, and wait until the request is queued. */
static void begin_queued(struct caller *caller, enum op op, int value, ump_time deadline)
{
	uintptr_t before = last_queued();

	begin(caller, op, value, deadline);
	while (last_queued() == before)
		check_nap(1);
}

static struct ump_config counted(size_t budget)
{
	struct ump_config config = probe_config;

	config.capacity = 100;
	config.budget = budget;
	return config;
}

static void spawn_held(const struct ump_config *config, struct caller *combiner)
{
	probe_init(&probe);
	probe.config = config;
	spawn();
	hold(combiner);
}

static void queued_for_the_combiner(void)
{
	struct ump_config config = counted(0);
	struct caller combiner;
	struct caller requester;

	spawn_held(&config, &combiner);
	/* A post must not wait for the combiner. */
	for (int i = 1; i <= 10; i++)
		probe_post(client, OP_ECHO, i);
	begin_queued(&requester, OP_ECHO, 11, UMP_FOREVER);
	CHECK_INT(probe.handled, ==, 1);
	probe_release(&probe);
	finish(&requester);
	CHECK_INT(requester.result, ==, UMP_OK);
	CHECK_INT(requester.reply.value, ==, 11);
	finish(&combiner);
	CHECK_INT(probe.handled, ==, 12);
	for (int i = 0; i < 12; i++) {
		CHECK_INT(probe.log[i], ==, i);
		CHECK(pthread_equal(probe.threads[i], combiner.thread));
	}
	CHECK(!end().stop);
}

/* After its budget the combiner must hand off its role to a blocked caller. */
static void handed_off(ump_time deadline)
{
	struct ump_config config = counted(1);
	struct caller combiner;
	struct caller requesters[3];

	spawn_held(&config, &combiner);
	probe_post(client, OP_ECHO, 1);
	for (int i = 0; i < 3; i++)
		begin_queued(&requesters[i], OP_ECHO, 2 + i, deadline);
	probe_release(&probe);
	for (int i = 0; i < 3; i++) {
		finish(&requesters[i]);
		CHECK_INT(requesters[i].result, ==, UMP_OK);
		CHECK_INT(requesters[i].reply.value, ==, 2 + i);
	}
	finish(&combiner);
	for (int i = 0; i < 5; i++)
		CHECK_INT(probe.log[i], ==, i);
	/* The combiner handles one foreign message, the first requester its own and one foreign
	 * one. */
	CHECK(pthread_equal(probe.threads[1], combiner.thread));
	CHECK(pthread_equal(probe.threads[2], requesters[0].thread));
	CHECK(pthread_equal(probe.threads[3], requesters[0].thread));
	CHECK(pthread_equal(probe.threads[4], requesters[2].thread));
	CHECK(!end().stop);
}

static void handed_off_forever(void)
{
	handed_off(UMP_FOREVER);
}

static void handed_off_until(void)
{
	handed_off(ump_after(600 * SECOND));
}

/* A new combiner keeps the context of its own request: another thread replies. */
static void handed_off_and_kept(void)
{
	struct ump_config config = counted(1);
	struct caller combiner;
	struct caller requester;

	spawn_held(&config, &combiner);
	probe_post(client, OP_ECHO, 1);
	begin_queued(&requester, OP_KEEP, 2, UMP_FOREVER);
	probe_release(&probe);
	probe_await(&probe.kept_count, 1);
	check_nap(2);
	CHECK(pthread_equal(probe.threads[2], requester.thread));
	/* It waits, and other callers can proceed. */
	CHECK_INT(probe_req(client, OP_ECHO, 3, NULL), ==, UMP_OK);
	CHECK_INT(ump_reply(&probe.kept[0], &(struct reply){9, NULL}), ==, UMP_OK);
	finish(&requester);
	CHECK_INT(requester.result, ==, UMP_OK);
	CHECK_INT(requester.reply.value, ==, 9);
	finish(&combiner);
	CHECK(!end().stop);
}

static void kept(void)
{
	struct caller requester;

	probe_init(&probe);
	spawn();
	begin(&requester, OP_KEEP, 1, UMP_FOREVER);
	probe_await(&probe.kept_count, 1);
	CHECK_INT(probe_req(client, OP_ECHO, 2, NULL), ==, UMP_OK);
	CHECK(!end_anywhere().stop);
	CHECK_INT(ump_reply(&probe.kept[0], &(struct reply){5, NULL}), ==, UMP_OK);
	finish(&requester);
	CHECK_INT(requester.result, ==, UMP_OK);
	CHECK_INT(requester.reply.value, ==, 5);
}

static void deadlines(void)
{
	struct order order = {OP_ECHO, 1, NULL};
	struct reply reply;
	struct ump_stats stats;
	struct caller combiner;
	uintptr_t before;

	probe_init(&probe);
	spawn();
	hold(&combiner);
	before = last_queued();
	/* A request that came too late to be sent was not queued. */
	for (int tries = 1; last_queued() == before; tries++)
		CHECK_INT(ump_client_req(client, &order, &reply, ump_after(tries * SECOND / 100)),
			==, UMP_TIMED_OUT);
	CHECK_INT(ump_combining_join(&combining, NULL, ump_after(SECOND / 100)), ==, UMP_TIMED_OUT);
	probe_release(&probe);
	finish(&combiner);
	CHECK_INT(probe.handled, ==, 1);
	CHECK_INT(ump_client_stats(client, &stats), ==, UMP_OK);
	CHECK_INT(stats.skipped, ==, 1);
	CHECK_INT(stats.handled, ==, 1);
	CHECK(!stats.busy);
	CHECK(!end().stop);
}

/* Reply after the deadline. */
static struct ump_flow nap(struct probe *its, const struct order *order, ump_reply_context **rc)
{
	const ump_time *deadline = its->arg;

	(void)order;
	while (ump_now() <= *deadline)
		check_nap(1);
	CHECK_INT(ump_reply(rc, &(struct reply){4, NULL}), ==, UMP_OK);
	return ump_continue();
}

/* A handler that its requester runs is not interrupted, and has replied when it returns. */
static void deadline_of_the_combiner(void)
{
	struct order order = {OP_CALL, 1, NULL};
	struct reply reply;
	ump_time deadline;
	int result;

	probe_init(&probe);
	probe.on_call = nap;
	probe.arg = &deadline;
	spawn();
	/* A request that came too late to be sent was not handled. */
	for (int tries = 1; probe.handled == 0; tries++) {
		deadline = ump_after(tries * SECOND / 100);
		result = ump_client_req(client, &order, &reply, deadline);
		CHECK_INT(result, ==, probe.handled == 0 ? UMP_TIMED_OUT : UMP_OK);
	}
	CHECK_INT(reply.value, ==, 4);
	CHECK(!end().stop);
}

/* One thread breaks while others have sent. */
static void broken_by_another(void)
{
	struct ump_config config = counted(0);
	struct caller combiner;
	struct caller breaker;
	struct caller late;

	probe_init(&probe);
	probe.config = &config;
	probe.takes_leftovers = true;
	spawn();
	hold(&combiner);
	begin_queued(&breaker, OP_BREAK, 3, UMP_FOREVER);
	begin_queued(&late, OP_ECHO, 4, UMP_FOREVER);
	probe_post(client, OP_ECHO, 5);
	probe_release(&probe);
	finish(&late);
	CHECK_INT(late.result, ==, UMP_SERVER_GONE);
	finish(&breaker);
	CHECK_INT(breaker.result, ==, UMP_OK);
	finish(&combiner);
	CHECK_INT(probe.lefts, ==, 2);
	CHECK_INT(probe.left_log[0], ==, 4);
	CHECK_INT(probe.left_log[1], ==, 5);
	CHECK_INT((intptr_t)end().value, ==, 3);
}

static void *drop_client(void *arg)
{
	ump_client *mine = arg;

	check_nap(5);
	ump_client_drop(&mine);
	return NULL;
}

/* The joiner blocks until another thread has ended the server. */
static void joined_elsewhere(void)
{
	pthread_t thread;

	probe_init(&probe);
	spawn();
	CHECK_INT(pthread_create(&thread, NULL, drop_client, client), ==, 0);
	client = NULL;
	CHECK(!probe_join_combining(&combining).stop);
	CHECK_INT(probe.drops, ==, 1);
	CHECK_INT(pthread_join(thread, NULL), ==, 0);
}

/* ---- Many callers -------------------------------------------------------------------------- */

#define CALLERS 8
#define CALLS   3000

static struct {
	/* Not atomic: handler calls must not overlap. */
	long sum;
	int last[CALLERS];
} counts;

static struct ump_flow count(struct probe *its, const struct order *order, ump_reply_context **rc)
{
	int caller = order->value % CALLERS;
	int number = order->value / CALLERS;
	struct reply reply = {order->value, NULL};

	(void)its;
	CHECK_INT(number, ==, counts.last[caller] + 1);
	counts.last[caller] = number;
	counts.sum++;
	if (rc != NULL)
		CHECK_INT(ump_reply(rc, &reply), ==, UMP_OK);
	return ump_continue();
}

/* Requests and posts alternately; each caller's must be handled in order. */
static void *send_many(void *arg)
{
	int caller = (int)(intptr_t)arg;
	ump_client *mine;

	CHECK_INT(ump_client_clone(client, &mine), ==, UMP_OK);
	for (int i = 1; i <= CALLS; i++) {
		struct order order = {OP_CALL, i * CALLERS + caller, NULL};
		struct reply reply = {0, NULL};
		bool post = i % 3 == 0;
		ump_time deadline = i % 3 == 1 ? UMP_FOREVER : ump_after(600 * SECOND);

		CHECK_INT(post ? ump_client_post(mine, &order)
			       : ump_client_req(mine, &order, &reply, deadline),
			==, UMP_OK);
		CHECK(post || reply.value == order.value);
	}
	ump_client_drop(&mine);
	check_progress();
	return NULL;
}

static void many(size_t budget)
{
	struct ump_config config = probe_config;
	pthread_t threads[CALLERS];

	config.budget = budget;
	counts.sum = 0;
	probe_init(&probe);
	probe.config = &config;
	probe.on_call = count;
	spawn();
	for (int i = 0; i < CALLERS; i++) {
		counts.last[i] = 0;
		CHECK_INT(pthread_create(&threads[i], NULL, send_many, (void *)(intptr_t)i), ==, 0);
	}
	for (int i = 0; i < CALLERS; i++)
		CHECK_INT(pthread_join(threads[i], NULL), ==, 0);
	CHECK(!end().stop);
	CHECK_INT(counts.sum, ==, (long)CALLERS * CALLS);
}

static void many_callers(void)
{
	many(0);
}

static void many_callers_hand_off(void)
{
	many(1);
}

/* ---- The combiner role is released --------------------------------------------------------- */

/* Messages that never end: each of the first kind sends the next one, until the call of a thread
 * that was the combiner has returned.  If the combiner were never replaced, none would return and
 * the test would hang. */
#define FIRST_KIND 1000000

static struct {
	atomic_bool goes_on;
	atomic_int handled;
	int last[2];
} flood;

/* Each kind is numbered, and must arrive in order. */
static struct ump_flow flow_on(struct probe *its, const struct order *order, ump_reply_context **rc)
{
	int kind = order->value / FIRST_KIND;
	struct order more = {OP_CALL, order->value + 1, NULL};
	ump_client *strong;

	CHECK_INT(order->value % FIRST_KIND, ==, flood.last[kind] + 1);
	flood.last[kind]++;
	flood.handled++;
	check_nap(1);
	if (kind == 1 && flood.goes_on) {
		CHECK_INT(ump_weak_client_upgrade(its->me, &strong), ==, UMP_OK);
		CHECK_INT(ump_client_post(strong, &more), ==, UMP_OK);
		ump_client_drop(&strong);
	}
	if (rc != NULL)
		CHECK_INT(ump_reply(rc, &(struct reply){order->value, NULL}), ==, UMP_OK);
	return ump_continue();
}

/* Be the combiner until another thread takes over. */
static void *begin_flood(void *until)
{
	struct order order = {OP_CALL, FIRST_KIND + 1, NULL};

	CHECK_INT(ump_client_post_until(client, &order, *(ump_time *)until), ==, UMP_OK);
	/* The others must still be sending. */
	CHECK(flood.goes_on);
	flood.goes_on = false;
	return NULL;
}

static void begin_flooded(const struct ump_config *config)
{
	flood.goes_on = true;
	flood.handled = 0;
	flood.last[0] = flood.last[1] = 0;
	probe_init(&probe);
	probe.config = config;
	probe.on_call = flow_on;
	spawn();
}

/* Another thread sends, and becomes the combiner. */
static void taken_over(bool requests)
{
	struct ump_config config = probe_config;
	ump_time until = UMP_NOW;
	pthread_t thread;
	int sent = 0;
	int answered;

	config.budget = 1;
	begin_flooded(&config);
	CHECK_INT(pthread_create(&thread, NULL, begin_flood, &until), ==, 0);
	while (flood.handled == 0)
		check_nap(1);
	while (flood.goes_on) {
		probe_post(client, OP_CALL, ++sent);
		if (!requests) {
			check_nap(1);
			continue;
		}
		/* It must follow what was posted, also if its sender becomes the combiner. */
		sent++;
		CHECK_INT(probe_req(client, OP_CALL, sent, &answered), ==, UMP_OK);
		CHECK_INT(answered, ==, sent);
		check_progress();
	}
	CHECK_INT(pthread_join(thread, NULL), ==, 0);
	CHECK(!end().stop);
	CHECK_INT(flood.last[0], ==, sent);
}

static void taken_over_by_a_post(void)
{
	taken_over(false);
}

static void taken_over_by_a_request(void)
{
	taken_over(true);
}

/* Wait in the queue for capacity, and send as soon as there is some. */
static void *send_queued(void *arg)
{
	struct order order = {OP_CALL, 0, NULL};

	(void)arg;
	while (flood.goes_on)
		CHECK_INT(ump_client_post_until(client, &order, UMP_FOREVER), ==, UMP_OK);
	return NULL;
}

static struct ump_flow await_queue(
	struct probe *its, const struct order *order, ump_reply_context **rc)
{
	struct ump_stats stats;

	(void)its;
	(void)order;
	(void)rc;
	do {
		check_nap(1);
		CHECK_INT(ump_client_stats(client, &stats), ==, UMP_OK);
	} while (stats.depth < 2 && flood.goes_on);
	return ump_continue();
}

/* No message is handled before senders wait in the queue, so the inbox is full each time. */
static void taken_over_by_a_waiter(void)
{
	struct ump_config config = probe_config;
	ump_time until = UMP_FOREVER;
	pthread_t threads[4];

	config.budget = 1;
	config.capacity = 2;
	begin_flooded(&config);
	probe.on_call = await_queue;
	CHECK_INT(pthread_create(&threads[0], NULL, begin_flood, &until), ==, 0);
	for (int i = 1; i < 4; i++)
		CHECK_INT(pthread_create(&threads[i], NULL, send_queued, NULL), ==, 0);
	for (int i = 0; i < 4; i++)
		CHECK_INT(pthread_join(threads[i], NULL), ==, 0);
	CHECK(!end().stop);
}

/* ---- How long the combiner role stays released --------------------------------------------- */

#define RELEASES 8

static struct {
	int handled;
	/* Duration of a message, and the time of its end. */
	ump_time took[RELEASES];
	ump_time done[RELEASES];
	/* Time from then to the start of the next one. */
	ump_time until_next[RELEASES];
} releases;

/* Each message sends the next one, so the server is never idle. */
static struct ump_flow watch_releases(
	struct probe *its, const struct order *order, ump_reply_context **rc)
{
	ump_time began = ump_now();
	int at = releases.handled++;

	(void)rc;
	if (at > 0)
		releases.until_next[at - 1] = began - releases.done[at - 1];
	if (at + 1 < RELEASES) {
		ump_client *strong;

		CHECK_INT(ump_weak_client_upgrade(its->me, &strong), ==, UMP_OK);
		CHECK_INT(ump_client_post(strong, order), ==, UMP_OK);
		ump_client_drop(&strong);
	}
	check_nap(2);
	releases.done[at] = ump_now();
	releases.took[at] = releases.done[at] - began;
	return ump_continue();
}

/* No other sender comes, so each release lasts for its full time.  The role is released before the
 * fourth message at the latest: the first message is the combiner's own, and each of two budgets
 * covers one. */
static void released_long_enough(void)
{
	struct ump_config config = probe_config;

	config.budget = 1;
	memset(&releases, 0, sizeof releases);
	probe_init(&probe);
	probe.config = &config;
	probe.on_call = watch_releases;
	spawn();
	probe_post(client, OP_CALL, 1);
	CHECK_INT(releases.handled, ==, RELEASES);
	for (int i = 2; i + 1 < RELEASES; i++)
		CHECK_INT(releases.until_next[i], >=, releases.took[i]);
	CHECK(!end().stop);
}

/* ---- Misuse -------------------------------------------------------------------------------- */

static int build_nothing(void *arg, ump_client *lent, struct ump_handler *out)
{
	(void)arg;
	(void)lent;
	(void)out;
	return 0;
}

static void misuse(void)
{
	struct ump_config config = probe_config;
	struct ump_config nothing = {0};
	ump_combining *none = NULL;
	struct ump_flow how;

	CHECK_INT(ump_combining_join(NULL, &how, UMP_FOREVER), ==, UMP_INVALID);
	CHECK_INT(ump_combining_join(&none, &how, UMP_FOREVER), ==, UMP_INVALID);
	ump_combining_drop(NULL);
	ump_combining_drop(&none);
	CHECK_INT(
		ump_spawn_combining(&config, build_nothing, NULL, &client, &none), ==, UMP_INVALID);
	CHECK_INT(ump_spawn_combining(&config, NULL, NULL, &client, &none), ==, UMP_INVALID);
	CHECK_INT(ump_spawn_combining(&nothing, build_nothing, NULL, &client, &none), ==,
		UMP_INVALID);
	CHECK_INT(ump_spawn_combining(NULL, build_nothing, NULL, &client, &none), ==, UMP_INVALID);
	CHECK_INT(ump_spawn_combining(&config, build_nothing, NULL, NULL, &none), ==, UMP_INVALID);
	CHECK_INT(
		ump_spawn_combining(&config, build_nothing, NULL, &client, NULL), ==, UMP_INVALID);
	CHECK_INT(ump_spawn_combining_sized(&config, offsetof(struct ump_config, thread_pool),
			  sizeof(struct ump_handler), build_nothing, NULL, &client, &none),
		==, UMP_INVALID);
	CHECK_INT(ump_spawn_combining_sized(&config, sizeof config, sizeof(struct ump_handler) + 1,
			  build_nothing, NULL, &client, &none),
		==, UMP_INVALID);
	config.budget = SIZE_MAX;
	CHECK_INT(
		ump_spawn_combining(&config, build_nothing, NULL, &client, &none), ==, UMP_INVALID);
	CHECK(client == NULL && none == NULL);
}

static const struct check_test tests[] = {
	{"[combining] [init] [drain] messages are handled inside the calls that send them",
		inside_the_call},
	{"[combining] [complete] so are those without a waiter", without_waiting},
	{"[combining] [break] a break ends it inside the call", breaks},
	{"[combining] [break] what the builder sends comes before spawn returns",
		sent_by_the_builder},
	{"[combining] [init] a builder or an init that fails", failing_to_start},
	{"[combining] [clean] lack of memory", without_memory},
	{"[combining] [deadlock] [suspend] handlers and their own server", to_itself},
	{"[combining] [user] the last client and the handle go in the handler", dropped_inside},
	{"[combining] [deadlock] cycles through combining servers", wait_cycles},
	{"[combining] [fifo] other senders queue for the combiner", queued_for_the_combiner},
	{"[combining] [fifo] the role is handed off to blocked callers", handed_off_forever},
	{"[combining] [deadline] also to callers with a deadline", handed_off_until},
	{"[combining] [keep] a caller that was handed the role keeps its context",
		handed_off_and_kept},
	{"[combining] [keep] kept contexts are answered after the end", kept},
	{"[combining] [deadline] [origin] deadlines of queued callers", deadlines},
	{"[combining] [deadline] no deadline interrupts a handler", deadline_of_the_combiner},
	{"[combining] [break] [gone] undelivered messages of other callers", broken_by_another},
	{"[combining] [quiet] joined while another thread ends it", joined_elsewhere},
	{"[combining] [once] [fifo] many callers", many_callers},
	{"[combining] [once] [fifo] many callers that hand off the role", many_callers_hand_off},
	{"[combining] the role is released for as long as a message took", released_long_enough},
	{"[combining] [fifo] a poster takes the role over", taken_over_by_a_post},
	{"[combining] [fifo] a requester takes the role over", taken_over_by_a_request},
	{"[combining] [bound] a queued waiter takes the role over", taken_over_by_a_waiter},
	{"[combining] [misuse] wrong arguments", misuse},
};

CHECK_MAIN(tests)
