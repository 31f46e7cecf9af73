/* SPDX-License-Identifier: 0BSD */
/*
 * Attacks [break] and [once] where the disposition of each message is known in advance: a server is
 * held in its handler, a break and then many messages are queued, and only then the handler
 * continues.  None of these messages may be handled.  Some callers give up before, some are
 * blocked.
 */
#include "stress.h"

#define QUEUED  60
#define BLOCKED 3

static const struct stress_mix mix = {.drains = false};

struct blocked {
	struct stress_sender sender;
	const ump_client *client;
};

static void *block(void *arg)
{
	struct blocked *blocked = arg;

	(void)stress_req(&blocked->sender, blocked->client, STRESS_ANSWER, UMP_FOREVER);
	return NULL;
}

/* Queue posts and requests; some requests are given up at once. */
static void queue(
	struct stress_sender *sender, const ump_client *client, struct stress_pending *pending)
{
	for (unsigned i = 0; i < QUEUED; i++) {
		pending[i].wait_reply = NULL;
		if (stress_one_in(&sender->rng, 2)) {
			CHECK_INT(stress_post(sender, client, STRESS_ANSWER), ==, UMP_OK);
			continue;
		}
		CHECK_INT(stress_req_async(sender, client, STRESS_ANSWER, &pending[i]), ==, UMP_OK);
		if (stress_one_in(&sender->rng, 4))
			stress_abandon(&pending[i]);
	}
}

/* Check the disposition of a message that was queued behind the break. */
static void check_one(const struct stress_record *record, enum stress_leftovers policy)
{
	int end = record->value.end;

	if (!record->is_request) {
		CHECK_INT(end, ==,
			policy == STRESS_LEFTOVERS_NONE ? STRESS_END_DROPPED : STRESS_END_LEFT);
	} else if (record->result == STRESS_ABANDONED) {
		CHECK_INT(end, ==, STRESS_END_DROPPED);
	} else if (policy == STRESS_LEFTOVERS_NONE || policy == STRESS_LEFTOVERS_ALONE) {
		CHECK_INT(record->result, ==, UMP_SERVER_GONE);
		CHECK_INT(end, ==, record->later ? STRESS_END_DROPPED : STRESS_END_RETURNED);
	} else {
		CHECK_INT(end, ==, STRESS_END_LEFT);
		if (policy == STRESS_LEFTOVERS_ANSWERED)
			CHECK_INT(record->result, ==, UMP_OK);
	}
}

static void round_of(struct stress_rng *rng)
{
	pthread_mutex_t gate = PTHREAD_MUTEX_INITIALIZER;
	struct stress_pending pending[QUEUED];
	struct stress_server server;
	struct stress_keeper keeper;
	struct stress_sender sender;
	struct blocked blocked[BLOCKED];

	stress_keeper_start(&keeper, rng);
	stress_server_init(&server, rng);
	server.keeper = &keeper;
	server.gate = &gate;
	stress_sender_init(&sender, rng, 0, &mix, QUEUED + 2);
	pthread_mutex_lock(&gate);
	stress_server_start(&server);
	CHECK_INT(stress_post(&sender, server.client, STRESS_ANSWER), ==, UMP_OK);
	CHECK_INT(stress_post(&sender, server.client, STRESS_BREAK), ==, UMP_OK);
	for (unsigned i = 0; i < BLOCKED; i++) {
		stress_sender_init(&blocked[i].sender, rng, i + 1, &mix, 2);
		blocked[i].client = server.client;
		blocked[i].sender.thread = stress_thread(block, &blocked[i]);
	}
	queue(&sender, server.client, pending);
	pthread_mutex_unlock(&gate);
	for (unsigned i = 0; i < QUEUED; i++) {
		if (pending[i].wait_reply != NULL)
			(void)stress_wait(&sender, &pending[i], UMP_FOREVER);
	}
	CHECK(stress_server_join(&server));
	for (unsigned i = 0; i < BLOCKED; i++)
		stress_thread_join(blocked[i].sender.thread);
	stress_keeper_stop(&keeper);
	CHECK_INT(
		stress_post(&blocked[0].sender, server.client, STRESS_ANSWER), ==, UMP_SERVER_GONE);
	ump_client_drop(&server.client);
	CHECK_INT(server.handled, ==, 2);
	for (size_t i = 2; i < sender.count; i++)
		check_one(&sender.records[i], server.leftovers);
	for (unsigned i = 0; i < BLOCKED; i++)
		stress_sender_settle(&blocked[i].sender);
	stress_sender_settle(&sender);
}

int main(int argc, char **argv)
{
	static const struct stress_program program = {
		"leftovers_accounted", "[break] [once] [gone]", round_of, 80};

	return stress_main(&program, argc, argv);
}
