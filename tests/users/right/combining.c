/* SPDX-License-Identifier: 0BSD */
/* Four callers run a combining server in turn.  The handler keeps variables without a lock: each
 * callback sees what the previous one wrote, on whatever thread it ran. */
#include "check.h"

#include <sched.h>
#include <ump_server.h>

#define CALLERS  4
#define REQUESTS 300

struct account {
	long balance;
	long bookings;
	long *last; /* the memory of the last post, freed by the next callback */
};

static void replace(struct account *account, long *number)
{
	free(account->last);
	account->last = number;
	account->bookings++;
}

static struct ump_flow post(void *self, const void *msg)
{
	struct account *account = self;
	long *number = *(long *const *)msg;

	account->balance += *number;
	replace(account, number);
	return ump_continue();
}

static struct ump_flow request(void *self, const void *msg, ump_reply_context **rc)
{
	struct account *account = self;
	long *lent = *(long *const *)msg;

	sched_yield(); /* others send meanwhile */
	account->balance += *lent;
	*lent = account->balance;
	replace(account, NULL);
	CHECK(ump_reply(rc, &account->bookings) == UMP_OK);
	return ump_continue();
}

static struct ump_flow term(void *self, struct ump_flow how)
{
	replace(self, NULL);
	return how;
}

static int build(void *arg, ump_client *client, struct ump_handler *out)
{
	(void)client;
	*out = (struct ump_handler){.self = arg, .request = request, .post = post, .term = term};
	return 0;
}

static void *call(void *arg)
{
	ump_client **client = arg;
	long bookings = 0;
	int i;

	for (i = 0; i < REQUESTS; i++) {
		long *given = malloc(sizeof *given);
		long number = 1;
		long *lent = &number;
		long before = bookings;

		CHECK(given != NULL);
		*given = 1;
		CHECK(ump_client_post(*client, &given) == UMP_OK);
		CHECK(ump_client_req(*client, &lent, &bookings,
			      i % 2 == 0 ? UMP_FOREVER : ump_after(INT64_C(20000000000))) ==
			UMP_OK);
		CHECK(bookings > before && number > 1);
	}
	ump_client_drop(client);
	return NULL;
}

int main(void)
{
	struct ump_config config = {.request.size = sizeof(long *),
		.reply.size = sizeof(long),
		.post.size = sizeof(long *),
		.budget = 3};
	struct account account = {0};
	ump_client *clients[CALLERS];
	ump_combining *combining;
	int i;

	CHECK(ump_spawn_combining(&config, build, &account, &clients[0], &combining) == UMP_OK);
	for (i = 1; i < CALLERS; i++)
		CHECK(ump_client_clone(clients[0], &clients[i]) == UMP_OK);
	run_threads(call, clients, sizeof(ump_client *), CALLERS);
	CHECK(ump_combining_join(&combining, NULL, UMP_FOREVER) == UMP_OK);
	CHECK(account.balance == 2 * CALLERS * REQUESTS);
	CHECK(account.bookings == 2 * CALLERS * REQUESTS + 1 && account.last == NULL);
	return 0;
}
