/* SPDX-License-Identifier: 0BSD */
/* Wait for dropped servers, so that the code that contains them may be unloaded. */
#define _DEFAULT_SOURCE
#include "check.h"
#include "ump_server.h"

#include <pthread.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

/* More than the library has slots for. */
#define MANY 80
/* Duration of a thread-local variable's destructor, in ms. */
#define SLOW 100

enum order {
	NOTHING,
	LEAVE_BEHIND, /* the thread has a thread-local variable with a slow destructor */
	WAIT          /* the handler itself waits */
};

static pthread_key_t key;
static atomic_int destroyed;
static atomic_int began;
/* Threads stay in their destructor until this is 0. */
static atomic_int held;
static atomic_int results[2];

static struct ump_flow post(void *self, const void *msg)
{
	enum order order = *(const enum order *)msg;

	if (order == LEAVE_BEHIND)
		CHECK_INT(pthread_setspecific(key, self), ==, 0);
	if (order == WAIT)
		results[0] = ump_join_dropped(UMP_FOREVER);
	began++;
	return ump_continue();
}

static int build(void *arg, ump_client *client, struct ump_handler *out)
{
	(void)client;
	out->self = arg;
	out->post = post;
	return 0;
}

static void destroy(void *value)
{
	(void)value;
	check_nap(SLOW);
	while (held)
		check_nap(1);
	results[1] = ump_join_dropped(UMP_FOREVER);
	destroyed++;
}

/* Start a server without a handle, and send it one order. */
static ump_client *drop_one(ump_thread_pool *threads, enum order order)
{
	static int self;
	struct ump_config config = {.post.size = sizeof order, .thread_pool = threads};
	ump_client *client;
	ump_thread *thread;

	CHECK_INT(ump_spawn_thread(&config, build, &self, &client, &thread), ==, UMP_OK);
	CHECK_INT(ump_client_post(client, &order), ==, UMP_OK);
	ump_thread_drop(&thread);
	return client;
}

static void begin(void)
{
	destroyed = 0;
	began = 0;
	results[0] = results[1] = UMP_OK;
	CHECK_INT(pthread_key_create(&key, destroy), ==, 0);
}

static void end(void)
{
	pthread_key_delete(key);
	CHECK_INT(ump_join_dropped(UMP_NOW), ==, UMP_OK);
	CHECK_INT(faults_live(), ==, 0);
}

static void nothing_dropped(void)
{
	struct ump_config config = {.post.size = 1};
	ump_client *client;
	ump_thread *thread;

	CHECK_INT(ump_join_dropped(UMP_NOW), ==, UMP_OK);
	CHECK_INT(ump_join_dropped(UMP_FOREVER), ==, UMP_OK);
	/* A server whose handle still exists is not waited for. */
	CHECK_INT(ump_spawn_thread(&config, build, NULL, &client, &thread), ==, UMP_OK);
	CHECK_INT(ump_join_dropped(UMP_FOREVER), ==, UMP_OK);
	ump_client_drop(&client);
	CHECK_INT(ump_thread_join(&thread, NULL, UMP_FOREVER), ==, UMP_OK);
}

static void one_that_runs(void)
{
	ump_client *client;
	ump_time soon = ump_after(20000000);

	begin();
	client = drop_one(NULL, NOTHING);
	CHECK_INT(ump_join_dropped(UMP_NOW), ==, UMP_TIMED_OUT);
	CHECK_INT(ump_join_dropped(soon), ==, UMP_TIMED_OUT);
	CHECK(ump_now() >= soon);
	ump_client_drop(&client);
	CHECK_INT(ump_join_dropped(UMP_FOREVER), ==, UMP_OK);
	end();
}

/* The server ends before it is dropped, or after.  The wait must last until its thread has
 * exited. */
static void to_the_end(void)
{
	for (int late = 0; late < 2; late++) {
		struct ump_config config = {.post.size = sizeof(enum order)};
		enum order order = LEAVE_BEHIND;
		ump_client *client;
		ump_thread *thread;

		begin();
		held = 1;
		CHECK_INT(ump_spawn_thread(&config, build, &began, &client, &thread), ==, UMP_OK);
		CHECK_INT(ump_client_post(client, &order), ==, UMP_OK);
		if (!late)
			ump_thread_drop(&thread);
		ump_client_drop(&client);
		while (!began)
			check_nap(1);
		if (late)
			check_nap(20);
		ump_thread_drop(&thread);
		CHECK_INT(ump_join_dropped(ump_after(1000000)), ==, UMP_TIMED_OUT);
		CHECK_INT(destroyed, ==, 0);
		held = 0;
		CHECK_INT(ump_join_dropped(UMP_FOREVER), ==, UMP_OK);
		CHECK_INT(destroyed, ==, 1);
		/* The thread itself must not wait for its own exit. */
		CHECK_INT(results[1], ==, UMP_DEADLOCK);
		end();
	}
}

