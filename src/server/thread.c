/* SPDX-License-Identifier: 0BSD */
/*
 * A server on a thread, of its own or from a thread pool.  The handle and the thread share struct
 * ump_thread as the two sides of one answer: the thread completes it when the loop has ended, and
 * the owner of the handle waits for it (join) or gives it up (drop).
 */
#include "call/watch.h"
#include "channel/references.h"
#include "server/dispatch.h"
#include "server/dropped.h"
#include "server/thread_pool.h"
#include "wait/answer.h"
#include "wait/deadline.h"
#include "wait/wait.h"

#include <string.h>

struct ump_thread {
	/* Its system thread and its channel: a join is a wait for that server.  Must be first, so
	 * that the whole structure is handed over with it. */
	struct ump__dropped dropped_thread;
	/* The thread, if it is from a pool. */
	struct ump__pooled *pooled;
	enum ump__mark mark;
	/* Whether the thread ends with the server; then the side that owns this structure after the
	 * loop must join it, or hand it over to be joined. */
	bool ends;
	struct ump__dispatcher dispatcher;
	/* The result of init, for which spawn waits. */
	struct ump__answer started;
	/* Not 0 once init has succeeded: spawn no longer waits for this server. */
	struct ump__hint begun;
	/* Completed when the loop has ended; join waits for it, drop gives it up. */
	struct ump__answer ended;
	union {
		/* Name of the thread, until it has begun. */
		char name[UMP__NAME_SIZE];
		/* Outcome of the loop, once it has ended. */
		struct ump_flow how;
	};
	/* Whether the spawner's signal mask is inherited; then one element: that mask, and later
	 * the thread's previous mask. */
	bool inherits;
	struct ump__signals signals[];
};

static void thread_free(struct ump_thread *thread)
{
	if (thread->dropped_thread.channel != NULL)
		ump__channel_drop_weak(thread->dropped_thread.channel);
	thread->mark = UMP__MARK_DEAD;
	ump__free(thread);
}

/* Hand over the thread and this structure, once the handle was dropped and the loop has ended. */
static void let_go(struct ump_thread *thread)
{
	thread->mark = UMP__MARK_DEAD;
	ump__dropped_take(&thread->dropped_thread, thread->ends);
}

/* Release the thread: afterwards only destructors of an exiting thread run code of the
 * application.  Must precede the publication of the end, so that a pooled thread is idle by
 * then. */
static void leave(struct ump_thread *thread)
{
	if (thread->inherits)
		ump__signals_swap(thread->signals);
	if (thread->pooled != NULL)
		thread->ends = !ump__pooled_idle(thread->pooled, &thread->dropped_thread.os);
	if (thread->ends && ump__dropped_use(&thread->dropped_thread))
		ump__frame_exit(&thread->dispatcher.frame);
	else
		ump__frame_leave(&thread->dispatcher.frame);
}

/* Run init and report to spawn.  Returns false if init failed; then spawn must free `thread`. */
static bool start(struct ump_thread *thread)
{
	ump_server *server = thread->dispatcher.server;
	int code = ump__dispatcher_init(&thread->dispatcher);

	if (code == 0) {
		ump__hint_set(&thread->begun, 1);
		(void)ump__answer_publish(&thread->started, code, NULL);
		return true;
	}
	/* Must precede the return of spawn, so that every client finds the server gone. */
	ump__dispatcher_unwind(&thread->dispatcher);
	leave(thread);
	(void)ump__answer_publish(&thread->started, code, NULL);
	ump__server_release(server);
	return false;
}

/* Run the loop. */
static struct ump_flow dispatch(struct ump__dispatcher *dispatcher)
{
	enum ump__outcome outcome;
	struct ump_flow flow;

	do {
		struct ump__message *message =
			ump__server_next(dispatcher->server, dispatcher->until);

		outcome = ump__dispatcher_handle(dispatcher, message, &flow);
	} while (outcome == UMP__OUTCOME_CONTINUE);
	return ump__dispatcher_end(dispatcher, outcome, flow);
}

