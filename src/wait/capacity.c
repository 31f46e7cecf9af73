/* SPDX-License-Identifier: 0BSD */
#include "wait/capacity.h"

#include "channel/permits.h"
#include "sync/tools.h"
#include "wait/answer.h"
#include "wait/deadline.h"
#include "wait/wait.h"

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

/* As ump__semaphore_enter, for a sender, which queues directly before its client's reservation if
 * that is queued.  UMP_EMPTY, without a permit, if that has been granted one. */
static int enter_sender(
	struct ump__semaphore *semaphore, struct ump__waiter *waiter, const struct ump__claim *own)
{
	struct ump__waiter *next = NULL;
	int result = UMP_EMPTY;

	ump__lock_take(&semaphore->lock);
	if (own->waiter != NULL && own->waiter->queued)
		next = own->waiter;
	if (ump__hint_get(&own->reserved) != UMP__RESERVATION_GRANTED)
		result = ump__semaphore_enter(semaphore, waiter, next);
	ump__lock_give(&semaphore->lock);
	return result;
}

static int wait_in_queue(
	struct ump__channel *channel, const struct ump__claim *own, ump_time deadline)
{
	struct ump__semaphore *semaphore = channel->semaphore;
	struct sender sender = {.waiter.call = call_sender};
	struct ump__wait wait;
	int result;

	ump__tools_own(&sender, sizeof sender);
	ump__answer_init(&sender.granted);
	if (!ump__wait_begin(&wait, channel, &sender.granted.state, NULL))
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

int ump__capacity_take(
	struct ump__channel *channel, const struct ump__claim *own, ump_time deadline)
{
	struct ump__semaphore *semaphore = channel->semaphore;

	if (ump__permit_take(&semaphore->permits))
		return UMP_OK;
	if (ump__is_over(deadline))
		return UMP_FULL;
	if (spin_for_permit(semaphore, ump__hint_get(&channel->server_cpu)) &&
		ump__permit_take(&semaphore->permits))
		return UMP_OK;
	return wait_in_queue(channel, own, deadline);
}
