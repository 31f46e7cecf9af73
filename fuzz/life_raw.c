/* SPDX-License-Identifier: 0BSD */
/*
 * A server whose loop the input writes: the raw receiving end, on one thread.
 *
 * Calls that sleep are taken too.  When one does, ump__park comes here, and as if on another thread
 * the others go on with the input until the word has changed, which must have come with a wake-up,
 * or until the deadline passes.  So sleeping takes no time, and what happens is all in the input.
 */
#include "life_world.h"

#include "channel.h"

/* ---- Receiving ----------------------------------------------------------------------------- */

/* What was lent by the last call is still there until the next. */
static void check_lent(struct world *world)
{
	if (world->lent != NULL)
		EXPECT("[once]", life_read(world, KIND_POST, world->lent) == world->lent_value);
}

/* What a call that receives has answered. */
static void received(
	struct world *world, int result, const void *msg, ump_reply_context *rc, int nothing)
{
	struct model_message message;
	int expected = model_receive(&world->model, &message);

	EXPECT("[fifo]", result == (expected == UMP_EMPTY ? nothing : expected));
	EXPECT("[origin]", ump_server_skipped(world->server) == world->model.skipped);
	EXPECT("[misuse]", (msg == NULL) == (result != UMP_OK));
	if (result != UMP_OK) {
		EXPECT("[misuse]", rc == NULL);
		return;
	}
	EXPECT("[fifo]", (rc == NULL) == (message.request < 0));
	life_trace("  received: value", message.value);
	if (rc == NULL) {
		EXPECT("[fifo]", life_read(world, KIND_POST, msg) == message.value);
		world->lent = msg;
		world->lent_value = message.value;
		return;
	}
	EXPECT("[fifo]", life_read(world, KIND_REQUEST, msg) == message.value);
	if (message.request == world->in_place)
		EXPECT("[once]", msg == world->in_place_msg);
	if (life_can_hold(world))
		life_hold(world, rc, message.request, msg);
	else if (!life_answer(world, &rc, message.request, msg, input_byte(&world->input) % 4))
		EXPECT("[once]", false);
}

static void pop(struct world *world)
{
	static const ump_time past[] = {UMP_NOW, LIFE_NOW, -1};
	unsigned choice = input_below(&world->input, 4);
	const void *msg = &msg;
	ump_reply_context *rc = NULL;
	int result;

	if (world->server == NULL) {
		EXPECT("[misuse]",
			ump_server_try_pop(NULL, &msg, &rc) == UMP_INVALID && msg == NULL);
		return;
	}
	if (world->server_busy)
		return;
	EXPECT("[misuse]", ump_server_wait(world->server, NULL, &rc, UMP_NOW) == UMP_INVALID);
	EXPECT("[misuse]", ump_server_wait(world->server, &msg, NULL, UMP_NOW) == UMP_INVALID);
	check_lent(world);
	world->lent = NULL;
	/* A deadline that passed makes a sleep as well, which must end by itself. */
	if (choice < 2 || world->asleep) {
		result = ump_server_try_pop(world->server, &msg, &rc);
		received(world, result, msg, rc, UMP_EMPTY);
	} else {
		world->server_busy = true;
		result = ump_server_wait(world->server, &msg, &rc, past[choice - 1]);
		world->server_busy = false;
		received(world, result, msg, rc, UMP_TIMED_OUT);
	}
}

static void look(struct world *world)
{
	bool empty = world->model.queued == 0;

	if (world->server == NULL || world->server_busy)
		return;
	EXPECT("[fifo]", ump_server_was_empty(world->server) == empty);
	EXPECT("[origin]", ump_server_skipped(world->server) == world->model.skipped);
	check_lent(world);
}

/* As if there were so many more handles that but two are left to make; or not any more. */
static void uncrowd(struct world *world)
{
	uint32_t strong = ump__counts_strong(world->crowd);
	uint32_t weak = ump__counts_weak(world->crowd);

	if (world->crowd == 0)
		return;
	/* The last of the strong ones may be among them: it leaves like any other. */
	if (strong > 0)
		world->crowd -= UMP__COUNTS_STRONG;
	atomic_fetch_sub(&world->server->channel->counts.value, world->crowd);
	if (strong > 0)
		ump__channel_drop_strong(world->server->channel);
	world->model.strong -= strong;
	world->model.weak -= weak;
	world->crowd = 0;
}

