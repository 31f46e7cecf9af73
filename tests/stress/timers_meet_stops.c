/* SPDX-License-Identifier: 0BSD */
/*
 * Attacks [timer], [stop] and [hold]: handlers start and cancel timers all the time, keep contexts
 * that hold the loop, and break, while other threads send, answer and stop.  No timer may call
 * early, after it was cancelled or after the end; each accepted value of a stop is the outcome or
 * is dropped; and no loop drains before the contexts that hold it are answered.
 */
#include "stress.h"

#define SENDERS 3
#define TIMERS  8
#define MOST    60
#define KEPT    32
#define WAITS   4

struct timed;

struct timer {
	struct timed *server;
	uint64_t id;
	ump_time due;
	int64_t period;
	bool pending;
};

/* The value of a stop. */
struct stop {
	bool accepted;
	/* Written by the library's drop. */
	bool dropped;
};

struct timed {
	/* The handler's, plain: nothing but the library orders its accesses. */
	struct stress_rng rng;
	struct timer timers[TIMERS];
	uint64_t calls;
	bool over;
	/* Breaks are in the mix. */
	bool breaks;
	/* Contexts that hold the loop and are not answered. */
	atomic_int holding;
	/* For any thread to answer. */
	pthread_mutex_t lock;
	ump_reply_context *kept[KEPT];
	bool holds[KEPT];
	int kept_count;
	ump_client *client;
	ump_thread *thread;
	ump_task *task;
	struct ump_flow how;
};

struct sender {
	struct timed *server;
	ump_client *client;
	struct stress_rng rng;
	ump_wait_reply *waits[WAITS];
	struct stop stop;
	bool stops;
	pthread_t thread;
};

static const struct ump_config config = {
	.request.size = sizeof(int), .reply.size = sizeof(int), .post.size = sizeof(int)};

/* ---- The handler ---------------------------------------------------------------------------- */

static struct ump_flow on_due(void *self, void *arg, uint64_t count)
{
	struct timed *server = self;
	struct timer *timer = arg;
	ump_time now = ump_now();

	CHECK(!server->over && timer->pending);
	CHECK(now >= timer->due);
	CHECK_INT(count, >=, 1);
	server->calls++;
	timer->pending = timer->period != 0;
	if (timer->period == 0)
		CHECK_INT(count, ==, 1);
	/* The last planned time that it covers has passed, too. */
	timer->due += (int64_t)count * timer->period;
	CHECK(timer->period == 0 || now >= timer->due - timer->period);
	return server->breaks && stress_one_in(&server->rng, 40) ? ump_break(server)
								 : ump_continue();
}

static void start_or_cancel(struct timed *server)
{
	struct timer *timer = &server->timers[stress_below(&server->rng, TIMERS)];
	int64_t in = (int64_t)stress_below(&server->rng, 60000) - 5000;

	if (timer->pending) {
		CHECK_INT(ump_timer_cancel(timer->id), ==, UMP_OK);
		CHECK_INT(ump_timer_cancel(timer->id), ==, UMP_EMPTY);
		timer->pending = false;
		return;
	}
	timer->due = ump_after(in);
	timer->period = stress_one_in(&server->rng, 3) ? 1 + stress_below(&server->rng, 30000) : 0;
	CHECK_INT(
		ump_timer_start(on_due, timer, timer->due, timer->period, &timer->id), ==, UMP_OK);
	timer->pending = true;
}

static struct ump_flow on_post(void *self, const void *msg)
{
	struct timed *server = self;

	(void)msg;
	CHECK(!server->over);
	start_or_cancel(server);
	return server->breaks && stress_one_in(&server->rng, 60) ? ump_break(server)
								 : ump_continue();
}

static struct ump_flow on_request(void *self, const void *msg, ump_reply_context **rc)
{
	struct timed *server = self;
	int answer = *(const int *)msg;

	CHECK(!server->over);
	start_or_cancel(server);
	pthread_mutex_lock(&server->lock);
	if (server->kept_count < KEPT) {
		int at = server->kept_count++;
		int result;

		server->kept[at] = ump_reply_keep(rc);
		server->holding++;
		result = ump_reply_hold(server->kept[at]);
		CHECK(result == UMP_OK || result == UMP_CLIENTS_GONE);
		server->holds[at] = result == UMP_OK;
		server->holding -= !server->holds[at];
	} else {
		(void)ump_reply(rc, &answer);
	}
	pthread_mutex_unlock(&server->lock);
	return ump_continue();
}

static struct ump_flow on_term(void *self, struct ump_flow how)
{
	struct timed *server = self;

	CHECK(!server->over);
	CHECK(how.stop || server->holding == 0);
	CHECK_INT(ump_timer_start(on_due, NULL, 0, 0, NULL), ==, UMP_SERVER_GONE);
	server->over = true;
	return how;
}

static int build(void *arg, ump_client *client, struct ump_handler *out)
{
	(void)client;
	*out = (struct ump_handler){
		.self = arg, .request = on_request, .post = on_post, .term = on_term};
	return 0;
}

/* ---- Other threads -------------------------------------------------------------------------- */

/* Answer or drop the context that was kept last; false: there is none. */
static bool answer_one(struct timed *server, struct stress_rng *rng)
{
	ump_reply_context *rc = NULL;
	int answer = 1;

	pthread_mutex_lock(&server->lock);
	if (server->kept_count > 0) {
		rc = server->kept[--server->kept_count];
		/* Before the answer, after which the loop may end. */
		server->holding -= server->holds[server->kept_count];
	}
	pthread_mutex_unlock(&server->lock);
	if (rc == NULL)
		return false;
	if (stress_one_in(rng, 4))
		ump_reply_drop(&rc);
	else
		(void)ump_reply(&rc, &answer);
	return true;
}

