/* SPDX-License-Identifier: 0BSD */
/*
 * Attacks [once], [fifo] and [drain] with bursts: up to a million messages queue up behind a server
 * that is held in its handler.  Then it continues, and drains them all, or breaks among them and
 * must account for the rest.
 */
#include "stress.h"

#define SENDERS 4

static const struct stress_mix draining = {.drains = true};
static const struct stress_mix breaking = {.drains = false};

struct burst {
	struct stress_sender sender;
	const ump_client *client;
	size_t breaks_at;
};

static void *pour(void *arg)
{
	struct burst *burst = arg;
	struct stress_sender *sender = &burst->sender;

	for (size_t i = 0; i < sender->most; i++) {
		enum stress_act act = i == burst->breaks_at ? STRESS_BREAK : STRESS_ANSWER;
		struct stress_pending pending;

		if (i % 8 != 0) {
			(void)stress_post(sender, burst->client, act);
		} else if (stress_req_async(sender, burst->client, act, &pending) == UMP_OK) {
			stress_abandon(&pending);
		}
		if (i % 65536 == 0)
			check_progress();
	}
	return NULL;
}

static void round_of(struct stress_rng *rng)
{
	unsigned most = stress_is_slow() ? 40000 : 1000000;
	/* Most bursts are small, and some are of the maximum size. */
	unsigned size = stress_one_in(rng, 4) ? most : 1 + stress_below(rng, most / 20);
	unsigned count = 1 + stress_below(rng, SENDERS);
	bool breaks = stress_one_in(rng, 2);
	bool gated = stress_one_in(rng, 2);
	pthread_mutex_t gate = PTHREAD_MUTEX_INITIALIZER;
	struct stress_server server;
	struct burst bursts[SENDERS];

	stress_server_init(&server, rng);
	server.gate = &gate;
	server.dawdles = false;
	if (gated)
		pthread_mutex_lock(&gate);
	stress_server_start(&server);
	for (unsigned i = 0; i < count; i++) {
		struct burst *burst = &bursts[i];

		stress_sender_init(
			&burst->sender, rng, i, breaks ? &breaking : &draining, size / count + 1);
		burst->client = server.client;
		burst->breaks_at = breaks ? stress_below(rng, size / count + 1) : SIZE_MAX;
		burst->sender.thread = stress_thread(pour, burst);
	}
	for (unsigned i = 0; i < count; i++)
		stress_thread_join(bursts[i].sender.thread);
	if (gated)
		pthread_mutex_unlock(&gate);
	ump_client_drop(&server.client);
	/* Breaks in requests that were given up in time never reach the handler. */
	CHECK(!stress_server_join(&server) || breaks);
	for (unsigned i = 0; i < count; i++)
		stress_sender_settle(&bursts[i].sender);
}

int main(int argc, char **argv)
{
	static const struct stress_program program = {
		"flood", "[once] [fifo] [drain] [break]", round_of, 8};

	return stress_main(&program, argc, argv);
}
