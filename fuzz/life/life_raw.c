/* SPDX-License-Identifier: 0BSD */
/* A raw receiving end, whose receive loop is driven by the input. */
#include "life/life_world.h"

#include "channel/channel.h"

/* Open the channel; the allocation may fail. */
bool life_raw_open(struct world *world)
{
	int result;

	/* Discard failures in the other server's handler. */
	(void)life_failure();
	result = ump_channel_open(&world->server, &world->clients[0], &world->config);

	if (life_failed()) {
		EXPECT("[clean]", result == UMP_NO_MEMORY);
		EXPECT("[clean]", world->server == NULL && world->clients[0] == NULL);
		return false;
	}
	EXPECT("[misuse]", result == UMP_OK);
	model_open(&world->model, true, (uint32_t)world->config.capacity);
	return true;
}

/* ---- Receiving ----------------------------------------------------------------------------- */

/* Check that what the last call has lent is unchanged; it must stay so until the next call. */
static void check_lent(struct world *world)
{
	if (world->lent != NULL)
		EXPECT("[once]", life_read(world, KIND_POST, world->lent) == world->lent_value);
}

/* Check the result of a receiving call. */
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
	if (world->msg_at[message.request] != NULL)
		EXPECT("[once]", msg == world->msg_at[message.request]);
	if (life_can_hold(world))
		life_hold(world, rc, message.request, msg);
	else if (!life_answer(world, &rc, message.request, msg, input_byte(&life.input) % 4))
		EXPECT("[once]", false);
}

static void wait_for_message(struct world *world, ump_time deadline)
{
	struct wait wait = {.reason = FOR_MESSAGE, .world = world};
	const void *msg = &msg;
	ump_reply_context *rc = NULL;
	int result;

	wait.forever = deadline == UMP_FOREVER;
	if (deadline <= life.now)
		wait.reason = FOR_NOTHING;
	world->server_busy = true;
	life_wait_begin(&wait);
	result = ump_server_wait(world->server, &msg, &rc, deadline);
	life_wait_end(&wait);
	world->server_busy = false;
	received(world, result, msg, rc, UMP_TIMED_OUT);
}

void life_raw_wait(struct world *world)
{
	if (world->server == NULL || world->server_busy)
		return;
	check_lent(world);
	world->lent = NULL;
	/* A client that a call uses cannot be dropped to end this wait. */
	wait_for_message(world, life_deadline(life.depth == 0));
}

void life_pop(struct world *world)
{
	const ump_time past[] = {UMP_NOW, life.now, -1};
	unsigned choice = input_below(&life.input, 4);
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
	if (choice == 0) {
		result = ump_server_try_pop(world->server, &msg, &rc);
		received(world, result, msg, rc, UMP_EMPTY);
	} else {
		wait_for_message(world, past[choice - 1]);
	}
}

void life_was_empty(struct world *world)
{
	bool empty = world->model.queued == 0;

	if (world->server == NULL || world->server_busy)
		return;
	EXPECT("[fifo]", ump_server_was_empty(world->server) == empty);
	EXPECT("[origin]", ump_server_skipped(world->server) == world->model.skipped);
	check_lent(world);
}

/* Simulate as many handles as leave only two to make; or end that. */
void life_uncrowd(struct world *world)
{
	uint32_t strong = ump__counts_strong(world->crowd);
	uint32_t weak = ump__counts_weak(world->crowd);

	if (world->crowd == 0)
		return;
	/* The last strong reference may be a simulated one: drop it as any other. */
	if (strong > 0)
		world->crowd -= UMP__COUNTS_STRONG;
	atomic_fetch_sub(&world->server->channel->counts.value, world->crowd);
	if (strong > 0)
		ump__channel_drop_strong(world->server->channel);
	world->model.strong -= strong;
	world->model.weak -= weak;
	world->crowd = 0;
}

void life_crowd(struct world *world)
{
	uint32_t strong = 0;
	uint32_t weak;

	if (world->server == NULL)
		return;
	/* Pools and requests hold weak references, too. */
	weak = UMP__COUNTS_MAX - 2 -
	       ump__counts_weak(atomic_load(&world->server->channel->counts.value));
	if (world->model.strong > 0)
		strong = UINT32_MAX - 2 - world->model.strong;
	world->crowd = strong * UMP__COUNTS_STRONG + weak;
	atomic_fetch_add(&world->server->channel->counts.value, world->crowd);
	world->model.strong += strong;
	world->model.weak += weak;
}

void life_raw_drop(struct world *world)
{
	if (world->server_busy)
		return;
	life_uncrowd(world);
	if (world->server != NULL) {
		model_close(&world->model);
		model_discard(&world->model);
		world->model.served = false;
	}
	world->lent = NULL;
	ump_server_drop(&world->server);
	EXPECT("[misuse]", world->server == NULL);
	model_ended(&world->model, ump_continue());
}