/* Run the server on its thread, from init to its end. */
static void serve(struct ump_thread *thread)
{
	struct ump__dispatcher *dispatcher = &thread->dispatcher;
	ump_server *server = dispatcher->server;
	struct ump_flow how;

	if (thread->inherits)
		ump__signals_swap(thread->signals);
	ump__frame_enter(&dispatcher->frame, dispatcher->server->channel);
	dispatcher->frame.may_time = true;
	server->channel->late = &dispatcher->marker;
	if (dispatcher->handler.init != NULL && !start(thread))
		return;
	how = dispatch(dispatcher);
	thread->how = how;
	leave(thread);
	if (ump__answer_publish(&thread->ended, UMP_OK, NULL))
		let_go(thread);
	/* Must follow the publication, so that a join does not wait for the loop once its watch has
	 * completed.  `thread` may be gone. */
	ump__server_ended(server, &how);
	ump__server_release(server);
}

static void *run(void *arg)
{
	struct ump_thread *thread = arg;

	ump__thread_name(thread->name);
	serve(thread);
	return NULL;
}

static void run_pooled(void *arg, struct ump__pooled *pooled)
{
	struct ump_thread *thread = arg;

	thread->pooled = pooled;
	ump__pooled_name(pooled, thread->name);
	serve(thread);
}

/* Create a thread that does not run yet; NULL if out of memory. */
static struct ump_thread *thread_new(const struct ump_config *config)
{
	size_t signals = config->inherit_signals ? sizeof(struct ump__signals) : 0;
	struct ump_thread *thread = ump__alloc(sizeof *thread + signals);

	if (thread == NULL)
		return NULL;
	memset(thread, 0, sizeof *thread);
	thread->inherits = config->inherit_signals;
	if (thread->inherits)
		ump__signals_get(thread->signals);
	thread->mark = UMP__MARK_THREAD;
	thread->ends = true;
	ump__answer_init(&thread->started);
	ump__answer_init(&thread->ended);
	strncpy(thread->name, config->name != NULL ? config->name : "ump", UMP__NAME_SIZE - 1);
	return thread;
}

/* Run the server on its thread. */
static int run_on_thread(struct ump_thread *thread, const struct ump_config *config)
{
	if (config->thread_pool != NULL)
		return ump__thread_pool_run(config->thread_pool, run_pooled, thread);
	return ump__thread_start(&thread->dropped_thread.os, run, thread, config->stack_size);
}

/* Start the thread, run init on it, and wait for the result. */
static int start_and_wait(struct ump_thread *thread, const struct ump_config *config)
{
	bool init = thread->dispatcher.handler.init != NULL;
	struct ump__wait wait;
	int result;

	/* No server waits for the caller through a thread that does not exist yet.  But its init,
	 * or a destructor after init has failed, may make a request to a handler that is spawning
	 * it.  If init fails, the loop does not run, and its end stays pending. */
	if (init)
		(void)ump__wait_begin(&wait, thread->dropped_thread.channel, &thread->ended.state,
			&thread->begun);
	result = run_on_thread(thread, config);
	if (result != UMP_OK) {
		ump__dispatcher_unwind(&thread->dispatcher);
		ump__server_release(thread->dispatcher.server);
	} else if (init) {
		(void)ump__answer_wait(&thread->started, UMP_FOREVER, UMP__CPU_UNKNOWN);
		result = thread->started.code;
		if (result != 0 && thread->ends)
			(void)ump__thread_join(&thread->dropped_thread.os, UMP_FOREVER);
	}
	if (init)
		ump__wait_end(&wait);
	return result;
}

static int spawn(struct ump_thread *thread, const struct ump_config *config,
	ump_handler_builder *builder, void *arg, ump_client **client)
{
	ump_server *server;
	int result = ump__dispatcher_open(&thread->dispatcher, config, client);

	if (result != UMP_OK)
		return result;
	server = thread->dispatcher.server;
	/* A new channel has few references, so adding one cannot fail. */
	(void)ump__weak_add(&server->channel->counts);
	thread->dropped_thread.channel = server->channel;
	result = ump__dispatcher_build(&thread->dispatcher, config, builder, arg, *client);
	if (result != UMP_OK)
		ump__server_release(server);
	else
		result = start_and_wait(thread, config);
	if (result != UMP_OK)
		ump_client_drop(client);
	return result;
}

