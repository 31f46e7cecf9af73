/* SPDX-License-Identifier: 0BSD */
#include "ask.h"

#include "inbox.h"
#include "references.h"

static struct ump__ask *ask_of_ticket(struct ump__ticket *ticket)
{
	return (struct ump__ask *)(void *)((char *)ticket - offsetof(struct ump__ask, ticket));
}

/* Free a reservation that both owners have released.  The caller must not hold the lock: the
 * channel, which contains it, may be freed. */
static void ask_free(struct ump__ask *ask)
{
	struct ump__channel *channel = ask->channel;

	ump__completions_release(ask->completions);
	ump__free(ask);
	if (channel != NULL)
		ump__channel_drop_weak(channel);
}

/* ---- Under the lock of the room ------------------------------------------------------------ */

/* Complete a reservation.  The handle exists: a thread that drops it waits for the lock.  Returns
 * false if the completions were dropped, so that the permit is not wanted. */
static bool call_asker(struct ump__ticket *ticket, int code)
{
	struct ump__ask *ask = ask_of_ticket(ticket);
	struct ump__handle *handle = ask->handle;

	ask->code = code;
	ump__hint_set(
		&handle->claim.asked, code == UMP_OK ? UMP__ASKED_AND_GOT : UMP__ASKED_AND_LOST);
	if (ump__completions_push(ask->completions, &ask->message))
		return true;
	ump__hint_set(&handle->claim.asked, UMP__ASKED_AND_LOST);
	ask->told = true;
	return false;
}

/* Cancel the pending reservation of `handle`: remove it from the wait queue, and complete it. */
static void withdraw(struct ump__handle *handle)
{
	struct ump__ticket *ticket = handle->claim.ticket;

	(void)ump__room_withdraw(handle->channel->room, ticket);
	(void)call_asker(ticket, UMP_ORIGIN_GONE);
}

/* Release a reservation for the client.  Returns it if it must be freed now, or NULL. */
static struct ump__ask *forget(struct ump__claim *claim)
{
	struct ump__ask *ask;

	if (claim->ticket == NULL)
		return NULL;
	ask = ask_of_ticket(claim->ticket);
	claim->ticket = NULL;
	ask->handle = NULL;
	return ask->told ? ask : NULL;
}

/* Take back the permit of a client that will never be notified of it, and may be using it just
 * now. */
static void take_back(struct ump__ask *ask)
{
	struct ump__claim *claim = &ask->handle->claim;

	ask->code = UMP_ORIGIN_GONE;
	if (ump__hint_get(&claim->asked) != UMP__ASKED_AND_GOT)
		return;
	ump__hint_set(&claim->asked, UMP__ASKED_AND_LOST);
	ump__room_give_locked(ask->channel->room);
}

/* Return whether the completions that the last reservation notifies were dropped. */
static bool asks_for_nobody(const struct ump__claim *claim)
{
	return claim->ticket != NULL &&
	       ump__completions_dropped(ask_of_ticket(claim->ticket)->completions);
}

/* ---- For the client ------------------------------------------------------------------------ */

bool ump__ask_use(struct ump__handle *handle)
{
	struct ump__room *room = handle->channel->room;
	int asked = ump__hint_get(&handle->claim.asked);
	bool got;

	/* Reservations are rare.  A lost permit may be on its way back to the room: it is there
	 * once the lock is acquired, and later sends need not check again. */
	if (asked != UMP__ASKED_AND_GOT && asked != UMP__ASKED_AND_LOST)
		return false;
	ump__lock_take(&room->lock);
	got = ump__hint_get(&handle->claim.asked) == UMP__ASKED_AND_GOT;
	ump__hint_set(&handle->claim.asked, UMP__ASKED_AND_SENT);
	ump__lock_give(&room->lock);
	return got;
}

void ump__ask_keep(struct ump__handle *handle)
{
	struct ump__room *room = handle->channel->room;

	ump__lock_take(&room->lock);
	ump__hint_set(&handle->claim.asked, UMP__ASKED_AND_GOT);
	/* The completions were dropped meanwhile, and had not notified the client. */
	if (ask_of_ticket(handle->claim.ticket)->code != UMP_OK)
		take_back(ask_of_ticket(handle->claim.ticket));
	ump__lock_give(&room->lock);
}

