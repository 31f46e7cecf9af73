/* SPDX-License-Identifier: 0BSD */
/*
 * Operations on clients and contexts.  Each takes one byte for its slot.  An empty slot is NULL, an
 * invalid argument, so that the promise about those is checked throughout.
 *
 * If an allocation fails, the model makes no step: nothing may have changed.
 */
#include "life/life_world.h"

#include "call/request.h"

/* Value of an out parameter before the call: a failure must replace it. */
#define GARBAGE ((void *)(uintptr_t)8)

/* Find a free slot, or NONE. */
#define FIND_FREE(slots, at)                                                                       \
	for ((at) = SLOTS - 1; (at) != NONE && (slots)[at] != NULL; (at)--)                        \
	continue

/* Check the result of a call: `expected`, or UMP_NO_MEMORY where that was injected.  true: it
 * succeeded. */
static bool went_well(int result, int expected, const void *out)
{
	if (life_failed()) {
		EXPECT("[clean]", result == UMP_NO_MEMORY);
		EXPECT("[clean]", out == NULL);
		return false;
	}
	EXPECT("[clean]", result == expected);
	EXPECT("[misuse]", (out == NULL) == (result != UMP_OK));
	return result == UMP_OK;
}

/* Expected result of making a handle from one that exists or not. */
static int strong_result(const struct world *world, bool there)
{
	return !there ? UMP_INVALID : model_strong_is_full(&world->model) ? UMP_OVERFLOW : UMP_OK;
}

bool life_weak_is_full(const struct world *world)
{
	uint64_t counts;

	if (world->crowd == 0)
		return model_weak_is_full(&world->model);
	counts = atomic_load(&world->server->channel->counts.value);
	return ump__counts_weak(counts) == UMP__COUNTS_MAX;
}

static int weak_result(const struct world *world, bool there)
{
	return !there ? UMP_INVALID : life_weak_is_full(world) ? UMP_OVERFLOW : UMP_OK;
}

/* ---- Clients ------------------------------------------------------------------------------- */

static void client_clone(struct world *world, unsigned from)
{
	int to;
	ump_client *out = GARBAGE;
	int result;

	FIND_FREE(world->clients, to);
	if (to == NONE)
		return;
	result = ump_client_clone(world->clients[from], &out);
	if (went_well(result, strong_result(world, world->clients[from] != NULL), out)) {
		model_strong_add(&world->model);
		world->clients[to] = out;
	}
}

static void client_drop(struct world *world, unsigned from)
{
	if (world->in_calls[from] != 0)
		return;
	if (world->clients[from] != NULL) {
		model_drop_reservation(&world->model, world->reservation[from]);
		model_strong_drop(&world->model);
	}
	world->reservation[from] = MODEL_NONE;
	ump_client_drop(&world->clients[from]);
	EXPECT("[misuse]", world->clients[from] == NULL);
}

static void client_post_client(struct world *world, unsigned from)
{
	int to;
	bool can = world->clients[from] != NULL && world->config.post.size != 0;
	ump_post_client *out = GARBAGE;
	int result;

	FIND_FREE(world->posters, to);
	if (to == NONE)
		return;
	result = ump_client_post_client(world->clients[from], &out);
	if (went_well(result, strong_result(world, can), out)) {
		model_strong_add(&world->model);
		world->posters[to] = out;
	}
}

static void poster_clone(struct world *world, unsigned from)
{
	int to;
	ump_post_client *out = GARBAGE;
	int result;

	FIND_FREE(world->posters, to);
	if (to == NONE)
		return;
	result = ump_post_client_clone(world->posters[from], &out);
	if (went_well(result, strong_result(world, world->posters[from] != NULL), out)) {
		model_strong_add(&world->model);
		world->posters[to] = out;
	}
}

static void poster_drop(struct world *world, unsigned from)
{
	if (world->poster_in_calls[from] != 0)
		return;
	if (world->posters[from] != NULL)
		model_strong_drop(&world->model);
	ump_post_client_drop(&world->posters[from]);
	EXPECT("[misuse]", world->posters[from] == NULL);
}

/* ---- Weak clients -------------------------------------------------------------------------- */

