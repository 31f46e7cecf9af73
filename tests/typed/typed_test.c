/* SPDX-License-Identifier: 0BSD */
/* The typed layer: each twin must do what its model does, and each callback must be called. */
#include "check.h"
#include "servers.h"

#include <limits.h>
#include <string.h>

/* Written by the dispatcher; may be read after join, or after a reply. */
struct adder {
	adder_weak_client me;
	adder_client built;
	adder_reply_context kept;
	/* For queue_up. */
	struct counters *queues;
	adder_wait_reply waits[2];
	int build_result;
	int init_result;
	int builds;
	int inits;
	int terms;
	int drops;
	struct ump_flow outcome;
};

enum {
	KEEP = 1000,
	IN_PLACE,
	FORGET,
	STOP
};

static int build(struct adder *self, adder_client client)
{
	self->builds++;
	CHECK_INT(adder_client_clone(client, &self->built), ==, UMP_OK);
	return self->build_result;
}

static int init(struct adder *self, adder_weak_client me)
{
	self->inits++;
	CHECK_INT(adder_weak_client_clone(me, &self->me), ==, UMP_OK);
	return self->init_result;
}

static struct ump_flow add(struct adder *self, const struct add *msg, adder_reply_context *rc)
{
	struct sum sum = {0, msg->counters};

	if (msg->counters != NULL)
		msg->counters->handled++;
	if (msg->a == KEEP) {
		self->kept = adder_reply_keep(rc);
		CHECK(rc->untyped == NULL);
		CHECK(!adder_reply_origin_gone(self->kept));
	} else if (msg->a == IN_PLACE) {
		struct sum *buffer = adder_reply_buffer(*rc);

		*buffer = (struct sum){msg->b, NULL};
		CHECK_INT(adder_reply(rc, buffer), ==, UMP_OK);
	} else if (msg->a == FORGET) {
		adder_reply_drop(rc);
	} else if (__builtin_add_overflow(msg->a, msg->b, &sum.value)) {
		CHECK_INT(adder_reply_fail(rc, ADDER_OVERFLOW), ==, UMP_OK);
	} else {
		CHECK_INT(adder_reply(rc, &sum), ==, UMP_OK);
		CHECK_INT(adder_reply(rc, &sum), ==, UMP_INVALID);
	}
	return ump_continue();
}

static struct ump_flow write_down(struct adder *self, const struct note *msg)
{
	msg->counters->handled++;
	return msg->number == STOP ? ump_break(self) : ump_continue();
}

static void left_request(struct adder *self, const struct add *msg, adder_reply_context *rc)
{
	struct sum sum = {-1, NULL};

	(void)self;
	msg->counters->left++;
	if (msg->a == 1)
		CHECK_INT(adder_reply(rc, &sum), ==, UMP_OK);
}

static void left_post(struct adder *self, const struct note *msg)
{
	(void)self;
	msg->counters->left++;
}

static struct ump_flow term(struct adder *self, struct ump_flow how)
{
	self->terms++;
	self->outcome = how;
	return how;
}

static void drop_self(struct adder *self)
{
	self->drops++;
	adder_weak_client_drop(&self->me);
	adder_client_drop(&self->built);
}

static void drop_add(struct add *value)
{
	value->counters->dropped++;
}

static void drop_sum(struct sum *value)
{
	if (value->counters != NULL)
		value->counters->dropped++;
}

static void drop_note(struct note *value)
{
	value->counters->dropped++;
}

UMP_TYPED_HANDLER(adder, full, .build = build, .init = init, .request = add, .post = write_down,
	.leftover_request = left_request, .leftover_post = left_post, .term = term,
	.drop = drop_self, .drop_request = drop_add, .drop_reply = drop_sum,
	.drop_post = drop_note);

/* Called before there is a thread: queue the message that stops the server, and then messages that
 * stay undelivered. */
static int queue_up(struct adder *self, adder_client client)
{
	struct add add_answered = {1, 0, self->queues};
	struct add add_left = {2, 0, self->queues};

	CHECK_INT(adder_client_post(client, &(struct note){STOP, self->queues}), ==, UMP_OK);
	CHECK_INT(adder_client_req_async(client, &add_answered, &self->waits[0]), ==, UMP_OK);
	CHECK_INT(adder_client_req_async(client, &add_left, &self->waits[1]), ==, UMP_OK);
	CHECK_INT(adder_client_post(client, &(struct note){1, self->queues}), ==, UMP_OK);
	return 0;
}

UMP_TYPED_HANDLER(adder, leaves_both, .build = queue_up, .request = add, .post = write_down,
	.leftover_request = left_request, .leftover_post = left_post, .drop_post = drop_note);
UMP_TYPED_HANDLER(adder, leaves_requests, .build = queue_up, .request = add, .post = write_down,
	.leftover_request = left_request, .drop_post = drop_note);
UMP_TYPED_HANDLER(adder, leaves_posts, .build = queue_up, .request = add, .post = write_down,
	.leftover_post = left_post, .drop_post = drop_note);
