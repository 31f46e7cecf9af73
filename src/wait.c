/* SPDX-License-Identifier: 0BSD */
#include "wait.h"

/* The waits of handlers that have no deadline, and what guards them.  Static, because servers that
 * know nothing of each other may come to wait for each other. */
static struct ump__lock lock = UMP__LOCK_FREE;
static struct ump__wait *waits;

/* Whether `wait` still is for its server: not if the answer is there, or will come from elsewhere.
 * What its server did before it began to wait itself is seen, through the lock. */
static bool is_pending(const struct ump__wait *wait)
{
	return ump__word_peek(wait->state) != UMP__CALL_DONE &&
	       (wait->kept == NULL || ump__hint_get(wait->kept) == 0);
}

/* Whether `server` is one of those in whose callbacks `frame`'s thread is. */
static bool is_among(const struct ump__channel *server, const struct ump__frame *frame)
{
	for (; frame != NULL; frame = frame->outer) {
		if (frame->channel == server)
			return true;
	}
	return false;
}

/* The wait in which `server`'s handler is stuck, or NULL. */
static const struct ump__wait *wait_of(const struct ump__channel *server)
{
	for (const struct ump__wait *wait = waits; wait != NULL; wait = wait->next) {
		if (is_among(server, wait->waiter) && is_pending(wait))
			return wait;
	}
	return NULL;
}

/* Whether `wait` would close a circle.  There is none in the list, so the chain ends. */
static bool closes_circle(const struct ump__wait *wait)
{
	const struct ump__wait *link = wait;

	if (!is_pending(wait))
		return false;
	do {
		if (is_among(link->server, wait->waiter))
			return true;
		link = wait_of(link->server);
	} while (link != NULL);
	return false;
}

bool ump__wait_begin(struct ump__wait *wait, const struct ump__channel *server,
	const struct ump__word *state, const struct ump__hint *kept)
{
	wait->waiter = ump__frame_top();
	if (wait->waiter == NULL)
		return true;
	wait->server = server;
	wait->state = state;
	wait->kept = kept;
	ump__lock_take(&lock);
	if (!closes_circle(wait))
		return true;
	ump__lock_give(&lock);
	return false;
}

void ump__wait_commit(struct ump__wait *wait, bool waits_on)
{
	if (wait->waiter == NULL)
		return;
	if (waits_on) {
		wait->next = waits;
		wait->previous = NULL;
		if (waits != NULL)
			waits->previous = wait;
		waits = wait;
	} else {
		/* There is nothing to end. */
		wait->waiter = NULL;
	}
	ump__lock_give(&lock);
}

void ump__wait_end(struct ump__wait *wait)
{
	if (wait->waiter == NULL)
		return;
	ump__lock_take(&lock);
	if (wait->previous != NULL)
		wait->previous->next = wait->next;
	else
		waits = wait->next;
	if (wait->next != NULL)
		wait->next->previous = wait->previous;
	ump__lock_give(&lock);
}

int ump__wait_answer(struct ump__answer *answer, const struct ump__channel *server,
	const struct ump__hint *kept, ump_time deadline, int other_cpu)
{
	struct ump__wait wait;
	bool there;

	if (!ump__wait_begin(&wait, server, &answer->state, kept))
		return UMP_DEADLOCK;
	ump__wait_commit(&wait, deadline == UMP_FOREVER);
	there = ump__answer_wait(answer, deadline, other_cpu);
	ump__wait_end(&wait);
	return there ? UMP_OK : UMP_TIMED_OUT;
}
