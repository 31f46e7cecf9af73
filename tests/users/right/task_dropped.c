/* SPDX-License-Identifier: 0BSD */
/* A task is dropped while its handler has suspended: another thread still reads the post, which
 * stays valid until the resume, and writes memory that main reads after joining the thread. */
#include "check.h"

#include <ump_server.h>

#define ROUNDS 150

struct post {
	long number;
	long *owned;
};

/* What the suspended handler has handed to another thread. */
struct suspended {
	ump_suspension *suspension;
	const struct post *post;
	long seen;
	int result;
};

static struct suspended suspended;
static long dropped;

static struct ump_flow post(void *self, const void *msg)
{
	struct suspended *mine = self;

	mine->post = msg;
	mine->suspension = ump_suspend();
	CHECK(mine->suspension != NULL);
	return ump_pending();
}

static void leftover(void *self, const void *msg, ump_reply_context **rc)
{
	const struct post *post = msg;

	(void)self;
	CHECK(rc == NULL);
	dropped += *post->owned;
	free(post->owned);
}

static int build(void *arg, ump_client *client, struct ump_handler *out)
{
	(void)client;
	*out = (struct ump_handler){.self = arg, .post = post, .leftover = leftover};
	return 0;
}

static void *resume(void *arg)
{
	struct suspended *mine = arg;

	mine->seen = mine->post->number + *mine->post->owned;
	free(mine->post->owned);
	mine->result = ump_task_resume(&mine->suspension, ump_continue());
	return NULL;
}

static void send(const ump_client *client, long number)
{
	struct post post = {number, malloc(sizeof(long))};

	CHECK(post.owned != NULL);
	*post.owned = 1;
	CHECK(ump_client_post(client, &post) == UMP_OK);
}

int main(void)
{
	struct ump_config config = {.post.size = sizeof(struct post)};
	long i;

	for (i = 0; i < ROUNDS; i++) {
		ump_client *client;
		pthread_t thread;
		ump_task *task;

		CHECK(ump_spawn_task(&config, build, &suspended, &client, &task) == UMP_OK);
		send(client, i);
		send(client, i);
		CHECK(ump_task_dispatch(task, 0));
		CHECK(pthread_create(&thread, NULL, resume, &suspended) == 0);
		ump_task_drop(&task);
		ump_client_drop(&client);
		CHECK(pthread_join(thread, NULL) == 0);
		CHECK(suspended.seen == i + 1 && dropped == i + 1);
		CHECK(suspended.result == UMP_OK || suspended.result == UMP_SERVER_GONE);
	}
	return 0;
}