UMP_TYPED_HANDLER(adder, leaves_none, .build = queue_up, .request = add, .post = write_down,
	.drop_post = drop_note);

/* A handler that lacks a required callback, and one that has only the required ones. */
UMP_TYPED_HANDLER(adder, incomplete, .post = write_down, .drop = drop_self);
UMP_TYPED_HANDLER(adder, simple, .request = add, .post = write_down, .drop = drop_self);

static void spawn(const struct adder_handler *handler, struct adder *self, adder_client *client,
	adder_thread *thread)
{
	struct ump_config config = {.name = "adder", .stack_size = 1 << 20, .post.size = 99};

	CHECK_INT(adder_spawn_thread(&config, handler, self, client, thread), ==, UMP_OK);
	/* The builder's clone; `drop` would drop it only after the end. */
	adder_client_drop(&self->built);
}

static void requests(void)
{
	struct adder self = {.builds = 0};
	adder_wait_reply wait_reply;
	struct sum sum = {0, NULL};
	struct ump_flow how;
	adder_client client;
	adder_thread thread;

	spawn(&full, &self, &client, &thread);
	CHECK_INT(
		adder_client_req(client, &(struct add){3, 7, NULL}, &sum, UMP_FOREVER), ==, UMP_OK);
	CHECK_INT(sum.value, ==, 10);
	CHECK_INT(adder_client_req(client, &(struct add){IN_PLACE, 5, NULL}, &sum,
			  ump_after(60 * INT64_C(1000000000))),
		==, UMP_OK);
	CHECK_INT(sum.value, ==, 5);
	CHECK_INT(adder_client_req(client, &(struct add){INT_MAX, 1, NULL}, &sum, UMP_FOREVER), ==,
		ADDER_OVERFLOW);
	CHECK_INT(adder_client_req(client, &(struct add){FORGET, 1, NULL}, &sum, UMP_FOREVER), ==,
		UMP_NO_REPLY);
	CHECK_INT(
		adder_client_req_async(client, &(struct add){1, 2, NULL}, &wait_reply), ==, UMP_OK);
	CHECK_INT(adder_wait_reply_wait(&wait_reply, &sum, UMP_FOREVER), ==, UMP_OK);
	CHECK(wait_reply.untyped == NULL);
	CHECK_INT(sum.value, ==, 3);
	adder_client_drop(&client);
	CHECK(client.untyped == NULL);
	CHECK_INT(adder_thread_join(&thread, &how, UMP_FOREVER), ==, UMP_OK);
	CHECK(!how.stop && thread.untyped == NULL);
	CHECK(self.builds == 1 && self.inits == 1 && self.terms == 1 && self.drops == 1);
}

static void kept_contexts(void)
{
	struct counters counters = {0, 0, 0};
	struct adder self = {.builds = 0};
	adder_wait_reply wait_reply;
	struct sum sum = {42, &counters};
	struct sum other;
	adder_client client;
	adder_thread thread;

	spawn(&full, &self, &client, &thread);
	CHECK_INT(adder_client_req_async(client, &(struct add){KEEP, 0, NULL}, &wait_reply), ==,
		UMP_OK);
	CHECK_INT(adder_wait_reply_try(&wait_reply, &sum), ==, UMP_EMPTY);
	adder_client_drop(&client);
	CHECK_INT(adder_thread_join(&thread, NULL, UMP_FOREVER), ==, UMP_OK);
	CHECK_INT(adder_reply(&self.kept, &sum), ==, UMP_OK);
	CHECK_INT(adder_wait_reply_try(&wait_reply, &sum), ==, UMP_OK);
	CHECK_INT(sum.value, ==, 42);

	spawn(&full, &self, &client, &thread);
	CHECK_INT(adder_client_req_async(client, &(struct add){KEEP, 0, NULL}, &wait_reply), ==,
		UMP_OK);
	CHECK_INT(adder_client_req(client, &(struct add){1, 2, NULL}, &other, UMP_FOREVER), ==,
		UMP_OK);
	CHECK_INT(adder_reply_hold(self.kept), ==, UMP_OK);
	CHECK_INT(adder_deadline_inherit(self.kept, 17), ==, 17);
	adder_client_drop(&client);
	CHECK_INT(adder_thread_join(&thread, NULL, UMP_NOW), ==, UMP_TIMED_OUT);
	adder_reply_drop(&self.kept);
	CHECK_INT(adder_thread_join(&thread, NULL, UMP_FOREVER), ==, UMP_OK);
	CHECK_INT(adder_wait_reply_try(&wait_reply, &other), ==, UMP_NO_REPLY);

	spawn(&full, &self, &client, &thread);
	CHECK_INT(adder_client_req_async(client, &(struct add){KEEP, 0, NULL}, &wait_reply), ==,
		UMP_OK);
	adder_client_drop(&client);
	CHECK_INT(adder_thread_join(&thread, NULL, UMP_FOREVER), ==, UMP_OK);
	adder_wait_reply_drop(&wait_reply);
	CHECK(adder_reply_origin_gone(self.kept));
	CHECK_INT(adder_reply(&self.kept, &sum), ==, UMP_ORIGIN_GONE);
	CHECK_INT(counters.dropped, ==, 1);
}