int ump_spawn_thread_sized(const struct ump_config *config, size_t config_size, size_t handler_size,
	ump_handler_builder *builder, void *arg, ump_client **client, ump_thread **thread)
{
	struct ump_config checked;
	struct ump_thread *made;
	int result;

	UMP__REQUIRE_INSIDE();
	if (client != NULL)
		UMP__CLEAR(client);
	if (thread != NULL)
		UMP__CLEAR(thread);
	if (builder == NULL || client == NULL || thread == NULL ||
		!ump__dispatcher_fits(&checked, config, config_size, handler_size))
		return UMP_INVALID;
	if (checked.thread_pool != NULL &&
		!ump__thread_pool_fit(checked.thread_pool, checked.stack_size))
		return UMP_INVALID;
	made = thread_new(&checked);
	if (made == NULL)
		return UMP_NO_MEMORY;
	result = spawn(made, &checked, builder, arg, client);
	if (result == UMP_OK)
		*thread = made;
	else
		thread_free(made);
	return result;
}

/* Wait for the thread, whose loop has ended, and which may run destructors of thread-local
 * variables. */
static int join_thread(struct ump_thread *thread, ump_time deadline)
{
	struct ump__answer never;
	struct ump__wait wait;
	int result;

	/* Within its handler, the wait for the end of the loop has failed already. */
	if (ump__thread_is_current(&thread->dropped_thread.os))
		return UMP_DEADLOCK;
	if (deadline == UMP_NOW)
		return ump__thread_join(&thread->dropped_thread.os, UMP_NOW);
	/* A wait that stays pending until it is ended: no word shows that a thread has exited. */
	ump__answer_init(&never);
	if (!ump__wait_begin(&wait, thread->dropped_thread.channel, &never.state, NULL))
		return UMP_DEADLOCK;
	result = ump__thread_join(&thread->dropped_thread.os, deadline);
	ump__wait_end(&wait);
	return result;
}

int ump_thread_join(ump_thread **thread, struct ump_flow *how, ump_time deadline)
{
	struct ump_thread *joined;
	int result;

	if (thread == NULL || *thread == NULL)
		return UMP_INVALID;
	joined = *thread;
	ump__tools_owned(joined, sizeof *joined);
	UMP__REQUIRE_MARK(joined, UMP__MARK_THREAD, "a thread was joined after it was dropped");
	UMP__REQUIRE_OWN(joined->dropped_thread.channel);
	UMP__REQUIRE_INSIDE();
	deadline = ump__deadline_at_call(deadline);
	result = ump__wait_answer(
		&joined->ended, joined->dropped_thread.channel, NULL, deadline, UMP__CPU_UNKNOWN);
	if (result == UMP_OK && joined->ends)
		result = join_thread(joined, deadline);
	if (result != UMP_OK)
		return result;
	*thread = NULL;
	if (how != NULL) {
		*how = joined->how;
		ump__tools_written(how, sizeof *how);
	}
	thread_free(joined);
	return UMP_OK;
}

int ump_thread_watch(const ump_thread *thread, ump_completions *completions, void *tag)
{
	if (thread == NULL || completions == NULL)
		return UMP_INVALID;
	ump__tools_owned(thread, sizeof *thread);
	ump__tools_owned(completions, sizeof *completions);
	UMP__REQUIRE_MARK(thread, UMP__MARK_THREAD, "a thread was watched after it was dropped");
	return ump__watch_make(thread->dropped_thread.channel, completions, tag, &thread->how);
}

void ump_thread_drop(ump_thread **thread)
{
	struct ump_thread *dropped;

	if (thread == NULL || *thread == NULL)
		return;
	dropped = *thread;
	*thread = NULL;
	UMP__REQUIRE_MARK(dropped, UMP__MARK_THREAD, "a thread was dropped twice, or is none");
	/* Must precede the abandonment, by which its thread can see that it will not be joined. */
	ump__dropped_expect();
	if (ump__answer_abandon(&dropped->ended))
		let_go(dropped);
}
