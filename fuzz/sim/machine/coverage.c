/* SPDX-License-Identifier: 0BSD */
#include "machine/coverage.h"

#define PAIRS 4096
/* libFuzzer looks for additional counters in this section; without it, they are just data. */
__attribute__((section("__libfuzzer_extra_counters"))) static unsigned char pairs[PAIRS];
static unsigned char ever[PAIRS];
static unsigned met;

#define WORDS 64
static struct {
	uintptr_t address;
	uintptr_t pc;
	uint32_t generation;
	int thread;
} last[WORDS];

unsigned coverage_pairs(void)
{
	return met;
}

void coverage_step(const struct step *step)
{
	size_t i = step->address / 8 % WORDS;
	/* Relative to a function of the program, so that the load address does not matter. */
	uintptr_t pc = step->pc - (uintptr_t)&coverage_pairs;

	if (last[i].generation == machine.generation && last[i].address == step->address &&
		last[i].thread != machine.current) {
		size_t pair = mix(mix(7, last[i].pc), pc) % PAIRS;

		pairs[pair] = (unsigned char)(pairs[pair] + (pairs[pair] < 255));
		met += ever[pair] == 0;
		ever[pair] = 1;
	}
	last[i].address = step->address;
	last[i].pc = pc;
	last[i].generation = machine.generation;
	last[i].thread = machine.current;
}
