/* SPDX-License-Identifier: 0BSD */
#include "call/watch.h"

#include "core/inbox.h"
#include "sync/debug.h"
#include "sync/tools.h"

/*
 * Guards the lists of all channels.  A channel's word `watches` is EMPTY, the newest watch of its
 * list, or CLOSED; the steps are those of an inbox.  A server without watches ends without the
 * lock.
 */
static struct ump__lock lock = UMP__LOCK_FREE;

_Static_assert(_Alignof(struct ump__watch) >= UMP__INBOX_ALIGN, "addresses are no states");

void ump__watch_forget(void)
{
	ump__lock_init(&lock);
}

/* ---- The list of a channel; with the lock held ---------------------------------------------- */

/* Link a watch, unless the server has ended. */
static bool link_watch(struct ump__channel *channel, struct ump__watch *watch)
{
	uintptr_t seen = ump__watches_word_load(&channel->watches);

	for (;;) {
		struct ump__inbox_push push = ump__inbox_push_step(seen, (uintptr_t)watch);

		if (!push.accepted)
			return false;
		watch->next = (struct ump__watch *)push.link;
		/* Fails only if the server ends, which needs no lock while there is no watch. */
		if (ump__watches_word_link(&channel->watches, &seen, push.next))
			break;
		seen = ump__watches_word_load(&channel->watches);
	}
	watch->channel = channel;
	if (watch->next != NULL)
		watch->next->previous = watch;
	return true;
}

/* Unlink a watch, unless the server has ended and takes it. */
static bool unlink_watch(struct ump__watch *watch)
{
	if (watch->channel == NULL)
		return false;
	if (watch->next != NULL)
		watch->next->previous = watch->previous;
	if (watch->previous != NULL)
		watch->previous->next = watch->next;
	else
		/* A word that shows a watch changes under the lock only. */
		ump__watches_word_unlink(&watch->channel->watches, (uintptr_t)watch->next);
	return true;
}

/* Close a list.  Returns the oldest watch, or NULL. */
static struct ump__watch *take_all(struct ump__channel *channel)
{
	uintptr_t top = ump__watches_word_close(&channel->watches);
	struct ump__watch *watch = (struct ump__watch *)ump__inbox_close_step(top).chain;
	struct ump__watch *oldest = NULL;

	for (; watch != NULL; watch = watch->next) {
		watch->channel = NULL;
		oldest = watch;
	}
	return oldest;
}

/* ---- For the completions ------------------------------------------------------------------- */

static void own(struct ump_completions *completions, struct ump__watch *watch)
{
	watch->owned_previous = NULL;
	watch->owned_next = completions->watches;
	if (watch->owned_next != NULL)
		watch->owned_next->owned_previous = watch;
	completions->watches = watch;
}

static void disown(struct ump_completions *completions, struct ump__watch *watch)
{
	if (watch->owned_next != NULL)
		watch->owned_next->owned_previous = watch->owned_previous;
	if (watch->owned_previous != NULL)
		watch->owned_previous->owned_next = watch->owned_next;
	else
		completions->watches = watch->owned_next;
}

struct ump_completion ump__watch_tell(struct ump_completions *completions, struct ump__watch *watch)
{
	struct ump_completion told = {watch->tag, UMP_OK, NULL};

	disown(completions, watch);
	if (watch->reports) {
		ump__tools_written(&watch->how, sizeof watch->how);
		told.reply = &watch->how;
	}
	return told;
}

void ump__watch_free(struct ump__watch *watch)
{
	ump__free(watch);
}

/* Free a watch, unless its server has ended.  Its neighbours in the list of the completions are not
 * told. */
static bool forget(struct ump_completions *completions, struct ump__watch *watch)
{
	bool unlinked;

	ump__lock_take(&lock);
	unlinked = unlink_watch(watch);
	ump__lock_give(&lock);
	if (unlinked) {
		ump__completions_release(completions);
		ump__watch_free(watch);
	}
	return unlinked;
}

bool ump__watch_cancel(struct ump_completions *completions, struct ump__watch *watch)
{
	disown(completions, watch);
	if (forget(completions, watch))
		return true;
	own(completions, watch);
	return false;
}

void ump__watch_forget_all(struct ump_completions *completions)
{
	struct ump__watch *watch = completions->watches;

	while (watch != NULL) {
		struct ump__watch *next = watch->owned_next;

		/* Otherwise it is pushed to the completions, which are not closed yet. */
		(void)forget(completions, watch);
		watch = next;
	}
	completions->watches = NULL;
}

/* ---- For the server ------------------------------------------------------------------------ */

/* Complete a watch that this thread has taken. */
static void complete(struct ump__watch *watch, const struct ump_flow *how)
{
	if (watch->reports && how != NULL)
		watch->how = *how;
	if (ump__completions_push(watch->completions, &watch->message))
		return;
	/* The owner of the completions, which has closed them, may have written to this watch as a
	 * neighbour of others.  It had the lock for this one since. */
	ump__lock_take(&lock);
	ump__lock_give(&lock);
	ump__watch_free(watch);
}

void ump__watch_end(struct ump__channel *channel, const struct ump_flow *how)
{
	uintptr_t seen = ump__word_peek(&channel->watches);
	struct ump__watch *watch;

	if (seen == UMP__INBOX_CLOSED)
		return;
	ump__tools_release(&channel->watches);
	if (seen == UMP__INBOX_EMPTY && ump__watches_word_end(&channel->watches, &seen))
		return;
	ump__lock_take(&lock);
	watch = take_all(channel);
	ump__lock_give(&lock);
	while (watch != NULL) {
		struct ump__watch *newer = watch->previous;

		complete(watch, how);
		watch = newer;
	}
}

/* ---- For the watcher ----------------------------------------------------------------------- */

int ump__watch_make(struct ump__channel *channel, struct ump_completions *completions, void *tag,
	const struct ump_flow *how)
{
	struct ump__watch *watch;
	bool linked;

	UMP__REQUIRE_OWN(channel);
	watch = ump__alloc(sizeof *watch);
	if (watch == NULL)
		return UMP_NO_MEMORY;
	if (!ump__completions_hold(completions)) {
		ump__free(watch);
		return UMP_OVERFLOW;
	}
	*watch =
		(struct ump__watch){.completions = completions, .tag = tag, .reports = how != NULL};
	ump__message_init(&watch->message, UMP__KIND_WATCH, NULL);
	own(completions, watch);
	completions->in_flight++;
	ump__lock_take(&lock);
	linked = link_watch(channel, watch);
	ump__lock_give(&lock);
	if (!linked) {
		ump__tools_acquire(&channel->watches);
		complete(watch, how);
	}
	return UMP_OK;
}
