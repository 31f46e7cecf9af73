/* SPDX-License-Identifier: 0BSD */
/*
 * A server on a thread of its own, by turns.  The builder posts a gate before anything else; its
 * handler gives the turn to the main thread and waits to get it back.  For another turn of the
 * server the main thread posts another gate.  So two real threads run, one at a time, and what
 * happens is all in the input.
 */
#include "life_world.h"

#include <time.h>

#define BUILDER_CODE 41
#define INIT_CODE    (-77)

enum callback {
	CALLED_BUILDER,
	CALLED_INIT,
	CALLED_REQUEST,
	CALLED_POST,
	CALLED_LEFTOVER,
	CALLED_TERM,
	CALLED_DROP,
	CALLBACKS
};

/* What the input has chosen for one server. */
struct plan {
	bool builder_fails;
	bool incomplete;
	bool with_init;
	bool init_fails;
	bool with_leftover;
	bool with_term;
	bool term_replaces;
	bool with_drop;
	bool drop_thread;
	bool name;
};

/* How it went. */
struct course {
	struct plan plan;
	struct world *world;
	int called[CALLBACKS];
	bool broke;
	struct ump_flow how;
};

static struct course course;

/* ---- Turns --------------------------------------------------------------------------------- */

static void take_turn(sem_t *turn)
{
	while (sem_wait(turn) != 0)
		continue;
}

/* Post a gate through whatever client there is; false: there is none, or the server has ended. */
static bool post_gate(struct world *world)
{
	_Alignas(max_align_t) unsigned char buffer[VALUE_MOST] = {0};
	/* The gates are ours, so they are not made to fail. */
	int fails_in = life_fails_in();
	int result = UMP_INVALID;
	int value;

	if (world->model.strong == 0 || world->config.post.size == 0)
		return false;
	value = life_make(world, KIND_POST, buffer);
	life_fail_in(0);
	for (int i = 0; i < SLOTS && result == UMP_INVALID; i++) {
		if (world->clients[i] != NULL)
			result = ump_client_post(world->clients[i], buffer);
		else if (world->posters[i] != NULL)
			result = ump_post_client_post(world->posters[i], buffer);
	}
	life_fail_in(fails_in);
	EXPECT("[gone]", result == model_post(&world->model, value));
	world->turns.is_gate[value] = result == UMP_OK;
	return result == UMP_OK;
}

