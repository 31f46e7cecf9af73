/* SPDX-License-Identifier: 0BSD */
/* Children of fork create servers of their own, whatever locks the parent's threads hold. */
#include "probe.h"
#include "sync/sync.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define CHILDREN 1000
#define BUSY     2

/* ThreadSanitizer starts no threads in children of a process with threads.  AddressSanitizer's
 * allocator keeps the locks that the parent's threads held (gcc 12, clang 14). */
#if defined(__has_feature)
#if __has_feature(thread_sanitizer) || __has_feature(address_sanitizer)
#define NO_THREADS_AFTER_FORK 1
#endif
#endif
#if defined(__SANITIZE_THREAD__) || defined(__SANITIZE_ADDRESS__)
#define NO_THREADS_AFTER_FORK 1
#endif

/* Whether children of a process with threads can start threads. */
static bool forks_work(void)
{
#ifdef NO_THREADS_AFTER_FORK
	return false;
#else
	return getenv("CHECK_EMULATED") == NULL;
#endif
}

/* ---- Two servers, one of which calls the other ----------------------------------------------- */

struct relay {
	ump_client *next;
};

static struct ump_flow echo(void *self, const void *msg, ump_reply_context **rc)
{
	(void)self;
	ump_reply(rc, msg);
	return ump_continue();
}

static struct ump_flow relay(void *self, const void *msg, ump_reply_context **rc)
{
	const struct relay *relay = self;
	int value = 0;

	if (ump_client_req(relay->next, msg, &value, UMP_FOREVER) == UMP_OK)
		ump_reply(rc, &value);
	return ump_continue();
}

static int build_echo(void *arg, ump_client *client, struct ump_handler *out)
{
	(void)arg;
	(void)client;
	out->request = echo;
	return 0;
}

static int build_relay(void *arg, ump_client *client, struct ump_handler *out)
{
	(void)client;
	out->self = arg;
	out->request = relay;
	return 0;
}

static const struct ump_config numbers = {
	.request.size = sizeof(int), .reply.size = sizeof(int), .post.size = 0};

/* Send requests until `*stop`, or `count` of them.  Return the number of correct replies. */
static int ask(ump_client *client, int count, const atomic_bool *stop)
{
	int right = 0;

	for (int i = 0; stop != NULL ? !*stop : i < count; i++) {
		int value = -1;

		if (ump_client_req(client, &i, &value, UMP_FOREVER) != UMP_OK || value != i)
			return -1;
		right++;
	}
	return right;
}

static int use_servers(int count, const atomic_bool *stop)
{
	struct relay relays;
	ump_client *client;
	ump_thread *threads[2];
	int right;

	if (ump_spawn_thread(&numbers, build_echo, NULL, &relays.next, &threads[0]) != UMP_OK ||
		ump_spawn_thread(&numbers, build_relay, &relays, &client, &threads[1]) != UMP_OK)
		return -1;
	right = ask(client, count, stop);
	ump_client_drop(&client);
	ump_client_drop(&relays.next);
	if (ump_thread_join(&threads[1], NULL, UMP_FOREVER) != UMP_OK ||
		ump_thread_join(&threads[0], NULL, UMP_FOREVER) != UMP_OK)
		return -1;
	return right;
}

/* Use each kind of server once. */
static int use_all_kinds(void)
{
	struct ump_config posts = {.post.size = sizeof(int)};
	struct probe probe;
	ump_thread_pool *threads;
	ump_client *client;
	ump_thread *thread;
	ump_task *task;
	int answer = 0;

	if (use_servers(20, NULL) != 20)
		return 1;
	probe_init(&probe);
	probe_spawn_task(&probe, &client, &task);
	probe_post(client, OP_ECHO, 1);
	ump_client_drop(&client);
	if (ump_task_run(task, UMP_FOREVER) != UMP_OK || ump_task_join(&task, NULL) != UMP_OK)
		return 2;
	if (ump_thread_pool_open(&threads, 0, 0) != UMP_OK)
		return 3;
	posts = probe_config;
	posts.thread_pool = threads;
	probe_init(&probe);
	probe.config = &posts;
	probe_spawn(&probe, &client, &thread);
	if (probe_req(client, OP_ECHO, 7, &answer) != UMP_OK || answer != 7)
		return 4;
	ump_client_drop(&client);
	if (ump_thread_join(&thread, NULL, UMP_FOREVER) != UMP_OK)
		return 5;
	ump_thread_pool_drop(&threads);
	return 0;
}