static void client_weak(struct world *world, unsigned from)
{
	int to;
	ump_weak_client *out = GARBAGE;
	/* A client that can only post substitutes for an empty slot. */
	bool post = world->clients[from] == NULL && world->posters[from] != NULL;
	int expected = weak_result(world, post || world->clients[from] != NULL);
	int result;

	FIND_FREE(world->weaks, to);
	if (to == NONE)
		return;
	result = post ? ump_post_client_weak(world->posters[from], &out)
		      : ump_client_weak(world->clients[from], &out);
	if (went_well(result, expected, out)) {
		world->model.weak++;
		world->weaks[to] = out;
	}
}

/* The weak client lent to the handler substitutes for an empty slot. */
static const ump_weak_client *some_weak(const struct world *world, unsigned from)
{
	return world->weaks[from] != NULL ? world->weaks[from] : world->me;
}

static void weak_clone(struct world *world, unsigned from)
{
	const ump_weak_client *weak = some_weak(world, from);
	int to;
	ump_weak_client *out = GARBAGE;
	int expected = weak_result(world, weak != NULL);
	int result;

	FIND_FREE(world->weaks, to);
	if (to == NONE)
		return;
	result = ump_weak_client_clone(weak, &out);
	if (went_well(result, expected, out)) {
		world->model.weak++;
		world->weaks[to] = out;
	}
}

static void weak_drop(struct world *world, unsigned from)
{
	if (world->weaks[from] != NULL)
		world->model.weak--;
	ump_weak_client_drop(&world->weaks[from]);
	EXPECT("[misuse]", world->weaks[from] == NULL);
}

static void weak_upgrade(struct world *world, unsigned from)
{
	const ump_weak_client *weak = some_weak(world, from);
	int to;
	ump_client *out = GARBAGE;
	int result;

	FIND_FREE(world->clients, to);
	if (to == NONE)
		return;
	result = ump_weak_client_upgrade(weak, &out);
	if (weak == NULL) {
		EXPECT("[misuse]", result == UMP_INVALID && out == NULL);
	} else if (life_failed()) {
		EXPECT("[clean]", result == UMP_NO_MEMORY && out == NULL);
	} else {
		EXPECT("[weak]", result == model_upgrade(&world->model));
		EXPECT("[weak]", (out == NULL) == (result != UMP_OK));
		world->clients[to] = out;
	}
}

/* ---- Sending ------------------------------------------------------------------------------- */

static ump_time past(void)
{
	return life_past_of(input_below(&life.input, 4));
}

/* Check a post that was sent without waiting and returned `result`. */
static void posted(struct world *world, int value, int reservation, int result)
{
	int expected;

	if (life_failed()) {
		EXPECT("[clean]", result == UMP_NO_MEMORY);
		return;
	}
	expected = model_take_permit(&world->model, reservation);
	if (expected == UMP_OK)
		expected = model_post(&world->model, value);
	EXPECT("[gone]", result == expected);
}

static void client_post(struct world *world, unsigned from)
{
	LIFE_BUFFER(buffer);
	bool can = world->clients[from] != NULL && world->config.post.size != 0;
	int value = can ? life_make(world, KIND_POST, buffer) : MODEL_NO_VALUE;
	int result = ump_client_post(world->clients[from], buffer);

	life_trace("  value", value);
	/* Sent or not, the caller's bytes must not change. */
	if (can)
		EXPECT("[gone]", life_read(world, KIND_POST, buffer) == value);
	if (can)
		posted(world, value, world->reservation[from], result);
	else
		EXPECT("[misuse]", result == UMP_INVALID);
}

static void poster_post(struct world *world, unsigned from)
{
	LIFE_BUFFER(buffer);
	bool can = world->posters[from] != NULL;
	int value = can ? life_make(world, KIND_POST, buffer) : MODEL_NO_VALUE;
	int result = ump_post_client_post(world->posters[from], buffer);

	life_trace("  value", value);
	if (can)
		posted(world, value, MODEL_NONE, result);
	else
		EXPECT("[misuse]", result == UMP_INVALID);
}

