/* SPDX-License-Identifier: 0BSD */
/*
 * Attacks [init], [clean], [quiet] and [reuse]: thousands of short-lived servers, many at
 * once.  Builders and init fail; builders clone clients and post before the server runs; some
 * servers are joined, and the handles of others dropped.  All memory and all threads must be
 * released.
 */
#include "stress.h"

#include <stdlib.h>

#define THREADS 3
#define LIVES   12

static const struct stress_mix mix = {.drains = false};

struct mother {
	struct stress_rng rng;
	pthread_t thread;
};

/* Check a client that the builder cloned, of a server that failed to start, or has ended. */
static void check_stray(struct stress_sender *sender, struct stress_server *server, bool failed)
{
	if (server->stray == NULL)
		return;
	if (failed) {
		CHECK_INT(stress_post(sender, server->stray, STRESS_ANSWER), ==, UMP_SERVER_GONE);
		CHECK_INT(stress_req(sender, server->stray, STRESS_ANSWER, UMP_FOREVER), ==,
			UMP_SERVER_GONE);
	}
	ump_client_drop(&server->stray);
}

static void use_and_end(struct stress_sender *sender, struct stress_server *server)
{
	struct stress_rng *rng = &sender->rng;
	bool joins = server->on_task || stress_one_in(rng, 2);

	if (stress_one_in(rng, 2))
		(void)stress_req(sender, server->client, STRESS_ANSWER, UMP_FOREVER);
	if (stress_one_in(rng, 2))
		(void)stress_post(sender, server->client, STRESS_ANSWER);
	if (stress_one_in(rng, 3))
		(void)stress_post(sender, server->client, STRESS_BREAK);
	if (!joins && stress_one_in(rng, 2))
		ump_thread_drop(&server->thread);
	ump_client_drop(&server->client);
	check_stray(sender, server, false);
	if (joins) {
		(void)stress_server_join(server);
		return;
	}
	ump_thread_drop(&server->thread);
	while (server->drops == 0)
		stress_dawdle(rng);
	stress_server_check(server);
}

/* Run one server, which must leave nothing behind. */
static void live(struct stress_rng *rng)
{
	struct stress_server server;
	struct stress_sender sender;
	int result;

	stress_server_init(&server, rng);
	stress_sender_init(&sender, rng, 0, &mix, 8);
	server.sender = &sender;
	server.strays = stress_one_in(rng, 2);
	server.builder_result = stress_one_in(rng, 6) ? 7 : 0;
	server.init_result = stress_one_in(rng, 6) ? 8 : 0;
	server.stack_size = stress_one_in(rng, 2) ? 1 : 0;
	result = stress_server_spawn(&server);
	if (result == UMP_OK) {
		use_and_end(&sender, &server);
	} else {
		CHECK_INT(result, ==, server.builder_result != 0 ? 7 : 8);
		check_stray(&sender, &server, true);
	}
	stress_sender_settle(&sender);
}

static void *bear(void *arg)
{
	struct mother *mother = arg;

	for (unsigned i = 0; i < LIVES; i++)
		live(&mother->rng);
	return NULL;
}

/* Run very many at once. */
static void crowd(struct stress_rng *rng, unsigned count)
{
	struct stress_server *servers = stress_alloc(count, sizeof *servers);
	struct stress_sender sender;

	stress_sender_init(&sender, rng, 0, &mix, 2 * (size_t)count);
	for (unsigned i = 0; i < count; i++) {
		stress_server_init(&servers[i], rng);
		servers[i].has_init = false;
		servers[i].on_task = false;
		if (servers[i].threads == NULL)
			servers[i].stack_size = 1;
		stress_server_start(&servers[i]);
		CHECK_INT(stress_post(&sender, servers[i].client, STRESS_ANSWER), ==, UMP_OK);
	}
	for (unsigned i = 0; i < count; i++)
		CHECK_INT(stress_req(&sender, servers[i].client, STRESS_ANSWER, UMP_FOREVER), ==,
			UMP_OK);
	for (unsigned i = 0; i < count; i++)
		ump_client_drop(&servers[i].client);
	for (unsigned i = 0; i < count; i++)
		CHECK(!stress_server_join(&servers[i]));
	stress_sender_settle(&sender);
	free(servers);
}

static void round_of(struct stress_rng *rng)
{
	struct mother mothers[THREADS];

	if (stress_one_in(rng, 16)) {
		crowd(rng, 1 + stress_below(rng, stress_is_slow() ? 200 : 2000));
		return;
	}
	for (unsigned i = 0; i < THREADS; i++) {
		mothers[i].rng.state = stress_random(rng);
		mothers[i].thread = stress_thread(bear, &mothers[i]);
	}
	for (unsigned i = 0; i < THREADS; i++)
		stress_thread_join(mothers[i].thread);
}

int main(int argc, char **argv)
{
	static const struct stress_program program = {
		"short_lives", "[init] [clean] [quiet] [reuse]", round_of, 24};

	return stress_main(&program, argc, argv);
}
