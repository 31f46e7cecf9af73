/* SPDX-License-Identifier: 0BSD */
/*
 * Attacks [quiet], [once] and [fifo] with up to 64 threads on the available processors.  They come
 * and go in waves, all at one server, whose handler may be slow.  Most of the time all of them
 * sleep or want to run, and no wake-up may be lost.
 */
#include "stress.h"

#include <stdlib.h>

#define WAVES   2
#define THREADS 64

static void round_of(struct stress_rng *rng)
{
	struct stress_mix mix = {
		.post = 2,
		.req = 6,
		.req_until = 1,
		.async = 1,
		.collect = 1,
		.clone = 1,
		.weak = 1,
		.acts = {[STRESS_ANSWER] = 8, [STRESS_KEEP] = 1},
		.timeout_most = 2000000,
		.drains = true,
	};
	struct stress_sender *senders = stress_alloc(THREADS, sizeof *senders);
	unsigned count = 1U << stress_below(rng, 7);
	struct stress_server server;
	struct stress_keeper keeper;

	stress_keeper_start(&keeper, rng);
	stress_server_init(&server, rng);
	stress_server_roam(&server, rng);
	server.keeper = &keeper;
	server.dawdles = stress_one_in(rng, 3);
	stress_bound(&server, &mix, rng);
	stress_server_start(&server);
	for (unsigned i = 0; i < count; i++)
		stress_sender_init(&senders[i], rng, i, &mix, 60);
	for (unsigned wave = 0; wave < WAVES; wave++) {
		for (unsigned i = 0; i < count; i++)
			senders[i].sends = 1 + stress_below(rng, 25);
		stress_senders_start(senders, count, server.client);
		if (wave + 1 == WAVES)
			ump_client_drop(&server.client);
		stress_senders_join(senders, count);
		check_progress();
	}
	CHECK(!stress_server_join(&server));
	stress_keeper_stop(&keeper);
	stress_senders_settle(senders, count);
	free(senders);
}

int main(int argc, char **argv)
{
	static const struct stress_program program = {
		"many_clients", "[quiet] [once] [fifo]", round_of, 16};

	return stress_main(&program, argc, argv);
}
