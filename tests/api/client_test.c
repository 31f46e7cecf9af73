/* SPDX-License-Identifier: 0BSD */
#include "channel/channel.h"
#include "client/handle.h"
#include "probe.h"

#include <string.h>

static void post_clients(void)
{
	static struct probe probe;
	struct order order = {OP_ECHO, 3, NULL};
	ump_post_client *first;
	ump_post_client *second;
	ump_client *client;
	ump_thread *thread;

	probe_init(&probe);
	probe_spawn(&probe, &client, &thread);
	CHECK_INT(ump_client_post_client(client, &first), ==, UMP_OK);
	CHECK_INT(ump_post_client_clone(first, &second), ==, UMP_OK);
	ump_client_drop(&client);
	ump_post_client_drop(&first);
	CHECK(first == NULL);
	CHECK_INT(ump_post_client_post(second, &order), ==, UMP_OK);
	ump_post_client_drop(&second);
	CHECK(!probe_join(&thread).stop);
	CHECK_INT(probe.handled, ==, 1);
}

/* Set the counts as if there were this number of handles already. */
static void set_counts(ump_client *client, uint64_t value)
{
	atomic_store(&client->handle.channel->counts.value, value);
}

static void too_many(void)
{
	ump_post_client *post_client;
	ump_weak_client *weak;
	ump_weak_client *more_weak;
	ump_client *client;
	ump_client *clone;
	ump_server *server;

	probe_open(&server, &client);
	CHECK_INT(ump_client_weak(client, &weak), ==, UMP_OK);
	set_counts(client, (uint64_t)UMP__COUNTS_MAX * UMP__COUNTS_STRONG + 3);
	CHECK_INT(ump_client_clone(client, &clone), ==, UMP_OVERFLOW);
	CHECK(clone == NULL);
	CHECK_INT(ump_client_post_client(client, &post_client), ==, UMP_OVERFLOW);
	CHECK(post_client == NULL);
	CHECK_INT(ump_weak_client_upgrade(weak, &clone), ==, UMP_OVERFLOW);
	CHECK(clone == NULL);
	set_counts(client, UMP__COUNTS_STRONG + UMP__COUNTS_MAX);
	CHECK_INT(ump_client_weak(client, &more_weak), ==, UMP_OVERFLOW);
	CHECK(more_weak == NULL);
	CHECK_INT(ump_weak_client_clone(weak, &more_weak), ==, UMP_OVERFLOW);
	CHECK(more_weak == NULL);
	set_counts(client, UMP__COUNTS_STRONG + 3);
	ump_weak_client_drop(&weak);
	ump_client_drop(&client);
	ump_server_drop(&server);
}

static void words(void)
{
	CHECK_INT(ump_version(), ==, UMP_VERSION_NUMBER);
	for (int code = UMP_NO_TIMERS; code <= UMP_OK; code++) {
		CHECK(strcmp(ump_strerror(code), "unknown result") != 0);
		CHECK(strlen(ump_strerror(code)) > 0);
	}
	CHECK(strcmp(ump_strerror(UMP_NO_TIMERS - 1), "unknown result") == 0);
	CHECK(strcmp(ump_strerror(INT32_MIN), "unknown result") == 0);
	CHECK(strcmp(ump_strerror(5), "the handler's own code") == 0);
}

static const struct check_test tests[] = {
	{"[drain] post clients post, and keep the loop going", post_clients},
	{"[clean] [misuse] too many handles give a code and change nothing", too_many},
	{"[misuse] results have words, and the library a version", words},
};

CHECK_MAIN(tests)
