/* SPDX-License-Identifier: 0BSD */
/*
 * No function of the header is a cancellation point.  Each is called by a thread that was cancelled
 * before, so the first cancellation point that it reached would end the thread.  This makes the
 * test the same for all functions, whether they happen to block or not; those that can wait do wait
 * here.
 */
#include "probe.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define SOON ump_after(20000000)

static const struct order order = {OP_ECHO, 1, NULL};
static struct reply reply;
static uint64_t number;

/* A server that replies. */
static struct probe probe;
static ump_client *client;
static ump_thread *thread;
static ump_post_client *post_client;
static ump_delayed *delayed;
static ump_weak_client *weak;
/* A server that never replies, with one request received by its owner and one in its inbox. */
static ump_server *server;
static ump_client *sender;
static ump_wait_reply *wait_reply;
static ump_wait_reply *queued;
static ump_reply_context *rc;
/* A server whose inbox is full. */
static ump_server *full;
static ump_client *full_client;
static ump_post_client *full_post_client;
/* A task that has suspended, and one with a post that makes it suspend. */
static struct probe task_probes[2];
static ump_task *tasks[2];
static ump_client *task_clients[2];
static ump_suspension *suspension;
/* Everything else. */
static struct probe combining_probe;
static ump_combining *combining;
static ump_client *combining_client;
static ump_thread_pool *threads;
static ump_completions *completions;
static struct ump_completion completion;
static FILE *file;
/* What the calls create. */
static struct probe made_probe;
static ump_server *made_server;
static ump_client *made_client;
static ump_post_client *made_post_client;
static ump_weak_client *made_weak;
static ump_wait_reply *made_wait_reply;
static ump_completions *made_completions;
static ump_thread_pool *made_threads;
static ump_thread *made_thread;
static ump_task *made_task;
static ump_combining *made_combining;
static ump_workers *made_workers;
static ump_reply_context *made_rc;
static struct ump_stats stats;
static const void *msg;

/* ---- The fixture of each call ---------------------------------------------------------------- */

static struct ump_flow suspend(
	struct probe *self, const struct order *called, ump_reply_context **context)
{
	(void)self;
	(void)called;
	(void)context;
	CHECK(suspension == NULL);
	suspension = ump_suspend();
	return ump_pending();
}

static void make_servers(void)
{
	struct ump_config bounded = probe_config;

	probe_init(&probe);
	probe_spawn(&probe, &client, &thread);
	CHECK_INT(ump_client_post_client(client, &post_client), ==, UMP_OK);
	CHECK_INT(ump_client_post_at(client, &order, UMP_FOREVER, 1, &delayed), ==, UMP_OK);
	CHECK_INT(ump_client_weak(client, &weak), ==, UMP_OK);
	probe_open(&server, &sender);
	wait_reply = probe_req_async(sender, OP_ECHO, 1, NULL);
	CHECK_INT(ump_server_try_pop(server, &msg, &rc), ==, UMP_OK);
	queued = probe_req_async(sender, OP_ECHO, 1, NULL);
	bounded.capacity = 1;
	CHECK_INT(ump_channel_open(&full, &full_client, &bounded), ==, UMP_OK);
	CHECK_INT(ump_client_post_client(full_client, &full_post_client), ==, UMP_OK);
	probe_post(full_client, OP_ECHO, 1);
}

static void make_tasks(void)
{
	suspension = NULL;
	for (int i = 0; i < 2; i++) {
		probe_init(&task_probes[i]);
		task_probes[i].on_call = suspend;
		task_probes[i].roams = true;
		probe_spawn_task(&task_probes[i], &task_clients[i], &tasks[i]);
		probe_post(task_clients[i], i == 0 ? OP_CALL : OP_ECHO, 1);
	}
	CHECK(ump_task_dispatch(tasks[0], 0));
	CHECK(suspension != NULL);
}