static void drop_stop(void *value)
{
	struct stop *stop = value;

	CHECK(!stop->dropped);
	stop->dropped = true;
}

static void request(struct sender *sender, int number)
{
	ump_wait_reply **wait = &sender->waits[stress_below(&sender->rng, WAITS)];

	ump_wait_reply_drop(wait);
	if (ump_client_req_async(sender->client, &number, wait) == UMP_OK)
		stress_count(STRESS_REQUESTS, 1);
}

static void *send(void *arg)
{
	struct sender *sender = arg;
	unsigned stop_at = stress_below(&sender->rng, MOST);

	for (unsigned i = 0; i < MOST; i++) {
		int number = (int)i;

		if (sender->stops && i == stop_at)
			sender->stop.accepted =
				ump_client_stop(sender->client, &sender->stop, drop_stop) == UMP_OK;
		else if (stress_one_in(&sender->rng, 3))
			request(sender, number);
		else if (stress_one_in(&sender->rng, 3))
			(void)answer_one(sender->server, &sender->rng);
		else if (ump_client_post(sender->client, &number) == UMP_OK)
			stress_count(STRESS_POSTS, 1);
		if (stress_one_in(&sender->rng, 4))
			stress_dawdle(&sender->rng);
	}
	ump_client_drop(&sender->client);
	for (unsigned i = 0; i < WAITS; i++)
		ump_wait_reply_drop(&sender->waits[i]);
	return NULL;
}

static void *run_task(void *arg)
{
	struct timed *server = arg;

	CHECK_INT(ump_task_run(server->task, UMP_FOREVER), ==, UMP_OK);
	CHECK_INT(ump_task_join(&server->task, &server->how), ==, UMP_OK);
	return NULL;
}

/* ---- A round -------------------------------------------------------------------------------- */

/* The outcome is a break of the handler, the value of the accepted stop, or none. */
static void settle(struct timed *server, struct sender *senders)
{
	const struct stop *accepted = NULL;

	for (unsigned i = 0; i < SENDERS; i++) {
		struct stop *stop = &senders[i].stop;

		CHECK(stop->accepted || !stop->dropped);
		CHECK(!stop->accepted || accepted == NULL);
		if (stop->accepted)
			accepted = stop;
	}
	CHECK(server->over);
	if (accepted != NULL && server->how.value == accepted)
		CHECK(server->how.stop && !accepted->dropped);
	else if (accepted != NULL)
		CHECK(server->how.value == server && accepted->dropped);
	else
		CHECK(server->how.stop ? server->how.value == server && server->breaks
				       : server->how.value == NULL);
	stress_count(server->how.stop ? STRESS_BROKEN : STRESS_DRAINED, 1);
}

/* Answer what holds the server until it has ended. */
static void join(struct timed *server, struct stress_rng *rng)
{
	int result;

	do {
		while (answer_one(server, rng))
			continue;
		result = ump_thread_join(&server->thread, &server->how, ump_after(500000));
	} while (result == UMP_TIMED_OUT);
	CHECK_INT(result, ==, UMP_OK);
}

static void join_task(struct timed *server, struct stress_rng *rng, pthread_t loop)
{
	ump_completions *ends;
	struct ump_completion end;

	/* The handle belongs to the loop's thread; a client is there. */
	CHECK_INT(ump_completions_open(&ends), ==, UMP_OK);
	CHECK_INT(ump_client_watch(server->client, ends, NULL), ==, UMP_OK);
	ump_client_drop(&server->client);
	do {
		while (answer_one(server, rng))
			continue;
	} while (ump_completions_wait(ends, &end, ump_after(500000)) == UMP_TIMED_OUT);
	stress_thread_join(loop);
	ump_completions_drop(&ends);
}

static void round_of(struct stress_rng *rng)
{
	struct timed server = {.rng.state = stress_random(rng), .breaks = stress_one_in(rng, 3)};
	struct sender senders[SENDERS];
	bool is_task = stress_one_in(rng, 3);
	pthread_t loop;

	pthread_mutex_init(&server.lock, NULL);
	if (is_task) {
		CHECK_INT(ump_spawn_task(&config, build, &server, &server.client, &server.task), ==,
			UMP_OK);
		loop = stress_thread(run_task, &server);
	} else {
		CHECK_INT(ump_spawn_thread(&config, build, &server, &server.client, &server.thread),
			==, UMP_OK);
	}
	for (unsigned i = 0; i < SENDERS; i++) {
		senders[i] = (struct sender){.server = &server,
			.rng.state = stress_random(rng),
			.stops = stress_one_in(rng, 5)};
		CHECK_INT(ump_client_clone(server.client, &senders[i].client), ==, UMP_OK);
		senders[i].thread = stress_thread(send, &senders[i]);
	}
	if (!is_task)
		ump_client_drop(&server.client);
	for (unsigned i = 0; i < SENDERS; i++)
		stress_thread_join(senders[i].thread);
	if (is_task)
		join_task(&server, rng, loop);
	else
		join(&server, rng);
	/* Contexts outlive the server. */
	while (answer_one(&server, rng))
		continue;
	CHECK_INT(server.holding, ==, 0);
	settle(&server, senders);
	pthread_mutex_destroy(&server.lock);
	stress_count(is_task ? STRESS_TASKS : STRESS_SERVERS, 1);
}

int main(int argc, char **argv)
{
	static const struct stress_program program = {"timers_meet_stops",
		"[timer] [stop] [hold] [break] [drain] [quiet]", round_of, 2000};

	return stress_main(&program, argc, argv);
}
