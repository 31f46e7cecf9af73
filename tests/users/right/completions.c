/* SPDX-License-Identifier: 0BSD */
/* A poll loop sends requests to two servers and takes the answers out of one completion queue.  The
 * tag is memory that the handler writes, and the answer memory that the loop frees. */
#include "check.h"

#include <poll.h>
#include <ump_server.h>

#define REQUESTS  600
#define IN_FLIGHT 20

struct question {
	long number;
	long square;
};

static struct ump_flow request(void *self, const void *msg, ump_reply_context **rc)
{
	struct question *question = *(struct question *const *)msg;
	long *answer = malloc(sizeof *answer);

	(void)self;
	CHECK(answer != NULL);
	question->square = question->number * question->number;
	*answer = -question->number;
	CHECK(ump_reply(rc, &answer) == UMP_OK);
	return ump_continue();
}

static int build(void *arg, ump_client *client, struct ump_handler *out)
{
	(void)arg;
	(void)client;
	out->request = request;
	return 0;
}

static void take(ump_completions *completions, long *answered)
{
	struct ump_completion done;

	while (ump_completions_next(completions, &done) == UMP_OK) {
		struct question *question = done.tag;
		long *answer = *(long *const *)done.reply;

		CHECK(done.result == UMP_OK);
		CHECK(question->square == question->number * question->number);
		CHECK(*answer == -question->number);
		question->square = 0; /* the loop's again */
		free(answer);
		free(question);
		++*answered;
	}
}

static void send(const ump_client *client, ump_completions *completions, long number)
{
	struct question *question = malloc(sizeof *question);

	CHECK(question != NULL);
	*question = (struct question){.number = number};
	CHECK(ump_client_req_completion(client, &question, completions, question) == UMP_OK);
}

int main(void)
{
	struct ump_config config = {
		.request.size = sizeof(struct question *), .reply.size = sizeof(long *)};
	ump_completions *completions;
	ump_client *clients[2];
	ump_thread *threads[2];
	long answered = 0;
	long sent = 0;
	int i;

	for (i = 0; i < 2; i++)
		CHECK(ump_spawn_thread(&config, build, NULL, &clients[i], &threads[i]) == UMP_OK);
	CHECK(ump_completions_open(&completions) == UMP_OK);
	while (answered < REQUESTS) {
		struct pollfd ready = {ump_completions_fd(completions), POLLIN, 0};

		for (; sent < REQUESTS && sent - answered < IN_FLIGHT; sent++)
			send(clients[sent % 2], completions, sent);
		CHECK(poll(&ready, 1, -1) == 1);
		take(completions, &answered);
	}
	for (i = 0; i < 2; i++) {
		ump_client_drop(&clients[i]);
		CHECK(ump_thread_join(&threads[i], NULL, UMP_FOREVER) == UMP_OK);
	}
	ump_completions_drop(&completions);
	return 0;
}
