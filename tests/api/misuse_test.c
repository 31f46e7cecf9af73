/* SPDX-License-Identifier: 0BSD */
#include "probe.h"

#include <setjmp.h>
#include <string.h>
#include <unistd.h>

static ump_client *client;
static ump_server *server;

static void open_both(void)
{
	probe_open(&server, &client);
}

static void drop_both(void)
{
	ump_server_drop(&server);
	ump_client_drop(&client);
}

static void null_clients(void)
{
	struct order order = {OP_ECHO, 1, NULL};
	struct reply reply;
	ump_client *out = (ump_client *)&order;
	ump_post_client *post_out;
	ump_weak_client *weak_out;
	ump_wait_reply *wait_out;

	open_both();
	CHECK_INT(ump_client_clone(NULL, &out), ==, UMP_INVALID);
	CHECK(out == NULL);
	CHECK_INT(ump_client_clone(client, NULL), ==, UMP_INVALID);
	CHECK_INT(ump_client_post_client(NULL, &post_out), ==, UMP_INVALID);
	CHECK_INT(ump_client_post_client(client, NULL), ==, UMP_INVALID);
	CHECK_INT(ump_post_client_clone(NULL, &post_out), ==, UMP_INVALID);
	CHECK_INT(ump_post_client_clone(NULL, NULL), ==, UMP_INVALID);
	CHECK_INT(ump_client_weak(NULL, &weak_out), ==, UMP_INVALID);
	CHECK_INT(ump_client_weak(client, NULL), ==, UMP_INVALID);
	CHECK_INT(ump_weak_client_clone(NULL, &weak_out), ==, UMP_INVALID);
	CHECK_INT(ump_weak_client_clone(NULL, NULL), ==, UMP_INVALID);
	CHECK_INT(ump_weak_client_upgrade(NULL, &out), ==, UMP_INVALID);
	CHECK_INT(ump_weak_client_upgrade(NULL, NULL), ==, UMP_INVALID);
	CHECK_INT(ump_client_req(NULL, &order, &reply, UMP_FOREVER), ==, UMP_INVALID);
	CHECK_INT(ump_client_req(client, NULL, &reply, UMP_FOREVER), ==, UMP_INVALID);
	CHECK_INT(ump_client_req(client, &order, NULL, UMP_FOREVER), ==, UMP_INVALID);
	CHECK_INT(ump_client_req_async(NULL, &order, &wait_out), ==, UMP_INVALID);
	CHECK_INT(ump_client_req_async(client, NULL, &wait_out), ==, UMP_INVALID);
	CHECK_INT(ump_client_req_async(client, &order, NULL), ==, UMP_INVALID);
	CHECK_INT(ump_client_post(NULL, &order), ==, UMP_INVALID);
	CHECK_INT(ump_client_post(client, NULL), ==, UMP_INVALID);
	CHECK_INT(ump_post_client_post(NULL, &order), ==, UMP_INVALID);
	CHECK(ump_server_was_empty(server));
	drop_both();
}

static void null_drops(void)
{
	ump_client *no_client = NULL;
	ump_post_client *no_post_client = NULL;
	ump_weak_client *no_weak = NULL;
	ump_wait_reply *no_wait = NULL;
	ump_reply_context *no_context = NULL;
	ump_thread *no_thread = NULL;
	ump_server *no_server = NULL;

	ump_client_drop(NULL);
	ump_client_drop(&no_client);
	ump_post_client_drop(NULL);
	ump_post_client_drop(&no_post_client);
	ump_weak_client_drop(NULL);
	ump_weak_client_drop(&no_weak);
	ump_wait_reply_drop(NULL);
	ump_wait_reply_drop(&no_wait);
	ump_reply_drop(NULL);
	ump_reply_drop(&no_context);
	ump_thread_drop(NULL);
	ump_thread_drop(&no_thread);
	ump_server_drop(NULL);
	ump_server_drop(&no_server);
	/* Drop twice through one variable. */
	open_both();
	drop_both();
	drop_both();
}

