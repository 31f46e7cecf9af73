/* SPDX-License-Identifier: 0BSD */
/* Reserve capacity while the server ends.  ThreadSanitizer must see these races. */
#include "probe.h"

#define ROUNDS 600

static void *drop_server(void *arg)
{
	ump_server *server = arg;

	ump_server_drop(&server);
	return NULL;
}

/* Do not wait at all, or for about as long as a thread takes to start. */
static void dawdle(int round)
{
	for (volatile int i = 0; i < round % 97 * 40; i++)
		continue;
}

/* A client with a reservation is dropped, reserves again, or its completions are dropped, while the
 * closing of the inbox completes the reservation. */
static void reserves_and_goes(void)
{
	const struct ump_config config = {.post.size = sizeof(int), .capacity = 1};

	for (int i = 0; i < ROUNDS; i++) {
		ump_completions *completions;
		ump_server *server;
		ump_client *client;
		ump_client *asking;
		pthread_t id;

		CHECK_INT(ump_channel_open(&server, &client, &config), ==, UMP_OK);
		CHECK_INT(ump_client_clone(client, &asking), ==, UMP_OK);
		CHECK_INT(ump_completions_open(&completions), ==, UMP_OK);
		CHECK_INT(ump_client_post(client, &i), ==, UMP_OK);
		CHECK_INT(ump_client_reserve(asking, completions, NULL), ==, UMP_OK);
		CHECK_INT(pthread_create(&id, NULL, drop_server, server), ==, 0);
		dawdle(i);
		if (i % 3 == 0)
			ump_completions_drop(&completions);
		else if (i % 3 == 1)
			(void)ump_client_reserve(asking, completions, NULL);
		ump_client_drop(&asking);
		pthread_join(id, NULL);
		ump_client_drop(&client);
		ump_completions_drop(&completions);
	}
}

static void *drop_completions(void *arg)
{
	ump_completions *completions = arg;

	ump_completions_drop(&completions);
	return NULL;
}

/* Both owners of a reservation release it at the same time, before it was retrieved. */
static void both_go(void)
{
	const struct ump_config config = {.post.size = sizeof(int), .capacity = 1};
	ump_server *server;
	ump_client *client;

	CHECK_INT(ump_channel_open(&server, &client, &config), ==, UMP_OK);
	for (int i = 0; i < ROUNDS; i++) {
		ump_completions *completions;
		ump_client *asking;
		pthread_t id;
		struct ump_stats stats;

		CHECK_INT(ump_client_clone(client, &asking), ==, UMP_OK);
		CHECK_INT(ump_completions_open(&completions), ==, UMP_OK);
		CHECK_INT(ump_client_reserve(asking, completions, NULL), ==, UMP_OK);
		CHECK_INT(pthread_create(&id, NULL, drop_completions, completions), ==, 0);
		dawdle(i);
		/* The client still has its permit, or there is capacity. */
		if (i % 2 == 0)
			CHECK_INT(ump_client_post(asking, &i), ==, UMP_OK);
		ump_client_drop(&asking);
		pthread_join(id, NULL);
		CHECK_INT(ump_client_stats(client, &stats), ==, UMP_OK);
		CHECK_INT(stats.depth, ==, i % 2 == 0);
		if (i % 2 == 0) {
			const void *msg;
			ump_reply_context *rc;

			CHECK_INT(ump_server_try_pop(server, &msg, &rc), ==, UMP_OK);
		}
	}
	ump_server_drop(&server);
	ump_client_drop(&client);
}

/* Without a bound no client waits for capacity, but the server may have ended. */
static void without_a_bound(void)
{
	const struct ump_config config = {.post.size = sizeof(int)};
	struct ump_completion told;
	ump_completions *completions;
	ump_server *server;
	ump_client *client;

	CHECK_INT(ump_channel_open(&server, &client, &config), ==, UMP_OK);
	CHECK_INT(ump_completions_open(&completions), ==, UMP_OK);
	CHECK_INT(ump_client_reserve(client, completions, &told), ==, UMP_OK);
	CHECK_INT(ump_completions_next(completions, &told), ==, UMP_OK);
	CHECK_INT(told.result, ==, UMP_OK);
	CHECK(told.tag == &told);
	ump_server_drop(&server);
	CHECK_INT(ump_client_reserve(client, completions, NULL), ==, UMP_OK);
	CHECK_INT(ump_completions_next(completions, &told), ==, UMP_OK);
	CHECK_INT(told.result, ==, UMP_SERVER_GONE);
	ump_client_drop(&client);
	ump_completions_drop(&completions);
}

