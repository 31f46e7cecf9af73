/* SPDX-License-Identifier: 0BSD */
#include "room.h"

#include "answer.h"
#include "channel.h"
#include "deadline.h"
#include "places.h"
#include "wait.h"

void ump__room_init(struct ump__room *room, uint32_t capacity)
{
	room->first = NULL;
	room->last = NULL;
	room->closed = false;
	ump__places_init(&room->places, capacity);
	ump__hint_init(&room->sender_cpu, UMP__CPU_UNKNOWN);
	ump__lock_init(&room->lock);
}

void ump__claim_init(struct ump__claim *claim)
{
	claim->ticket = NULL;
	ump__hint_init(&claim->asked, UMP__ASKED_NOTHING);
}

void ump__room_end(struct ump__room *room)
{
	ump__lock_end(&room->lock);
}

/* ---- The wait queue, under the lock -------------------------------------------------------- */

bool ump__room_withdraw(struct ump__room *room, struct ump__ticket *ticket)
{
	if (!ticket->in_line)
		return false;
	ticket->in_line = false;
	if (ticket->previous != NULL)
		ticket->previous->next = ticket->next;
	else
		room->first = ticket->next;
	if (ticket->next != NULL)
		ticket->next->previous = ticket->previous;
	else
		room->last = ticket->previous;
	if (room->first == NULL)
		ump__line_end(&room->places);
	return true;
}

/* Insert `ticket` before `next`, or at the end if `next` is NULL. */
static void insert(struct ump__room *room, struct ump__ticket *ticket, struct ump__ticket *next)
{
	ticket->in_line = true;
	ticket->next = next;
	ticket->previous = next != NULL ? next->previous : room->last;
	if (ticket->previous != NULL)
		ticket->previous->next = ticket;
	else
		room->first = ticket;
	if (next != NULL)
		next->previous = ticket;
	else
		room->last = ticket;
}

/* Acquire a permit, or queue for one before `next`.  UMP_OK, UMP_FULL if it is queued now, or
 * UMP_SERVER_GONE. */
static int enter(struct ump__room *room, struct ump__ticket *ticket, struct ump__ticket *next)
{
	ticket->in_line = false;
	if (room->closed)
		return UMP_SERVER_GONE;
	/* A permit may be released just before the wait queue begins. */
	while (room->first == NULL) {
		if (ump__place_take(&room->places))
			return UMP_OK;
		if (ump__line_begin(&room->places))
			break;
	}
	insert(room, ticket, next);
	return UMP_FULL;
}

/* Hand a released permit to the first waiter that wants it. */
void ump__room_give_locked(struct ump__room *room)
{
	while (room->first != NULL) {
		struct ump__ticket *ticket = room->first;

		(void)ump__room_withdraw(room, ticket);
		if (ticket->call(ticket, UMP_OK))
			return;
	}
	/* The wait queue has ended, and only the holder of the lock can begin one, so this cannot
	 * fail. */
	(void)ump__place_give(&room->places);
}

/* ---- Blocked senders ----------------------------------------------------------------------- */

struct sender {
	struct ump__ticket ticket;
	struct ump__answer called;
};

static bool call_sender(struct ump__ticket *ticket, int code)
{
	struct sender *sender = (struct sender *)(void *)ticket;

	/* The sender waits until it is called or has withdrawn; it never abandons the answer. */
	(void)ump__answer_publish(&sender->called, code, NULL);
	return true;
}

/* Wait until called.  After the deadline, leave the queue, unless called just then. */
static int await_call(struct ump__room *room, struct sender *sender, ump_time deadline)
{
	if (!ump__answer_wait(&sender->called, deadline, UMP__CPU_UNKNOWN)) {
		bool withdrawn;

		ump__lock_take(&room->lock);
		withdrawn = ump__room_withdraw(room, &sender->ticket);
		ump__lock_give(&room->lock);
		if (withdrawn)
			return UMP_TIMED_OUT;
	}
	return sender->called.code;
}

/* As enter(), for a sender; UMP_EMPTY if its client's reservation has been granted. */
static int enter_sender(
	struct ump__room *room, struct ump__ticket *ticket, const struct ump__claim *own)
{
	struct ump__ticket *next = NULL;
	int result = UMP_EMPTY;

	ump__lock_take(&room->lock);
	if (own->ticket != NULL && own->ticket->in_line)
		next = own->ticket;
	if (ump__hint_get(&own->asked) != UMP__ASKED_AND_GOT)
		result = enter(room, ticket, next);
	ump__lock_give(&room->lock);
	return result;
}

static int stand_in_line(struct ump__room *room, struct ump__channel *server,
	const struct ump__claim *own, ump_time deadline)
{
	struct sender sender = {.ticket.call = call_sender};
	struct ump__wait wait;
	int result;

	ump__answer_init(&sender.called);
	if (!ump__wait_begin(&wait, server, &sender.called.state, NULL))
		return UMP_DEADLOCK;
	result = enter_sender(room, &sender.ticket, own);
	if (result == UMP_FULL)
		result = await_call(room, &sender, deadline);
	ump__wait_end(&wait);
	return result;
}

/* Free permits at which a spinning sender goes on; a quarter of the capacity is enough.  To take
 * each permit as it is released would only slow down the server, which is about to release more. */
#define ENOUGH 64

/* Spin for free permits while there is no wait queue.  Returns false if the caller should block. */
static bool spin_for_room(struct ump__room *room, int server_cpu)
{
	const struct ump__places *places = &room->places;
	int here = ump__cpu();
	uint64_t left = 0;
	bool line = false;

	if (ump__hint_get(&room->sender_cpu) != here)
		ump__hint_set(&room->sender_cpu, here);
	for (unsigned round = 0; ump__spin_round(round, server_cpu); round++) {
		left = ump__places_left(places, &line);
		if (line || left >= ENOUGH || 4 * left >= places->capacity)
			break;
	}
	return !line && left > 0;
}

/* ---- Interface ----------------------------------------------------------------------------- */

int ump__room_take(struct ump__room *room, struct ump__channel *server,
	const struct ump__claim *own, ump_time deadline)
{
	if (ump__place_take(&room->places))
		return UMP_OK;
	if (ump__is_over(deadline))
		return UMP_FULL;
	if (spin_for_room(room, ump__hint_get(&server->server_cpu)) &&
		ump__place_take(&room->places))
		return UMP_OK;
	return stand_in_line(room, server, own, deadline);
}

void ump__room_yield(const struct ump__room *room)
{
	int cpu = ump__hint_get(&room->sender_cpu);

	if (cpu != UMP__CPU_UNKNOWN && cpu == ump__cpu())
		(void)ump__spin_round(0, cpu);
}

void ump__room_give(struct ump__room *room)
{
	if (ump__place_give(&room->places))
		return;
	ump__lock_take(&room->lock);
	ump__room_give_locked(room);
	ump__lock_give(&room->lock);
}

void ump__room_ask(struct ump__room *room, struct ump__ticket *ticket)
{
	int result = enter(room, ticket, NULL);

	if (result != UMP_FULL && !ticket->call(ticket, result) && result == UMP_OK)
		ump__room_give_locked(room);
}

void ump__room_close(struct ump__room *room)
{
	ump__lock_take(&room->lock);
	room->closed = true;
	while (room->first != NULL) {
		struct ump__ticket *ticket = room->first;

		(void)ump__room_withdraw(room, ticket);
		(void)ticket->call(ticket, UMP_SERVER_GONE);
	}
	ump__lock_give(&room->lock);
}