static void null_receivers(void)
{
	ump_reply_context *rc;
	const void *msg;

	open_both();
	CHECK_INT(ump_server_wait(NULL, &msg, &rc, UMP_NOW), ==, UMP_INVALID);
	CHECK_INT(ump_server_wait(server, NULL, &rc, UMP_NOW), ==, UMP_INVALID);
	CHECK_INT(ump_server_wait(server, &msg, NULL, UMP_NOW), ==, UMP_INVALID);
	CHECK_INT(ump_server_try_pop(NULL, &msg, &rc), ==, UMP_INVALID);
	CHECK(ump_server_was_empty(NULL));
	CHECK_INT(ump_server_skipped(NULL), ==, 0);
	CHECK_INT(ump_thread_join(NULL, NULL, UMP_NOW), ==, UMP_INVALID);
	CHECK_INT(ump_thread_join(&(ump_thread *){NULL}, NULL, UMP_NOW), ==, UMP_INVALID);
	drop_both();
}

static void replies(void)
{
	struct reply reply = {1, NULL};
	ump_wait_reply *wait_reply;
	ump_wait_reply *no_wait = NULL;
	ump_reply_context *no_context = NULL;
	ump_reply_context *rc;
	const void *msg;

	open_both();
	wait_reply = probe_req_async(client, OP_ECHO, 1, NULL);
	CHECK_INT(ump_server_wait(server, &msg, &rc, UMP_NOW), ==, UMP_OK);
	CHECK_INT(ump_reply(NULL, &reply), ==, UMP_INVALID);
	CHECK_INT(ump_reply(&no_context, &reply), ==, UMP_INVALID);
	CHECK_INT(ump_reply(&rc, NULL), ==, UMP_INVALID);
	CHECK_INT(ump_reply_fail(NULL, 1), ==, UMP_INVALID);
	CHECK_INT(ump_reply_fail(&no_context, 1), ==, UMP_INVALID);
	CHECK_INT(ump_reply_fail(&rc, 0), ==, UMP_INVALID);
	CHECK_INT(ump_reply_fail(&rc, -1), ==, UMP_INVALID);
	CHECK(ump_reply_keep(NULL) == NULL);
	CHECK(ump_reply_keep(&no_context) == NULL);
	CHECK(ump_reply_buffer(NULL) == NULL);
	CHECK(!ump_reply_origin_gone(NULL));
	CHECK(rc != NULL);
	CHECK_INT(ump_wait_reply_wait(NULL, &reply, UMP_NOW), ==, UMP_INVALID);
	CHECK_INT(ump_wait_reply_wait(&no_wait, &reply, UMP_NOW), ==, UMP_INVALID);
	CHECK_INT(ump_wait_reply_wait(&wait_reply, NULL, UMP_NOW), ==, UMP_INVALID);
	CHECK_INT(ump_wait_reply_try(&wait_reply, NULL), ==, UMP_INVALID);
	CHECK(wait_reply != NULL);
	CHECK_INT(ump_reply(&rc, &reply), ==, UMP_OK);
	/* A second reply. */
	CHECK_INT(ump_reply(&rc, &reply), ==, UMP_INVALID);
	CHECK_INT(ump_wait_reply_try(&wait_reply, &reply), ==, UMP_OK);
	CHECK_INT(ump_wait_reply_try(&wait_reply, &reply), ==, UMP_INVALID);
	drop_both();
}

/* ---- Event loops, capacity and statistics -------------------------------------------------- */

static void null_tasks(void)
{
	ump_task *none = NULL;
	ump_suspension *no_suspension = NULL;
	struct ump_flow how = {true, &how};

	CHECK_INT(ump_task_fd(NULL), ==, -1);
	CHECK(ump_task_dispatch(NULL, 0));
	CHECK(ump_task_dispatch(NULL, 1));
	CHECK_INT(ump_task_run(NULL, UMP_FOREVER), ==, UMP_INVALID);
	CHECK_INT(ump_task_join(NULL, &how), ==, UMP_INVALID);
	CHECK_INT(ump_task_join(&none, &how), ==, UMP_INVALID);
	CHECK(how.value == &how);
	ump_task_drop(NULL);
	ump_task_drop(&none);
	CHECK_INT(ump_task_resume(NULL, ump_continue()), ==, UMP_INVALID);
	CHECK_INT(ump_task_resume(&no_suspension, ump_continue()), ==, UMP_INVALID);
}

