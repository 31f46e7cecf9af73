/* SPDX-License-Identifier: 0BSD */
/* Deadlines that a handler inherits from its caller: ump_deadline_inherit. */
#include "probe.h"

#define MINUTE INT64_C(60000000000)

/* Three servers, each of which sends its requests on to the next one. */
#define LINKS 3

struct link {
	struct probe probe;
	ump_client *client;
	ump_thread *thread;
	struct link *next;
	/* What the handler has seen, and the result of its own request. */
	ump_time inherited;
	int result;
};

static struct link chain[LINKS];

static struct ump_flow send_on(
	struct probe *probe, const struct order *order, ump_reply_context **rc)
{
	struct link *link = probe->arg;
	struct order next = {OP_CALL, order->value, NULL};
	struct reply reply = {0, NULL};

	link->inherited = ump_deadline_inherit(*rc, UMP_FOREVER);
	if (link->next == NULL) {
		/* The last one keeps the context, and answers too late. */
		probe->kept[0] = ump_reply_keep(rc);
		probe->kept_count = 1;
		return ump_continue();
	}
	link->result = ump_client_req(
		link->next->client, &next, &reply, ump_deadline_inherit(*rc, UMP_FOREVER));
	if (link->result == UMP_OK)
		link->result = ump_reply(rc, &reply);
	return ump_continue();
}

static void chain_open(void)
{
	for (int i = 0; i < LINKS; i++) {
		struct link *link = &chain[i];

		probe_init(&link->probe);
		link->probe.arg = link;
		link->probe.on_call = send_on;
		link->next = i + 1 < LINKS ? &chain[i + 1] : NULL;
		link->inherited = 0;
		link->result = UMP_OK;
		probe_spawn(&link->probe, &link->client, &link->thread);
	}
}

static void chain_close(void)
{
	for (int i = 0; i < LINKS; i++) {
		ump_client_drop(&chain[i].client);
		CHECK(!probe_join(&chain[i].thread).stop);
	}
}

static bool gave_up(int result)
{
	return result == UMP_TIMED_OUT || result == UMP_NO_REPLY;
}

static void gives_up_together(void)
{
	struct order order = {OP_CALL, 1, NULL};
	struct reply reply;
	ump_time deadline;

	chain_open();
	deadline = ump_after(30000000);
	/* The handler between may give up a moment before its caller, which then gets no reply. */
	CHECK(gave_up(ump_client_req(chain[0].client, &order, &reply, deadline)));
	CHECK(ump_now() >= deadline);
	for (int i = 0; i + 1 < LINKS; i++) {
		ump_client_drop(&chain[i].client);
		CHECK(!probe_join(&chain[i].thread).stop);
		CHECK(gave_up(chain[i].result));
		CHECK_INT(chain[i].inherited, ==, deadline);
	}
	CHECK_INT(chain[LINKS - 2].result, ==, UMP_TIMED_OUT);
	probe_await(&chain[LINKS - 1].probe.kept_count, 1);
	CHECK_INT(chain[LINKS - 1].inherited, ==, deadline);
	/* A kept context knows it on any thread. */
	CHECK_INT(ump_deadline_inherit(chain[LINKS - 1].probe.kept[0], UMP_FOREVER), ==, deadline);
	CHECK_INT(probe_reply(chain[LINKS - 1].probe.kept[0], 1, NULL), ==, UMP_ORIGIN_GONE);
	ump_client_drop(&chain[LINKS - 1].client);
	CHECK(!probe_join(&chain[LINKS - 1].thread).stop);
}

static void without_a_deadline(void)
{
	ump_wait_reply *wait_reply;
	struct reply reply;

	chain_open();
	wait_reply = probe_req_async(chain[0].client, OP_CALL, 1, NULL);
	probe_await(&chain[LINKS - 1].probe.kept_count, 1);
	CHECK_INT(probe_reply(chain[LINKS - 1].probe.kept[0], 5, NULL), ==, UMP_OK);
	CHECK_INT(ump_wait_reply_wait(&wait_reply, &reply, UMP_FOREVER), ==, UMP_OK);
	CHECK_INT(reply.value, ==, 5);
	for (int i = 0; i < LINKS; i++)
		CHECK_INT(chain[i].inherited, ==, UMP_FOREVER);
	chain_close();
}

