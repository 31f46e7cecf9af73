/* SPDX-License-Identifier: 0BSD */
/* The pairing heap of times, against a model: the entries in an array. */
#include "check.h"
#include "wait/pairing.h"

#include <string.h>

#define ROOM 200

static struct {
	struct ump__pairing heap;
	struct ump__pairing_entry entries[ROOM];
	bool used[ROOM];
	size_t count;
} model;

static uint64_t random_state = 88172645463325252U;

static uint32_t draw(uint32_t below)
{
	random_state ^= random_state << 13;
	random_state ^= random_state >> 7;
	random_state ^= random_state << 17;
	return (uint32_t)(random_state >> 32) % below;
}

static void begin(void)
{
	memset(&model, 0, sizeof model);
}

static bool is_before(const struct ump__pairing_entry *one, const struct ump__pairing_entry *other)
{
	return one->key != other->key ? one->key < other->key : one->order < other->order;
}

/* Check the links below an entry, and return the number of entries there. */
static size_t count_below(const struct ump__pairing_entry *entry)
{
	const struct ump__pairing_entry *previous = entry;
	size_t count = 0;

	for (const struct ump__pairing_entry *at = entry->child; at != NULL; at = at->next) {
		CHECK(at->previous == previous);
		CHECK(is_before(entry, at));
		count += 1 + count_below(at);
		previous = at;
	}
	return count;
}

/* Compare everything. */
static void compare(void)
{
	const struct ump__pairing_entry *root = model.heap.root;

	CHECK(model.heap.count == model.count);
	CHECK((root == NULL) == (model.count == 0));
	for (size_t i = 0; i < ROOM; i++) {
		CHECK(ump__pairing_has(&model.entries[i]) == model.used[i]);
		CHECK(!model.used[i] || &model.entries[i] == root ||
			is_before(root, &model.entries[i]));
	}
	if (root == NULL)
		return;
	CHECK(root->next == NULL && root->previous == root);
	CHECK(count_below(root) + 1 == model.count);
}

static void add(size_t i, int64_t key)
{
	ump__pairing_add(&model.heap, &model.entries[i], key);
	model.used[i] = true;
	model.count++;
}

static void take(size_t i)
{
	ump__pairing_remove(&model.heap, &model.entries[i]);
	model.used[i] = false;
	model.count--;
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
		return (int64_t)draw(40) - 20;
	}
}

static void random_changes(void)
{
	begin();
	for (int step = 0; step < 20000; step++) {
		size_t i = draw(ROOM);

		if (draw(8) == 0 && model.heap.root != NULL)
			i = (size_t)(model.heap.root - model.entries);
		if (model.used[i])
			take(i);
		else
			add(i, draw_key());
		if (step % 16 == 0)
			compare();
	}
	while (model.heap.root != NULL)
		take((size_t)(model.heap.root - model.entries));
	compare();
}

/* Equal keys come in the order in which they were added. */
static void equal_keys(void)
{
	begin();
	for (size_t i = 0; i < ROOM; i++)
		add(i, (int64_t)(i % 3));
	/* Some are added again, and are the last of their key then. */
	for (size_t i = 0; i < ROOM; i += 7) {
		take(i);
		add(i, 3);
	}
	for (int64_t key = 0; key < 3; key++)
		for (size_t i = 0; i < ROOM; i++) {
			if (i % 7 == 0 || (int64_t)(i % 3) != key)
				continue;
			CHECK(model.heap.root == &model.entries[i]);
			take(i);
		}
	for (size_t i = 0; i < ROOM; i += 7) {
		CHECK(model.heap.root == &model.entries[i]);
		take(i);
	}
	compare();
}

/* Entries with children are removed from the middle. */
static void from_the_middle(void)
{
	for (size_t victim = 0; victim < 40; victim++) {
		begin();
		for (size_t i = 0; i < 40; i++)
			add(i, (int64_t)(i * 17 % 40));
		/* This gives the heap more than one level. */
		take((size_t)(model.heap.root - model.entries));
		if (model.used[victim])
			take(victim);
		compare();
	}
}

static const struct check_test tests[] = {
	{"random changes agree with a model", random_changes},
	{"equal times are in the order in which they were added", equal_keys},
	{"any entry can be removed", from_the_middle},
};

CHECK_MAIN(tests)
