/* SPDX-License-Identifier: 0BSD */
/*
 * A server inside an event loop.  Its receiver does not park: between two runs it is idle, and a
 * push into an idle inbox raises the notifier that the event loop polls.
 *
 * While the task runs, or a handler is suspended, messages do not raise the notifier, so that each
 * event is reported once.  Invariant: if a run has cleared the notifier and work is left at its
 * end, the notifier must be raised again.
 */
#include "call/watch.h"
#include "channel/inbox.h"
#include "channel/notifier.h"
#include "server/dispatch.h"
#include "server/suspension.h"
#include "wait/deadline.h"

#include <string.h>

struct ump_task {
	enum ump__mark mark;
	/* A run is in progress, on the thread that runs the task. */
	bool running;
	/* This run has cleared the notifier. */
	bool cleared;
	bool ended;
	struct ump__dispatcher dispatcher;
	struct ump_flow how;
	/* The suspended handler's, or NULL. */
	ump_suspension *suspension;
};

#define LIVE "a task was used after it was joined or dropped, or is none"

static struct ump__notifier *notifier_of(const struct ump_task *task)
{
	return &task->dispatcher.server->channel->notifier;
}

/* ---- One run ------------------------------------------------------------------------------- */

static void enter(struct ump_task *task)
{
	task->running = true;
	task->cleared = false;
	ump__frame_enter(&task->dispatcher.frame, task->dispatcher.server->channel);
	task->dispatcher.frame.may_time = true;
}

static void leave(struct ump_task *task)
{
	ump__frame_leave(&task->dispatcher.frame);
	task->running = false;
}

/* End the loop.  A late raise must not cause another run, which would have nothing to do. */
static void finish(struct ump_task *task, enum ump__outcome outcome, struct ump_flow flow)
{
	task->how = ump__dispatcher_end(&task->dispatcher, outcome, flow);
	task->ended = true;
	ump__notifier_clear(notifier_of(task));
	ump__server_ended(task->dispatcher.server, &task->how);
}

/* Forget the suspended handler: its message is no longer being handled. */
static void forget_suspended(struct ump_task *task)
{
	struct ump__due_posts *due_posts = &task->dispatcher.due_posts;
	struct ump_delayed *post = due_posts->suspended;

	due_posts->suspended = NULL;
	if (post != NULL) {
		ump__due_posts_done(due_posts, post);
		ump__dispatcher_plan(&task->dispatcher);
	}
	task->suspension = NULL;
	ump__hint_set(&task->dispatcher.server->busy, 0);
	ump__count_set(&task->dispatcher.server->busy_since, 0);
}

/* Return whether the suspended handler has been resumed; `flow` is then what it returns. */
static bool goes_on(struct ump_task *task, struct ump_flow *flow)
{
	task->cleared = true;
	if (!ump__suspension_over(task->suspension, flow))
		return false;
	forget_suspended(task);
	return true;
}

/* Return what the loop does after a suspended handler that was resumed with `flow`. */
static enum ump__outcome after_resume(const struct ump_task *task, const struct ump_flow *flow)
{
	return ump__dispatcher_drained(
		&task->dispatcher, ump__outcome_after(UMP__KIND_POST, flow->stop));
}

/* Return the message before which a due call has suspended; NULL if there is none, or if its
 * requester has given up. */
static struct ump__message *take_refused(struct ump_task *task)
{
	ump_server *server = task->dispatcher.server;
	struct ump__message *refused = server->refused;

	server->refused = NULL;
	return refused != NULL ? ump__server_unless_abandoned(server, refused) : NULL;
}

/* Pass one message to the handler, after the calls that are due.  Returns true if it, or one of
 * these calls, has suspended. */
static inline bool pass(struct ump_task *task, struct ump__message *message,
	enum ump__outcome *outcome, struct ump_flow *flow)
{
	struct ump__frame *frame = &task->dispatcher.frame;

	frame->may_suspend = true;
	*outcome = ump__dispatcher_handle(&task->dispatcher, message, flow);
	frame->may_suspend = false;
	return frame->suspension != NULL;
}

/* A callback has suspended: go on if it is resumed already, with the message before which a due
 * call has suspended, too.  Returns true if one is not resumed yet. */
