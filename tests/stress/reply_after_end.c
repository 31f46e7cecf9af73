/* SPDX-License-Identifier: 0BSD */
/*
 * Attacks [keep], [origin] and [once]: reply contexts are kept and completed before, while and long
 * after their server ends, by several threads, in either kind of end.  Some requesters are blocked
 * without a deadline, some poll, some have given up by then.
 */
#include "stress.h"

#define KEPT    40
#define BLOCKED 3

static const struct stress_mix mix = {.drains = false};

struct blocked {
	struct stress_sender sender;
	ump_client *client;
};

static void *block(void *arg)
{
	struct blocked *blocked = arg;

	(void)stress_req(&blocked->sender, blocked->client, STRESS_KEEP, UMP_FOREVER);
	ump_client_drop(&blocked->client);
	return NULL;
}

/* Poll for the reply to a kept request, give it up, or wait for it.  The server has ended by
 * now. */
static void collect(struct stress_sender *sender, struct stress_pending *pending)
{
	if (stress_one_in(&sender->rng, 3) && stress_wait(sender, pending, UMP_NOW) != UMP_EMPTY)
		return;
	if (stress_one_in(&sender->rng, 3))
		stress_abandon(pending);
	else
		(void)stress_wait(sender, pending, UMP_FOREVER);
}

static void send(
	struct stress_sender *sender, struct stress_server *server, struct stress_pending *pending)
{
	for (unsigned i = 0; i < KEPT; i++) {
		CHECK_INT(stress_req_async(sender, server->client, STRESS_KEEP, &pending[i]), ==,
			UMP_OK);
		if (stress_one_in(&sender->rng, 8))
			stress_abandon(&pending[i]);
	}
}

static void round_of(struct stress_rng *rng)
{
	struct stress_pending pending[KEPT];
	struct stress_server server;
	struct stress_keeper keeper;
	struct stress_sender sender;
	struct blocked blocked[BLOCKED];
	/* When the replies begin: before the end, with it, or after it. */
	unsigned when = stress_below(rng, 3);
	bool breaks = stress_one_in(rng, 2);
	/* Blocked callers hold clients, so nothing drains before they are answered. */
	unsigned count = breaks || when == 0 ? stress_below(rng, BLOCKED + 1) : 0;

	stress_keeper_init(&keeper, rng);
	stress_server_init(&server, rng);
	server.keeper = &keeper;
	stress_sender_init(&sender, rng, 0, &mix, KEPT + 1);
	stress_server_start(&server);
	for (unsigned i = 0; i < count; i++) {
		stress_sender_init(&blocked[i].sender, rng, i + 1, &mix, 1);
		CHECK_INT(ump_client_clone(server.client, &blocked[i].client), ==, UMP_OK);
		blocked[i].sender.thread = stress_thread(block, &blocked[i]);
	}
	if (when == 0)
		stress_keeper_run(&keeper);
	send(&sender, &server, pending);
	if (breaks)
		CHECK_INT(stress_post(&sender, server.client, STRESS_BREAK), ==, UMP_OK);
	ump_client_drop(&server.client);
	if (when == 1)
		stress_keeper_run(&keeper);
	CHECK_INT(stress_server_join(&server), ==, breaks);
	stress_keeper_run(&keeper);
	stress_keeper_run(&keeper);
	for (unsigned i = 0; i < KEPT; i++) {
		if (pending[i].wait_reply != NULL)
			collect(&sender, &pending[i]);
	}
	for (unsigned i = 0; i < count; i++)
		stress_thread_join(blocked[i].sender.thread);
	stress_keeper_stop(&keeper);
	for (unsigned i = 0; i < count; i++)
		stress_sender_settle(&blocked[i].sender);
	stress_sender_settle(&sender);
}

int main(int argc, char **argv)
{
	static const struct stress_program program = {
		"reply_after_end", "[keep] [origin] [once] [forgot]", round_of, 80};

	return stress_main(&program, argc, argv);
}