static void null_completions(void)
{
	struct order order = {OP_ECHO, 1, NULL};
	struct ump_config posts = {.post.size = 1};
	ump_completions *none = NULL;
	ump_completions *completions;
	struct ump_completion got = {&got, 5, &got};

	open_both();
	CHECK_INT(ump_completions_open(NULL), ==, UMP_INVALID);
	CHECK_INT(ump_completions_open(&completions), ==, UMP_OK);
	CHECK_INT(ump_completions_fd(NULL), ==, -1);
	CHECK_INT(ump_completions_in_flight(NULL), ==, 0);
	CHECK_INT(ump_completions_next(NULL, &got), ==, UMP_INVALID);
	CHECK_INT(ump_completions_next(completions, NULL), ==, UMP_INVALID);
	CHECK_INT(ump_completions_wait(NULL, &got, UMP_FOREVER), ==, UMP_INVALID);
	CHECK_INT(ump_completions_wait(completions, NULL, UMP_FOREVER), ==, UMP_INVALID);
	ump_completions_drop(NULL);
	ump_completions_drop(&none);
	CHECK_INT(ump_client_req_completion(NULL, &order, completions, NULL), ==, UMP_INVALID);
	CHECK_INT(ump_client_req_completion(client, NULL, completions, NULL), ==, UMP_INVALID);
	CHECK_INT(ump_client_req_completion(client, &order, NULL, NULL), ==, UMP_INVALID);
	CHECK_INT(ump_client_reserve(NULL, completions, NULL), ==, UMP_INVALID);
	CHECK_INT(ump_client_reserve(client, NULL, NULL), ==, UMP_INVALID);
	drop_both();
	CHECK_INT(ump_channel_open(&server, &client, &posts), ==, UMP_OK);
	CHECK_INT(ump_client_req_completion(client, &order, completions, NULL), ==, UMP_INVALID);
	/* None of these calls may leave anything in flight, or write anything. */
	CHECK_INT(ump_completions_in_flight(completions), ==, 0);
	CHECK_INT(ump_completions_next(completions, &got), ==, UMP_EMPTY);
	CHECK_INT(got.result, ==, 5);
	ump_completions_drop(&completions);
	ump_completions_drop(&completions);
	drop_both();
}

static void null_waits_for_permit(void)
{
	struct order order = {OP_ECHO, 1, NULL};
	struct ump_config requests = {.request.size = 1};
	struct ump_config posts = {.post.size = 1};
	ump_wait_reply *out = (ump_wait_reply *)&order;
	ump_post_client *post_client;

	open_both();
	CHECK_INT(ump_client_post_client(client, &post_client), ==, UMP_OK);
	CHECK_INT(ump_client_req_async_until(NULL, &order, &out, UMP_FOREVER), ==, UMP_INVALID);
	CHECK(out == NULL);
	CHECK_INT(ump_client_req_async_until(client, NULL, &out, UMP_FOREVER), ==, UMP_INVALID);
	CHECK_INT(ump_client_req_async_until(client, &order, NULL, UMP_FOREVER), ==, UMP_INVALID);
	CHECK_INT(ump_client_post_until(NULL, &order, UMP_FOREVER), ==, UMP_INVALID);
	CHECK_INT(ump_client_post_until(client, NULL, UMP_FOREVER), ==, UMP_INVALID);
	CHECK_INT(ump_post_client_post_until(NULL, &order, UMP_FOREVER), ==, UMP_INVALID);
	CHECK_INT(ump_post_client_post_until(post_client, NULL, UMP_FOREVER), ==, UMP_INVALID);
	CHECK(ump_server_was_empty(server));
	ump_post_client_drop(&post_client);
	drop_both();
	CHECK_INT(ump_channel_open(&server, &client, &requests), ==, UMP_OK);
	CHECK_INT(ump_client_post_until(client, "x", UMP_FOREVER), ==, UMP_INVALID);
	drop_both();
	CHECK_INT(ump_channel_open(&server, &client, &posts), ==, UMP_OK);
	CHECK_INT(ump_client_req_async_until(client, "x", &out, UMP_FOREVER), ==, UMP_INVALID);
	drop_both();
}

