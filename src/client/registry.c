/* SPDX-License-Identifier: 0BSD */
#include "client/registry.h"

#include "sync/cancel.h"
#include "ump_server.h"

#include <stdio.h>

#ifdef UMP_REGISTRY

#include "channel/permits.h"
#include "client/handle.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

/* ---- The list ------------------------------------------------------------------------------ */

/* Guards the list.  Each handle in it has its reference, so channels may be accessed through it. */
static struct ump__lock lock = UMP__LOCK_FREE;
static struct ump__handle *registrations;

/* Copy of the source location of the next client that this thread makes; "" if there is none.  It
 * must be a copy: the string may belong to a plugin that is unloaded before that. */
static _Thread_local char here_file[UMP__SOURCE_SIZE];
static _Thread_local int here_line;

void ump_here(const char *file, int line)
{
	size_t length = file != NULL ? strlen(file) : 0;

	here_line = line;
	here_file[0] = '\0';
	if (length == 0)
		return;
	/* The end of a path says more than its beginning. */
	if (length >= sizeof here_file) {
		file += length - (sizeof here_file - 1);
		length = sizeof here_file - 1;
	}
	memcpy(here_file, file, length + 1);
}

size_t ump__registry_extra(void)
{
	return strlen(here_file) + 1;
}

void ump__registry_add(struct ump__handle *handle)
{
	char *file = (char *)(handle + 1);

	memcpy(file, here_file, strlen(here_file) + 1);
	here_file[0] = '\0';
	handle->registration = (struct ump__registration){.file = file, .line = here_line};
	ump__lock_take(&lock);
	handle->registration.next = registrations;
	if (registrations != NULL)
		registrations->registration.previous = handle;
	registrations = handle;
	ump__lock_give(&lock);
}

void ump__registry_remove(struct ump__handle *handle)
{
	const struct ump__registration *registration = &handle->registration;

	ump__lock_take(&lock);
	if (registration->previous != NULL)
		registration->previous->registration.next = registration->next;
	else
		registrations = registration->next;
	if (registration->next != NULL)
		registration->next->registration.previous = registration->previous;
	ump__lock_give(&lock);
}

void ump__registry_forget(void)
{
	ump__lock_init(&lock);
	registrations = NULL;
	here_file[0] = '\0';
}

/* ---- Taking a snapshot --------------------------------------------------------------------- */

/* Snapshot of one strong client and its server. */
struct sight {
	/* Addresses, which are printed and never followed. */
	const void *server;
	const void *client;
	const char *kind;
	/* Position in the list. */
	size_t position;
	/* Source location, in the text of the snapshot; of length 0 if unknown. */
	const char *file;
	int line;
	const char *state;
	const char *busy;
	uint64_t handled;
	uint64_t skipped;
	uint64_t failed;
	uint64_t kept;
	uint32_t depth;
	/* 0 if the inbox is not bounded. */
	uint32_t capacity;
	uint32_t strong;
	uint32_t weak;
};

struct snapshot {
	/* One allocation: the sights, followed by the text of their source locations. */
	struct sight *sights;
	size_t count;
	size_t text;
};

static const char *state_of(const struct ump__channel *channel)
{
	uintptr_t inbox = ump__word_peek(&channel->inbox);

	if (ump__inbox_is_node(inbox))
		return "has messages in its inbox";
	if (inbox == UMP__INBOX_CLOSED)
		return "has ended";
	return inbox == UMP__INBOX_PARKED ? "sleeps" : "has an empty inbox";
}

static struct sight sight_of(const struct ump__handle *handle, size_t position, const char *file)
{
	const struct ump__channel *channel = handle->channel;
	const ump_server *server = &channel->server;
	uint64_t counts = ump__counts_load(&channel->counts);
	bool bounded = channel->bounded;

	return (struct sight){.server = channel,
		.client = handle,
		.kind = handle->mark == UMP__MARK_CLIENT ? "client" : "post client",
		.position = position,
		.file = file,
		.line = handle->registration.line,
		.state = state_of(channel),
		.busy = ump__hint_get(&server->busy) != 0 ? ", is at work" : "",
		.handled = ump__count_get(&server->handled),
		.skipped = ump__count_get(&server->skipped),
		.failed = ump__count_get(&channel->failed),
		.kept = ump__count_get(&channel->kept),
		.depth = bounded ? ump__permits_depth(&channel->semaphore->permits) : 0,
		.capacity = bounded ? channel->semaphore->permits.capacity : 0,
		.strong = ump__counts_strong(counts),
		.weak = ump__counts_weak(counts)};
}

/* Compute the size of a snapshot.  The caller must hold the lock. */
static void measure_all(struct snapshot *snapshot)
{
	snapshot->count = 0;
	snapshot->text = 0;
	for (const struct ump__handle *at = registrations; at != NULL; at = at->registration.next) {
		snapshot->count++;
		snapshot->text += strlen(at->registration.file) + 1;
	}
}

