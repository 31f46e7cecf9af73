/* SPDX-License-Identifier: 0BSD */
/* Handlers send blocking requests to other servers, and lend on what their callers have lent.  Each
 * server on the way writes it; the clients are dropped by several threads. */
#include "check.h"

#include <ump_server.h>

#define CALLERS 3
#define ROUNDS  30
#define CALLS   10

struct server {
	ump_client *next;
	ump_thread *thread;
	long handled;
};

static struct ump_flow request(void *self, const void *msg, ump_reply_context **rc)
{
	struct server *server = self;
	long *lent = *(long *const *)msg;

	server->handled++;
	*lent *= 2;
	if (server->next != NULL)
		CHECK(ump_client_req(server->next, &lent, NULL, UMP_FOREVER) == UMP_OK);
	*lent += 1;
	CHECK(ump_reply(rc, NULL) == UMP_OK);
	return ump_continue();
}

static void drop(void *self)
{
	ump_client_drop(&((struct server *)self)->next);
}

static int build(void *arg, ump_client *client, struct ump_handler *out)
{
	(void)client;
	*out = (struct ump_handler){.self = arg, .request = request, .drop = drop};
	return 0;
}

static void *call(void *arg)
{
	ump_client **client = arg;
	int i;

	for (i = 0; i < CALLS; i++) {
		long number = i;
		long *lent = &number;

		CHECK(ump_client_req(*client, &lent, NULL, UMP_FOREVER) == UMP_OK);
		CHECK(number == 4 * i + 2);
		number = 0;
	}
	ump_client_drop(client);
	return NULL;
}

static void round_of(const struct ump_config *config)
{
	struct server servers[2] = {{0}};
	ump_client *clients[CALLERS];
	int i;

	CHECK(ump_spawn_thread(config, build, &servers[1], &servers[0].next, &servers[1].thread) ==
		UMP_OK);
	CHECK(ump_spawn_thread(config, build, &servers[0], &clients[0], &servers[0].thread) ==
		UMP_OK);
	for (i = 1; i < CALLERS; i++)
		CHECK(ump_client_clone(clients[0], &clients[i]) == UMP_OK);
	run_threads(call, clients, sizeof(ump_client *), CALLERS);
	for (i = 0; i < 2; i++) {
		CHECK(ump_thread_join(&servers[i].thread, NULL, UMP_FOREVER) == UMP_OK);
		CHECK(servers[i].handled == CALLERS * CALLS);
	}
}

int main(void)
{
	struct ump_config config = {.request.size = sizeof(long *)};
	int i;

	for (i = 0; i < ROUNDS; i++)
		round_of(&config);
	return 0;
}