static void null_stats(void)
{
	struct ump_stats stats;
	ump_weak_client *weak;

	memset(&stats, 0, sizeof stats);
	stats.clients = 77;
	open_both();
	CHECK_INT(ump_client_weak(client, &weak), ==, UMP_OK);
	CHECK_INT(ump_client_stats(NULL, &stats), ==, UMP_INVALID);
	CHECK_INT(ump_client_stats(client, NULL), ==, UMP_INVALID);
	CHECK_INT(ump_weak_client_stats(NULL, &stats), ==, UMP_INVALID);
	CHECK_INT(ump_weak_client_stats(weak, NULL), ==, UMP_INVALID);
	CHECK_INT(ump_server_stats(NULL, &stats), ==, UMP_INVALID);
	CHECK_INT(ump_server_stats(server, NULL), ==, UMP_INVALID);
	CHECK_INT(stats.clients, ==, 77);
	ump_weak_client_drop(&weak);
	drop_both();
}

/* Size of a configuration in the first version of the library. */
#define FIRST_SIZE (offsetof(struct ump_config, thread_pool) + sizeof(void *))

static int refuse(const struct ump_config *config, size_t size)
{
	ump_server *no_server = (ump_server *)&server;
	ump_client *no_client = (ump_client *)&client;
	int result = ump_channel_open_sized(&no_server, &no_client, config, size);

	CHECK(no_server == NULL);
	CHECK(no_client == NULL);
	return result;
}

static void configs(void)
{
	struct {
		struct ump_config config;
		size_t unknown;
	} newer;
	struct ump_config nothing = {.reply.size = 4};
	struct ump_config large = {.request.size = SIZE_MAX / 8 + 1};
	struct ump_config large_reply = {.request.size = 1, .reply.size = SIZE_MAX};
	struct ump_config large_post = {.post.size = SIZE_MAX - 15};
	struct ump_config deep = {.post.size = 1, .capacity = (size_t)INT32_MAX + 1};
	struct ump_config backward = {.post.size = 1, .slow_limit = -1};
	struct ump_config skew[] = {
		{.post.size = 1, .post_align = 3},
		{.post.size = 1, .reply_align = 24},
		{.post.size = 1, .request_align = SIZE_MAX},
		{.post.size = 1, .post_align = (size_t)2 * UMP_ALIGN_MOST},
#if SIZE_MAX > UINT32_MAX
		{.post.size = 1, .keep = (size_t)UINT32_MAX + 1},
#endif
	};

	CHECK_INT(refuse(NULL, sizeof nothing), ==, UMP_INVALID);
	CHECK_INT(refuse(&nothing, sizeof nothing), ==, UMP_INVALID);
	CHECK_INT(refuse(&large, sizeof large), ==, UMP_INVALID);
	CHECK_INT(refuse(&large_reply, sizeof large), ==, UMP_INVALID);
	CHECK_INT(refuse(&large_post, sizeof large), ==, UMP_INVALID);
	CHECK_INT(refuse(&deep, sizeof deep), ==, UMP_INVALID);
	deep.capacity--;
	CHECK_INT(ump_channel_open(&server, &client, &deep), ==, UMP_OK);
	drop_both();
	CHECK_INT(refuse(&backward, sizeof backward), ==, UMP_INVALID);
	for (size_t i = 0; i < sizeof skew / sizeof skew[0]; i++)
		CHECK_INT(refuse(&skew[i], sizeof skew[i]), ==, UMP_INVALID);
	CHECK_INT(refuse(&probe_config, 0), ==, UMP_INVALID);
	CHECK_INT(refuse(&probe_config, FIRST_SIZE - 1), ==, UMP_INVALID);
	CHECK_INT(ump_channel_open_sized(&server, &client, &probe_config, FIRST_SIZE), ==, UMP_OK);
	drop_both();
	memset(&newer, 0, sizeof newer);
	newer.config = probe_config;
	newer.unknown = 1;
	CHECK_INT(refuse(&newer.config, sizeof newer), ==, UMP_INVALID);
	newer.unknown = 0;
	CHECK_INT(
		ump_channel_open_sized(&server, &client, &newer.config, sizeof newer), ==, UMP_OK);
	CHECK_INT(ump_channel_open(NULL, &(ump_client *){NULL}, &probe_config), ==, UMP_INVALID);
	CHECK_INT(ump_channel_open(&(ump_server *){NULL}, NULL, &probe_config), ==, UMP_INVALID);
	drop_both();
	/* The largest legal size, which no memory can hold.  With 32 bits it might fit, so there
	 * the allocation is made to fail. */
	large.request.size--;
	CHECK_INT(ump_channel_open(&server, &client, &large), ==, UMP_OK);
	if (SIZE_MAX <= UINT32_MAX)
		faults_at(0);
	CHECK_INT(
		ump_client_req_async(client, &large, &(ump_wait_reply *){NULL}), ==, UMP_NO_MEMORY);
	drop_both();
}