static void clients(void)
{
	struct counters counters = {0, 0, 0};
	struct adder self = {.builds = 0};
	adder_weak_client weak;
	adder_weak_client weaker;
	adder_post_client poster;
	adder_post_client second;
	adder_client client;
	adder_client other;
	adder_thread thread;

	spawn(&full, &self, &client, &thread);
	CHECK_INT(adder_client_weak(client, &weak), ==, UMP_OK);
	CHECK_INT(adder_weak_client_clone(weak, &weaker), ==, UMP_OK);
	CHECK_INT(adder_weak_client_upgrade(weaker, &other), ==, UMP_OK);
	CHECK_INT(adder_client_post_client(client, &poster), ==, UMP_OK);
	CHECK_INT(adder_post_client_clone(poster, &second), ==, UMP_OK);
	CHECK_INT(adder_client_post(other, &(struct note){1, &counters}), ==, UMP_OK);
	CHECK_INT(adder_post_client_post(second, &(struct note){2, &counters}), ==, UMP_OK);
	adder_client_drop(&client);
	adder_client_drop(&other);
	adder_post_client_drop(&poster);
	CHECK_INT(adder_thread_join(&thread, NULL, UMP_NOW), ==, UMP_TIMED_OUT);
	adder_post_client_drop(&second);
	CHECK_INT(adder_thread_join(&thread, NULL, UMP_FOREVER), ==, UMP_OK);
	CHECK_INT(adder_weak_client_upgrade(weak, &client), ==, UMP_CLIENTS_GONE);
	adder_weak_client_drop(&weak);
	adder_weak_client_drop(&weaker);
	CHECK_INT(counters.handled, ==, 2);
}

static void stops(void)
{
	struct adder self = {.builds = 0};
	adder_weak_client weak;
	adder_post_client poster;
	adder_client client;
	adder_thread thread;
	struct ump_flow how;

	spawn(&full, &self, &client, &thread);
	CHECK_INT(adder_client_weak(client, &weak), ==, UMP_OK);
	CHECK_INT(adder_client_post_client(client, &poster), ==, UMP_OK);
	CHECK_INT(adder_post_client_stop(poster, &how, NULL), ==, UMP_OK);
	CHECK_INT(adder_client_stop(client, NULL, NULL), ==, UMP_SERVER_GONE);
	CHECK_INT(adder_weak_client_stop(weak, NULL, NULL), ==, UMP_SERVER_GONE);
	adder_post_client_drop(&poster);
	adder_client_drop(&client);
	CHECK_INT(adder_weak_client_stop(weak, NULL, NULL), ==, UMP_CLIENTS_GONE);
	adder_weak_client_drop(&weak);
	CHECK_INT(adder_thread_join(&thread, &how, UMP_FOREVER), ==, UMP_OK);
	CHECK(how.stop && how.value == &how);
}

/* Break with a request to be answered, and with a request and a post behind it; return what became
 * of these. */
static struct counters leave(const struct adder_handler *handler, int first, int second)
{
	struct counters counters = {0, 0, 0};
	struct adder self = {.queues = &counters};
	struct sum sum = {0, NULL};
	struct ump_flow how;
	adder_client client;
	adder_thread thread;

	spawn(handler, &self, &client, &thread);
	CHECK_INT(adder_thread_join(&thread, &how, UMP_FOREVER), ==, UMP_OK);
	CHECK(how.stop && how.value == &self);
	CHECK_INT(adder_wait_reply_wait(&self.waits[0], &sum, UMP_FOREVER), ==, first);
	if (first == UMP_OK)
		CHECK_INT(sum.value, ==, -1);
	CHECK_INT(adder_wait_reply_wait(&self.waits[1], &sum, UMP_FOREVER), ==, second);
	CHECK_INT(adder_client_post(client, &(struct note){1, &counters}), ==, UMP_SERVER_GONE);
	adder_client_drop(&client);
	CHECK_INT(counters.handled, ==, 1);
	return counters;
}

static void leftovers(void)
{
	struct counters both = leave(&leaves_both, UMP_OK, UMP_SERVER_GONE);
	struct counters requests_only = leave(&leaves_requests, UMP_OK, UMP_SERVER_GONE);
	struct counters posts_only = leave(&leaves_posts, UMP_SERVER_GONE, UMP_SERVER_GONE);
	struct counters none = leave(&leaves_none, UMP_SERVER_GONE, UMP_SERVER_GONE);

	CHECK(both.left == 3 && both.dropped == 0);
	CHECK(requests_only.left == 2 && requests_only.dropped == 1);
	CHECK(posts_only.left == 1 && posts_only.dropped == 0);
	CHECK(none.left == 0 && none.dropped == 1);
}

