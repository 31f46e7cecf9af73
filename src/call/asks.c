/* SPDX-License-Identifier: 0BSD */
#include "call/asks.h"

#include "channel/references.h"
#include "sync/tools.h"

#include <assert.h>

_Static_assert(offsetof(struct ump__asks, front) == 0, "they are freed by their front");

/* ---- All of a server ------------------------------------------------------------------------ */

int ump__asks_new(struct ump__channel *asker, struct ump__asks **out)
{
	struct ump__asks *asks = ump__alloc_line(sizeof *asks);

	if (asks == NULL)
		return UMP_NO_MEMORY;
	/* Answers are pushed into the inbox as long as the front exists. */
	if (!ump__weak_add(&asker->counts)) {
		ump__free(asks);
		return UMP_OVERFLOW;
	}
	ump__completions_init(&asks->front);
	ump__word_init(&asks->front.inbox, UMP__INBOX_CLOSED);
	asks->front.asker = asker;
	ump__heap_init(&asks->heap);
	asks->slots = NULL;
	asks->asked = 0;
	asks->in_flight = 0;
	asks->drained = false;
	*out = asks;
	return UMP_OK;
}

/* Free a slot; its numbers must not come again soon. */
static void slot_free(struct ump__asks *asks, uint32_t slot)
{
	asks->slots[slot].generation++;
	ump__heap_remove(&asks->heap, slot);
}

/* A request has ended: free its slot. */
static void end_request(struct ump__asks *asks, uint32_t slot)
{
	assert(asks->in_flight != 0);
	asks->in_flight--;
	slot_free(asks, slot);
}

void ump__asks_close(struct ump__asks *asks)
{
	for (uint32_t slot = 0; slot < asks->heap.room; slot++) {
		struct ump__ask *ask = &asks->slots[slot];

		if (!ump__heap_has(&asks->heap, slot))
			continue;
		/* If it is answered, its message is in the inbox, or will be refused there. */
		if (ask->request != NULL)
			(void)ump__answer_abandon(&ask->request->answer);
		ask->request = NULL;
		if (ask->watch != NULL)
			slot_free(asks, slot);
		else if (ask->call == NULL)
			end_request(asks, slot);
	}
	ump__watch_forget_all(&asks->front);
}

bool ump__asks_next(struct ump__asks *asks, struct ump__answered *out)
{
	uint32_t slot;

	if (asks->heap.count == 0)
		return false;
	slot = ump__heap_first(&asks->heap);
	*out = (struct ump__answered){
		asks->slots[slot].call, asks->slots[slot].arg, UMP_CANCELLED, NULL, 0};
	end_request(asks, slot);
	return true;
}

void ump__asks_free(struct ump__asks *asks)
{
	ump__heap_free(&asks->heap);
	ump__completions_drop_counts(&asks->front);
}

/* ---- One request or watch ------------------------------------------------------------------ */

/* Make room for more.  Returns false if there is no memory. */
static bool grow(struct ump__asks *asks)
{
	void *slots = ump__heap_enlarge(&asks->heap, asks->slots, sizeof *asks->slots);

	if (slots != NULL)
		asks->slots = slots;
	return slots != NULL;
}

int ump__ask_open(struct ump__asks *asks, ump_answer_call *call, void *arg, uint32_t *slot)
{
	struct ump__ask *ask;

	if (asks->heap.count == asks->heap.room && !grow(asks))
		return UMP_NO_MEMORY;
	*slot = ump__heap_push(&asks->heap, asks->asked++);
	ask = &asks->slots[*slot];
	ask->request = NULL;
	ask->watch = NULL;
	ask->call = call;
	ask->arg = arg;
	ask->timer = 0;
	return UMP_OK;
}

void ump__ask_undo(struct ump__asks *asks, uint32_t slot)
{
	slot_free(asks, slot);
}

int ump__ask_set(
	struct ump__asks *asks, uint32_t slot, struct ump__request *request, ump_time deadline)
{
	if (!ump__completions_hold(&asks->front))
		return UMP_OVERFLOW;
	asks->slots[slot].request = request;
	request->completions = &asks->front;
	request->deadline = deadline;
	request->slot = slot;
	asks->in_flight++;
	return UMP_OK;
}

void ump__ask_unset(struct ump__asks *asks, uint32_t slot)
{
	asks->slots[slot].request = NULL;
	asks->in_flight--;
	ump__completions_release(&asks->front);
}

