/* SPDX-License-Identifier: 0BSD */
/* Four threads send requests that lend variables on their stacks.  The handler changes these, and
 * writes each reply in place; a caller continues with both after its answer, without a lock. */
#include "check.h"

#include <string.h>
#include <ump_server.h>

#define CALLERS  4
#define REQUESTS 300

struct question {
	long *number;
	char *text;
};

struct answer {
	long sum;
	char text[16];
};

static struct ump_flow request(void *self, const void *msg, ump_reply_context **rc)
{
	long *sum = self;
	const struct question *question = msg;
	struct answer *answer = ump_reply_buffer(*rc);

	*question->number += 1;
	*sum += *question->number;
	answer->sum = *sum;
	memcpy(answer->text, question->text, sizeof answer->text);
	memset(question->text, '.', 4);
	CHECK(ump_reply(rc, answer) == UMP_OK);
	return ump_continue();
}

static int build(void *arg, ump_client *client, struct ump_handler *out)
{
	(void)client;
	out->self = arg;
	out->request = request;
	return 0;
}

static void *call(void *arg)
{
	ump_client **client = arg;
	char text[16] = "text";
	long number = 0;
	long last = 0;
	int i;

	for (i = 0; i < REQUESTS; i++) {
		struct question question = {&number, text};
		struct answer answer;

		CHECK(ump_client_req(*client, &question, &answer, UMP_FOREVER) == UMP_OK);
		number++;
		CHECK(number == 2 * (i + 1));
		CHECK(answer.sum > last);
		last = answer.sum;
		CHECK(strcmp(answer.text, "text") == 0 && strcmp(text, "....") == 0);
		strcpy(text, "text");
	}
	ump_client_drop(client);
	return NULL;
}

int main(void)
{
	struct ump_config config = {
		.request.size = sizeof(struct question), .reply.size = sizeof(struct answer)};
	ump_client *clients[CALLERS];
	ump_thread *thread;
	long sum = 0;
	int i;

	CHECK(ump_spawn_thread(&config, build, &sum, &clients[0], &thread) == UMP_OK);
	for (i = 1; i < CALLERS; i++)
		CHECK(ump_client_clone(clients[0], &clients[i]) == UMP_OK);
	run_threads(call, clients, sizeof(ump_client *), CALLERS);
	CHECK(ump_thread_join(&thread, NULL, UMP_FOREVER) == UMP_OK);
	CHECK(sum == (long)CALLERS * REQUESTS * REQUESTS);
	return 0;
}
