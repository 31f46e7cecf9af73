/* SPDX-License-Identifier: 0BSD */
/* Executions saved in files, as text: the program, the bounds and the choices. */
#include "driver/drive.h"
#include "scenario/scenario.h"

#include <stdlib.h>
#include <string.h>

void recording_take(struct recording *recording, const struct program *program)
{
	const uint8_t *choices = sim_choices(&recording->count);

	recording->program = *program;
	recording->bounds = sim_config.bounds;
	recording->processors = sim_config.processors;
	memcpy(recording->choices, choices, recording->count);
}

void recording_play(const struct recording *recording, bool trace)
{
	sim_config = (struct sim_config){.mode = SIM_REPLAY,
		.bytes = recording->choices,
		.length = recording->count,
		.bounds = recording->bounds,
		.processors = recording->processors,
		.trace = trace};
	scenario_execute(&recording->program);
}

/* Whether `changed` fails with the same `bug`; if so it becomes the recording. */
static bool keeps_failing(
	struct recording *recording, const struct recording *changed, const char *bug)
{
	recording_play(changed, false);
	if (sim_result.bug == NULL || strcmp(sim_result.bug, bug) != 0)
		return false;
	recording_take(recording, &changed->program);
	return true;
}

/* Remove operations, beginning with the last one. */
static bool shrink_program(struct recording *recording, const char *bug)
{
	static struct recording changed;
	bool any = false;

	for (int c = recording->program.clients - 1; c >= 0; c--) {
		for (int i = recording->program.lengths[c] - 1; i >= 0; i--) {
			struct program *program = &changed.program;

			changed = *recording;
			program->lengths[c]--;
			memmove(&program->operations[c][i], &program->operations[c][i + 1],
				(size_t)(program->lengths[c] - i));
			any = keeps_failing(recording, &changed, bug) || any;
		}
	}
	return any;
}

/* Remove whole clients, and traits of the server. */
static bool shrink_shape(struct recording *recording, const char *bug)
{
	static struct recording changed;
	bool any = false;

	for (int c = recording->program.clients - 1; c > 0; c--) {
		struct program *program = &changed.program;

		changed = *recording;
		for (int i = c; i + 1 < program->clients; i++) {
			program->lengths[i] = program->lengths[i + 1];
			memcpy(program->operations[i], program->operations[i + 1], PROGRAM_OPS);
		}
		program->clients--;
		any = keeps_failing(recording, &changed, bug) || any;
	}
	for (unsigned trait = 1; trait <= TRAIT_LAST; trait *= 2) {
		changed = *recording;
		changed.program.traits &= ~trait;
		if (changed.program.traits != recording->program.traits)
			any = keeps_failing(recording, &changed, bug) || any;
	}
	return any;
}

/* Replace choices by 0. */
static bool shrink_choices(struct recording *recording, const char *bug)
{
	static struct recording changed;
	bool any = false;

	for (size_t i = recording->count; i-- > 0;) {
		if (i >= recording->count || recording->choices[i] == 0)
			continue;
		changed = *recording;
		changed.choices[i] = 0;
		any = keeps_failing(recording, &changed, bug) || any;
	}
	return any;
}

void recording_shrink(struct recording *recording)
{
	const char *bug = sim_result.bug;
	bool any = true;

	for (int round = 0; any && round < 8; round++) {
		any = shrink_program(recording, bug);
		any = shrink_shape(recording, bug) || any;
		any = shrink_choices(recording, bug) || any;
	}
	/* Trailing zeros are the same as no choices. */
	while (recording->count > 0 && recording->choices[recording->count - 1] == 0)
		recording->count--;
	recording_play(recording, false);
}

#define BOUNDS "bounds %d %d %d %d %d %d %d %ld %d\n"

bool recording_save(const struct recording *recording, const char *name)
{
	const struct sim_bounds *bounds = &recording->bounds;
	char text[512];
	FILE *file = fopen(name, "w");

	if (file == NULL)
		return false;
	program_print(&recording->program, text, sizeof text);
	fprintf(file, "# scripts/simulate --replay shows what happens here.\n");
	fprintf(file, "# Found: %s: %s\n", sim_result.bug != NULL ? sim_result.bug : "nothing",
		sim_result.text);
	fprintf(file, "program %s\n", text);
	fprintf(file, "# preemptions stale spurious weak-failures refusals timeouts ticks steps "
		      "reuses\n");
	fprintf(file, BOUNDS, bounds->preemptions, bounds->stale, bounds->spurious,
		bounds->weak_failures, bounds->refusals, bounds->timeouts, bounds->ticks,
		bounds->steps, bounds->reuses);
	fprintf(file, "processors %d\nchoices", recording->processors);
	for (size_t i = 0; i < recording->count; i++)
		fprintf(file, " %d", recording->choices[i]);
	fprintf(file, "\n");
	return fclose(file) == 0;
}

static void load_choices(struct recording *recording, char *text)
{
	char *end = text;

	while (recording->count < SIM_CHOICES) {
		long value = strtol(text, &end, 10);

		if (end == text)
			return;
		recording->choices[recording->count++] = (uint8_t)value;
		text = end;
	}
}

bool recording_load(struct recording *recording, const char *name)
{
	static char line[4 * SIM_CHOICES + 64];
	struct sim_bounds *bounds = &recording->bounds;
	FILE *file = fopen(name, "r");
	int processors;
	bool good = false;

	memset(recording, 0, sizeof *recording);
	if (file == NULL)
		return false;
	while (fgets(line, sizeof line, file) != NULL) {
		line[strcspn(line, "\n")] = '\0';
		if (strncmp(line, "program ", 8) == 0)
			good = program_parse(line + 8, &recording->program);
		else if (strncmp(line, "choices", 7) == 0)
			load_choices(recording, line + 7);
		else if (sscanf(line, "processors %d", &processors) == 1)
			recording->processors = processors != 0;
		else
			(void)sscanf(line, BOUNDS, &bounds->preemptions, &bounds->stale,
				&bounds->spurious, &bounds->weak_failures, &bounds->refusals,
				&bounds->timeouts, &bounds->ticks, &bounds->steps, &bounds->reuses);
	}
	fclose(file);
	return good;
}