/* A post client does what a client does. */
static void by_post_client(void)
{
	const struct ump_config config = {.post.size = sizeof(int), .capacity = 1};
	struct ump_completion told;
	struct ump_stats stats;
	ump_completions *completions;
	ump_server *server;
	ump_client *client;
	ump_post_client *poster;
	ump_weak_client *weak = NULL;
	const void *msg;
	ump_reply_context *rc;
	int value = 1;

	CHECK_INT(ump_channel_open(&server, &client, &config), ==, UMP_OK);
	CHECK_INT(ump_completions_open(&completions), ==, UMP_OK);
	CHECK_INT(ump_client_post_client(client, &poster), ==, UMP_OK);
	CHECK_INT(ump_post_client_post(poster, &value), ==, UMP_OK);
	CHECK_INT(ump_post_client_reserve(poster, completions, &told), ==, UMP_OK);
	CHECK_INT(ump_post_client_reserve(poster, completions, &told), ==, UMP_INVALID);
	CHECK_INT(ump_completions_next(completions, &told), ==, UMP_EMPTY);
	CHECK_INT(ump_server_try_pop(server, &msg, &rc), ==, UMP_OK);
	CHECK_INT(ump_completions_next(completions, &told), ==, UMP_OK);
	CHECK(told.tag == &told && told.result == UMP_OK);
	/* The permit is its own. */
	CHECK_INT(ump_client_post(client, &value), ==, UMP_FULL);
	CHECK_INT(ump_post_client_stats(poster, &stats), ==, UMP_OK);
	CHECK_INT(stats.depth, ==, 1);
	CHECK_INT(ump_post_client_post(poster, &value), ==, UMP_OK);
	/* It goes with a reservation that is pending, and one that was granted. */
	CHECK_INT(ump_post_client_reserve(poster, completions, NULL), ==, UMP_OK);
	CHECK_INT(ump_post_client_weak(poster, &weak), ==, UMP_OK);
	ump_weak_client_drop(&weak);
	ump_post_client_drop(&poster);
	CHECK_INT(ump_completions_next(completions, &told), ==, UMP_OK);
	CHECK_INT(told.result, ==, UMP_ORIGIN_GONE);
	CHECK_INT(ump_server_try_pop(server, &msg, &rc), ==, UMP_OK);
	CHECK_INT(ump_client_post_client(client, &poster), ==, UMP_OK);
	CHECK_INT(ump_post_client_reserve(poster, completions, NULL), ==, UMP_OK);
	ump_post_client_drop(&poster);
	CHECK_INT(ump_client_post(client, &value), ==, UMP_OK);
	CHECK_INT(ump_post_client_reserve(NULL, completions, NULL), ==, UMP_INVALID);
	CHECK_INT(ump_post_client_stats(NULL, &stats), ==, UMP_INVALID);
	CHECK_INT(ump_post_client_weak(NULL, &weak), ==, UMP_INVALID);
	CHECK_INT(ump_post_client_weak(poster, NULL), ==, UMP_INVALID);
	CHECK(weak == NULL);
	ump_client_drop(&client);
	ump_server_drop(&server);
	ump_completions_drop(&completions);
}

static const struct check_test tests[] = {
	{"[bound] [weak] [misuse] a post client reserves, reads statistics, and weakens",
		by_post_client},
	{"[bound] [gone] a reservation at a server without a capacity, and at none",
		without_a_bound},
	{"[bound] [complete] a client with a reservation goes while the inbox closes",
		reserves_and_goes},
	{"[bound] [complete] [clean] a client and its completions go at the same time", both_go},
};

CHECK_MAIN(tests)
