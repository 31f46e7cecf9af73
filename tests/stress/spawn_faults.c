/* SPDX-License-Identifier: 0BSD */
/*
 * Attacks [clean]: the n-th call for memory, for a thread or for a file descriptor fails, for all n
 * of a server's life, while other threads keep a second server busy, and the fault may hit any of
 * them.  What fails must return UMP_NO_MEMORY, UMP_NO_THREAD or UMP_NO_FD and change nothing; all
 * others must continue.
 */
#include "stress.h"

#define OTHERS 2

static const struct stress_mix mix = {
	.post = 8,
	.req = 2,
	.req_until = 2,
	.async = 4,
	.collect = 4,
	.abandon = 2,
	.clone = 2,
	.post_client = 2,
	.weak = 2,
	.dawdle = 1,
	.complete = 4,
	.see = 4,
	.reserve = 2,
	.acts = {[STRESS_ANSWER] = 8, [STRESS_FORGET] = 1, [STRESS_KEEP] = 1},
	.timeout_most = 100000,
	.drains = true,
	.faults = true,
};

/* Run a server while any call may fail. */
static void live(struct stress_rng *rng)
{
	struct stress_server server;
	struct stress_sender sender;
	int result;

	stress_server_init(&server, rng);
	stress_sender_init(&sender, rng, 0, &mix, 40);
	server.sender = &sender;
	server.strays = stress_one_in(rng, 2);
	result = stress_server_spawn(&server);
	if (result == UMP_OK) {
		sender.client = server.client;
		for (unsigned i = 0; i < 12; i++)
			stress_step(&sender);
		stress_sender_finish(&sender);
		ump_client_drop(&sender.client);
		ump_client_drop(&server.stray);
		CHECK(!stress_server_join(&server));
	} else {
		CHECK(result == UMP_NO_MEMORY ||
			result == (server.on_task ? UMP_NO_FD : UMP_NO_THREAD));
		/* The builder may have posted: that will not be handled. */
		sender.mix = &stress_usual;
		ump_client_drop(&server.stray);
	}
	stress_sender_settle(&sender);
}

static void round_of(struct stress_rng *rng)
{
	struct stress_server server;
	struct stress_keeper keeper;
	struct stress_sender others[OTHERS];

	stress_keeper_start(&keeper, rng);
	stress_server_init(&server, rng);
	server.keeper = &keeper;
	stress_server_start(&server);
	for (unsigned i = 0; i < OTHERS; i++) {
		stress_sender_init(&others[i], rng, i, &mix, 400);
		others[i].sends = 300;
	}
	stress_senders_start(others, OTHERS, server.client);
	ump_client_drop(&server.client);
	for (int n = 0; n < 40; n++) {
		faults_at(n);
		live(rng);
		stress_count(STRESS_FAULTS, faults_off());
	}
	CHECK(!stress_server_join(&server));
	stress_senders_join(others, OTHERS);
	stress_keeper_stop(&keeper);
	stress_senders_settle(others, OTHERS);
}

int main(int argc, char **argv)
{
	static const struct stress_program program = {
		"spawn_faults", "[clean] [once] [init]", round_of, 10};

	return stress_main(&program, argc, argv);
}