/* Copy everything into sufficient memory.  The caller must hold the lock. */
static void copy_all(struct snapshot *snapshot)
{
	char *text = (char *)(snapshot->sights + snapshot->count);
	size_t position = 0;

	for (const struct ump__handle *at = registrations; at != NULL; at = at->registration.next) {
		size_t length = strlen(at->registration.file) + 1;

		memcpy(text, at->registration.file, length);
		snapshot->sights[position] = sight_of(at, position, text);
		text += length;
		position++;
	}
}

/* Take a snapshot.  UMP_OK, and the caller must free `sights`; or UMP_NO_MEMORY.  The lock is not
 * held during an allocation; clients added meanwhile need more memory. */
static int look(struct snapshot *snapshot)
{
	size_t bytes = 0;

	snapshot->sights = NULL;
	for (;;) {
		size_t needed;
		bool fits;

		ump__lock_take(&lock);
		measure_all(snapshot);
		needed = snapshot->count * sizeof *snapshot->sights + snapshot->text;
		fits = snapshot->sights != NULL && needed <= bytes;
		if (fits)
			copy_all(snapshot);
		ump__lock_give(&lock);
		if (fits || snapshot->count == 0)
			return UMP_OK;
		ump__free(snapshot->sights);
		bytes = needed + needed / 2;
		snapshot->sights = ump__alloc(bytes);
		if (snapshot->sights == NULL)
			return UMP_NO_MEMORY;
	}
}

/* ---- Writing it ---------------------------------------------------------------------------- */

/* Order sights by server; those of one server keep the order of the list. */
static int compare(const void *left, const void *right)
{
	const struct sight *a = left;
	const struct sight *b = right;

	if (a->server != b->server)
		return (uintptr_t)a->server < (uintptr_t)b->server ? -1 : 1;
	return a->position < b->position ? -1 : 1;
}

/* Return whether the output was written. */
static bool write_server(const struct sight *sight, FILE *file)
{
	if (fprintf(file,
		    "server %p %s%s: %" PRIu64 " handled, %" PRIu64 " skipped, %" PRIu64
		    " failed, %" PRIu64 " kept",
		    sight->server, sight->state, sight->busy, sight->handled, sight->skipped,
		    sight->failed, sight->kept) < 0)
		return false;
	if (sight->capacity != 0 && fprintf(file, ", %" PRIu32 " of %" PRIu32 " queued",
					    sight->depth, sight->capacity) < 0)
		return false;
	return fprintf(file, "; %" PRIu32 " strong clients, %" PRIu32 " other references\n",
		       sight->strong, sight->weak) >= 0;
}

static bool write_registration(const struct sight *sight, FILE *file)
{
	if (sight->file[0] != '\0')
		return fprintf(file, "  %s %p from %s:%d\n", sight->kind, sight->client,
			       sight->file, sight->line) >= 0;
	return fprintf(file, "  %s %p\n", sight->kind, sight->client) >= 0;
}

static bool write_all(const struct snapshot *snapshot, FILE *file)
{
	const struct sight *sights = snapshot->sights;

	if (snapshot->count == 0 && fprintf(file, "no server has a client\n") < 0)
		return false;
	for (size_t i = 0; i < snapshot->count; i++) {
		bool first = i == 0 || sights[i].server != sights[i - 1].server;

		if (first && !write_server(&sights[i], file))
			return false;
		if (!write_registration(&sights[i], file))
			return false;
	}
	return true;
}

/* UMP_OK, UMP_NO_MEMORY or UMP_NOT_WRITTEN.  No lock of the library is held while this writes. */
static int dump(FILE *file)
{
	struct snapshot snapshot;
	int result = look(&snapshot);

	if (result != UMP_OK)
		return result;
	if (snapshot.count != 0)
		qsort(snapshot.sights, snapshot.count, sizeof *snapshot.sights, compare);
	if (!write_all(&snapshot, file))
		result = UMP_NOT_WRITTEN;
	ump__free(snapshot.sights);
	return result;
}

#else

void ump_here(const char *file, int line)
{
	(void)file;
	(void)line;
}

static int dump(FILE *file)
{
	int written = fprintf(file,
		"this library was built without UMP_REGISTRY: it does not know its clients\n");

	return written >= 0 ? UMP_OK : UMP_NOT_WRITTEN;
}

#endif

int ump_server_dump(FILE *file)
{
	int cancel;
	int result;

	if (file == NULL)
		return UMP_INVALID;
	/* Writing is a cancellation point, at which the file would stay locked. */
	cancel = ump__cancel_off();
	/* Dumps of several threads to one file must not interleave. */
	flockfile(file);
	result = dump(file);
	if (result == UMP_OK && fflush(file) != 0)
		result = UMP_NOT_WRITTEN;
	funlockfile(file);
	ump__cancel_restore(cancel);
	return result;
}
