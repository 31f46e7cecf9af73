/* SPDX-License-Identifier: 0BSD */
/*
 * Attacks [break], [stop], [gone] and [once]: while senders of all kinds send, some message makes
 * the handler break, or the server is stopped from outside, or both.  Nothing may be handled after
 * it.  What was queued must be passed to `leftover`,
 * be dropped, or go back to its caller, depending on the server's policy; join must return the
 * value.
 */
#include "stress.h"

#define SENDERS 6

/* Senders of all kinds.  Breaks are in the mix only now and then, so some servers end by the last
 * drop. */
static struct stress_mix everything(struct stress_rng *rng)
{
	struct stress_mix mix = stress_usual;

	mix.acts[STRESS_BREAK] = stress_below(rng, 3);
	mix.acts[STRESS_ANSWER] = 1 + stress_below(rng, 30);
	mix.timeout_most = 1 + stress_below(rng, 300000);
	return mix;
}

/* Posts without a pause: some arrive at the very moment at which the inbox is closed. */
static struct stress_mix pouring(void)
{
	struct stress_mix mix = {.post = 1, .acts = {[STRESS_ANSWER] = 1}};

	return mix;
}

static void round_of(struct stress_rng *rng)
{
	bool pours = stress_one_in(rng, 2);
	struct stress_mix mix = pours ? pouring() : everything(rng);
	size_t messages = pours ? 40000 : 100;
	struct stress_server server;
	struct stress_keeper keeper;
	struct stress_sender first;
	struct stress_sender senders[SENDERS];
	unsigned count = 1 + stress_below(rng, pours ? 2 : SENDERS);

	stress_keeper_start(&keeper, rng);
	stress_server_init(&server, rng);
	stress_server_roam(&server, rng);
	server.keeper = &keeper;
	server.dawdles = server.dawdles && !pours;
	stress_bound(&server, &mix, rng);
	server.stops = stress_one_in(rng, 2);
	stress_server_start(&server);
	stress_sender_init(&first, rng, SENDERS, &mix, 1);
	for (unsigned i = 0; i < count; i++) {
		stress_sender_init(&senders[i], rng, i, &mix, messages);
		senders[i].sends = messages / 2 + stress_below(rng, (unsigned)messages / 2);
	}
	stress_senders_start(senders, count, server.client);
	if (pours || server.stops)
		stress_stay_awake(rng, 50000);
	if (pours && (!server.stops || stress_one_in(rng, 2)))
		(void)stress_post(&first, server.client, STRESS_BREAK);
	if (server.stops)
		stress_server_stop(&server);
	ump_client_drop(&server.client);
	(void)stress_server_join(&server);
	stress_senders_join(senders, count);
	stress_keeper_stop(&keeper);
	stress_senders_settle(senders, count);
	stress_sender_settle(&first);
}

int main(int argc, char **argv)
{
	static const struct stress_program program = {
		"break_beats_queue", "[break] [stop] [gone] [once] [quiet]", round_of, 60};

	return stress_main(&program, argc, argv);
}
