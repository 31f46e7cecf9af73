/* SPDX-License-Identifier: 0BSD */
/*
 * Operations that may sleep, on any thread or in a handler: for an answer, for capacity, or for
 * capacity and then for an answer.  The expected result of each is known when its sleep ends.
 */
#include "life/life_world.h"

/* Whether one more call may wait. */
static bool may_block(void)
{
	return life.depth < LIFE_DEPTH;
}

/* Whether a wait for `server` without a deadline must end: at once, or because the server goes. */
static bool may_be_never(const struct world *server)
{
	return life_closes_cycle(server) || !life_is_stuck(server);
}

/* Take a permit, or join the wait queue: UMP_OK, UMP_FULL (now queued), or the call's result. */
static int take_or_wait(struct wait *wait, int reservation)
{
	struct world *world = wait->world;
	int result = model_take_permit(&world->model, reservation);

	if (result == UMP_OK || (result == UMP_SERVER_GONE && world->model.permits > 0))
		return result;
	if (life_send_closes_cycle(world))
		return UMP_DEADLOCK;
	if (result == UMP_FULL) {
		wait->reason = FOR_CAPACITY;
		wait->which = model_join_wait_queue(&world->model, reservation);
	}
	return result;
}

/* The outcome of a wait for capacity: UMP_OK, UMP_TIMED_OUT or UMP_SERVER_GONE. */
static int waited(const struct wait *wait)
{
	struct model *model = &wait->world->model;
	const struct model_waiter *waiter = &model->waiter[wait->which];

	if (waiter->waits) {
		model_leave_wait_queue(model, wait->which);
		EXPECT("[quiet]", !wait->forever);
		return UMP_TIMED_OUT;
	}
	return waiter->has_permit ? model_take_permit(model, wait->which) : waiter->code;
}

/* ---- Requests ------------------------------------------------------------------------------ */

/* Before the call: UMP_OK if it may wait, else its expected result. */
static int request_begins(struct wait *wait, int reservation)
{
	struct model *model = &wait->world->model;
	int result;

	/* A handler that would wait for itself fails, with or without capacity. */
	if (life_send_closes_cycle(wait->world))
		return UMP_DEADLOCK;
	result = take_or_wait(wait, reservation);
	if (result == UMP_FULL)
		return UMP_OK;
	if (result != UMP_OK)
		return result;
	wait->reason = FOR_REQUEST;
	result = model_send_blocking(model, wait->value, &wait->which);
	if (result != UMP_OK)
		return result;
	wait->world->msg_at[wait->which] = wait->msg;
	wait->world->reply_at[wait->which] = wait->reply;
	return UMP_OK;
}

/* After the call: the result of a request that was never sent. */
static int unsent(const struct wait *wait)
{
	struct model *model = &wait->world->model;
	int request;
	int result = waited(wait);

	if (result == UMP_TIMED_OUT)
		model_too_late(model, wait->value);
	if (result != UMP_OK)
		return result;
	if (life_send_closes_cycle(wait->world)) {
		model_return_permit(model);
		return UMP_DEADLOCK;
	}
	/* The permit was granted, and then the inbox closed. */
	EXPECT("[gone]", model_send(model, wait->value, &request) == UMP_SERVER_GONE);
	return UMP_SERVER_GONE;
}

/* After the call: its expected result. */
static int request_ends(const struct wait *wait)
{
	struct model *model = &wait->world->model;
	int result;

	if (wait->reason == FOR_CAPACITY)
		return unsent(wait);
	wait->world->msg_at[wait->which] = NULL;
	wait->world->reply_at[wait->which] = NULL;
	result = model_take(model, wait->which);
	if (result != UMP_EMPTY)
		return result;
	EXPECT("[quiet]", !wait->forever);
	model_give_up(model, wait->which);
	return UMP_TIMED_OUT;
}

