/* SPDX-License-Identifier: 0BSD */
/*
 * Attacks [bound], [complete] and [quiet].
 *
 * In a queue: a server is held in its handler and its inbox is filled; it must accept exactly as
 * many messages as its capacity.  Then event-loop clients reserve permits, one after the other, and
 * threads block for one, with deadlines and without; some leave.  Once the handler continues,
 * permits must go to the waiters in FIFO order, and each must be kept for its waiter until it is
 * used; no other sender may overtake the queue.  Now and then the server breaks while the queue is
 * not empty.
 *
 * In time: the waiters' deadlines lie around the time at which they get a permit.  A permit that is
 * given to a waiter that has just left would be lost, and soon there would be none.
 *
 * In a crowd: clients reserve permits and are dropped, and so are the completions of these
 * reservations, while the server hands out permits, breaks or drains.
 */
#include "stress.h"

#include <string.h>

#define MOST      8
#define RESERVERS 12
#define BLOCKED   4
#define CROWD     4

static const struct stress_mix hurried = {.bounded = true, .hurried = true};
static const struct stress_mix unhurried = {.bounded = true, .timeout_most = 2000000};

/* ---- In a queue ----------------------------------------------------------------------------- */

struct blocked {
	struct stress_sender sender;
	ump_client *client;
};

static void *block(void *arg)
{
	struct blocked *blocked = arg;
	struct stress_sender *sender = &blocked->sender;

	while (sender->count < sender->most) {
		if (stress_one_in(&sender->rng, 2))
			(void)stress_post(sender, blocked->client, STRESS_ANSWER);
		else
			(void)stress_req(sender, blocked->client, STRESS_ANSWER,
				stress_one_in(&sender->rng, 2) ? UMP_FOREVER : ump_after(1000000));
	}
	ump_client_drop(&blocked->client);
	return NULL;
}

/* Wait until the handler has its first message, in which it is held. */
static void until_held(const ump_client *client)
{
	struct ump_stats stats;

	do {
		check_nap(1);
		CHECK_INT(ump_client_stats(client, &stats), ==, UMP_OK);
	} while (stats.handled == 0 || !stats.busy);
	CHECK_INT(stats.handled, ==, 1);
}

/* Fill the inbox: exactly `capacity` messages must fit. */
static void fill(
	struct stress_sender *sender, const struct stress_server *server, unsigned breaks_at)
{
	struct ump_stats stats;

	for (unsigned i = 0; i < server->capacity; i++)
		CHECK_INT(stress_post(sender, server->client,
				  i == breaks_at ? STRESS_BREAK : STRESS_ANSWER),
			==, UMP_OK);
	CHECK_INT(stress_post(sender, server->client, STRESS_ANSWER), ==, UMP_FULL);
	CHECK_INT(ump_client_stats(server->client, &stats), ==, UMP_OK);
	CHECK_INT(stats.depth, ==, server->capacity);
	CHECK_INT(stats.depth_most, ==, server->capacity);
}

struct queue {
	struct stress_sender sender;
	ump_completions *completions;
	ump_client *reservers[RESERVERS];
};

static void reserve_all(struct queue *queue, const struct stress_server *server)
{
	for (unsigned i = 0; i < RESERVERS; i++) {
		CHECK_INT(ump_client_clone(server->client, &queue->reservers[i]), ==, UMP_OK);
		CHECK_INT(ump_client_reserve(
				  queue->reservers[i], queue->completions, &queue->reservers[i]),
			==, UMP_OK);
		CHECK_INT(ump_client_reserve(queue->reservers[i], queue->completions, NULL), ==,
			UMP_INVALID);
	}
	CHECK_INT(stress_post(&queue->sender, server->client, STRESS_ANSWER), ==, UMP_FULL);
}

/* Some leave the queue, which must complete their reservations at once. */
static void leave(struct queue *queue)
{
	for (unsigned i = 0; i < RESERVERS; i++) {
		struct ump_completion done;

		if (!stress_one_in(&queue->sender.rng, 5))
			continue;
		ump_client_drop(&queue->reservers[i]);
		CHECK_INT(ump_completions_next(queue->completions, &done), ==, UMP_OK);
		CHECK(done.tag == &queue->reservers[i] && done.reply == NULL);
		CHECK_INT(done.result, ==, UMP_ORIGIN_GONE);
	}
}

