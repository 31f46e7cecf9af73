/* SPDX-License-Identifier: 0BSD */
#include "driver/drive.h"

#include "driver/show.h"
#include "machine/coverage.h"
#include "program/programs.h"
#include "scenario/scenario.h"
#include "search/search.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

double drive_now(void)
{
	struct timespec now;

	/* Time of this process: the machine's other load must not affect bounds and figures. */
	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
	return (double)now.tv_sec + (double)now.tv_nsec * 1e-9;
}

FILE *drive_json(const struct options *options)
{
	return options->json != NULL ? fopen(options->json, "a") : NULL;
}

/* ---- A failure ----------------------------------------------------------------------------- */

/* Shrink the last execution, which failed, and show it. */
static void report(const struct options *options, const struct program *program)
{
	static struct recording recording;
	char text[512];
	char name[600];

	if (options->quiet) {
		printf("%s: %s\n", sim_result.bug, sim_result.text);
		return;
	}
	recording_take(&recording, program);
	recording_shrink(&recording);
	recording_play(&recording, true);
	program_print(&recording.program, text, sizeof text);
	show_text(stdout, text);
	if (options->keep == NULL)
		return;
	snprintf(name, sizeof name, "%s/failure.sim", options->keep);
	if (recording_save(&recording, name))
		printf("to see it again: scripts/simulate --replay %s\n", name);
}

int drive_replay(const struct options *options)
{
	static struct recording recording;
	char text[512];
	FILE *json;

	if (!recording_load(&recording, options->file)) {
		fprintf(stderr, "%s is no recording\n", options->file);
		return DRIVE_UNUSABLE;
	}
	recording_play(&recording, true);
	program_print(&recording.program, text, sizeof text);
	if (!options->quiet)
		show_text(stdout, text);
	json = options->json != NULL ? fopen(options->json, "w") : NULL;
	if (json != NULL) {
		show_json(json, text);
		fclose(json);
	}
	return 0;
}

/* ---- At random ----------------------------------------------------------------------------- */

static uint64_t random_state;

static uint32_t next_random(void)
{
	random_state = random_state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
	return (uint32_t)(random_state >> 33);
}

/* Choose the next program and schedule. */
static void configure_random(const struct options *options, bool pct, struct program *program)
{
	if (options->program == NULL)
		program_random(program, next_random);
	sim_config = (struct sim_config){.mode = pct ? SIM_PCT : SIM_RANDOM,
		.seed = (uint64_t)next_random() << 31 | next_random(),
		.pct_points = (int)(next_random() % 4),
		.pct_steps = 80,
		.bounds = options->bounds,
		.processors = next_random() % 2 == 0};
	/* Refusals end most programs early. */
	if (next_random() % 4 != 0)
		sim_config.bounds.refusals = 0;
	/* Reused memory hides uses after free. */
	if (next_random() % 8 != 0)
		sim_config.bounds.reuses = 0;
}

int drive_random(const struct options *options, bool pct)
{
	struct program program = {0};
	double began = drive_now();
	double took;
	long executions = 0;
	long steps = 0;
	long limited = 0;
	FILE *json;

	random_state = options->seed * 2 + 1;
	for (int i = 0; i < 4; i++)
		next_random();
	if (options->program != NULL && !program_parse(options->program, &program))
		return DRIVE_UNUSABLE;
	do {
		configure_random(options, pct, &program);
		scenario_execute(&program);
		executions++;
		steps += sim_result.steps;
		limited += sim_result.limited;
	} while (sim_result.bug == NULL && executions < options->executions &&
		 ((executions & 255) != 0 || drive_now() - began < options->seconds));
	took = drive_now() - began;
	printf("%s: %s, %ld executions in %.2f s (%.0f a second, %.0f steps each, %ld limited, %u "
	       "pairs)\n",
		pct ? "pct" : "random", sim_result.bug == NULL ? "no failure" : "FAILURE",
		executions, took, (double)executions / took, (double)steps / (double)executions,
		limited, coverage_pairs());
	json = drive_json(options);
	if (json != NULL) {
		fprintf(json,
			"{\"kind\":\"%s\",\"executions\":%ld,\"seconds\":%.3f,\"steps\":%ld,"
			"\"failed\":%s}\n",
			pct ? "pct" : "random", executions, took, steps,
			sim_result.bug != NULL ? "true" : "false");
		fclose(json);
	}
	if (sim_result.bug == NULL)
		return 0;
	report(options, &program);
	return 1;
}

