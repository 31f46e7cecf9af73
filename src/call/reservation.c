/* SPDX-License-Identifier: 0BSD */
#include "call/reservation.h"

#include "channel/inbox.h"
#include "channel/references.h"

static struct ump__reservation *reservation_of(struct ump__waiter *waiter)
{
	return (struct ump__reservation *)(void *)((char *)waiter -
						   offsetof(struct ump__reservation, waiter));
}

/* Free a reservation that both owners have released.  The caller must not hold the lock: the
 * channel, which contains it, may be freed. */
static void reservation_free(struct ump__reservation *reservation)
{
	struct ump__channel *channel = reservation->channel;

	ump__completions_release(reservation->completions);
	ump__free(reservation);
	if (channel != NULL)
		ump__channel_drop_weak(channel);
}

/* ---- Under the lock of the semaphore ------------------------------------------------------- */

/* Complete a reservation.  The claim exists: a thread that drops its client waits for the lock.
 * Returns false if the completions were dropped, so that the permit is not wanted. */
static bool notify_reserver(struct ump__waiter *waiter, int code)
{
	struct ump__reservation *reservation = reservation_of(waiter);
	struct ump__claim *claim = reservation->claim;

	reservation->code = code;
	ump__hint_set(&claim->reserved,
		code == UMP_OK ? UMP__RESERVATION_GRANTED : UMP__RESERVATION_LOST);
	if (ump__completions_push(reservation->completions, &reservation->message))
		return true;
	ump__hint_set(&claim->reserved, UMP__RESERVATION_LOST);
	reservation->released = true;
	return false;
}

/* Cancel the pending reservation of `claim`: remove it from the wait queue, and complete it. */
static void withdraw(struct ump__semaphore *semaphore, struct ump__claim *claim)
{
	struct ump__waiter *waiter = claim->waiter;

	(void)ump__semaphore_withdraw(semaphore, waiter);
	(void)notify_reserver(waiter, UMP_ORIGIN_GONE);
}

/* Release a reservation for the client.  Returns it if it must be freed now, or NULL. */
static struct ump__reservation *forget(struct ump__claim *claim)
{
	struct ump__reservation *reservation;

	if (claim->waiter == NULL)
		return NULL;
	reservation = reservation_of(claim->waiter);
	claim->waiter = NULL;
	reservation->claim = NULL;
	return reservation->released ? reservation : NULL;
}

/* Take back the permit of a client that will never be notified of it, and may be using it just
 * now. */
static void take_back(struct ump__reservation *reservation)
{
	struct ump__claim *claim = reservation->claim;

	reservation->code = UMP_ORIGIN_GONE;
	if (ump__hint_get(&claim->reserved) != UMP__RESERVATION_GRANTED)
		return;
	ump__hint_set(&claim->reserved, UMP__RESERVATION_LOST);
	ump__semaphore_give_locked(reservation->channel->semaphore);
}

/* Return whether the completions that the last reservation notifies were dropped. */
static bool is_orphaned(const struct ump__claim *claim)
{
	return claim->waiter != NULL &&
	       ump__completions_dropped(reservation_of(claim->waiter)->completions);
}

/* ---- For the client ------------------------------------------------------------------------ */

bool ump__reservation_use(struct ump__channel *channel, struct ump__claim *claim)
{
	struct ump__semaphore *semaphore = channel->semaphore;
	int reserved = ump__hint_get(&claim->reserved);
	bool got;

	/* Reservations are rare.  A lost permit may be on its way back to the semaphore: it is free
	 * once the lock is acquired, and later sends need not check again. */
	if (reserved != UMP__RESERVATION_GRANTED && reserved != UMP__RESERVATION_LOST)
		return false;
	ump__lock_take(&semaphore->lock);
	got = ump__hint_get(&claim->reserved) == UMP__RESERVATION_GRANTED;
	ump__hint_set(&claim->reserved, UMP__RESERVATION_USED);
	ump__lock_give(&semaphore->lock);
	return got;
}

void ump__reservation_keep(struct ump__channel *channel, struct ump__claim *claim)
{
	struct ump__semaphore *semaphore = channel->semaphore;

	ump__lock_take(&semaphore->lock);
	ump__hint_set(&claim->reserved, UMP__RESERVATION_GRANTED);
	/* The completions were dropped meanwhile, and had not notified the client. */
	if (reservation_of(claim->waiter)->code != UMP_OK)
		take_back(reservation_of(claim->waiter));
	ump__lock_give(&semaphore->lock);
}