static void values_that_nobody_owns(void)
{
	struct counters counters = {0, 0, 0};
	struct sum sum;
	adder_server server;
	adder_client client;
	struct adder_message got;

	CHECK_INT(adder_channel_open(&server, &client, &full), ==, UMP_OK);
	CHECK_INT(adder_client_req(client, &(struct add){1, 2, &counters}, &sum, UMP_NOW), ==,
		UMP_TIMED_OUT);
	CHECK_INT(counters.dropped, ==, 1);
	CHECK_INT(adder_client_post(client, &(struct note){1, &counters}), ==, UMP_OK);
	adder_client_drop(&client);
	adder_server_drop(&server);
	CHECK_INT(counters.dropped, ==, 2);
	CHECK_INT(adder_channel_open(&server, &client, NULL), ==, UMP_OK);
	CHECK_INT(adder_client_post(client, &(struct note){1, &counters}), ==, UMP_OK);
	adder_client_drop(&client);
	CHECK_INT(adder_server_try_pop(server, &got), ==, UMP_OK);
	CHECK_INT(adder_server_try_pop(server, NULL), ==, UMP_INVALID);
	CHECK_INT(adder_server_wait(server, NULL, UMP_NOW), ==, UMP_INVALID);
	adder_server_drop(&server);
	CHECK_INT(counters.dropped, ==, 2);
}

static void raw_server(void)
{
	struct counters counters = {0, 0, 0};
	adder_wait_reply wait_reply;
	struct adder_message got;
	struct sum sum = {9, NULL};
	adder_server server;
	adder_client client;

	CHECK_INT(adder_channel_open(&server, &client, NULL), ==, UMP_OK);
	CHECK(adder_server_was_empty(server));
	CHECK_INT(adder_server_try_pop(server, &got), ==, UMP_EMPTY);
	CHECK(got.request == NULL && got.post == NULL && got.rc.untyped == NULL);
	CHECK_INT(adder_client_post(client, &(struct note){8, &counters}), ==, UMP_OK);
	CHECK_INT(
		adder_client_req_async(client, &(struct add){1, 2, NULL}, &wait_reply), ==, UMP_OK);
	CHECK_INT(adder_server_wait(server, &got, UMP_FOREVER), ==, UMP_OK);
	CHECK(got.post->number == 8 && got.request == NULL && got.rc.untyped == NULL);
	CHECK_INT(adder_server_wait(server, &got, UMP_FOREVER), ==, UMP_OK);
	CHECK(got.request->b == 2 && got.post == NULL);
	CHECK_INT(adder_reply(&got.rc, &sum), ==, UMP_OK);
	CHECK_INT(adder_wait_reply_wait(&wait_reply, &sum, UMP_FOREVER), ==, UMP_OK);
	CHECK_INT(sum.value, ==, 9);
	CHECK_INT(
		adder_client_req_async(client, &(struct add){1, 2, NULL}, &wait_reply), ==, UMP_OK);
	adder_wait_reply_drop(&wait_reply);
	CHECK_INT(adder_client_post_at(client, &(struct note){7, &counters}, UMP_NOW, 0, NULL), ==,
		UMP_OK);
	CHECK_INT(adder_server_due(server), ==, UMP_NOW);
	CHECK_INT(adder_server_wait(server, &got, UMP_FOREVER), ==, UMP_OK);
	CHECK(got.post->number == 7 && got.request == NULL);
	adder_client_drop(&client);
	CHECK_INT(adder_server_wait(server, &got, UMP_FOREVER), ==, UMP_CLIENTS_GONE);
	CHECK_INT(adder_server_skipped(server), ==, 1);
	CHECK_INT(adder_server_due(server), ==, UMP_FOREVER);
	adder_server_drop(&server);
}

/* Spawning must fail with `result`: there are no handles, and self was dropped exactly once. */
static void spawn_fails(const struct adder_handler *handler, struct adder *self, int result)
{
	adder_client client = {(ump_client *)self};
	adder_thread thread = {(ump_thread *)self};

	CHECK_INT(adder_spawn_thread(NULL, handler, self, &client, &thread), ==, result);
	CHECK(client.untyped == NULL && thread.untyped == NULL);
	CHECK_INT(self->drops, ==, 1);
}

static void failing_spawns(void)
{
	struct adder refuses = {.build_result = 5};
	struct adder starts_badly = {.init_result = 6};
	struct adder lacks = {.builds = 0};
	struct adder none = {.builds = 0};
	adder_client client;
	adder_thread thread;

	spawn_fails(&full, &refuses, 5);
	CHECK(refuses.builds == 1 && refuses.inits == 0);
	spawn_fails(&full, &starts_badly, 6);
	CHECK(starts_badly.inits == 1 && starts_badly.terms == 0);
	spawn_fails(&incomplete, &lacks, UMP_INVALID);
	CHECK_INT(adder_spawn_thread(NULL, &full, &none, NULL, &thread), ==, UMP_INVALID);
	CHECK(none.drops == 1 && none.builds == 0);
	CHECK_INT(adder_spawn_thread(NULL, NULL, &none, &client, &thread), ==, UMP_INVALID);
	CHECK_INT(none.drops, ==, 1);
}