void life_block_in_req(struct world *world, unsigned from)
{
	LIFE_BUFFER(buffer);
	LIFE_BUFFER(reply);
	struct wait wait = {.world = world};
	ump_time deadline = life_deadline(may_be_never(world));
	int expected;
	int result;

	if (world->clients[from] == NULL || world->config.request.size == 0 || !may_block())
		return;
	wait.value = life_make(world, KIND_REQUEST, buffer);
	wait.forever = deadline == UMP_FOREVER;
	if (wait.forever) {
		wait.msg = buffer;
		wait.reply = reply;
	}
	/* With recycled memory, whether this call allocates is unknown. */
	if (life.pooled)
		life_fail_in(0);
	/* Unless it waits forever, this call allocates once, and that is the next allocation. */
	if (!wait.forever && life_fails_in() == 1)
		expected = UMP_NO_MEMORY;
	else
		expected = request_begins(&wait, world->reservation[from]);
	world->in_calls[from]++;
	life_wait_begin(&wait);
	life.lean = wait.forever;
	result = ump_client_req(
		world->clients[from], buffer, life_reply_buffer(world, reply), deadline);
	life.lean = false;
	life_wait_end(&wait);
	world->in_calls[from]--;
	if (expected == UMP_OK)
		expected = request_ends(&wait);
	if (expected == UMP_NO_REPLY)
		EXPECT("[forgot]", result == expected);
	else if (expected == UMP_DEADLOCK)
		EXPECT("[deadlock]", result == expected);
	EXPECT("[once]", result == expected);
	if (result == UMP_OK && world->config.reply.size != 0)
		EXPECT("[once]", life_read(world, KIND_REPLY, reply) ==
					 world->model.request[wait.which].reply);
	EXPECT("[gone]", life_read(world, KIND_REQUEST, buffer) == wait.value);
}

void life_block_in_wait(struct world *world, unsigned from)
{
	LIFE_BUFFER(reply);
	struct waiting *waiting = &world->waits[from];
	const struct model_request *request;
	struct wait wait = {.reason = FOR_REQUEST, .world = world, .which = waiting->request};
	ump_time deadline;
	bool elsewhere;
	bool cycle;
	int result;

	if (waiting->handle == NULL || waiting->busy || !may_block())
		return;
	request = &world->model.request[waiting->request];
	elsewhere = request->elsewhere || request->state == MODEL_DONE;
	cycle = !elsewhere && life_closes_cycle(world);
	deadline = life_deadline(cycle || elsewhere || !life_is_stuck(world));
	wait.forever = deadline == UMP_FOREVER;
	waiting->busy = true;
	life_wait_begin(&wait);
	result = ump_wait_reply_wait(&waiting->handle, life_reply_buffer(world, reply), deadline);
	life_wait_end(&wait);
	waiting->busy = false;
	if (cycle) {
		EXPECT("[deadlock]", result == UMP_DEADLOCK && waiting->handle != NULL);
		return;
	}
	EXPECT("[quiet]", result != UMP_TIMED_OUT || !wait.forever);
	life_take(world, from, result, reply, UMP_TIMED_OUT);
}

/* ---- Capacity ------------------------------------------------------------------------------ */

/* A call that waits for capacity only. */
struct sending {
	struct wait wait;
	int expected;
	ump_time deadline;
};

static void sending_begins(struct sending *sending, int reservation)
{
	struct wait *wait = &sending->wait;

	sending->deadline = life_deadline(may_be_never(wait->world));
	wait->value = MODEL_NO_VALUE;
	wait->forever = sending->deadline == UMP_FOREVER;
	sending->expected = take_or_wait(wait, reservation);
	life_wait_begin(wait);
}

/* The expected result of the call before it sends. */
static int sending_ends(struct sending *sending)
{
	life_wait_end(&sending->wait);
	return sending->expected == UMP_FULL ? waited(&sending->wait) : sending->expected;
}

