/* SPDX-License-Identifier: 0BSD */
#include "probe.h"

static void expect_log(struct probe *probe, int count)
{
	/* The first is the order that held the server. */
	CHECK_INT(probe->handled, ==, count + 1);
	for (int i = 1; i <= count; i++)
		CHECK_INT(probe->log[i], ==, i);
}

static void posts_and_requests(void)
{
	static struct probe probe;
	ump_wait_reply *waits[10];
	ump_client *client;
	ump_client *other;
	ump_thread *thread;

	probe_init(&probe);
	probe_spawn(&probe, &client, &thread);
	CHECK_INT(ump_client_clone(client, &other), ==, UMP_OK);
	probe_hold(&probe, client);
	for (int i = 0; i < 10; i++) {
		probe_post(client, OP_ECHO, 3 * i + 1);
		waits[i] = probe_req_async(other, OP_ECHO, 3 * i + 2, NULL);
		probe_post(other, OP_ECHO, 3 * i + 3);
	}
	probe_release(&probe);
	for (int i = 0; i < 10; i++) {
		struct reply reply;

		CHECK_INT(ump_wait_reply_wait(&waits[i], &reply, UMP_FOREVER), ==, UMP_OK);
		CHECK_INT(reply.value, ==, 3 * i + 2);
	}
	ump_client_drop(&client);
	ump_client_drop(&other);
	CHECK(!probe_join(&thread).stop);
	expect_log(&probe, 30);
}

static void across_batches(void)
{
	static struct probe probe;
	ump_client *client;
	ump_thread *thread;

	probe_init(&probe);
	probe_spawn(&probe, &client, &thread);
	probe_hold(&probe, client);
	for (int i = 1; i <= 100; i++)
		probe_post(client, OP_ECHO, i);
	probe_release(&probe);
	/* Some of these form a batch of their own, others join later batches. */
	for (int i = 101; i <= 3000; i++)
		probe_post(client, OP_ECHO, i);
	ump_client_drop(&client);
	CHECK(!probe_join(&thread).stop);
	expect_log(&probe, 3000);
}

struct sender {
	pthread_t id;
	ump_client *client;
	int number;
};

static void *send_many(void *arg)
{
	struct sender *sender = arg;

	for (int i = 0; i < 1000; i++)
		probe_post(sender->client, OP_ECHO, sender->number * 1000 + i);
	ump_client_drop(&sender->client);
	return NULL;
}

static void per_client(void)
{
	static struct probe probe;
	struct sender senders[4];
	int next[4] = {0, 0, 0, 0};
	ump_client *client;
	ump_thread *thread;

	probe_init(&probe);
	probe_spawn(&probe, &client, &thread);
	for (int i = 0; i < 4; i++) {
		senders[i].number = i;
		CHECK_INT(ump_client_clone(client, &senders[i].client), ==, UMP_OK);
		CHECK_INT(pthread_create(&senders[i].id, NULL, send_many, &senders[i]), ==, 0);
	}
	for (int i = 0; i < 4; i++)
		pthread_join(senders[i].id, NULL);
	ump_client_drop(&client);
	CHECK(!probe_join(&thread).stop);
	CHECK_INT(probe.handled, ==, 4000);
	for (int i = 0; i < 4000; i++) {
		int number = probe.log[i] / 1000;

		CHECK_INT(probe.log[i] % 1000, ==, next[number]);
		next[number]++;
	}
}

static const struct check_test tests[] = {
	{"[fifo] posts and requests share one order", posts_and_requests},
	{"[fifo] the order holds from batch to batch", across_batches},
	{"[fifo] the order of each of several senders holds", per_client},
};

CHECK_MAIN(tests)