static void crowd(struct world *world)
{
	uint32_t strong = 0;
	uint32_t weak;

	if (world->server == NULL)
		return;
	weak = UINT32_MAX - 4 - world->model.weak;
	if (world->model.strong > 0)
		strong = UINT32_MAX - 2 - world->model.strong;
	world->crowd = strong * UMP__COUNTS_STRONG + weak;
	atomic_fetch_add(&world->server->channel->counts.value, world->crowd);
	world->model.strong += strong;
	world->model.weak += weak;
}

static void server_drop(struct world *world)
{
	if (world->server_busy)
		return;
	uncrowd(world);
	if (world->server != NULL) {
		model_close(&world->model);
		model_discard(&world->model);
		world->model.served = false;
	}
	world->lent = NULL;
	ump_server_drop(&world->server);
	EXPECT("[misuse]", world->server == NULL);
}

/* ---- Calls that sleep ---------------------------------------------------------------------- */

static ump_time some_deadline(struct world *world)
{
	unsigned choice = input_below(&world->input, 4);

	return choice == 0 ? UMP_FOREVER : choice == 1 ? INT64_MAX - 1 : LIFE_NOW + choice;
}

/* Without a deadline: nothing is allocated, and both values stay where they are. */
static void req_for_ever(struct world *world, unsigned from)
{
	_Alignas(max_align_t) unsigned char buffer[VALUE_MOST] = {0};
	_Alignas(max_align_t) unsigned char reply[VALUE_MOST];
	int request = NOBODY;
	int value = life_make(world, KIND_REQUEST, buffer);
	int expected = model_send(&world->model, value, &request);
	int result;

	world->in_place = request;
	world->blocked = request;
	world->in_place_msg = buffer;
	world->in_place_room = reply;
	world->busy_client = (int)from;
	result = ump_client_req(world->clients[from], buffer, life_room(world, reply), UMP_FOREVER);
	world->in_place = NOBODY;
	world->busy_client = NOBODY;
	if (expected == UMP_OK)
		expected = model_take(&world->model, request);
	if (expected == UMP_NO_REPLY)
		EXPECT("[forgot]", result == expected);
	EXPECT("[once]", result == expected);
	if (result == UMP_OK && world->config.reply.size != 0)
		EXPECT("[once]",
			life_read(world, KIND_REPLY, reply) == world->model.request[request].reply);
	EXPECT("[gone]", life_read(world, KIND_REQUEST, buffer) == value);
}

/* With a deadline: the request may be given up, and then outlives the call. */
static void req_until(struct world *world, unsigned from, ump_time deadline)
{
	_Alignas(max_align_t) unsigned char buffer[VALUE_MOST] = {0};
	_Alignas(max_align_t) unsigned char reply[VALUE_MOST];
	int request = NOBODY;
	int value = life_make(world, KIND_REQUEST, buffer);
	/* The one allocation of this call is the first from here on. */
	bool fails = life_fails_in() == 1;
	int expected = fails ? UMP_NO_MEMORY : model_send(&world->model, value, &request);
	int result;

	world->blocked = request;
	world->busy_client = (int)from;
	result = ump_client_req(world->clients[from], buffer, life_room(world, reply), deadline);
	world->busy_client = NOBODY;
	if (expected == UMP_OK) {
		expected = model_take(&world->model, request);
		if (expected == UMP_EMPTY) {
			model_give_up(&world->model, request);
			expected = UMP_TIMED_OUT;
		}
	}
	EXPECT("[deadline]", result == expected);
	if (result == UMP_OK && world->config.reply.size != 0)
		EXPECT("[once]",
			life_read(world, KIND_REPLY, reply) == world->model.request[request].reply);
	EXPECT("[gone]", life_read(world, KIND_REQUEST, buffer) == value);
}

static void block_in_req(struct world *world, unsigned from)
{
	ump_time deadline = some_deadline(world);

	if (world->clients[from] == NULL || world->config.request.size == 0)
		return;
	if (deadline == UMP_FOREVER)
		req_for_ever(world, from);
	else
		req_until(world, from, deadline);
}

