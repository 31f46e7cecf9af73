/* SPDX-License-Identifier: 0BSD */
/* Four senders wait for capacity in a small inbox, with and without a deadline; some sends fail
 * with UMP_FULL, and the sender frees what it still owns. */
#include "check.h"

#include <ump_server.h>

#define SENDERS 4
#define SENDS   300

struct total {
	long posts;
	long requests;
};

static struct ump_flow post(void *self, const void *msg)
{
	long *number = *(long *const *)msg;

	((struct total *)self)->posts += *number;
	free(number);
	return ump_continue();
}

static struct ump_flow request(void *self, const void *msg, ump_reply_context **rc)
{
	long *number = *(long *const *)msg;

	((struct total *)self)->requests += *number;
	*number = -1;
	CHECK(ump_reply(rc, &number) == UMP_OK);
	return ump_continue();
}

static int build(void *arg, ump_client *client, struct ump_handler *out)
{
	(void)client;
	*out = (struct ump_handler){.self = arg, .request = request, .post = post};
	return 0;
}

struct sender {
	ump_client *client;
	long posts;
	long requests;
};

static void send_post(struct sender *sender, long *number, int i)
{
	ump_time deadline = i % 3 == 0 ? UMP_NOW : i % 3 == 1 ? ump_after(100000) : UMP_FOREVER;
	int result = ump_client_post_until(sender->client, &number, deadline);

	if (result == UMP_OK) {
		sender->posts++;
		return;
	}
	CHECK(deadline != UMP_FOREVER && (result == UMP_FULL || result == UMP_TIMED_OUT));
	CHECK(*number == 1);
	free(number);
}

static void send_request(struct sender *sender, long *number)
{
	ump_wait_reply *wait;
	long *answer;

	CHECK(ump_client_req_async_until(sender->client, &number, &wait, UMP_FOREVER) == UMP_OK);
	CHECK(ump_wait_reply_wait(&wait, &answer, UMP_FOREVER) == UMP_OK);
	CHECK(*answer == -1);
	free(answer);
	sender->requests++;
}

static void *send(void *arg)
{
	struct sender *sender = arg;
	int i;

	for (i = 0; i < SENDS; i++) {
		long *number = malloc(sizeof *number);

		CHECK(number != NULL);
		*number = 1;
		if (i % 10 == 9)
			send_request(sender, number);
		else
			send_post(sender, number, i);
	}
	ump_client_drop(&sender->client);
	return NULL;
}

int main(void)
{
	struct ump_config config = {.request.size = sizeof(long *),
		.reply.size = sizeof(long *),
		.post.size = sizeof(long *),
		.capacity = 3};
	struct sender senders[SENDERS] = {0};
	struct total total = {0};
	ump_thread *thread;
	int i;

	CHECK(ump_spawn_thread(&config, build, &total, &senders[0].client, &thread) == UMP_OK);
	for (i = 1; i < SENDERS; i++)
		CHECK(ump_client_clone(senders[0].client, &senders[i].client) == UMP_OK);
	run_threads(send, senders, sizeof *senders, SENDERS);
	CHECK(ump_thread_join(&thread, NULL, UMP_FOREVER) == UMP_OK);
	for (i = 0; i < SENDERS; i++) {
		total.posts -= senders[i].posts;
		total.requests -= senders[i].requests;
	}
	CHECK(total.posts == 0 && total.requests == 0);
	return 0;
}
