/* SPDX-License-Identifier: 0BSD */
/*
 * An idle worker waits for an answer, which assigns its next job.  It must be in the idle list
 * before another thread can see that its job is done: a server that was joined has returned its
 * thread.
 */
#include "threads.h"

#include "answer.h"
#include "handle.h"

#include <string.h>

struct ump__worker {
	ump_threads *threads;
	/* Its own thread, stored by the worker itself. */
	struct ump__os_thread os;
	/* Link in the idle list. */
	struct ump__worker *next;
	/* The next job, and the answer that announces it; a NULL job means exit. */
	ump__job *job;
	void *arg;
	struct ump__answer told;
	/* For the worker only: whether it is idle after its job returns, and its name. */
	bool rests;
	bool named;
	char name[UMP__NAME_SIZE];
};

struct ump_threads {
	/* As configured: maximum number of idle workers (0: no limit), and the stack size. */
	size_t most;
	size_t stack_size;
	enum ump__mark mark;
#ifndef NDEBUG
	/* Fork generation of the process that made it. */
	int generation;
#endif
	/* Guards the rest, and the idle list. */
	struct ump__lock lock;
	struct ump__worker *resting;
	size_t rest_count;
	/* Outstanding count: the handle, and each worker that has a job. */
	size_t users;
	/* The handle is gone: no worker may become idle any more. */
	bool dropped;
};

/* ---- Workers ------------------------------------------------------------------------------- */

/* Assign a job to a worker.  Only after NULL, which means exit, may the caller (and no other
 * thread) still access the worker. */
static void tell(struct ump__worker *worker, ump__job *job, void *arg)
{
	worker->job = job;
	worker->arg = arg;
	(void)ump__answer_publish(&worker->told, UMP_OK, NULL);
}

static void *work(void *arg)
{
	struct ump__worker *worker = arg;

	/* The starting thread may not know the identity of this one yet. */
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

/* ---- The idle list ------------------------------------------------------------------------- */

/* Finish the removal of a user, without the lock; the last one frees the pool. */
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

/* Add a user, and take the worker that became idle last, or NULL. */
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

	/* No thread assigns a job before the worker is in the list. */
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

/* ---- Submitting a job ---------------------------------------------------------------------- */

bool ump__threads_fit(const ump_threads *threads, size_t stack_size)
{
	UMP__REQUIRE_MARK(threads, UMP__MARK_THREADS, "threads were used after they were dropped");
	UMP__REQUIRE_OWN(threads);
	return stack_size == 0 || stack_size == threads->stack_size;
}

/* Start a new worker with `job`. */
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
	/* No thread takes these workers any more.  All must be told to exit before the first is
	 * joined. */
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
