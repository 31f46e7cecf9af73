/* SPDX-License-Identifier: 0BSD */
/* Thread pools. */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include "probe.h"

#include <dirent.h>
#include <errno.h>
#include <signal.h>
#include <spawn.h>
#include <string.h>
#include <sys/wait.h>

#define SERVERS 8

static ump_thread_pool *threads;
static struct ump_config config;
static struct probe probes[SERVERS];
static ump_client *clients[SERVERS];
static ump_thread *handles[SERVERS];

/* ---- Helpers ------------------------------------------------------------------------------- */

static int count_threads(void)
{
	DIR *tasks = opendir("/proc/self/task");
	int count = 0;

	CHECK(tasks != NULL);
	while (readdir(tasks) != NULL)
		count++;
	closedir(tasks);
	/* Two of the entries are the folder itself and its parent. */
	return count - 2;
}

/* A thread that was joined may still be listed for a moment. */
static void await_threads(int count)
{
	while (count_threads() != count)
		check_nap(1);
}

static void open_thread_pool(size_t most, size_t stack_size)
{
	CHECK_INT(ump_thread_pool_open(&threads, most, stack_size), ==, UMP_OK);
	config = probe_config;
	config.thread_pool = threads;
}

static int spawn_result(int i)
{
	probes[i].config = &config;
	return probe_spawn_result(&probes[i], &clients[i], &handles[i]);
}

static void spawn(int i)
{
	probe_init(&probes[i]);
	CHECK_INT(spawn_result(i), ==, UMP_OK);
}

/* Spawn, call, drop and join. */
static void live(int i)
{
	int answer;

	spawn(i);
	CHECK_INT(probe_req(clients[i], OP_ECHO, 7, &answer), ==, UMP_OK);
	CHECK_INT(answer, ==, 7);
	ump_client_drop(&clients[i]);
	CHECK(!probe_join(&handles[i]).stop);
	CHECK_INT(probes[i].drops, ==, 1);
}

static bool same_thread(int i, int j)
{
	return pthread_equal(probes[i].dispatcher, probes[j].dispatcher) != 0;
}

/* ---- One after the other ------------------------------------------------------------------- */

static void one_thread(void)
{
	int before = count_threads();

	open_thread_pool(1, 0);
	CHECK_INT(count_threads(), ==, before);
	live(0);
	for (int i = 0; i < 1000; i++) {
		live(1);
		CHECK(same_thread(0, 1));
	}
	CHECK_INT(count_threads(), ==, before + 1);
	ump_thread_pool_drop(&threads);
	CHECK(threads == NULL);
	await_threads(before);
}

/* Run SERVERS servers at once; the pool may keep `most` idle threads.  Then `kept` threads must
 * remain. */
static void crowd(size_t most, int kept)
{
	int before = count_threads();

	open_thread_pool(most, 0);
	for (int i = 0; i < SERVERS; i++)
		spawn(i);
	for (int i = 0; i < SERVERS; i++) {
		for (int j = 0; j < i; j++)
			CHECK(!same_thread(i, j));
	}
	CHECK_INT(count_threads(), ==, before + SERVERS);
	for (int i = 0; i < SERVERS; i++) {
		ump_client_drop(&clients[i]);
		CHECK(!probe_join(&handles[i]).stop);
	}
	await_threads(before + kept);
	for (int i = 0; i < kept; i++)
		spawn(i);
	CHECK_INT(count_threads(), ==, before + kept);
	for (int i = 0; i < kept; i++) {
		ump_client_drop(&clients[i]);
		CHECK(!probe_join(&handles[i]).stop);
	}
	ump_thread_pool_drop(&threads);
	await_threads(before);
}

static void at_most(void)
{
	crowd(1, 1);
	crowd(SERVERS - 1, SERVERS - 1);
	crowd(SERVERS, SERVERS);
}

static void any_number(void)
{
	crowd(0, SERVERS);
}

/* ---- The end of the pool ------------------------------------------------------------------- */

