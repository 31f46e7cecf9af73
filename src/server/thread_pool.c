/* SPDX-License-Identifier: 0BSD */
/*
 * An idle thread waits for an answer, which assigns its next job.  It must be in the idle list
 * before another thread can see that its job is done, so that a server that was joined has returned
 * its thread.
 */
#include "server/thread_pool.h"

#include "client/handle.h"
#include "wait/answer.h"

#include <string.h>

struct ump__pooled {
	ump_thread_pool *pool;
	/* Its own thread, stored by the thread itself. */
	struct ump__os_thread os;
	/* Link in the idle list. */
	struct ump__pooled *next;
	/* The next job, and the answer that assigns it; a NULL job means exit. */
	ump__job *job;
	void *arg;
	struct ump__answer assigned;
	/* For the thread only: whether it is idle after its job returns, and its name. */
	bool is_idle;
	bool named;
	char name[UMP__NAME_SIZE];
};

struct ump_thread_pool {
	/* As configured: maximum number of idle threads (0: no limit), and the stack size. */
	size_t most;
	size_t stack_size;
	enum ump__mark mark;
#ifndef NDEBUG
	/* Fork generation of the process that made it. */
	int generation;
#endif
	/* Guards the rest, and the idle list. */
	struct ump__lock lock;
	struct ump__pooled *idle;
	size_t idle_count;
	/* Outstanding count: the handle, and each thread that has a job. */
	size_t users;
	/* The handle is gone: no thread may become idle any more. */
	bool dropped;
};

/* ---- Workers ------------------------------------------------------------------------------- */

/* Assign a job to an idle thread.  The caller must not access it afterwards, unless the job
 * is NULL, which means exit: then it belongs to the caller, which must join and free it. */
static void assign(struct ump__pooled *pooled, ump__job *job, void *arg)
{
	pooled->job = job;
	pooled->arg = arg;
	(void)ump__answer_publish(&pooled->assigned, UMP_OK, NULL);
}

static void *work(void *arg)
{
	struct ump__pooled *pooled = arg;

	/* The thread that started this one may not have stored its identity yet. */
	ump__thread_self(&pooled->os);
	do {
		pooled->job(pooled->arg, pooled);
		if (!pooled->is_idle) {
			ump__free(pooled);
			return NULL;
		}
		(void)ump__answer_wait(&pooled->assigned, UMP_FOREVER, UMP__CPU_UNKNOWN);
	} while (pooled->job != NULL);
	return NULL;
}

void ump__pooled_name(struct ump__pooled *pooled, const char *name)
{
	if (pooled->named && strcmp(pooled->name, name) == 0)
		return;
	pooled->named = true;
	strncpy(pooled->name, name, UMP__NAME_SIZE - 1);
	ump__thread_name(pooled->name);
}

/* ---- The idle list ------------------------------------------------------------------------- */

/* Finish the removal of a user, without the lock; the last one frees the pool. */
static void left(ump_thread_pool *pool, bool last)
{
	if (!last)
		return;
	ump__lock_end(&pool->lock);
	pool->mark = UMP__MARK_DEAD;
	ump__free(pool);
}

static void leave(ump_thread_pool *pool)
{
	bool last;

	ump__lock_take(&pool->lock);
	last = --pool->users == 0;
	ump__lock_give(&pool->lock);
	left(pool, last);
}

/* Add a user, and take the thread that became idle last, or NULL. */
static struct ump__pooled *take(ump_thread_pool *pool)
{
	struct ump__pooled *pooled;

	ump__lock_take(&pool->lock);
	pool->users++;
	pooled = pool->idle;
	if (pooled != NULL) {
		pool->idle = pooled->next;
		pool->idle_count--;
	}
	ump__lock_give(&pool->lock);
	return pooled;
}

bool ump__pooled_idle(struct ump__pooled *pooled, struct ump__os_thread *os)
{
	ump_thread_pool *pool = pooled->pool;
	bool is_idle;
	bool last;

	/* No thread assigns a job before the thread is in the list. */
	ump__answer_init(&pooled->assigned);
	ump__lock_take(&pool->lock);
	is_idle = !pool->dropped && (pool->most == 0 || pool->idle_count < pool->most);
	pooled->is_idle = is_idle;
	if (is_idle) {
		pooled->next = pool->idle;
		pool->idle = pooled;
		pool->idle_count++;
	}
	last = --pool->users == 0;
	ump__lock_give(&pool->lock);
	left(pool, last);
	if (!is_idle)
		*os = pooled->os;
	return is_idle;
}

/* ---- Submitting a job ---------------------------------------------------------------------- */

bool ump__thread_pool_fit(const ump_thread_pool *pool, size_t stack_size)
{
	UMP__REQUIRE_MARK(
		pool, UMP__MARK_THREAD_POOL, "a thread pool was used after it was dropped");
	UMP__REQUIRE_OWN(pool);
	return stack_size == 0 || stack_size == pool->stack_size;
}

/* Start a new thread with `job`. */
static int start(ump_thread_pool *pool, ump__job *job, void *arg)
{
	struct ump__pooled *pooled = ump__alloc(sizeof *pooled);
	struct ump__os_thread unused;
	int result;

	if (pooled == NULL)
		return UMP_NO_MEMORY;
	memset(pooled, 0, sizeof *pooled);
	pooled->pool = pool;
	pooled->job = job;
	pooled->arg = arg;
	result = ump__thread_start(&unused, work, pooled, pool->stack_size);
	if (result != UMP_OK)
		ump__free(pooled);
	return result;
}

int ump__thread_pool_run(ump_thread_pool *pool, ump__job *job, void *arg)
{
	struct ump__pooled *pooled = take(pool);
	int result = UMP_OK;

	if (pooled != NULL)
		assign(pooled, job, arg);
	else
		result = start(pool, job, arg);
	if (result != UMP_OK)
		leave(pool);
	return result;
}

/* ---- The handle ---------------------------------------------------------------------------- */

int ump_thread_pool_open(ump_thread_pool **out, size_t most, size_t stack_size)
{
	ump_thread_pool *made;

	if (out == NULL)
		return UMP_INVALID;
	UMP__CLEAR(out);
	made = ump__alloc(sizeof *made);
	if (made == NULL)
		return UMP_NO_MEMORY;
	memset(made, 0, sizeof *made);
	made->mark = UMP__MARK_THREAD_POOL;
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

void ump_thread_pool_drop(ump_thread_pool **pool)
{
	ump_thread_pool *dropped;
	struct ump__pooled *idle;

	if (pool == NULL || *pool == NULL)
		return;
	dropped = *pool;
	*pool = NULL;
	UMP__REQUIRE_MARK(
		dropped, UMP__MARK_THREAD_POOL, "a thread pool was dropped twice, or is none");
	UMP__REQUIRE_OWN(dropped);
	ump__lock_take(&dropped->lock);
	dropped->dropped = true;
	idle = dropped->idle;
	ump__lock_give(&dropped->lock);
	/* No thread takes these threads any more.  All must be told to exit before the first is
	 * joined. */
	for (struct ump__pooled *pooled = idle; pooled != NULL; pooled = pooled->next)
		assign(pooled, NULL, NULL);
	while (idle != NULL) {
		struct ump__pooled *next = idle->next;

		(void)ump__thread_join(&idle->os, UMP_FOREVER);
		ump__free(idle);
		idle = next;
	}
	leave(dropped);
}
