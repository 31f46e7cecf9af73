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

void statics_begin(void)
{
	for (int i = 0; i < count; i++)
		*words[i].word = words[i].first;
}

static void note(uint64_t *word)
{
	for (int i = 0; i < count; i++) {
		if (words[i].word == word)
			return;
	}
	/* A program with that many words is beyond the simulator's purpose. */
	if (count == WORDS)
		abort();
	words[count].word = word;
	words[count++].first = *word;
}

void statics_note(uintptr_t address, size_t size)
{
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
	return mix(hash, sum);
}
