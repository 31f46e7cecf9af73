/* SPDX-License-Identifier: 0BSD */
/* A caller gives up a request that is started, answered or queued.  What either side has done
 * before is seen by the one that ends the request.  The flags put the steps in this order, and
 * are relaxed. */
/* not: helgrind: its flags are atomics, which helgrind does not know */
/* not: drd: its flags are atomics, which DRD does not know */
#include "check.h"

#include <sched.h>
#include <stdatomic.h>
#include <ump_server.h>

enum stage {
	NONE,
	STARTED,
	ANSWERED,
	GIVEN_UP
};

/* The flags are apart from the data. */
static struct {
	_Alignas(64) _Atomic enum stage stage;
	_Alignas(64) int noted;
	_Alignas(64) int dropped;
} shared;

static void reach(enum stage stage)
{
	atomic_store_explicit(&shared.stage, stage, memory_order_relaxed);
}

static void wait_for(enum stage stage)
{
	while (atomic_load_explicit(&shared.stage, memory_order_relaxed) != stage)
		sched_yield();
}

/* 1: answer once the caller has given up.  2: answer before that.  3: let the caller give up the
 * next request, which is queued meanwhile. */
static struct ump_flow request(void *self, const void *msg, ump_reply_context **rc)
{
	int number = *(const int *)msg;

	(void)self;
	reach(STARTED);
	if (number != 2)
		wait_for(GIVEN_UP);
	if (number == 2)
		shared.noted = number;
	CHECK(ump_reply(rc, &number) == (number == 1 ? UMP_ORIGIN_GONE : UMP_OK));
	if (number == 1)
		CHECK(shared.noted == 1);
	if (number == 2)
		reach(ANSWERED);
	return ump_continue();
}

/* Of a request that was queued, and of a reply that was not taken. */
static void drop(void *value)
{
	CHECK(shared.noted == *(int *)value);
	shared.dropped++;
}

static int build(void *arg, ump_client *client, struct ump_handler *out)
{
	(void)arg;
	(void)client;
	*out = (struct ump_handler){.request = request};
	return 0;
}

static ump_wait_reply *ask(const ump_client *client, int number)
{
	ump_wait_reply *wait;

	CHECK(ump_client_req_async(client, &number, &wait) == UMP_OK);
	return wait;
}

static void give_up_started(const ump_client *client)
{
	ump_wait_reply *wait = ask(client, 1);

	wait_for(STARTED);
	shared.noted = 1;
	ump_wait_reply_drop(&wait);
	reach(GIVEN_UP);
}

static void give_up_answered(const ump_client *client)
{
	ump_wait_reply *wait = ask(client, 2);

	wait_for(ANSWERED);
	ump_wait_reply_drop(&wait);
}

static void give_up_queued(const ump_client *client)
{
	ump_wait_reply *first = ask(client, 3);
	ump_wait_reply *queued = ask(client, 4);
	int number;

	wait_for(STARTED);
	shared.noted = 4;
	ump_wait_reply_drop(&queued);
	reach(GIVEN_UP);
	CHECK(ump_wait_reply_wait(&first, &number, UMP_FOREVER) == UMP_OK && number == 3);
}

int main(void)
{
	struct ump_config config = {.request = {sizeof(int), drop}, .reply = {sizeof(int), drop}};
	ump_client *client;
	ump_thread *thread;

	CHECK(ump_spawn_thread(&config, build, NULL, &client, &thread) == UMP_OK);
	give_up_started(client);
	give_up_answered(client);
	give_up_queued(client);
	ump_client_drop(&client);
	CHECK(ump_thread_join(&thread, NULL, UMP_FOREVER) == UMP_OK);
	CHECK(shared.dropped == 3);
	return 0;
}