/* The main thread blocks in a request.  Unless it has its answer, its context was kept. */
static void finish_call(struct world *world)
{
	int request = world->turns.calling;

	if (request == NOBODY || world->model.request[request].state == MODEL_DONE)
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

/* The server's turn ends; with `back`, it waits for another one. */
static void give_turn(struct world *world, bool back)
{
	finish_call(world);
	life_trace("the main thread's turn", back);
	sem_post(&world->turns.to_main);
	if (back)
		take_turn(&world->turns.to_server);
}

/* ---- The handler --------------------------------------------------------------------------- */

static void operate_some(struct world *world, unsigned most)
{
	for (unsigned i = input_below(&world->input, most); i > 0; i--) {
		if (model_has_room(&world->model))
			life_operate(world, input_below(&world->input, LIFE_OPERATIONS));
	}
}

/* A callback begins: on its thread, in its order. */
static struct world *enter(enum callback which, void *self)
{
	struct world *world = course.world;

	EXPECT("[user]", self == &course);
	EXPECT("[user]", !pthread_equal(pthread_self(), world->turns.spawner));
	if (!world->turns.dispatcher_known)
		world->turns.dispatcher = pthread_self();
	world->turns.dispatcher_known = true;
	EXPECT("[user]", pthread_equal(pthread_self(), world->turns.dispatcher));
	course.called[which]++;
	life_trace("callback", (int)which);
	return world;
}

static int handle_init(void *self, ump_weak_client *me)
{
	struct world *world = enter(CALLED_INIT, self);

	EXPECT("[init]", course.called[CALLED_INIT] == 1);
	EXPECT("[init]", course.called[CALLED_POST] + course.called[CALLED_REQUEST] == 0);
	world->me = me;
	operate_some(world, 4);
	return course.plan.init_fails ? INIT_CODE : 0;
}

/* What a handler does to a thread: it cannot wait for itself, but it can let it go. */
static void handle_thread(struct world *world)
{
	if (world->turns.thread == NULL)
		return;
	EXPECT("[misuse]", ump_join(&world->turns.thread, NULL, UMP_FOREVER) == UMP_DEADLOCK);
	EXPECT("[misuse]", world->turns.thread != NULL);
	if (input_byte(&world->input) == 7)
		ump_thread_drop(&world->turns.thread);
}

/* Go on, or end the loop: from then on everything is left over. */
static struct ump_flow handled(struct world *world)
{
	if (input_byte(&world->input) % 8 != 7)
		return ump_continue();
	life_trace("  break", 0);
	course.broke = true;
	course.how = ump_break(&course.how);
	model_close(&world->model);
	return course.how;
}

static void expect_message(struct world *world, bool is_request, struct model_message *message)
{
	EXPECT("[break]", !course.broke);
	EXPECT("[fifo]", model_receive(&world->model, message) == UMP_OK);
	EXPECT("[fifo]", (message->request >= 0) == is_request);
	life_check(world);
}

static struct ump_flow handle_request(void *self, const void *msg, ump_reply_context **rc)
{
	struct world *world = enter(CALLED_REQUEST, self);
	struct model_message message;
	struct ump_flow flow;

	expect_message(world, true, &message);
	EXPECT("[fifo]", life_read(world, KIND_REQUEST, msg) == message.value);
	if (message.request == world->in_place)
		EXPECT("[once]", msg == world->in_place_msg);
	/* The main thread waits for this; it goes on when the turn comes back. */
	if (message.request == world->turns.calling)
		(void)post_gate(world);
	operate_some(world, 3);
	handle_thread(world);
	flow = handled(world);
	if (!life_answer(world, rc, message.request, msg, input_byte(&world->input)))
		model_drop_context(&world->model, message.request);
	return flow;
}

static struct ump_flow handle_post(void *self, const void *msg)
{
	struct world *world = enter(CALLED_POST, self);
	struct model_message message;

	expect_message(world, false, &message);
	EXPECT("[fifo]", life_read(world, KIND_POST, msg) == message.value);
	if (world->turns.is_gate[message.value]) {
		give_turn(world, true);
		EXPECT("[fifo]", life_read(world, KIND_POST, msg) == message.value);
		return ump_continue();
	}
	operate_some(world, 3);
	handle_thread(world);
	return handled(world);
}

static void handle_leftover(void *self, const void *msg, ump_reply_context **rc)
{
	struct world *world = enter(CALLED_LEFTOVER, self);
	struct model_message message;

	EXPECT("[break]", course.broke && course.called[CALLED_TERM] == 0);
	EXPECT("[break]", model_next_leftover(&world->model, &message));
	life_check(world);
	EXPECT("[break]", (rc == NULL) == (message.request < 0));
	if (rc == NULL) {
		EXPECT("[break]", life_read(world, KIND_POST, msg) == message.value);
		operate_some(world, 3);
		return;
	}
	EXPECT("[break]", life_read(world, KIND_REQUEST, msg) == message.value);
	operate_some(world, 3);
	if (!life_answer(world, rc, message.request, msg, input_byte(&world->input)))
		model_drop_context(&world->model, message.request);
}

/* The loop has ended: see that it might. */
static void expect_end(struct world *world)
{
	struct model_message message;

	if (!course.broke) {
		EXPECT("[drain]", model_receive(&world->model, &message) == UMP_CLIENTS_GONE);
		model_close(&world->model);
	} else if (course.plan.with_leftover) {
		EXPECT("[break]", !model_next_leftover(&world->model, &message));
	} else {
		model_discard(&world->model);
	}
	life_check(world);
}

static struct ump_flow handle_term(void *self, struct ump_flow how)
{
	struct world *world = enter(CALLED_TERM, self);

	EXPECT("[break]", how.stop == course.broke);
	EXPECT("[break]", how.value == course.how.value);
	expect_end(world);
	operate_some(world, 3);
	if (course.plan.term_replaces) {
		course.how.stop = !course.how.stop;
		course.how.value = world;
	}
	if (!course.plan.with_drop) {
		world->me = NULL;
		give_turn(world, false);
	}
	return course.how;
}

static void handle_drop(void *self)
{
	struct world *world = course.world;

	course.called[CALLED_DROP]++;
	EXPECT("[init]", self == &course);
	if (world->turns.dispatcher_known)
		EXPECT("[user]", pthread_equal(pthread_self(), world->turns.dispatcher));
	/* Before any message: spawn fails, and sees to the rest. */
	if (course.called[CALLED_POST] == 0)
		return;
	EXPECT("[user]", course.called[CALLED_TERM] == course.plan.with_term);
	if (!course.plan.with_term)
		expect_end(world);
	operate_some(world, 2);
	world->me = NULL;
	give_turn(world, false);
}

/* ---- Spawning ------------------------------------------------------------------------------ */

static int build(void *arg, ump_client *client, struct ump_handler *out)
{
	struct world *world = arg;
	struct ump_handler zero = {0};

	EXPECT("[init]", pthread_equal(pthread_self(), world->turns.spawner));
	EXPECT("[init]", memcmp(out, &zero, sizeof zero) == 0);
	course.called[CALLED_BUILDER]++;
	model_open(&world->model);
	/* Lent: it is used like any other, but not dropped. */
	world->clients[0] = client;
	world->busy_client = 0;
	(void)post_gate(world);
	operate_some(world, 10);
	out->self = &course;
	out->init = course.plan.with_init ? handle_init : NULL;
	out->request = handle_request;
	out->post = handle_post;
	if (course.plan.incomplete && world->config.post.size != 0)
		out->post = NULL;
	else if (course.plan.incomplete)
		out->request = NULL;
	out->leftover = course.plan.with_leftover ? handle_leftover : NULL;
	out->term = course.plan.with_term ? handle_term : NULL;
	out->drop = course.plan.with_drop ? handle_drop : NULL;
	return course.plan.builder_fails ? BUILDER_CODE : 0;
}

static void choose(struct world *world, struct plan *plan)
{
	uint8_t failure = input_byte(&world->input);
	uint8_t shape = input_byte(&world->input);

	memset(&course, 0, sizeof course);
	course.world = world;
	plan->builder_fails = failure % 16 == 1;
	plan->incomplete = failure % 16 == 2;
	plan->init_fails = failure % 16 == 3;
	/* A small number: that of the allocation, or the start of the thread, that fails. */
	life_fail_in(failure % 16 == 4 ? 1 + failure / 16 : 0);
	plan->with_init = (shape & 1) != 0 || plan->init_fails;
	plan->with_leftover = (shape & 2) != 0;
	plan->with_term = (shape & 4) != 0;
	plan->term_replaces = (shape & 8) != 0;
	/* One of them tells the main thread of the end. */
	plan->with_drop = (shape & 16) == 0 || !plan->with_term;
	plan->name = (shape & 32) != 0;
	plan->drop_thread = (shape & 64) != 0;
	world->config.stack_size = (shape & 128) != 0 ? 1 : 0;
	/* The gates are posts, wherever it comes to them. */
	if (world->config.post.size == 0 &&
		!(plan->builder_fails || plan->incomplete || plan->init_fails))
		world->config.post.size = 4;
}

/* Spawn failed with `result`: it has to be for this reason, and everything is as if it had never
 * been, but that clients which the builder cloned are told so. */
static void check_failure(struct world *world, int result, const ump_client *client)
{
	const struct plan *plan = &course.plan;
	bool built = course.called[CALLED_BUILDER] == 1 && !plan->builder_fails;

	EXPECT("[clean]", client == NULL && world->turns.thread == NULL);
	EXPECT("[init]", course.called[CALLED_BUILDER] <= 1);
	EXPECT("[init]", course.called[CALLED_DROP] == (built && plan->with_drop));
	EXPECT("[init]", course.called[CALLED_TERM] + course.called[CALLED_LEFTOVER] == 0);
	EXPECT("[init]", course.called[CALLED_POST] + course.called[CALLED_REQUEST] == 0);
	if (course.called[CALLED_BUILDER] == 0) {
		EXPECT("[clean]", result == UMP_NO_MEMORY);
		model_open(&world->model);
	} else if (plan->builder_fails) {
		EXPECT("[init]", result == BUILDER_CODE);
	} else if (plan->incomplete) {
		EXPECT("[misuse]", result == UMP_INVALID);
	} else if (plan->init_fails && result != UMP_NO_THREAD) {
		EXPECT("[init]", result == INIT_CODE && course.called[CALLED_INIT] == 1);
	} else {
		EXPECT("[clean]", result == UMP_NO_THREAD && life_failed());
		EXPECT("[init]", course.called[CALLED_INIT] == 0);
	}
	world->me = NULL;
	world->clients[0] = NULL;
	model_strong_drop(&world->model);
	model_close(&world->model);
	model_discard(&world->model);
	life_check(world);
}

static void misuse_spawn(struct world *world)
{
	struct ump_config none = {0};
	ump_client *client = NULL;
	ump_thread *thread = NULL;

	EXPECT("[misuse]", ump_spawn_thread(&none, build, world, &client, &thread) == UMP_INVALID);
	EXPECT("[misuse]",
		ump_spawn_thread(&world->config, NULL, world, &client, &thread) == UMP_INVALID);
	EXPECT("[misuse]",
		ump_spawn_thread(&world->config, build, world, NULL, &thread) == UMP_INVALID);
	EXPECT("[misuse]",
		ump_spawn_thread(&world->config, build, world, &client, NULL) == UMP_INVALID);
	EXPECT("[misuse]", ump_spawn_thread_sized(&world->config, sizeof world->config,
				   sizeof(struct ump_handler) + 1, build, world, &client,
				   &thread) == UMP_INVALID);
	EXPECT("[misuse]", ump_join(&thread, NULL, UMP_FOREVER) == UMP_INVALID);
	EXPECT("[init]", course.called[CALLED_BUILDER] == 0);
}

/* ---- The main thread ----------------------------------------------------------------------- */

/* Its last callback was called: no more turns for the server. */
static bool has_ended(void)
{
	return course.called[course.plan.with_drop ? CALLED_DROP : CALLED_TERM] > 0;
}

/* The server takes a turn: it handles what there is, up to the next gate or the end. */
static void let_run(struct world *world)
{
	life_trace("the server's turn", 0);
	sem_post(&world->turns.to_server);
	take_turn(&world->turns.to_main);
	world->turns.ended = has_ended();
	life_check(world);
}

/* A request that blocks without a deadline.  Nothing is queued, so the server comes to it next; all
 * that follows happens in the server's turn, and is looked at when it is over. */
static void call(struct world *world, unsigned from)
{
	_Alignas(max_align_t) unsigned char buffer[VALUE_MOST] = {0};
	_Alignas(max_align_t) unsigned char reply[VALUE_MOST];
	ump_client *client = world->clients[from];
	int request = NOBODY;
	int value;
	int result;

	if (client == NULL || world->config.request.size == 0 || world->model.queued != 0)
		return;
	value = life_make(world, KIND_REQUEST, buffer);
	EXPECT("[gone]", model_send(&world->model, value, &request) == UMP_OK);
	world->turns.calling = world->in_place = request;
	world->in_place_msg = buffer;
	world->in_place_room = reply;
	world->busy_client = (int)from;
	sem_post(&world->turns.to_server);
	result = ump_client_req(client, buffer, life_room(world, reply), UMP_FOREVER);
	take_turn(&world->turns.to_main);
	world->turns.calling = world->in_place = world->busy_client = NOBODY;
	world->turns.ended = has_ended();
	EXPECT("[once]", result == model_take(&world->model, request));
	if (result == UMP_OK && world->config.reply.size != 0)
		EXPECT("[once]",
			life_read(world, KIND_REPLY, reply) == world->model.request[request].reply);
	EXPECT("[gone]", life_read(world, KIND_REQUEST, buffer) == value);
	life_check(world);
}

enum more_operations {
	RUN = LIFE_OPERATIONS,
	RUN_AGAIN,
	CALL,
	CALL_AGAIN,
	JOIN_NOW,
	OPERATIONS
};

/* The server waits at a gate, and does not end before it has its turn.  The deadline is real. */
static void join_too_early(struct world *world)
{
	ump_time deadline = input_flag(&world->input) ? ump_after(1000) : UMP_NOW;

	EXPECT("[deadline]", ump_join(&world->turns.thread, NULL, deadline) == UMP_TIMED_OUT);
	EXPECT("[deadline]", ump_now() >= deadline);
	EXPECT("[deadline]", world->turns.thread != NULL);
}

static void operate(struct world *world, unsigned what)
{
	bool ended = world->turns.ended;

	switch (what) {
	case RUN:
	case RUN_AGAIN:
		if (!ended && post_gate(world))
			let_run(world);
		break;
	case CALL:
	case CALL_AGAIN:
		life_trace("call", 0);
		if (!ended)
			call(world, input_below(&world->input, SLOTS));
		break;
	case JOIN_NOW:
		if (!ended && world->turns.thread != NULL)
			join_too_early(world);
		break;
	default:
		life_operate(world, what);
	}
}

/* Nobody joins a thread that was let go: it is gone when its memory is. */
static void await_blocks(void)
{
	const struct timespec moment = {0, 20000};

	for (int i = 0; i < 500000 && life_blocks() != 0; i++)
		(void)nanosleep(&moment, NULL);
}

static void join(struct world *world)
{
	struct ump_flow how = {false, NULL};

	if (course.plan.drop_thread || world->turns.thread == NULL) {
		ump_thread_drop(&world->turns.thread);
		return;
	}
	if (course.plan.name) {
		EXPECT("[break]", ump_join(&world->turns.thread, NULL, UMP_FOREVER) == UMP_OK);
		return;
	}
	EXPECT("[break]", ump_join(&world->turns.thread, &how, UMP_FOREVER) == UMP_OK);
	EXPECT("[misuse]", world->turns.thread == NULL);
	EXPECT("[break]", how.stop == course.how.stop && how.value == course.how.value);
}

/* A server that runs, until it has ended. */
static void live(struct world *world)
{
	while (!input_is_over(&world->input) && model_has_room(&world->model))
		operate(world, input_below(&world->input, OPERATIONS));
	life_fail_in(0);
	(void)life_failed();
	life_trace("the end", 0);
	life_drop_clients(world);
	/* Now and then nobody waits for the thread while it still has something to do. */
	if (course.plan.drop_thread)
		ump_thread_drop(&world->turns.thread);
	if (!world->turns.ended)
		let_run(world);
	EXPECT("[drain]", world->turns.ended);
	join(world);
}

static void spawn(struct world *world)
{
	ump_client *client = NULL;
	ump_thread *thread = NULL;
	int result;

	world->config.name = course.plan.name ? "longer than 15 bytes" : NULL;
	result = ump_spawn_thread(&world->config, build, world, &client, &thread);
	world->busy_client = NOBODY;
	if (result != UMP_OK) {
		world->turns.thread = thread;
		check_failure(world, result, client);
		return;
	}
	/* The server has come to the first gate. */
	take_turn(&world->turns.to_main);
	EXPECT("[init]", course.called[CALLED_INIT] == course.plan.with_init);
	EXPECT("[init]", !course.plan.builder_fails && !course.plan.incomplete);
	EXPECT("[init]", client == world->clients[0] && thread != NULL);
	EXPECT("[init]", !course.plan.init_fails);
	world->turns.thread = thread;
	live(world);
}

void life_thread(struct world *world)
{
	choose(world, &course.plan);
	world->turns.spawner = pthread_self();
	world->turns.calling = NOBODY;
	sem_init(&world->turns.to_main, 0, 0);
	sem_init(&world->turns.to_server, 0, 0);
	if (input_below(&world->input, 8) == 7)
		misuse_spawn(world);
	spawn(world);
	life_fail_in(0);
	life_drop_contexts(world);
	for (unsigned i = 0; i < SLOTS; i++) {
		if (world->held[i].context != NULL)
			model_drop_context(&world->model, world->held[i].request);
		ump_reply_drop(&world->held[i].context);
	}
	life_drop_waits(world);
	life_drop_clients(world);
	life_drop_weaks(world);
	await_blocks();
	sem_destroy(&world->turns.to_main);
	sem_destroy(&world->turns.to_server);
}
