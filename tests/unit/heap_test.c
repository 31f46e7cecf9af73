/* SPDX-License-Identifier: 0BSD */
/* The heap of times, against a model: a plain array of the keys of all slots. */
#include "wait/heap.h"

#include "check.h"

#include <stdlib.h>
#include <string.h>

#define ROOM 300

struct model {
	struct ump__heap heap;
	bool used[ROOM];
	int64_t keys[ROOM];
	uint32_t count;
};

static uint64_t random_state = 88172645463325252U;

static uint32_t draw(uint32_t below)
{
	random_state ^= random_state << 13;
	random_state ^= random_state >> 7;
	random_state ^= random_state << 17;
	return (uint32_t)(random_state >> 32) % below;
}

/* Few different keys, so that there are equal ones; and the extremes. */
static int64_t draw_key(void)
{
	switch (draw(16)) {
	case 0:
		return INT64_MAX;
	case 1:
		return INT64_MIN + draw(3);
	default:
		return (int64_t)draw(200) - 100;
	}
}

static void grow(struct model *model, uint32_t room)
{
	struct ump__heap_entry *entries = model->heap.entries;
	uint32_t *places = model->heap.places;

	ump__heap_grow(
		&model->heap, malloc(room * sizeof *entries), malloc(room * sizeof *places), room);
	free(entries);
	free(places);
}

static void begin(struct model *model, uint32_t room)
{
	memset(model, 0, sizeof *model);
	ump__heap_init(&model->heap);
	CHECK(ump__heap_is_valid(&model->heap));
	grow(model, room);
}

static void end(struct model *model)
{
	free(model->heap.entries);
	free(model->heap.places);
}

/* Compare everything. */
static void compare(const struct model *model)
{
	int64_t least = INT64_MAX;

	CHECK(ump__heap_is_valid(&model->heap));
	CHECK(model->heap.count == model->count);
	for (uint32_t slot = 0; slot < ROOM; slot++) {
		CHECK(ump__heap_has(&model->heap, slot) == model->used[slot]);
		if (!model->used[slot])
			continue;
		CHECK(ump__heap_key(&model->heap, slot) == model->keys[slot]);
		if (model->keys[slot] < least)
			least = model->keys[slot];
	}
	if (model->count != 0)
		CHECK(ump__heap_key(&model->heap, ump__heap_first(&model->heap)) == least);
}

static void push(struct model *model, int64_t key)
{
	uint32_t slot = ump__heap_push(&model->heap, key);

	CHECK(slot < model->heap.room && !model->used[slot]);
	model->used[slot] = true;
	model->keys[slot] = key;
	model->count++;
}

static void take(struct model *model, uint32_t slot)
{
	ump__heap_remove(&model->heap, slot);
	model->used[slot] = false;
	model->count--;
}

static uint32_t any(const struct model *model)
{
	uint32_t slot = draw(ROOM);

	while (!model->used[slot])
		slot = (slot + 1) % ROOM;
	return slot;
}

/* Any operations, in any order; `fill` of 8 steps push if they can. */
static void at_random(uint32_t fill)
{
	struct model model;

	begin(&model, 3);
	for (int step = 0; step < 4000; step++) {
		uint32_t what = draw(8);

		if (what < fill && model.count == model.heap.room && model.heap.room < ROOM)
			grow(&model, model.heap.room + 1 + draw(ROOM - model.heap.room));
		if (what < fill && model.count < model.heap.room) {
			push(&model, draw_key());
		} else if (model.count != 0 && what % 2 == 0) {
			take(&model, draw(2) != 0 ? any(&model) : ump__heap_first(&model.heap));
		} else if (model.count != 0) {
			uint32_t slot = any(&model);

			model.keys[slot] = draw_key();
			ump__heap_change(&model.heap, slot, model.keys[slot]);
		}
		compare(&model);
	}
	end(&model);
}

static void few(void)
{
	at_random(2);
}

static void many(void)
{
	at_random(6);
}

/* Keys come out in order. */
static void sorts(void)
{
	struct model model;
	int64_t last = INT64_MIN;

	begin(&model, ROOM);
	for (uint32_t i = 0; i < ROOM; i++)
		push(&model, draw_key());
	compare(&model);
	while (model.count != 0) {
		uint32_t slot = ump__heap_first(&model.heap);

		CHECK(model.keys[slot] >= last);
		last = model.keys[slot];
		take(&model, slot);
		compare(&model);
	}
	end(&model);
}

/* A slot that was freed last is used next: its memory is warm. */
static void reuses(void)
{
	struct model model;

	begin(&model, ROOM);
	push(&model, 1);
	push(&model, 2);
	take(&model, 0);
	push(&model, 3);
	CHECK(model.used[0] && model.keys[0] == 3);
	compare(&model);
	end(&model);
}

/* The check at run time finds what is wrong. */
static void checked(void)
{
	struct model model;
	uint32_t place;

	begin(&model, 8);
	for (int64_t key = 0; key < 6; key++)
		push(&model, key);
	CHECK(ump__heap_is_valid(&model.heap));
	model.heap.entries[5].key = -1;
	CHECK(!ump__heap_is_valid(&model.heap));
	model.heap.entries[5].key = 5;
	place = model.heap.places[7];
	model.heap.places[7] = model.heap.places[6];
	CHECK(!ump__heap_is_valid(&model.heap));
	model.heap.places[7] = 8;
	CHECK(!ump__heap_is_valid(&model.heap));
	model.heap.places[7] = place;
	CHECK(ump__heap_is_valid(&model.heap));
	end(&model);
}

static const struct check_test tests[] = {
	{"a small heap is what its model is", few},
	{"a large heap that grows is what its model is", many},
	{"times come out in order", sorts},
	{"the slot that was freed last is used next", reuses},
	{"a heap out of order, or with wrong places, is detected", checked},
};

CHECK_MAIN(tests)