static bool suspend(struct ump_task *task, enum ump__outcome *outcome, struct ump_flow *flow)
{
	struct ump__frame *frame = &task->dispatcher.frame;
	struct ump__message *message;

	do {
		task->suspension = frame->suspension;
		frame->suspension = NULL;
		ump__hint_set(&task->dispatcher.server->busy, 1);
		/* The value returned by a suspended handler is ignored. */
		*outcome = UMP__OUTCOME_CONTINUE;
		if (!goes_on(task, flow))
			return true;
		*outcome = after_resume(task, flow);
		message = *outcome == UMP__OUTCOME_CONTINUE ? take_refused(task) : NULL;
	} while (message != NULL && pass(task, message, outcome, flow));
	return false;
}

/* Pass one message, if there is one, to the handler.  Returns true if a callback has suspended, and
 * is not resumed yet. */
static inline bool handle(struct ump_task *task, struct ump__message *message,
	enum ump__outcome *outcome, struct ump_flow *flow)
{
	return message != NULL && pass(task, message, outcome, flow) &&
	       suspend(task, outcome, flow);
}

/* Continue a suspended handler, if it was resumed, and make the calls that are due.  Returns true
 * if this is all that the run can do. */
static bool resume(struct ump_task *task, enum ump__outcome *outcome, struct ump_flow *flow)
{
	*outcome = UMP__OUTCOME_CONTINUE;
	if (task->suspension != NULL) {
		if (!goes_on(task, flow))
			return true;
		*outcome = after_resume(task, flow);
		if (*outcome != UMP__OUTCOME_CONTINUE ||
			handle(task, take_refused(task), outcome, flow))
			return true;
	}
	if (ump__dispatcher_has_times(&task->dispatcher) && *outcome == UMP__OUTCOME_CONTINUE &&
		!task->dispatcher.dropped) {
		/* A due call may suspend, and pushes must not raise the notifier then.  It may be
		 * clear, since the time has brought this run about. */
		task->cleared = true;
		ump__inbox_unpark(&task->dispatcher.server->channel->inbox);
		if (handle(task, &task->dispatcher.marker, outcome, flow))
			return true;
	}
	return *outcome != UMP__OUTCOME_CONTINUE || task->dispatcher.dropped;
}

/* Become idle if no message is left; otherwise make sure that the notifier is raised. */
static void settle(struct ump_task *task)
{
	ump_server *server = task->dispatcher.server;

	if (!ump__server_collect(server)) {
		task->cleared = true;
		if (ump__inbox_idle(&server->channel->inbox, notifier_of(task)))
			return;
	}
	if (task->cleared)
		ump__notifier_raise(notifier_of(task));
}

/* Handle up to `budget` messages, or one batch if it is 0, unless a handler suspends; `handled` of
 * them were handled already.  `until` is a deadline to check after each message, or UMP_NOW for
 * none. */
static enum ump__outcome handle_batch(
	struct ump_task *task, size_t budget, size_t handled, ump_time until, struct ump_flow *flow)
{
	enum ump__outcome outcome = UMP__OUTCOME_CONTINUE;
	ump_server *server = task->dispatcher.server;

	while (outcome == UMP__OUTCOME_CONTINUE && !task->dispatcher.dropped &&
		(budget == 0 || handled < budget)) {
		struct ump__message *message;

		/* A batch does not include messages sent since, even if requests in it are
		 * skipped. */
		if (budget == 0 && handled > 0)
			message = ump__server_batched(server);
		else
			message = ump__server_next(server, UMP_NOW);
		if (message == NULL)
			break;
		handled++;
		if (handle(task, message, &outcome, flow))
			break;
		if (until > UMP_NOW && ump__is_over(until))
			break;
	}
	return outcome;
}

/* One run: handle up to `budget` messages, or one batch; until `awake`, also those that arrive
 * while it spins for more.  UMP__OUTCOME_CONTINUE if there is no more to do for now, or `awake` has
 * passed. */
static enum ump__outcome run_once(
	struct ump_task *task, size_t budget, ump_time awake, struct ump_flow *flow)
{
	enum ump__outcome outcome;
	size_t used = 0;