static int dropped;

static void count_drop(void *self)
{
	(void)self;
	dropped++;
}

static int build_incomplete(void *arg, ump_client *made, struct ump_handler *out)
{
	const int *has = arg;
	static const struct ump_handler some;

	(void)made;
	*out = some;
	out->drop = count_drop;
	(void)has;
	return 0;
}

static void handlers(void)
{
	struct ump_config requests = {.request.size = 1};
	struct ump_config posts = {.post.size = 1};
	ump_client *made;
	ump_thread *thread;

	dropped = 0;
	CHECK_INT(ump_spawn_thread(&requests, build_incomplete, NULL, &made, &thread), ==,
		UMP_INVALID);
	CHECK_INT(
		ump_spawn_thread(&posts, build_incomplete, NULL, &made, &thread), ==, UMP_INVALID);
	CHECK_INT(dropped, ==, 2);
	CHECK(made == NULL);
	CHECK(thread == NULL);
	CHECK_INT(ump_spawn_thread(NULL, build_incomplete, NULL, &made, &thread), ==, UMP_INVALID);
	CHECK_INT(ump_spawn_thread(&posts, NULL, NULL, &made, &thread), ==, UMP_INVALID);
	CHECK_INT(ump_spawn_thread(&posts, build_incomplete, NULL, NULL, &thread), ==, UMP_INVALID);
	CHECK_INT(ump_spawn_thread(&posts, build_incomplete, NULL, &made, NULL), ==, UMP_INVALID);
	CHECK_INT(ump_spawn_thread_sized(&posts, sizeof posts, sizeof(struct ump_handler) + 1,
			  build_incomplete, NULL, &made, &thread),
		==, UMP_INVALID);
	CHECK_INT(dropped, ==, 2);
}

/* The same for tasks. */
static void task_handlers(void)
{
	struct ump_config requests = {.request.size = 1};
	struct ump_config posts = {.post.size = 1};
	struct ump_config nothing = {.reply.size = 1};
	ump_client *made;
	ump_task *task;

	dropped = 0;
	CHECK_INT(ump_spawn_task(&requests, build_incomplete, NULL, &made, &task), ==, UMP_INVALID);
	CHECK_INT(ump_spawn_task(&posts, build_incomplete, NULL, &made, &task), ==, UMP_INVALID);
	CHECK_INT(dropped, ==, 2);
	made = (ump_client *)&posts;
	task = (ump_task *)&posts;
	CHECK_INT(ump_spawn_task(&nothing, build_incomplete, NULL, &made, &task), ==, UMP_INVALID);
	CHECK(made == NULL);
	CHECK(task == NULL);
	CHECK_INT(ump_spawn_task(NULL, build_incomplete, NULL, &made, &task), ==, UMP_INVALID);
	CHECK_INT(ump_spawn_task(&posts, NULL, NULL, &made, &task), ==, UMP_INVALID);
	CHECK_INT(ump_spawn_task(&posts, build_incomplete, NULL, NULL, &task), ==, UMP_INVALID);
	CHECK_INT(ump_spawn_task(&posts, build_incomplete, NULL, &made, NULL), ==, UMP_INVALID);
	CHECK_INT(ump_spawn_task_sized(&posts, sizeof posts, sizeof(struct ump_handler) + 1,
			  build_incomplete, NULL, &made, &task),
		==, UMP_INVALID);
	CHECK_INT(ump_spawn_task_sized(&posts, FIRST_SIZE - 1, sizeof(struct ump_handler),
			  build_incomplete, NULL, &made, &task),
		==, UMP_INVALID);
	CHECK_INT(dropped, ==, 2);
}

