/* SPDX-License-Identifier: 0BSD */
/*
 * Each hand-over joins the earlier threads that have ended.  So in general one thread, ended and
 * not joined, is left for a later hand-over or ump_join_dropped to join.
 */
#include "server/dropped.h"

#include "channel/channel.h"
#include "sync/tools.h"
#include "ump_server.h"
#include "wait/answer.h"
#include "wait/deadline.h"
#include "wait/frame.h"

/* Maximum number of threads that are kept without their memory. */
#define BARE_MOST 32
/* Interval in ns, at first and at most, between checks whether an ending thread has ended; its
 * thread-local variables may have destructors. */
#define SHORT_NAP 20000
#define LONG_NAP  2000000

struct waiter {
	struct waiter *next;
	/* Completed when no server is expected any more. */
	struct ump__answer none_expected;
};

/* Guards the rest. */
static struct ump__lock lock = UMP__LOCK_FREE;
/* Servers that were dropped and have not ended. */
static size_t expected;
/* Threads that are ending or have ended, and are not joined: in `bare` those whose memory was
 * freed, in `others` those that still use their memory, or found `bare` full. */
static struct ump__os_thread bare[BARE_MOST];
static size_t bare_count;
static struct ump__dropped *others;
static struct waiter *waiters;
/* Whether at_exit() is registered for the end of the process. */
static bool exit_registered;

/* ---- The list; with the lock held ------------------------------------------------------------ */

/* Join the threads that have ended.  Returns the memory to free without the lock. */
static struct ump__dropped *sweep(void)
{
	struct ump__dropped **at = &others;
	struct ump__dropped *joined = NULL;

	for (size_t i = bare_count; i-- > 0;) {
		if (ump__thread_join(&bare[i], UMP_NOW) == UMP_OK)
			bare[i] = bare[--bare_count];
	}
	while (*at != NULL) {
		struct ump__dropped *one = *at;

		if (ump__thread_join(&one->os, UMP_NOW) == UMP_OK) {
			*at = one->next;
			one->next = joined;
			joined = one;
		} else {
			at = &one->next;
		}
	}
	return joined;
}

/* Keep the thread of `one`, to be joined later.  Returns the memory to free without the lock: `one`
 * if it is not needed for that, or NULL. */
static struct ump__dropped *keep(struct ump__dropped *one)
{
	if (one->in_use || bare_count == BARE_MOST) {
		one->next = others;
		others = one;
		return NULL;
	}
	bare[bare_count++] = one->os;
	one->next = NULL;
	return one;
}

/* Remove `one` from `others`.  Returns false if it is not there, as in a forked child. */
static bool take_out(const struct ump__dropped *one)
{
	struct ump__dropped **at = &others;

	while (*at != NULL && *at != one)
		at = &(*at)->next;
	if (*at == NULL)
		return false;
	*at = one->next;
	return true;
}

static bool is_empty(void)
{
	return bare_count == 0 && others == NULL;
}

/* Return whether the calling thread is one of those kept, in a destructor of a thread-local
 * variable. */
static bool has_current(void)
{
	for (size_t i = 0; i < bare_count; i++) {
		if (ump__thread_is_current(&bare[i]))
			return true;
	}
	for (const struct ump__dropped *one = others; one != NULL; one = one->next) {
		if (ump__thread_is_current(&one->os))
			return true;
	}
	return false;
}

/* Complete all waiters: no server is expected any more. */
static void complete_all(void)
{
	while (waiters != NULL) {
		struct waiter *one = waiters;

		/* The waiter may be gone once it is completed; but if its deadline has passed, it
		 * must take the lock first. */
		waiters = one->next;
		(void)ump__answer_publish(&one->none_expected, UMP_OK, NULL);
	}
}

/* ---- Without the lock ------------------------------------------------------------------------ */

static void free_all(struct ump__dropped *first)
{
	while (first != NULL) {
		struct ump__dropped *one = first;

		first = one->next;
		if (one->channel != NULL)
			ump__channel_drop_weak(one->channel);
		ump__free(one);
	}
}

/* ---- Fork and exit --------------------------------------------------------------------------- */

/* The child has none of these threads.  Their memory leaks there: other threads of the parent may
 * have been changing the lists. */
void ump__dropped_forget(void)
{
	ump__lock_init(&lock);
	expected = 0;
	bare_count = 0;
	others = NULL;
	waiters = NULL;
}

