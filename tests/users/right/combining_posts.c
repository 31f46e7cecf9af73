/* SPDX-License-Identifier: 0BSD */
/* Four threads only post to a combining server with a small budget, so that the combiner releases
 * its role to any sender.  A callback frees what another thread posted, and keeps state. */
#include "check.h"

#include <sched.h>
#include <ump_server.h>

#define SENDERS 4
#define POSTS   400

struct ledger {
	long sum;
	long *previous;
};

/* Others send while this one yields. */
static struct ump_flow post(void *self, const void *msg)
{
	struct ledger *ledger = self;

	sched_yield();
	ledger->sum += ledger->previous != NULL ? *ledger->previous : 0;
	free(ledger->previous);
	ledger->previous = *(long *const *)msg;
	return ump_continue();
}

static struct ump_flow term(void *self, struct ump_flow how)
{
	struct ledger *ledger = self;

	ledger->sum += *ledger->previous;
	free(ledger->previous);
	return how;
}

static int build(void *arg, ump_client *client, struct ump_handler *out)
{
	(void)client;
	*out = (struct ump_handler){.self = arg, .post = post, .term = term};
	return 0;
}

static void *send(void *arg)
{
	ump_client **client = arg;
	int i;

	for (i = 0; i < POSTS; i++) {
		long *number = malloc(sizeof *number);

		CHECK(number != NULL);
		*number = 1;
		CHECK(ump_client_post(*client, &number) == UMP_OK);
	}
	ump_client_drop(client);
	return NULL;
}

int main(void)
{
	struct ump_config config = {.post.size = sizeof(long *), .budget = 1};
	struct ledger ledger = {0, NULL};
	ump_client *clients[SENDERS];
	ump_combining *combining;
	int i;

	CHECK(ump_spawn_combining(&config, build, &ledger, &clients[0], &combining) == UMP_OK);
	for (i = 1; i < SENDERS; i++)
		CHECK(ump_client_clone(clients[0], &clients[i]) == UMP_OK);
	run_threads(send, clients, sizeof(ump_client *), SENDERS);
	CHECK(ump_combining_join(&combining, NULL, UMP_FOREVER) == UMP_OK);
	CHECK(ledger.sum == SENDERS * POSTS);
	return 0;
}
