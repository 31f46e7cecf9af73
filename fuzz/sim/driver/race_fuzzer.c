/* SPDX-License-Identifier: 0BSD */
/*
 * Races: an input is a program for up to four clients and a server, and the schedule that the
 * simulator runs it under.  The oracle of fuzz/sim checks in each execution: [once] [fifo] [drain]
 * [break] [gone] [forgot] [keep] [origin] [weak] [deadline] [deadlock] [bound] [task] [suspend]
 * [complete] [quiet] [clean] [init] [user]; and the simulator: data races, deadlock, use after
 * free, leaks, programs that do not end.
 *
 * Bytes: the server's traits; the number of clients; for each client the number of its operations,
 * and these; the rarities that may occur; the rest is the schedule (fuzz/sim/machine/choice.c).
 */
#include "driver/drive.h"
#include "driver/show.h"
#include "machine/coverage.h"
#include "scenario/scenario.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

/* Longer inputs only repeat themselves. */
#define LONGEST 512

/* Each bit allows one kind of rarity. */
static struct sim_bounds bounds_from(uint8_t bits)
{
	struct sim_bounds bounds = {.preemptions = -1, .steps = 20000};

	bounds.stale = bits & 1 ? 4 : 0;
	bounds.spurious = bits & 2 ? 1 : 0;
	bounds.weak_failures = bits & 4 ? 2 : 0;
	bounds.timeouts = bits & 8 ? 2 : 0;
	bounds.ticks = bits & 16 ? 1 : 0;
	bounds.refusals = bits & 32 ? 1 : 0;
	bounds.reuses = bits & 128 ? 1 : 0;
	return bounds;
}

/* Show the execution again, step by step, and save a recording of it. */
static void report(const struct program *program)
{
	static struct recording recording;
	char text[512];

	recording_take(&recording, program);
	recording_shrink(&recording);
	recording_play(&recording, true);
	program_print(&recording.program, text, sizeof text);
	show_text(stderr, text);
	if (recording_save(&recording, "race.sim"))
		fprintf(stderr, "recorded in race.sim, for scripts/simulate --replay\n");
	abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	struct program program;
	size_t used;
	uint8_t rarities;

	if (size > LONGEST)
		return -1;
	used = program_decode(&program, bytes, size);
	rarities = used < size ? bytes[used++] : 0;
	sim_config = (struct sim_config){.mode = SIM_BYTES,
		.bytes = bytes + used,
		.length = size - used,
		.bounds = bounds_from(rarities),
		.processors = (rarities & 64) != 0};
	scenario_execute(&program);
	if (sim_result.bug != NULL)
		report(&program);
	return 0;
}