/* With a past deadline: a sender that finds the inbox full must not wait. */
static void post_late(struct world *world, unsigned from)
{
	LIFE_BUFFER(buffer);
	ump_time deadline = past();
	bool poster = input_flag(&life.input);
	bool there = poster ? world->posters[from] != NULL : world->clients[from] != NULL;
	bool can = there && world->config.post.size != 0;
	int value = can ? life_make(world, KIND_POST, buffer) : MODEL_NO_VALUE;
	struct wait wait = {.reason = FOR_NOTHING};
	int result;

	life_wait_begin(&wait);
	result = poster ? ump_post_client_post_until(world->posters[from], buffer, deadline)
			: ump_client_post_until(world->clients[from], buffer, deadline);
	life_wait_end(&wait);
	life_trace("  value", value);
	if (can)
		posted(world, value, poster ? MODEL_NONE : world->reservation[from], result);
	else
		EXPECT("[misuse]", result == UMP_INVALID);
}

int life_free_wait(const struct world *world)
{
	for (int i = 0; i < SLOTS; i++) {
		if (world->waits[i].handle == NULL)
			return i;
	}
	return NONE;
}

static void req_async(struct world *world, unsigned from, ump_time deadline)
{
	LIFE_BUFFER(buffer);
	bool can = world->clients[from] != NULL && world->config.request.size != 0;
	ump_wait_reply *out = GARBAGE;
	int to = life_free_wait(world);
	int value = can ? life_make(world, KIND_REQUEST, buffer) : MODEL_NO_VALUE;
	struct wait wait = {.reason = FOR_NOTHING};
	int request = NONE;
	int expected;
	int result;

	life_wait_begin(&wait);
	result = ump_client_req_async_until(
		world->clients[from], buffer, to == NONE ? NULL : &out, deadline);
	life_wait_end(&wait);
	life_trace("  value", value);
	if (can)
		EXPECT("[gone]", life_read(world, KIND_REQUEST, buffer) == value);
	if (!can || to == NONE) {
		EXPECT("[misuse]", result == UMP_INVALID);
		return;
	}
	if (life_failed()) {
		EXPECT("[clean]", result == UMP_NO_MEMORY && out == NULL);
		return;
	}
	expected = model_take_permit(&world->model, world->reservation[from]);
	if (expected == UMP_OK)
		expected = model_send(&world->model, value, &request);
	EXPECT("[gone]", result == expected);
	EXPECT("[gone]", (out == NULL) == (result != UMP_OK));
	world->waits[to] = (struct waiting){out, request, false};
}

static void client_req_async(struct world *world, unsigned from)
{
	req_async(world, from, UMP_NOW);
}

static void client_req_async_late(struct world *world, unsigned from)
{
	req_async(world, from, past());
}

/* A past deadline: nothing is sent, the caller does not wait, and the value is dropped. */
static void client_req_late(struct world *world, unsigned from)
{
	LIFE_BUFFER(buffer);
	_Alignas(LIFE_ALIGN) unsigned char reply[VALUE_MOST];
	bool can = world->clients[from] != NULL && world->config.request.size != 0;
	int value = can ? life_make(world, KIND_REQUEST, buffer) : MODEL_NO_VALUE;
	int result = ump_client_req(world->clients[from], buffer, reply, past());

	if (can && life_failed()) {
		EXPECT("[clean]", result == UMP_NO_MEMORY);
		return;
	}
	EXPECT("[deadline]", result == (can ? UMP_TIMED_OUT : UMP_INVALID));
	if (can)
		model_too_late(&world->model, value);
}

/* ---- The caller's side --------------------------------------------------------------------- */

void *life_reply_buffer(const struct world *world, void *reply)
{
	return world->config.reply.size != 0 ? reply : NULL;
}

void life_take(struct world *world, unsigned slot, int result, const void *reply, int not_there)
{
	struct waiting *waiting = &world->waits[slot];
	int request = waiting->request;
	int expected = model_take(&world->model, request);

	if (expected == UMP_NO_REPLY)
		EXPECT("[forgot]", result == expected);
	EXPECT("[once]", result == (expected == UMP_EMPTY ? not_there : expected));
	EXPECT("[once]", (waiting->handle != NULL) == (expected == UMP_EMPTY));
	if (result == UMP_OK && world->config.reply.size != 0)
		EXPECT("[once]",
			life_read(world, KIND_REPLY, reply) == world->model.request[request].reply);
}

