/* SPDX-License-Identifier: 0BSD */
/*
 * A server on a thread of its own.  The handle and the thread share struct ump_thread as the two
 * sides of one answer: the thread completes it when the loop has ended, and the holder of the
 * handle waits for it (join) or gives it up (drop).
 */
#include "answer.h"
#include "dispatch.h"
#include "handle.h"

#include <string.h>

/* The longest name of a thread on Linux, with its terminating NUL. */
#define NAME_SIZE 16

struct ump_thread {
	struct ump__os_thread os;
	enum ump__mark mark;
	ump_server *server;
	struct ump_handler handler;
	/* Lent to init.  It borrows the receiving end's reference. */
	struct ump_weak_client me;
	/* What init returned; spawn waits for it. */
	struct ump__answer started;
	/* That the loop has ended; join waits for it, drop gives it up. */
	struct ump__answer ended;
	struct ump_flow how;
	char name[NAME_SIZE];
};

/* The handler's life ends, and the receiving end's. */
static void retire(struct ump_thread *thread)
{
	if (thread->handler.drop != NULL)
		thread->handler.drop(thread->handler.self);
	ump__server_release(thread->server);
}

static void thread_free(struct ump_thread *thread)
{
	thread->mark = UMP__MARK_DEAD;
	ump__free(thread);
}

/* Runs init and tells spawn.  false: init failed, and `thread` is spawn's to free. */
static bool start(struct ump_thread *thread)
{
	int code = thread->handler.init(thread->handler.self, &thread->me);

	if (code != 0) {
		/* Before spawn returns, so that whoever has a client finds the server gone. */
		ump__server_close(thread->server, NULL, NULL);
		retire(thread);
	}
	(void)ump__answer_publish(&thread->started, code);
	return code == 0;
}

static void *run(void *arg)
{
	struct ump_thread *thread = arg;

	ump__thread_name(thread->name);
	if (thread->handler.init != NULL && !start(thread))
		return NULL;
	thread->how = ump__dispatch(thread->server, &thread->handler);
	retire(thread);
	if (ump__answer_publish(&thread->ended, UMP_OK))
		thread_free(thread);
	return NULL;
}

/* A thread that is not running yet, with its channel; NULL: no memory. */
static struct ump_thread *thread_new(const struct ump_config *config, ump_client **client)
{
	struct ump_thread *thread = ump__alloc(sizeof *thread);

	if (thread == NULL)
		return NULL;
	memset(thread, 0, sizeof *thread);
	if (ump_channel_open(&thread->server, client, config) != UMP_OK) {
		ump__free(thread);
		return NULL;
	}
	thread->mark = UMP__MARK_THREAD;
	thread->me.handle.channel = thread->server->channel;
	thread->me.handle.mark = UMP__MARK_LENT_CLIENT;
	ump__answer_init(&thread->started);
	ump__answer_init(&thread->ended);
	strncpy(thread->name, config->name != NULL ? config->name : "ump", NAME_SIZE - 1);
	return thread;
}

/* Before a thread runs: undo what spawn did.  `built`: there is a handler. */
static void unwind(struct ump_thread *thread, bool built, ump_client **client)
{
	ump__server_close(thread->server, NULL, NULL);
	if (!built)
		thread->handler.drop = NULL;
	retire(thread);
	ump_client_drop(client);
	thread_free(thread);
}

/* Let init run on the new thread, and wait for what it says. */
static int await_start(struct ump_thread *thread, ump_client **client)
{
	int code;

	if (thread->handler.init == NULL)
		return UMP_OK;
	(void)ump__answer_wait(&thread->started, UMP_FOREVER, UMP__CPU_UNKNOWN);
	code = thread->started.code;
	if (code != 0) {
		ump__thread_join(&thread->os);
		ump_client_drop(client);
		thread_free(thread);
	}
	return code;
}

static int spawn(struct ump_thread *thread, const struct ump_config *config,
	ump_handler_builder *builder, void *arg, ump_client **client)
{
	int result = builder(arg, *client, &thread->handler);

	if (result != 0) {
		unwind(thread, false, client);
		return result;
	}
	if (!ump__handler_is_complete(&thread->handler, config))
		result = UMP_INVALID;
	else
		result = ump__thread_start(&thread->os, run, thread, config->stack_size);
	if (result != UMP_OK) {
		unwind(thread, true, client);
		return result;
	}
	return await_start(thread, client);
}

int ump_spawn_thread_sized(const struct ump_config *config, size_t config_size, size_t handler_size,
	ump_handler_builder *builder, void *arg, ump_client **client, ump_thread **thread)
{
	struct ump_config checked;
	struct ump_thread *made;
	int result;

	if (client != NULL)
		*client = NULL;
	if (thread != NULL)
		*thread = NULL;
	if (builder == NULL || client == NULL || thread == NULL ||
		handler_size > sizeof(struct ump_handler))
		return UMP_INVALID;
	if (ump__config_read(&checked, config, config_size) != UMP_OK)
		return UMP_INVALID;
	made = thread_new(&checked, client);
	if (made == NULL)
		return UMP_NO_MEMORY;
	result = spawn(made, &checked, builder, arg, client);
	if (result == UMP_OK)
		*thread = made;
	return result;
}

int ump_join(ump_thread **thread, struct ump_flow *how, ump_time deadline)
{
	struct ump_thread *joined;

	if (thread == NULL || *thread == NULL)
		return UMP_INVALID;
	joined = *thread;
	UMP__REQUIRE_MARK(joined, UMP__MARK_THREAD, "a thread was joined after it was dropped");
	if (ump__thread_is_current(&joined->os))
		return UMP_DEADLOCK;
	if (!ump__answer_wait(&joined->ended, deadline, UMP__CPU_UNKNOWN))
		return UMP_TIMED_OUT;
	*thread = NULL;
	ump__thread_join(&joined->os);
	if (how != NULL)
		*how = joined->how;
	thread_free(joined);
	return UMP_OK;
}

void ump_thread_drop(ump_thread **thread)
{
	struct ump_thread *dropped;

	if (thread == NULL || *thread == NULL)
		return;
	dropped = *thread;
	*thread = NULL;
	UMP__REQUIRE_MARK(dropped, UMP__MARK_THREAD, "a thread was dropped twice, or is none");
	ump__thread_detach(&dropped->os);
	if (ump__answer_abandon(&dropped->ended))
		thread_free(dropped);
}
