/* SPDX-License-Identifier: 0BSD */
/* Values that are aligned more strictly than max_align_t, wherever the library stores them. */
#include "probe.h"

#include <string.h>

#define MOST 4096

/* Messages of two kinds and the reply; the bytes tell them apart. */
static _Alignas(MOST) unsigned char value[MOST];
static _Alignas(MOST) unsigned char answer[MOST];
static size_t request_align;
static size_t reply_align;
static size_t post_align;
static size_t size;
static atomic_int seen;
static ump_suspension *suspended;

static void check_aligned(const void *at, size_t align)
{
	CHECK_INT((uintptr_t)at % align, ==, 0);
	CHECK(memcmp(at, value, size) == 0);
	seen++;
}

static struct ump_flow on_request(void *self, const void *msg, ump_reply_context **rc)
{
	void *buffer = ump_reply_buffer(*rc);

	(void)self;
	check_aligned(msg, request_align);
	CHECK_INT((uintptr_t)buffer % reply_align, ==, 0);
	memcpy(buffer, msg, size);
	/* Some requesters have given up. */
	(void)ump_reply(rc, buffer);
	return ump_continue();
}

static struct ump_flow on_post(void *self, const void *msg)
{
	(void)self;
	check_aligned(msg, post_align);
	if (self != NULL)
		suspended = ump_suspend();
	return ump_pending();
}

static void on_leftover(void *self, const void *msg, ump_reply_context **rc)
{
	(void)self;
	check_aligned(msg, rc != NULL ? request_align : post_align);
}

static void drop_request(void *msg)
{
	check_aligned(msg, request_align);
}

static void drop_post(void *msg)
{
	check_aligned(msg, post_align);
}

static int build(void *arg, ump_client *client, struct ump_handler *out)
{
	(void)client;
	out->self = arg;
	out->request = on_request;
	out->post = on_post;
	out->leftover = on_leftover;
	return 0;
}

/* Return a configuration with these alignments, and with sizes of `bytes`. */
static struct ump_config config_of(size_t requests, size_t replies, size_t posts, size_t bytes)
{
	struct ump_config config = {.request = {bytes, drop_request},
		.reply.size = bytes,
		.post = {bytes, drop_post},
		.request_align = requests,
		.reply_align = replies,
		.post_align = posts};

	for (size_t i = 0; i < bytes; i++)
		value[i] = (unsigned char)(i * 7 + bytes);
	size = bytes;
	request_align = requests;
	reply_align = replies;
	post_align = posts;
	seen = 0;
	return config;
}

/* Send enough messages to use client pools, and to exhaust them. */
static void send_in_all_ways(const ump_client *client, ump_task *task)
{
	ump_completions *completions;
	struct ump_completion got;

	CHECK_INT(ump_completions_open(&completions), ==, UMP_OK);
	for (int i = 0; i < 40; i++) {
		ump_wait_reply *wait_reply;

		CHECK_INT(ump_client_req_async(client, value, &wait_reply), ==, UMP_OK);
		CHECK_INT(ump_client_req_completion(client, value, completions, NULL), ==, UMP_OK);
		for (int j = 0; j < 10; j++)
			CHECK_INT(ump_client_post(client, value), ==, UMP_OK);
		if (task != NULL)
			(void)ump_task_dispatch(task, i % 4 == 3 ? 0 : 3);
		while (task != NULL && i % 4 == 3 && ump_task_run(task, UMP_NOW) != UMP_OK &&
			probe_readable(ump_task_fd(task)))
			continue;
		if (i % 4 != 3) {
			ump_wait_reply_drop(&wait_reply);
			continue;
		}
		CHECK_INT(ump_wait_reply_wait(&wait_reply, answer, UMP_FOREVER), ==, UMP_OK);
		CHECK(memcmp(answer, value, size) == 0);
		while (ump_completions_in_flight(completions) != 0) {
			CHECK_INT(ump_completions_wait(completions, &got, UMP_FOREVER), ==, UMP_OK);
			check_aligned(got.reply, reply_align);
		}
	}
	ump_completions_drop(&completions);
}

static void through_a_thread(size_t requests, size_t replies, size_t posts, size_t bytes)
{
	struct ump_config config = config_of(requests, replies, posts, bytes);
	ump_client *client;
	ump_thread *thread;

	CHECK_INT(ump_spawn_thread(&config, build, NULL, &client, &thread), ==, UMP_OK);
	for (int i = 0; i < 20; i++) {
		CHECK_INT(ump_client_req(client, value, answer, UMP_FOREVER), ==, UMP_OK);
		CHECK_INT(ump_client_req(client, value, answer, ump_after(INT64_C(60000000000))),
			==, UMP_OK);
		CHECK(memcmp(answer, value, bytes) == 0);
	}
	send_in_all_ways(client, NULL);
	ump_client_drop(&client);
	CHECK_INT(ump_thread_join(&thread, NULL, UMP_FOREVER), ==, UMP_OK);
	CHECK_INT(seen, >=, 400);
}

