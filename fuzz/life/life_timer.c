/* SPDX-License-Identifier: 0BSD */
/*
 * Timers of tasks, against an array of them.  Only servers without a capacity have any here: while
 * a due call precedes a message that was dequeued already, that message's permit is released, and
 * the model of the queue does not know that.
 */
#include "life/life_world.h"

/* The result of starting a timer in the innermost callback, if there is memory. */
static int start_result(const struct world *at)
{
	if (at == NULL)
		return UMP_INVALID;
	switch (at->task.in) {
	case CALLED_BUILDER:
		return UMP_INVALID;
	case CALLED_LEFTOVER:
	case CALLED_TERM:
	case CALLED_DROP:
		return UMP_SERVER_GONE;
	default:
		return UMP_OK;
	}
}

static ump_time some_time(void)
{
	uint8_t choice = input_byte(&life.input);

	if (choice < 8)
		return life_past_of(choice);
	return choice == 255 ? UMP_FOREVER : life.now + choice % 16;
}

static void start(struct life_timer *timer, int64_t period, int expected)
{
	ump_time due = some_time();
	uint64_t id = 1;
	int result = ump_timer_start(life_due_call, timer, due, period, &id);

	if (expected == UMP_OK && life_failed())
		expected = UMP_NO_MEMORY;
	EXPECT("[timer]", result == expected && (id != 0) == (result == UMP_OK));
	if (result == UMP_OK)
		*timer = (struct life_timer){
			.pending = true, .id = id, .due = due > 0 ? due : 0, .period = period};
}

static void cancel(struct life_timer *timer, int expected)
{
	/* After the end, too. */
	if (expected == UMP_SERVER_GONE)
		expected = UMP_OK;
	if (expected == UMP_OK && !timer->pending)
		expected = UMP_EMPTY;
	EXPECT("[timer]", ump_timer_cancel(timer->id) == expected);
	if (expected == UMP_OK)
		timer->pending = false;
}

void life_timer(struct world *world, unsigned from)
{
	static struct life_timer none;
	struct world *at = life.innermost;
	struct life_timer *timer = at != NULL ? &at->task.timers[from] : &none;
	int expected = start_result(at);
	uint8_t choice = input_byte(&life.input);

	(void)world;
	if (at != NULL && at->config.capacity != 0)
		return;
	EXPECT("[misuse]", ump_timer_start(NULL, timer, UMP_NOW, 0, NULL) == UMP_INVALID);
	EXPECT("[misuse]", ump_timer_start(life_due_call, timer, UMP_NOW, -1, NULL) == UMP_INVALID);
	if (timer->pending || choice < 64)
		cancel(timer, expected);
	else
		start(timer, choice >= 192 ? 1 + choice % 8 : 0, expected);
}

void life_timer_calls(struct world *world, struct life_timer *timer, uint64_t count)
{
	const struct tasked *task = &world->task;

	EXPECT("[break]", !world->course.broke);
	EXPECT("[suspend]", !task->suspended);
	EXPECT("[timer]", timer->pending && timer->due <= life.now && count >= 1);
	for (unsigned i = 0; i < LIFE_TIMERS; i++)
		EXPECT("[timer]", !task->timers[i].pending || task->timers[i].due >= timer->due);
	world->task.due_calls++;
	timer->calls++;
	timer->owed = false;
	if (timer->period == 0) {
		EXPECT("[timer]", count == 1);
		timer->pending = false;
		return;
	}
	timer->due += (int64_t)(count - 1) * timer->period;
	EXPECT("[timer]", timer->due <= life.now);
	timer->due += timer->period;
	if (timer->calls == LIFE_TIMER_CALLS)
		cancel(timer, UMP_OK);
}

void life_timers_after(struct world *world)
{
	for (unsigned i = 0; i < LIFE_TIMERS; i++)
		world->task.timers[i].owed =
			world->task.timers[i].pending && world->task.timers[i].due <= life.now;
}

void life_timers_before(const struct world *world)
{
	for (unsigned i = 0; i < LIFE_TIMERS; i++)
		EXPECT("[timer]", !world->task.timers[i].pending || !world->task.timers[i].owed);
}

void life_timers_end(struct world *world)
{
	for (unsigned i = 0; i < LIFE_TIMERS; i++)
		world->task.timers[i].pending = false;
}

void life_timers_due(const struct world *world)
{
	const struct tasked *task = &world->task;
	ump_time due = UMP_FOREVER;

	if (task->task == NULL || task->running)
		return;
	for (unsigned i = 0; i < LIFE_TIMERS; i++) {
		if (task->timers[i].pending && task->timers[i].due < due)
			due = task->timers[i].due;
	}
	if (task->suspended)
		due = UMP_FOREVER;
	EXPECT("[timer]", ump_task_due(task->task) == due);
}
