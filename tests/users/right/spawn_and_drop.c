/* SPDX-License-Identifier: 0BSD */
/* What `init` writes on the new thread, the spawning thread reads; after a spawn that failed, also
 * what `drop` wrote.  What dropped servers write, a thread reads after ump_join_dropped. */
#include "check.h"

#include <ump_server.h>

#define ROUNDS 100
#define POSTS  5

struct state {
	bool fails;
	long built;
	long initialized;
	long *memory;
	long handled;
	long dropped;
};

static int init(void *self, ump_weak_client *me)
{
	struct state *state = self;

	(void)me;
	state->initialized = state->built + 1;
	state->memory = calloc(1, sizeof *state->memory);
	CHECK(state->memory != NULL);
	return state->fails ? 7 : 0;
}

static struct ump_flow post(void *self, const void *msg)
{
	struct state *state = self;

	state->handled += *(const long *)msg;
	return ump_continue();
}

static void drop(void *self)
{
	struct state *state = self;

	free(state->memory);
	state->memory = NULL;
	state->dropped = state->handled + 1;
}

static int build(void *arg, ump_client *client, struct ump_handler *out)
{
	struct state *state = arg;

	(void)client;
	state->built = 1;
	*out = (struct ump_handler){.self = arg, .init = init, .post = post, .drop = drop};
	return 0;
}

static void run_dropped(const struct ump_config *config, struct state *state)
{
	ump_client *client;
	ump_thread *thread;
	long one = 1;
	int i;

	CHECK(ump_spawn_thread(config, build, state, &client, &thread) == UMP_OK);
	CHECK(state->initialized == 2 && *state->memory == 0);
	*state->memory = 1; /* the server has no message that could touch it */
	ump_thread_drop(&thread);
	for (i = 0; i < POSTS; i++)
		CHECK(ump_client_post(client, &one) == UMP_OK);
	ump_client_drop(&client);
}

static void fail(const struct ump_config *config)
{
	struct state state = {.fails = true};
	ump_client *client;
	ump_thread *thread;

	CHECK(ump_spawn_thread(config, build, &state, &client, &thread) == 7);
	CHECK(state.initialized == 2 && state.memory == NULL && state.dropped == 1);
}

int main(void)
{
	struct ump_config config = {.post.size = sizeof(long)};
	struct state states[2];
	int i;

	for (i = 0; i < ROUNDS; i++) {
		states[0] = states[1] = (struct state){0};
		run_dropped(&config, &states[0]);
		fail(&config);
		run_dropped(&config, &states[1]);
		CHECK(ump_join_dropped(UMP_FOREVER) == UMP_OK);
		CHECK(states[0].dropped == POSTS + 1 && states[0].memory == NULL);
		CHECK(states[1].dropped == POSTS + 1 && states[1].memory == NULL);
	}
	return 0;
}