static void inside_a_callback(void)
{
	struct ump_config config = {.post.size = sizeof(enum order)};
	enum order order = WAIT;
	ump_client *client;
	ump_task *task;

	begin();
	client = drop_one(NULL, WAIT);
	while (!began)
		check_nap(1);
	CHECK_INT(results[0], ==, UMP_DEADLOCK);
	ump_client_drop(&client);
	results[0] = UMP_OK;
	CHECK_INT(ump_spawn_task(&config, build, NULL, &client, &task), ==, UMP_OK);
	CHECK_INT(ump_client_post(client, &order), ==, UMP_OK);
	ump_client_drop(&client);
	CHECK_INT(ump_task_run(task, UMP_FOREVER), ==, UMP_OK);
	CHECK_INT(results[0], ==, UMP_DEADLOCK);
	CHECK_INT(ump_task_join(&task, NULL), ==, UMP_OK);
	CHECK_INT(ump_join_dropped(UMP_FOREVER), ==, UMP_OK);
	end();
}

/* All end at about the same time, and slowly. */
static void many(void)
{
	static ump_client *clients[MANY];

	begin();
	for (int i = 0; i < MANY; i++)
		clients[i] = drop_one(NULL, LEAVE_BEHIND);
	for (int i = 0; i < MANY; i++)
		ump_client_drop(&clients[i]);
	CHECK_INT(ump_join_dropped(UMP_FOREVER), ==, UMP_OK);
	CHECK_INT(destroyed, ==, MANY);
	end();
}

/* Servers on pooled threads, dropped before the pool and after it. */
static void on_pooled_threads(void)
{
	for (int late = 0; late < 2; late++) {
		ump_thread_pool *threads;
		ump_client *clients[4];

		begin();
		CHECK_INT(ump_thread_pool_open(&threads, 1, 0), ==, UMP_OK);
		for (int i = 0; i < 4; i++)
			clients[i] = drop_one(threads, LEAVE_BEHIND);
		if (!late)
			ump_thread_pool_drop(&threads);
		for (int i = 0; i < 4; i++)
			ump_client_drop(&clients[i]);
		while (began < 4)
			check_nap(1);
		ump_thread_pool_drop(&threads);
		CHECK_INT(ump_join_dropped(UMP_FOREVER), ==, UMP_OK);
		CHECK_INT(destroyed, ==, 4);
		end();
	}
}

static void *wait_for_all(void *arg)
{
	*(int *)arg = ump_join_dropped(UMP_FOREVER);
	return NULL;
}

static void several_wait(void)
{
	pthread_t ids[4];
	int said[4];
	ump_client *client;

	begin();
	client = drop_one(NULL, LEAVE_BEHIND);
	for (int i = 0; i < 4; i++)
		CHECK_INT(pthread_create(&ids[i], NULL, wait_for_all, &said[i]), ==, 0);
	CHECK_INT(ump_join_dropped(ump_after(20000000)), ==, UMP_TIMED_OUT);
	ump_client_drop(&client);
	for (int i = 0; i < 4; i++) {
		CHECK_INT(pthread_join(ids[i], NULL), ==, 0);
		CHECK_INT(said[i], ==, UMP_OK);
	}
	CHECK_INT(destroyed, ==, 1);
	end();
}

/* A child must inherit none of them, and may drop servers of its own. */
static void in_a_forked_child(void)
{
	ump_client *client;
	int status;
	pid_t child;

	begin();
	client = drop_one(NULL, NOTHING);
	child = fork();
	CHECK(child >= 0);
	if (child == 0)
		_exit(ump_join_dropped(UMP_NOW) == UMP_OK ? 0 : 1);
	CHECK_INT(waitpid(child, &status, 0), ==, child);
	CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 0);
	CHECK_INT(ump_join_dropped(UMP_NOW), ==, UMP_TIMED_OUT);
	ump_client_drop(&client);
	CHECK_INT(ump_join_dropped(UMP_FOREVER), ==, UMP_OK);
	end();
}

static const struct check_test tests[] = {
	{"[quiet] nothing was dropped", nothing_dropped},
	{"[deadline] a server that still runs", one_that_runs},
	{"[clean] [deadlock] threads are waited for to their very end", to_the_end},
	{"[deadlock] inside a callback", inside_a_callback},
	{"[clean] many end slowly at the same time", many},
	{"[reuse] [clean] on pooled threads", on_pooled_threads},
	{"[quiet] several wait", several_wait},
	{"[clean] in a forked child", in_a_forked_child},
};

CHECK_MAIN(tests)
