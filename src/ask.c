/* SPDX-License-Identifier: 0BSD */
#include "ask.h"

#include "inbox.h"
#include "references.h"

static struct ump__ask *ask_of_ticket(struct ump__ticket *ticket)
{
	return (struct ump__ask *)(void *)((char *)ticket - offsetof(struct ump__ask, ticket));
}

/* Neither the client nor the completions know of it any more.  Not under the lock: with it, the
 * channel may go. */
static void ask_free(struct ump__ask *ask)
{
	struct ump__channel *channel = ask->channel;

	ump__completions_release(ask->completions);
	ump__free(ask);
	if (channel != NULL)
		ump__channel_drop_weak(channel);
}

/* ---- Under the lock of the room ------------------------------------------------------------ */

/* Whoever drops the handle waits for the lock.  false: nobody is left to be told, and the place is
 * not wanted. */
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

/* Leave the line, in which `handle` stands. */
static void withdraw(struct ump__handle *handle)
{
	struct ump__ticket *ticket = handle->claim.ticket;

	(void)ump__room_withdraw(handle->channel->room, ticket);
	(void)call_asker(ticket, UMP_ORIGIN_GONE);
}

/* The client is done with what it has asked for.  What is to be freed then, or NULL. */
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

/* The client will never learn of the place that it has; it may be using it at the moment. */
static void take_back(struct ump__ask *ask)
{
	struct ump__claim *claim = &ask->handle->claim;

	ask->code = UMP_ORIGIN_GONE;
	if (ump__hint_get(&claim->asked) != UMP__ASKED_AND_GOT)
		return;
	ump__hint_set(&claim->asked, UMP__ASKED_AND_LOST);
	ump__room_give_locked(ask->channel->room);
}

/* Whether those who are told of what `claim` has asked for have gone. */
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

	/* Clients seldom ask.  A place that was lost may be on its way back to the room: it is
	 * there once the lock is, and later sends need not look again. */
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
	/* Its completions have been dropped meanwhile, and it has not been told. */
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
	/* Whoever calls the asker writes to the handle under this lock, and may be doing so now. */
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

/* Stand in line for `ask`'s handle.  false: it stands in line already, or has a place.  Where those
 * who were to be told are gone, it stands in line for nobody, and may ask again; if it has a place,
 * that is what it gets. */
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

/* References for two: for what is in flight, and for the client, which may ask later whether its
 * completions are there.  false: there are too many. */
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
		/* There always is room, and none needs to be kept; or no use for any. */
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
	/* Otherwise it is the client's, and may be gone. */
	if (last)
		ask_free(ask);
}
