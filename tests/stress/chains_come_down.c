/* SPDX-License-Identifier: 0BSD */
/*
 * Attacks [drain], [quiet] and [clean]: servers that own clients of other servers, in chains, trees
 * and other acyclic graphs.  Each passes messages on to the next one, and sends requests to the one
 * after that.  When the clients of the first servers are dropped, all must end by themselves, and
 * must first handle what was accepted anywhere.
 */
#include "stress.h"

#include <stdlib.h>

#define SERVERS  24
#define MESSAGES 400

static const struct stress_mix mix = {.post = 1, .acts = {[STRESS_PASS] = 1}, .drains = true};

struct node {
	struct stress_server server;
	struct stress_sender sender;
};

/* Give a server clients of some servers that were made before it. */
static void own(struct node *nodes, unsigned at, struct stress_rng *rng, bool chain)
{
	struct stress_server *server = &nodes[at].server;
	unsigned wanted = chain ? 1 : 1 + stress_below(rng, STRESS_OWNED);

	for (unsigned i = 0; i < wanted && at > 0; i++) {
		unsigned of = chain ? at - 1 : stress_below(rng, at);

		CHECK_INT(ump_client_clone(
				  nodes[of].server.client, &server->owned[server->owned_count++]),
			==, UMP_OK);
	}
}

static void build_all(struct node *nodes, unsigned count, struct stress_rng *rng)
{
	bool chain = stress_one_in(rng, 2);

	for (unsigned i = 0; i < count; i++) {
		stress_server_init(&nodes[i].server, rng);
		stress_sender_init(&nodes[i].sender, rng, i, &mix, MESSAGES);
		nodes[i].server.sender = &nodes[i].sender;
		own(nodes, i, rng, chain);
		stress_server_start(&nodes[i].server);
	}
}

/* Join some, and drop the others' handles. */
static void end_one(struct node *node, struct stress_rng *rng)
{
	if (node->server.on_task || !stress_one_in(rng, 3)) {
		CHECK(!stress_server_join(&node->server));
		return;
	}
	ump_thread_drop(&node->server.thread);
	while (node->server.drops == 0)
		check_nap(1);
	CHECK(!node->server.broke);
	stress_server_check(&node->server);
}

static void round_of(struct stress_rng *rng)
{
	struct node *nodes = stress_alloc(SERVERS, sizeof *nodes);
	unsigned count = 2 + stress_below(rng, SERVERS - 1);
	struct stress_sender sender;

	stress_sender_init(&sender, rng, SERVERS, &mix, 100);
	build_all(nodes, count, rng);
	for (unsigned i = 0; i < 50; i++) {
		unsigned to = count - 1 - stress_below(rng, 2);

		CHECK_INT(stress_post(&sender, nodes[to].server.client, STRESS_PASS), ==, UMP_OK);
	}
	/* From now on only servers own clients. */
	for (unsigned i = 0; i < count; i++)
		ump_client_drop(&nodes[i].server.client);
	for (unsigned i = count; i > 0; i--)
		end_one(&nodes[i - 1], rng);
	for (unsigned i = 0; i < count; i++)
		stress_sender_settle(&nodes[i].sender);
	stress_sender_settle(&sender);
	free(nodes);
}

int main(int argc, char **argv)
{
	static const struct stress_program program = {
		"chains_come_down", "[drain] [quiet] [clean] [fifo]", round_of, 10};

	return stress_main(&program, argc, argv);
}
