/* SPDX-License-Identifier: 0BSD */
/*
 * Workers: one inbox, several threads.  First a pool for jobs that any worker may take, each with a
 * context of its own; the caller of an endless one gives up at a deadline.  Then accounts, whose
 * key is their number: the deposits to one account never overlap, and need no lock.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <ump_server.h>

#define MS       INT64_C(1000000)
#define WORKERS  4
#define JOBS     5
#define ACCOUNTS 3
#define DEPOSITS 3000

/* ---- Jobs: checksums of texts --------------------------------------------------------------- */

struct job {
	const char *text;
	/* Repeat the text until the caller has given up. */
	bool endless;
};

/* The context of one worker. */
struct checker {
	uint32_t table[256];
};

static int make_table(void *self, ump_weak_client *me)
{
	struct checker *checker = self;

	(void)me;
	for (uint32_t i = 0; i < 256; i++) {
		checker->table[i] = i;
		for (int bit = 0; bit < 8; bit++)
			checker->table[i] = checker->table[i] >> 1 ^
					    (checker->table[i] & 1) * UINT32_C(0xedb88320);
	}
	return 0;
}

static struct ump_flow check(void *self, const void *msg, ump_reply_context **rc)
{
	const struct checker *checker = self;
	struct job job = *(const struct job *)msg;
	uint32_t crc = UINT32_MAX;

	do {
		for (const char *c = job.text; *c != '\0'; c++)
			crc = crc >> 8 ^ checker->table[(crc ^ (unsigned char)*c) & 255];
	} while (job.endless && !ump_reply_origin_gone(*rc));
	crc = ~crc;
	ump_reply(rc, &crc);
	return ump_continue();
}

/* Called once for each worker. */
static int build_checker(void *arg, ump_client *client, struct ump_handler *out)
{
	(void)arg;
	(void)client;
	out->self = malloc(sizeof(struct checker));
	out->init = make_table;
	out->request = check;
	out->drop = free;
	return out->self != NULL ? 0 : UMP_NO_MEMORY;
}

static int run_jobs(void)
{
	static const struct ump_config config = {
		.request.size = sizeof(struct job), .reply.size = sizeof(uint32_t)};
	static const struct job jobs[JOBS] = {
		{"zero", true}, {"one", false}, {"two", false}, {"three", false}, {"four", false}};
	ump_wait_reply *waits[JOBS];
	ump_workers *workers;
	ump_client *client;
	struct ump_stats stats;
	uint64_t handled = 0;

	if (ump_spawn_workers(&config, build_checker, NULL, WORKERS, &client, &workers) != UMP_OK)
		return 1;
	for (int i = 0; i < JOBS; i++) {
		if (ump_client_req_async(client, &jobs[i], &waits[i]) != UMP_OK)
			return 1;
	}
	/* The endless job comes last: it delays none of the others. */
	for (int i = JOBS - 1; i >= 0; i--) {
		ump_time deadline = jobs[i].endless ? ump_after(10 * MS) : UMP_FOREVER;
		uint32_t crc = 0;
		int result = ump_wait_reply_wait(&waits[i], &crc, deadline);

		if (result == UMP_OK)
			printf("%s: %08" PRIx32 "\n", jobs[i].text, crc);
		else
			printf("%s: %s\n", jobs[i].text, ump_strerror(result));
		/* After a deadline this gives the answer up. */
		ump_wait_reply_drop(&waits[i]);
	}
	for (size_t i = 0; ump_workers_stats(workers, i, &stats) == UMP_OK; i++)
		handled += stats.handled;
	printf("%d workers have handled %" PRIu64 " jobs\n", WORKERS, handled);
	ump_client_drop(&client);
	return ump_workers_join(&workers, NULL, UMP_FOREVER);
}

/* ---- Accounts, by key ----------------------------------------------------------------------- */

struct deposit {
	unsigned account;
	long amount;
};

static uint64_t account_of(void *arg, const void *msg, bool request)
{
	(void)arg;
	(void)request;
	return ((const struct deposit *)msg)->account;
}

static struct ump_flow pay_in(void *self, const void *msg)
{
	const struct deposit *deposit = msg;
	long *balances = self;

	balances[deposit->account] += deposit->amount;
	return ump_continue();
}

/* All workers share the balances. */
static int build_bank(void *arg, ump_client *client, struct ump_handler *out)
{
	(void)client;
	out->self = arg;
	out->post = pay_in;
	return 0;
}

static int run_bank(void)
{
	static const struct ump_config config = {
		.post.size = sizeof(struct deposit), .capacity = 64, .key = account_of};
	long balances[ACCOUNTS] = {0};
	ump_workers *workers;
	ump_client *client;
	int result;

	if (ump_spawn_workers(&config, build_bank, balances, WORKERS, &client, &workers) != UMP_OK)
		return 1;
	for (unsigned i = 0; i < DEPOSITS; i++) {
		struct deposit deposit = {i % ACCOUNTS, i % ACCOUNTS + 1};

		if (ump_client_post_until(client, &deposit, UMP_FOREVER) != UMP_OK)
			return 1;
	}
	/* The workers handle all deposits before they end. */
	ump_client_drop(&client);
	result = ump_workers_join(&workers, NULL, UMP_FOREVER);
	for (int i = 0; i < ACCOUNTS; i++)
		printf("account %d has %ld\n", i, balances[i]);
	return result;
}

int main(void)
{
	return run_jobs() != UMP_OK || run_bank() != UMP_OK;
}