static void never_used(void)
{
	ump_thread_pool *none = NULL;

	open_thread_pool(3, 0);
	ump_thread_pool_drop(&threads);
	ump_thread_pool_drop(&threads);
	ump_thread_pool_drop(&none);
	ump_thread_pool_drop(NULL);
}

static void dropped_while_they_run(void)
{
	int before = count_threads();
	int answer;

	open_thread_pool(0, 0);
	live(2);
	spawn(0);
	spawn(1);
	spawn(2);
	ump_client_drop(&clients[2]);
	CHECK(!probe_join(&handles[2]).stop);
	ump_thread_pool_drop(&threads);
	await_threads(before + 2);
	/* The servers are undisturbed. */
	CHECK_INT(probe_req(clients[0], OP_ECHO, 1, &answer), ==, UMP_OK);
	CHECK_INT(probe_req(clients[1], OP_BREAK, 5, &answer), ==, UMP_OK);
	CHECK_INT((intptr_t)probe_join(&handles[1]).value, ==, 5);
	await_threads(before + 1);
	ump_client_drop(&clients[0]);
	CHECK(!probe_join(&handles[0]).stop);
	await_threads(before);
	ump_client_drop(&clients[1]);
}

static struct ump_flow drop_threads(
	struct probe *probe, const struct order *order, ump_reply_context **rc)
{
	(void)probe;
	(void)order;
	(void)rc;
	ump_thread_pool_drop(&threads);
	return ump_continue();
}

static void dropped_by_a_handler(void)
{
	int before = count_threads();

	open_thread_pool(0, 0);
	spawn(0);
	spawn(1);
	ump_client_drop(&clients[1]);
	CHECK(!probe_join(&handles[1]).stop);
	probes[0].on_call = drop_threads;
	probe_post(clients[0], OP_CALL, 0);
	CHECK_INT(probe_req(clients[0], OP_ECHO, 1, NULL), ==, UMP_OK);
	CHECK(threads == NULL);
	await_threads(before + 1);
	ump_client_drop(&clients[0]);
	CHECK(!probe_join(&handles[0]).stop);
	await_threads(before);
}

/* Handles are dropped before the loop has ended, and after; then the pool, in both orders. */
static void nobody_joins(void)
{
	int before = count_threads();

	for (int round = 0; round < 8; round++) {
		open_thread_pool(round & 4 ? 1 : 0, 0);
		for (int i = 0; i < 3; i++) {
			spawn(i);
			if (round & 1)
				ump_thread_drop(&handles[i]);
			ump_client_drop(&clients[i]);
		}
		for (int i = 0; i < 3; i++)
			probe_await(&probes[i].drops, 1);
		if (round & 2)
			ump_thread_pool_drop(&threads);
		for (int i = 0; i < 3; i++)
			ump_thread_drop(&handles[i]);
		ump_thread_pool_drop(&threads);
		await_threads(before);
	}
}

/* ---- Spawns that fail ---------------------------------------------------------------------- */

static void init_fails(void)
{
	int before = count_threads();

	open_thread_pool(1, 0);
	for (int i = 0; i < 3; i++) {
		probe_init(&probes[0]);
		probes[0].init_result = 77;
		CHECK_INT(spawn_result(0), ==, 77);
		CHECK(clients[0] == NULL);
		CHECK(handles[0] == NULL);
		CHECK_INT(probes[0].drops, ==, 1);
		CHECK_INT(count_threads(), ==, before + 1);
	}
	live(1);
	CHECK(same_thread(0, 1));
	ump_thread_pool_drop(&threads);
	await_threads(before);
}

static int spawn_what_fails(struct probe *probe, ump_client *client)
{
	(void)probe;
	(void)client;
	/* After this the pool holds its maximum of idle threads. */
	live(1);
	return 0;
}