/* Open a thread pool with one idle thread. */
static void make_threads(void)
{
	struct ump_config config = probe_config;

	CHECK_INT(ump_thread_pool_open(&threads, 0, 0), ==, UMP_OK);
	config.thread_pool = threads;
	probe_init(&made_probe);
	made_probe.config = &config;
	probe_spawn(&made_probe, &made_client, &made_thread);
	ump_client_drop(&made_client);
	CHECK(!probe_join(&made_thread).stop);
	probe_init(&made_probe);
}

static void make_world(void)
{
	make_servers();
	make_tasks();
	make_threads();
	probe_init(&combining_probe);
	combining_probe.roams = true;
	probe_spawn_combining(&combining_probe, &combining_client, &combining);
	CHECK_INT(ump_completions_open(&completions), ==, UMP_OK);
	CHECK_INT(ump_client_req_completion(sender, &order, completions, NULL), ==, UMP_OK);
	file = fopen("/dev/null", "w");
	CHECK(file != NULL);
	/* Each line must be one call of write. */
	CHECK_INT(setvbuf(file, NULL, _IONBF, 0), ==, 0);
}

static void drop_made(void)
{
	ump_client_drop(&made_client);
	ump_post_client_drop(&made_post_client);
	ump_weak_client_drop(&made_weak);
	ump_wait_reply_drop(&made_wait_reply);
	ump_completions_drop(&made_completions);
	ump_thread_pool_drop(&made_threads);
	if (made_thread != NULL)
		CHECK_INT(ump_thread_join(&made_thread, NULL, UMP_FOREVER), ==, UMP_OK);
	ump_task_drop(&made_task);
	ump_combining_drop(&made_combining);
	ump_workers_drop(&made_workers);
	ump_reply_drop(&made_rc);
	ump_server_drop(&made_server);
}

static void drop_world(void)
{
	drop_made();
	fclose(file);
	ump_completions_drop(&completions);
	ump_combining_drop(&combining);
	ump_client_drop(&combining_client);
	ump_thread_pool_drop(&threads);
	(void)ump_task_resume(&suspension, ump_continue());
	for (int i = 0; i < 2; i++) {
		ump_task_drop(&tasks[i]);
		ump_client_drop(&task_clients[i]);
	}
	(void)ump_task_resume(&suspension, ump_continue());
	ump_reply_drop(&rc);
	ump_wait_reply_drop(&wait_reply);
	ump_wait_reply_drop(&queued);
	ump_client_drop(&sender);
	ump_server_drop(&server);
	ump_post_client_drop(&full_post_client);
	ump_client_drop(&full_client);
	ump_server_drop(&full);
	ump_weak_client_drop(&weak);
	ump_post_client_drop(&post_client);
	ump_delayed_drop(&delayed);
	ump_client_drop(&client);
	if (thread != NULL)
		CHECK_INT(ump_thread_join(&thread, NULL, UMP_FOREVER), ==, UMP_OK);
	/* It may have been dropped, and not joined. */
	probe_await(&probe.drops, 1);
}

/* ---- The calls ------------------------------------------------------------------------------- */

static int build(void *arg, ump_client *lent, struct ump_handler *out)
{
	(void)lent;
	out->self = arg;
	return 0;
}

/* A server that has replies only would be refused; this one takes posts. */
static struct ump_flow ignore(void *self, const void *value)
{
	(void)self;
	(void)value;
	return ump_continue();
}

static int build_posts(void *arg, ump_client *lent, struct ump_handler *out)
{
	out->post = ignore;
	return build(arg, lent, out);
}

static const struct ump_config posts = {.post.size = 1};

/* The sizes of the structures, as the functions named _sized take them. */
#define SIZES sizeof posts, sizeof(struct ump_handler)

/* As suspend, but name the server whose reply it waits for. */
static struct ump_flow suspend_for(
	struct probe *self, const struct order *called, ump_reply_context **context)
{
	(void)self;
	(void)called;
	(void)context;
	CHECK(suspension == NULL);
	CHECK_INT(ump_suspend_for(sender, &suspension), ==, UMP_OK);
	return ump_pending();
}

