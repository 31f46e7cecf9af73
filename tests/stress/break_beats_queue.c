/* SPDX-License-Identifier: 0BSD */
/*
 * Attacks [break], [gone] and [once]: while senders of all kinds are at work, some message makes
 * the handler break.  Nothing may be handled after it; what was queued must end as a leftover, be
 * dropped, or go back to its caller, whichever the server's policy says; join must give the value.
 */
#include "stress.h"

#define SENDERS 6

/* Whoever breaks is in the mix only now and then, so that some servers end by the last drop. */
static void round_of(struct stress_rng *rng)
{
	struct stress_mix mix = stress_usual;
	struct stress_server server;
	struct stress_keeper keeper;
	struct stress_sender senders[SENDERS];
	unsigned count = 1 + stress_below(rng, SENDERS);

	mix.acts[STRESS_BREAK] = stress_below(rng, 3);
	mix.acts[STRESS_ANSWER] = 1 + stress_below(rng, 30);
	mix.patience = 1 + stress_below(rng, 300000);
	stress_keeper_start(&keeper, rng);
	stress_server_init(&server, rng);
	server.keeper = &keeper;
	stress_server_start(&server);
	for (unsigned i = 0; i < count; i++) {
		stress_sender_init(&senders[i], rng, i, &mix, 100);
		senders[i].sends = 50 + stress_below(rng, 50);
	}
	stress_senders_start(senders, count, server.client);
	ump_client_drop(&server.client);
	(void)stress_server_join(&server);
	stress_senders_join(senders, count);
	stress_keeper_stop(&keeper);
	stress_senders_settle(senders, count);
}

int main(int argc, char **argv)
{
	static const struct stress_program program = {
		"break_beats_queue", "[break] [gone] [once] [quiet]", round_of, 60};

	return stress_main(&program, argc, argv);
}
