/* SPDX-License-Identifier: 0BSD */
/* The choices of an execution of the program, which determine it. */
#ifndef SIM_USER_RECORDING_H
#define SIM_USER_RECORDING_H

#include "machine/sim.h"

struct choices {
	struct sim_bounds bounds;
	bool processors;
	uint8_t made[SIM_CHOICES];
	size_t count;
	/* Where the input of a program that is fuzzed is: its length, then its bytes. */
	size_t input_from;
	size_t input_size;
};

/* Record the last execution; perform it again; `trace`: record its steps. */
void choices_take(struct choices *choices);
void choices_play(const struct choices *choices, bool trace);

/* Remove all choices that the failure of the last execution does not need. */
void choices_shrink(struct choices *choices);

bool choices_save(const struct choices *choices, const char *name, const char *program);
bool choices_load(struct choices *choices, const char *name);

#endif
