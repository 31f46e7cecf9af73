/* SPDX-License-Identifier: 0BSD */
/*
 * Attacks the statistics, and slow_limit: observers read a server's statistics without a pause
 * while senders of all kinds send and while it ends.  Counters must never decrease, no value may
 * exceed its maximum, and the last values must be exact.  Handlers that take longer than the limit
 * by their own clock must be reported.  The observers' weak clients outlive everything.
 */
#include "stress.h"

#define SENDERS  4
#define WATCHERS 2

static void round_of(struct stress_rng *rng)
{
	struct stress_mix mix = stress_usual;
	struct stress_server server;
	struct stress_keeper keeper;
	struct stress_sender senders[SENDERS];
	struct stress_watcher watchers[WATCHERS];
	unsigned count = 1 + stress_below(rng, SENDERS);

	mix.timeout_most = 1 + stress_below(rng, 300000);
	mix.acts[STRESS_FAIL] = 4;
	mix.acts[STRESS_BREAK] = stress_one_in(rng, 3);
	mix.acts[STRESS_ANSWER] = 30;
	mix.drains = mix.acts[STRESS_BREAK] == 0;
	stress_keeper_start(&keeper, rng);
	stress_server_init(&server, rng);
	server.keeper = &keeper;
	server.watched = true;
	server.slow_limit = stress_one_in(rng, 2) ? 1 + stress_below(rng, 20000) : 0;
	server.delay = stress_one_in(rng, 2) ? 1 + stress_below(rng, 20000) : 0;
	stress_bound(&server, &mix, rng);
	stress_server_start(&server);
	for (unsigned i = 0; i < WATCHERS; i++)
		stress_watch_start(&watchers[i], &server, rng);
	for (unsigned i = 0; i < count; i++) {
		stress_sender_init(&senders[i], rng, i, &mix, 150);
		senders[i].sends = stress_below(rng, 100);
	}
	stress_senders_start(senders, count, server.client);
	ump_client_drop(&server.client);
	CHECK(!stress_server_join(&server) || !mix.drains);
	stress_senders_join(senders, count);
	stress_keeper_stop(&keeper);
	for (unsigned i = 0; i < WATCHERS; i++)
		stress_watch_stop(&watchers[i]);
	stress_senders_settle(senders, count);
}

int main(int argc, char **argv)
{
	static const struct stress_program program = {
		"stats_stay_consistent", "[bound] [origin] [clean]", round_of, 40};

	return stress_main(&program, argc, argv);
}
