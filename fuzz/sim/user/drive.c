/* SPDX-License-Identifier: 0BSD */
/* Many executions of the program, as UMP_SIM says. */
#include "user/recording.h"
#include "user/user.h"

#include "driver/show.h"
#include "driver/symbols.h"
#include "search/search.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char usage[] =
	"UMP_SIM is a list of words, separated by spaces or commas:\n"
	"  random | pct          schedules at random (the default, for 10 s), or by priorities\n"
	"  explore               all schedules, as far as the time suffices\n"
	"  states                of these, only the search with known states, not the one for "
	"races\n"
	"  replay=FILE           a recorded execution, step by step\n"
	"  bytes=FILE            one execution, whose choices are in FILE (-: standard input)\n"
	"  fuzz                  libFuzzer chooses; the program must be linked with it\n"
	"  input=FILE            the operations of a fuzzer of ump_fuzz(3), under many schedules\n"
	"  seconds=N executions=N seed=N\n"
	"  faults                memory and threads are refused, sleepers wake spuriously, "
	"deadlines "
	"pass\n"
	"  refusals=N spurious=N deadlines=N stale=N weak=N ticks=N reuse=N preemptions=N steps=N\n"
	"  keep=FILE             where to record a failure (PROGRAM.sim)\n"
	"  html=FILE             show a failure as a page, too\n"
	"  library               traces show the steps inside the library, too\n"
	"  quiet                 only the result\n";

enum way {
	WAY_RANDOM,
	WAY_PCT,
	WAY_EXPLORE,
	WAY_REPLAY,
	WAY_BYTES,
	WAY_FUZZ
};

static struct {
	enum way way;
	char file[512];
	char input[512];
	char keep[512];
	char html[512];
	double seconds;
	long executions;
	unsigned long long seed;
	struct sim_bounds bounds;
	bool states;
	bool library;
	bool quiet;
} options;

/* Processor time of this process: the machine's other load must not count. */
static double now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
	return (double)time.tv_sec + (double)time.tv_nsec * 1e-9;
}

/* ---- Options ------------------------------------------------------------------------------- */

static bool set_bound(const char *name, int value)
{
	struct {
		const char *name;
		int *value;
	} const bounds[] = {{"refusals", &options.bounds.refusals},
		{"spurious", &options.bounds.spurious}, {"deadlines", &options.bounds.timeouts},
		{"stale", &options.bounds.stale}, {"weak", &options.bounds.weak_failures},
		{"ticks", &options.bounds.ticks}, {"reuse", &options.bounds.reuses},
		{"preemptions", &options.bounds.preemptions}};

	for (size_t i = 0; i < sizeof bounds / sizeof bounds[0]; i++) {
		if (strcmp(name, bounds[i].name) == 0) {
			*bounds[i].value = value;
			return true;
		}
	}
	return false;
}

static bool set_way(const char *name, const char *value)
{
	static const char *const ways[] = {"random", "pct", "explore", "replay", "bytes", "fuzz"};

	for (int i = 0; i < (int)(sizeof ways / sizeof ways[0]); i++) {
		if (strcmp(name, ways[i]) != 0)
			continue;
		options.way = (enum way)i;
		if (i == WAY_REPLAY || i == WAY_BYTES)
			snprintf(options.file, sizeof options.file, "%s", value);
		else if (*value != '\0')
			options.executions = atol(value);
		return (i != WAY_REPLAY && i != WAY_BYTES) || *value != '\0';
	}
	return false;
}

static bool set_option(const char *name, const char *value)
{
	if (set_way(name, value))
		return true;
	if (strcmp(name, "seconds") == 0)
		options.seconds = atof(value);
	else if (strcmp(name, "executions") == 0)
		options.executions = atol(value);
	else if (strcmp(name, "seed") == 0)
		options.seed = strtoull(value, NULL, 10);
	else if (strcmp(name, "steps") == 0)
		options.bounds.steps = atol(value);
	else if (strcmp(name, "input") == 0)
		snprintf(options.input, sizeof options.input, "%s", value);
	else if (strcmp(name, "keep") == 0)
		snprintf(options.keep, sizeof options.keep, "%s", value);
	else if (strcmp(name, "html") == 0)
		snprintf(options.html, sizeof options.html, "%s", value);
	else if (strcmp(name, "states") == 0)
		options.states = true;
	else if (strcmp(name, "library") == 0)
		options.library = true;
	else if (strcmp(name, "quiet") == 0)
		options.quiet = true;
	else
		return set_bound(name, atoi(value));
	return true;
}

/* All that may happen on request; ordinary programs need not expect the rest. */
static void set_faults(void)
{
	options.bounds.refusals = 1;
	options.bounds.spurious = 2;
	options.bounds.timeouts = 3;
}