void life_block_in_post(struct world *world, unsigned from)
{
	LIFE_BUFFER(buffer);
	struct sending sending = {.wait.world = world};
	bool poster = input_flag(&life.input);
	bool there = poster ? world->posters[from] != NULL : world->clients[from] != NULL;
	unsigned *in_calls = poster ? &world->poster_in_calls[from] : &world->in_calls[from];
	int value;
	int expected;
	int result;

	/* A planned failure would matter only once capacity is granted. */
	if (!there || world->config.post.size == 0 || !may_block() || life_fails_in() != 0)
		return;
	value = life_make(world, KIND_POST, buffer);
	sending_begins(&sending, poster ? MODEL_NONE : world->reservation[from]);
	++*in_calls;
	result = poster ? ump_post_client_post_until(world->posters[from], buffer, sending.deadline)
			: ump_client_post_until(world->clients[from], buffer, sending.deadline);
	--*in_calls;
	expected = sending_ends(&sending);
	if (life_failed()) {
		EXPECT("[clean]", result == UMP_NO_MEMORY && expected == UMP_OK);
		model_return_permit(&world->model);
		return;
	}
	if (expected == UMP_OK)
		expected = model_post(&world->model, value);
	EXPECT("[bound]", result == expected);
	EXPECT("[gone]", life_read(world, KIND_POST, buffer) == value);
}

void life_block_in_async(struct world *world, unsigned from)
{
	LIFE_BUFFER(buffer);
	struct sending sending = {.wait.world = world};
	ump_wait_reply *out = NULL;
	int request = NONE;
	int value;
	int expected;
	int result;
	int to;

	if (world->clients[from] == NULL || world->config.request.size == 0 || !may_block() ||
		life_fails_in() != 0)
		return;
	value = life_make(world, KIND_REQUEST, buffer);
	sending_begins(&sending, world->reservation[from]);
	world->in_calls[from]++;
	result = ump_client_req_async_until(world->clients[from], buffer, &out, sending.deadline);
	world->in_calls[from]--;
	expected = sending_ends(&sending);
	if (life_failed()) {
		EXPECT("[clean]", result == UMP_NO_MEMORY && expected == UMP_OK);
		model_return_permit(&world->model);
		return;
	}
	if (expected == UMP_OK)
		expected = model_send(&world->model, value, &request);
	EXPECT("[bound]", result == expected);
	EXPECT("[bound]", (out != NULL) == (result == UMP_OK));
	to = life_free_wait(world);
	if (to != NONE) {
		world->waits[to] = (struct waiting){out, request, false};
	} else if (out != NULL) {
		model_give_up(&world->model, request);
		ump_wait_reply_drop(&out);
	}
}

/* ---- Completions --------------------------------------------------------------------------- */

void life_block_in_completions(struct world *world, unsigned from)
{
	struct sink *sink = &life.sinks[from % SINKS];
	struct wait wait = {.reason = FOR_COMPLETION, .sink = sink};
	struct ump_completion out = {NULL, 0, NULL};
	bool stuck = life_is_stuck(&life.worlds[0]) || life_is_stuck(&life.worlds[1]);
	ump_time deadline = life_deadline(!stuck);
	int nothing;
	int result;

	(void)world;
	if (sink->handle == NULL || sink->busy || !may_block())
		return;
	/* A deadline far away amounts to none for a wait that reads the clock again. */
	if (deadline == INT64_MAX - 1)
		deadline = UMP_NOW;
	life_check_sink(sink);
	sink->lent = NULL;
	wait.forever = deadline == UMP_FOREVER;
	if (deadline == UMP_NOW)
		wait.reason = FOR_NOTHING;
	sink->busy = true;
	life_wait_begin(&wait);
	result = ump_completions_wait(sink->handle, &out, deadline);
	life_wait_end(&wait);
	sink->busy = false;
	nothing = sink->model.in_flight == 0 ? UMP_NONE_PENDING : UMP_TIMED_OUT;
	EXPECT("[deadline]", result != UMP_TIMED_OUT || deadline <= life.now);
	life_completed(sink, result, &out, nothing);
}