void ump__ask_end(struct ump__handle *handle)
{
	struct ump__claim *claim = &handle->claim;
	struct ump__room *room = handle->channel->room;
	struct ump__ask *rest;
	bool got;

	if (ump__hint_get(&claim->asked) == UMP__ASKED_NOTHING)
		return;
	/* A thread that completes the reservation writes to the handle under this lock, perhaps
	 * just now. */
	ump__lock_take(&room->lock);
	if (claim->ticket->in_line)
		withdraw(handle);
	got = ump__hint_get(&claim->asked) == UMP__ASKED_AND_GOT;
	rest = forget(claim);
	ump__lock_give(&room->lock);
	if (got)
		ump__room_give(room);
	if (rest != NULL)
		ask_free(rest);
}

/* Queue a reservation for `ask`'s handle.  Returns false if the handle has a pending reservation or
 * a permit already.  If the completions of that one were dropped, it would notify no client and is
 * replaced; a permit that it was granted passes to the new one. */
static bool stand_in_line(struct ump__ask *ask)
{
	struct ump__handle *handle = ask->handle;
	struct ump__claim *claim = &handle->claim;
	struct ump__room *room = handle->channel->room;
	struct ump__ask *rest = NULL;
	bool for_nobody;
	bool has_place;
	bool may_ask;

	ump__lock_take(&room->lock);
	for_nobody = asks_for_nobody(claim);
	if (for_nobody && claim->ticket->in_line)
		withdraw(handle);
	has_place = ump__hint_get(&claim->asked) == UMP__ASKED_AND_GOT;
	may_ask = ump__hint_get(&claim->asked) != UMP__ASKED_ROOM && (for_nobody || !has_place);
	if (may_ask) {
		rest = forget(claim);
		claim->ticket = &ask->ticket;
		ump__hint_set(&claim->asked, UMP__ASKED_ROOM);
	}
	if (may_ask && has_place)
		(void)call_asker(&ask->ticket, UMP_OK);
	else if (may_ask)
		ump__room_ask(room, &ask->ticket);
	ump__lock_give(&room->lock);
	if (rest != NULL)
		ask_free(rest);
	return may_ask;
}

/* Acquire references for both owners: the message in flight, and the client, which may check later
 * whether its completions were dropped.  Returns false if there are too many. */
static bool hold(struct ump__ask *ask)
{
	if (!ump__completions_hold(ask->completions))
		return false;
	if (ump__completions_hold(ask->completions)) {
		if (ask->channel == NULL || ump__weak_add(&ask->channel->counts))
			return true;
		ump__completions_release(ask->completions);
	}
	ump__completions_release(ask->completions);
	return false;
}

int ump_client_room(ump_client *client, ump_completions *completions, void *tag)
{
	struct ump__handle *handle = (struct ump__handle *)(void *)client;
	struct ump__ask *ask;

	if (client == NULL || completions == NULL)
		return UMP_INVALID;
	UMP__REQUIRE_MARK(handle, UMP__MARK_CLIENT, UMP__CLIENT_LIVES);
	ask = ump__alloc(sizeof *ask);
	if (ask == NULL)
		return UMP_NO_MEMORY;
	*ask = (struct ump__ask){.ticket.call = call_asker,
		.handle = handle,
		.channel = handle->channel->bounded ? handle->channel : NULL,
		.completions = completions,
		.tag = tag,
		.code = UMP_OK};
	if (!hold(ask)) {
		ump__free(ask);
		return UMP_OVERFLOW;
	}
	ump__message_init(&ask->message, UMP__KIND_ROOM, NULL);
	if (ask->channel == NULL) {
		/* There always is capacity, and no permit to keep; or the server is gone. */
		if (ump__inbox_is_closed(&handle->channel->inbox))
			ask->code = UMP_SERVER_GONE;
		(void)ump__completions_push(completions, &ask->message);
	} else if (!stand_in_line(ask)) {
		ump__completions_release(completions);
		ask_free(ask);
		return UMP_INVALID;
	}
	completions->in_flight++;
	return UMP_OK;
}

/* ---- For the completions ------------------------------------------------------------------- */

void ump__ask_told(struct ump__ask *ask, bool read)
{
	bool last = true;

	if (ask->channel != NULL) {
		struct ump__room *room = ask->channel->room;

		ump__lock_take(&room->lock);
		ask->told = true;
		last = ask->handle == NULL;
		if (!read && !last)
			take_back(ask);
		ump__lock_give(&room->lock);
	}
	/* Otherwise the client owns it, and it may be gone. */
	if (last)
		ask_free(ask);
}
