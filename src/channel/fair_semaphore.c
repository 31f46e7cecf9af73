/* SPDX-License-Identifier: 0BSD */
#include "channel/fair_semaphore.h"

#include "channel/channel.h"
#include "channel/permits.h"
#include "wait/answer.h"
#include "wait/deadline.h"
#include "wait/wait.h"

void ump__semaphore_init(struct ump__semaphore *semaphore, uint32_t capacity)
{
	semaphore->first = NULL;
	semaphore->last = NULL;
	semaphore->closed = false;
	ump__permits_init(&semaphore->permits, capacity);
	ump__hint_init(&semaphore->sender_cpu, UMP__CPU_UNKNOWN);
	ump__lock_init(&semaphore->lock);
}

void ump__claim_init(struct ump__claim *claim)
{
	claim->waiter = NULL;
	ump__hint_init(&claim->reserved, UMP__RESERVATION_NONE);
}

void ump__semaphore_end(struct ump__semaphore *semaphore)
{
	ump__lock_end(&semaphore->lock);
}

/* ---- The wait queue, under the lock -------------------------------------------------------- */

bool ump__semaphore_withdraw(struct ump__semaphore *semaphore, struct ump__waiter *waiter)
{
	if (!waiter->queued)
		return false;
	waiter->queued = false;
	if (waiter->previous != NULL)
		waiter->previous->next = waiter->next;
	else
		semaphore->first = waiter->next;
	if (waiter->next != NULL)
		waiter->next->previous = waiter->previous;
	else
		semaphore->last = waiter->previous;
	if (semaphore->first == NULL)
		ump__permit_queue_end(&semaphore->permits);
	return true;
}

/* Insert `waiter` before `next`, or at the end if `next` is NULL. */
static void insert(
	struct ump__semaphore *semaphore, struct ump__waiter *waiter, struct ump__waiter *next)
{
	waiter->queued = true;
	waiter->next = next;
	waiter->previous = next != NULL ? next->previous : semaphore->last;
	if (waiter->previous != NULL)
		waiter->previous->next = waiter;
	else
		semaphore->first = waiter;
	if (next != NULL)
		next->previous = waiter;
	else
		semaphore->last = waiter;
}

/* Acquire a permit, or queue for one before `next`.  UMP_OK, UMP_FULL if it is queued now, or
 * UMP_SERVER_GONE. */
static int enter(
	struct ump__semaphore *semaphore, struct ump__waiter *waiter, struct ump__waiter *next)
{
	waiter->queued = false;
	if (semaphore->closed)
		return UMP_SERVER_GONE;
	/* A permit may be released just before the wait queue begins. */
	while (semaphore->first == NULL) {
		if (ump__permit_take(&semaphore->permits))
			return UMP_OK;
		if (ump__permit_queue_begin(&semaphore->permits))
			break;
	}
	insert(semaphore, waiter, next);
	return UMP_FULL;
}

/* Hand a released permit to the first waiter that wants it; if none does, it is free. */
void ump__semaphore_give_locked(struct ump__semaphore *semaphore)
{
	while (semaphore->first != NULL) {
		struct ump__waiter *waiter = semaphore->first;

		(void)ump__semaphore_withdraw(semaphore, waiter);
		if (waiter->call(waiter, UMP_OK))
			return;
	}
	/* The wait queue has ended, and only the holder of the lock can begin one, so this cannot
	 * fail. */
	(void)ump__permit_give(&semaphore->permits);
}

/* ---- Blocked senders ----------------------------------------------------------------------- */

struct sender {
	struct ump__waiter waiter;
	struct ump__answer granted;
};

static bool call_sender(struct ump__waiter *waiter, int code)
{
	struct sender *sender = (struct sender *)(void *)waiter;

	/* The sender waits until it is called or has withdrawn; it never abandons the answer. */
	(void)ump__answer_publish(&sender->granted, code, NULL);
	return true;
}

/* Wait until called.  After the deadline, leave the queue, unless called just then. */
static int await_grant(struct ump__semaphore *semaphore, struct sender *sender, ump_time deadline)
{
	if (!ump__answer_wait(&sender->granted, deadline, UMP__CPU_UNKNOWN)) {
		bool withdrawn;

		ump__lock_take(&semaphore->lock);
		withdrawn = ump__semaphore_withdraw(semaphore, &sender->waiter);
		ump__lock_give(&semaphore->lock);
		if (withdrawn)
			return UMP_TIMED_OUT;
	}
	return sender->granted.code;
}

