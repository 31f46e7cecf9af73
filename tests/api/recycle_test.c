/* SPDX-License-Identifier: 0BSD */
/*
 * Memory cost of a busy client's messages: no allocations once it is warm, little memory kept after
 * a burst, and none once it is dropped, whenever its last message is released.
 */
#include "check.h"

#include <pthread.h>
#include <string.h>
#include <ump_server.h>

/* More than a client sends before it recycles, and than any slab holds. */
#define WARM 2000
/* What may be kept spare: the pool, slabs and requests. */
#define SPARE (1 + 16 + 256)

static ump_client *client;
static ump_server *server;

static void open_channel(size_t request, size_t post)
{
	struct ump_config config = {
		.request.size = request, .reply.size = request, .post.size = post};

	CHECK_INT(ump_channel_open(&server, &client, &config), ==, UMP_OK);
}

static void close_channel(void)
{
	ump_client_drop(&client);
	ump_server_drop(&server);
}

/* Receive one post, which must hold `number`. */
static void receive(uint64_t number)
{
	ump_reply_context *rc;
	const void *msg;
	uint64_t got;

	CHECK_INT(ump_server_try_pop(server, &msg, &rc), ==, UMP_OK);
	memcpy(&got, msg, sizeof got);
	CHECK_INT(got, ==, number);
}

static void exchange_posts(uint64_t count)
{
	for (uint64_t i = 0; i < count; i++)
		CHECK_INT(ump_client_post(client, &i), ==, UMP_OK);
	for (uint64_t i = 0; i < count; i++)
		receive(i);
}

static void exchange_requests(int count)
{
	ump_wait_reply *waiting[64];
	ump_reply_context *rc;
	const void *msg;
	uint64_t reply;

	for (uint64_t i = 0; i < (uint64_t)count; i++)
		CHECK_INT(ump_client_req_async(client, &i, &waiting[i]), ==, UMP_OK);
	for (int i = 0; i < count; i++) {
		CHECK_INT(ump_server_try_pop(server, &msg, &rc), ==, UMP_OK);
		CHECK_INT(ump_reply(&rc, msg), ==, UMP_OK);
	}
	for (int i = 0; i < count; i++) {
		CHECK_INT(ump_wait_reply_try(&waiting[i], &reply), ==, UMP_OK);
		CHECK_INT(reply, ==, i);
	}
}

static void busy(void)
{
	long before;

	open_channel(sizeof(uint64_t), sizeof(uint64_t));
	for (int i = 0; i < WARM / 50; i++) {
		exchange_posts(50);
		exchange_requests(50);
	}
	before = faults_calls();
	for (int i = 0; i < WARM / 50; i++) {
		exchange_posts(50);
		exchange_requests(50);
	}
	CHECK_INT(faults_calls(), ==, before);
	close_channel();
}

static void burst(void)
{
	long before = faults_live();
	long calls;

	open_channel(sizeof(uint64_t), sizeof(uint64_t));
	calls = faults_calls();
	exchange_posts(100000);
	CHECK_INT(faults_calls() - calls, <=, 100000 / 100);
	/* The last post is lent until the next call. */
	CHECK(ump_server_was_empty(server));
	CHECK_INT(faults_live() - before, <=, 2 + SPARE + 1);
	close_channel();
	CHECK_INT(faults_live(), ==, before);
}

/* The last slab of a burst must be freed like all others, even if its sender never sends again. */
static void nothing_above(void)
{
	for (uint64_t count = 20000; count < 20400; count += 40) {
		long before = faults_live();

		open_channel(sizeof(uint64_t), sizeof(uint64_t));
		exchange_posts(count);
		CHECK(ump_server_was_empty(server));
		CHECK_INT(ump_server_try_pop(
				  server, &(const void *){NULL}, &(ump_reply_context *){NULL}),
			==, UMP_EMPTY);
		/* The channel, the client, the pool, and what the pool keeps. */
		CHECK_INT(faults_live() - before, <=, 3 + 16);
		exchange_posts(count);
		close_channel();
		CHECK_INT(faults_live(), ==, before);
	}
}

/* What a client keeps when everything was returned, in allocations, whose sizes are known. */
static void limits(void)
{
	/* The configured size, and the number of slabs of at most a page, and of requests of 128
	 * bytes. */
	static const struct {
		size_t keep;
		long slabs;
		long requests;
		bool pool;
	} all[] = {
		{1, 0, 0, false},
		{256, 0, 0, false},
		{1024, 1, 3, true},
		{10000, 1, 38, true},
		{256 + 2 * 16384, 4, 128, true},
		{(size_t)1 << 20, 128, 4000, true},
		{0, 16, 256, true},
	};

	for (size_t i = 0; i < sizeof all / sizeof all[0]; i++) {
		struct ump_config config = {.request.size = sizeof(uint64_t),
			.reply.size = sizeof(uint64_t),
			.post.size = sizeof(uint64_t),
			.keep = all[i].keep};
		static ump_wait_reply *waiting[4000];
		long before;

		CHECK_INT(ump_channel_open(&server, &client, &config), ==, UMP_OK);
		before = faults_live();
		exchange_posts(60000);
		for (int j = 0; j < 4000; j++)
			CHECK_INT(ump_client_req_async(client, &(uint64_t){1}, &waiting[j]), ==,
				UMP_OK);
		for (int j = 0; j < 4000; j++)
			ump_wait_reply_drop(&waiting[j]);
		CHECK_INT(ump_server_try_pop(
				  server, &(const void *){NULL}, &(ump_reply_context *){NULL}),
			==, UMP_EMPTY);
		CHECK_INT(faults_live() - before, <=,
			all[i].slabs + all[i].requests + (all[i].pool ? 1 : 0));
		close_channel();
	}
}

