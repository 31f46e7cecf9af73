/* SPDX-License-Identifier: 0BSD */
/*
 * The handler of a server on a thread or in a task, from its builder to its drop.  Each callback
 * checks its call against the model, and executes some operations.
 */
#include "life/life_world.h"

#define BUILDER_CODE 41
#define INIT_CODE    (-77)

/* ---- Callbacks ----------------------------------------------------------------------------- */

/* Callback state of the caller, restored when the callback returns. */
struct scope {
	unsigned frames;
	struct world *innermost;
};

static void operate_some(struct world *world, unsigned most)
{
	for (unsigned i = input_below(&life.input, most); i > 0; i--) {
		if (!life_has_space())
			return;
		if (world->end == END_THREAD)
			life_operate(world, input_below(&life.input, LIFE_OPERATIONS));
		else
			life_step();
	}
}

static void check_thread(struct world *world)
{
	struct handoff *handoff = &world->handoff;

	if (world->end == END_TASK) {
		EXPECT("[user]", pthread_equal(pthread_self(), handoff->spawner));
		return;
	}
	EXPECT("[user]", !pthread_equal(pthread_self(), handoff->spawner));
	if (!handoff->dispatcher_known)
		handoff->dispatcher = pthread_self();
	handoff->dispatcher_known = true;
	EXPECT("[user]", pthread_equal(pthread_self(), handoff->dispatcher));
}

/* A callback begins: check its thread, and record the call. */
static struct world *enter(enum callback which, void *self, struct scope *scope)
{
	struct world *world = self;

	EXPECT("[user]", world == &life.worlds[0] || world == &life.worlds[1]);
	check_thread(world);
	life_trace("callback", (int)which);
	world->course.called[which]++;
	world->task.in = which;
	*scope = (struct scope){life.frames, life.innermost};
	if (world->end == END_TASK) {
		life.frames |= 1U << world->number;
		life.innermost = world;
	}
	return world;
}

static void leave(const struct scope *scope)
{
	life.frames = scope->frames;
	life.innermost = scope->innermost;
}

static int handle_init(void *self, ump_weak_client *me)
{
	struct scope scope;
	struct world *world = enter(CALLED_INIT, self, &scope);
	struct course *course = &world->course;

	EXPECT("[init]", course->called[CALLED_INIT] == 1);
	EXPECT("[init]", course->called[CALLED_POST] + course->called[CALLED_REQUEST] == 0);
	world->me = me;
	operate_some(world, 4);
	leave(&scope);
	return course->plan.init_fails ? INIT_CODE : 0;
}

/* What a handler may do to its thread: it cannot join it, but may drop the handle. */
static void handle_thread(struct world *world)
{
	if (world->handoff.thread == NULL)
		return;
	EXPECT("[deadlock]",
		ump_thread_join(&world->handoff.thread, NULL, UMP_FOREVER) == UMP_DEADLOCK);
	EXPECT("[deadlock]", ump_thread_join(&world->handoff.thread, NULL, 1) == UMP_DEADLOCK);
	EXPECT("[misuse]", world->handoff.thread != NULL);
	EXPECT("[suspend]", ump_suspend() == NULL);
	if (input_byte(&life.input) == 7)
		ump_thread_drop(&world->handoff.thread);
}

/* Nor can it wait for its own answer. */
static void handle_itself(const struct world *world)
{
	LIFE_BUFFER(buffer);
	LIFE_BUFFER(reply);

	for (int i = 0; i < SLOTS && world->config.request.size != 0; i++) {
		if (world->clients[i] != NULL)
			EXPECT("[deadlock]", ump_client_req(world->clients[i], buffer, reply,
						     UMP_FOREVER) == UMP_DEADLOCK);
	}
}

/* Calls of a handler on its own task: dispatch does nothing, run and join fail. */
static void handle_task(struct world *world)
{
	ump_task **task = &world->task.task;

	if (*task == NULL)
		return;
	/* The first dispatch may find the notifier still raised; from then on it is clear. */
	EXPECT("[task]", ump_task_dispatch(*task, 0));
	EXPECT("[task]", !life_is_raised(ump_task_fd(*task)));
	EXPECT("[deadlock]", ump_task_run(*task, UMP_FOREVER) == UMP_DEADLOCK);
	EXPECT("[deadlock]", ump_task_join(task, NULL) == UMP_DEADLOCK);
	EXPECT("[misuse]", *task != NULL);
}

