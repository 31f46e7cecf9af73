/* SPDX-License-Identifier: 0BSD */
/*
 * Attacks [deadline], [origin] and [once]: deadlines expire around the reply, in requests, in waits
 * that are resumed, and in joins.  A reply must arrive or not, never both; nothing may time out
 * before its deadline.
 */
#include "stress.h"

#define SENDERS 4

/* Join with short deadlines until it has ended. */
static void join(struct stress_server *server, struct stress_rng *rng)
{
	int result;

	do {
		ump_time deadline = ump_after(stress_below(rng, 500000));
		/* Not through stress_server_join, which waits forever. */
		struct ump_flow how;

		result = ump_thread_join(&server->thread, &how, deadline);
		if (result == UMP_TIMED_OUT) {
			CHECK(server->thread != NULL);
			CHECK_INT(ump_now(), >=, deadline);
		}
	} while (result == UMP_TIMED_OUT);
	CHECK_INT(result, ==, UMP_OK);
	CHECK(server->thread == NULL);
	CHECK(!server->broke);
	stress_server_check(server);
}

static void round_of(struct stress_rng *rng)
{
	struct stress_mix mix = {
		.req_until = 6,
		.async = 6,
		.collect = 6,
		.complete = 3,
		.see = 3,
		.post = 1,
		.drains = true,
		.acts = {[STRESS_ANSWER] = 6,
			[STRESS_ANSWER_IN_PLACE] = 2,
			[STRESS_FAIL] = 1,
			[STRESS_FORGET] = 1,
			[STRESS_KEEP] = 2},
	};
	static const unsigned timeouts[] = {2000, 10000, 30000, 100000, 400000};
	struct stress_server server;
	struct stress_keeper keeper;
	struct stress_sender senders[SENDERS];
	unsigned count = 1 + stress_below(rng, SENDERS);

	mix.timeout_most = timeouts[stress_below(rng, 5)];
	stress_keeper_start(&keeper, rng);
	stress_server_init(&server, rng);
	stress_server_roam(&server, rng);
	server.keeper = &keeper;
	stress_bound(&server, &mix, rng);
	stress_server_start(&server);
	for (unsigned i = 0; i < count; i++) {
		stress_sender_init(&senders[i], rng, i, &mix, 300);
		senders[i].sends = 100;
	}
	stress_senders_start(senders, count, server.client);
	ump_client_drop(&server.client);
	if (server.on_task || server.combines)
		CHECK(!stress_server_join(&server));
	else
		join(&server, rng);
	stress_senders_join(senders, count);
	stress_keeper_stop(&keeper);
	stress_senders_settle(senders, count);
}

int main(int argc, char **argv)
{
	static const struct stress_program program = {
		"timeout_races_reply", "[deadline] [origin] [once]", round_of, 40};

	return stress_main(&program, argc, argv);
}