/* Messages of all sizes: packed, in slabs of a few, and too large for any slab. */
static void sizes(void)
{
	static const size_t all[] = {1, 4, 8, 12, 15, 16, 17, 24, 100, 1000, 5000, 40000, 100000};
	static unsigned char value[100000];

	for (size_t s = 0; s < sizeof all / sizeof all[0]; s++) {
		open_channel(0, all[s]);
		for (int round = 0; round < 3; round++) {
			for (int i = 0; i < 30; i++) {
				memset(value, i + 1, all[s]);
				CHECK_INT(ump_client_post(client, value), ==, UMP_OK);
			}
			for (int i = 0; i < 30; i++) {
				ump_reply_context *rc;
				const void *msg;

				memset(value, i + 1, all[s]);
				CHECK_INT(ump_server_try_pop(server, &msg, &rc), ==, UMP_OK);
				CHECK(memcmp(msg, value, all[s]) == 0);
				CHECK_INT(
					(uintptr_t)msg % (all[s] < 16 ? 8 : _Alignof(max_align_t)),
					==, 0);
			}
		}
		close_channel();
	}
}

/* Posts and requests that outlive their client: queued, kept, and waited for. */
static void outliving(void)
{
	ump_wait_reply *waiting;
	ump_reply_context *rc;
	ump_reply_context *kept;
	const void *msg;
	uint64_t reply;
	long before = faults_live();

	open_channel(sizeof(uint64_t), sizeof(uint64_t));
	exchange_posts(50);
	exchange_requests(50);
	CHECK_INT(ump_client_req_async(client, &(uint64_t){7}, &waiting), ==, UMP_OK);
	CHECK_INT(ump_client_post(client, &(uint64_t){8}), ==, UMP_OK);
	ump_client_drop(&client);
	CHECK_INT(ump_server_try_pop(server, &msg, &rc), ==, UMP_OK);
	kept = ump_reply_keep(&rc);
	receive(8);
	ump_server_drop(&server);
	CHECK_INT(ump_reply(&kept, &(uint64_t){9}), ==, UMP_OK);
	CHECK_INT(ump_wait_reply_try(&waiting, &reply), ==, UMP_OK);
	CHECK_INT(reply, ==, 9);
	CHECK_INT(faults_live(), ==, before);
}

static void *send_all(void *arg)
{
	(void)arg;
	for (uint64_t i = 0; i < WARM; i++)
		CHECK_INT(ump_client_post(client, &(uint64_t){1}), ==, UMP_OK);
	return NULL;
}

static void sharing(void)
{
	pthread_t threads[4];
	ump_reply_context *rc;
	const void *msg;

	open_channel(0, sizeof(uint64_t));
	for (int i = 0; i < 4; i++)
		CHECK_INT(pthread_create(&threads[i], NULL, send_all, NULL), ==, 0);
	for (int i = 0; i < 4 * WARM; i++) {
		uint64_t got;

		CHECK_INT(ump_server_wait(server, &msg, &rc, UMP_FOREVER), ==, UMP_OK);
		memcpy(&got, msg, sizeof got);
		CHECK_INT(got, ==, 1);
	}
	for (int i = 0; i < 4; i++)
		CHECK_INT(pthread_join(threads[i], NULL), ==, 0);
	close_channel();
}

/* Without memory a send fails only if there is nothing to reuse. */
static void without_memory(void)
{
	ump_wait_reply *waiting;
	uint64_t sent = 0;
	int refused = 0;

	open_channel(sizeof(uint64_t), sizeof(uint64_t));
	while (sent < 400) {
		int result;

		faults_at(0);
		result = ump_client_post(client, &sent);
		CHECK_INT(result, ==, faults_off() ? UMP_NO_MEMORY : UMP_OK);
		if (result == UMP_OK) {
			sent++;
			continue;
		}
		refused++;
		CHECK_INT(ump_client_post(client, &sent), ==, UMP_OK);
		sent++;
	}
	/* Posts are in slabs: one fails for each slab. */
	CHECK_INT(refused, <, 40);
	faults_at(0);
	CHECK_INT(ump_client_req_async(client, &sent, &waiting), ==, UMP_NO_MEMORY);
	CHECK(faults_off());
	for (uint64_t i = 0; i < sent; i++)
		receive(i);
	close_channel();
}

static const struct check_test tests[] = {
	{"[clean] the messages of a busy client allocate nothing", busy},
	{"[clean] a burst of posts allocates little and leaves less behind", burst},
	{"[clean] a burst leaves no more than is kept, without another send", nothing_above},
	{"[clean] a client keeps no more bytes than configured", limits},
	{"[clean] [once] messages of all sizes", sizes},
	{"[clean] [keep] messages that outlive their client", outliving},
	{"[clean] [gone] sending without memory", without_memory},
	{"[clean] [once] threads that share a client", sharing},
};

CHECK_MAIN(tests)