static void kinds_not_taken(void)
{
	struct ump_config requests = {.request.size = 1};
	struct ump_config posts = {.post.size = 1};
	ump_post_client *post_client;
	ump_wait_reply *wait_reply;
	ump_reply_context *rc;
	const void *msg;

	CHECK_INT(ump_channel_open(&server, &client, &requests), ==, UMP_OK);
	CHECK_INT(ump_client_post(client, "x"), ==, UMP_INVALID);
	CHECK_INT(ump_client_post_client(client, &post_client), ==, UMP_INVALID);
	CHECK(post_client == NULL);
	/* Replies have no value here, so none need be given. */
	CHECK_INT(ump_client_req_async(client, "x", &wait_reply), ==, UMP_OK);
	CHECK_INT(ump_server_wait(server, &msg, &rc, UMP_NOW), ==, UMP_OK);
	CHECK(ump_reply_buffer(rc) == NULL);
	CHECK_INT(ump_reply(&rc, NULL), ==, UMP_OK);
	CHECK_INT(ump_wait_reply_wait(&wait_reply, NULL, UMP_NOW), ==, UMP_OK);
	drop_both();
	CHECK_INT(ump_channel_open(&server, &client, &posts), ==, UMP_OK);
	CHECK_INT(ump_client_req(client, "x", NULL, UMP_FOREVER), ==, UMP_INVALID);
	CHECK_INT(ump_client_req_async(client, "x", &wait_reply), ==, UMP_INVALID);
	drop_both();
}

#ifndef NDEBUG
static void drop_twice(void)
{
	ump_client *first;
	ump_client *copy;

	open_both();
	CHECK_INT(ump_client_clone(client, &first), ==, UMP_OK);
	copy = first;
	ump_client_drop(&first);
	ump_client_drop(&copy);
}

static void use_dropped_weak(void)
{
	ump_weak_client *weak;
	ump_weak_client *copy;

	open_both();
	CHECK_INT(ump_client_weak(client, &weak), ==, UMP_OK);
	copy = weak;
	ump_weak_client_drop(&weak);
	(void)ump_weak_client_upgrade(copy, &client);
}

static void ask_dropped_client(void)
{
	ump_client *copy;
	struct ump_stats stats;

	open_both();
	copy = client;
	ump_client_drop(&client);
	(void)ump_client_stats(copy, &stats);
}

static void ask_dropped_weak(void)
{
	ump_weak_client *weak;
	ump_weak_client *copy;
	struct ump_stats stats;

	open_both();
	CHECK_INT(ump_client_weak(client, &weak), ==, UMP_OK);
	copy = weak;
	ump_weak_client_drop(&weak);
	(void)ump_weak_client_stats(copy, &stats);
}

static int drop_lent(void *self, ump_weak_client *me)
{
	(void)self;
	ump_weak_client_drop(&me);
	return 0;
}

static struct ump_flow ignore(void *self, const void *msg)
{
	(void)self;
	(void)msg;
	return ump_continue();
}

static int build_drop_lent(void *arg, ump_client *made, struct ump_handler *out)
{
	(void)arg;
	(void)made;
	out->init = drop_lent;
	out->post = ignore;
	return 0;
}

static void spawn_drop_lent(void)
{
	struct ump_config posts = {.post.size = 1};
	ump_thread *thread;

	(void)ump_spawn_thread(&posts, build_drop_lent, NULL, &client, &thread);
}

static struct probe probe;

static void use_dropped_task(void)
{
	ump_task *task;
	ump_task *copy;

	probe_init(&probe);
	probe_spawn_task(&probe, &client, &task);
	copy = task;
	ump_task_drop(&task);
	(void)ump_task_dispatch(copy, 0);
}

/* ---- Replies that overlap their messages ----------------------------------------------------- */