/* ---- While the parent is busy ---------------------------------------------------------------- */

static atomic_bool stop;

static void *be_busy(void *arg)
{
	int *right = arg;

	*right = use_servers(0, &stop);
	return NULL;
}

/* A child has no watchdog, so it must not hang for longer than the watchdog's time limit. */
static int status_of_child(pid_t child)
{
	int status = 0;

	CHECK(waitpid(child, &status, 0) == child);
	return status;
}

static void fork_one(int (*use)(void))
{
	pid_t child = fork();
	int status;

	CHECK(child >= 0);
	if (child == 0) {
		alarm(CHECK_TIMEOUT / 2);
		_exit(use());
	}
	status = status_of_child(child);
	if (!WIFEXITED(status) || WEXITSTATUS(status) != 0)
		check_failed(__FILE__, __LINE__, "a child ends with 0, not with %s %d",
			WIFSIGNALED(status) ? "signal" : "status",
			WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status));
	check_progress();
}

static int use_a_few(void)
{
	return use_servers(20, NULL) == 20 ? 0 : 1;
}

static void beside_busy_threads(void)
{
	pthread_t threads[BUSY];
	int right[BUSY];

	if (!forks_work()) {
		printf("not run: children of fork: nothing here can start threads in them\n");
		return;
	}
	stop = false;
	for (int i = 0; i < BUSY; i++)
		CHECK_INT(pthread_create(&threads[i], NULL, be_busy, &right[i]), ==, 0);
	for (int i = 0; i < CHILDREN; i++)
		fork_one(i % 10 == 0 ? use_all_kinds : use_a_few);
	stop = true;
	for (int i = 0; i < BUSY; i++) {
		pthread_join(threads[i], NULL);
		CHECK_INT(right[i], >, 0);
	}
}

/* In the child, the thread is in no callback: it may exit, and wait for any server. */
static int end_thread(void)
{
	return *ump__thread_slot() == NULL ? use_all_kinds() : 9;
}

static struct ump_flow fork_in_callback(
	struct probe *self, const struct order *order, ump_reply_context **rc)
{
	(void)self;
	(void)order;
	(void)rc;
	fork_one(end_thread);
	return ump_continue();
}

static void in_callback(void)
{
	static struct probe probe;
	ump_client *client;
	ump_task *task;

	if (!forks_work()) {
		printf("not run: children of callbacks: nothing here can start threads in them\n");
		return;
	}
	probe_init(&probe);
	probe.on_call = fork_in_callback;
	probe_spawn_task(&probe, &client, &task);
	probe_post(client, OP_CALL, 1);
	ump_client_drop(&client);
	CHECK_INT(ump_task_run(task, UMP_FOREVER), ==, UMP_OK);
	CHECK(!probe_join_task(&task).stop);
}

/* Enough words to take each lock, on a platform that has locks. */
static struct ump__word words[256];

static int wake_all(void)
{
	for (size_t i = 0; i < sizeof words / sizeof *words; i++)
		ump__wake(&words[i]);
	return 0;
}

static void *wake_until_stopped(void *arg)
{
	while (!stop)
		(void)wake_all();
	return arg;
}

