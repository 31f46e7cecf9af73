/* SPDX-License-Identifier: 0BSD */
/* Requests with deadlines, in memory that the library recycles, own memory and get memory back.
 * Some callers give up early; then the types' `drop` frees what no thread has got. */
#include "check.h"

#include <ump_server.h>

#define CALLERS  3
#define REQUESTS 400

static struct ump_flow request(void *self, const void *msg, ump_reply_context **rc)
{
	long *const *number = msg;
	long *answer = *number;

	(void)self;
	*answer += 1;
	if (*answer % 2 == 0) {
		long **buffer = ump_reply_buffer(*rc);

		*buffer = answer;
		(void)ump_reply(rc, buffer);
		return ump_continue();
	}
	(void)ump_reply(rc, &answer); /* if the caller has given up, `drop` frees it */
	return ump_continue();
}

static int build(void *arg, ump_client *client, struct ump_handler *out)
{
	(void)arg;
	(void)client;
	out->request = request;
	return 0;
}

static void drop_number(void *value)
{
	free(*(long **)value);
}

/* Every fourth request is likely to time out. */
static ump_time deadline(int i)
{
	return ump_after(i % 4 == 3 ? 1000 : INT64_C(20000000000));
}

static void *call(void *arg)
{
	ump_client **client = arg;
	int answered = 0;
	int i;

	for (i = 0; i < REQUESTS; i++) {
		long *number = malloc(sizeof *number);
		long *answer;
		int result;

		CHECK(number != NULL);
		*number = i;
		result = ump_client_req(*client, &number, &answer, deadline(i));
		CHECK(result == UMP_OK || (result == UMP_TIMED_OUT && i % 4 == 3));
		if (result != UMP_OK)
			continue;
		CHECK(*answer == i + 1);
		free(answer);
		answered++;
	}
	CHECK(answered >= REQUESTS / 4 * 3);
	ump_client_drop(client);
	return NULL;
}

int main(void)
{
	struct ump_config config = {
		.request = {sizeof(long *), drop_number}, .reply = {sizeof(long *), drop_number}};
	ump_client *clients[CALLERS];
	ump_thread *thread;
	int i;

	CHECK(ump_spawn_thread(&config, build, NULL, &clients[0], &thread) == UMP_OK);
	for (i = 1; i < CALLERS; i++)
		CHECK(ump_client_clone(clients[0], &clients[i]) == UMP_OK);
	run_threads(call, clients, sizeof(ump_client *), CALLERS);
	CHECK(ump_thread_join(&thread, NULL, UMP_FOREVER) == UMP_OK);
	return 0;
}
