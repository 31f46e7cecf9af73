/* SPDX-License-Identifier: 0BSD */
/*
 * Attacks [timer], [drain], [break] and [once] for delayed posts: threads send posts that fall due
 * soon, once or with a period, and cancel, pause, resume and change them while they fall due, while
 * the loop drains, breaks or is stopped.  Each value must end once; no call may come too early,
 * while the post is paused, after a cancel has said that none follows, or beside another one.
 */
#include "stress.h"

#include <stdlib.h>

#define SENDERS 3
#define POSTS   12
#define STEPS   90

struct timed;

enum fate {
	/* The library has it. */
	NONE,
	/* Its single call has come. */
	CALLED,
	LEFT,
	DROPPED
};

/* A delayed post, for ever. */
struct post {
	struct timed *server;
	ump_time due;
	bool periodic;
	/* Relaxed, so that they order nothing: not 0 if the sender knows that no call follows; and
	 * the calls that have begun. */
	atomic_int quiet;
	atomic_uint calls;
	/* Plain: nothing but the library orders the accesses of the sender, of the handler and of
	 * `drop`. */
	enum fate fate;
	/* Only the sender's. */
	bool sent;
	bool cancelled;
	bool ended;
	bool paused;
	bool was_paused;
	/* Calls that had begun when it was paused. */
	unsigned before;
	ump_delayed *delayed;
};

struct timed {
	/* The handler's. */
	struct stress_rng rng;
	bool over;
	bool breaks;
	bool has_leftover;
	/* In `leftover` planned times rise. */
	ump_time left_last;
	uint64_t handled;
	bool stop_accepted;
	ump_client *client;
	ump_thread *thread;
	ump_task *task;
	struct ump_flow how;
};

struct sender {
	struct timed *server;
	ump_client *client;
	ump_post_client *post_client;
	/* When its clients were dropped. */
	ump_time dropped_at;
	struct stress_rng rng;
	struct post posts[POSTS];
	unsigned count;
	pthread_t thread;
};

/* NULL is an ordinary post. */
struct message {
	struct post *post;
};

static unsigned calls_of(struct post *post)
{
	return atomic_load_explicit(&post->calls, memory_order_relaxed);
}

static bool is_quiet(struct post *post)
{
	return atomic_load_explicit(&post->quiet, memory_order_relaxed) != 0;
}

static void end(struct post *post, enum fate fate)
{
	CHECK_INT(post->fate, ==, NONE);
	post->fate = fate;
}

static void drop_message(void *value)
{
	const struct message *message = value;

	if (message->post != NULL)
		end(message->post, DROPPED);
}

static const struct ump_config config = {.post = {sizeof(struct message), drop_message}};

/* ---- The handler ---------------------------------------------------------------------------- */

static struct ump_flow on_post(void *self, const void *msg)
{
	struct timed *server = self;
	struct post *post = ((const struct message *)msg)->post;

	CHECK(!server->over);
	if (post != NULL) {
		CHECK(ump_now() >= post->due);
		CHECK(!is_quiet(post));
		CHECK_INT(post->fate, ==, NONE);
		atomic_fetch_add_explicit(&post->calls, 1, memory_order_relaxed);
		if (!post->periodic)
			end(post, CALLED);
	}
	server->handled++;
	if (stress_one_in(&server->rng, 4))
		stress_dawdle(&server->rng);
	/* No cancel may have said meanwhile that no call is under way. */
	CHECK(post == NULL || !is_quiet(post));
	return server->breaks && stress_one_in(&server->rng, 100) ? ump_break(server)
								  : ump_continue();
}

static void on_leftover(void *self, const void *msg, ump_reply_context **rc)
{
	struct timed *server = self;
	struct post *post = ((const struct message *)msg)->post;

	CHECK(rc == NULL && !server->over);
	if (post == NULL)
		return;
	end(post, LEFT);
	if (post->periodic)
		return;
	/* In the order of their times; those of periodic posts have moved. */
	CHECK(post->due >= server->left_last);
	server->left_last = post->due;
}

static struct ump_flow on_term(void *self, struct ump_flow how)
{
	struct timed *server = self;

	CHECK(!server->over);
	server->over = true;
	return how;
}

static int build(void *arg, ump_client *client, struct ump_handler *out)
{
	struct timed *server = arg;

	(void)client;
	*out = (struct ump_handler){.self = arg,
		.post = on_post,
		.leftover = server->has_leftover ? on_leftover : NULL,
		.term = on_term};
	return 0;
}