static void spawns_without_memory(void)
{
	for (int i = 0;; i++) {
		struct adder self = {.builds = 0};
		adder_client client;
		adder_thread thread;
		int result;

		faults_at(i);
		result = adder_spawn_thread(NULL, &simple, &self, &client, &thread);
		if (!faults_off()) {
			CHECK_INT(result, ==, UMP_OK);
			adder_client_drop(&client);
			CHECK_INT(adder_thread_join(&thread, NULL, UMP_FOREVER), ==, UMP_OK);
			CHECK_INT(self.drops, ==, 1);
			CHECK_INT(i, >, 2);
			return;
		}
		CHECK(result == UMP_NO_MEMORY || result == UMP_NO_THREAD);
		CHECK_INT(self.drops, ==, 1);
	}
}

static void nothing_to_consume(void)
{
	adder_client client = {NULL};
	adder_reply_context rc = {NULL};
	adder_wait_reply wait_reply = {NULL};
	struct sum sum;

	adder_client_drop(&client);
	adder_client_drop(NULL);
	adder_weak_client_drop(NULL);
	adder_post_client_drop(NULL);
	adder_wait_reply_drop(NULL);
	adder_reply_drop(NULL);
	adder_thread_drop(NULL);
	adder_server_drop(NULL);
	CHECK(adder_reply_keep(NULL).untyped == NULL);
	CHECK(adder_reply_buffer(rc) == NULL);
	CHECK_INT(adder_client_clone(client, &client), ==, UMP_INVALID);
	CHECK_INT(adder_client_req(client, &(struct add){1, 2, NULL}, &sum, UMP_NOW), ==,
		UMP_INVALID);
	CHECK_INT(adder_wait_reply_try(&wait_reply, &sum), ==, UMP_INVALID);
	CHECK_INT(adder_reply_fail(&rc, ADDER_TIRED), ==, UMP_INVALID);
	CHECK_INT(adder_thread_join(NULL, NULL, UMP_NOW), ==, UMP_INVALID);
}

/* ---- Servers that lack some kinds ----------------------------------------------------------- */

struct logger {
	struct counters counters;
};

static struct ump_flow log_note(struct logger *self, const struct note *msg)
{
	self->counters.handled += msg->number;
	return ump_continue();
}

UMP_TYPED_HANDLER(logger, logging, .post = log_note);

static void only_posts(void)
{
	struct logger self = {{0, 0, 0}};
	logger_client client;
	logger_thread thread;

	CHECK_INT(logger_spawn_thread(NULL, &logging, &self, &client, &thread), ==, UMP_OK);
	CHECK_INT(logger_client_post(client, &(struct note){4, NULL}), ==, UMP_OK);
	CHECK_INT(logger_client_post(client, &(struct note){5, NULL}), ==, UMP_OK);
	logger_client_drop(&client);
	CHECK_INT(logger_thread_join(&thread, NULL, UMP_FOREVER), ==, UMP_OK);
	CHECK_INT(self.counters.handled, ==, 9);
	CHECK(strcmp(logger_strerror(UMP_OK), ump_strerror(UMP_OK)) == 0);
}

static struct ump_flow store_note(
	struct store *self, const struct note *msg, store_reply_context *rc)
{
	(void)self;
	if (msg->number > 1)
		store_reply_fail(rc, STORE_FULL);
	else
		store_reply(rc);
	return ump_continue();
}

UMP_TYPED_HANDLER(store, storing, .request = store_note);

static void answers_without_a_value(void)
{
	store_wait_reply wait_reply;
	store_client client;
	store_thread thread;

	CHECK_INT(store_spawn_thread(NULL, &storing, NULL, &client, &thread), ==, UMP_OK);
	CHECK_INT(store_client_req(client, &(struct note){1, NULL}, UMP_FOREVER), ==, UMP_OK);
	CHECK_INT(store_client_req(client, &(struct note){2, NULL}, UMP_FOREVER), ==, STORE_FULL);
	CHECK_INT(store_client_req_async(client, &(struct note){2, NULL}, &wait_reply), ==, UMP_OK);
	CHECK_INT(store_wait_reply_wait(&wait_reply, UMP_FOREVER), ==, STORE_FULL);
	CHECK_INT(store_wait_reply_try(&wait_reply), ==, UMP_INVALID);
	store_client_drop(&client);
	store_thread_drop(&thread);
	CHECK(thread.untyped == NULL);
	CHECK(strcmp(store_strerror(STORE_FULL), "the store is full") == 0);
	CHECK(strcmp(store_strerror(2), ump_strerror(2)) == 0);
	CHECK(strcmp(store_strerror(UMP_TIMED_OUT), ump_strerror(UMP_TIMED_OUT)) == 0);
}

static struct ump_flow measure(
	struct pinger *self, const char *const *msg, pinger_reply_context *rc)
{
	long length = (long)strlen(*msg);

	(void)self;
	pinger_reply(rc, &length);
	return ump_continue();
}

static struct ump_flow count(struct pinger *self, const unsigned *msg)
{
	(void)self;
	return *msg == STOP ? ump_break(NULL) : ump_continue();
}

