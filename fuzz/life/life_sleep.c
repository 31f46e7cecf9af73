/* SPDX-License-Identifier: 0BSD */
/*
 * Sleeping calls.  The library's sleep is wrapped: other operations run with the input, as if on
 * another thread, until the word slept on has changed, which must have come with a wake-up, or
 * until the deadline passes.  So sleeping takes no real time, and every event is in the input.  The
 * other operations may sleep in turn, up to LIFE_DEPTH deep; the last to fall asleep is the first
 * to awake.
 */
#include "life/life_world.h"

/* This byte, instead of an operation: the deadline passes, or the call wakes spuriously. */
#define AWAKE 255

/* ---- The wait-for graph -------------------------------------------------------------------- */

bool life_is_stuck(const struct world *world)
{
	return world->server_busy || world->task.running;
}

/* Whether only the server waited for can end this wait. */
static bool is_pending(const struct wait *wait)
{
	const struct model *model = &wait->world->model;

	if (wait->reason == FOR_CAPACITY)
		return model->waiter[wait->which].waits;
	return wait->reason == FOR_REQUEST && model->request[wait->which].state != MODEL_DONE &&
	       !model->request[wait->which].elsewhere;
}

/* Whether `server` cannot continue before one of the handlers in `frames` does. */
static bool waits_for(const struct world *server, unsigned frames)
{
	unsigned bit = 1U << server->number;

	if ((frames & bit) != 0)
		return true;
	for (const struct wait *wait = life.waits; wait != NULL; wait = wait->outer) {
		if ((wait->frames & bit) != 0 && wait->world != NULL && is_pending(wait) &&
			waits_for(wait->world, frames))
			return true;
	}
	/* A suspended handler that has named the server it waits for. */
	return server->task.suspended && !server->task.resumed && server->task.awaits != NULL &&
	       waits_for(server->task.awaits, frames);
}

bool life_closes_cycle(const struct world *server)
{
	return life.frames != 0 && waits_for(server, life.frames);
}

bool life_suspends_in_cycle(const struct world *task, const struct world *server)
{
	return waits_for(server, 1U << task->number);
}

bool life_send_closes_cycle(const struct world *server)
{
	return !server->model.closed && life_closes_cycle(server);
}

ump_time life_deadline(bool may_be_never)
{
	unsigned choice = input_below(&life.input, 4);

	if (choice == 0 && may_be_never)
		return UMP_FOREVER;
	return choice <= 1 ? INT64_MAX - 1 : life.now + choice - 1;
}

ump_time life_past_of(unsigned choice)
{
	const ump_time times[] = {UMP_NOW, 1, life.now, INT64_MIN};

	return times[choice % 4];
}

void life_wait_begin(struct wait *wait)
{
	wait->frames = life.frames;
	wait->outer = life.waits;
	life.waits = wait;
	if (wait->reason != FOR_CAPACITY)
		wait->entered = true;
}

void life_wait_end(const struct wait *wait)
{
	EXPECT("[quiet]", life.waits == wait);
	life.waits = wait->outer;
}

/* A call must not sleep once its condition holds. */
static void check_sleeper(const struct wait *wait)
{
	struct model_message message;

	switch (wait->reason) {
	case FOR_NOTHING:
		/* Its deadline had passed at the call. */
		EXPECT("[deadline]", false);
		break;
	case FOR_REQUEST:
		EXPECT("[quiet]", wait->world->model.request[wait->which].state != MODEL_DONE);
		break;
	case FOR_CAPACITY:
		EXPECT("[quiet]", wait->world->model.waiter[wait->which].waits);
		break;
	case FOR_MESSAGE:
		EXPECT("[quiet]", model_receive(&wait->world->model, &message) == UMP_EMPTY);
		break;
	case FOR_TASK:
		EXPECT("[quiet]", !life_has_work(wait->world));
		break;
	case FOR_COMPLETION:
		EXPECT("[quiet]", wait->sink->model.arrived == 0);
		EXPECT("[quiet]", wait->sink->model.cancelled == 0);
		EXPECT("[quiet]", wait->sink->model.in_flight > 0);
		break;
	}
}

/* ---- Others run ---------------------------------------------------------------------------- */

/* Per-thread state, saved while another thread runs. */
struct thread {
	void *slot;
	unsigned frames;
	struct world *innermost;
	bool lean;
};

static struct thread go_aside(void)
{
	struct thread thread = {*ump__thread_slot(), life.frames, life.innermost, life.lean};

	*ump__thread_slot() = NULL;
	life.frames = 0;
	life.innermost = NULL;
	life.lean = false;
	life.depth++;
	return thread;
}

static void come_back(const struct thread *thread)
{
	life.depth--;
	life.lean = thread->lean;
	life.innermost = thread->innermost;
	life.frames = thread->frames;
	*ump__thread_slot() = thread->slot;
	/* Failures meanwhile were failures of other calls. */
	(void)life_failure();
}

static void drop_ends(void)
{
	for (int i = 0; i < WORLDS; i++) {
		struct world *world = &life.worlds[i];

		life_forget_contexts(world);
		if (life_is_stuck(world))
			continue;
		if (world->server != NULL)
			life_raw_drop(world);
		else
			life_task_drop(world);
	}
}

/* The input is over, and nothing else will wake the sleeper: drop everything that others hold. */
static void all_leave(const struct wait *wait)
{
	struct world *world = wait->world;

	life_trace("  all leave", 0);
	if (wait->reason != FOR_MESSAGE && wait->reason != FOR_TASK) {
		drop_ends();
	} else {
		life_uncrowd(world);
		life_drop_clients(world);
		life_release_holds(world);
		life_resume(world, 0);
	}
	life_check();
}