static void earlier_one(void)
{
	ump_completions *completions;
	ump_reply_context *rc;
	ump_server *server;
	ump_client *client;
	ump_time deadline = ump_after(MINUTE);
	struct order order = {OP_ECHO, 1, NULL};
	uint64_t id;

	probe_open(&server, &client);
	CHECK_INT(ump_completions_open(&completions), ==, UMP_OK);
	CHECK_INT(ump_client_req_completion_until(client, &order, completions, NULL, deadline, &id),
		==, UMP_OK);
	rc = probe_receive(server, 1);
	CHECK_INT(ump_deadline_inherit(rc, UMP_FOREVER), ==, deadline);
	CHECK_INT(ump_deadline_inherit(rc, deadline + 1), ==, deadline);
	CHECK_INT(ump_deadline_inherit(rc, deadline - 1), ==, deadline - 1);
	CHECK_INT(ump_deadline_inherit(rc, UMP_NOW), ==, UMP_NOW);
	CHECK_INT(probe_reply(rc, 1, NULL), ==, UMP_OK);
	CHECK_INT(ump_client_req_completion(client, &order, completions, NULL), ==, UMP_OK);
	rc = probe_receive(server, 1);
	CHECK_INT(ump_deadline_inherit(rc, deadline), ==, deadline);
	CHECK_INT(ump_deadline_inherit(rc, UMP_FOREVER), ==, UMP_FOREVER);
	CHECK_INT(probe_reply(rc, 1, NULL), ==, UMP_OK);
	CHECK_INT(ump_deadline_inherit(NULL, 17), ==, 17);
	CHECK_INT(ump_deadline_inherit(NULL, UMP_FOREVER), ==, UMP_FOREVER);
	ump_completions_drop(&completions);
	ump_client_drop(&client);
	ump_server_drop(&server);
}

/* A handler whose request makes it the combiner of another server: each callback has the deadline
 * of its own request. */
static struct probe inner;
static struct probe outer;
static ump_client *inner_client;
static ump_time outer_deadline;
static ump_time inner_deadline;

static struct ump_flow see_inner(
	struct probe *probe, const struct order *order, ump_reply_context **rc)
{
	(void)probe;
	(void)order;
	CHECK_INT(ump_deadline_inherit(*rc, UMP_FOREVER), ==, inner_deadline);
	CHECK_INT(probe_reply(*rc, 1, NULL), ==, UMP_OK);
	*rc = NULL;
	return ump_continue();
}

static struct ump_flow see_outer(
	struct probe *probe, const struct order *order, ump_reply_context **rc)
{
	struct order next = {OP_CALL, 1, NULL};
	struct reply reply;

	(void)probe;
	(void)order;
	CHECK_INT(ump_deadline_inherit(*rc, UMP_FOREVER), ==, outer_deadline);
	inner_deadline = ump_deadline_inherit(*rc, outer_deadline - MINUTE / 2);
	CHECK_INT(ump_client_req(inner_client, &next, &reply, inner_deadline), ==, UMP_OK);
	CHECK_INT(ump_deadline_inherit(*rc, UMP_FOREVER), ==, outer_deadline);
	CHECK_INT(probe_reply(*rc, 1, NULL), ==, UMP_OK);
	*rc = NULL;
	/* The context was consumed. */
	CHECK_INT(ump_deadline_inherit(*rc, 17), ==, 17);
	return ump_continue();
}

static void nested(void)
{
	struct order order = {OP_CALL, 1, NULL};
	ump_combining *combining[2];
	ump_client *client;
	struct reply reply;

	probe_init(&inner);
	probe_init(&outer);
	inner.on_call = see_inner;
	outer.on_call = see_outer;
	probe_spawn_combining(&inner, &inner_client, &combining[0]);
	probe_spawn_combining(&outer, &client, &combining[1]);
	outer_deadline = ump_after(MINUTE);
	CHECK_INT(ump_client_req(client, &order, &reply, outer_deadline), ==, UMP_OK);
	ump_client_drop(&client);
	ump_client_drop(&inner_client);
	CHECK(!probe_join_combining(&combining[0]).stop);
	CHECK(!probe_join_combining(&combining[1]).stop);
}

static const struct check_test tests[] = {
	{"[deadline] a chain of servers gives up at its caller's deadline", gives_up_together},
	{"[deadline] a caller without a deadline passes none on", without_a_deadline},
	{"[deadline] the earlier one of two deadlines is inherited", earlier_one},
	{"[deadline] [combining] nested callbacks have the deadlines of their requests", nested},
};

CHECK_MAIN(tests)
