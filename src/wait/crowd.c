/* SPDX-License-Identifier: 0BSD */
#include "wait/crowd.h"

#include "channel/channel.h"
#include "channel/references.h"

/* The most waits that one walk follows; beyond them it finds no cycle. */
#define ITEMS 128

/* What a wait depends on: its server, with a reference, and the state of the answer. */
struct item {
	struct ump__channel *server;
	const struct ump__word *state;
	/* All workers of that server were visited for it. */
	bool all;
};

/* One walk, which visits all that can be reached. */
struct search {
	const struct ump__wait *from;
	/* The state of an answer that must be among those waited for, or NULL; and whether it
	 * is. */
	const struct ump__word *through;
	bool met;
	struct ump__count *marks;
	/* A mark that was drawn before this round, or 0. */
	uint64_t before;
	/* No handler that can proceed was found. */
	bool stuck;
	/* The waiter was reached. */
	bool back;
	/* Each edge existed when `before` was drawn. */
	bool stable;
	size_t count;
	struct item items[ITEMS];
};

bool ump__crowd_has_begun(const struct ump__channel *channel)
{
	bool begun;

	if (channel->crowd == NULL)
		return false;
	ump__lock_take(&channel->crowd->lock);
	begun = channel->crowd->begun;
	ump__lock_give(&channel->crowd->lock);
	return begun;
}

bool ump__crowd_put(const struct ump__frame *frame, struct ump__wait *wait)
{
	struct ump__crowd *crowd = frame->channel->crowd;
	bool found = false;

	ump__lock_take(&crowd->lock);
	for (uint32_t i = 0; i < crowd->count && crowd->begun && !found; i++) {
		struct ump__slot *slot = &crowd->slots[i];

		if (slot->frame != frame)
			continue;
		slot->wait = wait;
		slot->mark = 0;
		found = true;
	}
	ump__lock_give(&crowd->lock);
	return found;
}

/* Add what a wait depends on, unless it was added before. */
static void add(struct search *search, struct ump__channel *server, const struct ump__word *state)
{
	for (size_t i = 0; i < search->count; i++) {
		const struct item *one = &search->items[i];

		if (one->server == server && (server->crowd == NULL || one->state == state))
			return;
	}
	if (search->count == ITEMS || !ump__weak_add(&server->counts)) {
		search->stuck = false;
		return;
	}
	search->items[search->count++] = (struct item){server, state, false};
}

/* Visit an edge, with the lock held that guards it.  `done`: a server whose workers are all being
 * visited, or NULL. */
static void visit(struct search *search, const struct ump__wait *edge, uint64_t *mark,
	const struct ump__channel *done)
{
	if (edge == NULL || !ump__wait_is_pending(edge)) {
		search->stuck = false;
		return;
	}
	if (*mark == 0)
		*mark = ump__marks_next(search->marks);
	if (*mark >= search->before)
		search->stable = false;
	if (edge->state == search->through)
		search->met = true;
	if (edge == search->from)
		search->back = true;
	else if (edge->server != done)
		add(search, edge->server, edge->state);
}

/* Return the only worker that can end the wait for the answer of `state`, or NULL if any can.  With
 * the lock held. */
static struct ump__slot *only_worker(struct ump__crowd *crowd, const struct ump__word *state)
{
	uintptr_t request = (uintptr_t)state - crowd->to_state;

	for (uint32_t i = 0; i < crowd->count; i++) {
		struct ump__slot *slot = &crowd->slots[i];

		/* A blocked handler does not change where its context lies. */
		if (slot->wait != NULL && slot->at_hand != NULL &&
			(uintptr_t)*slot->at_hand == request)
			return slot;
		for (const struct ump__node *node = slot->own.head; node != NULL; node = node->next)
			if ((uintptr_t)node == request)
				return slot;
	}
	return NULL;
}

/* Return whether all workers of the server of `item` were visited for an earlier one. */
static bool was_visited(const struct search *search, const struct item *item)
{
	for (const struct item *one = search->items; one < item; one++) {
		if (one->server == item->server && one->all)
			return true;
	}
	return false;
}

/* Visit the workers on which `item` depends.  Returns false if they take no messages yet. */
static bool visit_workers(struct search *search, struct item *item)
{
	struct ump__crowd *crowd = item->server->crowd;
	struct ump__slot *only;
	bool begun;

	ump__lock_take(&crowd->lock);
	begun = crowd->begun;
	only = only_worker(crowd, item->state);
	if (begun && only != NULL) {
		visit(search, only->wait, &only->mark, NULL);
	} else if (begun && !was_visited(search, item)) {
		item->all = true;
		for (uint32_t i = 0; i < crowd->count; i++)
			visit(search, crowd->slots[i].wait, &crowd->slots[i].mark, item->server);
	}
	ump__lock_give(&crowd->lock);
	return begun;
}

/* One round. */
static void visit_all(struct search *search)
{
	search->stuck = true;
	search->back = false;
	search->met = search->through == NULL;
	search->stable = true;
	for (size_t i = 0; i < search->count && search->stuck; i++) {
		struct item *item = &search->items[i];
		struct ump__vertex *vertex = &item->server->vertex;

		if (item->server->crowd != NULL && visit_workers(search, item))
			continue;
		ump__lock_take(&vertex->lock);
		visit(search, vertex->wait, &vertex->mark, NULL);
		ump__lock_give(&vertex->lock);
	}
}

bool ump__crowd_closes(struct ump__channel *server, const struct ump__word *state,
	const struct ump__wait *wait, const struct ump__word *through, struct ump__count *marks)
{
	struct search search = {.from = wait, .through = through, .marks = marks, .before = 0};
	bool again;

	/* An edge whose mark is older than `before` existed when that was drawn, and still does.
	 * Its answer was not there: what any of the others did before it began to wait was seen in
	 * the round before. */
	do {
		search.count = 0;
		add(&search, server, state);
		visit_all(&search);
		again = search.stuck && search.back && search.met && !search.stable;
		while (search.count != 0)
			ump__channel_drop_weak(search.items[--search.count].server);
		if (again)
			search.before = ump__marks_next(marks);
	} while (again);
	return search.stuck && search.back && search.met;
}