struct ump_flow life_flow(struct world *world)
{
	uint8_t choice = input_byte(&life.input) % 8;

	if (choice == 6)
		return ump_pending();
	return choice == 7 ? ump_break(&world->course) : ump_continue();
}

void life_break(struct world *world, struct ump_flow how)
{
	life_trace("  break", how.value != NULL);
	world->course.broke = true;
	world->course.how = how;
	model_close(&world->model);
}

/* ---- Messages ------------------------------------------------------------------------------ */

static void begin_work(struct world *world, bool is_request, struct model_message *message)
{
	EXPECT("[break]", !world->course.broke);
	EXPECT("[suspend]", !world->task.suspended);
	EXPECT("[fifo]", model_receive(&world->model, message) == UMP_OK);
	EXPECT("[fifo]", (message->request >= 0) == is_request);
	life_timers_before(world);
	world->at_work = true;
	world->began = life.now;
	world->task.may_suspend = world->end == END_TASK;
	life_check();
}

/* The handler returns `flow`.  If it has suspended, `flow` is ignored; the flow that it was resumed
 * with counts, if there is one. */
static void end_work(struct world *world, bool is_request, struct ump_flow flow)
{
	const struct ump_config *config = &world->config;
	struct tasked *task = &world->task;
	int64_t took = life.now - world->began;

	world->at_work = false;
	task->may_suspend = false;
	/* A due call is followed by others. */
	if (task->in != CALLED_DUE)
		life_timers_after(world);
	if (world->end == END_TASK && config->slow_handler != NULL && config->slow_limit != 0 &&
		took > config->slow_limit) {
		world->slow_due = true;
		world->slow_took = took;
		world->slow_request = is_request;
	}
	if (task->suspended && task->resumed) {
		task->suspended = task->resumed = false;
		flow = task->flow;
	} else if (task->suspended) {
		flow = ump_continue();
	}
	/* The message stays until the handler is resumed. */
	if (task->suspension == NULL)
		task->msg = NULL;
	if (!flow.stop && !task->dropped)
		return;
	/* A handler whose task is dropped is not resumed. */
	task->suspended = false;
	life_break(world, flow.stop ? flow : ump_break(NULL));
}

void life_slow(void *arg, int64_t took, bool request)
{
	struct world *world = arg;

	EXPECT("[user]", world->slow_due);
	EXPECT("[user]", took == world->slow_took && request == world->slow_request);
	/* The handler has returned by now. */
	EXPECT("[suspend]", ump_suspend() == NULL);
	world->slow_due = false;
}

static struct ump_flow handle_request(void *self, const void *msg, ump_reply_context **rc)
{
	struct scope scope;
	struct world *world = enter(CALLED_REQUEST, self, &scope);
	struct model_message message;
	struct ump_flow flow;

	begin_work(world, true, &message);
	EXPECT("[fifo]", life_read(world, KIND_REQUEST, msg) == message.value);
	if (world->msg_at[message.request] != NULL)
		EXPECT("[once]", msg == world->msg_at[message.request]);
	/* The main thread is blocked in this request; it continues when control comes back. */
	if (world->end == END_THREAD && message.request == world->handoff.calling)
		(void)life_post_gate(world);
	operate_some(world, 4);
	handle_thread(world);
	handle_task(world);
	flow = life_flow(world);
	if (!life_answer(world, rc, message.request, msg, input_byte(&life.input)))
		model_drop_context(&world->model, message.request);
	end_work(world, true, flow);
	leave(&scope);
	return flow;
}

static struct ump_flow handle_post(void *self, const void *msg)
{
	struct scope scope;
	struct world *world = enter(CALLED_POST, self, &scope);
	struct model_message message;
	struct ump_flow flow = ump_continue();

	begin_work(world, false, &message);
	EXPECT("[fifo]", life_read(world, KIND_POST, msg) == message.value);
	world->task.msg = msg;
	world->task.value = message.value;
	if (world->handoff.is_gate[message.value]) {
		life_hand_over(world, true);
	} else {
		operate_some(world, 4);
		handle_thread(world);
		handle_task(world);
		handle_itself(world);
		flow = life_flow(world);
	}
	EXPECT("[fifo]", life_read(world, KIND_POST, msg) == message.value);
	end_work(world, false, flow);
	leave(&scope);
	return flow;
}

struct ump_flow life_due_call(void *self, void *arg, uint64_t count)
{
	struct scope scope;
	struct world *world = enter(CALLED_DUE, self, &scope);
	struct ump_flow flow;

