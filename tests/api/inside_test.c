/* SPDX-License-Identifier: 0BSD */
/* Introspection: the dump of all servers, and slow handlers.  (Statistics: stats_test.) */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include "probe.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Return what ump_server_dump writes.  The caller must free it. */
static char *dump(void)
{
	char *text = NULL;
	size_t size;
	FILE *file = open_memstream(&text, &size);

	CHECK(file != NULL);
	CHECK_INT(ump_server_dump(file), ==, UMP_OK);
	fclose(file);
	return text;
}

static bool dump_has(const char *wanted)
{
	char *text = dump();
	bool found = strstr(text, wanted) != NULL;

	free(text);
	return found;
}

#ifdef UMP_REGISTRY

/* A source location in this file, as the dump prints it. */
static const char *place(int line)
{
	static char text[300];

	snprintf(text, sizeof text, " from %s:%d\n", __FILE__, line);
	return text;
}

static void strong_clients(void)
{
	struct ump_config config = {.post.size = sizeof(int), .capacity = 3};
	ump_weak_client *weak;
	ump_post_client *post;
	ump_server *server;
	ump_client *upgraded;
	ump_client *client;
	ump_client *clone;
	int value = 1;
	int line;

	CHECK(dump_has("no server has a client\n"));
	line = __LINE__ + 1;
	CHECK_INT(ump_channel_open(&server, &client, &config), ==, UMP_OK);
	CHECK(dump_has(place(line)));
	CHECK(dump_has("has an empty inbox"));
	CHECK_INT(ump_client_clone(client, &clone), ==, UMP_OK);
	CHECK(dump_has(place(__LINE__ - 1)));
	CHECK_INT(ump_client_post_client(client, &post), ==, UMP_OK);
	CHECK(dump_has(place(__LINE__ - 1)));
	CHECK_INT(ump_client_weak(client, &weak), ==, UMP_OK);
	line = __LINE__ + 1;
	CHECK_INT(ump_weak_client_upgrade(weak, &upgraded), ==, UMP_OK);
	CHECK(dump_has(place(line)));
	CHECK_INT(ump_client_post(client, &value), ==, UMP_OK);
	CHECK(dump_has("has messages in its inbox"));
	CHECK(dump_has(", 1 of 3 queued; 4 strong clients, "));
	ump_client_drop(&upgraded);
	CHECK(!dump_has(place(line)));
	CHECK(dump_has("; 3 strong clients, "));
	ump_server_drop(&server);
	CHECK(dump_has("has ended"));
	ump_post_client_drop(&post);
	ump_client_drop(&clone);
	ump_client_drop(&client);
	ump_weak_client_drop(&weak);
	CHECK(dump_has("no server has a client\n"));
}

/* Clients of two servers, made alternately: each server must be printed once, with its own
 * clients. */
static void two_servers(void)
{
	struct ump_config config = {.post.size = sizeof(int)};
	ump_server *servers[2];
	ump_client *clients[2];
	ump_client *clones[2];
	char *text;
	int named = 0;

	for (int i = 0; i < 2; i++)
		CHECK_INT(ump_channel_open(&servers[i], &clients[i], &config), ==, UMP_OK);
	for (int i = 0; i < 2; i++)
		CHECK_INT(ump_client_clone(clients[i], &clones[i]), ==, UMP_OK);
	text = dump();
	for (char *at = text; (at = strstr(at, "; 2 strong clients, ")) != NULL; at++)
		named++;
	CHECK_INT(named, ==, 2);
	free(text);
	for (int i = 0; i < 2; i++) {
		ump_client_drop(&clones[i]);
		ump_client_drop(&clients[i]);
		ump_server_drop(&servers[i]);
	}
}

