/* SPDX-License-Identifier: 0BSD */
#include "probe.h"

#include <stdlib.h>
#include <string.h>

static void results(void)
{
	static struct probe probe;
	ump_client *client;
	ump_thread *thread;
	int value;

	probe_init(&probe);
	probe_spawn(&probe, &client, &thread);
	CHECK_INT(probe_req(client, OP_ECHO, 11, &value), ==, UMP_OK);
	CHECK_INT(value, ==, 11);
	CHECK_INT(probe_req(client, OP_ECHO_IN_PLACE, 12, &value), ==, UMP_OK);
	CHECK_INT(value, ==, 12);
	CHECK_INT(probe_req(client, OP_FAIL, 13, NULL), ==, 13);
	CHECK_INT(probe_req(client, OP_FORGET, 14, NULL), ==, UMP_NO_REPLY);
	ump_client_drop(&client);
	CHECK(!probe_join(&thread).stop);
}

static void allocates_nothing(void)
{
	static struct probe probe;
	ump_client *client;
	ump_thread *thread;
	long before;

	probe_init(&probe);
	probe_spawn(&probe, &client, &thread);
	before = faults_calls();
	for (int i = 0; i < 100; i++)
		CHECK_INT(probe_req(client, OP_ECHO_IN_PLACE, i, NULL), ==, UMP_OK);
	CHECK_INT(faults_calls(), ==, before);
	ump_client_drop(&client);
	CHECK(!probe_join(&thread).stop);
}

struct place {
	const void *message;
	void *buffer;
};

static struct ump_flow where(void *self, const void *msg, ump_reply_context **rc)
{
	struct place *place = self;

	place->message = msg;
	place->buffer = ump_reply_buffer(*rc);
	(void)ump_reply(rc, place->buffer);
	return ump_continue();
}

static int build_where(void *arg, ump_client *client, struct ump_handler *out)
{
	(void)client;
	out->self = arg;
	out->request = where;
	return 0;
}

static void copies_nothing(void)
{
	struct ump_config config = {.request.size = 4096, .reply.size = 4096};
	static char message[4096];
	static char reply[4096];
	struct place place;
	ump_client *client;
	ump_thread *thread;

	CHECK_INT(ump_spawn_thread(&config, build_where, &place, &client, &thread), ==, UMP_OK);
	CHECK_INT(ump_client_req(client, message, reply, UMP_FOREVER), ==, UMP_OK);
	CHECK(place.message == message);
	CHECK(place.buffer == reply);
	CHECK_INT(ump_client_req(client, message, reply, ump_after(INT64_C(60000000000))), ==,
		UMP_OK);
	CHECK(place.message != message);
	CHECK(place.buffer != reply);
	ump_client_drop(&client);
	CHECK_INT(ump_thread_join(&thread, NULL, UMP_FOREVER), ==, UMP_OK);
}

static struct ump_flow reverse(void *self, const void *msg, ump_reply_context **rc)
{
	size_t size = *(const size_t *)self;
	const unsigned char *bytes = msg;
	unsigned char *buffer = ump_reply_buffer(*rc);

	for (size_t i = 0; i < size; i++)
		buffer[i] = bytes[size - 1 - i];
	(void)ump_reply(rc, buffer);
	return ump_continue();
}

static int build_reverse(void *arg, ump_client *client, struct ump_handler *out)
{
	(void)client;
	out->self = arg;
	out->request = reverse;
	return 0;
}

static void one_size(size_t size, ump_time deadline)
{
	struct ump_config config = {.request.size = size, .reply.size = size};
	unsigned char *message = malloc(size);
	unsigned char *reply = malloc(size);
	ump_client *client;
	ump_thread *thread;

	CHECK(message != NULL);
	CHECK(reply != NULL);
	for (size_t i = 0; i < size; i++)
		message[i] = (unsigned char)(i * 7);
	CHECK_INT(ump_spawn_thread(&config, build_reverse, &size, &client, &thread), ==, UMP_OK);
	CHECK_INT(ump_client_req(client, message, reply, deadline), ==, UMP_OK);
	for (size_t i = 0; i < size; i++)
		CHECK_INT(reply[i], ==, message[size - 1 - i]);
	ump_client_drop(&client);
	CHECK_INT(ump_thread_join(&thread, NULL, UMP_FOREVER), ==, UMP_OK);
	free(message);
	free(reply);
}

static void all_sizes(void)
{
	const size_t sizes[] = {1, 2, 3, 7, 8, 15, 16, 17, 31, 33, 255, 4097, 1000003};

	for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
		one_size(sizes[i], UMP_FOREVER);
		one_size(sizes[i], ump_after(INT64_C(60000000000)));
	}
}

static void *ask_often(void *arg)
{
	const ump_client *client = arg;

	for (int i = 0; i < 500; i++) {
		int value;

		CHECK_INT(probe_req(client, OP_ECHO, i, &value), ==, UMP_OK);
		CHECK_INT(value, ==, i);
	}
	return NULL;
}

static void shared_client(void)
{
	static struct probe probe;
	pthread_t ids[4];
	ump_client *client;
	ump_thread *thread;

	probe_init(&probe);
	probe_spawn(&probe, &client, &thread);
	for (int i = 0; i < 4; i++)
		CHECK_INT(pthread_create(&ids[i], NULL, ask_often, client), ==, 0);
	for (int i = 0; i < 4; i++)
		pthread_join(ids[i], NULL);
	ump_client_drop(&client);
	CHECK(!probe_join(&thread).stop);
	CHECK_INT(probe.handled, ==, 2000);
}

static const struct check_test tests[] = {
	{"[once] a request ends with a reply, a code of the handler's, or no reply", results},
	{"[clean] a blocking request allocates nothing", allocates_nothing},
	{"[once] a blocking request is read and answered in place", copies_nothing},
	{"[once] values of all sizes arrive whole", all_sizes},
	{"[once] [fifo] one client serves several threads", shared_client},
};

CHECK_MAIN(tests)
