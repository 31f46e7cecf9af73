/* SPDX-License-Identifier: 0BSD */
/*
 * What a server's thread does after its loop: destructors of thread-local variables, which may wait
 * for the server whose handler joins that thread.
 */
#include "probe.h"

#define SECOND INT64_C(1000000000)

/* The server that joins, or spawns; and the server whose thread exits. */
static struct probe joiner;
static struct probe leaver;
static ump_client *joiner_client;
static ump_client *leaver_client;
static ump_thread *joiner_thread;
static ump_thread *leaver_thread;

/* What the destructor does, and the result. */
static pthread_key_t key;
static int (*last_act)(void);
static atomic_int last_result;
static sem_t begun;
static sem_t gate;
/* The round of destructors in which it acts: 1 is the first. */
static int acts_in;
static int round_now;

static void destroy(void *value)
{
	round_now++;
	if (round_now < acts_in) {
		CHECK_INT(pthread_setspecific(key, value), ==, 0);
		return;
	}
	sem_post(&begun);
	probe_wait(&gate);
	last_result = last_act();
}

/* Set the thread-local variable, and break. */
static struct ump_flow leave(struct probe *probe, const struct order *order, ump_reply_context **rc)
{
	(void)probe;
	(void)order;
	(void)rc;
	CHECK_INT(pthread_setspecific(key, &leaver), ==, 0);
	return ump_break(&leaver);
}

static int ask_joiner(void)
{
	return probe_req(joiner_client, OP_ECHO, 1, NULL);
}

static int ask_joiner_in_time(void)
{
	struct order order = {OP_ECHO, 1, NULL};
	struct reply reply;

	return ump_client_req(joiner_client, &order, &reply, ump_after(60 * SECOND));
}

static int join_dropped(void)
{
	return ump_join_dropped(ump_after(60 * SECOND));
}

static void begin(int (*act)(void),
	struct ump_flow (*joins)(struct probe *, const struct order *, ump_reply_context **))
{
	last_act = act;
	last_result = -100;
	acts_in = 1;
	round_now = 0;
	sem_init(&begun, 0, 0);
	sem_init(&gate, 0, 0);
	CHECK_INT(pthread_key_create(&key, destroy), ==, 0);
	probe_init(&joiner);
	joiner.on_call = joins;
	probe_spawn(&joiner, &joiner_client, &joiner_thread);
	probe_init(&leaver);
	leaver.on_call = leave;
}

static void end(void)
{
	ump_client_drop(&leaver_client);
	ump_client_drop(&joiner_client);
	CHECK(!probe_join(&joiner_thread).stop);
	CHECK_INT(pthread_key_delete(key), ==, 0);
	sem_destroy(&begun);
	sem_destroy(&gate);
}

/* ---- A join -------------------------------------------------------------------------------- */

static struct ump_flow join_leaver(
	struct probe *probe, const struct order *order, ump_reply_context **rc)
{
	ump_time deadline = order->value == 0 ? UMP_FOREVER : ump_after(order->value * SECOND);
	struct reply reply = {0, NULL};

	(void)probe;
	reply.value = ump_thread_join(&leaver_thread, NULL, deadline);
	CHECK((leaver_thread == NULL) == (reply.value == UMP_OK));
	CHECK_INT(ump_reply(rc, &reply), ==, UMP_OK);
	return ump_continue();
}

/* Make the leaver break, and wait until its destructor runs. */
static void make_leave(void)
{
	probe_spawn(&leaver, &leaver_client, &leaver_thread);
	probe_post(leaver_client, OP_CALL, 0);
	probe_wait(&begun);
}

static void destructor_is_second(int (*act)(void), int seconds, int acts)
{
	ump_wait_reply *wait_reply;
	struct reply reply;

	begin(act, join_leaver);
	acts_in = acts;
	make_leave();
	wait_reply = probe_req_async(joiner_client, OP_CALL, seconds, NULL);
	/* The join begins meanwhile, or soon after; then the joiner may get UMP_DEADLOCK
	 * instead. */
	check_nap(50);
	sem_post(&gate);
	CHECK_INT(ump_wait_reply_wait(&wait_reply, &reply, UMP_FOREVER), ==, UMP_OK);
	if (reply.value != UMP_OK) {
		CHECK_INT(reply.value, ==, UMP_DEADLOCK);
		CHECK(probe_join(&leaver_thread).stop);
		CHECK_INT(last_result, ==, UMP_OK);
	} else {
		CHECK_INT(last_result, ==, UMP_DEADLOCK);
	}
	end();
}

static void destructors_get_deadlock(void)
{
	destructor_is_second(ask_joiner, 0, 1);
	destructor_is_second(ask_joiner_in_time, 0, 1);
	destructor_is_second(ask_joiner, 60, 1);
	destructor_is_second(ask_joiner_in_time, 60, 1);
	/* In the last round of destructors that the library observes. */
	destructor_is_second(ask_joiner, 0, 2);
}

/* A handler that joins while the destructor's request lies in its inbox. */
static struct ump_flow join_when_asked(
	struct probe *probe, const struct order *order, ump_reply_context **rc)
{
	struct reply reply = {0, NULL};
	struct ump_stats stats;

	(void)probe;
	(void)order;
	sem_post(&gate);
	do {
		check_nap(1);
		CHECK_INT(ump_client_stats(joiner_client, &stats), ==, UMP_OK);
	} while (stats.depth == 0);
	/* The request is counted a moment before its sender waits. */
	check_nap(20);
	CHECK_INT(ump_thread_join(&leaver_thread, NULL, UMP_NOW), ==, UMP_TIMED_OUT);
	reply.value = ump_thread_join(&leaver_thread, NULL, UMP_FOREVER);
	CHECK_INT(ump_reply(rc, &reply), ==, UMP_OK);
	return ump_continue();
}

