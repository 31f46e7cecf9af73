/* SPDX-License-Identifier: 0BSD */
/*
 * Attacks [drain], [once], [fifo] and [quiet]: senders of all kinds drop their clients at any time,
 * and the last drop ends the server.  Nothing breaks, so everything that was accepted must be
 * handled, no sender may get UMP_SERVER_GONE, and the loop must end with none, by itself.
 */
#include "stress.h"

#define SENDERS 6

static void round_of(struct stress_rng *rng)
{
	struct stress_mix mix = stress_usual;
	struct stress_server server;
	struct stress_keeper keeper;
	struct stress_sender senders[SENDERS];
	unsigned count = 1 + stress_below(rng, SENDERS);

	mix.drains = true;
	mix.timeout_most = 1 + stress_below(rng, 300000);
	stress_keeper_start(&keeper, rng);
	stress_server_init(&server, rng);
	stress_server_roam(&server, rng);
	server.keeper = &keeper;
	stress_bound(&server, &mix, rng);
	stress_server_start(&server);
	for (unsigned i = 0; i < count; i++) {
		stress_sender_init(&senders[i], rng, i, &mix, 200);
		senders[i].sends = stress_below(rng, 150);
	}
	stress_senders_start(senders, count, server.client);
	ump_client_drop(&server.client);
	CHECK(!stress_server_join(&server));
	stress_senders_join(senders, count);
	stress_keeper_stop(&keeper);
	stress_senders_settle(senders, count);
}

int main(int argc, char **argv)
{
	static const struct stress_program program = {
		"last_drop_ends", "[drain] [once] [fifo] [quiet]", round_of, 40};

	return stress_main(&program, argc, argv);
}