	life_timer_calls(world, arg, count);
	world->task.msg = NULL;
	world->at_work = true;
	world->began = life.now;
	world->task.may_suspend = true;
	/* Requests that were given up may have been skipped before. */
	life_skip(world);
	life_check();
	operate_some(world, 3);
	handle_task(world);
	flow = life_flow(world);
	world->task.in = CALLED_DUE;
	end_work(world, false, flow);
	leave(&scope);
	return flow;
}

/* ---- The end ------------------------------------------------------------------------------- */

static void handle_leftover(void *self, const void *msg, ump_reply_context **rc)
{
	struct scope scope;
	struct world *world = enter(CALLED_LEFTOVER, self, &scope);
	struct course *course = &world->course;
	struct model_message message;

	EXPECT("[break]", course->broke && course->called[CALLED_TERM] == 0);
	EXPECT("[break]", model_next_leftover(&world->model, &message));
	life_check();
	EXPECT("[break]", (rc == NULL) == (message.request < 0));
	if (rc == NULL) {
		EXPECT("[break]", life_read(world, KIND_POST, msg) == message.value);
		operate_some(world, 3);
	} else {
		EXPECT("[break]", life_read(world, KIND_REQUEST, msg) == message.value);
		operate_some(world, 3);
		if (!life_answer(world, rc, message.request, msg, input_byte(&life.input)))
			model_drop_context(&world->model, message.request);
	}
	leave(&scope);
}

void life_expect_end(struct world *world)
{
	struct model_message message;

	if (world->course.over)
		return;
	world->course.over = true;
	if (!world->course.broke) {
		EXPECT("[drain]", model_receive(&world->model, &message) == UMP_CLIENTS_GONE);
		model_close(&world->model);
	} else if (world->course.plan.with_leftover) {
		EXPECT("[break]", !model_next_leftover(&world->model, &message));
	} else {
		model_discard(&world->model);
	}
	if (world->task.finished)
		model_ended(&world->model, world->course.how);
	life_check();
}

static struct ump_flow handle_term(void *self, struct ump_flow how)
{
	struct scope scope;
	struct world *world = enter(CALLED_TERM, self, &scope);
	struct course *course = &world->course;

	EXPECT("[break]", how.stop == course->broke);
	EXPECT("[break]", how.value == course->how.value);
	life_expect_end(world);
	operate_some(world, 3);
	handle_task(world);
	if (course->plan.term_replaces) {
		course->how.stop = !course->how.stop;
		course->how.value = world;
	}
	if (!course->plan.with_drop) {
		world->me = NULL;
		if (world->end == END_THREAD)
			life_hand_over(world, false);
	}
	leave(&scope);
	return course->how;
}

static void handle_drop(void *self)
{
	struct world *world = self;
	struct course *course = &world->course;
	bool threaded = world->end == END_THREAD;
	struct scope scope;

	/* Before any message: spawning fails, and the rest is checked there. */
	if (threaded ? course->called[CALLED_POST] == 0 : !course->spawned) {
		course->called[CALLED_DROP]++;
		if (world->handoff.dispatcher_known)
			EXPECT("[user]", pthread_equal(pthread_self(), world->handoff.dispatcher));
		return;
	}
	(void)enter(CALLED_DROP, self, &scope);
	EXPECT("[user]", course->called[CALLED_TERM] == course->plan.with_term);
	if (!course->plan.with_term)
		life_expect_end(world);
	operate_some(world, 2);
	world->me = NULL;
	if (threaded)
		life_hand_over(world, false);
	leave(&scope);
}

/* ---- Spawning ------------------------------------------------------------------------------ */

static void watch(struct world *world, const ump_client *client)
{
	int fails_in = life_fails_in();

	life_fail_in(0);
	EXPECT("[weak]", ump_client_weak(client, &world->watcher) == UMP_OK);
	life_fail_in(fails_in);
}