/* A client that was made without a source location, and one that was made elsewhere. */
static void places(void)
{
	static struct probe probe;
	ump_client *client;
	ump_client *unsaid;
	ump_thread *thread;
	ump_client *said;

	probe_init(&probe);
	probe_spawn(&probe, &client, &thread);
	CHECK_INT((ump_client_clone)(client, &unsaid), ==, UMP_OK);
	ump_here("elsewhere.c", 7);
	CHECK_INT((ump_client_clone)(client, &said), ==, UMP_OK);
	CHECK(dump_has(" from elsewhere.c:7\n"));
	CHECK(dump_has("probe.c:"));
	ump_client_drop(&said);
	CHECK(!dump_has("elsewhere.c"));
	ump_client_drop(&unsaid);
	ump_client_drop(&client);
	CHECK(!probe_join(&thread).stop);
}

/* The string of a source location may be gone, such as that of a plugin that was unloaded. */
static void places_are_copied(void)
{
	static struct probe probe;
	char path[300];
	ump_client *client;
	ump_thread *thread;
	ump_client *said;

	probe_init(&probe);
	probe_spawn(&probe, &client, &thread);
	strcpy(path, "plugin.c");
	ump_here(path, 7);
	strcpy(path, "unloaded before the client is made");
	CHECK_INT((ump_client_clone)(client, &said), ==, UMP_OK);
	CHECK(dump_has(" from plugin.c:7\n"));
	ump_client_drop(&said);
	memset(path, 'x', sizeof path);
	strcpy(path + sizeof path - sizeof "plugin.c", "plugin.c");
	path[sizeof path - 1 - 255] = 'y';
	ump_here(path, 8);
	CHECK_INT((ump_client_clone)(client, &said), ==, UMP_OK);
	memset(path, 'z', sizeof path);
	CHECK(dump_has(" from yx"));
	CHECK(dump_has("xplugin.c:8\n"));
	ump_client_drop(&said);
	ump_here(NULL, 9);
	CHECK_INT((ump_client_clone)(client, &said), ==, UMP_OK);
	CHECK(!dump_has(":9\n"));
	ump_client_drop(&said);
	ump_client_drop(&client);
	CHECK(!probe_join(&thread).stop);
}

/* Without memory for the copy, nothing must be written. */
static void without_memory(void)
{
	char *text = NULL;
	size_t size;
	FILE *file = open_memstream(&text, &size);
	ump_server *server;
	ump_client *client;

	CHECK(file != NULL);
	probe_open(&server, &client);
	faults_at(0);
	CHECK_INT(ump_server_dump(file), ==, UMP_NO_MEMORY);
	CHECK(faults_off());
	fclose(file);
	CHECK_INT(size, ==, 0);
	free(text);
	ump_server_drop(&server);
	ump_client_drop(&client);
}

#else

static void without_memory(void)
{
	faults_at(0);
	CHECK(dump_has("built without UMP_REGISTRY"));
	CHECK(!faults_off());
}

static void two_servers(void)
{
	CHECK(!dump_has("strong clients"));
}

static void strong_clients(void)
{
	CHECK(dump_has("built without UMP_REGISTRY"));
}

static void places(void)
{
	ump_here("elsewhere.c", 7);
	CHECK(!dump_has("elsewhere.c"));
}

static void places_are_copied(void)
{
	places();
}

#endif

static ump_client *lent;
static int writes;

/* The write function may call the library: it makes and drops a client. */
static ssize_t write_and_clone(void *cookie, const char *text, size_t size)
{
	ump_client *clone;

	(void)cookie;
	(void)text;
	CHECK_INT(ump_client_clone(lent, &clone), ==, UMP_OK);
	ump_client_drop(&clone);
	writes++;
	return (ssize_t)size;
}

static void no_lock_is_held(void)
{
	cookie_io_functions_t functions = {.write = write_and_clone};
	FILE *file = fopencookie(NULL, "w", functions);
	ump_server *server;

	CHECK(file != NULL);
	CHECK_INT(setvbuf(file, NULL, _IONBF, 0), ==, 0);
	probe_open(&server, &lent);
	writes = 0;
	CHECK_INT(ump_server_dump(file), ==, UMP_OK);
	CHECK_INT(writes, >=, 1);
	fclose(file);
	ump_server_drop(&server);
	ump_client_drop(&lent);
}