/* Let others run one operation.  false: none runs, and the sleeper awakes. */
static bool others_go_on(const struct wait *wait, ump_time deadline)
{
	uint8_t choice;

	if (input_is_over(&life.input) || !life_has_space()) {
		if (deadline != UMP_FOREVER)
			return false;
		all_leave(wait);
		return true;
	}
	choice = input_byte(&life.input);
	if (choice == AWAKE)
		return false;
	life_step_as(choice);
	return true;
}

/* Sleep on `word`; false: until the deadline. */
static bool sleep_on(struct wait *wait, struct ump__word *word, uintptr_t value, ump_time deadline)
{
	while (ump__word_peek(word) == value) {
		if (deadline <= life.now)
			return false;
		if (!others_go_on(wait, deadline))
			return deadline == UMP_FOREVER;
	}
	EXPECT("[quiet]", wait->woken);
	/* The deadline may pass at the same time. */
	return deadline == UMP_FOREVER || input_flag(&life.input);
}

/* After the wait for capacity, the request is sent and waited for. */
static void advance(struct wait *wait)
{
	struct model *model;

	if (!wait->entered) {
		wait->entered = true;
		return;
	}
	if (wait->reason != FOR_CAPACITY || !wait->world->model.waiter[wait->which].has_permit)
		return;
	model = &wait->world->model;
	EXPECT("[bound]", wait->value != MODEL_NO_VALUE);
	EXPECT("[bound]", model_take_permit(model, wait->which) == UMP_OK);
	EXPECT("[gone]", model_send_blocking(model, wait->value, &wait->which) == UMP_OK);
	wait->reason = FOR_REQUEST;
	wait->world->msg_at[wait->which] = wait->msg;
	wait->world->reply_at[wait->which] = wait->reply;
}

/* ---- Replacements for the platform's ------------------------------------------------------- */

static bool is_threaded(void)
{
	return life.worlds[0].end == END_THREAD;
}

bool __real_ump__park(struct ump__word *word, uintptr_t value, ump_time deadline);
bool __wrap_ump__park(struct ump__word *word, uintptr_t value, ump_time deadline);
void __real_ump__wake(struct ump__word *word);
void __wrap_ump__wake(struct ump__word *word);
void __real_ump__spin(
	const struct ump__word *word, uintptr_t value, enum ump__side side, int other_cpu);
void __wrap_ump__spin(
	const struct ump__word *word, uintptr_t value, enum ump__side side, int other_cpu);
void __wrap_ump__notifier_wait(const struct ump__notifier *notifier, ump_time deadline);
int __wrap_ump__cpu(void);
ump_time __real_ump_now(void);
ump_time __wrap_ump_now(void);

bool __wrap_ump__park(struct ump__word *word, uintptr_t value, ump_time deadline)
{
	struct wait *wait = life.waits;
	struct thread thread;
	bool result;

	if (is_threaded())
		return __real_ump__park(word, value, deadline);
	EXPECT("[quiet]", wait != NULL);
	wait->word = word;
	wait->woken = false;
	check_sleeper(wait);
	thread = go_aside();
	result = sleep_on(wait, word, value, deadline);
	come_back(&thread);
	life_trace(result ? "  awake" : "  deadline", 0);
	return result;
}

void __wrap_ump__wake(struct ump__word *word)
{
	if (is_threaded()) {
		__real_ump__wake(word);
		return;
	}
	for (struct wait *wait = life.waits; wait != NULL; wait = wait->outer)
		wait->woken = wait->woken || wait->word == word;
}

void __wrap_ump__spin(
	const struct ump__word *word, uintptr_t value, enum ump__side side, int other_cpu)
{
	struct wait *wait = life.waits;
	struct thread thread;

	if (is_threaded()) {
		__real_ump__spin(word, value, side, other_cpu);
		return;
	}
	EXPECT("[quiet]", wait != NULL);
	/* A call must not spin either if its deadline had passed at the call. */
	EXPECT("[deadline]", wait->reason != FOR_NOTHING);
	if (ump__word_peek(word) != value)
		return;
	advance(wait);
	if (wait->reason == FOR_TASK)
		life_skip(wait->world);
	/* A spinning call has seen that its condition does not hold; others may run meanwhile. */
	check_sleeper(wait);
	thread = go_aside();
	for (unsigned i = input_below(&life.input, 3); i > 0 && life_has_space(); i--)
		life_step();
	come_back(&thread);
}

void __wrap_ump__notifier_wait(const struct ump__notifier *notifier, ump_time deadline)
{
	struct wait *wait = life.waits;
	struct thread thread;

	EXPECT("[quiet]", wait != NULL);
	if (wait->reason == FOR_COMPLETION)
		wait->sink->model.quiet = true;
	else
		life_skip(wait->world);
	/* A run of a task may leave work for the next one. */
	EXPECT("[task]", life_is_raised(notifier->fd) ==
				 (wait->reason == FOR_TASK && life_has_work(wait->world)));
	thread = go_aside();
	while (!life_is_raised(notifier->fd)) {
		check_sleeper(wait);
		if (deadline <= life.now)
			break;
		if (!others_go_on(wait, deadline)) {
			/* A caller that reads the clock again must see that the deadline has
			 * passed. */
			if (deadline != UMP_FOREVER)
				life.now = deadline;
			break;
		}
	}
	come_back(&thread);
	if (wait->reason == FOR_TASK)
		life_continue(wait->world);
	life_trace("  the notifier", 0);
}

/* The CPU that a thread runs on must not depend on anything but the input. */
int __wrap_ump__cpu(void)
{
	return is_threaded() ? UMP__CPU_UNKNOWN : 0;
}

ump_time __wrap_ump_now(void)
{
	return is_threaded() ? __real_ump_now() : life.now;
}
