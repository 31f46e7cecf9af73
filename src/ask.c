/* SPDX-License-Identifier: 0BSD */
#include "ask.h"

#include "inbox.h"

#define LIVE "a client was used after it was dropped, or is none"

static struct ump__ask *ask_of_ticket(struct ump__ticket *ticket)
{
	return (struct ump__ask *)(void *)((char *)ticket - offsetof(struct ump__ask, ticket));
}

/* Under the lock of the room, while the handle is there.  false: nobody is left to be told, and
 * the place is not wanted. */
static bool call_asker(struct ump__ticket *ticket, int code)
{
	struct ump__ask *ask = ask_of_ticket(ticket);
	struct ump__handle *handle = ask->handle;
	bool told;

	ask->code = code;
	handle->claim.ticket = NULL;
	ump__hint_set(
		&handle->claim.asked, code == UMP_OK ? UMP__ASKED_AND_GOT : UMP__ASKED_NOTHING);
	told = ump__completions_push(ask->completions, &ask->message);
	if (told)
		return true;
	ump__hint_set(&handle->claim.asked, UMP__ASKED_NOTHING);
	ump__free(ask);
	return false;
}

bool ump__ask_use(struct ump__handle *handle)
{
	struct ump__room *room = &handle->channel->room;
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

void ump__ask_keep(struct ump__handle *handle)
{
	struct ump__room *room = &handle->channel->room;

	ump__lock_take(&room->lock);
	ump__hint_set(&handle->claim.asked, UMP__ASKED_AND_GOT);
	ump__lock_give(&room->lock);
}

void ump__ask_end(struct ump__handle *handle)
{
	struct ump__room *room = &handle->channel->room;

	/* Also if nothing is asked for any more: who called may not be through with the handle. */
	if (!handle->claim.used)
		return;
	ump__lock_take(&room->lock);
	if (handle->claim.ticket != NULL) {
		struct ump__ticket *ticket = handle->claim.ticket;

		(void)ump__room_withdraw(room, ticket);
		(void)call_asker(ticket, UMP_ORIGIN_GONE);
	}
	ump__lock_give(&room->lock);
	if (ump__ask_use(handle))
		ump__room_give(room);
}

int ump_client_room(ump_client *client, ump_completions *completions, void *tag)
{
	struct ump__handle *handle = (struct ump__handle *)(void *)client;
	struct ump__room *room;
	struct ump__ask *ask;

	if (client == NULL || completions == NULL)
		return UMP_INVALID;
	UMP__REQUIRE_MARK(handle, UMP__MARK_CLIENT, LIVE);
	room = &handle->channel->room;
	if (ump__hint_get(&handle->claim.asked) != UMP__ASKED_NOTHING)
		return UMP_INVALID;
	ask = ump__alloc(sizeof *ask);
	if (ask == NULL)
		return UMP_NO_MEMORY;
	if (!ump__completions_hold(completions)) {
		ump__free(ask);
		return UMP_OVERFLOW;
	}
	*ask = (struct ump__ask){.message.kind = UMP__KIND_ROOM,
		.ticket.call = call_asker,
		.handle = handle,
		.completions = completions,
		.tag = tag,
		.code = UMP_OK};
	completions->in_flight++;
	if (room->capacity == 0) {
		/* There always is room, and none needs to be kept; or no use for any. */
		if (ump__inbox_is_closed(&handle->channel->inbox))
			ask->code = UMP_SERVER_GONE;
		(void)ump__completions_push(completions, &ask->message);
		return UMP_OK;
	}
	ump__room_ask(room, &handle->claim, &ask->ticket);
	return UMP_OK;
}
