/* SPDX-License-Identifier: 0BSD */
/*
 * A server on its own thread, which alternates with the main thread.  The builder posts a gate
 * before anything else; its handler gives control to the main thread and waits to get it back.  To
 * run the server again, the main thread posts another gate.  So two real threads run, one at a
 * time, and their order is in the input.
 */
#include "life/life_world.h"

#include <time.h>

/* ---- Alternation --------------------------------------------------------------------------- */

static void await(sem_t *handed_over)
{
	while (sem_wait(handed_over) != 0)
		continue;
}

static bool has_client(const struct world *world)
{
	for (int i = 0; i < SLOTS; i++) {
		if (world->clients[i] != NULL || world->posters[i] != NULL)
			return true;
	}
	return false;
}

/* Post a gate through any client; false: there is none, or the server has ended. */
bool life_post_gate(struct world *world)
{
	LIFE_BUFFER(buffer);
	/* Gates belong to the fuzzer: their allocations must not fail. */
	int fails_in = life_fails_in();
	int result = UMP_INVALID;
	int reservation = MODEL_NONE;
	int expected;
	int value;

	if (!has_client(world) || world->config.post.size == 0)
		return false;
	value = life_make(world, KIND_POST, buffer);
	life_fail_in(0);
	for (int i = 0; i < SLOTS && result == UMP_INVALID; i++) {
		reservation = world->clients[i] != NULL ? world->reservation[i] : MODEL_NONE;
		if (world->clients[i] != NULL)
			result = ump_client_post(world->clients[i], buffer);
		else if (world->posters[i] != NULL)
			result = ump_post_client_post(world->posters[i], buffer);
	}
	life_fail_in(fails_in);
	/* The capacity suffices for all gates. */
	expected = model_take_permit(&world->model, reservation);
	if (expected == UMP_OK)
		expected = model_post(&world->model, value);
	EXPECT("[gone]", result == expected);
	world->handoff.is_gate[value] = result == UMP_OK;
	return result == UMP_OK;
}

/* The main thread blocks in a request.  If it has no answer yet, its context was kept: drop it. */
static void finish_call(struct world *world)
{
	int request = world->handoff.calling;

	if (request == NONE || world->model.request[request].state == MODEL_DONE)
		return;
	for (int i = 0; i < SLOTS; i++) {
		if (world->held[i].context != NULL && world->held[i].request == request) {
			model_drop_context(&world->model, request);
			ump_reply_drop(&world->held[i].context);
			return;
		}
	}
	EXPECT("[once]", false);
}

/* Let the main thread run; with `back`, wait until it lets the server run again. */
void life_hand_over(struct world *world, bool back)
{
	finish_call(world);
	life_trace("the main thread runs", back);
	sem_post(&world->handoff.to_main);
	if (back)
		await(&world->handoff.to_server);
}

/* ---- Pooled threads ------------------------------------------------------------------------ */

/* Inputs that use a pool.  With REUSED_EARLY, the pool is dropped while the server runs; with
 * REUSED_AGAIN, it holds an idle thread when the server is spawned. */
enum reuse {
	REUSED_EARLY = 4,
	REUSED,
	REUSED_AGAIN
};

static struct ump_flow ignore(void *self, const void *msg)
{
	(void)self;
	(void)msg;
	return ump_continue();
}

static int build_little(void *arg, ump_client *client, struct ump_handler *out)
{
	(void)arg;
	(void)client;
	out->post = ignore;
	return 0;
}

/* Run two servers that do nothing, and whose threads return to the pool, which may keep one. */
static void live_briefly(ump_thread_pool *threads)
{
	struct ump_config config = {.post.size = 1, .thread_pool = threads};
	ump_client *clients[2];
	ump_thread *servers[2];
	struct ump_flow how;

	for (int i = 0; i < 2; i++) {
		EXPECT("[reuse]", ump_spawn_thread(&config, build_little, NULL, &clients[i],
					  &servers[i]) == UMP_OK);
		EXPECT("[reuse]", ump_client_post(clients[i], "") == UMP_OK);
	}
	for (int i = 0; i < 2; i++) {
		ump_client_drop(&clients[i]);
		EXPECT("[reuse]",
			ump_thread_join(&servers[i], &how, UMP_FOREVER) == UMP_OK && !how.stop);
	}
}

/* Open a pool.  It belongs to the fuzzer: its allocations must not fail. */
static ump_thread_pool *open_thread_pool(const struct world *world, unsigned how)
{
	ump_thread_pool *threads = NULL;
	int fails_in = life_fails_in();

	if (how < REUSED_EARLY || how > REUSED_AGAIN)
		return NULL;
	life_fail_in(0);
	/* Any number of idle threads, or one. */
	EXPECT("[reuse]", ump_thread_pool_open(&threads, how == REUSED ? 0 : 1,
				  world->config.stack_size) == UMP_OK);
	if (how == REUSED_AGAIN)
		live_briefly(threads);
	life_fail_in(fails_in);
	return threads;
}