static void wait_try(struct world *world, unsigned from)
{
	_Alignas(LIFE_ALIGN) unsigned char reply[VALUE_MOST];
	struct waiting *waiting = &world->waits[from];
	struct wait wait = {.reason = FOR_NOTHING};
	int result;

	if (waiting->busy)
		return;
	if (waiting->handle == NULL) {
		EXPECT("[misuse]", ump_wait_reply_try(&waiting->handle, reply) == UMP_INVALID);
		return;
	}
	if (world->config.reply.size != 0)
		EXPECT("[misuse]", ump_wait_reply_try(&waiting->handle, NULL) == UMP_INVALID);
	if (input_flag(&life.input)) {
		result = ump_wait_reply_try(&waiting->handle, life_reply_buffer(world, reply));
		life_take(world, from, result, reply, UMP_EMPTY);
	} else {
		life_wait_begin(&wait);
		result = ump_wait_reply_wait(
			&waiting->handle, life_reply_buffer(world, reply), life_past_of(from));
		life_wait_end(&wait);
		life_take(world, from, result, reply, UMP_TIMED_OUT);
	}
}

static void wait_drop(struct world *world, unsigned from)
{
	struct waiting *waiting = &world->waits[from];

	if (waiting->busy)
		return;
	if (waiting->handle != NULL)
		model_give_up(&world->model, waiting->request);
	ump_wait_reply_drop(&waiting->handle);
	EXPECT("[misuse]", waiting->handle == NULL);
}

/* ---- The handler's side -------------------------------------------------------------------- */

static int free_hold(const struct world *world)
{
	for (int i = 0; i < SLOTS; i++) {
		if (world->held[i].context == NULL)
			return i;
	}
	return NONE;
}

bool life_can_hold(const struct world *world)
{
	return free_hold(world) != NONE;
}

void life_hold(struct world *world, ump_reply_context *context, int request, const void *msg)
{
	EXPECT("[keep]", context != NULL);
	world->held[free_hold(world)] = (struct held){context, request, msg};
}

static void reply(struct world *world, ump_reply_context **rc, int request, bool in_buffer)
{
	_Alignas(LIFE_ALIGN) unsigned char buffer[VALUE_MOST];
	bool has_value = world->config.reply.size != 0;
	void *reply_buffer = ump_reply_buffer(*rc);
	void *target = in_buffer ? reply_buffer : buffer;
	int value = MODEL_NO_VALUE;
	int expected;

	EXPECT("[misuse]", (reply_buffer != NULL) == has_value);
	if (world->reply_at[request] != NULL && has_value)
		EXPECT("[once]", reply_buffer == world->reply_at[request]);
	if (has_value)
		value = life_make(world, KIND_REPLY, target);
	else
		target = NULL;
	/* Step the model first: the caller continues as soon as it has its answer. */
	expected = model_answer(&world->model, request, UMP_OK, value);
	EXPECT("[origin]", ump_reply(rc, target) == expected);
}

/* Keep a context, with or without a weak reference left to count it by. */
static ump_reply_context *keep(ump_reply_context **rc, bool counted)
{
	struct ump__counts *counts = &ump__request_of_context(*rc)->channel->counts;
	ump_reply_context *kept;
	uint64_t crowd;

	if (counted)
		return ump_reply_keep(rc);
	crowd = UMP__COUNTS_MAX - ump__counts_weak(atomic_load(&counts->value));
	atomic_fetch_add(&counts->value, crowd);
	kept = ump_reply_keep(rc);
	atomic_fetch_sub(&counts->value, crowd);
	return kept;
}

bool life_answer(
	struct world *world, ump_reply_context **rc, int request, const void *msg, unsigned choice)
{
	struct model_request *sent = &world->model.request[request];
	int expected;