struct both {
	char before[sizeof(struct order)];
	struct order order;
	char after[sizeof(struct reply)];
};

/* Where the reply begins, counted from the start of the message. */
static ptrdiff_t offset;

/* Write the reply into the reply buffer. */
static struct ump_flow reply_in_buffer(
	struct probe *self, const struct order *order, ump_reply_context **rc)
{
	struct reply *buffer = ump_reply_buffer(*rc);

	(void)self;
	(void)order;
	buffer->token = NULL;
	CHECK_INT(ump_reply(rc, buffer), ==, UMP_OK);
	return ump_continue();
}

static void open_overlapping(struct both *both, ump_thread **thread)
{
	memset(both, 0, sizeof *both);
	both->order.op = OP_CALL;
	probe_init(&probe);
	probe.on_call = reply_in_buffer;
	probe_spawn(&probe, &client, thread);
}

static void ask_with_reply_at_offset(void)
{
	struct both both;
	ump_thread *thread;

	open_overlapping(&both, &thread);
	(void)ump_client_req(client, &both.order, (char *)&both.order + offset, UMP_FOREVER);
	ump_client_drop(&client);
	CHECK(!probe_join(&thread).stop);
	_exit(0);
}

static void ask_with_one_variable(void)
{
	offset = 0;
	ask_with_reply_at_offset();
}

static void ask_with_overlap_behind(void)
{
	offset = sizeof(struct order) - 1;
	ask_with_reply_at_offset();
}

static void ask_with_overlap_before(void)
{
	offset = 1 - (ptrdiff_t)sizeof(struct reply);
	ask_with_reply_at_offset();
}

/* The nearest bytes that do not overlap the message. */
static void side_by_side(void)
{
	struct both both;
	struct order *order = &both.order;
	ump_thread *thread;

	open_overlapping(&both, &thread);
	CHECK_INT(ump_client_req(client, order, order + 1, UMP_FOREVER), ==, UMP_OK);
	CHECK_INT(ump_client_req(client, order, (char *)order - sizeof(struct reply), UMP_FOREVER),
		==, UMP_OK);
	ump_client_drop(&client);
	CHECK(!probe_join(&thread).stop);
}

static void overlaps(void)
{
	static const char text[] = "the reply of a request overlaps its message";

	side_by_side();
	CHECK(check_dies(ask_with_one_variable, text));
	CHECK(check_dies(ask_with_overlap_behind, text));
	CHECK(check_dies(ask_with_overlap_before, text));
}

/* ---- Callbacks that are left other than by returning ----------------------------------------- */

static jmp_buf out;
static ump_client *other;
static ump_task *other_task;

static void run_other(void)
{
	(void)ump_task_dispatch(other_task, 0);
}

/* How a post leaves its callback. */
static struct ump_flow leave_callback(void *self, const void *msg)
{
	(void)self;
	switch (*(const char *)msg) {
	case 'j':
		longjmp(out, 1);
	case 'e':
		pthread_exit(NULL);
	case 'c':
		pthread_cancel(pthread_self());
		pthread_testcancel();
		break;
	case 'o':
		/* Jump back here from the other task's callback. */
		if (setjmp(out) == 0)
			run_other();
		break;
	default:
		break;
	}
	return ump_continue();
}

static int build_leaver(void *arg, ump_client *made, struct ump_handler *out_handler)
{
	(void)arg;
	(void)made;
	out_handler->post = leave_callback;
	return 0;
}

static const struct ump_config leaver = {.post.size = 1};

static void leave_on_thread(const char *how)
{
	ump_thread *thread;

	CHECK_INT(ump_spawn_thread(&leaver, build_leaver, NULL, &client, &thread), ==, UMP_OK);
	CHECK_INT(ump_client_post(client, how), ==, UMP_OK);
	(void)ump_thread_join(&thread, NULL, ump_after(INT64_C(60000000000)));
}

static void exit_on_thread(void)
{
	leave_on_thread("e");
}

static void cancel_on_thread(void)
{
	leave_on_thread("c");
}

