/* SPDX-License-Identifier: 0BSD */
/* A server in a task that the input runs, and handlers that suspend. */
#include "life/life_world.h"

#include "channel/channel.h"
#include "wait/frame.h"

/* ---- Spawning ------------------------------------------------------------------------------ */

static void misuse_spawn(struct world *world)
{
	const struct ump_config *config = &world->config;
	struct ump_config none = {0};
	struct ump_config skew[] = {*config, *config, *config, *config, *config};
	ump_client *client = NULL;
	ump_task *task = NULL;

	EXPECT("[misuse]", ump_spawn_task(&none, life_build, world, &client, &task) == UMP_INVALID);
	skew[0].request_align = 3;
	skew[1].reply_align = 2 * UMP_ALIGN_MOST;
	skew[2].post_align = UMP_ALIGN_MOST - 1;
	skew[3].request_align = 2 * UMP_ALIGN_MOST;
	skew[4].keep = (size_t)UINT32_MAX + 1;
	for (size_t i = 0; i < sizeof skew / sizeof *skew; i++)
		EXPECT("[misuse]",
			ump_spawn_task(&skew[i], life_build, world, &client, &task) == UMP_INVALID);
	EXPECT("[misuse]", ump_spawn_task(config, NULL, world, &client, &task) == UMP_INVALID);
	EXPECT("[misuse]", ump_spawn_task(config, life_build, world, NULL, &task) == UMP_INVALID);
	EXPECT("[misuse]", ump_spawn_task(config, life_build, world, &client, NULL) == UMP_INVALID);
	EXPECT("[misuse]",
		ump_spawn_task_sized(config, sizeof *config, sizeof(struct ump_handler) + 1,
			life_build, world, &client, &task) == UMP_INVALID);
	EXPECT("[init]", world->course.called[CALLED_BUILDER] == 0);
}

static void unwatch(struct world *world)
{
	ump_weak_client_drop(&world->watcher);
}

bool life_task_open(struct world *world)
{
	const struct plan *plan = &world->course.plan;
	ump_client *client = NULL;
	ump_task *task = NULL;
	int result;

	life_choose(world);
	if (plan->drop_thread)
		misuse_spawn(world);
	(void)life_failure();
	world->task.running = true;
	result = ump_spawn_task(&world->config, life_build, world, &client, &task);
	world->task.running = false;
	world->in_calls[0] = 0;
	if (result != UMP_OK) {
		EXPECT("[clean]", client == NULL && task == NULL);
		life_check_failure(world, result);
		unwatch(world);
		return false;
	}
	EXPECT("[init]", world->course.called[CALLED_INIT] == plan->with_init);
	EXPECT("[init]", !plan->builder_fails && !plan->incomplete && !plan->init_fails);
	EXPECT("[init]", client == world->clients[0] && task != NULL);
	world->course.spawned = true;
	world->task.task = task;
	life_check();
	return true;
}

/* ---- Running ------------------------------------------------------------------------------- */

bool life_has_work(const struct world *world)
{
	const struct tasked *task = &world->task;

	if (task->ended)
		return false;
	if (task->suspended)
		return task->resumed;
	return world->model.queued > 0 || world->model.strong == 0;
}

void life_continue(struct world *world)
{
	struct tasked *task = &world->task;

	if (!task->suspended || !task->resumed)
		return;
	task->suspended = task->resumed = false;
	if (task->flow.stop)
		life_break(world, task->flow);
}

void life_skip(struct world *world)
{
	struct model *model = &world->model;
	struct ump_stats stats;

	EXPECT("[misuse]", ump_weak_client_stats(world->watcher, &stats) == UMP_OK);
	while (model->skipped < stats.skipped) {
		EXPECT("[origin]", model->queued > 0);
		EXPECT("[origin]", model_skip(model));
	}
}

