/* SPDX-License-Identifier: 0BSD */
/* Three threads post pointers to memory that they have written.  The handler reads and frees it,
 * and counts in variables without a lock, which main reads after the join. */
#include "check.h"

#include <ump_server.h>

#define SENDERS 3
#define POSTS   500

struct parcel {
	long sender;
	long number;
};

struct counter {
	long posts;
	long last[SENDERS];
};

static struct ump_flow post(void *self, const void *msg)
{
	struct counter *counter = self;
	struct parcel *parcel = *(struct parcel *const *)msg;

	CHECK(parcel->number == counter->last[parcel->sender] + 1); /* [fifo] */
	counter->last[parcel->sender] = parcel->number;
	counter->posts++;
	free(parcel);
	return ump_continue();
}

static int build(void *arg, ump_client *client, struct ump_handler *out)
{
	(void)client;
	out->self = arg;
	out->post = post;
	return 0;
}

struct sender {
	ump_client *client;
	long number;
};

static void *send(void *arg)
{
	struct sender *sender = arg;
	long i;

	for (i = 1; i <= POSTS; i++) {
		struct parcel *parcel = malloc(sizeof *parcel);

		CHECK(parcel != NULL);
		parcel->sender = sender->number;
		parcel->number = i;
		CHECK(ump_client_post(sender->client, &parcel) == UMP_OK);
	}
	ump_client_drop(&sender->client);
	return NULL;
}

int main(void)
{
	struct ump_config config = {.post.size = sizeof(struct parcel *)};
	struct counter counter = {0};
	struct sender senders[SENDERS];
	ump_client *client;
	ump_thread *thread;
	long i;

	CHECK(ump_spawn_thread(&config, build, &counter, &client, &thread) == UMP_OK);
	for (i = 0; i < SENDERS; i++) {
		senders[i].number = i;
		CHECK(ump_client_clone(client, &senders[i].client) == UMP_OK);
	}
	ump_client_drop(&client);
	run_threads(send, senders, sizeof *senders, SENDERS);
	CHECK(ump_thread_join(&thread, NULL, UMP_FOREVER) == UMP_OK);
	CHECK(counter.posts == SENDERS * POSTS);
	return 0;
}
