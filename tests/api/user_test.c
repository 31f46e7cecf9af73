/* SPDX-License-Identifier: 0BSD */
#include "probe.h"

#include <signal.h>
#include <string.h>
#include <sys/prctl.h>

static ump_client *other_server;

static int ask_other(void *self, ump_weak_client *me)
{
	(void)self;
	(void)me;
	return 0;
}

/* Handlers may call any function of the library: it holds no lock meanwhile. */
static struct ump_flow forward(void *self, const void *msg, ump_reply_context **rc)
{
	struct reply reply;
	ump_client *clone;

	(void)self;
	CHECK_INT(ump_client_clone(other_server, &clone), ==, UMP_OK);
	CHECK_INT(ump_client_req(clone, msg, &reply, UMP_FOREVER), ==, UMP_OK);
	ump_client_drop(&clone);
	CHECK_INT(ump_reply(rc, &reply), ==, UMP_OK);
	return ump_continue();
}

static struct ump_flow forward_post(void *self, const void *msg)
{
	(void)self;
	CHECK_INT(ump_client_post(other_server, msg), ==, UMP_OK);
	return ump_continue();
}

static int build_forwarder(void *arg, ump_client *client, struct ump_handler *out)
{
	(void)arg;
	(void)client;
	out->init = ask_other;
	out->request = forward;
	out->post = forward_post;
	return 0;
}

static void handlers_use_other_servers(void)
{
	static struct probe probe;
	ump_client *client;
	ump_thread *thread;
	ump_thread *other_thread;
	int value;

	probe_init(&probe);
	probe_spawn(&probe, &other_server, &other_thread);
	CHECK_INT(ump_spawn_thread(&probe_config, build_forwarder, NULL, &client, &thread), ==,
		UMP_OK);
	for (int i = 0; i < 100; i++) {
		CHECK_INT(probe_req(client, OP_ECHO, i, &value), ==, UMP_OK);
		CHECK_INT(value, ==, i);
		probe_post(client, OP_ECHO, i);
	}
	ump_client_drop(&client);
	CHECK(!probe_join(&thread).stop);
	ump_client_drop(&other_server);
	CHECK(!probe_join(&other_thread).stop);
	CHECK_INT(probe.handled, ==, 200);
}

struct observed {
	sigset_t mask;
	char name[16];
	int joined;
	ump_thread *thread;
};

static struct ump_flow look(void *self, const void *msg, ump_reply_context **rc)
{
	struct observed *observed = self;

	(void)msg;
	pthread_sigmask(SIG_SETMASK, NULL, &observed->mask);
	prctl(PR_GET_NAME, observed->name);
	observed->joined = ump_thread_join(&observed->thread, NULL, UMP_FOREVER);
	CHECK_INT(ump_reply(rc, NULL), ==, UMP_OK);
	return ump_continue();
}

static int build_observer(void *arg, ump_client *client, struct ump_handler *out)
{
	(void)client;
	out->self = arg;
	out->request = look;
	return 0;
}

static void on_its_thread(void)
{
	struct ump_config config = {
		.request.size = 1, .name = "a name that is far too long", .stack_size = 1};
	struct observed observed;
	ump_client *client;

	memset(&observed, 0, sizeof observed);
	CHECK_INT(ump_spawn_thread(&config, build_observer, &observed, &client, &observed.thread),
		==, UMP_OK);
	CHECK_INT(ump_client_req(client, "x", NULL, UMP_FOREVER), ==, UMP_OK);
	CHECK_INT(observed.joined, ==, UMP_DEADLOCK);
	CHECK(observed.thread != NULL);
	CHECK_INT(sigismember(&observed.mask, SIGTERM), ==, 1);
	CHECK(strcmp(observed.name, "a name that is ") == 0);
	ump_client_drop(&client);
	CHECK_INT(ump_thread_join(&observed.thread, NULL, UMP_FOREVER), ==, UMP_OK);
}

static struct ump_flow drop_own_thread(void *self, const void *msg, ump_reply_context **rc)
{
	(void)msg;
	(void)rc;
	ump_thread_drop(self);
	return ump_break(NULL);
}

static int build_dropper(void *arg, ump_client *client, struct ump_handler *out)
{
	(void)client;
	out->self = arg;
	out->request = drop_own_thread;
	return 0;
}

static void drops_its_own_thread(void)
{
	struct ump_config config = {.request.size = 1};
	ump_thread *thread = NULL;
	ump_client *client;

	CHECK_INT(ump_spawn_thread(&config, build_dropper, &thread, &client, &thread), ==, UMP_OK);
	CHECK_INT(ump_client_req(client, "x", NULL, UMP_FOREVER), ==, UMP_NO_REPLY);
	CHECK(thread == NULL);
	ump_client_drop(&client);
}

static const struct check_test tests[] = {
	{"[user] handlers may call the library: other servers, clones, posts",
		handlers_use_other_servers},
	{"[user] callbacks run on the server's thread, with its name and no signals; it cannot "
	 "join itself",
		on_its_thread},
	{"[user] [clean] a handler may drop its own thread", drops_its_own_thread},
};

CHECK_MAIN(tests)