	EXPECT("[keep]", life_read(world, KIND_REQUEST, msg) == sent->value);
	EXPECT("[origin]", ump_reply_origin_gone(*rc) == !sent->waited_for);
	/* A caller that waits without a deadline has one that never comes. */
	EXPECT("[deadline]", ump_reply_deadline(NULL) == UMP_FOREVER);
	EXPECT("[deadline]", ump_deadline_inherit(NULL, UMP_FOREVER) == UMP_FOREVER);
	EXPECT("[deadline]", ump_deadline_inherit(*rc, UMP_FOREVER) == ump_reply_deadline(*rc));
	EXPECT("[deadline]", ump_deadline_inherit(*rc, UMP_NOW) <= UMP_NOW);
	EXPECT("[deadline]",
		ump_reply_deadline(*rc) == UMP_FOREVER || world->reply_at[request] == NULL);
	life_trace("  answer", (int)choice % 7);
	switch (choice % 7) {
	case 0:
	case 1:
		reply(world, rc, request, choice % 7 == 1);
		break;
	case 2:
		expected = model_answer(&world->model, request, 1 + (int)choice, MODEL_NO_VALUE);
		EXPECT("[origin]", ump_reply_fail(rc, 1 + (int)choice) == expected);
		break;
	case 3:
		model_drop_context(&world->model, request);
		ump_reply_drop(rc);
		break;
	case 4:
		EXPECT("[misuse]", ump_reply_fail(rc, 0) == UMP_INVALID);
		EXPECT("[misuse]", ump_reply_fail(rc, UMP_NO_REPLY) == UMP_INVALID);
		if (world->config.reply.size != 0)
			EXPECT("[misuse]", ump_reply(rc, NULL) == UMP_INVALID);
		if (!world->model.raw && !sent->elsewhere)
			EXPECT("[hold]", ump_reply_hold(*rc) == UMP_INVALID);
		EXPECT("[misuse]", *rc != NULL);
		return false;
	case 5:
		if (!life_can_hold(world))
			return false;
		model_keep(&world->model, request, choice < 128);
		life_hold(world, keep(rc, choice < 128), request, msg);
		break;
	default:
		return false;
	}
	/* A consumed handle is NULL, and a second answer is refused. */
	EXPECT("[misuse]", *rc == NULL);
	EXPECT("[misuse]", ump_reply_fail(rc, 1) == UMP_INVALID);
	return true;
}

/* Let a kept context hold its server's loop. */
static void hold(struct world *world, const struct held *held)
{
	/* The context of a raw receiving end must not outlive that. */
	if (world->end == END_RAW && world->server == NULL)
		return;
	EXPECT("[misuse]", ump_reply_hold(NULL) == UMP_INVALID);
	EXPECT("[hold]", ump_reply_hold(held->context) == model_hold(&world->model, held->request));
}

static void held_answer(struct world *world, unsigned from)
{
	struct held *held = &world->held[from];
	unsigned choice = input_byte(&life.input);

	if (held->context == NULL) {
		EXPECT("[misuse]", ump_reply(&held->context, NULL) == UMP_INVALID);
		EXPECT("[misuse]", ump_reply_keep(&held->context) == NULL);
		EXPECT("[misuse]", !ump_reply_origin_gone(NULL) && ump_reply_buffer(NULL) == NULL);
	} else if (choice % 7 == 5) {
		/* Already kept: keeping it again changes nothing. */
		held->context = ump_reply_keep(&held->context);
		EXPECT("[keep]", held->context != NULL);
		if (choice >= 128)
			hold(world, held);
	} else {
		(void)life_answer(world, &held->context, held->request, held->msg, choice);
	}
}

/* ---- Faults and wrong arguments ------------------------------------------------------------ */

static void fail_soon(struct world *world, unsigned from)
{
	(void)world;
	life_fail_in((int)from + 1);
}

static void misuse_task(void)
{
	ump_task *task = NULL;
	ump_suspension *suspension = NULL;

	EXPECT("[misuse]", ump_task_fd(NULL) == -1 && ump_task_dispatch(NULL, 0));
	EXPECT("[misuse]", ump_task_due(NULL) == UMP_FOREVER);
	EXPECT("[misuse]", ump_task_run(NULL, UMP_FOREVER) == UMP_INVALID);
	EXPECT("[misuse]", ump_task_join(NULL, NULL) == UMP_INVALID);
	EXPECT("[misuse]", ump_task_join(&task, NULL) == UMP_INVALID);
	EXPECT("[misuse]", ump_task_resume(NULL, ump_pending()) == UMP_INVALID);
	EXPECT("[misuse]", ump_task_resume(&suspension, ump_pending()) == UMP_INVALID);
	ump_task_drop(NULL);
	ump_task_drop(&task);
}