static void *run_and_exit(void *arg)
{
	ump_combining *combining;

	CHECK_INT(
		ump_spawn_combining(&leaver, build_leaver, NULL, &client, &combining), ==, UMP_OK);
	if (setjmp(out) == 0)
		(void)ump_client_post(client, arg);
	return NULL;
}

/* The thread continues after the jump, and ends without another call. */
static void jump_and_end(void)
{
	static char how[] = "j";
	pthread_t id;

	CHECK_INT(pthread_create(&id, NULL, run_and_exit, how), ==, 0);
	pthread_join(id, NULL);
}

static void jump_out_of_task(void)
{
	ump_task *task;

	CHECK_INT(ump_spawn_task(&leaver, build_leaver, NULL, &client, &task), ==, UMP_OK);
	CHECK_INT(ump_client_post(client, "j"), ==, UMP_OK);
	if (setjmp(out) == 0)
		(void)ump_task_dispatch(task, 0);
	(void)ump_task_dispatch(task, 0);
}

static void jump_out_of_combining(void)
{
	ump_combining *combining;

	CHECK_INT(
		ump_spawn_combining(&leaver, build_leaver, NULL, &client, &combining), ==, UMP_OK);
	if (setjmp(out) == 0)
		(void)ump_client_post(client, "j");
	(void)ump_client_post(client, "r");
}

static void leave_out_of_order(void)
{
	ump_task *task;

	CHECK_INT(ump_spawn_task(&leaver, build_leaver, NULL, &client, &task), ==, UMP_OK);
	CHECK_INT(ump_spawn_task(&leaver, build_leaver, NULL, &other, &other_task), ==, UMP_OK);
	CHECK_INT(ump_client_post(client, "o"), ==, UMP_OK);
	CHECK_INT(ump_client_post(other, "j"), ==, UMP_OK);
	(void)ump_task_dispatch(task, 0);
}

static void left_callbacks(void)
{
	CHECK(check_dies(exit_on_thread, "a thread has ended inside a callback"));
	CHECK(check_dies(cancel_on_thread, "a thread has ended inside a callback"));
	CHECK(check_dies(jump_and_end, "a thread has ended inside a callback"));
	CHECK(check_dies(leave_out_of_order, "a callback was left out of order"));
#ifdef __linux__
	CHECK(check_dies(jump_out_of_task, "a callback was left by longjmp"));
	CHECK(check_dies(jump_out_of_combining, "a callback was left by longjmp"));
#endif
}

static void deaths(void)
{
	CHECK(check_dies(use_dropped_task, "a task was used after it was joined or dropped"));
	CHECK(check_dies(drop_twice, "a client was used after it was dropped"));
	CHECK(check_dies(use_dropped_weak, "a weak client was used after it was dropped"));
	CHECK(check_dies(ask_dropped_client, "a client was used after it was dropped"));
	CHECK(check_dies(ask_dropped_weak, "a weak client was used after it was dropped"));
	CHECK(check_dies(spawn_drop_lent, "clone it to own one"));
}
#endif

static const struct check_test tests[] = {
	{"[misuse] NULL instead of a client, or of where to store one", null_clients},
	{"[misuse] dropping nothing, and twice through one variable, is harmless", null_drops},
	{"[misuse] NULL instead of a receiving end", null_receivers},
	{"[misuse] NULL, a second reply, or a code that is not above 0", replies},
	{"[misuse] [task] [suspend] NULL instead of a task or a suspension", null_tasks},
	{"[misuse] [complete] NULL instead of completions", null_completions},
	{"[misuse] [bound] NULL in calls that wait for a permit", null_waits_for_permit},
	{"[misuse] NULL where statistics are read", null_stats},
	{"[misuse] configurations that are no good", configs},
	{"[misuse] [clean] handlers that lack something", handlers},
	{"[misuse] [clean] [task] handlers of tasks that lack something", task_handlers},
	{"[misuse] kinds of messages that a server does not take", kinds_not_taken},
#ifndef NDEBUG
	{"[misuse] debug builds stop at a handle that is used after its drop", deaths},
	{"[misuse] debug builds stop at a reply that overlaps its message", overlaps},
	{"[user] debug builds stop at a callback that was left and has not returned",
		left_callbacks},
#endif
};

CHECK_MAIN(tests)