/* Retrieve the completion of the next waiter: a permit, or UMP_SERVER_GONE. */
static bool get_permit(struct queue *queue, ump_client **reserver, bool breaks, bool over)
{
	struct ump_completion done;
	int result;

	CHECK_INT(ump_completions_wait(queue->completions, &done, UMP_FOREVER), ==, UMP_OK);
	CHECK(done.tag == reserver);
	CHECK(done.result == UMP_OK ? !over : breaks && done.result == UMP_SERVER_GONE);
	if (stress_one_in(&queue->sender.rng, 2))
		stress_dawdle(&queue->sender.rng);
	if (done.result == UMP_OK && stress_one_in(&queue->sender.rng, 4)) {
		/* The permit goes to the next waiter. */
		ump_client_drop(reserver);
		return true;
	}
	result = stress_post(&queue->sender, *reserver, STRESS_ANSWER);
	if (!(breaks && result == UMP_SERVER_GONE))
		CHECK_INT(result, ==, UMP_OK);
	ump_client_drop(reserver);
	stress_count(STRESS_PERMITS, done.result == UMP_OK);
	return done.result == UMP_OK;
}

static void get_all(struct queue *queue, bool breaks)
{
	bool over = false;

	for (unsigned i = 0; i < RESERVERS; i++) {
		if (queue->reservers[i] != NULL)
			over = !get_permit(queue, &queue->reservers[i], breaks, over);
	}
	CHECK_INT(ump_completions_in_flight(queue->completions), ==, 0);
	ump_completions_drop(&queue->completions);
}

/* Every permit must be returned, whatever became of its holder. */
static void check_emptied(ump_weak_client *weak, const struct stress_server *server)
{
	struct ump_stats stats;

	CHECK_INT(ump_weak_client_stats(weak, &stats), ==, UMP_OK);
	CHECK_INT(stats.depth, ==, 0);
	CHECK_INT(stats.depth_most, ==, server->capacity);
	ump_weak_client_drop(&weak);
}

static void in_queue(struct stress_rng *rng)
{
	pthread_mutex_t gate = PTHREAD_MUTEX_INITIALIZER;
	struct stress_server server;
	struct queue queue = {.completions = NULL};
	struct blocked blocked[BLOCKED];
	ump_weak_client *weak = NULL;
	unsigned count = stress_below(rng, BLOCKED + 1);
	bool breaks = stress_one_in(rng, 3);

	stress_server_init(&server, rng);
	server.gate = &gate;
	server.capacity = 1 + stress_below(rng, MOST);
	stress_sender_init(&queue.sender, rng, 0, &hurried, MOST + RESERVERS + 3);
	CHECK_INT(ump_completions_open(&queue.completions), ==, UMP_OK);
	pthread_mutex_lock(&gate);
	stress_server_start(&server);
	CHECK_INT(stress_post(&queue.sender, server.client, STRESS_ANSWER), ==, UMP_OK);
	until_held(server.client);
	fill(&queue.sender, &server, breaks ? stress_below(rng, (unsigned)server.capacity) : MOST);
	for (unsigned i = 0; i < count; i++) {
		stress_sender_init(&blocked[i].sender, rng, i + 1, &unhurried, 4);
		CHECK_INT(ump_client_clone(server.client, &blocked[i].client), ==, UMP_OK);
		blocked[i].sender.thread = stress_thread(block, &blocked[i]);
	}
	reserve_all(&queue, &server);
	leave(&queue);
	if (stress_one_in(rng, 2))
		check_nap(1);
	pthread_mutex_unlock(&gate);
	get_all(&queue, breaks);
	CHECK_INT(ump_client_weak(server.client, &weak), ==, UMP_OK);
	ump_client_drop(&server.client);
	CHECK_INT(stress_server_join(&server), ==, breaks);
	for (unsigned i = 0; i < count; i++) {
		stress_thread_join(blocked[i].sender.thread);
		stress_sender_settle(&blocked[i].sender);
	}
	check_emptied(weak, &server);
	stress_sender_settle(&queue.sender);
}

/* ---- In a crowd ----------------------------------------------------------------------------- */

struct member {
	struct stress_sender sender;
	ump_client *client;
};