static bool parse(const char *text)
{
	static char words[4096];
	char *rest = words;
	char *word;

	snprintf(words, sizeof words, "%s", text);
	options.seconds = 10;
	options.executions = LONG_MAX;
	options.seed = 1;
	options.bounds = (struct sim_bounds){.preemptions = -1,
		.stale = 2,
		.weak_failures = 2,
		.timeouts = 2,
		.ticks = 1,
		.steps = 50000};
	if (strstr(text, "explore") != NULL)
		options.bounds = (struct sim_bounds){
			.preemptions = -1, .stale = 1, .timeouts = 1, .steps = 50000};
	snprintf(options.keep, sizeof options.keep, "%s.sim", program_invocation_short_name);
	while ((word = strsep(&rest, " ,")) != NULL) {
		char *value = strchr(word, '=');

		if (*word == '\0')
			continue;
		if (value != NULL)
			*value++ = '\0';
		if (strcmp(word, "faults") == 0) {
			set_faults();
		} else if (!set_option(word, value != NULL ? value : "")) {
			fprintf(world_output(), "ump-sim: unknown word \"%s\"\n%s", word, usage);
			return false;
		}
	}
	return true;
}

/* ---- A failure ----------------------------------------------------------------------------- */

/* The library's code, in a section of its own (join.sh). */
extern char __start_ump_server_text[];
extern char __stop_ump_server_text[];

static void show(void)
{
	static char command[PATH_MAX];
	ssize_t length = readlink("/proc/self/exe", command, sizeof command - 1);

	if (length < 0)
		length = 0;
	command[length] = '\0';
	symbols_library((uintptr_t)__start_ump_server_text, (uintptr_t)__stop_ump_server_text);
	if (!options.library)
		show_without_library();
	if (!options.quiet)
		show_text(world_output(), program_invocation_short_name);
	else
		fprintf(world_output(), "%s: %s\n", sim_result.bug, sim_result.text);
	if (options.html[0] != '\0' && !page_write(options.html, program_invocation_short_name))
		fprintf(world_output(), "ump-sim: cannot write %s\n", options.html);
}

/* Shrink the last execution, which failed, show it, and record it. */
static void report(void)
{
	static struct choices choices;

	choices_take(&choices);
	choices_shrink(&choices);
	choices_play(&choices, true);
	show();
	if (choices_save(&choices, options.keep, program_invocation_name))
		fprintf(world_output(), "to see it again: UMP_SIM=replay=%s %s\n", options.keep,
			program_invocation_name);
}

static int replay(void)
{
	static struct choices choices;

	if (!choices_load(&choices, options.file)) {
		fprintf(world_output(), "ump-sim: %s is no recording\n", options.file);
		return 2;
	}
	choices_play(&choices, true);
	show();
	return sim_result.bug != NULL;
}

/* ---- At random ----------------------------------------------------------------------------- */

static uint64_t random_state;

static uint32_t next_random(void)
{
	random_state = random_state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
	return (uint32_t)(random_state >> 33);
}

static void configure(long average)
{
	sim_config = (struct sim_config){.mode = options.way == WAY_PCT ? SIM_PCT : SIM_RANDOM,
		.seed = (uint64_t)next_random() << 31 | next_random(),
		.pct_points = (int)(next_random() % 4),
		.pct_steps = (int)(average < 10 ? 10 : average),
		.bounds = options.bounds,
		.processors = next_random() % 2 == 0};
	/* Refusals end most programs early. */
	if (next_random() % 4 == 0)
		sim_config.bounds.refusals = 0;
}

/* What the executions of one run have in common. */
struct run {
	double began;
	long executions;
	long steps;
	long limited;
	char limit[64];
};

static bool has_time(const struct run *run)
{
	return run->executions < options.executions &&
	       ((run->executions & 63) != 0 || now() - run->began < options.seconds);
}

static void execute(struct run *run)
{
	world_execute();
	run->executions++;
	run->steps += sim_result.steps;
	if (sim_result.limited) {
		run->limited++;
		snprintf(run->limit, sizeof run->limit, "%.60s", sim_result.text);
	}
}

/* The exit status, after the result has been printed. */
static int conclude(const struct run *run)
{
	if (run->limited > 0)
		fprintf(world_output(),
			"ump-sim: %ld executions were left, since they need more %s than there "
			"are\n",
			run->limited, run->limit);
	if (sim_result.bug == NULL)
		return run->limited == run->executions ? 2 : 0;
	report();
	return 1;
}

static int at_random(void)
{
	struct run run = {.began = now()};
	double took;

	random_state = options.seed * 2 + 1;
	for (int i = 0; i < 4; i++)
		next_random();
	do {
		configure(run.executions > 0 ? run.steps / run.executions : 0);
		execute(&run);
	} while (sim_result.bug == NULL && has_time(&run));
	/* No rate is known before the clock has advanced. */
	took = now() - run.began + 1e-3;
	fprintf(world_output(),
		"%s: %s, %ld executions in %.2f s (%.0f a second, %.0f steps each)\n",
		options.way == WAY_PCT ? "pct" : "random",
		sim_result.bug == NULL ? "no failure" : "FAILURE", run.executions, took,
		(double)run.executions / took, (double)run.steps / (double)run.executions);
	return conclude(&run);
}

