/* SPDX-License-Identifier: 0BSD */
/* The small programs that are explored completely. */
#ifndef SIM_PROGRAMS_H
#define SIM_PROGRAMS_H

#include <stdbool.h>

struct listed_program {
	const char *text;
	/* Takes too long for the quick list. */
	bool slow;
	/* Its rarities, beside stale loads. */
	int timeouts;
	int refusals;
	int reuses;
	int spurious;
	int weak_failures;
	int ticks;
};

extern const struct listed_program listed_programs[];
extern const int listed_count;

/* Operations of one client, paired with each operation of another one. */
extern const char *const paired_operations[];
extern const int paired_count;

#endif