/* As enter(), for a sender, directly before its client's queued reservation; UMP_EMPTY if that has
 * been granted a permit. */
static int enter_sender(
	struct ump__semaphore *semaphore, struct ump__waiter *waiter, const struct ump__claim *own)
{
	struct ump__waiter *next = NULL;
	int result = UMP_EMPTY;

	ump__lock_take(&semaphore->lock);
	if (own->waiter != NULL && own->waiter->queued)
		next = own->waiter;
	if (ump__hint_get(&own->reserved) != UMP__RESERVATION_GRANTED)
		result = enter(semaphore, waiter, next);
	ump__lock_give(&semaphore->lock);
	return result;
}

static int wait_in_queue(struct ump__semaphore *semaphore, struct ump__channel *server,
	const struct ump__claim *own, ump_time deadline)
{
	struct sender sender = {.waiter.call = call_sender};
	struct ump__wait wait;
	int result;

	ump__answer_init(&sender.granted);
	if (!ump__wait_begin(&wait, server, &sender.granted.state, NULL))
		return UMP_DEADLOCK;
	result = enter_sender(semaphore, &sender.waiter, own);
	if (result == UMP_FULL)
		result = await_grant(semaphore, &sender, deadline);
	ump__wait_end(&wait);
	return result;
}

/* Number of free permits at which a spinning sender stops; a quarter of the capacity is enough,
 * too.  To take each permit as it is released would only slow down the server, which is about to
 * release more. */
#define FREE_ENOUGH 64

/* Spin for free permits, as long as there is no wait queue.  Returns false if the caller should
 * block. */
static bool spin_for_permit(struct ump__semaphore *semaphore, int server_cpu)
{
	const struct ump__permits *permits = &semaphore->permits;
	int here = ump__cpu();
	uint64_t left = 0;
	bool has_queue = false;

	if (ump__hint_get(&semaphore->sender_cpu) != here)
		ump__hint_set(&semaphore->sender_cpu, here);
	for (unsigned round = 0; ump__spin_round(round, server_cpu); round++) {
		left = ump__permits_left(permits, &has_queue);
		if (has_queue || left >= FREE_ENOUGH || 4 * left >= permits->capacity)
			break;
	}
	return !has_queue && left > 0;
}

/* ---- Interface ----------------------------------------------------------------------------- */

int ump__semaphore_take(struct ump__semaphore *semaphore, struct ump__channel *server,
	const struct ump__claim *own, ump_time deadline)
{
	if (ump__permit_take(&semaphore->permits))
		return UMP_OK;
	if (ump__is_over(deadline))
		return UMP_FULL;
	if (spin_for_permit(semaphore, ump__hint_get(&server->server_cpu)) &&
		ump__permit_take(&semaphore->permits))
		return UMP_OK;
	return wait_in_queue(semaphore, server, own, deadline);
}

void ump__semaphore_yield(const struct ump__semaphore *semaphore)
{
	int cpu = ump__hint_get(&semaphore->sender_cpu);

	if (cpu != UMP__CPU_UNKNOWN && cpu == ump__cpu())
		(void)ump__spin_round(0, cpu);
}

void ump__semaphore_give(struct ump__semaphore *semaphore)
{
	if (ump__permit_give(&semaphore->permits))
		return;
	ump__lock_take(&semaphore->lock);
	ump__semaphore_give_locked(semaphore);
	ump__lock_give(&semaphore->lock);
}

void ump__semaphore_enqueue(struct ump__semaphore *semaphore, struct ump__waiter *waiter)
{
	int result = enter(semaphore, waiter, NULL);

	if (result != UMP_FULL && !waiter->call(waiter, result) && result == UMP_OK)
		ump__semaphore_give_locked(semaphore);
}

void ump__semaphore_close(struct ump__semaphore *semaphore)
{
	ump__lock_take(&semaphore->lock);
	semaphore->closed = true;
	while (semaphore->first != NULL) {
		struct ump__waiter *waiter = semaphore->first;

		(void)ump__semaphore_withdraw(semaphore, waiter);
		(void)waiter->call(waiter, UMP_SERVER_GONE);
	}
	ump__lock_give(&semaphore->lock);
}
