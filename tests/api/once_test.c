/* SPDX-License-Identifier: 0BSD */
#include "probe.h"

#define CALLERS  4
#define MESSAGES 500

struct caller {
	pthread_t id;
	ump_client *client;
	int completed;
	int gone;
	int accepted_posts;
};

static void *send_all(void *arg)
{
	struct caller *caller = arg;

	for (int i = 1; i <= MESSAGES; i++) {
		struct order order = {OP_ECHO, i, NULL};
		int value = 0;
		int result = probe_req(caller->client, i % 7 == 0 ? OP_FORGET : OP_ECHO, i, &value);

		if (result == UMP_OK)
			CHECK_INT(value, ==, i);
		else if (result != UMP_SERVER_GONE)
			CHECK_INT(result, ==, UMP_NO_REPLY);
		caller->completed += result != UMP_SERVER_GONE;
		caller->gone += result == UMP_SERVER_GONE;
		caller->accepted_posts += ump_client_post(caller->client, &order) == UMP_OK;
	}
	ump_client_drop(&caller->client);
	return NULL;
}

static void start(struct caller *callers, ump_client *client)
{
	for (int i = 0; i < CALLERS; i++) {
		callers[i] = (struct caller){.completed = 0};
		CHECK_INT(ump_client_clone(client, &callers[i].client), ==, UMP_OK);
		CHECK_INT(pthread_create(&callers[i].id, NULL, send_all, &callers[i]), ==, 0);
	}
}

static void sum(struct caller *callers, struct caller *total)
{
	*total = (struct caller){.completed = 0};
	for (int i = 0; i < CALLERS; i++) {
		pthread_join(callers[i].id, NULL);
		total->completed += callers[i].completed;
		total->gone += callers[i].gone;
		total->accepted_posts += callers[i].accepted_posts;
	}
}

static void all_complete(void)
{
	static struct probe probe;
	struct caller callers[CALLERS];
	struct caller total;
	ump_client *client;
	ump_thread *thread;

	probe_init(&probe);
	probe_spawn(&probe, &client, &thread);
	start(callers, client);
	ump_client_drop(&client);
	sum(callers, &total);
	CHECK(!probe_join(&thread).stop);
	CHECK_INT(total.gone, ==, 0);
	CHECK_INT(total.completed, ==, CALLERS * MESSAGES);
	CHECK_INT(total.accepted_posts, ==, CALLERS * MESSAGES);
	CHECK_INT(probe.handled, ==, 2 * CALLERS * MESSAGES);
}

static void across_a_break(void)
{
	static struct probe probe;
	struct caller callers[CALLERS];
	struct caller total;
	ump_client *client;
	ump_thread *thread;

	probe_init(&probe);
	probe.takes_leftovers = true;
	probe_spawn(&probe, &client, &thread);
	start(callers, client);
	probe_await(&probe.handled, MESSAGES / 4);
	probe_post(client, OP_BREAK, 9);
	sum(callers, &total);
	ump_client_drop(&client);
	CHECK(probe_join(&thread).stop);
	CHECK_INT(total.completed + total.gone, ==, CALLERS * MESSAGES);
	/* Every accepted post, every started request, and the break, must be handled or handed
	 * over; the caller of each undelivered request got UMP_SERVER_GONE. */
	CHECK_INT(probe.handled + probe.lefts, >=, total.completed + total.accepted_posts + 1);
	CHECK_INT(probe.handled + probe.lefts, <=,
		total.completed + total.gone + total.accepted_posts + 1);
}

static void values_have_one_owner(void)
{
	static struct probe probe;
	struct token handled = {0};
	struct token queued = {0};
	struct token refused = {0};
	struct order order = {OP_ECHO, 1, &handled};
	ump_client *client;
	ump_thread *thread;

	probe_init(&probe);
	probe_spawn(&probe, &client, &thread);
	CHECK_INT(ump_client_post(client, &order), ==, UMP_OK);
	probe_hold(&probe, client);
	probe_post(client, OP_BREAK, 1);
	order.token = &queued;
	CHECK_INT(ump_client_post(client, &order), ==, UMP_OK);
	probe_release(&probe);
	CHECK(probe_join(&thread).stop);
	order.token = &refused;
	CHECK_INT(ump_client_post(client, &order), ==, UMP_SERVER_GONE);
	ump_client_drop(&client);
	CHECK_INT(handled.delivered, ==, 1);
	CHECK_INT(handled.dropped, ==, 0);
	CHECK_INT(queued.delivered, ==, 0);
	CHECK_INT(queued.dropped, ==, 1);
	CHECK_INT(refused.delivered + refused.dropped, ==, 0);
}

static const struct check_test tests[] = {
	{"[once] every request of many callers completes, every post is handled", all_complete},
	{"[once] so it does when the server breaks meanwhile", across_a_break},
	{"[once] a post's value is handled, dropped or still the sender's", values_have_one_owner},
};

CHECK_MAIN(tests)
