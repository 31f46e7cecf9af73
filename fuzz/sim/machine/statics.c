/* SPDX-License-Identifier: 0BSD */
#include "machine/statics.h"

#include "machine/machine.h"

#include <stdlib.h>

#define WORDS 256
static struct {
	uint64_t *word;
	uint64_t first;
} words[WORDS];
static int count;

#define RANGES 1024
static struct {
	unsigned char *from;
	size_t size;
	/* The first values; NULL: left alone. */
	unsigned char *first;
} ranges[RANGES];
static int range_count;

void statics_begin(void)
{
	for (int i = 0; i < count; i++)
		*words[i].word = words[i].first;
	for (int i = 0; i < range_count; i++) {
		if (ranges[i].first != NULL)
			memcpy(ranges[i].from, ranges[i].first, ranges[i].size);
	}
}

bool statics_range(void *from, size_t size, bool restored)
{
	unsigned char *first = restored ? malloc(size + 1) : NULL;

	if (range_count == RANGES || (restored && first == NULL))
		return false;
	if (restored)
		memcpy(first, from, size);
	ranges[range_count].from = from;
	ranges[range_count].size = size;
	ranges[range_count++].first = first;
	return true;
}

int statics_ranges(struct arena_root *roots, int most)
{
	int found = 0;

	for (int i = 0; i < range_count && found < most; i++) {
		if (ranges[i].first != NULL)
			roots[found++] = (struct arena_root){ranges[i].from, ranges[i].size};
	}
	return found;
}

static bool in_range(uintptr_t address)
{
	for (int i = 0; i < range_count; i++) {
		if (address - (uintptr_t)ranges[i].from < ranges[i].size)
			return true;
	}
	return false;
}

static void note(uint64_t *word)
{
	for (int i = 0; i < count; i++) {
		if (words[i].word == word)
			return;
	}
	/* A program with that many words is beyond the simulator's purpose. */
	if (count == WORDS)
		machine_limit("static variables");
	words[count].word = word;
	words[count++].first = *word;
}

void statics_note(uintptr_t address, size_t size)
{
	if (in_range(address))
		return;
	for (uintptr_t at = address & ~(uintptr_t)7; at < address + size; at += 8)
		note((uint64_t *)at);
}

uint64_t statics_hash(uint64_t hash)
{
	uint64_t sum = 0;

	/* Only changed words, and without order: it must not matter when each was discovered. */
	for (int i = 0; i < count; i++) {
		if (*words[i].word != words[i].first)
			sum += mix(mix(13, (uintptr_t)words[i].word), *words[i].word);
	}
	for (int i = 0; i < range_count; i++) {
		if (ranges[i].first != NULL)
			hash = mix_bytes(hash, ranges[i].from, ranges[i].size);
	}
	return mix(hash, sum);
}
