/* SPDX-License-Identifier: 0BSD */
/* Three servers pass buffers on by posts; each changes what the previous one wrote, and the last
 * frees it.  Each stage drops the client of the next one in `drop`, so that all end in turn. */
#include "check.h"

#include <ump_server.h>

#define STAGES  3
#define BUFFERS 500

struct buffer {
	long stage;
	long number;
};

struct stage {
	ump_client *next;
	ump_thread *thread;
	long handled;
};

static struct ump_flow post(void *self, const void *msg)
{
	struct stage *stage = self;
	struct buffer *buffer = *(struct buffer *const *)msg;

	CHECK(buffer->number == stage->handled);
	buffer->stage++;
	stage->handled++;
	if (stage->next != NULL) {
		CHECK(ump_client_post(stage->next, &buffer) == UMP_OK);
		return ump_continue();
	}
	CHECK(buffer->stage == STAGES);
	free(buffer);
	return ump_continue();
}

static void drop(void *self)
{
	ump_client_drop(&((struct stage *)self)->next);
}

static int build(void *arg, ump_client *client, struct ump_handler *out)
{
	(void)client;
	*out = (struct ump_handler){.self = arg, .post = post, .drop = drop};
	return 0;
}

int main(void)
{
	struct ump_config config = {.post.size = sizeof(struct buffer *)};
	struct stage stages[STAGES] = {0};
	ump_client *first = NULL;
	long i;

	for (i = STAGES - 1; i >= 0; i--) {
		stages[i].next = first;
		CHECK(ump_spawn_thread(&config, build, &stages[i], &first, &stages[i].thread) ==
			UMP_OK);
	}
	for (i = 0; i < BUFFERS; i++) {
		struct buffer *buffer = malloc(sizeof *buffer);

		CHECK(buffer != NULL);
		*buffer = (struct buffer){0, i};
		CHECK(ump_client_post(first, &buffer) == UMP_OK);
	}
	ump_client_drop(&first);
	for (i = 0; i < STAGES; i++) {
		CHECK(ump_thread_join(&stages[i].thread, NULL, UMP_FOREVER) == UMP_OK);
		CHECK(stages[i].handled == BUFFERS && stages[i].next == NULL);
	}
	return 0;
}
