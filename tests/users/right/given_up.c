/* SPDX-License-Identifier: 0BSD */
/* Callers give up requests: queued, in progress and answered, by wait replies and by completion
 * queues that they drop.  What requests and replies own is freed once, on any of the threads. */
#include "check.h"

#include <ump_server.h>

#define CALLERS  3
#define REQUESTS 300

static struct ump_flow request(void *self, const void *msg, ump_reply_context **rc)
{
	long *number = *(long *const *)msg;

	++*(long *)self;
	*number = -*number;
	(void)ump_reply(rc, &number); /* UMP_ORIGIN_GONE: `drop_number` frees it */
	return ump_continue();
}

static void drop_number(void *value)
{
	long *number = *(long **)value;

	CHECK(*number != 0);
	*number = 0;
	free(number);
}

static int build(void *arg, ump_client *client, struct ump_handler *out)
{
	(void)client;
	out->self = arg;
	out->request = request;
	return 0;
}

static void give_up_one(const ump_client *client, long *number, int i)
{
	ump_wait_reply *wait;
	long *answer;

	CHECK(ump_client_req_async(client, &number, &wait) == UMP_OK);
	if (i % 2 == 0 && ump_wait_reply_try(&wait, &answer) == UMP_OK) {
		CHECK(*answer < 0);
		free(answer);
	}
	ump_wait_reply_drop(&wait);
}

static void give_up_all(ump_completions **completions, int i)
{
	struct ump_completion done;

	if (i % 20 == 19 && ump_completions_wait(*completions, &done, UMP_FOREVER) == UMP_OK) {
		CHECK(done.result == UMP_OK && **(long *const *)done.reply < 0);
		free(*(long *const *)done.reply);
	}
	ump_completions_drop(completions);
	CHECK(ump_completions_open(completions) == UMP_OK);
}

static void *call(void *arg)
{
	ump_client **client = arg;
	ump_completions *completions;
	int i;

	CHECK(ump_completions_open(&completions) == UMP_OK);
	for (i = 0; i < REQUESTS; i++) {
		long *number = malloc(sizeof *number);

		CHECK(number != NULL);
		*number = i + 1;
		if (i % 5 == 0)
			give_up_one(*client, number, i);
		else
			CHECK(ump_client_req_completion(*client, &number, completions, NULL) ==
				UMP_OK);
		if (i % 10 == 9)
			give_up_all(&completions, i);
	}
	ump_completions_drop(&completions);
	ump_client_drop(client);
	return NULL;
}

int main(void)
{
	struct ump_config config = {
		.request = {sizeof(long *), drop_number}, .reply = {sizeof(long *), drop_number}};
	ump_client *clients[CALLERS];
	ump_thread *thread;
	long handled = 0;
	int i;

	CHECK(ump_spawn_thread(&config, build, &handled, &clients[0], &thread) == UMP_OK);
	for (i = 1; i < CALLERS; i++)
		CHECK(ump_client_clone(clients[0], &clients[i]) == UMP_OK);
	run_threads(call, clients, sizeof(ump_client *), CALLERS);
	CHECK(ump_thread_join(&thread, NULL, UMP_FOREVER) == UMP_OK);
	CHECK(handled <= CALLERS * REQUESTS);
	return 0;
}