/* ---- Senders -------------------------------------------------------------------------------- */

static void send_one(struct sender *sender)
{
	struct post *post = &sender->posts[sender->count++];
	struct message message = {post};
	int64_t in = (int64_t)stress_below(&sender->rng, 200000) - 20000;
	int64_t period = stress_one_in(&sender->rng, 2) ? 1 + stress_below(&sender->rng, 80000) : 0;
	ump_delayed **out = stress_one_in(&sender->rng, 5) ? NULL : &post->delayed;
	int result;

	post->server = sender->server;
	post->due = ump_after(in);
	post->periodic = period != 0;
	if (stress_one_in(&sender->rng, 2))
		result = ump_client_post_at(sender->client, &message, post->due, period, out);
	else
		result = ump_post_client_post_at(
			sender->post_client, &message, post->due, period, out);
	post->sent = result == UMP_OK;
	CHECK(out == NULL || (*out != NULL) == post->sent);
	if (!post->sent)
		CHECK_INT(result, ==, UMP_SERVER_GONE);
	stress_count(STRESS_POSTS, 1);
}

/* Note that a post has ended, once a function of its controller has said so. */
static void see(struct post *post, int result)
{
	if (result != UMP_OK)
		CHECK_INT(result, ==, UMP_EMPTY);
	/* What has ended stays so. */
	CHECK(result == UMP_EMPTY || !post->ended);
	post->ended = result == UMP_EMPTY;
}

static void cancel(struct post *post)
{
	int result = ump_delayed_cancel(post->delayed);

	see(post, result);
	post->ended = true;
	if (result != UMP_OK)
		return;
	/* This call has dropped the value, and no call is under way. */
	CHECK_INT(post->fate, ==, DROPPED);
	CHECK(!post->cancelled);
	post->cancelled = true;
	atomic_store_explicit(&post->quiet, 1, memory_order_relaxed);
}

static void pause_or_resume(struct post *post, bool pause)
{
	/* At most the call that was under way. */
	if (post->paused)
		CHECK_INT(calls_of(post), <=, post->before + 1);
	see(post, pause ? ump_delayed_pause(post->delayed) : ump_delayed_resume(post->delayed));
	if (pause && !post->paused)
		post->before = calls_of(post);
	post->paused = pause && !post->ended;
	post->was_paused = post->was_paused || pause;
}

static void change(struct sender *sender, struct post *post)
{
	int result;

	switch (stress_below(&sender->rng, 6)) {
	case 0:
		cancel(post);
		break;
	case 1:
	case 2:
		pause_or_resume(post, true);
		break;
	case 3:
		pause_or_resume(post, false);
		break;
	case 4:
		result = ump_delayed_set_period(
			post->delayed, 1 + stress_below(&sender->rng, 80000));
		if (post->periodic)
			see(post, result);
		else
			CHECK_INT(result, ==, UMP_INVALID);
		break;
	default:
		if (stress_one_in(&sender->rng, 3))
			ump_delayed_drop(&post->delayed);
		break;
	}
}

static void drop_clients(struct sender *sender)
{
	if (sender->client == NULL)
		return;
	sender->dropped_at = ump_now();
	ump_client_drop(&sender->client);
	ump_post_client_drop(&sender->post_client);
}

static void *send(void *arg)
{
	struct sender *sender = arg;
	struct message ordinary = {NULL};

	for (unsigned i = 0; i < STEPS; i++) {
		struct post *post =
			sender->count == 0
				? NULL
				: &sender->posts[stress_below(&sender->rng, sender->count)];

		if (sender->count < POSTS && stress_one_in(&sender->rng, 4))
			send_one(sender);
		else if (post != NULL && post->delayed != NULL)
			change(sender, post);
		else if (stress_one_in(&sender->rng, 4))
			(void)ump_client_post(sender->client, &ordinary);
		if (stress_one_in(&sender->rng, 3))
			stress_dawdle(&sender->rng);
	}
	if (stress_one_in(&sender->rng, 2))
		drop_clients(sender);
	/* The controllers outlive the clients, and perhaps the loop. */
	for (unsigned i = 0; i < sender->count; i++) {
		if (sender->posts[i].delayed != NULL)
			change(sender, &sender->posts[i]);
		ump_delayed_drop(&sender->posts[i].delayed);
	}
	drop_clients(sender);
	return NULL;
}