int drive_twice(const struct options *options)
{
	struct program program;
	double began = drive_now();
	long executions = 0;
	uint64_t all = 0;

	random_state = options->seed * 2 + 1;
	for (; executions < options->executions && drive_now() - began < options->seconds;
		executions++) {
		static struct recording recording;
		uint64_t hash;

		configure_random(options, executions % 2 != 0, &program);
		scenario_execute(&program);
		hash = sim_result.hash;
		recording_take(&recording, &program);
		recording_play(&recording, false);
		if (sim_result.hash != hash) {
			printf("execution %ld was another one the second time\n", executions);
			return 1;
		}
		all = (all ^ hash) * UINT64_C(0x9e3779b97f4a7c15);
	}
	printf("deterministic: %ld executions twice, each the same (%016llx)\n", executions,
		(unsigned long long)all);
	return 0;
}

/* ---- Exhaustively -------------------------------------------------------------------------- */

/* Explore one program; true: no failure. */
static bool explore(const struct options *options, const struct program *program,
	const struct sim_bounds *bounds, const char *text)
{
	double began = drive_now();
	double took;
	long executions = 0;
	long limited = 0;
	bool complete = false;
	FILE *json;

	sim_config = (struct sim_config){
		.mode = SIM_EXHAUSTIVE, .bounds = *bounds, .cut = options->cut && sim_can_cut()};
	sim_explore_anew();
	do {
		scenario_execute(program);
		executions++;
		limited += sim_result.limited;
		complete = sim_result.bug == NULL && !sim_explore_again() && !sim_next();
	} while (sim_result.bug == NULL && !complete &&
		 ((executions & 255) != 0 || drive_now() - began < options->seconds));
	took = drive_now() - began;
	complete = complete && limited == 0;
	printf("  %-42s %9ld executions %9zu states %7.2f s  %s\n", text, executions, sim_states(),
		took,
		sim_result.bug != NULL ? "FAILURE"
		: complete             ? "COMPLETE"
				       : "cut short");
	json = drive_json(options);
	if (json != NULL) {
		fprintf(json,
			"{\"kind\":\"exhaustive\",\"program\":\"%s\",\"preemptions\":%d,"
			"\"stale\":%d,\"cut\":%s,\"executions\":%ld,\"states\":%zu,"
			"\"seconds\":%.3f,\"complete\":%s,\"failed\":%s}\n",
			text, bounds->preemptions, bounds->stale, sim_config.cut ? "true" : "false",
			executions, sim_states(), took, complete ? "true" : "false",
			sim_result.bug != NULL ? "true" : "false");
		fclose(json);
	}
	if (sim_result.bug == NULL)
		return true;
	report(options, program);
	return false;
}

static int drive_listed(const struct options *options)
{
	struct program program;
	double began = drive_now();

	for (int i = 0; i < listed_count; i++) {
		const struct listed_program *listed = &listed_programs[i];
		struct sim_bounds bounds = options->bounds;

		if (listed->slow && strcmp(options->list, "long") != 0)
			continue;
		if (!program_parse(listed->text, &program))
			return DRIVE_UNUSABLE;
		bounds.timeouts = listed->timeouts;
		bounds.refusals = listed->refusals;
		bounds.reuses = listed->reuses;
		bounds.spurious = listed->spurious;
		bounds.weak_failures = listed->weak_failures;
		bounds.ticks = listed->ticks;
		/* Stop at the first failure. */
		if (!explore(options, &program, &bounds, listed->text))
			return 1;
		if (drive_now() - began > options->total)
			break;
	}
	return 0;
}

/* Explore each of these operations by one client, against each by another client. */
static int drive_pairs(const struct options *options)
{
	for (int i = 0; i < paired_count; i++) {
		for (int k = i; k < paired_count; k++) {
			struct sim_bounds bounds = options->bounds;
			struct program program;
			char text[256];

			snprintf(text, sizeof text, "thread+leftover: %s | %s",
				paired_operations[i], paired_operations[k]);
			if (!program_parse(text, &program))
				return DRIVE_UNUSABLE;
			bounds.timeouts = strstr(text, "timed") != NULL;
			if (!explore(options, &program, &bounds, text))
				return 1;
		}
	}
	return 0;
}

