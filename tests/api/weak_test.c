/* SPDX-License-Identifier: 0BSD */
#include "probe.h"

static void keeps_nothing_alive(void)
{
	static struct probe probe;
	ump_weak_client *weak;
	ump_weak_client *second;
	ump_client *client;
	ump_thread *thread;

	probe_init(&probe);
	probe_spawn(&probe, &client, &thread);
	CHECK_INT(ump_client_weak(client, &weak), ==, UMP_OK);
	CHECK_INT(ump_weak_client_clone(weak, &second), ==, UMP_OK);
	ump_client_drop(&client);
	CHECK(!probe_join(&thread).stop);
	CHECK_INT(ump_weak_client_upgrade(weak, &client), ==, UMP_CLIENTS_GONE);
	CHECK(client == NULL);
	ump_weak_client_drop(&weak);
	CHECK_INT(ump_weak_client_upgrade(second, &client), ==, UMP_CLIENTS_GONE);
	ump_weak_client_drop(&second);
}

static void upgraded_counts(void)
{
	static struct probe probe;
	ump_weak_client *weak;
	ump_client *client;
	ump_client *upgraded;
	ump_thread *thread;

	probe_init(&probe);
	probe_spawn(&probe, &client, &thread);
	CHECK_INT(ump_client_weak(client, &weak), ==, UMP_OK);
	CHECK_INT(ump_weak_client_upgrade(weak, &upgraded), ==, UMP_OK);
	ump_client_drop(&client);
	ump_weak_client_drop(&weak);
	CHECK_INT(probe_req(upgraded, OP_ECHO, 1, NULL), ==, UMP_OK);
	ump_client_drop(&upgraded);
	CHECK(!probe_join(&thread).stop);
}

static void after_a_break(void)
{
	static struct probe probe;
	ump_weak_client *weak;
	ump_client *client;
	ump_client *upgraded;
	ump_thread *thread;

	probe_init(&probe);
	probe_spawn(&probe, &client, &thread);
	CHECK_INT(ump_client_weak(client, &weak), ==, UMP_OK);
	probe_post(client, OP_BREAK, 1);
	CHECK(probe_join(&thread).stop);
	CHECK_INT(ump_weak_client_upgrade(weak, &upgraded), ==, UMP_OK);
	CHECK_INT(probe_req(upgraded, OP_ECHO, 1, NULL), ==, UMP_SERVER_GONE);
	ump_client_drop(&upgraded);
	ump_client_drop(&client);
	ump_weak_client_drop(&weak);
}

static int keep_strong(struct probe *probe, ump_client *client)
{
	return ump_client_clone(client, &probe->own_strong);
}

static void own_strong_client(void)
{
	static struct probe probe;
	ump_weak_client *weak;
	ump_client *client;
	ump_thread *thread;

	probe_init(&probe);
	probe.on_build = keep_strong;
	probe_spawn(&probe, &client, &thread);
	CHECK_INT(ump_client_weak(client, &weak), ==, UMP_OK);
	ump_client_drop(&client);
	CHECK_INT(ump_join(&thread, NULL, ump_after(20 * 1000 * 1000)), ==, UMP_TIMED_OUT);
	/* Only a break can end it. */
	CHECK_INT(ump_weak_client_upgrade(weak, &client), ==, UMP_OK);
	probe_post(client, OP_BREAK, 4);
	ump_client_drop(&client);
	CHECK_INT((intptr_t)probe_join(&thread).value, ==, 4);
	ump_weak_client_drop(&weak);
}

struct self_sender {
	ump_weak_client *me;
	atomic_int left;
	int result_at_end;
};

static int remember(void *self, ump_weak_client *me)
{
	struct self_sender *sender = self;

	sender->me = me;
	return 0;
}

/* Each post sends the next one, as long as the server has clients. */
static struct ump_flow again(void *self, const void *msg)
{
	struct self_sender *sender = self;
	ump_client *client;
	int result = ump_weak_client_upgrade(sender->me, &client);

	if (result == UMP_OK) {
		CHECK_INT(ump_client_post(client, msg), ==, UMP_OK);
		ump_client_drop(&client);
		sender->left++;
	}
	sender->result_at_end = result;
	return ump_continue();
}

static int build_sender(void *arg, ump_client *client, struct ump_handler *out)
{
	(void)client;
	out->self = arg;
	out->init = remember;
	out->post = again;
	return 0;
}

static void lent_to_init(void)
{
	struct ump_config config = {.post.size = sizeof(int)};
	struct self_sender sender = {NULL, 0, UMP_OK};
	ump_client *client;
	ump_thread *thread;
	int first = 1;

	CHECK_INT(ump_spawn_thread(&config, build_sender, &sender, &client, &thread), ==, UMP_OK);
	CHECK_INT(ump_client_post(client, &first), ==, UMP_OK);
	probe_await(&sender.left, 1);
	ump_client_drop(&client);
	CHECK_INT(ump_join(&thread, NULL, UMP_FOREVER), ==, UMP_OK);
	CHECK_INT(sender.result_at_end, ==, UMP_CLIENTS_GONE);
}

static void *upgrade_and_drop(void *arg)
{
	ump_weak_client *weak = arg;

	/* Three of these can keep the server alive among themselves, but not forever. */
	for (int i = 0; i < 200; i++) {
		ump_client *client;
		int result = ump_weak_client_upgrade(weak, &client);

		if (result == UMP_CLIENTS_GONE)
			break;
		CHECK_INT(result, ==, UMP_OK);
		(void)probe_req(client, OP_ECHO, 1, NULL);
		ump_client_drop(&client);
	}
	return NULL;
}

static void upgrade_races_last_drop(void)
{
	for (int round = 0; round < 100; round++) {
		static struct probe probe;
		ump_weak_client *weaks[3];
		pthread_t ids[3];
		ump_client *client;
		ump_thread *thread;

		probe_init(&probe);
		probe_spawn(&probe, &client, &thread);
		for (int i = 0; i < 3; i++) {
			CHECK_INT(ump_client_weak(client, &weaks[i]), ==, UMP_OK);
			CHECK_INT(pthread_create(&ids[i], NULL, upgrade_and_drop, weaks[i]), ==, 0);
		}
		ump_client_drop(&client);
		for (int i = 0; i < 3; i++)
			pthread_join(ids[i], NULL);
		CHECK(!probe_join(&thread).stop);
		/* It must stay closed. */
		for (int i = 0; i < 3; i++) {
			CHECK_INT(ump_weak_client_upgrade(weaks[i], &client), ==, UMP_CLIENTS_GONE);
			ump_weak_client_drop(&weaks[i]);
		}
	}
}

static const struct check_test tests[] = {
	{"[weak] weak clients keep no server alive, and cannot be upgraded then",
		keeps_nothing_alive},
	{"[weak] an upgraded client counts as a strong one", upgraded_counts},
	{"[weak] [break] after a break a strong client still upgrades, and sends nothing",
		after_a_break},
	{"[weak] a handler with a strong client keeps itself alive until a break",
		own_strong_client},
	{"[weak] a handler with a weak client sends to itself, and ends with its clients",
		lent_to_init},
	{"[weak] upgrades racing the last drop end the server once and for all",
		upgrade_races_last_drop},
};

CHECK_MAIN(tests)
