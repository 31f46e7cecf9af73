/* SPDX-License-Identifier: 0BSD */
/* The simulator's commands; users call scripts/simulate. */
#include "driver/drive.h"
#include "litmus/litmus.h"
#include "machine/fiber.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

static const char usage[] =
	"simulator COMMAND [OPTION VALUE]...\n"
	"  litmus    what the memory model allows, against C11\n"
	"  random    any programs (or --program), any schedules\n"
	"  pct       the same with priorities that change at a few points\n"
	"  explore   all schedules of --program, or of the programs of --list (quick, long, "
	"pairs)\n"
	"  twice     that the same choices give the same execution\n"
	"  compare   that the state cut loses no outcome\n"
	"  replay    a recording, --file, shown step by step; --json: for the page\n"
	"  seeds     the listed programs as inputs of race_fuzzer, into --keep\n"
	"  switch    what it costs to switch between fibers\n"
	"options: --program TEXT --list NAME --seed N --seconds N --total N --executions N "
	"--preemptions N\n"
	"  --stale N --spurious N --weak-failures N --refusals N --timeouts N --ticks N --reuses "
	"N\n"
	"  --steps N "
	"--cut 0|1 --quiet 0|1 --keep DIRECTORY --json FILE --file FILE\n";

/* ---- The cost of a switch ------------------------------------------------------------------ */

static struct fiber here;
static struct fiber there;

static void bounce(void)
{
	for (;;)
		fiber_switch(&there, &here);
}

static int measure_switch(void)
{
	long count = 2000000;
	double began;

	fiber_make(&there, 0, bounce);
	began = drive_now();
	for (long i = 0; i < count; i++)
		fiber_switch(&here, &there);
	printf("%s: %.1f ns a switch\n", SIM_FAST_SWITCH ? "own switch" : "swapcontext",
		(drive_now() - began) * 1e9 / (double)count / 2);
	return 0;
}

/* ---- Options ------------------------------------------------------------------------------- */

static bool set_number(struct options *options, const char *name, const char *value)
{
	struct {
		const char *name;
		int *value;
	} const numbers[] = {{"--preemptions", &options->bounds.preemptions},
		{"--stale", &options->bounds.stale}, {"--spurious", &options->bounds.spurious},
		{"--weak-failures", &options->bounds.weak_failures},
		{"--refusals", &options->bounds.refusals},
		{"--timeouts", &options->bounds.timeouts}, {"--ticks", &options->bounds.ticks},
		{"--reuses", &options->bounds.reuses}};

	for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++) {
		if (strcmp(name, numbers[i].name) == 0) {
			*numbers[i].value = atoi(value);
			return true;
		}
	}
	return false;
}

static bool set_option(struct options *options, const char *name, const char *value)
{
	if (set_number(options, name, value))
		return true;
	if (strcmp(name, "--program") == 0)
		options->program = value;
	else if (strcmp(name, "--list") == 0)
		options->list = value;
	else if (strcmp(name, "--seed") == 0)
		options->seed = strtoull(value, NULL, 10);
	else if (strcmp(name, "--seconds") == 0)
		options->seconds = atof(value);
	else if (strcmp(name, "--total") == 0)
		options->total = atof(value);
	else if (strcmp(name, "--executions") == 0)
		options->executions = atol(value);
	else if (strcmp(name, "--steps") == 0)
		options->bounds.steps = atol(value);
	else if (strcmp(name, "--cut") == 0)
		options->cut = atoi(value) != 0;
	else if (strcmp(name, "--quiet") == 0)
		options->quiet = atoi(value) != 0;
	else if (strcmp(name, "--keep") == 0)
		options->keep = value;
	else if (strcmp(name, "--json") == 0)
		options->json = value;
	else if (strcmp(name, "--file") == 0)
		options->file = value;
	else
		return false;
	return true;
}

/* Return 0 if no failure was found. */
static int perform(const char *command, struct options *options)
{
	if (strcmp(command, "litmus") == 0)
		return litmus_run() != 0;
	if (strcmp(command, "random") == 0)
		return drive_random(options, false);
	if (strcmp(command, "pct") == 0)
		return drive_random(options, true);
	if (strcmp(command, "explore") == 0)
		return drive_list(options);
	if (strcmp(command, "twice") == 0)
		return drive_twice(options);
	if (strcmp(command, "compare") == 0)
		return drive_compare(options);
	if (strcmp(command, "replay") == 0 && options->file != NULL)
		return drive_replay(options);
	if (strcmp(command, "seeds") == 0 && options->keep != NULL)
		return drive_seeds(options);
	if (strcmp(command, "switch") == 0)
		return measure_switch();
	fputs(usage, stderr);
	return 2;
}

int main(int count, char **arguments)
{
	const char *command = count > 1 ? arguments[1] : "";
	bool exhaustive = strcmp(command, "explore") == 0;
	struct options options = {.list = "quick",
		.seed = 1,
		.seconds = 10,
		.total = 1e9,
		.executions = LONG_MAX,
		.cut = true,
		.bounds = {.preemptions = -1, .stale = 1, .steps = 20000}};

	/* Progress must be seen where a pipe takes it. */
	(void)setvbuf(stdout, NULL, _IOLBF, 0);
	if (!exhaustive)
		options.bounds = (struct sim_bounds){.preemptions = -1,
			.stale = 4,
			.spurious = 1,
			.weak_failures = 2,
			.refusals = 1,
			.timeouts = 2,
			.ticks = 1,
			.reuses = 1,
			.steps = 20000};
	setvbuf(stdout, NULL, _IOLBF, 0);
	for (int i = 2; i + 1 < count; i += 2) {
		if (!set_option(&options, arguments[i], arguments[i + 1])) {
			fputs(usage, stderr);
			return 2;
		}
	}
	return perform(command, &options);
}
