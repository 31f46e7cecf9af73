/* SPDX-License-Identifier: 0BSD */
#include "call/cancellables.h"

#include "channel/inbox.h"
#include "channel/notifier.h"
#include "channel/references.h"
#include "sync/tools.h"
#include "wait/deadline.h"

_Static_assert(offsetof(struct ump__cancellables, front) == 0, "they are freed by their front");

/* ---- For the owner ------------------------------------------------------------------------- */

/* Make what a queue has for such requests.  UMP_OK, UMP_NO_MEMORY or UMP_OVERFLOW. */
static int cancellables_make(ump_completions *completions)
{
	struct ump__cancellables *all = ump__alloc_line(sizeof *all);

	if (all == NULL)
		return UMP_NO_MEMORY;
	/* The front raises the notifier of what is behind it, as long as it exists. */
	if (!ump__completions_hold(completions)) {
		ump__free(all);
		return UMP_OVERFLOW;
	}
	ump__completions_init(&all->front);
	ump__word_init(&all->front.inbox, UMP__INBOX_CLOSED);
	all->front.behind = completions;
	ump__heap_init(&all->heap);
	all->slots = NULL;
	all->cancelled = 0;
	completions->cancellables = all;
	return UMP_OK;
}

/* Make room for more requests.  Returns false if there is no memory. */
static bool grow(struct ump__cancellables *all)
{
	void *slots = ump__heap_enlarge(&all->heap, all->slots, sizeof *all->slots);

	if (slots != NULL)
		all->slots = slots;
	return slots != NULL;
}

int ump__cancellable_open(ump_completions *completions, ump_time deadline, uint32_t *slot)
{
	struct ump__cancellables *all;
	int result = UMP_OK;

	if (completions->cancellables == NULL)
		result = cancellables_make(completions);
	if (result != UMP_OK)
		return result;
	all = completions->cancellables;
	if (all->heap.count == all->heap.room && !grow(all))
		return UMP_NO_MEMORY;
	if (!ump__completions_hold(&all->front))
		return UMP_OVERFLOW;
	*slot = ump__heap_push(&all->heap, deadline);
	return UMP_OK;
}

/* Free a slot; its numbers must not come again.  A slot whose generations are used up stays in the
 * heap for good. */
static void slot_free(struct ump__cancellables *all, uint32_t slot)
{
	all->slots[slot].request = NULL;
	if (++all->slots[slot].generation == 0)
		ump__heap_change(&all->heap, slot, UMP_FOREVER);
	else
		ump__heap_remove(&all->heap, slot);
}

void ump__cancellable_undo(struct ump__cancellables *all, uint32_t slot)
{
	slot_free(all, slot);
	ump__completions_release(&all->front);
}

void ump__cancellable_set(struct ump__cancellables *all, uint32_t slot,
	struct ump__request *request, void *tag, ump_time deadline)
{
	all->slots[slot].request = request;
	all->slots[slot].tag = tag;
	request->completions = &all->front;
	request->deadline = deadline;
	request->slot = slot;
}

uint64_t ump__cancellable_id(const struct ump__cancellables *all, uint32_t slot)
{
	return ump__heap_number(slot, all->slots[slot].generation);
}

void *ump__cancellable_take(struct ump__cancellables *all, const struct ump__request *request)
{
	void *tag = all->slots[request->slot].tag;

	slot_free(all, request->slot);
	return tag;
}

/* Whether the next call of ump__cancellables_next finds a request that was cancelled. */
static bool has_cancelled(const struct ump__heap *heap)
{
	return heap->count != 0 && ump__heap_key(heap, ump__heap_first(heap)) < UMP_NOW;
}

bool ump__cancellables_next(struct ump__cancellables *all, struct ump_completion *told)
{
	struct ump__heap *heap = &all->heap;

	while (heap->count != 0) {
		uint32_t slot = ump__heap_first(heap);
		struct ump__cancellable *first = &all->slots[slot];
		bool cancelled = has_cancelled(heap);

		if (!ump__is_over(ump__heap_key(heap, slot)))
			return false;
		if (cancelled || !ump__answer_abandon(&first->request->answer)) {
			*told = (struct ump_completion){
				first->tag, cancelled ? UMP_CANCELLED : UMP_TIMED_OUT, NULL};
			slot_free(all, slot);
			return true;
		}
		/* The answer is in the queue, or about to be. */
		ump__heap_change(heap, slot, UMP_FOREVER);
	}
	return false;
}

ump_time ump__cancellables_due(const struct ump__cancellables *all)
{
	if (all == NULL || all->heap.count == 0)
		return UMP_FOREVER;
	return has_cancelled(&all->heap) ? UMP_NOW
					 : ump__heap_key(&all->heap, ump__heap_first(&all->heap));
}

void ump__cancellables_drop(struct ump__cancellables *all)
{
	ump__heap_free(&all->heap);
	ump__completions_drop_counts(&all->front);
}

int ump_completions_cancel(ump_completions *completions, uint64_t id)
{
	struct ump__cancellables *all;
	uint32_t slot = ump__heap_slot(id);
	struct ump__cancellable *found;
	bool first;

	if (completions == NULL)
		return UMP_INVALID;
	ump__tools_owned(completions, sizeof *completions);
	all = completions->cancellables;
	if (all == NULL || !ump__heap_has(&all->heap, slot))
		return UMP_EMPTY;
	found = &all->slots[slot];
	if (found->request == NULL || ump__cancellable_id(all, slot) != id ||
		ump__answer_abandon(&found->request->answer))
		return UMP_EMPTY;
	found->request = NULL;
	first = !has_cancelled(&all->heap);
	ump__heap_change(&all->heap, slot, INT64_MIN + all->cancelled++);
	/* The event loop finds the completion as it finds an answer. */
	if (first)
		ump__notifier_raise(&completions->notifier);
	return UMP_OK;
}

ump_time ump_completions_due(const ump_completions *completions)
{
	if (completions == NULL)
		return UMP_FOREVER;
	ump__tools_owned(completions, sizeof *completions);
	return ump__cancellables_due(completions->cancellables);
}

/* ---- For answerers ------------------------------------------------------------------------- */

/* Return whether the owner is gone.  Then its last access to any request was before, and answerers
 * may free theirs. */
static bool is_dropped(const struct ump_completions *behind)
{
	return ump__inbox_word_load(&behind->inbox) == UMP__INBOX_CLOSED;
}

bool ump__cancellable_answer(struct ump_completions *front, struct ump__request *request)
{
	struct ump_completions *behind = front->behind;

	/* The owner does not free a request that it finds answered, but waits for it in its inbox.
	 */
	if (ump__answer_publish(&request->answer, request->answer.code, NULL))
		return false;
	if (ump__inbox_push(&behind->inbox, &request->message.node, &behind->notifier))
		return true;
	/* It is; this orders the owner's accesses before what the caller does. */
	return !is_dropped(behind);
}

bool ump__cancellable_is_wanted(const struct ump__request *request)
{
	const struct ump_completions *behind = request->completions->behind;

	return behind != NULL && !is_dropped(behind) && !ump__answer_is_abandoned(&request->answer);
}