int ump__ask_watch(struct ump__asks *asks, uint32_t slot, struct ump__channel *channel)
{
	int result = ump__watch_make(channel, &asks->front, (void *)(uintptr_t)slot, NULL);

	/* If the server has ended already, its message is in the inbox, which is open. */
	if (result == UMP_OK)
		asks->slots[slot].watch = asks->front.watches;
	return result;
}

uint64_t ump__ask_id(const struct ump__asks *asks, uint32_t slot)
{
	return ump__heap_number(slot, asks->slots[slot].generation);
}

/* Give up one that is not cancelled.  Returns false if its message comes; else its slot is free. */
static bool give_up(struct ump__asks *asks, uint32_t slot)
{
	struct ump__ask *ask = &asks->slots[slot];

	if (ask->watch != NULL) {
		if (!ump__watch_cancel(&asks->front, ask->watch))
			return false;
		asks->front.in_flight--;
		slot_free(asks, slot);
		return true;
	}
	/* After the end of the loop, all were given up. */
	if (ask->request != NULL && ump__answer_abandon(&ask->request->answer))
		return false;
	end_request(asks, slot);
	return true;
}

bool ump__ask_cancel(struct ump__asks *asks, uint64_t id, uint64_t *timer)
{
	uint32_t slot = ump__heap_slot(id);

	if (!ump__heap_has(&asks->heap, slot) || ump__ask_id(asks, slot) != id ||
		asks->slots[slot].call == NULL)
		return false;
	*timer = asks->slots[slot].timer;
	if (!give_up(asks, slot))
		asks->slots[slot].call = NULL;
	return true;
}

bool ump__ask_expire(struct ump__asks *asks, uint32_t slot)
{
	const struct ump__ask *ask = &asks->slots[slot];
	struct ump__answered late = {ask->call, ask->arg, UMP_TIMED_OUT, NULL, 0};

	if (!give_up(asks, slot))
		return false;
	asks->late = late;
	return true;
}

/* Return whether a message in the asker's inbox is a watch. */
static bool is_watch(const struct ump__message *message)
{
	return ump__home_of(message) == message;
}

static uint32_t slot_of(struct ump__message *message)
{
	return is_watch(message) ? (uint32_t)(uintptr_t)ump__watch_of(message)->tag
				 : ump__request_of(message)->slot;
}

struct ump__answered ump__ask_take(struct ump__asks *asks, struct ump__message *message)
{
	uint32_t slot = slot_of(message);
	const struct ump__ask *ask = &asks->slots[slot];
	struct ump__answered told = {ask->call, ask->arg, UMP_OK, NULL, ask->timer};
	const struct ump__request *request;

	ump__tools_acquire(message);
	if (is_watch(message)) {
		(void)ump__watch_tell(&asks->front, ump__watch_of(message));
		asks->front.in_flight--;
		slot_free(asks, slot);
		return told;
	}
	request = ump__request_of(message);
	told.result = request->answer.code;
	if (told.result == UMP_OK && request->reply_type.size != 0)
		told.reply = request->reply;
	end_request(asks, slot);
	return told;
}

bool ump__ask_is_cancelled(const struct ump__asks *asks, struct ump__message *message)
{
	return asks->slots[slot_of(message)].call == NULL;
}

void ump__asks_release(struct ump__message *message)
{
	if (is_watch(message))
		ump__watch_free(ump__watch_of(message));
	else
		ump__request_free(ump__request_of(message));
}

void ump__asks_discard(struct ump__message *message)
{
	struct ump__request *request = ump__request_of(message);

	if (is_watch(message))
		ump__watch_free(ump__watch_of(message));
	else
		ump__request_discard(request, request->answer.code);
}

/* ---- For answerers ------------------------------------------------------------------------- */

bool ump__asks_push(struct ump_completions *front, struct ump__message *message)
{
	struct ump__channel *asker = front->asker;
	struct ump__request *request = ump__request_of(message);
	const void *home = ump__home_of(message);
	int result;

	if (ump__kind_of(message) == UMP__KIND_WATCH)
		home = message;
	else if (ump__answer_publish(&request->answer, request->answer.code, NULL))
		return false;
	ump__message_init(message, UMP__KIND_ANSWER, home);
	result = ump__channel_send(asker, message);
	if (result != UMP_SERVER_GONE) {
		(void)ump__channel_run(asker, result);
		return true;
	}
	/* This orders the asker's accesses before what the caller does. */
	(void)ump__inbox_word_load(&asker->inbox);
	return false;
}