int drive_list(const struct options *options)
{
	struct program program;

	if (options->program == NULL)
		return strcmp(options->list, "pairs") == 0 ? drive_pairs(options)
							   : drive_listed(options);
	if (!program_parse(options->program, &program))
		return DRIVE_UNUSABLE;
	return !explore(options, &program, &options->bounds, options->program);
}

/* ---- Whether the state cut loses anything --------------------------------------------------- */

#define OUTCOMES 4096
struct outcomes {
	uint64_t hashes[OUTCOMES];
	int count;
};

static bool has(const struct outcomes *outcomes, uint64_t hash)
{
	for (int i = 0; i < outcomes->count; i++) {
		if (outcomes->hashes[i] == hash)
			return true;
	}
	return false;
}

/* Collect the distinct final states of the oracle's books.  false if that is incomplete, or
 * failed. */
static bool all_outcomes(
	const struct options *options, const struct program *program, struct outcomes *outcomes)
{
	double began = drive_now();

	outcomes->count = 0;
	sim_explore_anew();
	do {
		uint64_t hash;

		scenario_execute(program);
		hash = sim_watched_hash();
		if (sim_result.bug != NULL)
			return false;
		if (!sim_result.cut && !sim_result.limited && outcomes->count < OUTCOMES &&
			!has(outcomes, hash))
			outcomes->hashes[outcomes->count++] = hash;
		if (drive_now() - began > options->seconds)
			return false;
	} while (sim_explore_again() || sim_next());
	return true;
}

int drive_compare(const struct options *options)
{
	static struct outcomes bounded;
	static struct outcomes cut;
	int compared = 0;
	int found = 0;

	for (int i = 0; i < listed_count && sim_can_cut(); i++) {
		const struct listed_program *listed = &listed_programs[i];
		struct sim_bounds bounds = {.preemptions = 2,
			.stale = 1,
			.timeouts = listed->timeouts,
			.steps = options->bounds.steps};
		struct program program;
		bool complete;

		if (listed->slow)
			continue;
		if (!program_parse(listed->text, &program))
			return DRIVE_UNUSABLE;
		sim_config = (struct sim_config){
			.mode = SIM_EXHAUSTIVE, .bounds = bounds, .every_point = true};
		(void)all_outcomes(options, &program, &bounded);
		sim_config.bounds.preemptions = -1;
		sim_config.every_point = false;
		sim_config.cut = true;
		complete = sim_result.bug == NULL && all_outcomes(options, &program, &cut);
		if (sim_result.bug != NULL) {
			printf("%s: %s: %s\n", listed->text, sim_result.bug, sim_result.text);
			return 1;
		}
		if (!complete)
			continue;
		for (int k = 0; k < bounded.count; k++) {
			if (!has(&cut, bounded.hashes[k])) {
				printf("%s: the state cut loses an outcome\n", listed->text);
				return 1;
			}
		}
		compared++;
		found += cut.count;
	}
	printf("state cut: it loses none of the outcomes that are met without it (%d programs, %d "
	       "outcomes)\n",
		compared, found);
	return 0;
}

int drive_seeds(const struct options *options)
{
	for (int i = 0; i < listed_count; i++) {
		uint8_t bytes[PROGRAM_BYTES + 33];
		struct program program;
		char name[512];
		FILE *file;
		size_t size;

		if (!program_parse(listed_programs[i].text, &program))
			return DRIVE_UNUSABLE;
		size = program_encode(&program, bytes);
		if (size == 0)
			continue;
		/* All rarities but refusals and reuses; then pairs: a short stay, and the thread to
		 * switch to. */
		bytes[size++] = 0x5f;
		for (int k = 0; k < 32; k++)
			bytes[size++] = (uint8_t)(k % 2 == 0 ? (k * 5 + i) % 11 : k + i);
		snprintf(name, sizeof name, "%s/listed-%02d", options->keep, i);
		file = fopen(name, "wb");
		if (file == NULL || fwrite(bytes, 1, size, file) != size || fclose(file) != 0)
			return 1;
	}
	return 0;
}