static void misuse_stats(const struct world *world, unsigned from)
{
	struct {
		struct ump_stats known;
		unsigned char more[8];
	} newer;
	const ump_client *client = world->clients[from];
	int expected = client != NULL ? UMP_OK : UMP_INVALID;

	EXPECT("[misuse]", ump_client_stats(client, NULL) == UMP_INVALID);
	EXPECT("[misuse]", ump_client_stats_sized(client, &newer.known, 1) == UMP_INVALID);
	EXPECT("[misuse]", ump_weak_client_stats(world->weaks[from], NULL) == UMP_INVALID);
	EXPECT("[misuse]", ump_weak_client_stats(NULL, &newer.known) == UMP_INVALID);
	EXPECT("[misuse]", ump_server_stats(world->server, NULL) == UMP_INVALID);
	EXPECT("[misuse]", ump_server_stats(NULL, &newer.known) == UMP_INVALID);
	memset(&newer, 0xa5, sizeof newer);
	EXPECT("[misuse]", ump_client_stats_sized(client, &newer.known, sizeof newer) == expected);
	/* Fields that are unknown to the library are 0 for a newer caller. */
	EXPECT("[misuse]", client == NULL || newer.more[7] == 0);
}

static void misuse_watch(const struct world *world, unsigned from)
{
	EXPECT("[misuse]", ump_client_watch(world->clients[from], NULL, NULL) == UMP_INVALID);
	EXPECT("[misuse]", ump_post_client_watch(world->posters[from], NULL, NULL) == UMP_INVALID);
	EXPECT("[misuse]", ump_weak_client_watch(world->weaks[from], NULL, NULL) == UMP_INVALID);
	EXPECT("[misuse]", ump_thread_watch(NULL, NULL, NULL) == UMP_INVALID);
	EXPECT("[misuse]", ump_thread_watch(world->handoff.thread, NULL, NULL) == UMP_INVALID);
	EXPECT("[misuse]", ump_task_watch(world->task.task, NULL, NULL) == UMP_INVALID);
	EXPECT("[misuse]", ump_combining_watch(NULL, NULL, NULL) == UMP_INVALID);
}

static void drop_stop(void *value)
{
	(void)value;
	EXPECT("[stop]", false);
}

/* A raw receiving end cannot be stopped, and a server that has ended is gone. */
static void misuse_stop(const struct world *world, unsigned from)
{
	const ump_client *client = world->clients[from];
	const ump_post_client *poster = world->posters[from];
	const ump_weak_client *weak = some_weak(world, from);
	int refused = world->end == END_RAW ? UMP_INVALID : UMP_SERVER_GONE;
	int expected = refused;

	EXPECT("[misuse]", ump_client_stop(NULL, NULL, drop_stop) == UMP_INVALID);
	EXPECT("[misuse]", ump_post_client_stop(NULL, NULL, drop_stop) == UMP_INVALID);
	EXPECT("[misuse]", ump_weak_client_stop(NULL, NULL, drop_stop) == UMP_INVALID);
	if (world->end != END_RAW && !world->model.closed)
		return;
	if (client != NULL)
		EXPECT("[stop]", ump_client_stop(client, NULL, drop_stop) == refused);
	if (poster != NULL)
		EXPECT("[stop]", ump_post_client_stop(poster, NULL, drop_stop) == refused);
	if (world->model.strong == 0)
		expected = UMP_CLIENTS_GONE;
	else if (model_strong_is_full(&world->model))
		expected = UMP_OVERFLOW;
	if (weak != NULL)
		EXPECT("[stop]", ump_weak_client_stop(weak, NULL, drop_stop) == expected);
}

static void misuse_post_client(const struct world *world, unsigned from)
{
	ump_post_client *poster = world->posters[from];
	struct ump_stats stats;

	EXPECT("[misuse]", ump_post_client_weak(poster, NULL) == UMP_INVALID);
	EXPECT("[misuse]", ump_post_client_reserve(poster, NULL, NULL) == UMP_INVALID);
	EXPECT("[misuse]", ump_post_client_stats(poster, NULL) == UMP_INVALID);
	EXPECT("[misuse]",
		ump_post_client_stats(poster, &stats) == (poster != NULL ? UMP_OK : UMP_INVALID));
}

