/* SPDX-License-Identifier: 0BSD */
#include "server/timers.h"

#include "core/timer.h"
#include "server/dispatch.h"
#include "sync/debug.h"
#include "sync/tools.h"

#include <string.h>

struct ump__timers *ump__timers_new(void)
{
	struct ump__timers *made = ump__alloc(sizeof *made);

	if (made == NULL)
		return NULL;
	memset(made, 0, sizeof *made);
	ump__heap_init(&made->heap);
	return made;
}

void ump__timers_free(struct ump__timers *timers)
{
	if (timers == NULL)
		return;
	ump__heap_free(&timers->heap);
	ump__free(timers);
}

/* Make room for more timers.  UMP_OK or UMP_NO_MEMORY. */
static int grow(struct ump__timers *timers)
{
	void *slots = ump__heap_enlarge(&timers->heap, timers->slots, sizeof *timers->slots);

	if (slots == NULL)
		return UMP_NO_MEMORY;
	timers->slots = slots;
	return UMP_OK;
}

/* Free the slot of a timer that is no longer pending. */
static void forget(struct ump__timers *timers, uint32_t slot)
{
	ump__heap_remove(&timers->heap, slot);
	timers->slots[slot].generation++;
}

int ump__timers_start(
	struct ump__timers *timers, const struct ump__timer *timer, ump_time due, uint64_t *id)
{
	uint32_t slot;

	if (timers->heap.count == timers->heap.room && grow(timers) != UMP_OK)
		return UMP_NO_MEMORY;
	slot = ump__heap_push(&timers->heap, due > 0 ? due : 0);
	timers->slots[slot].timer = *timer;
	*id = ump__heap_number(slot, timers->slots[slot].generation);
	return UMP_OK;
}

bool ump__timers_cancel(struct ump__timers *timers, uint64_t id)
{
	uint32_t slot = ump__heap_slot(id);

	if (!ump__heap_has(&timers->heap, slot) ||
		ump__heap_number(slot, timers->slots[slot].generation) != id)
		return false;
	forget(timers, slot);
	return true;
}

ump_time ump__timers_due(const struct ump__timers *timers)
{
	if (timers->heap.count == 0)
		return UMP_FOREVER;
	return ump__heap_key(&timers->heap, ump__heap_first(&timers->heap));
}

bool ump__timers_take(struct ump__timers *timers, ump_time now)
{
	ump_time due = ump__timers_due(timers);
	struct ump__timer_step step = {due, 1};
	uint32_t slot;

	if (due > now)
		return false;
	slot = ump__heap_first(&timers->heap);
	timers->current = timers->slots[slot].timer;
	if (timers->current.period == 0) {
		forget(timers, slot);
	} else {
		step = ump__timer_next_step(due, timers->current.period, now);
		ump__heap_change(&timers->heap, slot, step.due);
	}
	timers->count = step.count;
	return true;
}

/* ---- For callbacks ------------------------------------------------------------------------- */

/* Return the dispatcher whose callback the calling thread is in, if that may have timers.  UMP_OK,
 * UMP_INVALID or UMP_NO_TIMERS. */
static int dispatcher_of_caller(struct ump__dispatcher **out)
{
	const struct ump__frame *frame = ump__frame_top();

	if (frame == NULL)
		return UMP_INVALID;
	if (frame->channel->combining != NULL || frame->channel->crowd != NULL)
		return UMP_NO_TIMERS;
	*out = ump__dispatcher_of_caller();
	return *out != NULL ? UMP_OK : UMP_INVALID;
}

/* Allocate the timers of a dispatcher that has none yet.  UMP_OK or UMP_NO_MEMORY. */
static int open(struct ump__dispatcher *dispatcher)
{
	struct ump__timers *made = ump__timers_new();

	if (made == NULL)
		return UMP_NO_MEMORY;
	dispatcher->timers = made;
	ump__attention_time(&dispatcher->server->channel->attention);
	return UMP_OK;
}

int ump__timer_begin(struct ump__dispatcher *dispatcher, const struct ump__timer *timer,
	ump_time due, uint64_t *id)
{
	int result = UMP_OK;

	if (ump__stop_is_over(ump__attention_peek(&dispatcher->server->channel->attention)))
		return UMP_SERVER_GONE;
	if (dispatcher->timers == NULL)
		result = open(dispatcher);
	if (result == UMP_OK)
		result = ump__timers_start(dispatcher->timers, timer, due, id);
	if (result == UMP_OK)
		ump__dispatcher_plan(dispatcher);
	return result;
}

bool ump__timer_end(struct ump__dispatcher *dispatcher, uint64_t id)
{
	if (dispatcher->timers == NULL || !ump__timers_cancel(dispatcher->timers, id))
		return false;
	ump__dispatcher_plan(dispatcher);
	return true;
}

int ump_timer_start(ump_due_call *call, void *arg, ump_time due, int64_t period, uint64_t *id)
{
	struct ump__timer timer = {call, arg, period};
	struct ump__dispatcher *dispatcher;
	uint64_t made = 0;
	int result = UMP_INVALID;

	UMP__REQUIRE_INSIDE();
	if (call != NULL && period >= 0)
		result = dispatcher_of_caller(&dispatcher);
	if (result == UMP_OK)
		result = ump__timer_begin(dispatcher, &timer, due, &made);
	if (id != NULL) {
		*id = made;
		ump__tools_written(id, sizeof *id);
	}
	return result;
}

int ump_timer_cancel(uint64_t id)
{
	struct ump__dispatcher *dispatcher;
	int result = dispatcher_of_caller(&dispatcher);

	UMP__REQUIRE_INSIDE();
	if (result != UMP_OK)
		return result;
	return ump__timer_end(dispatcher, id) ? UMP_OK : UMP_EMPTY;
}