static void let_suspend(void)
{
	CHECK_INT(ump_task_resume(&suspension, ump_continue()), ==, UMP_OK);
	probe_post(task_clients[0], OP_CALL, 1);
	CHECK(ump_task_dispatch(tasks[0], 0));
	CHECK(suspension != NULL);
}

static void let_suspend_for(void)
{
	task_probes[0].on_call = suspend_for;
	let_suspend();
}

static void end_task(void)
{
	ump_client_drop(&task_clients[1]);
	CHECK_INT(ump_task_run(tasks[1], UMP_FOREVER), ==, UMP_OK);
	CHECK_INT(ump_task_join(&tasks[1], NULL), ==, UMP_OK);
}

/* Drop the last clients, and join the thread. */
static int end_and_join(void)
{
	ump_post_client_drop(&post_client);
	ump_delayed_drop(&delayed);
	ump_client_drop(&client);
	return ump_thread_join(&thread, NULL, UMP_FOREVER);
}

/* row(FUNCTION, CALL): each function of the header. */
#define FUNCTIONS(row)                                                                             \
	row(ump_strerror, ump_strerror(UMP_OK)) row(ump_version, ump_version()) row(               \
		ump_now, ump_now()) row(ump_after, ump_after(1)) row(ump_continue,                 \
		ump_continue()) row(ump_pending, ump_pending()) row(ump_break,                     \
		ump_break(NULL)) row(ump_client_clone,                                             \
		ump_client_clone(client, &made_client)) row(ump_client_drop,                       \
		ump_client_drop(&client), ump_client_drop(&combining_client)) row(ump_client_req,  \
		ump_client_req(client, &order, &reply, UMP_FOREVER),                               \
		ump_client_req(sender, &order, &reply, SOON),                                      \
		ump_client_req(full_client, &order, &reply, SOON),                                 \
		ump_client_req(                                                                    \
			combining_client, &order, &reply, UMP_FOREVER)) row(ump_client_req_async,  \
		ump_client_req_async(                                                              \
			client, &order, &made_wait_reply)) row(ump_client_req_async_until,         \
		ump_client_req_async_until(                                                        \
			full_client, &order, &made_wait_reply, SOON)) row(ump_client_post,         \
		ump_client_post(client, &order), ump_client_post(combining_client, &order),        \
		ump_client_post(task_clients[1], &order)) row(ump_client_post_until,               \
		ump_client_post_until(full_client, &order, SOON)) row(ump_client_stop,             \
		ump_client_stop(client, NULL, NULL),                                               \
		ump_client_stop(combining_client, NULL, NULL)) row(ump_post_client_stop,           \
		ump_post_client_stop(post_client, NULL, NULL)) row(ump_weak_client_stop,           \
		ump_weak_client_stop(weak, NULL, NULL)) row(ump_client_post_client,                \
		ump_client_post_client(client, &made_post_client)) row(ump_post_client_clone,      \
		ump_post_client_clone(post_client, &made_post_client)) row(ump_post_client_drop,   \
		ump_post_client_drop(&post_client)) row(ump_post_client_post,                      \
		ump_post_client_post(post_client, &order)) row(ump_post_client_post_until,         \
		ump_post_client_post_until(full_post_client, &order, SOON)) row(ump_client_weak,   \
		ump_client_weak(client, &made_weak)) row(ump_weak_client_clone,                    \
		ump_weak_client_clone(weak, &made_weak)) row(ump_weak_client_drop,                 \
		ump_weak_client_drop(&weak)) row(ump_weak_client_upgrade,                          \
		ump_weak_client_upgrade(weak, &made_client)) row(ump_wait_reply_wait,              \
		ump_wait_reply_wait(&wait_reply, &reply, SOON)) row(ump_wait_reply_try,            \
		ump_wait_reply_try(&wait_reply, &reply)) row(ump_wait_reply_drop,                  \
		ump_wait_reply_drop(&wait_reply)) row(ump_completions_open,                        \
		ump_completions_open(&made_completions)) row(ump_completions_fd,                   \
		ump_completions_fd(completions)) row(ump_client_req_completion,                    \
		ump_client_req_completion(                                                         \
			client, &order, completions, NULL)) row(ump_client_req_completion_until,   \
		ump_client_req_completion_until(client, &order, completions, NULL, UMP_FOREVER,    \
			&number)) row(ump_completions_cancel,                                      \
		ump_completions_cancel(completions, number)) row(ump_completions_due,              \
		ump_completions_due(completions)) row(ump_client_reserve,                          \
		ump_client_reserve(full_client, completions, NULL)) row(ump_client_watch,          \
		ump_client_watch(client, completions, NULL)) row(ump_post_client_watch,            \
		ump_post_client_watch(post_client, completions, NULL)) row(ump_post_client_weak,   \
		ump_post_client_weak(post_client, &made_weak)) row(ump_post_client_reserve,        \
		ump_post_client_reserve(                                                           \
			post_client, completions, NULL)) row(ump_post_client_stats_sized,          \
		ump_post_client_stats_sized(                                                       \
			post_client, &stats, sizeof stats)) row(ump_post_client_stats,             \
		ump_post_client_stats(post_client, &stats)) row(ump_weak_client_watch,             \
		ump_weak_client_watch(weak, completions, NULL)) row(ump_thread_watch,              \
		ump_thread_watch(thread, completions, NULL)) row(ump_task_watch,                   \
		ump_task_watch(tasks[0], completions, NULL)) row(ump_combining_watch,              \
		ump_combining_watch(combining, completions, NULL)) row(ump_completions_next_sized, \
		ump_completions_next_sized(completions, &completion,                               \
			sizeof completion)) row(ump_completions_wait_sized,                        \
		ump_completions_wait_sized(completions, &completion, sizeof completion,            \
			SOON)) row(ump_completions_next,                                           \
		ump_completions_next(completions, &completion)) row(ump_completions_wait,          \
		ump_completions_wait(                                                              \
			completions, &completion, SOON)) row(ump_completions_in_flight,            \
		ump_completions_in_flight(completions)) row(ump_completions_drop,                  \
		ump_completions_drop(&completions)) row(ump_reply,                                 \
		ump_reply(&rc, &reply)) row(ump_reply_fail,                                        \
		ump_reply_fail(&rc, 1)) row(ump_reply_drop,                                        \
		ump_reply_drop(&rc)) row(ump_reply_keep,                                           \
		made_rc = ump_reply_keep(&rc)) row(ump_reply_hold,                                 \
		ump_reply_hold(rc)) row(ump_reply_buffer,                                          \
		ump_reply_buffer(rc)) row(ump_reply_origin_gone,                                   \
		ump_reply_origin_gone(rc)) row(ump_reply_deadline,                                 \
		ump_reply_deadline(rc)) row(ump_deadline_inherit,                                  \
		ump_deadline_inherit(rc, SOON)) row(ump_spawn_thread_sized,                        \
		ump_spawn_thread_sized(&posts, SIZES, build_posts, NULL, &made_client,             \
			&made_thread)) row(ump_spawn_thread,                                       \
		ump_spawn_thread(&posts, build_posts, NULL, &made_client,                          \
			&made_thread)) row(ump_thread_join, ump_thread_join(&thread, NULL, SOON),  \
		end_and_join()) row(ump_thread_drop,                                               \
		ump_thread_drop(&thread)) row(ump_join_dropped,                                    \
		ump_join_dropped(SOON)) row(ump_thread_pool_open,                                  \
		ump_thread_pool_open(&made_threads, 0, 0)) row(ump_thread_pool_drop,               \
		ump_thread_pool_drop(&threads)) row(ump_spawn_task_sized,                          \
		ump_spawn_task_sized(&posts, SIZES, build_posts, NULL, &made_client,               \
			&made_task)) row(ump_spawn_task,                                           \
		ump_spawn_task(&posts, build_posts, NULL, &made_client,                            \
			&made_task)) row(ump_task_fd, ump_task_fd(tasks[0])) row(ump_task_due,     \
		ump_task_due(tasks[0])) row(ump_timer_start,                                       \
		ump_timer_start(NULL, NULL, UMP_NOW, 0, NULL)) row(ump_timer_cancel,               \
		ump_timer_cancel(1)) row(ump_client_post_at,                                       \
		ump_client_post_at(client, &order, SOON, 0, NULL)) row(ump_post_client_post_at,    \
		ump_post_client_post_at(                                                           \
			post_client, &order, SOON, 0, NULL)) row(ump_delayed_cancel,               \
		ump_delayed_cancel(delayed)) row(ump_delayed_pause,                                \
		ump_delayed_pause(delayed)) row(ump_delayed_resume,                                \
		ump_delayed_resume(delayed)) row(ump_delayed_set_period,                           \
		ump_delayed_set_period(delayed, 1)) row(ump_delayed_drop,                          \
		ump_delayed_drop(&delayed)) row(ump_client_ask,                                    \
		ump_client_ask(client, &order, UMP_NOW, NULL, NULL, NULL)) row(ump_ask_cancel,     \
		ump_ask_cancel(1)) row(ump_client_watch_call,                                      \
		ump_client_watch_call(client, NULL, NULL, NULL)) row(ump_post_client_watch_call,   \
		ump_post_client_watch_call(                                                        \
			post_client, NULL, NULL, NULL)) row(ump_weak_client_watch_call,            \
		ump_weak_client_watch_call(weak, NULL, NULL, NULL)) row(ump_task_dispatch,         \
		ump_task_dispatch(tasks[1], 0)) row(ump_task_run,                                  \
		ump_task_run(tasks[1], SOON)) row(ump_task_join, end_task()) row(ump_task_drop,    \
		ump_task_drop(&tasks[0])) row(ump_suspend, let_suspend()) row(ump_request_is_mine, \
		ump_request_is_mine(UMP_OK)) row(ump_sent_is_mine,                                 \
		ump_sent_is_mine(UMP_OK)) row(ump_suspend_for,                                     \
		let_suspend_for()) row(ump_task_resume,                                            \
		ump_task_resume(&suspension, ump_continue())) row(ump_spawn_combining_sized,       \
		ump_spawn_combining_sized(&posts, SIZES, build_posts, NULL, &made_client,          \
			&made_combining)) row(ump_spawn_combining,                                 \
		ump_spawn_combining(&posts, build_posts, NULL, &made_client,                       \
			&made_combining)) row(ump_spawn_workers_sized,                             \
		ump_spawn_workers_sized(&posts, SIZES, build_posts, NULL, 2, &made_client,         \
			&made_workers)) row(ump_spawn_workers,                                     \
		ump_spawn_workers(&posts, build_posts, NULL, 2, &made_client,                      \
			&made_workers)) row(ump_workers_watch,                                     \
		ump_workers_watch(NULL, completions, NULL)) row(ump_workers_stats_sized,           \
		ump_workers_stats_sized(NULL, 0, &stats, sizeof stats)) row(ump_workers_stats,     \
		ump_workers_stats(NULL, 0, &stats)) row(ump_workers_join,                          \
		ump_workers_join(&made_workers, NULL, SOON)) row(ump_workers_drop,                 \
		ump_workers_drop(&made_workers)) row(ump_combining_join,                           \
		ump_combining_join(&combining, NULL, SOON)) row(ump_combining_drop,                \
		ump_combining_drop(&combining)) row(ump_channel_open_sized,                        \
		ump_channel_open_sized(&made_server, &made_client, &posts,                         \
			sizeof posts)) row(ump_channel_open,                                       \
		ump_channel_open(&made_server, &made_client, &posts)) row(ump_server_wait,         \
		ump_server_wait(server, &msg, &made_rc, UMP_FOREVER), ump_reply_drop(&made_rc),    \
		ump_server_wait(server, &msg, &made_rc, UMP_FOREVER), ump_reply_drop(&made_rc),    \
		ump_server_wait(server, &msg, &made_rc, SOON)) row(ump_server_try_pop,             \
		ump_server_try_pop(server, &msg, &made_rc)) row(ump_server_was_empty,              \
		ump_server_was_empty(server)) row(ump_server_skipped,                              \
		ump_server_skipped(server)) row(ump_server_due,                                    \
		ump_server_due(server)) row(ump_server_drop,                                       \
		ump_server_drop(&server)) row(ump_client_stats_sized,                              \
		ump_client_stats_sized(client, &stats,                                             \
			sizeof stats)) row(ump_weak_client_stats_sized,                            \
		ump_weak_client_stats_sized(weak, &stats, sizeof stats))                           \
		row(ump_server_stats_sized, ump_server_stats_sized(server, &stats, sizeof stats))  \
			row(ump_client_stats, ump_client_stats(client, &stats))                    \
				row(ump_weak_client_stats, ump_weak_client_stats(weak, &stats))    \
					row(ump_server_stats, ump_server_stats(server, &stats))    \
						row(ump_server_dump, ump_server_dump(file)) row(   \
							ump_here, ump_here(__FILE__, __LINE__))