void ump__reservation_end(struct ump__channel *channel, struct ump__claim *claim)
{
	struct ump__semaphore *semaphore = channel->semaphore;
	struct ump__reservation *rest;
	bool got;

	if (ump__hint_get(&claim->reserved) == UMP__RESERVATION_NONE)
		return;
	/* A thread that completes the reservation writes to the claim under this lock, perhaps just
	 * now. */
	ump__lock_take(&semaphore->lock);
	if (claim->waiter->queued)
		withdraw(semaphore, claim);
	got = ump__hint_get(&claim->reserved) == UMP__RESERVATION_GRANTED;
	rest = forget(claim);
	ump__lock_give(&semaphore->lock);
	if (got)
		ump__semaphore_give(semaphore);
	if (rest != NULL)
		reservation_free(rest);
}

/* Queue `reservation` for its claim.  Returns false if the claim has a pending reservation or a
 * permit already.  If the completions of that one were dropped, it would notify no
 * client and is replaced; a permit that it was granted passes to the new one. */
static bool enqueue(struct ump__reservation *reservation)
{
	struct ump__claim *claim = reservation->claim;
	struct ump__semaphore *semaphore = reservation->channel->semaphore;
	struct ump__reservation *rest = NULL;
	bool orphaned;
	bool has_permit;
	bool may_reserve;

	ump__lock_take(&semaphore->lock);
	orphaned = is_orphaned(claim);
	if (orphaned && claim->waiter->queued)
		withdraw(semaphore, claim);
	has_permit = ump__hint_get(&claim->reserved) == UMP__RESERVATION_GRANTED;
	may_reserve = ump__hint_get(&claim->reserved) != UMP__RESERVATION_PENDING &&
		      (orphaned || !has_permit);
	if (may_reserve) {
		rest = forget(claim);
		claim->waiter = &reservation->waiter;
		ump__hint_set(&claim->reserved, UMP__RESERVATION_PENDING);
	}
	if (may_reserve && has_permit)
		(void)notify_reserver(&reservation->waiter, UMP_OK);
	else if (may_reserve)
		ump__semaphore_enqueue(semaphore, &reservation->waiter);
	ump__lock_give(&semaphore->lock);
	if (rest != NULL)
		reservation_free(rest);
	return may_reserve;
}

/* Acquire references for both owners: the message in flight, and the client, which may check later
 * whether its completions were dropped.  Returns false if there are too many. */
static bool hold(struct ump__reservation *reservation)
{
	if (!ump__completions_hold(reservation->completions))
		return false;
	if (ump__completions_hold(reservation->completions)) {
		if (reservation->channel == NULL || ump__weak_add(&reservation->channel->counts))
			return true;
		ump__completions_release(reservation->completions);
	}
	ump__completions_release(reservation->completions);
	return false;
}

int ump__reservation_make(struct ump__channel *channel, struct ump__claim *claim,
	struct ump_completions *completions, void *tag)
{
	struct ump__reservation *reservation = ump__alloc(sizeof *reservation);

	if (reservation == NULL)
		return UMP_NO_MEMORY;
	*reservation = (struct ump__reservation){.waiter.call = notify_reserver,
		.claim = claim,
		.channel = channel->bounded ? channel : NULL,
		.completions = completions,
		.tag = tag,
		.code = UMP_OK};
	if (!hold(reservation)) {
		ump__free(reservation);
		return UMP_OVERFLOW;
	}
	ump__message_init(&reservation->message, UMP__KIND_RESERVATION, NULL);
	if (reservation->channel == NULL) {
		/* There always is capacity, and no permit to keep; or the server is gone. */
		if (ump__inbox_is_closed(&channel->inbox))
			reservation->code = UMP_SERVER_GONE;
		(void)ump__completions_push(completions, &reservation->message);
	} else if (!enqueue(reservation)) {
		ump__completions_release(completions);
		reservation_free(reservation);
		return UMP_INVALID;
	}
	completions->in_flight++;
	return UMP_OK;
}

/* ---- For the completions ------------------------------------------------------------------- */

void ump__reservation_release(struct ump__reservation *reservation, bool read)
{
	bool last = true;

	if (reservation->channel != NULL) {
		struct ump__semaphore *semaphore = reservation->channel->semaphore;

		ump__lock_take(&semaphore->lock);
		reservation->released = true;
		last = reservation->claim == NULL;
		if (!read && !last)
			take_back(reservation);
		ump__lock_give(&semaphore->lock);
	}
	/* Otherwise the client owns it, and it may be gone. */
	if (last)
		reservation_free(reservation);
}