static void through_a_task(size_t requests, size_t replies, size_t posts, size_t bytes)
{
	struct ump_config config = config_of(requests, replies, posts, bytes);
	ump_client *client;
	ump_task *task;

	CHECK_INT(ump_spawn_task(&config, build, NULL, &client, &task), ==, UMP_OK);
	send_in_all_ways(client, task);
	ump_client_drop(&client);
	ump_task_drop(&task);
	CHECK_INT(seen, >=, 400);
}

static void through_a_combining_server(size_t requests, size_t replies, size_t posts, size_t bytes)
{
	struct ump_config config = config_of(requests, replies, posts, bytes);
	ump_client *client;
	ump_combining *combining;

	CHECK_INT(ump_spawn_combining(&config, build, NULL, &client, &combining), ==, UMP_OK);
	send_in_all_ways(client, NULL);
	ump_client_drop(&client);
	CHECK_INT(ump_combining_join(&combining, NULL, UMP_FOREVER), ==, UMP_OK);
	CHECK_INT(seen, >=, 400);
}

static void in_all_alignments(void (*way)(size_t, size_t, size_t, size_t))
{
	static const size_t aligns[] = {16, 32, 64, 128, 256, 1024, MOST};
	static const size_t sizes[] = {8, 64, 200};

	for (size_t i = 0; i < sizeof aligns / sizeof aligns[0]; i++) {
		for (size_t j = 0; j < sizeof sizes / sizeof sizes[0]; j++) {
			way(aligns[i], 8, 8, sizes[j]);
			way(8, aligns[i], 8, sizes[j]);
			way(8, 8, aligns[i], sizes[j]);
			way(aligns[i], aligns[6 - i], aligns[i], sizes[j]);
		}
	}
}

static void threads(void)
{
	in_all_alignments(through_a_thread);
}

static void tasks(void)
{
	in_all_alignments(through_a_task);
}

static void combining_servers(void)
{
	in_all_alignments(through_a_combining_server);
}

/* A handler that has suspended still has its post. */
static void suspended_post(void)
{
	struct ump_config config = config_of(8, 8, 512, 512);
	static int suspends;
	ump_client *client;
	ump_task *task;

	CHECK_INT(ump_spawn_task(&config, build, &suspends, &client, &task), ==, UMP_OK);
	for (int i = 0; i < 40; i++) {
		CHECK_INT(ump_client_post(client, value), ==, UMP_OK);
		(void)ump_task_dispatch(task, 0);
		CHECK_INT(ump_task_resume(&suspended, ump_continue()), ==, UMP_OK);
		(void)ump_task_dispatch(task, 0);
	}
	CHECK_INT(seen, ==, 40);
	ump_client_drop(&client);
	ump_task_drop(&task);
}

/* What is left when a raw end is dropped. */
static void raw_end(void)
{
	struct ump_config config = config_of(256, 64, 128, 64);
	ump_reply_context *rc;
	ump_client *client;
	ump_server *server;
	const void *msg;

	CHECK_INT(ump_channel_open(&server, &client, &config), ==, UMP_OK);
	for (int i = 0; i < 60; i++) {
		ump_wait_reply *wait_reply;

		CHECK_INT(ump_client_req_async(client, value, &wait_reply), ==, UMP_OK);
		CHECK_INT(ump_client_post(client, value), ==, UMP_OK);
		if (i % 2 != 0)
			ump_wait_reply_drop(&wait_reply);
		CHECK_INT(ump_server_wait(server, &msg, &rc, UMP_NOW), ==, UMP_OK);
		check_aligned(msg, rc != NULL ? 256 : 128);
		ump_reply_drop(&rc);
		ump_wait_reply_drop(&wait_reply);
	}
	ump_server_drop(&server);
	ump_client_drop(&client);
	CHECK_INT(seen, >=, 120);
}

static const struct check_test tests[] = {
	{"[once] values are aligned as configured, on a thread", threads},
	{"[once] values are aligned so in a task", tasks},
	{"[once] values are aligned so in a combining server", combining_servers},
	{"[suspend] the post of a handler that has suspended is aligned so", suspended_post},
	{"[once] values are aligned so at a raw end, and when they are dropped", raw_end},
};

CHECK_MAIN(tests)