UMP_TYPED_HANDLER(pinger, pinging, .request = measure, .post = count);

static void scalars(void)
{
	struct pinger_binding binding = {&pinging, NULL, false};
	struct ump_config config = {.name = "pinger"};
	pinger_client client;
	pinger_thread thread;
	const char *text = "seven..";
	struct ump_flow how;
	long length;

	/* As an application does for a function of ump_server.h that has no twin. */
	pinger_configure(&config, &pinging);
	CHECK_INT(ump_spawn_thread(
			  &config, pinger_builder, &binding, &client.untyped, &thread.untyped),
		==, UMP_OK);
	CHECK(binding.bound);
	CHECK_INT(pinger_client_req(client, &text, &length, UMP_FOREVER), ==, UMP_OK);
	CHECK_INT(length, ==, 7);
	CHECK_INT(pinger_client_post(client, &(unsigned){STOP}), ==, UMP_OK);
	CHECK_INT(pinger_thread_join(&thread, &how, UMP_FOREVER), ==, UMP_OK);
	CHECK(how.stop);
	pinger_client_drop(&client);
}

/* The same handler inside an event loop, with replies through completions. */
static void tasks(void)
{
	struct ump_config config = {.capacity = 2};
	struct adder self = {0};
	struct ump_completion done;
	struct ump_stats stats;
	struct ump_flow how;
	ump_completions *completions;
	adder_wait_reply wait = {NULL};
	adder_client client;
	adder_task task;
	int tag = 5;

	CHECK_INT(adder_spawn_task(&config, &full, &self, &client, &task), ==, UMP_OK);
	CHECK_INT(ump_completions_open(&completions), ==, UMP_OK);
	CHECK_INT(adder_task_fd(task), >=, 0);
	CHECK_INT(adder_client_req_completion(client, &(struct add){3, 4, NULL}, completions, &tag),
		==, UMP_OK);
	CHECK_INT(adder_client_req_async_until(client, &(struct add){1, 2, NULL}, &wait, UMP_NOW),
		==, UMP_OK);
	CHECK_INT(adder_client_post_until(client, &(struct note){1, NULL}, UMP_NOW), ==, UMP_FULL);
	CHECK_INT(adder_client_reserve(client, completions, NULL), ==, UMP_OK);
	CHECK_INT(adder_suspend_for(client, &(ump_suspension *){NULL}), ==, UMP_INVALID);
	CHECK_INT(adder_client_stats(client, &stats), ==, UMP_OK);
	CHECK_INT(stats.depth, ==, 2);
	CHECK_INT(adder_weak_client_stats(self.me, &stats), ==, UMP_OK);
	CHECK_INT(stats.depth_most, ==, 2);
	CHECK(adder_task_dispatch(task, 2));
	CHECK_INT(ump_completions_next(completions, &done), ==, UMP_OK);
	CHECK(done.tag == NULL);
	CHECK_INT(done.result, ==, UMP_OK);
	CHECK(adder_completion_reply(&done) == NULL);
	CHECK_INT(ump_completions_next(completions, &done), ==, UMP_OK);
	CHECK(done.tag == &tag);
	CHECK_INT(adder_completion_reply(&done)->value, ==, 7);
	CHECK_INT(adder_wait_reply_try(&wait, &(struct sum){0, NULL}), ==, UMP_OK);
	ump_completions_drop(&completions);
	CHECK_INT(adder_task_run(task, UMP_NOW), ==, UMP_TIMED_OUT);
	CHECK_INT(adder_task_join(&task, &how), ==, UMP_EMPTY);
	adder_weak_client_drop(&self.me);
	adder_client_drop(&self.built);
	adder_client_drop(&client);
	CHECK_INT(adder_task_run(task, UMP_FOREVER), ==, UMP_OK);
	CHECK_INT(adder_task_join(&task, &how), ==, UMP_OK);
	CHECK(task.untyped == NULL);
	CHECK_INT(self.drops, ==, 1);
	adder_task_drop(&task);
}

/* The same handler in a combining server. */
static void combining(void)
{
	struct ump_config config = {0};
	struct adder self = {0};
	struct sum sum = {0, NULL};
	struct ump_flow how;
	adder_client client;
	adder_combining server;

	CHECK_INT(adder_spawn_combining(&config, &full, &self, &client, &server), ==, UMP_OK);
	CHECK_INT(
		adder_client_req(client, &(struct add){3, 4, NULL}, &sum, UMP_FOREVER), ==, UMP_OK);
	CHECK_INT(sum.value, ==, 7);
	CHECK_INT(adder_combining_join(&server, &how, UMP_NOW), ==, UMP_TIMED_OUT);
	adder_weak_client_drop(&self.me);
	adder_client_drop(&self.built);
	adder_client_drop(&client);
	CHECK_INT(self.drops, ==, 1);
	CHECK_INT(adder_combining_join(&server, &how, UMP_FOREVER), ==, UMP_OK);
	CHECK(server.untyped == NULL);
	adder_combining_drop(&server);
}