/* With a buffer and without: the error comes with the first line, or at the flush. */
static void writing_fails(void)
{
	ump_server *server;
	ump_client *client;

	CHECK_INT(ump_server_dump(NULL), ==, UMP_INVALID);
	probe_open(&server, &client);
	for (int i = 0; i < 2; i++) {
		FILE *file = fopen("/dev/full", "w");

		CHECK(file != NULL);
		if (i == 1)
			CHECK_INT(setvbuf(file, NULL, _IONBF, 0), ==, 0);
		CHECK_INT(ump_server_dump(file), ==, UMP_NOT_WRITTEN);
		fclose(file);
	}
	ump_server_drop(&server);
	ump_client_drop(&client);
}

static struct {
	atomic_int calls;
	atomic_int requests;
	_Atomic int64_t took;
	pthread_t thread;
} slow;

static void on_slow(void *arg, int64_t took, bool request)
{
	CHECK(arg == &slow);
	slow.calls++;
	slow.requests += request;
	slow.took = took;
	slow.thread = pthread_self();
}

static int seen_by_handler;

static struct ump_flow nap(void *self, const void *msg)
{
	(void)self;
	check_nap(*(const int *)msg);
	seen_by_handler++;
	return ump_continue();
}

static struct ump_flow nap_and_reply(void *self, const void *msg, ump_reply_context **rc)
{
	nap(self, msg);
	ump_reply(rc, NULL);
	return ump_continue();
}

static int build_nap(void *arg, ump_client *client, struct ump_handler *out)
{
	(void)arg;
	(void)client;
	out->request = nap_and_reply;
	out->post = nap;
	return 0;
}

/* A limit that only the long naps exceed, whatever else the machine does. */
static void slow_handlers(void)
{
	struct ump_config config = {.request.size = sizeof(int),
		.post.size = sizeof(int),
		.slow_limit = INT64_C(20000000000),
		.slow_handler = on_slow,
		.slow_arg = &slow};
	struct ump_flow how;
	ump_client *client;
	ump_task *task;

	CHECK_INT(ump_spawn_task(&config, build_nap, NULL, &client, &task), ==, UMP_OK);
	CHECK_INT(ump_client_post(client, &(int){0}), ==, UMP_OK);
	CHECK(ump_task_dispatch(task, 1));
	CHECK_INT(slow.calls, ==, 0);
	ump_task_drop(&task);
	ump_client_drop(&client);

	config.slow_limit = 5000000;
	CHECK_INT(ump_spawn_task(&config, build_nap, NULL, &client, &task), ==, UMP_OK);
	CHECK_INT(ump_client_post(client, &(int){10}), ==, UMP_OK);
	CHECK(ump_task_dispatch(task, 1));
	CHECK_INT(slow.calls, ==, 1);
	CHECK_INT(slow.requests, ==, 0);
	CHECK_INT(slow.took, >, 5000000);
	CHECK(pthread_equal(slow.thread, pthread_self()));
	ump_wait_reply *reply;

	CHECK_INT(ump_client_req_async(client, &(int){10}, &reply), ==, UMP_OK);
	ump_client_drop(&client);
	CHECK(!ump_task_dispatch(task, 0));
	CHECK_INT(slow.calls, ==, 2);
	CHECK_INT(slow.requests, ==, 1);
	CHECK_INT(ump_wait_reply_wait(&reply, NULL, UMP_NOW), ==, UMP_OK);
	CHECK_INT(ump_task_join(&task, &how), ==, UMP_OK);
	CHECK_INT(seen_by_handler, ==, 3);
}

static const struct check_test tests[] = {
	{"the dump names each strong client and where it was made", strong_clients},
	{"the dump names each server once", two_servers},
	{"source locations are given by macros, by hand, or not at all", places},
	{"source locations are copied", places_are_copied},
	{"[clean] a dump without memory for its copy writes nothing", without_memory},
	{"[user] a dump writes with no lock held", no_lock_is_held},
	{"[misuse] a dump to no file, and to one that takes nothing", writing_fails},
	{"[user] a slow handler is reported on its thread, if it is to be", slow_handlers},
};

CHECK_MAIN(tests)
