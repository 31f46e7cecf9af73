/* SPDX-License-Identifier: 0BSD */
#include "holders.h"

#include "ump_server.h"

#include <stdio.h>

#ifdef UMP_HOLDERS

#include "handle.h"
#include "places.h"

#include <inttypes.h>

/* Guards the list.  Whoever is in it has its reference, so channels can be looked at through it. */
static struct ump__lock lock = UMP__LOCK_FREE;
static struct ump__handle *holders;

/* Where the next client will be made, by this thread. */
static _Thread_local const char *here_file;
static _Thread_local int here_line;

void ump_here(const char *file, int line)
{
	here_file = file;
	here_line = line;
}

void ump__holder_add(struct ump__handle *handle)
{
	handle->holder = (struct ump__holder){.file = here_file, .line = here_line};
	here_file = NULL;
	ump__lock_take(&lock);
	handle->holder.next = holders;
	if (holders != NULL)
		holders->holder.previous = handle;
	holders = handle;
	ump__lock_give(&lock);
}

void ump__holder_remove(struct ump__handle *handle)
{
	const struct ump__holder *holder = &handle->holder;

	ump__lock_take(&lock);
	if (holder->previous != NULL)
		holder->previous->holder.next = holder->next;
	else
		holders = holder->next;
	if (holder->next != NULL)
		holder->next->holder.previous = holder->previous;
	ump__lock_give(&lock);
}

static const char *state_of(const struct ump__channel *channel)
{
	uintptr_t inbox = ump__word_peek(&channel->inbox);

	if (ump__inbox_is_node(inbox))
		return "has messages in its inbox";
	if (inbox == UMP__INBOX_CLOSED)
		return "has ended";
	return inbox == UMP__INBOX_PARKED ? "sleeps" : "has an empty inbox";
}

static void write_server(const struct ump__channel *channel, FILE *file)
{
	const ump_server *server = &channel->server;
	uint64_t counts = ump__counts_load(&channel->counts);

	fprintf(file,
		"server %p %s%s: %" PRIu64 " handled, %" PRIu64 " skipped, %" PRIu64
		" failed, %" PRIu64 " kept",
		(const void *)channel, state_of(channel),
		ump__hint_get(&server->busy) != 0 ? ", is at work" : "",
		ump__count_get(&server->handled), ump__count_get(&server->skipped),
		ump__count_get(&channel->failed), ump__count_get(&channel->kept));
	if (channel->bounded)
		fprintf(file, ", %" PRIu32 " of %" PRIu32 " queued",
			ump__places_depth(&channel->room->places), channel->room->places.capacity);
	fprintf(file, "; %" PRIu32 " strong clients, %" PRIu32 " other references\n",
		ump__counts_strong(counts), ump__counts_weak(counts));
}

static void write_holder(const struct ump__handle *handle, FILE *file)
{
	const char *kind = handle->mark == UMP__MARK_CLIENT ? "client" : "post client";

	if (handle->holder.file != NULL)
		fprintf(file, "  %s %p from %s:%d\n", kind, (const void *)handle,
			handle->holder.file, handle->holder.line);
	else
		fprintf(file, "  %s %p\n", kind, (const void *)handle);
}

/* Whether no other client of the same server comes before `handle` in the list. */
static bool is_first(const struct ump__handle *handle)
{
	const struct ump__handle *other = handle->holder.previous;

	while (other != NULL && other->channel != handle->channel)
		other = other->holder.previous;
	return other == NULL;
}

void ump_server_dump(FILE *file)
{
	ump__lock_take(&lock);
	if (holders == NULL)
		fprintf(file, "no server has a client\n");
	for (const struct ump__handle *first = holders; first != NULL; first = first->holder.next) {
		if (!is_first(first))
			continue;
		write_server(first->channel, file);
		for (const struct ump__handle *handle = first; handle != NULL;
			handle = handle->holder.next) {
			if (handle->channel == first->channel)
				write_holder(handle, file);
		}
	}
	ump__lock_give(&lock);
}

#else

void ump_here(const char *file, int line)
{
	(void)file;
	(void)line;
}

void ump_server_dump(FILE *file)
{
	fprintf(file, "this library was built without UMP_HOLDERS: it does not know its clients\n");
}

#endif
