/* SPDX-License-Identifier: 0BSD */
#include "ask.h"

#include "inbox.h"

#define LIVE "a client was used after it was dropped, or is none"

static struct ump__ask *ask_of_ticket(struct ump__ticket *ticket)
{
	return (struct ump__ask *)(void *)((char *)ticket - offsetof(struct ump__ask, ticket));
}

/* Under the lock of the room, for which whoever drops the handle waits.  false: nobody is left to
 * be told, and the place is not wanted. */
static bool call_asker(struct ump__ticket *ticket, int code)
{
	struct ump__ask *ask = ask_of_ticket(ticket);
	struct ump__handle *handle = ask->handle;
	bool told;

	ask->code = code;
	handle->claim.ticket = NULL;
	ump__hint_set(
		&handle->claim.asked, code == UMP_OK ? UMP__ASKED_AND_GOT : UMP__ASKED_AND_LOST);
	told = ump__completions_push(ask->completions, &ask->message);
	if (told)
		return true;
	ump__hint_set(&handle->claim.asked, UMP__ASKED_AND_LOST);
	ump__free(ask);
	return false;
}

bool ump__ask_use(struct ump__handle *handle)
{
	struct ump__room *room = handle->channel->room;
	bool got;

	/* Hardly anybody asks; who has got a place was told so by a completion. */
	if (ump__hint_get(&handle->claim.asked) != UMP__ASKED_AND_GOT)
		return false;
	ump__lock_take(&room->lock);
	got = ump__hint_get(&handle->claim.asked) == UMP__ASKED_AND_GOT;
	if (got)
		ump__hint_set(&handle->claim.asked, UMP__ASKED_NOTHING);
	ump__lock_give(&room->lock);
	return got;
}

/* Leave the line, in which `handle` stands.  Under the lock. */
static void withdraw(struct ump__handle *handle)
{
	struct ump__ticket *ticket = handle->claim.ticket;

	(void)ump__room_withdraw(handle->channel->room, ticket);
	(void)call_asker(ticket, UMP_ORIGIN_GONE);
}

void ump__ask_keep(struct ump__handle *handle)
{
	struct ump__room *room = handle->channel->room;

	ump__lock_take(&room->lock);
	ump__hint_set(&handle->claim.asked, UMP__ASKED_AND_GOT);
	ump__lock_give(&room->lock);
}

void ump__ask_end(struct ump__handle *handle)
{
	struct ump__room *room = handle->channel->room;

	if (ump__hint_get(&handle->claim.asked) == UMP__ASKED_NOTHING)
		return;
	/* Whoever calls the asker writes to the handle under this lock, and may be doing so now. */
	ump__lock_take(&room->lock);
	if (handle->claim.ticket != NULL)
		withdraw(handle);
	ump__lock_give(&room->lock);
	if (ump__ask_use(handle))
		ump__room_give(room);
}

/* Stand in line for `ask`'s handle.  false: it stands in line already, or has a place.  Where those
 * who were to be told are gone, it stands in line for nobody, and may ask again. */
static bool stand_in_line(struct ump__ask *ask)
{
	struct ump__handle *handle = ask->handle;
	struct ump__claim *claim = &handle->claim;
	struct ump__room *room = handle->channel->room;
	bool may_ask;

	ump__lock_take(&room->lock);
	if (claim->ticket != NULL &&
		ump__completions_dropped(ask_of_ticket(claim->ticket)->completions))
		withdraw(handle);
	may_ask = ump__hint_get(&claim->asked) == UMP__ASKED_NOTHING ||
		  ump__hint_get(&claim->asked) == UMP__ASKED_AND_LOST;
	if (may_ask) {
		ump__hint_set(&claim->asked, UMP__ASKED_ROOM);
		claim->ticket = &ask->ticket;
		ump__room_ask(room, &ask->ticket);
	}
	ump__lock_give(&room->lock);
	return may_ask;
}

int ump_client_room(ump_client *client, ump_completions *completions, void *tag)
{
	struct ump__handle *handle = (struct ump__handle *)(void *)client;
	struct ump__ask *ask;

	if (client == NULL || completions == NULL)
		return UMP_INVALID;
	UMP__REQUIRE_MARK(handle, UMP__MARK_CLIENT, LIVE);
	ask = ump__alloc(sizeof *ask);
	if (ask == NULL)
		return UMP_NO_MEMORY;
	if (!ump__completions_hold(completions)) {
		ump__free(ask);
		return UMP_OVERFLOW;
	}
	*ask = (struct ump__ask){.ticket.call = call_asker,
		.handle = handle,
		.completions = completions,
		.tag = tag,
		.code = UMP_OK};
	ump__message_init(&ask->message, UMP__KIND_ROOM, NULL);
	if (!handle->channel->bounded) {
		/* There always is room, and none needs to be kept; or no use for any. */
		if (ump__inbox_is_closed(&handle->channel->inbox))
			ask->code = UMP_SERVER_GONE;
		(void)ump__completions_push(completions, &ask->message);
	} else if (!stand_in_line(ask)) {
		ump__completions_release(completions);
		ump__free(ask);
		return UMP_INVALID;
	}
	completions->in_flight++;
	return UMP_OK;
}
