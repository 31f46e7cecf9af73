/* SPDX-License-Identifier: 0BSD */
/* Posts of four threads to a combining server whose budget is one message.  A combiner releases its
 * role to another sender, and takes it back when that one has released it, too.  The state of the
 * handler passes with the role. */
#include "check.h"

#include <sched.h>
#include <ump_server.h>
#include <unistd.h>

#define SENDERS 4
#define POSTS   60

struct state {
	long handled;
	pthread_t last;
	long turns;
};

static struct ump_flow post(void *self, const void *msg)
{
	struct state *state = self;

	(void)msg;
	state->turns += !pthread_equal(state->last, pthread_self());
	state->last = pthread_self();
	state->handled++;
	/* A released role is taken back after the time of one message. */
	usleep(200);
	return ump_continue();
}

static int build(void *arg, ump_client *client, struct ump_handler *out)
{
	(void)client;
	*out = (struct ump_handler){.self = arg, .post = post};
	return 0;
}

static void *send(void *arg)
{
	ump_client **client = arg;

	for (int i = 0; i < POSTS; i++) {
		CHECK(ump_client_post(*client, &i) == UMP_OK);
		usleep((useconds_t)(i % 3) * 150);
	}
	ump_client_drop(client);
	return NULL;
}

int main(void)
{
	struct ump_config config = {.post.size = sizeof(int), .budget = 1};
	struct state state = {0, pthread_self(), 0};
	ump_client *clients[SENDERS];
	ump_combining *combining;

	CHECK(ump_spawn_combining(&config, build, &state, &clients[0], &combining) == UMP_OK);
	for (int i = 1; i < SENDERS; i++)
		CHECK(ump_client_clone(clients[0], &clients[i]) == UMP_OK);
	run_threads(send, clients, sizeof(ump_client *), SENDERS);
	CHECK(ump_combining_join(&combining, NULL, UMP_FOREVER) == UMP_OK);
	CHECK(state.handled == SENDERS * POSTS);
	return 0;
}
