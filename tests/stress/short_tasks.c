/* SPDX-License-Identifier: 0BSD */
/*
 * Attacks [task], [init] and [clean]: thousands of short-lived tasks.  Another thread posts to each
 * of them, and drops a client of it, at any time: before it is run, while it drains, while it is
 * dropped, and after it is gone, when that client alone keeps its descriptor.
 */
#include "stress.h"

#define THREADS 2
#define LIVES   60

static const struct stress_mix mix = {.drains = false};

/* A thread that runs tasks, and the neighbour that sends to one. */
struct mother {
	struct stress_rng rng;
	pthread_t thread;
};

struct pair {
	struct stress_sender sender;
	ump_client *client;
	pthread_t thread;
};

static void *neighbour(void *arg)
{
	struct pair *pair = arg;

	while (pair->sender.count < pair->sender.most) {
		stress_dawdle(&pair->sender.rng);
		if (stress_one_in(&pair->sender.rng, 6))
			break;
		(void)stress_post(&pair->sender, pair->client,
			stress_one_in(&pair->sender.rng, 12) ? STRESS_BREAK : STRESS_SUSPEND);
	}
	ump_client_drop(&pair->client);
	return NULL;
}

/* Run it for a while; then run it to its end or drop it. */
static void run_and_end(struct stress_server *server, struct stress_rng *rng)
{
	unsigned iterations = stress_below(rng, 6);
	bool goes_on = true;

	for (unsigned i = 0; goes_on && i < iterations; i++) {
		goes_on = stress_server_iterate(server, rng);
		stress_dawdle(rng);
	}
	if (server->may_drop) {
		stress_server_drop(server);
		return;
	}
	CHECK_INT(ump_task_run(server->task, UMP_FOREVER), ==, UMP_OK);
	(void)stress_server_join(server);
}

/* Run one task, which must leave nothing behind. */
static void live(struct stress_rng *rng)
{
	struct stress_server server;
	struct stress_sender own;
	struct pair pair;
	int result;

	stress_server_init(&server, rng);
	stress_sender_init(&own, rng, 0, &mix, 8);
	stress_sender_init(&pair.sender, rng, 1, &mix, 8);
	server.on_task = true;
	server.driven = true;
	server.may_drop = stress_one_in(rng, 2);
	server.sender = &own;
	server.strays = stress_one_in(rng, 2);
	server.builder_result = stress_one_in(rng, 8) ? 7 : 0;
	server.init_result = stress_one_in(rng, 8) ? 8 : 0;
	result = stress_server_spawn(&server);
	if (result == UMP_OK) {
		CHECK_INT(ump_client_clone(server.client, &pair.client), ==, UMP_OK);
		pair.thread = stress_thread(neighbour, &pair);
		if (stress_one_in(rng, 2))
			(void)stress_post(&own, server.client, STRESS_ANSWER);
		ump_client_drop(&server.client);
		ump_client_drop(&server.stray);
		run_and_end(&server, rng);
		stress_thread_join(pair.thread);
	} else {
		CHECK_INT(result, ==, server.builder_result != 0 ? 7 : 8);
		if (server.stray != NULL)
			CHECK_INT(stress_post(&own, server.stray, STRESS_ANSWER), ==,
				UMP_SERVER_GONE);
		ump_client_drop(&server.stray);
	}
	stress_sender_settle(&own);
	stress_sender_settle(&pair.sender);
}

static void *bear(void *arg)
{
	struct mother *mother = arg;

	for (unsigned i = 0; i < LIVES; i++)
		live(&mother->rng);
	return NULL;
}

static void round_of(struct stress_rng *rng)
{
	struct mother mothers[THREADS];

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
		"short_tasks", "[task] [init] [suspend] [clean]", round_of, 16};

	return stress_main(&program, argc, argv);
}
