/* SPDX-License-Identifier: 0BSD */
/* Servers without a thread: raw receiving ends and tasks, all on this thread, driven by the
 * input. */
#include "life/life_world.h"

enum more_operations {
	RECEIVE = LIFE_OPERATIONS,
	RECEIVE_AGAIN,
	LOOK,
	SERVER_DROP,
	SUSPEND,
	RESUME,
	TIMER,
	/* From here on: calls that sleep. */
	BLOCK_IN_REQ,
	BLOCK_IN_WAIT,
	BLOCK_IN_POST,
	BLOCK_IN_ASYNC,
	BLOCK_IN_COMPLETIONS,
	BLOCK_IN_END,
	OPERATIONS
};

static void with_task(struct world *world, unsigned what)
{
	switch (what) {
	case LOOK:
		life_task_join(world);
		break;
	case SERVER_DROP:
		life_task_drop(world);
		break;
	case BLOCK_IN_END:
		if (life.depth < LIFE_DEPTH)
			life_task_run(world);
		break;
	default:
		life_dispatch(world);
	}
}

static void with_raw(struct world *world, unsigned what)
{
	switch (what) {
	case LOOK:
		if (input_flag(&life.input))
			life_was_empty(world);
		else if (world->crowd == 0)
			life_crowd(world);
		else
			life_uncrowd(world);
		break;
	case SERVER_DROP:
		life_raw_drop(world);
		break;
	case BLOCK_IN_END:
		if (life.depth < LIFE_DEPTH)
			life_raw_wait(world);
		break;
	default:
		life_pop(world);
	}
}

static void operate(struct world *world, unsigned what)
{
	static const struct {
		const char *name;
		life_operation *run;
	} operations[] = {
		[SUSPEND] = {"suspend", life_suspend},
		[RESUME] = {"resume", life_resume},
		[TIMER] = {"timer", life_timer},
		[BLOCK_IN_REQ] = {"block_in_req", life_block_in_req},
		[BLOCK_IN_WAIT] = {"block_in_wait", life_block_in_wait},
		[BLOCK_IN_POST] = {"block_in_post", life_block_in_post},
		[BLOCK_IN_ASYNC] = {"block_in_async", life_block_in_async},
		[BLOCK_IN_COMPLETIONS] = {"block_in_completions", life_block_in_completions},
		[BLOCK_IN_END] = {NULL, NULL},
	};
	static const char *const names[] = {"receive", "receive", "was_empty", "server_drop"};

	(void)life_failure();
	if (operations[what].run != NULL) {
		unsigned from = input_below(&life.input, SLOTS);

		life_trace(operations[what].name, (int)(from + 10 * world->number));
		operations[what].run(world, from);
	} else {
		life_trace(what == BLOCK_IN_END ? "block_in_end" : names[what - RECEIVE],
			(int)(10 * world->number));
		if (world->end == END_RAW)
			with_raw(world, what);
		else
			with_task(world, what);
	}
	life_trace("  done", (int)what);
	life_check();
}

void life_step_as(uint8_t choice)
{
	struct world *world = &life.worlds[choice >> 7];
	unsigned what = (choice & 127u) % OPERATIONS;

	if (world->end == END_NONE)
		world = &life.worlds[0];
	if (world->end == END_NONE)
		return;
	if (what < LIFE_OPERATIONS)
		life_operate(world, what);
	else
		operate(world, what);
}

void life_step(void)
{
	life_step_as(input_byte(&life.input));
}

/* ---- A life -------------------------------------------------------------------------------- */

static void receive(struct world *world)
{
	if (world->end == END_RAW)
		life_pop(world);
	else
		life_dispatch(world);
	life_check();
}

/* Without clients: everything accepted is received, and then the end, permanently. */
static void drain(struct world *world)
{
	life_drop_clients(world);
	for (unsigned i = world->model.queued; i > 0; i--) {
		life_resume(world, i % 4);
		receive(world);
		life_drop_contexts(world);
	}
	life_release_holds(world);
	life_resume(world, 0);
	receive(world);
	receive(world);
	if (world->end == END_TASK)
		EXPECT("[drain]", world->task.ended || !world->course.spawned);
}

static void drop_end(struct world *world)
{
	if (world->end == END_RAW)
		life_raw_drop(world);
	else
		life_task_drop(world);
	life_check();
}

static void end(struct world *world, uint8_t order)
{
	life_uncrowd(world);
	if ((order & 1) != 0)
		drain(world);
	if ((order & 2) != 0)
		life_drop_waits(world);
	if ((order & 4) != 0)
		life_drop_clients(world);
	if ((order & 8) != 0)
		life_drop_weaks(world);
	drop_end(world);
	life_drop_contexts(world);
	/* Contexts that are still not answered are dropped. */
	life_forget_contexts(world);
	life_resume(world, order & 3);
	life_drop_waits(world);
	life_drop_clients(world);
	life_drop_weaks(world);
}

static void open(struct world *world, enum end which, uint8_t order)
{
	world->end = which;
	if (which == END_NONE)
		return;
	life_config(world);
	if (which == END_TASK) {
		(void)life_task_open(world);
		return;
	}
	life_fail_in(order >> 4 == 15 ? order & 3 : 0);
	if (!life_raw_open(world))
		world->end = END_NONE;
}

void life_local(void)
{
	static const enum end ends[] = {END_RAW, END_TASK, END_NONE, END_TASK};
	uint8_t which = input_byte(&life.input);
	uint8_t order = input_byte(&life.input);

	open(&life.worlds[0], ends[which & 1], order);
	open(&life.worlds[1], ends[which >> 1 & 3], order);
	while (!input_is_over(&life.input) && life_has_space())
		life_step();
	life_fail_in(0);
	life_trace("the end", order);
	if ((order & 64) != 0)
		life_drop_sinks();
	for (int i = 0; i < WORLDS; i++) {
		if (life.worlds[i].end != END_NONE)
			end(&life.worlds[i], order);
	}
	life_drop_sinks();
}
