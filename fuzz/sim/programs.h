/* SPDX-License-Identifier: 0BSD */
/* The small programs that are explored completely. */
#ifndef SIM_PROGRAMS_H
#define SIM_PROGRAMS_H

#include <stdbool.h>

struct listed_program {
	const char *text;
	/* Takes too long for the quick list. */
	bool slow;
	/* Rarities that belong to it, beside stale loads. */
	int timeouts;
	int refusals;
	int reuses;
	int spurious;
	int weak_failures;
};

extern const struct listed_program listed_programs[];
extern const int listed_count;

/* What one client does while another one does any of the same. */
extern const char *const paired_operations[];
extern const int paired_count;

#endif