static void block_in_wait(struct world *world, unsigned from)
{
	_Alignas(max_align_t) unsigned char reply[VALUE_MOST];
	ump_time deadline = some_deadline(world);
	int result;

	if (world->waits[from].handle == NULL)
		return;
	world->blocked = world->waits[from].request;
	world->busy_wait = (int)from;
	result = ump_wait_reply_wait(&world->waits[from].handle, life_room(world, reply), deadline);
	world->busy_wait = NOBODY;
	life_take(world, from, result, reply, UMP_TIMED_OUT);
}

static void block_in_server(struct world *world, unsigned from)
{
	const void *msg = NULL;
	ump_reply_context *rc = NULL;
	ump_time deadline = some_deadline(world);
	int result;

	(void)from;
	if (world->server == NULL)
		return;
	check_lent(world);
	world->lent = NULL;
	world->server_busy = true;
	result = ump_server_wait(world->server, &msg, &rc, deadline);
	world->server_busy = false;
	received(world, result, msg, rc, UMP_TIMED_OUT);
}

/* ---- The steps, and what goes on while somebody sleeps -------------------------------------- */

enum more_operations {
	POP = LIFE_OPERATIONS,
	POP_AGAIN,
	LOOK,
	CROWD,
	SERVER_DROP,
	/* From here on: calls that sleep; while one does, they are other reasons to awake. */
	BLOCK_IN_REQ,
	BLOCK_IN_WAIT,
	BLOCK_IN_SERVER,
	OPERATIONS
};

static void operate(struct world *world, unsigned what)
{
	(void)life_failed();
	switch (what) {
	case POP:
	case POP_AGAIN:
		life_trace("pop", 0);
		pop(world);
		break;
	case LOOK:
		look(world);
		break;
	case CROWD:
		life_trace(world->crowd == 0 ? "crowd" : "uncrowd", 0);
		if (world->crowd == 0)
			crowd(world);
		else
			uncrowd(world);
		break;
	case SERVER_DROP:
		life_trace("server_drop", 0);
		server_drop(world);
		break;
	case BLOCK_IN_REQ:
		life_trace("block_in_req", 0);
		block_in_req(world, input_below(&world->input, SLOTS));
		break;
	case BLOCK_IN_WAIT:
		life_trace("block_in_wait", 0);
		block_in_wait(world, input_below(&world->input, SLOTS));
		break;
	case BLOCK_IN_SERVER:
		life_trace("block_in_server", 0);
		block_in_server(world, 0);
		break;
	default:
		life_operate(world, what);
	}
	life_check(world);
}

/* The input is over, and nothing else will wake the sleeper: everybody else leaves. */
static void leave(struct world *world)
{
	life_trace("  all leave", 0);
	uncrowd(world);
	if (world->server_busy) {
		life_drop_clients(world);
		return;
	}
	for (unsigned i = 0; i < SLOTS; i++) {
		if (world->held[i].context != NULL)
			model_drop_context(&world->model, world->held[i].request);
		ump_reply_drop(&world->held[i].context);
	}
	server_drop(world);
}

/* Nobody goes to sleep while what they wait for is there. */
static void check_sleeper(struct world *world)
{
	struct model_message message;

	if (world->server_busy)
		EXPECT("[quiet]", model_receive(&world->model, &message) == UMP_EMPTY);
	else
		EXPECT("[quiet]", world->model.request[world->blocked].state != MODEL_DONE);
}

/* Sleep on `word`; false: until the deadline. */
static bool sleep_on(
	struct world *world, struct ump__word *word, uintptr_t value, ump_time deadline)
{
	while (ump__word_peek(word) == value) {
		unsigned what;

		if (deadline <= LIFE_NOW)
			return false;
		if (input_is_over(&world->input) || !model_has_room(&world->model)) {
			if (deadline != UMP_FOREVER)
				return false;
			leave(world);
			continue;
		}
		what = input_below(&world->input, OPERATIONS);
		if (what < BLOCK_IN_REQ)
			operate(world, what);
		else if (what != BLOCK_IN_REQ && deadline != UMP_FOREVER)
			return false;
		else
			return true;
	}
	EXPECT("[quiet]", world->woken == word);
	/* The deadline may pass at the same time. */
	return deadline == UMP_FOREVER || input_flag(&world->input);
}