static void joiners_get_deadlock(void)
{
	int value;

	begin(ask_joiner, join_when_asked);
	make_leave();
	CHECK_INT(probe_req(joiner_client, OP_CALL, 0, &value), ==, UMP_OK);
	if (value == UMP_DEADLOCK) {
		CHECK(probe_join(&leaver_thread).stop);
		CHECK_INT(last_result, ==, UMP_OK);
	} else {
		CHECK_INT(value, ==, UMP_OK);
		CHECK_INT(last_result, ==, UMP_DEADLOCK);
	}
	end();
}

/* ---- No wait cycle ------------------------------------------------------------------------- */

static struct probe third;
static ump_client *third_client;

static int ask_third(void)
{
	return probe_req(third_client, OP_ECHO, 1, NULL);
}

static void others_may_be_waited_for(void)
{
	ump_thread *thread;
	int value;

	probe_init(&third);
	probe_spawn(&third, &third_client, &thread);
	begin(ask_third, join_leaver);
	make_leave();
	sem_post(&gate);
	CHECK_INT(probe_req(joiner_client, OP_CALL, 0, &value), ==, UMP_OK);
	CHECK_INT(value, ==, UMP_OK);
	CHECK_INT(last_result, ==, UMP_OK);
	end();
	ump_client_drop(&third_client);
	CHECK(!probe_join(&thread).stop);
}

/* The thread is not joined, so it may wait for any server. */
static void dropped_threads(void)
{
	begin(ask_joiner, NULL);
	make_leave();
	ump_thread_drop(&leaver_thread);
	sem_post(&gate);
	CHECK_INT(ump_join_dropped(UMP_FOREVER), ==, UMP_OK);
	CHECK_INT(last_result, ==, UMP_OK);
	end();

	/* Dropped before its loop ends. */
	begin(ask_joiner, NULL);
	probe_spawn(&leaver, &leaver_client, &leaver_thread);
	ump_thread_drop(&leaver_thread);
	probe_post(leaver_client, OP_CALL, 0);
	probe_wait(&begun);
	sem_post(&gate);
	CHECK_INT(ump_join_dropped(UMP_FOREVER), ==, UMP_OK);
	CHECK_INT(last_result, ==, UMP_OK);
	end();
}

static int do_nothing(void)
{
	return UMP_OK;
}

/* A dropped thread must free what its destructors used, without another call. */
static void exits_free(void)
{
	long before;

	begin(do_nothing, NULL);
	before = faults_live();
	make_leave();
	ump_client_drop(&leaver_client);
	ump_thread_drop(&leaver_thread);
	sem_post(&gate);
	while (faults_live() != before)
		check_nap(1);
	CHECK_INT(ump_join_dropped(UMP_FOREVER), ==, UMP_OK);
	end();
}

static void joins_dropped(void)
{
	begin(join_dropped, NULL);
	make_leave();
	/* The thread is joined outside of callbacks. */
	sem_post(&gate);
	CHECK(probe_join(&leaver_thread).stop);
	CHECK_INT(last_result, ==, UMP_OK);
	end();
}

/* ---- A spawn whose init fails -------------------------------------------------------------- */

static int init_leaves(void *self, ump_weak_client *me)
{
	(void)me;
	CHECK_INT(pthread_setspecific(key, self), ==, 0);
	return 77;
}

static struct ump_flow on_request(void *self, const void *msg, ump_reply_context **rc)
{
	(void)self;
	(void)msg;
	(void)rc;
	return ump_continue();
}

static int build_failing(void *arg, ump_client *client, struct ump_handler *out)
{
	(void)client;
	*out = (struct ump_handler){.self = arg, .init = init_leaves, .request = on_request};
	return 0;
}

static struct ump_flow spawn_failing(
	struct probe *probe, const struct order *order, ump_reply_context **rc)
{
	struct ump_config config = {.request.size = sizeof(int), .reply.size = sizeof(int)};
	struct reply reply = {0, NULL};
	ump_client *client;
	ump_thread *thread;

	(void)probe;
	(void)order;
	reply.value = ump_spawn_thread(&config, build_failing, &leaver, &client, &thread);
	CHECK(client == NULL && thread == NULL);
	CHECK_INT(ump_reply(rc, &reply), ==, UMP_OK);
	return ump_continue();
}

static void failed_inits(void)
{
	int value;

	begin(ask_joiner, spawn_failing);
	sem_post(&gate);
	CHECK_INT(probe_req(joiner_client, OP_CALL, 0, &value), ==, UMP_OK);
	CHECK_INT(value, ==, 77);
	CHECK_INT(last_result, ==, UMP_DEADLOCK);
	end();
}

static const struct check_test tests[] = {
	{"[deadlock] a destructor that waits for the handler that joins its thread gets "
	 "UMP_DEADLOCK",
		destructors_get_deadlock},
	{"[deadlock] a handler that joins a thread whose destructor waits for it gets UMP_DEADLOCK",
		joiners_get_deadlock},
	{"[deadlock] a destructor may wait for others", others_may_be_waited_for},
	{"[deadlock] the destructors of a dropped server's thread may wait for all",
		dropped_threads},
	{"[clean] a dropped thread that exits frees what its destructors used", exits_free},
	{"[deadlock] a destructor of a thread that is joined may wait for dropped servers",
		joins_dropped},
	{"[deadlock] [init] a destructor after a failed init that waits for the spawner gets "
	 "UMP_DEADLOCK",
		failed_inits},
};

CHECK_MAIN(tests)
