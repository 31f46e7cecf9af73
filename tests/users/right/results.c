/* SPDX-License-Identifier: 0BSD */
/* Whatever the result of a blocking request is, the caller reads what the handler wrote before: an
 * answer in the reply buffer, a code, no reply, or, after a break, what `leftover` wrote. */
#include "check.h"

#include <sched.h>
#include <ump_server.h>

#define CALLERS 4
#define ROUNDS  30
#define BREAK   60
#define CALLS   50

struct lent {
	long call;
	long written;
};

static struct ump_flow request(void *self, const void *msg, ump_reply_context **rc)
{
	struct lent *lent = *(struct lent *const *)msg;
	long *handled = self;
	long *buffer = ump_reply_buffer(*rc);

	lent->written = 1;
	++*handled;
	if (*handled == BREAK) {
		sched_yield(); /* others send meanwhile */
		return ump_break(NULL);
	}
	if (lent->call % 3 == 0) {
		*buffer = lent->call;
		CHECK(ump_reply(rc, buffer) == UMP_OK);
	} else if (lent->call % 3 == 1) {
		CHECK(ump_reply_fail(rc, 5) == UMP_OK);
	}
	return ump_continue(); /* [forgot] */
}

static void leftover(void *self, const void *msg, ump_reply_context **rc)
{
	struct lent *lent = *(struct lent *const *)msg;

	(void)self;
	(void)rc;
	lent->written = 2;
}

static int build(void *arg, ump_client *client, struct ump_handler *out)
{
	(void)client;
	*out = (struct ump_handler){.self = arg, .request = request, .leftover = leftover};
	return 0;
}

/* A request that `leftover` has not seen was refused. */
static void check_result(const struct lent *lent, int result, long reply)
{
	static const int results[] = {UMP_OK, 5, UMP_NO_REPLY};

	if (result == UMP_SERVER_GONE) {
		CHECK(lent->written == 0 || lent->written == 2);
		return;
	}
	CHECK(lent->written == 1);
	CHECK(result == results[lent->call % 3] || result == UMP_NO_REPLY);
	CHECK(result != UMP_OK || reply == lent->call);
}

static void *call(void *arg)
{
	ump_client **client = arg;
	int i;

	for (i = 0; i < CALLS; i++) {
		struct lent lent = {i, 0};
		struct lent *msg = &lent;
		long reply = 0;
		int result = ump_client_req(*client, &msg, &reply, UMP_FOREVER);

		check_result(&lent, result, reply);
		lent.written = 3;
	}
	ump_client_drop(client);
	return NULL;
}

int main(void)
{
	struct ump_config config = {
		.request.size = sizeof(struct lent *), .reply.size = sizeof(long)};
	int round;

	for (round = 0; round < ROUNDS; round++) {
		ump_client *clients[CALLERS];
		ump_thread *thread;
		long handled = 0;
		int i;

		CHECK(ump_spawn_thread(&config, build, &handled, &clients[0], &thread) == UMP_OK);
		for (i = 1; i < CALLERS; i++)
			CHECK(ump_client_clone(clients[0], &clients[i]) == UMP_OK);
		run_threads(call, clients, sizeof(ump_client *), CALLERS);
		CHECK(ump_thread_join(&thread, NULL, UMP_FOREVER) == UMP_OK);
		CHECK(handled == BREAK);
	}
	return 0;
}