	if (task->suspension != NULL || ump__dispatcher_has_times(&task->dispatcher)) {
		/* A message before which a due call has suspended is handled first, and counts. */
		used = task->dispatcher.server->refused != NULL ? 1 : 0;
		if (resume(task, &outcome, flow))
			return outcome;
	}
	do {
		outcome = handle_batch(task, budget, used, awake, flow);
		used = 0;
		if (outcome != UMP__OUTCOME_CONTINUE || task->dispatcher.dropped ||
			task->suspension != NULL)
			return outcome;
		/* The inbox is not idle, so no push raises the notifier meanwhile. */
	} while (!ump__is_over(awake) && ump__server_linger(task->dispatcher.server));
	settle(task);
	return outcome;
}

/* ---- Life ---------------------------------------------------------------------------------- */

static void task_free(struct ump_task *task)
{
	/* Clients may outlive the task by far; the descriptor is needed elsewhere. */
	ump__notifier_end(notifier_of(task));
	ump__server_release(task->dispatcher.server);
	task->mark = UMP__MARK_DEAD;
	ump__free(task);
}

/* End a task whose handle was dropped: by its stop, or else as by a break with NULL.  If a
 * suspended handler was resumed with a break, its value must not be lost. */
static void end_dropped(struct ump_task *task)
{
	struct ump_flow flow = ump_continue();

	if (task->suspension != NULL) {
		(void)ump__suspension_give_up(task->suspension, &flow);
		forget_suspended(task);
	}
	if (flow.stop)
		finish(task, UMP__OUTCOME_VALUE, flow);
	else
		finish(task, UMP__OUTCOME_STOP, ump_break(NULL));
}

/* Run init, and become idle. */
static int start(struct ump_task *task)
{
	int result;

	enter(task);
	result = ump__dispatcher_init(&task->dispatcher);
	if (result == 0) {
		/* Pushes up to this point have not raised the notifier. */
		task->cleared = true;
		settle(task);
	} else {
		ump__dispatcher_unwind(&task->dispatcher);
	}
	leave(task);
	return result;
}

static int spawn(struct ump_task *task, const struct ump_config *config,
	ump_handler_builder *builder, void *arg, ump_client **client)
{
	int result = ump__dispatcher_open(&task->dispatcher, config, client);

	if (result != UMP_OK)
		return result;
	/* Must precede the first use of the channel by another thread. */
	result = ump__notifier_make(notifier_of(task));
	if (result == UMP_OK) {
		result = ump__dispatcher_build(&task->dispatcher, config, builder, arg, *client);
		if (result == UMP_OK)
			result = start(task);
		/* The application may have made clients, which keep the channel but not the
		 * descriptor. */
		if (result != UMP_OK)
			ump__notifier_end(notifier_of(task));
	}
	if (result != UMP_OK) {
		ump__server_release(task->dispatcher.server);
		ump_client_drop(client);
	}
	return result;
}

int ump_spawn_task_sized(const struct ump_config *config, size_t config_size, size_t handler_size,
	ump_handler_builder *builder, void *arg, ump_client **client, ump_task **task)
{
	struct ump_config checked;
	struct ump_task *made;
	int result;

	UMP__REQUIRE_INSIDE();
	if (client != NULL)
		UMP__CLEAR(client);
	if (task != NULL)
		UMP__CLEAR(task);
	if (builder == NULL || client == NULL || task == NULL ||
		!ump__dispatcher_fits(&checked, config, config_size, handler_size))
		return UMP_INVALID;
	made = ump__alloc(sizeof *made);
	if (made == NULL)
		return UMP_NO_MEMORY;
	memset(made, 0, sizeof *made);
	made->mark = UMP__MARK_TASK;
	result = spawn(made, &checked, builder, arg, client);
	if (result == UMP_OK)
		*task = made;
	else
		ump__free(made);
	return result;
}

/* ---- For the event loop -------------------------------------------------------------------- */

int ump_task_fd(const ump_task *task)
{
	return task != NULL ? notifier_of(task)->fd : -1;
}

/* Return the time until which a task that does not run needs no run, unless its notifier is
 * raised. */
static ump_time idle_until(const struct ump_task *task)
{
	return task->suspension == NULL ? task->dispatcher.until : UMP_FOREVER;
}

ump_time ump_task_due(const ump_task *task)
{
	if (task == NULL)
		return UMP_FOREVER;
	ump__tools_owned(task, sizeof *task);
	UMP__REQUIRE_MARK(task, UMP__MARK_TASK, LIVE);
	return idle_until(task);
}