static void surplus_after_failed_init(void)
{
	int before = count_threads();

	open_thread_pool(1, 0);
	spawn(2);
	probe_init(&probes[0]);
	probes[0].on_build = spawn_what_fails;
	probes[0].init_result = 79;
	CHECK_INT(spawn_result(0), ==, 79);
	CHECK(same_thread(0, 1));
	ump_client_drop(&clients[2]);
	CHECK(!probe_join(&handles[2]).stop);
	await_threads(before + 1);
	ump_thread_pool_drop(&threads);
	await_threads(before);
}

static void builder_fails(void)
{
	int before = count_threads();

	open_thread_pool(1, 0);
	probe_init(&probes[0]);
	probes[0].builder_result = 12;
	CHECK_INT(spawn_result(0), ==, 12);
	CHECK_INT(count_threads(), ==, before);
	ump_thread_pool_drop(&threads);
}

static int try_open(void)
{
	ump_thread_pool *made = (ump_thread_pool *)&config;
	int result = ump_thread_pool_open(&made, 1, 0);

	CHECK((made != NULL) == (result == UMP_OK));
	ump_thread_pool_drop(&made);
	return result;
}

static int without_thread;

static int try_spawn(void)
{
	int result;

	probe_init(&probes[0]);
	probes[0].without_init = true;
	result = spawn_result(0);
	without_thread += result == UMP_NO_THREAD;
	if (result != UMP_OK) {
		CHECK(clients[0] == NULL);
		CHECK(handles[0] == NULL);
		CHECK_INT(probes[0].drops, ==, probes[0].built);
	}
	return result;
}

/* A new thread needs a record of its own; an idle thread needs none. */
static void each_call_fails(void)
{
	long before = faults_live();

	CHECK_INT(probe_every_fault(try_open, UMP_NO_MEMORY), ==, 1);
	open_thread_pool(1, 0);
	CHECK_INT(probe_every_fault(try_spawn, UMP_NO_THREAD), ==, 5);
	CHECK_INT(without_thread, ==, 1);
	ump_client_drop(&clients[0]);
	CHECK(!probe_join(&handles[0]).stop);
	/* A join may return before the thread has released the server's memory.  The pool and its
	 * thread remain. */
	while (faults_live() != before + 2)
		check_nap(1);
	CHECK_INT(probe_every_fault(try_spawn, UMP_NO_THREAD), ==, 3);
	CHECK_INT(without_thread, ==, 1);
	ump_client_drop(&clients[0]);
	CHECK(!probe_join(&handles[0]).stop);
	ump_thread_pool_drop(&threads);
}

static void wrong_arguments(void)
{
	CHECK_INT(ump_thread_pool_open(NULL, 1, 0), ==, UMP_INVALID);
	open_thread_pool(1, 1 << 20);
	probe_init(&probes[0]);
	config.stack_size = 1 << 21;
	CHECK_INT(spawn_result(0), ==, UMP_INVALID);
	CHECK(clients[0] == NULL);
	CHECK(handles[0] == NULL);
	CHECK_INT(probes[0].built, ==, 0);
	config.stack_size = 1 << 20;
	live(0);
	config.stack_size = 0;
	live(1);
	CHECK(same_thread(0, 1));
	ump_thread_pool_drop(&threads);
	open_thread_pool(1, 0);
	config.stack_size = 1 << 20;
	probe_init(&probes[0]);
	CHECK_INT(spawn_result(0), ==, UMP_INVALID);
	ump_thread_pool_drop(&threads);
}

/* ---- What belongs to a thread -------------------------------------------------------------- */

struct seen {
	char name[64];
	size_t stack;
	sigset_t blocked;
};

static struct seen seen;
static int status;

static struct ump_flow look(struct probe *probe, const struct order *order, ump_reply_context **rc)
{
	pthread_attr_t attributes;

	(void)probe;
	(void)order;
	(void)rc;
	CHECK_INT(pthread_getname_np(pthread_self(), seen.name, sizeof seen.name), ==, 0);
	CHECK_INT(pthread_getattr_np(pthread_self(), &attributes), ==, 0);
	pthread_attr_getstacksize(&attributes, &seen.stack);
	pthread_attr_destroy(&attributes);
	pthread_sigmask(SIG_SETMASK, NULL, &seen.blocked);
	return ump_continue();
}

