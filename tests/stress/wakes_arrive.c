/* SPDX-License-Identifier: 0BSD */
/*
 * Attacks [quiet] at its critical point: each side arrives just when the other one goes from
 * spinning to sleeping.  A client sends a request after a random delay; the handler replies after
 * another one.  Both delays are drawn around the time for which the other side spins, and one lost
 * wake-up is a hang.
 */
#include "stress.h"

#define CLIENTS 2

static const struct stress_mix mix = {.drains = true};

struct pair {
	struct stress_sender sender;
	ump_client *client;
	unsigned most;
};

static void *ask(void *arg)
{
	struct pair *pair = arg;
	struct stress_sender *sender = &pair->sender;
	struct stress_pending pending;

	while (sender->count < sender->most) {
		stress_stay_awake(&sender->rng, pair->most);
		if (!stress_one_in(&sender->rng, 4)) {
			CHECK_INT(stress_req(sender, pair->client, STRESS_ANSWER, UMP_FOREVER), ==,
				UMP_OK);
			continue;
		}
		CHECK_INT(stress_req_async(sender, pair->client, STRESS_ANSWER, &pending), ==,
			UMP_OK);
		stress_stay_awake(&sender->rng, pair->most);
		CHECK_INT(stress_wait(sender, &pending, UMP_FOREVER), ==, UMP_OK);
	}
	ump_client_drop(&pair->client);
	return NULL;
}

static void round_of(struct stress_rng *rng)
{
	static const unsigned lengths[] = {500, 2000, 8000, 30000};
	struct stress_server server;
	struct pair pairs[CLIENTS];
	unsigned count = 1 + stress_below(rng, CLIENTS);
	unsigned asks = stress_is_slow() ? 100 : 1000;

	stress_server_init(&server, rng);
	server.dawdles = false;
	server.delay = lengths[stress_below(rng, 4)];
	stress_server_start(&server);
	for (unsigned i = 0; i < count; i++) {
		stress_sender_init(&pairs[i].sender, rng, i, &mix, asks);
		pairs[i].most = lengths[stress_below(rng, 4)];
		CHECK_INT(ump_client_clone(server.client, &pairs[i].client), ==, UMP_OK);
	}
	ump_client_drop(&server.client);
	for (unsigned i = 0; i < count; i++)
		pairs[i].sender.thread = stress_thread(ask, &pairs[i]);
	for (unsigned i = 0; i < count; i++)
		stress_thread_join(pairs[i].sender.thread);
	CHECK(!stress_server_join(&server));
	for (unsigned i = 0; i < count; i++)
		stress_sender_settle(&pairs[i].sender);
}

int main(int argc, char **argv)
{
	static const struct stress_program program = {"wakes_arrive", "[quiet]", round_of, 16};

	return stress_main(&program, argc, argv);
}
