/* SPDX-License-Identifier: 0BSD */
/* A handler breaks while three threads send.  Whatever it has not handled is freed once: by
 * `leftover`, by the types' `drop`, or by a sender whose send has failed; and join gets memory. */
#include "check.h"

#include <ump_server.h>

#define SENDERS 3
#define SENDS   400
#define BREAK   500

struct counts {
	long handled;
	long leftover;
};

static struct ump_flow count(struct counts *counts, const void *msg)
{
	free(*(long *const *)msg);
	return ++counts->handled == BREAK ? ump_break(counts) : ump_continue();
}

static struct ump_flow post(void *self, const void *msg)
{
	return count(self, msg);
}

static struct ump_flow request(void *self, const void *msg, ump_reply_context **rc)
{
	struct ump_flow flow = count(self, msg);

	(void)ump_reply(rc, NULL); /* the sender may have given up */
	return flow;
}

/* Posts are this function's; a request is left to its type's `drop`. */
static void leftover(void *self, const void *msg, ump_reply_context **rc)
{
	struct counts *counts = self;

	counts->leftover += **(long *const *)msg;
	if (rc == NULL)
		free(*(long *const *)msg);
}

static struct ump_flow term(void *self, struct ump_flow how)
{
	struct counts *counts = self;
	long *total = malloc(sizeof *total);

	CHECK(how.stop && total != NULL);
	*total = counts->handled + counts->leftover;
	return ump_break(total);
}

static void drop(void *self)
{
	free(self);
}

static void drop_number(void *value)
{
	free(*(long **)value);
}

static int build(void *arg, ump_client *client, struct ump_handler *out)
{
	(void)arg;
	(void)client;
	*out = (struct ump_handler){
		calloc(1, sizeof(struct counts)), NULL, request, post, leftover, term, drop};
	return out->self != NULL ? 0 : 1;
}

static void *send(void *arg)
{
	ump_client **client = arg;
	ump_wait_reply *wait = NULL;
	int i;

	for (i = 0; i < SENDS; i++) {
		long *number = malloc(sizeof *number);
		int result;

		CHECK(number != NULL);
		*number = 1;
		if (i % 3 == 0) {
			ump_wait_reply_drop(&wait);
			result = ump_client_req_async(*client, &number, &wait);
		} else {
			result = ump_client_post(*client, &number);
		}
		CHECK(result == UMP_OK || result == UMP_SERVER_GONE);
		if (ump_sent_is_mine(result)) {
			*number = 0;
			free(number);
		}
	}
	ump_wait_reply_drop(&wait);
	ump_client_drop(client);
	return NULL;
}

int main(void)
{
	struct ump_config config = {
		.request = {sizeof(long *), drop_number}, .post = {sizeof(long *), drop_number}};
	ump_client *clients[SENDERS];
	ump_thread *thread;
	struct ump_flow how;
	int i;

	CHECK(ump_spawn_thread(&config, build, NULL, &clients[0], &thread) == UMP_OK);
	for (i = 1; i < SENDERS; i++)
		CHECK(ump_client_clone(clients[0], &clients[i]) == UMP_OK);
	run_threads(send, clients, sizeof(ump_client *), SENDERS);
	CHECK(ump_thread_join(&thread, &how, UMP_FOREVER) == UMP_OK);
	CHECK(how.stop && *(long *)how.value >= BREAK);
	free(how.value);
	return 0;
}