/* ---- A handler's own requests --------------------------------------------------------------- */

static adder_client asked;
static adder_post_client asked_poster;
static adder_weak_client asked_weak;
static int sums, ends;

static struct ump_flow got_sum(void *self, void *arg, int result, const void *reply)
{
	CHECK(self == &sums && arg == &ends);
	CHECK_INT(result, ==, UMP_OK);
	sums += adder_answer(reply)->value;
	return ump_continue();
}

static struct ump_flow got_end(void *self, void *arg, int result, const void *reply)
{
	CHECK(self == &sums && arg == NULL && reply == NULL);
	CHECK_INT(result, ==, UMP_OK);
	ends++;
	return ump_continue();
}

static struct ump_flow ask_for_sum(void *self, const void *msg)
{
	struct add add = {3, 4, NULL};

	(void)self;
	(void)msg;
	CHECK_INT(adder_client_ask(asked, &add, UMP_FOREVER, got_sum, &ends, NULL), ==, UMP_OK);
	CHECK_INT(adder_client_watch_call(asked, got_end, NULL, NULL), ==, UMP_OK);
	CHECK_INT(adder_post_client_watch_call(asked_poster, got_end, NULL, NULL), ==, UMP_OK);
	CHECK_INT(adder_weak_client_watch_call(asked_weak, got_end, NULL, NULL), ==, UMP_OK);
	return ump_continue();
}

static int build_asker(void *arg, ump_client *client, struct ump_handler *out)
{
	(void)client;
	out->self = arg;
	out->post = ask_for_sum;
	return 0;
}

static void asks(void)
{
	struct ump_config posts = {.post = {.size = 1}};
	struct adder self = {0};
	adder_task task;
	ump_client *client;
	ump_task *asker;

	sums = ends = 0;
	CHECK_INT(adder_spawn_task(NULL, &full, &self, &asked, &task), ==, UMP_OK);
	CHECK_INT(adder_client_post_client(asked, &asked_poster), ==, UMP_OK);
	CHECK_INT(adder_client_weak(asked, &asked_weak), ==, UMP_OK);
	CHECK_INT(ump_spawn_task(&posts, build_asker, &sums, &client, &asker), ==, UMP_OK);
	CHECK_INT(ump_client_post(client, ""), ==, UMP_OK);
	CHECK(ump_task_dispatch(asker, 0));
	CHECK(adder_task_dispatch(task, 0));
	CHECK(ump_task_dispatch(asker, 0));
	CHECK_INT(sums, ==, 7);
	adder_weak_client_drop(&self.me);
	adder_client_drop(&self.built);
	adder_post_client_drop(&asked_poster);
	adder_weak_client_drop(&asked_weak);
	adder_client_drop(&asked);
	adder_task_drop(&task);
	CHECK(ump_task_dispatch(asker, 0));
	CHECK_INT(ends, ==, 3);
	ump_client_drop(&client);
	ump_task_drop(&asker);
}

/* Watches by each kind of handle. */
static void watches(void)
{
	struct adder self = {0};
	struct adder others = {0};
	struct adder third = {0};
	struct ump_completion done;
	ump_completions *completions;
	adder_client client[3];
	struct ump_stats stats;
	adder_weak_client weak;
	adder_post_client poster;
	adder_combining combining;
	adder_task task;
	adder_thread thread;

	CHECK_INT(ump_completions_open(&completions), ==, UMP_OK);
	CHECK_INT(adder_spawn_thread(NULL, &full, &self, &client[0], &thread), ==, UMP_OK);
	CHECK_INT(adder_spawn_task(NULL, &full, &others, &client[1], &task), ==, UMP_OK);
	CHECK_INT(adder_spawn_combining(NULL, &full, &third, &client[2], &combining), ==, UMP_OK);
	CHECK_INT(adder_client_post_client(client[0], &poster), ==, UMP_OK);
	CHECK_INT(adder_client_watch(client[0], completions, NULL), ==, UMP_OK);
	CHECK_INT(adder_post_client_watch(poster, completions, NULL), ==, UMP_OK);
	CHECK_INT(adder_post_client_stats(poster, &stats), ==, UMP_OK);
	CHECK_INT(adder_post_client_weak(poster, &weak), ==, UMP_OK);
	adder_weak_client_drop(&weak);
	/* Without a capacity it is granted at once. */
	CHECK_INT(adder_post_client_reserve(poster, completions, NULL), ==, UMP_OK);
	CHECK_INT(adder_weak_client_watch(self.me, completions, NULL), ==, UMP_OK);
	CHECK_INT(adder_thread_watch(thread, completions, NULL), ==, UMP_OK);
	CHECK_INT(adder_task_watch(task, completions, NULL), ==, UMP_OK);
	CHECK_INT(adder_combining_watch(combining, completions, NULL), ==, UMP_OK);
	adder_post_client_drop(&poster);
	adder_task_drop(&task);
	for (int i = 0; i < 3; i++) {
		struct adder *its[] = {&self, &others, &third};

		adder_weak_client_drop(&its[i]->me);
		adder_client_drop(&its[i]->built);
		adder_client_drop(&client[i]);
	}
	for (int i = 0; i < 7; i++) {
		CHECK_INT(ump_completions_wait(completions, &done, UMP_FOREVER), ==, UMP_OK);
		CHECK_INT(done.result, ==, UMP_OK);
	}
	CHECK_INT(ump_completions_in_flight(completions), ==, 0);
	ump_completions_drop(&completions);
	CHECK_INT(adder_thread_join(&thread, NULL, UMP_FOREVER), ==, UMP_OK);
	CHECK_INT(adder_combining_join(&combining, NULL, UMP_NOW), ==, UMP_OK);
}

