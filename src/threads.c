/* SPDX-License-Identifier: 0BSD */
/*
 * A worker that rests waits for an answer: to be told what to do next.  It is in the list of those
 * who rest before anybody can learn that its job is done; so whoever knows that finds it there, and
 * a server that was joined has given its thread back.
 */
#include "threads.h"

#include "answer.h"
#include "handle.h"

#include <string.h>

struct ump__worker {
	ump_threads *threads;
	/* Its own thread, as it knows it itself. */
	struct ump__os_thread os;
	/* In the list of those who rest. */
	struct ump__worker *next;
	/* What to do next, and that it is there.  No job: nothing any more. */
	ump__job *job;
	void *arg;
	struct ump__answer told;
	/* Only the worker touches these: whether it rests when its job returns, and its name. */
	bool rests;
	bool named;
	char name[UMP__NAME_SIZE];
};

struct ump_threads {
	/* As configured: how many may rest, 0: any number; the stacks. */
	size_t most;
	size_t stack_size;
	enum ump__mark mark;
#ifndef NDEBUG
	/* In which process it was made. */
	int generation;
#endif
	/* Guards what follows, and the list. */
	struct ump__lock lock;
	struct ump__worker *resting;
	size_t rest_count;
	/* Who uses this: the handle, and each worker that is at work. */
	size_t users;
	/* The handle is gone: nobody rests any more. */
	bool dropped;
};

/* ---- Workers ------------------------------------------------------------------------------- */

/* Only whoever has told a worker to end may look at it afterwards. */
static void tell(struct ump__worker *worker, ump__job *job, void *arg)
{
	worker->job = job;
	worker->arg = arg;
	(void)ump__answer_publish(&worker->told, UMP_OK, NULL);
}

static void *work(void *arg)
{
	struct ump__worker *worker = arg;

	/* Whoever started it may not know yet what it has started. */
	ump__thread_self(&worker->os);
	do {
		worker->job(worker->arg, worker);
		if (!worker->rests) {
			ump__free(worker);
			return NULL;
		}
		(void)ump__answer_wait(&worker->told, UMP_FOREVER, UMP__CPU_UNKNOWN);
	} while (worker->job != NULL);
	return NULL;
}

void ump__worker_name(struct ump__worker *worker, const char *name)
{
	if (worker->named && strcmp(worker->name, name) == 0)
		return;
	worker->named = true;
	strncpy(worker->name, name, UMP__NAME_SIZE - 1);
	ump__thread_name(worker->name);
}

/* ---- Those who rest ------------------------------------------------------------------------ */

/* One user is gone, and has given the lock back; the last one frees. */
static void left(ump_threads *threads, bool last)
{
	if (!last)
		return;
	ump__lock_end(&threads->lock);
	threads->mark = UMP__MARK_DEAD;
	ump__free(threads);
}

static void leave(ump_threads *threads)
{
	bool last;

	ump__lock_take(&threads->lock);
	last = --threads->users == 0;
	ump__lock_give(&threads->lock);
	left(threads, last);
}

/* One user more: the worker that has come to rest last, or NULL. */
static struct ump__worker *take(ump_threads *threads)
{
	struct ump__worker *worker;

	ump__lock_take(&threads->lock);
	threads->users++;
	worker = threads->resting;
	if (worker != NULL) {
		threads->resting = worker->next;
		threads->rest_count--;
	}
	ump__lock_give(&threads->lock);
	return worker;
}

bool ump__worker_rest(struct ump__worker *worker, struct ump__os_thread *os)
{
	ump_threads *threads = worker->threads;
	bool rests;
	bool last;

	/* Nobody tells it anything before it is in the list. */
	ump__answer_init(&worker->told);
	ump__lock_take(&threads->lock);
	rests = !threads->dropped && (threads->most == 0 || threads->rest_count < threads->most);
	worker->rests = rests;
	if (rests) {
		worker->next = threads->resting;
		threads->resting = worker;
		threads->rest_count++;
	}
	last = --threads->users == 0;
	ump__lock_give(&threads->lock);
	left(threads, last);
	if (!rests)
		*os = worker->os;
	return rests;
}

/* ---- For those who spawn ------------------------------------------------------------------- */

bool ump__threads_fit(const ump_threads *threads, size_t stack_size)
{
	UMP__REQUIRE_MARK(threads, UMP__MARK_THREADS, "threads were used after they were dropped");
	UMP__REQUIRE_OWN(threads);
	return stack_size == 0 || stack_size == threads->stack_size;
}

/* A new worker, which begins with `job`. */
static int start(ump_threads *threads, ump__job *job, void *arg)
{
	struct ump__worker *worker = ump__alloc(sizeof *worker);
	struct ump__os_thread unused;
	int result;

	if (worker == NULL)
		return UMP_NO_MEMORY;
	memset(worker, 0, sizeof *worker);
	worker->threads = threads;
	worker->job = job;
	worker->arg = arg;
	result = ump__thread_start(&unused, work, worker, threads->stack_size);
	if (result != UMP_OK)
		ump__free(worker);
	return result;
}

int ump__threads_run(ump_threads *threads, ump__job *job, void *arg)
{
	struct ump__worker *worker = take(threads);
	int result = UMP_OK;

	if (worker != NULL)
		tell(worker, job, arg);
	else
		result = start(threads, job, arg);
	if (result != UMP_OK)
		leave(threads);
	return result;
}

/* ---- The handle ---------------------------------------------------------------------------- */

int ump_threads_open(ump_threads **out, size_t most, size_t stack_size)
{
	ump_threads *made;

	if (out == NULL)
		return UMP_INVALID;
	*out = NULL;
	made = ump__alloc(sizeof *made);
	if (made == NULL)
		return UMP_NO_MEMORY;
	memset(made, 0, sizeof *made);
	made->mark = UMP__MARK_THREADS;
#ifndef NDEBUG
	made->generation = ump__fork_generation();
#endif
	made->most = most;
	made->stack_size = stack_size;
	made->users = 1;
	ump__lock_init(&made->lock);
	*out = made;
	return UMP_OK;
}

void ump_threads_drop(ump_threads **threads)
{
	ump_threads *dropped;
	struct ump__worker *resting;

	if (threads == NULL || *threads == NULL)
		return;
	dropped = *threads;
	*threads = NULL;
	UMP__REQUIRE_MARK(dropped, UMP__MARK_THREADS, "threads were dropped twice, or are none");
	UMP__REQUIRE_OWN(dropped);
	ump__lock_take(&dropped->lock);
	dropped->dropped = true;
	resting = dropped->resting;
	ump__lock_give(&dropped->lock);
	/* Nobody takes one of these any more.  All are told before the first is waited for. */
	for (struct ump__worker *worker = resting; worker != NULL; worker = worker->next)
		tell(worker, NULL, NULL);
	while (resting != NULL) {
		struct ump__worker *next = resting->next;

		(void)ump__thread_join(&resting->os, UMP_FOREVER);
		ump__free(resting);
		resting = next;
	}
	leave(dropped);
}