/* A program that ends without ump_join_dropped must not leak either. */
static void at_exit(void)
{
	struct ump__dropped *unused = NULL;

	ump__lock_take(&lock);
	while (bare_count > 0)
		ump__thread_detach(&bare[--bare_count]);
	while (others != NULL) {
		struct ump__dropped *one = others;

		others = one->next;
		ump__thread_detach(&one->os);
		one->detached = true;
		/* Otherwise its thread frees it. */
		if (!one->in_use) {
			one->next = unused;
			unused = one;
		}
	}
	ump__lock_give(&lock);
	free_all(unused);
}

/* ---- For threads ----------------------------------------------------------------------------- */

void ump__dropped_expect(void)
{
	ump__lock_take(&lock);
	expected++;
	if (!exit_registered) {
		exit_registered = true;
		ump__at_exit(at_exit);
	}
	ump__lock_give(&lock);
}

/* The thread's destructors have run, except those of the system's last two rounds. */
static void thread_exits(struct ump__thread_exit *exit)
{
	struct ump__dropped *one = (struct ump__dropped *)(void *)exit;
	struct ump__dropped *unused = NULL;

	ump__frame_forget();
	ump__lock_take(&lock);
	one->in_use = false;
	if (one->handed_over && one->detached) {
		one->next = NULL;
		unused = one;
	} else if (one->handed_over && take_out(one)) {
		unused = keep(one);
	}
	ump__lock_give(&lock);
	free_all(unused);
}

bool ump__dropped_use(struct ump__dropped *one)
{
	one->exit.run = thread_exits;
	one->in_use = ump__thread_exit_set(&one->exit);
	return one->in_use;
}

void ump__dropped_take(struct ump__dropped *one, bool ends)
{
	struct ump__dropped *joined;

	ump__lock_take(&lock);
	joined = sweep();
	one->handed_over = true;
	one->next = NULL;
	if (ends)
		one = keep(one);
	if (--expected == 0)
		complete_all();
	ump__lock_give(&lock);
	free_all(one);
	free_all(joined);
}

size_t ump__dropped_count(void)
{
	size_t count = bare_count;

	for (const struct ump__dropped *one = others; one != NULL; one = one->next)
		count++;
	return count;
}

/* ---- For waiters --------------------------------------------------------------------------- */

/* Stop waiting; the waiter may have been completed meanwhile. */
static void withdraw(struct waiter *me)
{
	ump__lock_take(&lock);
	for (struct waiter **at = &waiters; *at != NULL; at = &(*at)->next) {
		if (*at == me) {
			*at = me->next;
			break;
		}
	}
	ump__lock_give(&lock);
}

/* Wait for servers that have not ended.  Returns false if the deadline passed first. */
static bool wait_for_servers(ump_time deadline)
{
	struct waiter me;
	bool expects;

	ump__tools_own(&me, sizeof me);
	ump__answer_init(&me.none_expected);
	ump__lock_take(&lock);
	expects = expected > 0;
	if (expects) {
		me.next = waiters;
		waiters = &me;
	}
	ump__lock_give(&lock);
	if (!expects || ump__answer_wait(&me.none_expected, deadline, UMP__CPU_UNKNOWN))
		return true;
	withdraw(&me);
	return false;
}

/* Return whether none is left: no server, and no thread. */
static bool all_gone(void)
{
	struct ump__dropped *joined;
	bool gone;

	ump__lock_take(&lock);
	joined = sweep();
	gone = expected == 0 && is_empty();
	ump__lock_give(&lock);
	free_all(joined);
	return gone;
}

/* Sleep for a moment, a longer one at each call.  Returns false if the deadline has passed.  A
 * thread cannot report its own exit, so the caller must poll. */
static bool nap(int64_t *ns, ump_time deadline)
{
	ump_time until = ump_after(*ns);
	struct ump__word word;

	if (deadline <= ump_now())
		return false;
	ump__word_init(&word, 0);
	(void)ump__park(&word, 0, until < deadline ? until : deadline);
	if (*ns < LONG_NAP)
		*ns *= 2;
	return true;
}

int ump_join_dropped(ump_time deadline)
{
	const struct ump__frame *frame = ump__frame_top();
	int64_t ns = SHORT_NAP;
	bool own;

	ump__lock_take(&lock);
	own = has_current();
	ump__lock_give(&lock);
	if (own || (frame != NULL && !frame->exiting))
		return UMP_DEADLOCK;
	deadline = ump__deadline_at_call(deadline);
	while (!all_gone()) {
		if (!wait_for_servers(deadline))
			return UMP_TIMED_OUT;
		/* The last thread needs a moment to exit. */
		if (!all_gone() && !nap(&ns, deadline))
			return UMP_TIMED_OUT;
	}
	return UMP_OK;
}