static void misuse_threads(struct world *world)
{
	struct ump_config config = world->config;
	ump_client *client = NULL;
	ump_thread *thread = NULL;

	EXPECT("[misuse]", ump_thread_pool_open(NULL, 1, 0) == UMP_INVALID);
	config.stack_size = 1 << 18;
	if (ump_thread_pool_open(&config.thread_pool, 1, 1 << 17) != UMP_OK)
		return;
	EXPECT("[misuse]",
		ump_spawn_thread(&config, life_build, world, &client, &thread) == UMP_INVALID);
	EXPECT("[misuse]", client == NULL && thread == NULL);
	ump_thread_pool_drop(&config.thread_pool);
	EXPECT("[misuse]", config.thread_pool == NULL);
	ump_thread_pool_drop(&config.thread_pool);
	ump_thread_pool_drop(NULL);
}

/* ---- Spawning ------------------------------------------------------------------------------ */

static void misuse_spawn(struct world *world)
{
	struct ump_config none = {0};
	ump_client *client = NULL;
	ump_thread *thread = NULL;

	EXPECT("[misuse]",
		ump_spawn_thread(&none, life_build, world, &client, &thread) == UMP_INVALID);
	EXPECT("[misuse]",
		ump_spawn_thread(&world->config, NULL, world, &client, &thread) == UMP_INVALID);
	EXPECT("[misuse]",
		ump_spawn_thread(&world->config, life_build, world, NULL, &thread) == UMP_INVALID);
	EXPECT("[misuse]",
		ump_spawn_thread(&world->config, life_build, world, &client, NULL) == UMP_INVALID);
	EXPECT("[misuse]", ump_spawn_thread_sized(&world->config, sizeof world->config,
				   sizeof(struct ump_handler) + 1, life_build, world, &client,
				   &thread) == UMP_INVALID);
	EXPECT("[misuse]", ump_thread_join(&thread, NULL, UMP_FOREVER) == UMP_INVALID);
	misuse_threads(world);
	EXPECT("[init]", world->course.called[CALLED_BUILDER] == 0);
}

/* ---- The main thread ----------------------------------------------------------------------- */

/* The last callback was called: the server must not run again. */
static bool has_ended(const struct world *world)
{
	const struct course *course = &world->course;

	return course->called[course->plan.with_drop ? CALLED_DROP : CALLED_TERM] > 0;
}

/* Let the server run: it handles what is queued, up to the next gate or the end. */
static void let_run(struct world *world)
{
	life_trace("the server runs", 0);
	sem_post(&world->handoff.to_server);
	await(&world->handoff.to_main);
	world->handoff.ended = has_ended(world);
	life_check();
}

/* Block in a request without a deadline.  Nothing else is queued, so the server handles it next;
 * everything that follows happens while the server runs, and is checked afterwards. */
static void call(struct world *world, unsigned from)
{
	LIFE_BUFFER(buffer);
	LIFE_BUFFER(reply);
	ump_client *client = world->clients[from];
	int request = NONE;
	int value;
	int result;

	if (client == NULL || world->config.request.size == 0 || world->model.queued != 0)
		return;
	value = life_make(world, KIND_REQUEST, buffer);
	EXPECT("[bound]", model_take_permit(&world->model, world->reservation[from]) == UMP_OK);
	EXPECT("[gone]", model_send_blocking(&world->model, value, &request) == UMP_OK);
	world->handoff.calling = request;
	world->msg_at[request] = buffer;
	world->reply_at[request] = reply;
	world->in_calls[from]++;
	sem_post(&world->handoff.to_server);
	result = ump_client_req(client, buffer, life_reply_buffer(world, reply), UMP_FOREVER);
	await(&world->handoff.to_main);
	world->msg_at[request] = world->reply_at[request] = NULL;
	world->handoff.calling = NONE;
	world->in_calls[from]--;
	world->handoff.ended = has_ended(world);
	EXPECT("[once]", result == model_take(&world->model, request));
	if (result == UMP_OK && world->config.reply.size != 0)
		EXPECT("[once]",
			life_read(world, KIND_REPLY, reply) == world->model.request[request].reply);
	EXPECT("[gone]", life_read(world, KIND_REQUEST, buffer) == value);
	life_check();
}

enum more_operations {
	RUN = LIFE_OPERATIONS,
	RUN_AGAIN,
	CALL,
	CALL_AGAIN,
	JOIN_NOW,
	OPERATIONS
};