/* The loop of a task has ended: check its callbacks; none may run any more. */
static void ended(struct world *world)
{
	const struct course *course = &world->course;

	EXPECT("[user]", course->called[CALLED_TERM] == course->plan.with_term);
	EXPECT("[user]", course->called[CALLED_DROP] == course->plan.with_drop);
	world->task.finished = true;
	life_expect_end(world);
	model_ended(&world->model, world->course.how);
	world->task.ended = true;
	world->task.running = false;
	life_timers_end(world);
	world->me = NULL;
	unwatch(world);
	if (world->task.dropped)
		world->model.served = false;
}

/* A run has returned; `on`: the loop continues. */
static void has_run(struct world *world, bool on)
{
	if (on) {
		EXPECT("[task]", !world->course.broke && !world->course.over);
		life_skip(world);
		world->task.running = false;
		life_timers_due(world);
	} else {
		ended(world);
	}
}

void life_dispatch(struct world *world)
{
	struct model *model = &world->model;
	unsigned budget = input_below(&life.input, 4);
	unsigned queued = model->queued;
	unsigned before = model->handled;
	unsigned due_calls = world->task.due_calls;
	unsigned handled;
	bool on;

	if (world->task.task == NULL || world->task.running)
		return;
	if (world->task.ended) {
		EXPECT("[task]", !ump_task_dispatch(world->task.task, budget));
		return;
	}
	life_continue(world);
	world->task.running = true;
	on = ump_task_dispatch(world->task.task, budget);
	has_run(world, on);
	handled = model->handled - before;
	/* A due call precedes the batch, and may send to it. */
	EXPECT("[task]", handled <= (budget != 0 ? budget : queued) ||
				 (budget == 0 && world->task.due_calls != due_calls));
	/* A run with budget left must have a reason to stop. */
	if (on && !world->task.suspended && handled < budget)
		EXPECT("[task]", model->queued == 0 && model->strong > 0);
	if (on && !world->task.suspended && handled == 0)
		EXPECT("[task]", model->queued == 0 && model->strong > 0);
}

void life_task_run(struct world *world)
{
	struct wait wait = {.reason = FOR_TASK, .world = world};
	unsigned before = world->model.handled;
	ump_time deadline;
	bool passed;
	int result;

	if (world->task.task == NULL || world->task.running)
		return;
	deadline = life_deadline(life.depth == 0);
	wait.forever = deadline == UMP_FOREVER;
	/* A deadline far away amounts to none for a wait that reads the clock again. */
	if (deadline == INT64_MAX - 1)
		deadline = UMP_NOW;
	if (world->task.ended) {
		EXPECT("[task]", ump_task_run(world->task.task, deadline) == UMP_OK);
		return;
	}
	passed = deadline <= life.now;
	life_continue(world);
	world->task.running = true;
	life_wait_begin(&wait);
	result = ump_task_run(world->task.task, deadline);
	life_wait_end(&wait);
	EXPECT("[deadline]", result == UMP_OK || (result == UMP_TIMED_OUT && !wait.forever));
	EXPECT("[deadline]", result == UMP_OK || deadline <= life.now);
	EXPECT("[deadline]", !passed || world->model.handled - before <= 1);
	has_run(world, result != UMP_OK);
}

/* ---- The end ------------------------------------------------------------------------------- */

void life_task_join(struct world *world)
{
	struct tasked *task = &world->task;
	const struct course *course = &world->course;
	struct ump_flow how = {false, world};

	if (task->task == NULL || task->running)
		return;
	if (!task->ended) {
		EXPECT("[task]", ump_task_join(&task->task, &how) == UMP_EMPTY);
		EXPECT("[misuse]", task->task != NULL);
		return;
	}
	if (course->plan.name) {
		EXPECT("[task]", ump_task_join(&task->task, NULL) == UMP_OK);
	} else {
		EXPECT("[task]", ump_task_join(&task->task, &how) == UMP_OK);
		EXPECT("[task]", how.stop == course->how.stop && how.value == course->how.value);
	}
	EXPECT("[misuse]", task->task == NULL);
	world->model.served = false;
}