/* Run a task once; it must not be running.  Returns false if its loop has ended. */
static bool run(struct ump_task *task, size_t budget, ump_time awake)
{
	struct ump_flow flow = ump_continue();
	enum ump__outcome outcome;
	bool ended;

	if (task->ended) {
		/* A sender that saw the inbox idle may have raised the notifier late. */
		ump__notifier_clear(notifier_of(task));
		return false;
	}
	enter(task);
	outcome = run_once(task, budget, awake, &flow);
	if (outcome != UMP__OUTCOME_CONTINUE)
		finish(task, outcome, flow);
	else if (task->dispatcher.dropped)
		end_dropped(task);
	leave(task);
	ended = task->ended;
	if (task->dispatcher.dropped)
		task_free(task);
	return !ended;
}

/* Clear the notifier inside a callback, which may run a nested event loop: messages cannot be
 * handled before it returns.  No push raises the notifier meanwhile; the run that continues then
 * raises it for what is left. */
static void clear(struct ump_task *task)
{
	task->cleared = true;
	ump__notifier_clear(notifier_of(task));
}

bool ump_task_dispatch(ump_task *task, size_t budget)
{
	if (task == NULL)
		return true;
	ump__tools_owned(task, sizeof *task);
	UMP__REQUIRE_MARK(task, UMP__MARK_TASK, LIVE);
	UMP__REQUIRE_OWN(task->dispatcher.server->channel);
	UMP__REQUIRE_INSIDE();
	if (task->running) {
		clear(task);
		return true;
	}
	/* A foreign event loop has more to do than to spin for one task. */
	return run(task, budget, UMP_NOW);
}

int ump_task_run(ump_task *task, ump_time deadline)
{
	size_t budget;

	if (task == NULL)
		return UMP_INVALID;
	ump__tools_owned(task, sizeof *task);
	UMP__REQUIRE_MARK(task, UMP__MARK_TASK, LIVE);
	UMP__REQUIRE_OWN(task->dispatcher.server->channel);
	UMP__REQUIRE_INSIDE();
	if (task->running) {
		clear(task);
		return UMP_DEADLOCK;
	}
	/* A deadline in the past leaves time for one message. */
	budget = ump__is_over(deadline) ? 1 : 0;
	while (run(task, budget, budget != 0 ? UMP_NOW : deadline)) {
		ump_time due;

		if (ump__is_over(deadline))
			return UMP_TIMED_OUT;
		due = idle_until(task);
		ump__notifier_wait(notifier_of(task), due < deadline ? due : deadline);
	}
	return UMP_OK;
}

int ump_task_join(ump_task **task, struct ump_flow *how)
{
	if (task == NULL || *task == NULL)
		return UMP_INVALID;
	ump__tools_owned(*task, sizeof **task);
	UMP__REQUIRE_MARK(*task, UMP__MARK_TASK, LIVE);
	UMP__REQUIRE_INSIDE();
	if ((*task)->running)
		return UMP_DEADLOCK;
	if (!(*task)->ended)
		return UMP_EMPTY;
	if (how != NULL) {
		*how = (*task)->how;
		ump__tools_written(how, sizeof *how);
	}
	task_free(*task);
	*task = NULL;
	return UMP_OK;
}

int ump_task_watch(const ump_task *task, ump_completions *completions, void *tag)
{
	if (task == NULL || completions == NULL)
		return UMP_INVALID;
	ump__tools_owned(task, sizeof *task);
	ump__tools_owned(completions, sizeof *completions);
	UMP__REQUIRE_MARK(task, UMP__MARK_TASK, LIVE);
	return ump__watch_make(task->dispatcher.server->channel, completions, tag, &task->how);
}

void ump_task_drop(ump_task **task)
{
	struct ump_task *dropped;

	if (task == NULL || *task == NULL)
		return;
	dropped = *task;
	*task = NULL;
	UMP__REQUIRE_MARK(dropped, UMP__MARK_TASK, LIVE);
	UMP__REQUIRE_INSIDE();
	if (dropped->running) {
		/* The callback returns to a run of the task, which ends it. */
		dropped->dispatcher.dropped = true;
		return;
	}
	if (!dropped->ended) {
		enter(dropped);
		end_dropped(dropped);
		leave(dropped);
	}
	task_free(dropped);
}
