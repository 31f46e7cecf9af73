/* SPDX-License-Identifier: 0BSD */
#include "channel/fair_semaphore.h"

#include "channel/permits.h"

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

int ump__semaphore_enter(
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
	/* There is no wait queue, and only the holder of the lock can begin one, so this cannot
	 * fail. */
	(void)ump__permit_give(&semaphore->permits);
}

/* ---- Interface ----------------------------------------------------------------------------- */

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
	int result = ump__semaphore_enter(semaphore, waiter, NULL);

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