/* Threads that hold the platform's shared locks nearly all the time. */
static void beside_wakers(void)
{
	pthread_t threads[BUSY];

	if (!forks_work()) {
		printf("not run: children that wake: what is between may lock by itself\n");
		return;
	}
	stop = false;
	for (int i = 0; i < BUSY; i++)
		CHECK_INT(pthread_create(&threads[i], NULL, wake_until_stopped, NULL), ==, 0);
	for (int i = 0; i < CHILDREN / 5; i++)
		fork_one(wake_all);
	stop = true;
	for (int i = 0; i < BUSY; i++)
		pthread_join(threads[i], NULL);
}

/* ---- Watches --------------------------------------------------------------------------------- */

/* Watch a server often, in each way that takes the lock.  Return 0. */
static int watch_often(int count)
{
	ump_completions *completions;
	struct ump_completion got;
	ump_server *server;
	ump_client *client;
	int result = 0;

	probe_open(&server, &client);
	for (int i = 0; i < 2; i++) {
		CHECK_INT(ump_completions_open(&completions), ==, UMP_OK);
		for (int j = 0; j < count; j++)
			CHECK_INT(ump_client_watch(client, completions, NULL), ==, UMP_OK);
		if (i == 1)
			ump_server_drop(&server);
		result += ump_completions_next(completions, &got) != (i == 1 ? UMP_OK : UMP_EMPTY);
		ump_completions_drop(&completions);
	}
	ump_client_drop(&client);
	return result;
}

static int use_watches(void)
{
	return watch_often(2);
}

static void *watch_until_stopped(void *arg)
{
	while (!stop)
		CHECK_INT(watch_often(1000), ==, 0);
	return arg;
}

static void beside_watchers(void)
{
	pthread_t threads[BUSY];

	if (!forks_work()) {
		printf("not run: children that watch: what is between may lock by itself\n");
		return;
	}
	stop = false;
	for (int i = 0; i < BUSY; i++)
		CHECK_INT(pthread_create(&threads[i], NULL, watch_until_stopped, NULL), ==, 0);
	for (int i = 0; i < CHILDREN / 5; i++)
		fork_one(use_watches);
	stop = true;
	for (int i = 0; i < BUSY; i++)
		pthread_join(threads[i], NULL);
}

/* ---- A fork server, like AFL++'s ------------------------------------------------------------- */

/* Fork a child for each order that arrives; send back its process id and its status. */
static _Noreturn void serve_forks(int orders, int answers)
{
	int order;

	/* What a program does before its fork server begins; no thread is left then. */
	if (use_servers(5, NULL) != 5)
		_exit(1);
	while (read(orders, &order, sizeof order) == (ssize_t)sizeof order) {
		pid_t child = fork();
		int status;

		if (child == 0)
			_exit(use_servers(order, NULL) == order ? 0 : 1);
		status = status_of_child(child);
		if (write(answers, &child, sizeof child) != (ssize_t)sizeof child ||
			write(answers, &status, sizeof status) != (ssize_t)sizeof status)
			_exit(2);
	}
	_exit(0);
}

static void fork_server(void)
{
	int orders[2];
	int answers[2];
	pid_t server;

	if (!forks_work()) {
		printf("not run: a fork server: nothing here can start threads in children\n");
		return;
	}
	CHECK(pipe(orders) == 0 && pipe(answers) == 0);
	server = fork();
	CHECK(server >= 0);
	if (server == 0) {
		close(orders[1]);
		close(answers[0]);
		serve_forks(orders[0], answers[1]);
	}
	close(orders[0]);
	close(answers[1]);
	for (int i = 1; i <= 200; i++) {
		pid_t child = 0;
		int status = -1;

		CHECK(write(orders[1], &i, sizeof i) == (ssize_t)sizeof i);
		CHECK(read(answers[0], &child, sizeof child) == (ssize_t)sizeof child);
		CHECK(read(answers[0], &status, sizeof status) == (ssize_t)sizeof status);
		CHECK(child > 0 && child != server);
		CHECK_INT(status, ==, 0);
		check_progress();
	}
	close(orders[1]);
	close(answers[0]);
	CHECK_INT(status_of_child(server), ==, 0);
}