/* Return the name that a server's thread has. */
static const char *name_seen(const char *name)
{
	config.name = name;
	spawn(0);
	probes[0].on_call = look;
	probe_post(clients[0], OP_CALL, 0);
	ump_client_drop(&clients[0]);
	CHECK(!probe_join(&handles[0]).stop);
	return seen.name;
}

static void names_stacks_and_signals(void)
{
	open_thread_pool(1, 300 * 1024);
	CHECK_INT(strcmp(name_seen("first"), "first"), ==, 0);
	CHECK_INT(seen.stack, >=, 300 * 1024);
	/* The libc may reuse a larger stack. */
	CHECK_INT(seen.stack, <, 2 * 1024 * 1024);
	CHECK(sigismember(&seen.blocked, SIGTERM));
	CHECK(!sigismember(&seen.blocked, SIGSEGV));
	CHECK(!sigismember(&seen.blocked, SIGPROF));
	CHECK_INT(strcmp(name_seen("a long name that is cut"), "a long name tha"), ==, 0);
	CHECK_INT(strcmp(name_seen("first"), "first"), ==, 0);
	CHECK_INT(strcmp(name_seen("first"), "first"), ==, 0);
	CHECK_INT(strcmp(name_seen(""), ""), ==, 0);
	CHECK_INT(strcmp(name_seen(NULL), "ump"), ==, 0);
	CHECK(sigismember(&seen.blocked, SIGTERM));
	ump_thread_pool_drop(&threads);
	open_thread_pool(1, 0);
	CHECK_INT(strcmp(name_seen(""), ""), ==, 0);
	ump_thread_pool_drop(&threads);
}

/* Servers configured so must have the spawner's mask, and no others. */
static void signals_inherited(void)
{
	sigset_t before;
	sigset_t mine;

	pthread_sigmask(SIG_SETMASK, NULL, &before);
	mine = before;
	sigaddset(&mine, SIGHUP);
	sigdelset(&mine, SIGTERM);
	pthread_sigmask(SIG_SETMASK, &mine, NULL);
	for (int again = 0; again < 2; again++) {
		open_thread_pool(1, 0);
		if (!again)
			config.thread_pool = NULL;
		for (int round = 0; round < 4; round++) {
			config.inherit_signals = round % 2 == 0;
			(void)name_seen("a");
			CHECK_INT(sigismember(&seen.blocked, SIGHUP), ==, 1);
			CHECK_INT(sigismember(&seen.blocked, SIGTERM), ==, round % 2);
			CHECK_INT(sigismember(&seen.blocked, SIGINT), ==, round % 2);
		}
		config.inherit_signals = false;
		ump_thread_pool_drop(&threads);
	}
	pthread_sigmask(SIG_SETMASK, &before, NULL);
}

/* A process that a handler starts, in the way that the manual page describes. */
static struct ump_flow start_process(
	struct probe *probe, const struct order *order, ump_reply_context **rc)
{
	char *command[] = {"/bin/sh", "-c", "kill -TERM $$; exit 1", NULL};
	posix_spawnattr_t how;
	sigset_t none;
	pid_t child;

	(void)probe;
	(void)rc;
	sigemptyset(&none);
	CHECK_INT(posix_spawnattr_init(&how), ==, 0);
	if (order->value != 0) {
		posix_spawnattr_setflags(&how, POSIX_SPAWN_SETSIGMASK);
		posix_spawnattr_setsigmask(&how, &none);
	}
	CHECK_INT(posix_spawn(&child, command[0], NULL, &how, command, NULL), ==, 0);
	posix_spawnattr_destroy(&how);
	CHECK_INT(waitpid(child, &status, 0), ==, child);
	return ump_continue();
}