static void misuse_null(struct world *world, unsigned from)
{
	ump_client *client = world->clients[from];
	LIFE_BUFFER(buffer);

	EXPECT("[misuse]", ump_client_clone(client, NULL) == UMP_INVALID);
	EXPECT("[misuse]", ump_client_weak(client, NULL) == UMP_INVALID);
	EXPECT("[misuse]", ump_client_post_client(client, NULL) == UMP_INVALID);
	EXPECT("[misuse]", ump_post_client_clone(world->posters[from], NULL) == UMP_INVALID);
	EXPECT("[misuse]", ump_weak_client_clone(world->weaks[from], NULL) == UMP_INVALID);
	EXPECT("[misuse]", ump_weak_client_upgrade(world->weaks[from], NULL) == UMP_INVALID);
	EXPECT("[misuse]", ump_client_post(client, NULL) == UMP_INVALID);
	EXPECT("[misuse]", ump_post_client_post(world->posters[from], NULL) == UMP_INVALID);
	EXPECT("[misuse]", ump_client_req(client, NULL, buffer, UMP_NOW) == UMP_INVALID);
	if (world->config.reply.size != 0)
		EXPECT("[misuse]",
			ump_client_req(client, buffer, NULL, UMP_FOREVER) == UMP_INVALID);
	EXPECT("[misuse]", ump_wait_reply_wait(NULL, buffer, UMP_FOREVER) == UMP_INVALID);
	EXPECT("[misuse]", ump_wait_reply_try(NULL, buffer) == UMP_INVALID);
	EXPECT("[misuse]", ump_reply(NULL, buffer) == UMP_INVALID);
	EXPECT("[misuse]", ump_reply_fail(NULL, 1) == UMP_INVALID);
	EXPECT("[misuse]", ump_reply_keep(NULL) == NULL);
	EXPECT("[misuse]", ump_thread_join(NULL, NULL, UMP_FOREVER) == UMP_INVALID);
	EXPECT("[misuse]", ump_server_was_empty(NULL) && ump_server_skipped(NULL) == 0);
	misuse_task();
	misuse_watch(world, from);
	misuse_stop(world, from);
	misuse_post_client(world, from);
	ump_client_drop(NULL);
	ump_post_client_drop(NULL);
	ump_weak_client_drop(NULL);
	ump_wait_reply_drop(NULL);
	ump_reply_drop(NULL);
	ump_server_drop(NULL);
	ump_thread_drop(NULL);
}

/* Try to open a channel, which must fail. */
static void refuse(const struct ump_config *config, size_t size)
{
	ump_server *server = GARBAGE;
	ump_client *client = GARBAGE;

	EXPECT("[misuse]", ump_channel_open_sized(&server, &client, config, size) == UMP_INVALID);
	EXPECT("[misuse]", server == NULL && client == NULL);
}

static void misuse_config(struct world *world)
{
	struct {
		struct ump_config known;
		unsigned char more[8];
	} newer = {{.post.size = 1}, {0}};
	struct ump_config config = {.reply.size = 8};
	ump_server *server = NULL;
	ump_client *client = NULL;

	(void)world;
	refuse(NULL, sizeof config);
	refuse(&config, sizeof config);
	config.request.size = SIZE_MAX / 8 + 1;
	refuse(&config, sizeof config);
	config.request.size = 1;
	refuse(&config, 1);
	config.post.size = SIZE_MAX;
	refuse(&config, sizeof config);
	config.post.size = 0;
	config.reply.size = SIZE_MAX;
	refuse(&config, sizeof config);
	config.reply.size = 0;
	config.capacity = (size_t)INT32_MAX + 1;
	refuse(&config, sizeof config);
	config.capacity = 0;
	config.slow_limit = -1;
	refuse(&config, sizeof config);
	newer.more[7] = 1;
	refuse(&newer.known, sizeof newer);
	newer.more[7] = 0;
	EXPECT("[misuse]", ump_channel_open(NULL, &client, &newer.known) == UMP_INVALID);
	EXPECT("[misuse]", ump_channel_open(&server, NULL, &newer.known) == UMP_INVALID);
	/* A newer caller that uses no new field must succeed. */
	if (ump_channel_open_sized(&server, &client, &newer.known, sizeof newer) != UMP_OK)
		EXPECT("[clean]", life_failed());
	ump_client_drop(&client);
	ump_server_drop(&server);
}

