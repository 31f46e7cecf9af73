/* SPDX-License-Identifier: 0BSD */
/* Many executions: at random, exhaustively, or a recorded one again. */
#ifndef SIM_DRIVE_H
#define SIM_DRIVE_H

#include "machine/sim.h"
#include "program/program.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

/* Options of the commands. */
struct options {
	/* NULL: any program, or the list. */
	const char *program;
	const char *list;
	uint64_t seed;
	/* Limits for each program, and for a whole list. */
	double seconds;
	double total;
	long executions;
	struct sim_bounds bounds;
	bool cut;
	bool quiet;
	/* Where to save failures and figures; NULL: nowhere. */
	const char *keep;
	const char *json;
	const char *file;
};

/* Everything that determines an execution, to reproduce it. */
struct recording {
	struct program program;
	struct sim_bounds bounds;
	bool processors;
	uint8_t choices[SIM_CHOICES];
	size_t count;
};

double drive_now(void);

/* Nothing could be performed, and so nothing was checked. */
#define DRIVE_UNUSABLE 2

/* Each of these returns whether a failure was found, or DRIVE_UNUSABLE. */
int drive_random(const struct options *options, bool pct);
int drive_list(const struct options *options);
int drive_twice(const struct options *options);
int drive_compare(const struct options *options);
int drive_replay(const struct options *options);

/* Write the listed programs as inputs of race_fuzzer into the directory `keep`. */
int drive_seeds(const struct options *options);

/* Open the file of figures for appending a line. */
FILE *drive_json(const struct options *options);

/* Record the last execution. */
void recording_take(struct recording *recording, const struct program *program);
/* Perform it again; `trace`: record its steps. */
void recording_play(const struct recording *recording, bool trace);
/* Remove everything that the failure does not need. */
void recording_shrink(struct recording *recording);
bool recording_save(const struct recording *recording, const char *file);
bool recording_load(struct recording *recording, const char *file);

#endif