/* The server waits at a gate, and cannot end before it is let run.  The deadline is real. */
static void join_too_early(struct world *world)
{
	ump_time deadline = input_flag(&life.input) ? ump_after(1000) : UMP_NOW;

	EXPECT("[deadline]",
		ump_thread_join(&world->handoff.thread, NULL, deadline) == UMP_TIMED_OUT);
	EXPECT("[deadline]", ump_now() >= deadline);
	EXPECT("[deadline]", world->handoff.thread != NULL);
}

static void operate(struct world *world, unsigned what)
{
	bool ended = world->handoff.ended;

	switch (what) {
	case RUN:
	case RUN_AGAIN:
		if (!ended && life_post_gate(world))
			let_run(world);
		break;
	case CALL:
	case CALL_AGAIN:
		life_trace("call", 0);
		if (!ended)
			call(world, input_below(&life.input, SLOTS));
		break;
	case JOIN_NOW:
		if (!ended && world->handoff.thread != NULL)
			join_too_early(world);
		break;
	default:
		life_operate(world, what);
	}
}

/* A dropped thread cannot be joined: it has ended when its memory is freed. */
void life_await_blocks(void)
{
	const struct timespec moment = {0, 20000};

	for (int i = 0; i < 500000 && life_blocks() != 0; i++)
		(void)nanosleep(&moment, NULL);
}

/* The loop has ended or is about to; its thread may still be ending. */
static int join_soon(struct world *world, struct ump_flow *how)
{
	int result =
		ump_thread_join(&world->handoff.thread, how, life_past_of(world->course.how.stop));

	if (result != UMP_TIMED_OUT)
		return result;
	EXPECT("[deadline]", world->handoff.thread != NULL && !how->stop);
	return ump_thread_join(&world->handoff.thread, how, UMP_FOREVER);
}

static void join(struct world *world)
{
	struct ump_flow how = {false, NULL};

	if (world->course.plan.drop_thread || world->handoff.thread == NULL) {
		ump_thread_drop(&world->handoff.thread);
		return;
	}
	if (world->course.plan.name) {
		EXPECT("[break]",
			ump_thread_join(&world->handoff.thread, NULL, UMP_FOREVER) == UMP_OK);
		return;
	}
	EXPECT("[break]", join_soon(world, &how) == UMP_OK);
	EXPECT("[misuse]", world->handoff.thread == NULL);
	EXPECT("[break]",
		how.stop == world->course.how.stop && how.value == world->course.how.value);
}

/* A running server, until it has ended. */
static void live(struct world *world)
{
	while (!input_is_over(&life.input) && life_has_space())
		operate(world, input_below(&life.input, OPERATIONS));
	life_fail_in(0);
	(void)life_failed();
	life_trace("the end", 0);
	life_drop_clients(world);
	life_release_holds(world);
	/* Sometimes the thread is dropped while it still has work. */
	if (world->course.plan.drop_thread)
		ump_thread_drop(&world->handoff.thread);
	if (!world->handoff.ended)
		let_run(world);
	EXPECT("[drain]", world->handoff.ended);
	join(world);
}

static void spawn(struct world *world, ump_thread_pool **early)
{
	const struct plan *plan = &world->course.plan;
	ump_client *client = NULL;
	ump_thread *thread = NULL;
	int result;

	world->config.name = plan->name ? "longer than 15 bytes" : NULL;
	result = ump_spawn_thread(&world->config, life_build, world, &client, &thread);
	ump_thread_pool_drop(early);
	world->in_calls[0] = 0;
	if (result != UMP_OK) {
		EXPECT("[clean]", client == NULL && thread == NULL);
		life_check_failure(world, result);
		return;
	}
	/* The server has reached the first gate. */
	await(&world->handoff.to_main);
	EXPECT("[init]", world->course.called[CALLED_INIT] == plan->with_init);
	EXPECT("[init]", !plan->builder_fails && !plan->incomplete);
	EXPECT("[init]", client == world->clients[0] && thread != NULL);
	EXPECT("[init]", !plan->init_fails);
	world->handoff.thread = thread;
	live(world);
}

void life_thread(struct world *world)
{
	unsigned how;

	life_choose(world);
	world->handoff.calling = NONE;
	sem_init(&world->handoff.to_main, 0, 0);
	sem_init(&world->handoff.to_server, 0, 0);
	how = input_below(&life.input, 8);
	if (how == 7)
		misuse_spawn(world);
	world->config.thread_pool = open_thread_pool(world, how);
	world->handoff.reuses = world->config.thread_pool != NULL;
	spawn(world, how == REUSED_EARLY ? &world->config.thread_pool : NULL);
	life_fail_in(0);
	life_drop_contexts(world);
	life_forget_contexts(world);
	life_drop_waits(world);
	life_drop_clients(world);
	life_drop_weaks(world);
	life_drop_sinks();
	ump_thread_pool_drop(&world->config.thread_pool);
	life_await_blocks();
	sem_destroy(&world->handoff.to_main);
	sem_destroy(&world->handoff.to_server);
}