/* ---- A round -------------------------------------------------------------------------------- */

static void *run_task(void *arg)
{
	struct timed *server = arg;

	CHECK_INT(ump_task_run(server->task, UMP_FOREVER), ==, UMP_OK);
	CHECK_INT(ump_task_join(&server->task, &server->how), ==, UMP_OK);
	return NULL;
}

static void settle_post(const struct timed *server, const struct sender *sender, struct post *post)
{
	static const enum stress_total totals[] = {[NONE] = STRESS_UNSENT,
		[CALLED] = STRESS_HANDLED,
		[LEFT] = STRESS_LEFT,
		[DROPPED] = STRESS_DROPPED};

	stress_count(totals[post->fate], 1);
	if (!post->sent) {
		CHECK_INT(post->fate, ==, NONE);
		CHECK_INT(calls_of(post), ==, 0);
		return;
	}
	CHECK(post->fate != NONE);
	CHECK(!post->cancelled || post->fate == DROPPED);
	CHECK(post->fate != LEFT || (server->how.stop && server->has_leftover));
	/* After a break nothing else is dropped but what was cancelled, where there is a
	 * `leftover`: by its sender, or, during a call, by the server. */
	CHECK(post->fate != DROPPED || !server->how.stop || !server->has_leftover || post->ended);
	CHECK(calls_of(post) <= 1 || post->periodic);
	/* What has fallen due before the clients were gone is handled. */
	if (!server->how.stop && post->due < sender->dropped_at && !post->was_paused &&
		!post->cancelled)
		CHECK_INT(calls_of(post), >=, 1);
}

static void start(struct timed *server, struct sender *senders, struct stress_rng *rng)
{
	for (unsigned i = 0; i < SENDERS; i++) {
		senders[i].server = server;
		senders[i].rng.state = stress_random(rng);
		CHECK_INT(ump_client_clone(server->client, &senders[i].client), ==, UMP_OK);
		CHECK_INT(ump_client_post_client(server->client, &senders[i].post_client), ==,
			UMP_OK);
		senders[i].thread = stress_thread(send, &senders[i]);
	}
}

static void round_of(struct stress_rng *rng)
{
	struct timed server = {.rng.state = stress_random(rng), .breaks = stress_one_in(rng, 3)};
	struct sender *senders = stress_alloc(SENDERS, sizeof *senders);
	bool is_task = stress_one_in(rng, 3);
	pthread_t loop = pthread_self();

	server.has_leftover = stress_one_in(rng, 2);
	if (is_task) {
		CHECK_INT(ump_spawn_task(&config, build, &server, &server.client, &server.task), ==,
			UMP_OK);
		loop = stress_thread(run_task, &server);
	} else {
		CHECK_INT(ump_spawn_thread(&config, build, &server, &server.client, &server.thread),
			==, UMP_OK);
	}
	start(&server, senders, rng);
	if (stress_one_in(rng, 4)) {
		stress_dawdle(rng);
		stress_stay_awake(rng, 300000);
		server.stop_accepted = ump_client_stop(server.client, rng, NULL) == UMP_OK;
	}
	ump_client_drop(&server.client);
	if (is_task)
		stress_thread_join(loop);
	else
		CHECK_INT(ump_thread_join(&server.thread, &server.how, UMP_FOREVER), ==, UMP_OK);
	for (unsigned i = 0; i < SENDERS; i++)
		stress_thread_join(senders[i].thread);
	CHECK(server.over);
	CHECK(server.how.value == NULL || (server.stop_accepted && server.how.value == rng) ||
		(server.breaks && server.how.value == &server));
	for (unsigned i = 0; i < SENDERS; i++)
		for (unsigned k = 0; k < senders[i].count; k++)
			settle_post(&server, &senders[i], &senders[i].posts[k]);
	stress_count(server.how.stop ? STRESS_BROKEN : STRESS_DRAINED, 1);
	stress_count(is_task ? STRESS_TASKS : STRESS_SERVERS, 1);
	free(senders);
}

int main(int argc, char **argv)
{
	static const struct stress_program program = {"delayed_posts_change",
		"[timer] [drain] [break] [stop] [once] [quiet]", round_of, 600};

	return stress_main(&program, argc, argv);
}