int life_build(void *arg, ump_client *client, struct ump_handler *out)
{
	struct world *world = arg;
	struct course *course = &world->course;
	const struct plan *plan = &course->plan;
	struct ump_handler zero = {0};
	struct scope scope = {life.frames, life.innermost};

	EXPECT("[init]", pthread_equal(pthread_self(), world->handoff.spawner));
	EXPECT("[init]", memcmp(out, &zero, sizeof zero) == 0);
	course->called[CALLED_BUILDER]++;
	world->task.in = CALLED_BUILDER;
	model_open(&world->model, false, (uint32_t)world->config.capacity);
	/* Lent: usable like any other client, but must not be dropped. */
	world->clients[0] = client;
	world->in_calls[0]++;
	if (world->end == END_THREAD)
		(void)life_post_gate(world);
	else
		watch(world, client);
	life.frames |= 1U << world->number;
	life.innermost = world;
	handle_itself(world);
	operate_some(world, 10);
	leave(&scope);
	out->self = world;
	out->init = plan->with_init ? handle_init : NULL;
	out->request = handle_request;
	out->post = handle_post;
	if (plan->incomplete && world->config.post.size != 0)
		out->post = NULL;
	else if (plan->incomplete)
		out->request = NULL;
	out->leftover = plan->with_leftover ? handle_leftover : NULL;
	out->term = plan->with_term ? handle_term : NULL;
	out->drop = plan->with_drop ? handle_drop : NULL;
	return plan->builder_fails ? BUILDER_CODE : 0;
}

void life_choose(struct world *world)
{
	uint8_t failure = input_byte(&life.input);
	uint8_t shape = input_byte(&life.input);
	bool threaded = world->end == END_THREAD;
	struct plan *plan = &world->course.plan;

	world->handoff.spawner = pthread_self();
	plan->builder_fails = failure % 16 == 1;
	plan->incomplete = failure % 16 == 2;
	plan->init_fails = failure % 16 == 3;
	/* Number of the allocation or thread start that fails. */
	life_fail_in(failure % 16 == 4 ? 1 + failure / 16 : 0);
	plan->with_init = (shape & 1) != 0 || plan->init_fails;
	plan->with_leftover = (shape & 2) != 0;
	plan->with_term = (shape & 4) != 0;
	plan->term_replaces = (shape & 8) != 0 && plan->with_term;
	/* One of the two must give control back to the main thread at the end. */
	plan->with_drop = (shape & 16) == 0 || (threaded && !plan->with_term);
	plan->name = (shape & 32) != 0;
	plan->drop_thread = (shape & 64) != 0;
	/* Effective for a thread only. */
	world->config.inherit_signals = (failure & 16) != 0;
	world->config.stack_size = (shape & 128) != 0 ? 1 << 17 : 0;
	/* Gates are posts, in every life that reaches them. */
	if (threaded && world->config.post.size == 0 &&
		!(plan->builder_fails || plan->incomplete || plan->init_fails))
		world->config.post.size = 4;
}

void life_check_failure(struct world *world, int result)
{
	const struct course *course = &world->course;
	const struct plan *plan = &course->plan;
	bool built = course->called[CALLED_BUILDER] == 1 && !plan->builder_fails;
	int failure = life_failure();

	EXPECT("[init]", course->called[CALLED_BUILDER] <= 1);
	EXPECT("[init]", course->called[CALLED_DROP] == (built && plan->with_drop));
	EXPECT("[init]", course->called[CALLED_TERM] + course->called[CALLED_LEFTOVER] == 0);
	EXPECT("[init]", course->called[CALLED_POST] + course->called[CALLED_REQUEST] == 0);
	if (course->called[CALLED_BUILDER] == 0) {
		EXPECT("[clean]", result == failure && failure != UMP_OK);
		model_open(&world->model, false, (uint32_t)world->config.capacity);
	} else if (plan->builder_fails) {
		EXPECT("[init]", result == BUILDER_CODE);
	} else if (plan->incomplete) {
		EXPECT("[misuse]", result == UMP_INVALID);
	} else if (plan->init_fails && result == INIT_CODE) {
		EXPECT("[init]", course->called[CALLED_INIT] == 1);
	} else {
		/* A pooled thread has its own record, whose allocation may fail. */
		EXPECT("[clean]", result == UMP_NO_THREAD ||
					  (result == UMP_NO_MEMORY && world->handoff.reuses));
		EXPECT("[clean]", failure == result);
		EXPECT("[init]", course->called[CALLED_INIT] == 0);
	}
	world->me = NULL;
	world->clients[0] = NULL;
	/* The inbox closes before the first client goes. */
	model_close(&world->model);
	model_discard(&world->model);
	model_drop_reservation(&world->model, world->reservation[0]);
	world->reservation[0] = MODEL_NONE;
	model_strong_drop(&world->model);
	model_ended(&world->model, ump_continue());
	life_check();
}