/* Reserve, perhaps poll, and drop both, in any order. */
static void reserve_and_go(struct member *member)
{
	struct stress_sender *sender = &member->sender;
	ump_completions *completions = NULL;
	ump_client *reserver = NULL;
	struct ump_completion done;
	int result;

	CHECK_INT(ump_completions_open(&completions), ==, UMP_OK);
	CHECK_INT(ump_client_clone(member->client, &reserver), ==, UMP_OK);
	CHECK_INT(ump_client_reserve(reserver, completions, member), ==, UMP_OK);
	stress_dawdle(&sender->rng);
	if (stress_one_in(&sender->rng, 3) && ump_completions_next(completions, &done) == UMP_OK) {
		CHECK(done.tag == member && done.result != UMP_ORIGIN_GONE);
		result = stress_post(sender, reserver, STRESS_ANSWER);
		CHECK(done.result == UMP_OK ? result != UMP_FULL : result == UMP_SERVER_GONE);
		/* Only a message that was sent has used the permit. */
		if (result == UMP_OK && stress_one_in(&sender->rng, 2))
			CHECK_INT(ump_client_reserve(reserver, completions, member), ==, UMP_OK);
	}
	if (stress_one_in(&sender->rng, 2))
		ump_completions_drop(&completions);
	if (stress_one_in(&sender->rng, 2))
		stress_dawdle(&sender->rng);
	ump_client_drop(&reserver);
	ump_completions_drop(&completions);
}

static void *jostle(void *arg)
{
	struct member *member = arg;
	struct stress_sender *sender = &member->sender;

	while (sender->count + 2 < sender->most) {
		(void)stress_post(sender, member->client, STRESS_ANSWER);
		reserve_and_go(member);
	}
	ump_client_drop(&member->client);
	return NULL;
}

static void in_crowd(struct stress_rng *rng)
{
	struct stress_server server;
	struct stress_sender breaker;
	struct member members[CROWD];
	bool breaks = stress_one_in(rng, 2);

	stress_server_init(&server, rng);
	server.capacity = 1 + stress_below(rng, 3);
	stress_sender_init(&breaker, rng, CROWD, &unhurried, 20);
	stress_server_start(&server);
	for (unsigned i = 0; i < CROWD; i++) {
		stress_sender_init(&members[i].sender, rng, i, &hurried, 60);
		CHECK_INT(ump_client_clone(server.client, &members[i].client), ==, UMP_OK);
		members[i].sender.thread = stress_thread(jostle, &members[i]);
	}
	for (unsigned i = stress_below(rng, 20); i > 0; i--)
		stress_dawdle(rng);
	/* The inbox may be full. */
	while (breaks && breaker.count < breaker.most &&
		stress_post(&breaker, server.client, STRESS_BREAK) == UMP_FULL)
		stress_dawdle(rng);
	ump_client_drop(&server.client);
	(void)stress_server_join(&server);
	for (unsigned i = 0; i < CROWD; i++) {
		stress_thread_join(members[i].sender.thread);
		stress_sender_settle(&members[i].sender);
	}
	stress_sender_settle(&breaker);
}

/* ---- In time -------------------------------------------------------------------------------- */

static void *hurry(void *arg)
{
	struct blocked *blocked = arg;
	struct stress_sender *sender = &blocked->sender;

	while (sender->count < sender->most)
		(void)stress_post(sender, blocked->client, STRESS_ANSWER);
	ump_client_drop(&blocked->client);
	return NULL;
}

static void in_time(struct stress_rng *rng)
{
	static const unsigned lengths[] = {2000, 8000, 30000, 100000};
	struct stress_mix mix = {.bounded = true, .drains = true};
	struct stress_server server;
	struct blocked blocked[BLOCKED];

	stress_server_init(&server, rng);
	server.capacity = 1 + stress_below(rng, 2);
	server.dawdles = false;
	server.delay = lengths[stress_below(rng, 4)];
	/* About the time that the waiters ahead take. */
	mix.timeout_most = 2 * server.delay;
	stress_server_start(&server);
	for (unsigned i = 0; i < BLOCKED; i++) {
		stress_sender_init(&blocked[i].sender, rng, i, &mix, stress_is_slow() ? 80 : 1000);
		CHECK_INT(ump_client_clone(server.client, &blocked[i].client), ==, UMP_OK);
		blocked[i].sender.thread = stress_thread(hurry, &blocked[i]);
	}
	ump_client_drop(&server.client);
	CHECK(!stress_server_join(&server));
	for (unsigned i = 0; i < BLOCKED; i++) {
		stress_thread_join(blocked[i].sender.thread);
		stress_sender_settle(&blocked[i].sender);
	}
}

static void round_of(struct stress_rng *rng)
{
	switch (stress_below(rng, 3)) {
	case 0:
		in_queue(rng);
		break;
	case 1:
		in_crowd(rng);
		break;
	default:
		in_time(rng);
		break;
	}
}

int main(int argc, char **argv)
{
	static const struct stress_program program = {
		"permits_are_handed_off", "[bound] [complete] [quiet] [once]", round_of, 60};

	return stress_main(&program, argc, argv);
}