#define DEFINE(name, ...)                                                                          \
	static void inside_##name(void)                                                            \
	{                                                                                          \
		(void)(__VA_ARGS__);                                                               \
	}
FUNCTIONS(DEFINE)

static const struct row {
	const char *name;
	void (*call)(void);
} rows[] = {
#define LIST(name, ...) {#name, inside_##name},
	FUNCTIONS(LIST)};

#define ROWS (sizeof rows / sizeof *rows)

static atomic_bool returned;

static void *call_cancelled(void *arg)
{
	const struct row *row = arg;

	CHECK_INT(pthread_cancel(pthread_self()), ==, 0);
	row->call();
	returned = true;
	pthread_testcancel();
	return NULL;
}

/* Exit without the flush of check_failed, which would wait for a file that is locked forever. */
static void tell_and_exit(const struct row *row)
{
	fprintf(stderr, "not true: no function is a cancellation point: %s is one\n", row->name);
	_exit(1);
}

static void inside_each(void)
{
	for (size_t i = 0; i < ROWS; i++) {
		pthread_t caller;
		void *result;

		make_world();
		returned = false;
		CHECK_INT(
			pthread_create(&caller, NULL, call_cancelled, (void *)(uintptr_t)&rows[i]),
			==, 0);
		CHECK_INT(pthread_join(caller, &result), ==, 0);
		if (!returned)
			tell_and_exit(&rows[i]);
		CHECK(result == PTHREAD_CANCELED);
		drop_world();
		check_progress();
	}
}