void life_task_drop(struct world *world)
{
	struct tasked *task = &world->task;
	bool inside = (life.frames >> world->number & 1) != 0;

	/* A running task may only be dropped from its own callbacks; it ends when that callback
	 * returns. */
	if (task->task == NULL || (task->running && !inside))
		return;
	if (task->running) {
		task->dropped = true;
		ump_task_drop(&task->task);
		EXPECT("[misuse]", task->task == NULL);
		return;
	}
	task->dropped = true;
	if (!task->ended) {
		life_continue(world);
		/* Its resume must return UMP_SERVER_GONE. */
		task->suspended = false;
		if (!world->course.broke)
			life_break(world, ump_break(NULL));
		task->running = true;
		ump_task_drop(&task->task);
		ended(world);
	} else {
		ump_task_drop(&task->task);
		world->model.served = false;
	}
	EXPECT("[misuse]", task->task == NULL);
}

/* ---- Suspension ---------------------------------------------------------------------------- */

/* A handler cannot suspend without a weak reference for the suspension. */
static void suspend_in_a_crowd(void)
{
	struct ump__counts *counts = &ump__frame_top()->channel->counts;
	uint64_t crowd = UMP__COUNTS_MAX - ump__counts_weak(atomic_load(&counts->value));

	atomic_fetch_add(&counts->value, crowd);
	EXPECT("[suspend]", ump_suspend() == NULL);
	(void)life_failure();
	atomic_fetch_sub(&counts->value, crowd);
}

/* Suspend, naming the server `named` unless that is NULL.  Return the suspension, or NULL.
 * `result` is the expected result if the allocation succeeds. */
static ump_suspension *suspend(const struct world *named, int result)
{
	ump_suspension *made = NULL;
	int got;

	if (named == NULL) {
		made = ump_suspend();
		EXPECT("[suspend]", (made != NULL) == (result == UMP_OK && !life_failed()));
		return made;
	}
	got = ump_suspend_for(named->clients[0], &made);
	if (life_failed())
		result = UMP_NO_MEMORY;
	if (result == UMP_DEADLOCK)
		EXPECT("[deadlock]", got == result);
	EXPECT("[suspend]", got == result && (made != NULL) == (got == UMP_OK));
	return made;
}

void life_suspend(struct world *world, unsigned from)
{
	struct tasked *task = life.innermost != NULL ? &life.innermost->task : NULL;
	const struct world *named = from == 2 && world->clients[0] != NULL ? world : NULL;
	bool can = task != NULL && task->may_suspend && !task->suspended;
	int result = can ? UMP_OK : UMP_INVALID;
	ump_suspension *made = NULL;

	if (can && from == 3)
		suspend_in_a_crowd();
	EXPECT("[misuse]", ump_suspend_for(NULL, &made) == UMP_INVALID && made == NULL);
	EXPECT("[misuse]", ump_suspend_for(world->clients[0], NULL) == UMP_INVALID);
	if (can && named != NULL && life_suspends_in_cycle(life.innermost, named))
		result = UMP_DEADLOCK;
	made = suspend(named, result);
	if (made == NULL)
		return;
	task->suspension = made;
	task->suspended = true;
	task->awaits = named;
	task->resumed = false;
}

void life_resume(struct world *world, unsigned from)
{
	struct tasked *task = &world->task;
	/* The handler of a dropped task is not resumed. */
	int expected = task->suspended ? UMP_OK : UMP_SERVER_GONE;
	struct ump_flow flow;

	if (task->suspension == NULL)
		return;
	if (task->msg != NULL)
		EXPECT("[suspend]", life_read(world, KIND_POST, task->msg) == task->value);
	flow = from == 3 ? ump_break(&task->flow) : from == 2 ? ump_pending() : ump_continue();
	EXPECT("[suspend]", ump_task_resume(&task->suspension, flow) == expected);
	EXPECT("[misuse]", task->suspension == NULL);
	task->msg = NULL;
	task->resumed = expected == UMP_OK;
	task->flow = flow;
}