/* The same handler on pooled threads: the configuration must be passed on. */
static void on_pooled_threads(void)
{
	struct ump_config config = {0};
	struct sum sum = {0, NULL};
	adder_client client;
	adder_thread thread;

	CHECK_INT(ump_thread_pool_open(&config.thread_pool, 0, 1 << 20), ==, UMP_OK);
	for (int i = 0; i < 3; i++) {
		struct adder self = {0};

		config.stack_size = i == 0 ? 2 << 20 : 0;
		CHECK_INT(adder_spawn_thread(&config, &full, &self, &client, &thread), ==,
			i == 0 ? UMP_INVALID : UMP_OK);
		if (i > 0) {
			CHECK_INT(adder_client_req(
					  client, &(struct add){3, i, NULL}, &sum, UMP_FOREVER),
				==, UMP_OK);
			CHECK_INT(sum.value, ==, 3 + i);
			/* Drop the last strong client last: from then on the thread owns self. */
			adder_weak_client_drop(&self.me);
			adder_client_drop(&self.built);
			adder_client_drop(&client);
			CHECK_INT(adder_thread_join(&thread, NULL, UMP_FOREVER), ==, UMP_OK);
		}
		CHECK_INT(self.drops, ==, 1);
	}
	ump_thread_pool_drop(&config.thread_pool);
}

struct wide {
	_Alignas(512) char bytes[512];
};

UMP_TYPED(widener, struct wide, struct wide, struct wide, UMP_NONE);

static struct ump_flow widen(
	struct widener *self, const struct wide *msg, widener_reply_context *rc)
{
	(void)self;
	CHECK_INT((uintptr_t)msg % _Alignof(struct wide), ==, 0);
	widener_reply(rc, msg);
	return ump_continue();
}

static struct ump_flow look_at_wide(struct widener *self, const struct wide *msg)
{
	(void)self;
	CHECK_INT((uintptr_t)msg % _Alignof(struct wide), ==, 0);
	return ump_continue();
}

UMP_TYPED_HANDLER(widener, wide_handler, .request = widen, .post = look_at_wide);

/* The library must get the alignment of a type. */
static void strictly_aligned(void)
{
	static struct wide value;
	struct wide answer;
	widener_client client;
	widener_thread thread;
	struct ump_config config = {0};

	widener_configure(&config, &wide_handler);
	CHECK_INT(config.request_align, ==, 512);
	CHECK_INT(config.reply_align, ==, 512);
	CHECK_INT(config.post_align, ==, 512);
	CHECK_INT(widener_spawn_thread(NULL, &wide_handler, NULL, &client, &thread), ==, UMP_OK);
	for (int i = 0; i < 40; i++) {
		CHECK_INT(widener_client_post(client, &value), ==, UMP_OK);
		CHECK_INT(widener_client_req(client, &value, &answer, ump_after(60000000000)), ==,
			UMP_OK);
	}
	widener_client_drop(&client);
	CHECK_INT(widener_thread_join(&thread, NULL, UMP_FOREVER), ==, UMP_OK);
}

static const struct check_test tests[] = {
	{"typed: types that are aligned strictly", strictly_aligned},
	{"[combining] a typed server that its callers run", combining},
	{"[ask] [watch] a handler asks a typed server", asks},
	{"[watch] typed handles watch their servers", watches},
	{"[reuse] typed servers on pooled threads", on_pooled_threads},
	{"[task] [complete] [bound] a typed server inside an event loop", tasks},
	{"typed: requests, and a handler that has every callback", requests},
	{"typed [keep] [origin]: a kept context", kept_contexts},
	{"typed [weak] [drain]: clients of each kind", clients},
	{"[stop] each kind of typed client stops its server", stops},
	{"typed [break]: leftovers of each kind, with and without a callback", leftovers},
	{"typed [once]: values without an owner go to the drop of their type",
		values_that_nobody_owns},
	{"typed: a raw receiving end", raw_server},
	{"typed [init]: self is dropped once, however spawning fails", failing_spawns},
	{"typed [init] [clean]: also without memory or threads", spawns_without_memory},
	{"typed [misuse]: no handle is no harm", nothing_to_consume},
	{"typed: a server of posts", only_posts},
	{"typed: a server whose answers are codes", answers_without_a_value},
	{"typed: types that are no structures, and a function without a twin", scalars},
};

CHECK_MAIN(tests)