static void processes_end(void)
{
	open_thread_pool(1, 0);
	spawn(0);
	probes[0].on_call = start_process;
	for (int value = 0; value < 2; value++) {
		probe_post(clients[0], OP_CALL, value);
		CHECK_INT(probe_req(clients[0], OP_ECHO, 1, NULL), ==, UMP_OK);
		CHECK_INT(WIFSIGNALED(status), ==, value);
	}
	ump_client_drop(&clients[0]);
	CHECK(!probe_join(&handles[0]).stop);
	ump_thread_pool_drop(&threads);
}

static pthread_key_t key;
static atomic_int destroyed;
static int join_result;

/* The thread of a server that has ended joins it. */
static void destroy(void *value)
{
	ump_thread **own = value;

	if (*own != NULL)
		join_result = ump_thread_join(own, NULL, UMP_FOREVER);
	destroyed++;
}

static struct ump_flow leave_behind(
	struct probe *probe, const struct order *order, ump_reply_context **rc)
{
	(void)probe;
	(void)rc;
	CHECK_INT(pthread_setspecific(key, &handles[order->value]), ==, 0);
	return ump_continue();
}

static void end_leaving(int i)
{
	spawn(i);
	probes[i].on_call = leave_behind;
	probe_post(clients[i], OP_CALL, i);
	ump_client_drop(&clients[i]);
}

/* Thread-local variables last as long as the thread; their destructors may do what handlers may. */
static void thread_locals(void)
{
	CHECK_INT(pthread_key_create(&key, destroy), ==, 0);
	destroyed = 0;
	open_thread_pool(1, 0);
	end_leaving(0);
	CHECK(!probe_join(&handles[0]).stop);
	live(1);
	CHECK(same_thread(0, 1));
	CHECK_INT(destroyed, ==, 0);
	ump_thread_pool_drop(&threads);
	CHECK_INT(destroyed, ==, 1);
	/* A thread without a pool; and a worker that ends with the pool. */
	for (int i = 0; i < 2; i++) {
		open_thread_pool(1, 0);
		if (i == 0)
			config.thread_pool = NULL;
		destroyed = 0;
		join_result = UMP_OK;
		spawn(0);
		ump_thread_pool_drop(&threads);
		probes[0].on_call = leave_behind;
		probe_post(clients[0], OP_CALL, 0);
		ump_client_drop(&clients[0]);
		probe_await(&destroyed, 1);
		CHECK_INT(join_result, ==, UMP_DEADLOCK);
		CHECK(!probe_join(&handles[0]).stop);
	}
	pthread_key_delete(key);
}

/* ---- Joining ------------------------------------------------------------------------------- */

static atomic_int joined;

static struct ump_flow join_one(
	struct probe *probe, const struct order *order, ump_reply_context **rc)
{
	(void)probe;
	(void)rc;
	joined = ump_thread_join(&handles[order->value], NULL, UMP_FOREVER);
	return ump_continue();
}

static void joined_by_itself(void)
{
	open_thread_pool(1, 0);
	spawn(0);
	probes[0].on_call = join_one;
	probe_post(clients[0], OP_CALL, 0);
	CHECK_INT(probe_req(clients[0], OP_ECHO, 1, NULL), ==, UMP_OK);
	CHECK_INT(joined, ==, UMP_DEADLOCK);
	CHECK(handles[0] != NULL);
	CHECK_INT(ump_thread_join(&handles[0], NULL, UMP_NOW), ==, UMP_TIMED_OUT);
	ump_client_drop(&clients[0]);
	CHECK(!probe_join(&handles[0]).stop);
	ump_thread_pool_drop(&threads);
}

/* A server that has ended may be joined on the thread on which it ran. */
static void joined_on_its_thread(void)
{
	open_thread_pool(1, 0);
	do {
		spawn(0);
		ump_client_drop(&clients[0]);
		probe_await(&probes[0].drops, 1);
		check_nap(1);
		spawn(1);
		probes[1].on_call = join_one;
		/* Its thread may not be idle yet; then another one may be used instead. */
		if (!same_thread(0, 1)) {
			ump_client_drop(&clients[1]);
			CHECK(!probe_join(&handles[1]).stop);
			CHECK(!probe_join(&handles[0]).stop);
		}
	} while (clients[1] == NULL);
	probe_post(clients[1], OP_CALL, 0);
	CHECK_INT(probe_req(clients[1], OP_ECHO, 1, NULL), ==, UMP_OK);
	CHECK_INT(joined, ==, UMP_OK);
	CHECK(handles[0] == NULL);
	ump_client_drop(&clients[1]);
	CHECK(!probe_join(&handles[1]).stop);
	ump_thread_pool_drop(&threads);
}