/* ---- Exhaustively -------------------------------------------------------------------------- */

/* Explore with the state cut, or with at most two preemptions without it. */
static int explore_once(bool cut)
{
	struct run run = {.began = now()};
	bool complete = false;

	sim_config =
		(struct sim_config){.mode = SIM_EXHAUSTIVE, .bounds = options.bounds, .cut = cut};
	if (!cut && options.bounds.preemptions < 0)
		sim_config.bounds.preemptions = 2;
	sim_explore_anew();
	do {
		execute(&run);
		complete = sim_result.bug == NULL && !sim_explore_again() && !sim_next();
	} while (sim_result.bug == NULL && !complete && has_time(&run));
	/* States leave out what fences do. */
	if (sim_result.bug != NULL && strcmp(sim_result.bug, "no cut") == 0)
		return 0;
	complete = complete && run.limited == 0;
	fprintf(world_output(), "explore%s: %s, %ld executions", cut ? "" : ", for data races",
		sim_result.bug != NULL ? "FAILURE"
		: complete             ? "COMPLETE, no failure"
				       : "no failure, not complete",
		run.executions);
	if (cut)
		fprintf(world_output(), ", %zu states", sim_states());
	else
		fprintf(world_output(), ", at most %d preemptions", sim_config.bounds.preemptions);
	fprintf(world_output(), " in %.2f s\n", now() - run.began);
	return conclude(&run);
}

static int explore(void)
{
	int status = sim_can_cut() ? explore_once(true) : 0;

	return status != 0 || (options.states && sim_can_cut()) ? status : explore_once(false);
}

/* ---- Bytes --------------------------------------------------------------------------------- */

/* Longer inputs only repeat themselves. */
#define LONGEST 4096

/* Return whether the execution that the bytes describe fails. */
static bool from_bytes(const uint8_t *bytes, size_t size)
{
	sim_config = (struct sim_config){
		.mode = SIM_BYTES, .bytes = bytes, .length = size, .bounds = options.bounds};
	world_execute();
	return sim_result.bug != NULL;
}

/* Fuzzers take a process that ends by a signal for a finding. */
static int one_input(const uint8_t *bytes, size_t size)
{
	if (size > LONGEST)
		return -1;
	if (from_bytes(bytes, size)) {
		report();
		fflush(world_output());
		abort();
	}
	return 0;
}

static int run_file(void)
{
	static uint8_t bytes[LONGEST];
	FILE *file = strcmp(options.file, "-") == 0 ? stdin : fopen(options.file, "rb");
	size_t size = file != NULL ? fread(bytes, 1, sizeof bytes, file) : 0;

	if (file == NULL) {
		fprintf(world_output(), "ump-sim: cannot read %s\n", options.file);
		return 2;
	}
	return one_input(bytes, size);
}

int LLVMFuzzerRunDriver(int *argc, char ***argv, int (*one)(const uint8_t *, size_t))
	__attribute__((weak));

static int fuzz_input(const uint8_t *bytes, size_t size)
{
	static bool begun;

	if (!begun)
		world_catch_signals();
	begun = true;
	return one_input(bytes, size);
}

/* The program's arguments are libFuzzer's. */
static int fuzz(int argc, char **argv)
{
	/* Its thread that watches the memory would call functions that are simulated. */
	static char no_watch[] = "-rss_limit_mb=0";
	static char *all[64];
	char **arguments = all;
	int count = 0;

	if (LLVMFuzzerRunDriver == NULL) {
		fprintf(world_output(), "ump-sim: the program is not linked with libFuzzer\n");
		return 2;
	}
	for (int i = 0; i < argc && count < 62; i++)
		all[count++] = argv[i];
	all[count++] = no_watch;
	dup2(fileno(world_output()), STDERR_FILENO);
	return LLVMFuzzerRunDriver(&count, &arguments, fuzz_input);
}

/* Read the operations that all executions have in common, if there are any. */
static bool read_input(void)
{
	static uint8_t bytes[UINT8_MAX + 1];
	FILE *file;
	size_t size;

	if (options.input[0] == '\0')
		return true;
	file = fopen(options.input, "rb");
	if (file == NULL) {
		fprintf(world_output(), "ump-sim: cannot read %s\n", options.input);
		return false;
	}
	size = fread(bytes, 1, sizeof bytes, file);
	fclose(file);
	if (size == sizeof bytes)
		fprintf(world_output(), "ump-sim: of %s, only the first %d bytes are used\n",
			options.input, UINT8_MAX);
	sim_give_input(bytes, size < sizeof bytes ? size : UINT8_MAX);
	return true;
}

int drive_user(const char *text, int argc, char **argv)
{
	if (!parse(text) || !read_input())
		return 2;
	switch (options.way) {
	case WAY_EXPLORE:
		return explore();
	case WAY_REPLAY:
		return replay();
	case WAY_BYTES:
		return run_file();
	case WAY_FUZZ:
		return fuzz(argc, argv);
	default:
		return at_random();
	}
}