/* ---- The table is complete ------------------------------------------------------------------- */

static bool has_row(const char *name)
{
	for (size_t i = 0; i < ROWS; i++) {
		if (strcmp(rows[i].name, name) == 0)
			return true;
	}
	return false;
}

/* Return the name of the function that a line of the header declares, cut out of the line, or
 * NULL. */
static char *declared(char *line)
{
	char *name = line;
	size_t length;

	if (strncmp(line, "UMP_API ", 8) != 0 && strncmp(line, "static inline ", 14) != 0)
		return NULL;
	for (;;) {
		name = strstr(name, "ump_");
		if (name == NULL)
			check_failed(__FILE__, __LINE__, "a name is on the line: %s", line);
		for (length = 0; islower((unsigned char)name[length]) || name[length] == '_';)
			length++;
		if (name[length] == '(')
			break;
		name += length;
	}
	name[length] = '\0';
	return name;
}

static void each_has_a_row(void)
{
	FILE *header = fopen(UMP_HEADER, "r");
	char line[512];
	size_t found = 0;

	CHECK(header != NULL);
	while (fgets(line, sizeof line, header) != NULL) {
		const char *name = declared(line);

		if (name == NULL)
			continue;
		found++;
		if (!has_row(name))
			check_failed(__FILE__, __LINE__, "%s has a row here", name);
	}
	fclose(header);
	CHECK_INT(found, ==, ROWS);
}

static const struct check_test tests[] = {
	{"each function of the header has a row here", each_has_a_row},
	{"[user] no function is a cancellation point", inside_each},
};

CHECK_MAIN(tests)