/* Each result has its own text. */
static void misuse_text(void)
{
	const char *unknown = ump_strerror(INT32_MIN);

	EXPECT("[misuse]", strcmp(unknown, "unknown result") == 0);
	EXPECT("[misuse]", strcmp(ump_strerror(7), "the handler's own code") == 0);
	EXPECT("[misuse]", ump_strerror(UMP_NO_TIMERS - 1) == unknown);
	for (int i = UMP_NO_TIMERS; i <= UMP_OK; i++) {
		EXPECT("[misuse]", strcmp(ump_strerror(i), unknown) != 0);
		EXPECT("[misuse]", strcmp(ump_strerror(i), ump_strerror(i - 1)) != 0);
	}
}

static void misuse(struct world *world, unsigned from)
{
	uint8_t choice = input_byte(&life.input);

	if (choice < 64) {
		misuse_null(world, from);
	} else if (choice < 96) {
		misuse_stats(world, from);
	} else if (choice < 128) {
		life_completions_misuse(world, from);
	} else if (choice < 200) {
		misuse_config(world);
	} else {
		misuse_text();
		EXPECT("[misuse]", ump_version() == UMP_VERSION_NUMBER);
		EXPECT("[deadline]", ump_after(INT64_MAX) == UMP_FOREVER);
		EXPECT("[deadline]", ump_after(INT64_MIN) < ump_after(0));
	}
}

/* ---- All of them --------------------------------------------------------------------------- */

static void pass_time(struct world *world, unsigned from)
{
	(void)world;
	life.now += from;
}

static const struct {
	const char *name;
	life_operation *run;
} operations[] = {
	{"client_post", client_post},
	{"client_clone", client_clone},
	{"client_drop", client_drop},
	{"client_post_client", client_post_client},
	{"poster_clone", poster_clone},
	{"poster_drop", poster_drop},
	{"client_weak", client_weak},
	{"weak_clone", weak_clone},
	{"weak_drop", weak_drop},
	{"weak_upgrade", weak_upgrade},
	{"poster_post", poster_post},
	{"client_req_async", client_req_async},
	{"client_req_late", client_req_late},
	{"wait_try", wait_try},
	{"wait_drop", wait_drop},
	{"held_answer", held_answer},
	{"fail_soon", fail_soon},
	{"misuse", misuse},
	{"post_late", post_late},
	{"client_req_async_late", client_req_async_late},
	{"req_completion", life_req_completion},
	{"client_reserve", life_client_reserve},
	{"completions_next", life_completions_next},
	{"completions_open", life_completions_open},
	{"completions_drop", life_completions_drop},
	{"pass_time", pass_time},
	{"watch", life_watch},
};

_Static_assert(sizeof operations / sizeof operations[0] == LIFE_OPERATIONS, "all are counted");

void life_operate(struct world *world, unsigned what)
{
	unsigned from = input_below(&life.input, SLOTS);

	life_trace(operations[what].name, (int)(from + 10 * world->number));
	(void)life_failed();
	operations[what].run(world, from);
	life_check();
}

bool life_has_space(void)
{
	for (int i = 0; i < WORLDS; i++) {
		if (!model_has_space(&life.worlds[i].model))
			return false;
	}
	return true;
}

void life_drop_clients(struct world *world)
{
	for (unsigned i = 0; i < SLOTS; i++) {
		client_drop(world, i);
		poster_drop(world, i);
		life_check();
	}
}

void life_drop_contexts(struct world *world)
{
	for (unsigned i = 0; i < SLOTS; i++) {
		if (world->held[i].context != NULL)
			(void)life_answer(world, &world->held[i].context, world->held[i].request,
				world->held[i].msg, i);
		life_check();
	}
}

void life_release_holds(struct world *world)
{
	for (unsigned i = 0; i < SLOTS; i++) {
		if (world->held[i].context == NULL ||
			!world->model.request[world->held[i].request].holds)
			continue;
		model_drop_context(&world->model, world->held[i].request);
		ump_reply_drop(&world->held[i].context);
		life_check();
	}
}

void life_forget_contexts(struct world *world)
{
	for (unsigned i = 0; i < SLOTS; i++) {
		if (world->held[i].context != NULL)
			model_drop_context(&world->model, world->held[i].request);
		ump_reply_drop(&world->held[i].context);
	}
}

void life_drop_waits(struct world *world)
{
	for (unsigned i = 0; i < SLOTS; i++) {
		wait_drop(world, i);
		life_check();
	}
}

void life_drop_weaks(struct world *world)
{
	for (unsigned i = 0; i < SLOTS; i++)
		weak_drop(world, i);
}
