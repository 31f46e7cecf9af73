/* SPDX-License-Identifier: 0BSD */
/* The choices of an execution: kept, made fewer, and saved as text. */
#include "user/recording.h"

#include "user/user.h"

#include <stdlib.h>
#include <string.h>

void choices_take(struct choices *choices)
{
	const uint8_t *made = sim_choices(&choices->count);

	choices->bounds = sim_config.bounds;
	choices->processors = sim_config.processors;
	choices->input_from = sim_input_at(&choices->input_size);
	memcpy(choices->made, made, choices->count);
}

void choices_play(const struct choices *choices, bool trace)
{
	sim_config = (struct sim_config){.mode = SIM_REPLAY,
		.bytes = choices->made,
		.length = choices->count,
		.bounds = choices->bounds,
		.processors = choices->processors,
		.trace = trace};
	world_execute();
}

/* Whether the program still fails with the same `bug`; then the changed choices are taken. */
static bool try_changed(struct choices *choices, const struct choices *changed, const char *bug)
{
	choices_play(changed, false);
	if (sim_result.bug == NULL || strcmp(sim_result.bug, bug) != 0)
		return false;
	choices_take(choices);
	return true;
}

/* Replace `count` choices from `at` on by 0, if the program still fails with the same `bug`. */
static bool try_without(struct choices *choices, size_t at, size_t count, const char *bug)
{
	static struct choices changed;
	bool any = false;

	changed = *choices;
	for (size_t i = at; i < at + count && i < changed.count; i++) {
		any = any || changed.made[i] != 0;
		changed.made[i] = 0;
	}
	if (!any)
		return false;
	return try_changed(choices, &changed, bug);
}

/* Remove `count` bytes of the input, from byte `at` on. */
static bool try_shorter(struct choices *choices, size_t at, size_t count, const char *bug)
{
	static struct choices changed;
	size_t from = choices->input_from + 1 + at;

	if (at + count > choices->input_size)
		return false;
	changed = *choices;
	changed.made[changed.input_from] = (uint8_t)(changed.input_size - count);
	/* Zeros at the end may be missing. */
	if (changed.count > from + count) {
		memmove(changed.made + from, changed.made + from + count,
			changed.count - from - count);
		changed.count -= count;
	} else if (changed.count > from) {
		changed.count = from;
	}
	return try_changed(choices, &changed, bug);
}

static void trim(struct choices *choices)
{
	/* Zeros at the end are the same as no choices. */
	while (choices->count > 0 && choices->made[choices->count - 1] == 0)
		choices->count--;
}

void choices_shrink(struct choices *choices)
{
	/* The constant's address outlives the result. */
	const char *bug = sim_result.bug;
	/* A power of two, since threads get pieces of four bytes. */
	size_t most = 1;
	bool any = true;

	while (2 * most <= choices->input_size)
		most *= 2;
	trim(choices);
	for (int round = 0; any && round < 8; round++) {
		any = false;
		for (size_t chunk = most; chunk > 0; chunk /= 2) {
			for (size_t at = 0; at + chunk <= choices->input_size;) {
				if (try_shorter(choices, at, chunk, bug))
					any = true;
				else
					at += chunk;
			}
		}
		for (size_t chunk = choices->count / 2; chunk > 1; chunk /= 2) {
			for (size_t at = 0; at < choices->count; at += chunk)
				any = try_without(choices, at, chunk, bug) || any;
		}
		for (size_t i = choices->count; i-- > 0;) {
			if (i < choices->count)
				any = try_without(choices, i, 1, bug) || any;
		}
		trim(choices);
	}
}

#define BOUNDS "bounds %d %d %d %d %d %d %d %ld %d\n"

bool choices_save(const struct choices *choices, const char *name, const char *program)
{
	const struct sim_bounds *bounds = &choices->bounds;
	FILE *file = fopen(name, "w");

	if (file == NULL)
		return false;
	fprintf(file, "# UMP_SIM=replay=%s %s shows what happens here.\n", name, program);
	fprintf(file, "# Found: %s: %s\n", sim_result.bug != NULL ? sim_result.bug : "nothing",
		sim_result.text);
	fprintf(file, "# preemptions stale spurious weak refusals deadlines ticks steps reuses\n");
	fprintf(file, BOUNDS, bounds->preemptions, bounds->stale, bounds->spurious,
		bounds->weak_failures, bounds->refusals, bounds->timeouts, bounds->ticks,
		bounds->steps, bounds->reuses);
	fprintf(file, "processors %d\nchoices", choices->processors);
	for (size_t i = 0; i < choices->count; i++)
		fprintf(file, " %d", choices->made[i]);
	fprintf(file, "\n");
	return fclose(file) == 0;
}

static void load_choices(struct choices *choices, char *text)
{
	char *end = text;

	while (choices->count < SIM_CHOICES) {
		long value = strtol(text, &end, 10);

		if (end == text)
			return;
		choices->made[choices->count++] = (uint8_t)value;
		text = end;
	}
}

bool choices_load(struct choices *choices, const char *name)
{
	static char line[4 * SIM_CHOICES + 64];
	struct sim_bounds *bounds = &choices->bounds;
	FILE *file = fopen(name, "r");
	int processors;
	bool good = false;

	memset(choices, 0, sizeof *choices);
	if (file == NULL)
		return false;
	while (fgets(line, sizeof line, file) != NULL) {
		if (strncmp(line, "choices", 7) == 0) {
			load_choices(choices, line + 7);
			good = true;
		} else if (sscanf(line, "processors %d", &processors) == 1) {
			choices->processors = processors != 0;
		} else {
			(void)sscanf(line, BOUNDS, &bounds->preemptions, &bounds->stale,
				&bounds->spurious, &bounds->weak_failures, &bounds->refusals,
				&bounds->timeouts, &bounds->ticks, &bounds->steps, &bounds->reuses);
		}
	}
	fclose(file);
	return good;
}