/* ---- What belongs to the parent -------------------------------------------------------------- */

#if defined(UMP_REGISTRY)

static ump_client *parents;

static int dump_in_child(void)
{
	char text[200] = "";
	FILE *file = fmemopen(text, sizeof text, "w");

	if (file == NULL || ump_server_dump(file) != UMP_OK)
		return 1;
	fclose(file);
	return strcmp(text, "no server has a client\n") == 0 ? 0 : 2;
}

/* The parent's clients are not the child's. */
static void dumps(void)
{
	ump_server *server;

	probe_open(&server, &parents);
	fork_one(dump_in_child);
	ump_client_drop(&parents);
	ump_server_drop(&server);
}

#endif

#ifndef NDEBUG

static ump_client *client;
static ump_thread *thread;
static ump_task *task;
static ump_thread_pool *pool;
static const char *used;

static void use_parents(void)
{
	int value = 1;
	int answer;

	switch (used[0]) {
	case 'r':
		(void)ump_client_req(client, &value, &answer, ump_after(1));
		break;
	case 'j':
		(void)ump_thread_join(&thread, NULL, ump_after(1));
		break;
	case 't':
		(void)ump_task_run(task, UMP_NOW);
		break;
	default:
		ump_thread_pool_drop(&pool);
		break;
	}
}

/* Create everything in a child, which then forks once more. */
static void use_in_child(void)
{
	ump_client *task_client;
	int status;
	pid_t child;

	CHECK_INT(ump_thread_pool_open(&pool, 0, 0), ==, UMP_OK);
	CHECK_INT(ump_spawn_task(&numbers, build_echo, NULL, &task_client, &task), ==, UMP_OK);
	CHECK_INT(ump_spawn_thread(&numbers, build_echo, NULL, &client, &thread), ==, UMP_OK);
	child = fork();
	CHECK(child >= 0);
	if (child == 0) {
		use_parents();
		_exit(0);
	}
	status = status_of_child(child);
	_exit(WIFEXITED(status) && WEXITSTATUS(status) == 0 ? 0 : 1);
}

static void parents_handles(void)
{
	static const char *const each[] = {"request", "join", "task", "pool"};

	for (size_t i = 0; i < sizeof each / sizeof *each; i++) {
		int status;
		pid_t child;
		char said[400];
		int ends[2];
		ssize_t length;

		used = each[i];
		CHECK(pipe(ends) == 0);
		child = fork();
		CHECK(child >= 0);
		if (child == 0) {
			dup2(ends[1], STDERR_FILENO);
			use_in_child();
		}
		close(ends[1]);
		length = read(ends[0], said, sizeof said - 1);
		said[length > 0 ? length : 0] = '\0';
		close(ends[0]);
		status = status_of_child(child);
		CHECK(!WIFEXITED(status) || WEXITSTATUS(status) != 0);
		CHECK(strstr(said, "a forked child uses what its parent has made") != NULL);
	}
}

static void parents_handles_stop(void)
{
	if (forks_work())
		parents_handles();
}

#endif

static const struct check_test tests[] = {
	{"[quiet] [clean] forked children make servers beside busy threads", beside_busy_threads},
	{"[deadlock] a child that was made in a callback is in none", in_callback},
	{"[quiet] forked children sleep and wake beside threads that do", beside_wakers},
	{"[watch] [quiet] forked children watch servers beside threads that do", beside_watchers},
	{"[quiet] children of a fork server make servers", fork_server},
#if defined(UMP_REGISTRY)
	{"the dump of a forked child names no client of its parent's", dumps},
#endif
#ifndef NDEBUG
	{"[misuse] debug builds stop at what a forked child's parent has made",
		parents_handles_stop},
#endif
};

CHECK_MAIN(tests)
