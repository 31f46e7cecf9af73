/* SPDX-License-Identifier: 0BSD */
#include "probe.h"

#include <sys/resource.h>

/* Both sides block between the messages, so each one must be woken. */
static void asleep_each_time(void)
{
	static struct probe probe;
	ump_client *client;
	ump_thread *thread;

	probe_init(&probe);
	probe_spawn(&probe, &client, &thread);
	for (int i = 0; i < 50; i++) {
		check_nap(1);
		CHECK_INT(probe_req(client, OP_ECHO, i, NULL), ==, UMP_OK);
	}
	check_nap(2);
	ump_client_drop(&client);
	CHECK(!probe_join(&thread).stop);
}

static void *answer_late(void *arg)
{
	struct probe *probe = arg;
	struct reply reply = {1, NULL};

	for (int i = 0; i < 8; i++) {
		probe_await(&probe->kept_count, i + 1);
		check_nap(3);
		CHECK_INT(ump_reply(&probe->kept[i], &reply), ==, UMP_OK);
	}
	return NULL;
}

static void caller_asleep(void)
{
	static struct probe probe;
	pthread_t answerer;
	ump_client *client;
	ump_thread *thread;

	probe_init(&probe);
	probe_spawn(&probe, &client, &thread);
	CHECK_INT(pthread_create(&answerer, NULL, answer_late, &probe), ==, 0);
	for (int i = 0; i < 8; i++)
		CHECK_INT(probe_req(client, OP_KEEP, i, NULL), ==, UMP_OK);
	pthread_join(answerer, NULL);
	ump_client_drop(&client);
	CHECK(!probe_join(&thread).stop);
}

static void many_short_lives(void)
{
	for (int i = 0; i < 500; i++) {
		static struct probe probe;
		ump_client *client;
		ump_thread *thread;

		probe_init(&probe);
		probe.without_init = i % 2 == 0;
		probe_spawn(&probe, &client, &thread);
		if (i % 3 == 0)
			CHECK_INT(probe_req(client, OP_ECHO, i, NULL), ==, UMP_OK);
		else if (i % 3 == 1)
			probe_post(client, OP_BREAK, i);
		ump_client_drop(&client);
		CHECK_INT(probe_join(&thread).stop, ==, i % 3 == 1);
	}
}

static int64_t cpu_ns(void)
{
	struct rusage usage;

	CHECK_INT(getrusage(RUSAGE_SELF, &usage), ==, 0);
	return (usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) * INT64_C(1000000000) +
	       (usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) * INT64_C(1000);
}

static void idle_costs_nothing(void)
{
	static struct probe probe;
	ump_client *client;
	ump_thread *thread;
	int64_t used;

	probe_init(&probe);
	probe_spawn(&probe, &client, &thread);
	CHECK_INT(probe_req(client, OP_ECHO, 1, NULL), ==, UMP_OK);
	check_nap(20);
	used = cpu_ns();
	check_nap(300);
	used = cpu_ns() - used;
	/* A server that spins would use 300 ms. */
	CHECK_INT(used, <, INT64_C(150000000));
	ump_client_drop(&client);
	CHECK(!probe_join(&thread).stop);
}

static const struct check_test tests[] = {
	{"[quiet] a sleeping server is woken by each request, and by the last drop",
		asleep_each_time},
	{"[quiet] a sleeping caller is woken by a late answer", caller_asleep},
	{"[quiet] short-lived servers all end", many_short_lives},
	{"[quiet] an idle server sleeps", idle_costs_nothing},
};

CHECK_MAIN(tests)
