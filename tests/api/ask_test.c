/* SPDX-License-Identifier: 0BSD */
/* Asking for room while the server ends: what ThreadSanitizer has to look at. */
#include "probe.h"

#define ROUNDS 600

static void *drop_server(void *arg)
{
	ump_server *server = arg;

	ump_server_drop(&server);
	return NULL;
}

/* Sleep not at all, or for about as long as it takes a thread to start. */
static void dawdle(int round)
{
	for (volatile int i = 0; i < round % 97 * 40; i++)
		continue;
}

/* One who has asked goes, asks again, or drops the completions, while closing calls it. */
static void asks_and_goes(void)
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
		CHECK_INT(ump_client_room(asking, completions, NULL), ==, UMP_OK);
		CHECK_INT(pthread_create(&id, NULL, drop_server, server), ==, 0);
		dawdle(i);
		if (i % 3 == 0)
			ump_completions_drop(&completions);
		else if (i % 3 == 1)
			(void)ump_client_room(asking, completions, NULL);
		ump_client_drop(&asking);
		pthread_join(id, NULL);
		ump_client_drop(&client);
		ump_completions_drop(&completions);
	}
}

/* Where there is no bound nobody waits for room, but the server may have ended. */
static void without_a_bound(void)
{
	const struct ump_config config = {.post.size = sizeof(int)};
	struct ump_completion told;
	ump_completions *completions;
	ump_server *server;
	ump_client *client;

	CHECK_INT(ump_channel_open(&server, &client, &config), ==, UMP_OK);
	CHECK_INT(ump_completions_open(&completions), ==, UMP_OK);
	CHECK_INT(ump_client_room(client, completions, &told), ==, UMP_OK);
	CHECK_INT(ump_completions_next(completions, &told), ==, UMP_OK);
	CHECK_INT(told.result, ==, UMP_OK);
	CHECK(told.tag == &told);
	ump_server_drop(&server);
	CHECK_INT(ump_client_room(client, completions, NULL), ==, UMP_OK);
	CHECK_INT(ump_completions_next(completions, &told), ==, UMP_OK);
	CHECK_INT(told.result, ==, UMP_SERVER_GONE);
	ump_client_drop(&client);
	ump_completions_drop(&completions);
}

static const struct check_test tests[] = {
	{"[bound] [gone] room in a server without a bound, and in none", without_a_bound},
	{"[bound] [complete] one who has asked for room goes while the inbox closes",
		asks_and_goes},
};

CHECK_MAIN(tests)