bool __real_ump__park(struct ump__word *word, uintptr_t value, ump_time deadline);
bool __wrap_ump__park(struct ump__word *word, uintptr_t value, ump_time deadline);
void __real_ump__wake(struct ump__word *word);
void __wrap_ump__wake(struct ump__word *word);
void __real_ump__spin(
	const struct ump__word *word, uintptr_t value, enum ump__side side, int other_cpu);
void __wrap_ump__spin(
	const struct ump__word *word, uintptr_t value, enum ump__side side, int other_cpu);
int __wrap_ump__cpu(void);
ump_time __real_ump_now(void);
ump_time __wrap_ump_now(void);

bool __wrap_ump__park(struct ump__word *word, uintptr_t value, ump_time deadline)
{
	struct world *world = life_world;
	bool result;

	if (world->threaded)
		return __real_ump__park(word, value, deadline);
	/* Who goes on while somebody sleeps does not sleep. */
	EXPECT("[quiet]", !world->asleep);
	world->asleep = true;
	world->woken = NULL;
	check_sleeper(world);
	result = sleep_on(world, word, value, deadline);
	world->asleep = false;
	life_trace(result ? "  awake" : "  deadline", 0);
	return result;
}

void __wrap_ump__wake(struct ump__word *word)
{
	if (life_world->threaded)
		__real_ump__wake(word);
	else
		life_world->woken = word;
}

void __wrap_ump__spin(
	const struct ump__word *word, uintptr_t value, enum ump__side side, int other_cpu)
{
	struct world *world = life_world;

	if (world->threaded) {
		__real_ump__spin(word, value, side, other_cpu);
		return;
	}
	/* Whoever spins has seen that nothing is there; the others may be quick. */
	EXPECT("[quiet]", !world->asleep);
	world->asleep = true;
	check_sleeper(world);
	for (unsigned i = input_below(&world->input, 3); i > 0; i--) {
		unsigned what = input_below(&world->input, OPERATIONS);

		if (what < BLOCK_IN_REQ && model_has_room(&world->model))
			operate(world, what);
	}
	world->asleep = false;
}

/* Where threads run is no part of an input. */
int __wrap_ump__cpu(void)
{
	return life_world->threaded ? UMP__CPU_UNKNOWN : 0;
}

ump_time __wrap_ump_now(void)
{
	return life_world == NULL || life_world->threaded ? __real_ump_now() : LIFE_NOW;
}

/* ---- A life -------------------------------------------------------------------------------- */

/* Open the channel, though memory may fail. */
static bool open_channel(struct world *world)
{
	int result = ump_channel_open(&world->server, &world->clients[0], &world->config);

	if (life_failed()) {
		EXPECT("[clean]", result == UMP_NO_MEMORY);
		EXPECT("[clean]", world->server == NULL && world->clients[0] == NULL);
		return false;
	}
	EXPECT("[misuse]", result == UMP_OK);
	model_open(&world->model);
	return true;
}

/* Without clients: all that was accepted is received, and then the end, for good. */
static void drain(struct world *world)
{
	life_drop_clients(world);
	while (world->model.queued > 0) {
		pop(world);
		life_check(world);
		life_drop_contexts(world);
	}
	pop(world);
	pop(world);
}

void life_raw(struct world *world)
{
	uint8_t order = input_byte(&world->input);

	life_fail_in(order >> 4 == 15 ? order & 3 : 0);
	if (!open_channel(world))
		return;
	while (!input_is_over(&world->input) && model_has_room(&world->model))
		operate(world, input_below(&world->input, OPERATIONS));
	life_fail_in(0);
	life_trace("the end", order);
	uncrowd(world);
	if ((order & 1) != 0)
		drain(world);
	if ((order & 2) != 0)
		life_drop_waits(world);
	if ((order & 4) != 0)
		life_drop_clients(world);
	if ((order & 8) != 0)
		life_drop_weaks(world);
	server_drop(world);
	life_check(world);
	life_drop_contexts(world);
	/* Some choose not to answer: those contexts are dropped. */
	for (unsigned i = 0; i < SLOTS; i++) {
		if (world->held[i].context != NULL)
			model_drop_context(&world->model, world->held[i].request);
		ump_reply_drop(&world->held[i].context);
	}
	life_drop_waits(world);
	life_drop_clients(world);
	life_drop_weaks(world);
}