/* ---- Many servers -------------------------------------------------------------------------- */

#define SPAWNERS 4
#define ROUNDS   250

struct spawner {
	pthread_t id;
	struct probe probe;
	int number;
	int ended;
};

static void *spawn_many(void *arg)
{
	struct spawner *me = arg;
	ump_client *client;
	ump_thread *handle;
	int answer;

	for (int i = 0; i < ROUNDS; i++) {
		probe_init(&me->probe);
		me->probe.config = &config;
		me->probe.without_init = i % 2;
		CHECK_INT(probe_spawn_result(&me->probe, &client, &handle), ==, UMP_OK);
		CHECK_INT(probe_req(client, OP_ECHO, i, &answer), ==, UMP_OK);
		CHECK_INT(answer, ==, i);
		if ((i + me->number) % 5 == 0)
			ump_thread_drop(&handle);
		ump_client_drop(&client);
		if (handle != NULL)
			CHECK(!probe_join(&handle).stop);
		/* Only now can the probe be reused. */
		probe_await(&me->probe.drops, 1);
	}
	return NULL;
}

static void many(size_t most, bool dropped_early)
{
	static struct spawner spawners[SPAWNERS];
	int before = count_threads();

	open_thread_pool(most, 0);
	for (int i = 0; i < SPAWNERS; i++) {
		spawners[i].number = i;
		CHECK_INT(pthread_create(&spawners[i].id, NULL, spawn_many, &spawners[i]), ==, 0);
	}
	for (int i = 0; i < SPAWNERS; i++)
		pthread_join(spawners[i].id, NULL);
	if (dropped_early)
		spawn(0);
	ump_thread_pool_drop(&threads);
	if (dropped_early) {
		ump_client_drop(&clients[0]);
		CHECK(!probe_join(&handles[0]).stop);
	}
	await_threads(before);
}

static void many_servers(void)
{
	many(0, false);
	many(1, true);
	many(SPAWNERS / 2, false);
}

static const struct check_test tests[] = {
	{"[reuse] a server that was joined has given its thread to the next one", one_thread},
	{"[reuse] no more threads are idle than may be", at_most},
	{"[reuse] any number is idle, if the pool has no maximum", any_number},
	{"[reuse] [clean] a pool that no server has used", never_used},
	{"[reuse] [clean] dropped while servers run on its threads", dropped_while_they_run},
	{"[reuse] [clean] dropped by a handler that runs on one", dropped_by_a_handler},
	{"[reuse] [clean] servers whose handles are dropped", nobody_joins},
	{"[reuse] [init] an init that fails gives the thread back", init_fails},
	{"[reuse] [init] it ends the thread when the pool is full", surplus_after_failed_init},
	{"[reuse] [init] a builder that fails takes none", builder_fails},
	{"[reuse] [clean] each call that can fail does", each_call_fails},
	{"[reuse] [misuse] stacks of another size, and NULL", wrong_arguments},
	{"[reuse] names, stacks and signals", names_stacks_and_signals},
	{"[user] [reuse] a server has its spawner's signal mask if it is to, and no other has",
		signals_inherited},
	{"[user] a process that a handler starts can be ended by a signal", processes_end},
	{"[reuse] [deadlock] thread-local variables last as long as the thread", thread_locals},
	{"[reuse] [deadlock] a handler that joins itself", joined_by_itself},
	{"[reuse] a handler that joins the server that had its thread before",
		joined_on_its_thread},
	{"[reuse] [once] [clean] many servers, spawned at once", many_servers},
};

CHECK_MAIN(tests)
