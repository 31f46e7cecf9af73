/* SPDX-License-Identifier: 0BSD */
/*
 * A main function for fuzzers without an engine, with any compiler: it replays files, or tries
 * inputs at random.
 *
 * Inputs are tried in child processes, in batches: so a crash, a hang or a leak leaves a parent
 * that knows the input, shrinks it, writes it to a file, and prints the command that runs it again.
 */
#include <dirent.h>
#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);
/* LeakSanitizer's, if the program is linked with it. */
int __lsan_do_recoverable_leak_check(void) __attribute__((weak));

enum {
	LONGEST = 512,
	BATCH = 512,
	/* Seconds after which an input hangs. */
	PATIENCE = 5,
	/* The exit code of a child whose batch leaks. */
	LEAKS = 77,
	/* Executions and seconds that shrinking may take. */
	SHRINKING = 2000,
	SHRINKING_SECONDS = 10
};

/* The input that a child works on; the parent reads it after a crash. */
static struct shared {
	size_t size;
	size_t executions;
	uint8_t bytes[LONGEST];
} * shared;

static const char *name;
static const char *directory = ".";

static void run(const uint8_t *bytes, size_t size)
{
	/* Exactly as large as the input, so that a sanitizer detects accesses beyond it. */
	uint8_t *exact = malloc(size + (size == 0));

	if (exact == NULL)
		abort();
	memcpy(exact, bytes, size);
	(void)LLVMFuzzerTestOneInput(exact, size);
	free(exact);
}

static bool leaks(void)
{
	/* The search for leaks is none of the input's time. */
	alarm(0);
	return __lsan_do_recoverable_leak_check != NULL && __lsan_do_recoverable_leak_check() != 0;
}

/* ---- Inputs at random ---------------------------------------------------------------------- */

static uint64_t mix(uint64_t x)
{
	x += UINT64_C(0x9e3779b97f4a7c15);
	x = (x ^ x >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
	x = (x ^ x >> 27) * UINT64_C(0x94d049bb133111eb);
	return x ^ x >> 31;
}

/* Make input number `index` of a seed: small numbers are frequent, since they mean the most. */
static void make(uint64_t seed, uint64_t index)
{
	uint64_t state = mix(seed ^ mix(index));

	shared->size = 8 + (size_t)(state % (state & 256 ? LONGEST - 8 : 56));
	for (size_t i = 0; i < shared->size; i++) {
		state = mix(state);
		shared->bytes[i] = (uint8_t)(state & 0x300 ? state : state % 8);
	}
}

/* ---- Child processes ----------------------------------------------------------------------- */

enum verdict {
	PASSES,
	CRASHES,
	LEAKS_AT_LAST
};

static enum verdict verdict_of(pid_t child)
{
	int status;

	while (waitpid(child, &status, 0) < 0) {
		if (errno != EINTR)
			abort();
	}
	if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
		return PASSES;
	return WIFEXITED(status) && WEXITSTATUS(status) == LEAKS ? LEAKS_AT_LAST : CRASHES;
}

static pid_t begin_child(bool quiet)
{
	pid_t child;

	fflush(NULL);
	child = fork();
	if (child < 0) {
		fprintf(stderr, "%s: error: fork: %s\n", name, strerror(errno));
		exit(2);
	}
	if (child == 0 && quiet && freopen("/dev/null", "w", stderr) == NULL)
		_exit(2);
	return child;
}

/* Try a batch of inputs; `each`: look for leaks after each one. */
static enum verdict try_batch(uint64_t seed, uint64_t first, bool each)
{
	pid_t child = begin_child(each);

	if (child != 0)
		return verdict_of(child);
	for (uint64_t i = first; i < first + BATCH; i++) {
		make(seed, i);
		alarm(PATIENCE);
		run(shared->bytes, shared->size);
		shared->executions++;
		if (each && leaks())
			_exit(LEAKS);
	}
	_exit(leaks() ? LEAKS : 0);
}

static enum verdict try_input(const uint8_t *bytes, size_t size, bool quiet)
{
	pid_t child = begin_child(quiet);

	if (child != 0)
		return verdict_of(child);
	alarm(PATIENCE);
	run(bytes, size);
	_exit(leaks() ? LEAKS : 0);
}

/* ---- A finding ----------------------------------------------------------------------------- */

static uint8_t input[LONGEST];
static size_t input_size;
static unsigned tries;
static double shrink_until;

static double seconds_now(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec + (double)now.tv_nsec * 1e-9;
}

static bool may_try(void)
{
	return tries++ < SHRINKING && seconds_now() < shrink_until;
}

/* Whether the input without `count` bytes from `from` on still fails; then it becomes the input. */
static bool cut(size_t from, size_t count, enum verdict verdict)
{
	uint8_t shorter[LONGEST];

	if (!may_try())
		return false;
	memcpy(shorter, input, from);
	memcpy(shorter + from, input + from + count, input_size - from - count);
	if (try_input(shorter, input_size - count, true) != verdict)
		return false;
	input_size -= count;
	memcpy(input, shorter, input_size);
	return true;
}

static void shrink(enum verdict verdict)
{
	size_t count = 1;

	shrink_until = seconds_now() + SHRINKING_SECONDS;
	/* Powers of two, since threads get pieces of four bytes. */
	while (2 * count <= input_size)
		count *= 2;
	for (; count > 0; count /= 2) {
		for (size_t from = 0; from + count <= input_size;) {
			if (!cut(from, count, verdict))
				from += count;
		}
	}
	for (size_t i = 0; i < input_size && may_try(); i++) {
		uint8_t was = input[i];

		input[i] = 0;
		if (was != 0 && try_input(input, input_size, true) != verdict)
			input[i] = was;
	}
}

static int report(enum verdict verdict, double took)
{
	char path[4096];
	uint64_t hash = 0;
	FILE *file;

	memcpy(input, shared->bytes, shared->size);
	input_size = shared->size;
	shrink(verdict);
	for (size_t i = 0; i < input_size; i++)
		hash = mix(hash ^ input[i]);
	snprintf(path, sizeof path, "%s/%s-%016llx", directory,
		verdict == CRASHES ? "crash" : "leak", (unsigned long long)hash);
	file = fopen(path, "wb");
	if (file == NULL || fwrite(input, 1, input_size, file) != input_size || fclose(file) != 0) {
		fprintf(stderr, "%s: error: %s: %s\n", name, path, strerror(errno));
		return 2;
	}
	(void)try_input(input, input_size, false);
	fprintf(stderr,
		"found in %.2f s, %zu executions; shrunk from %zu bytes to %zu in %u more\n", took,
		shared->executions + 1, shared->size, input_size, tries);
	fprintf(stderr, "to reproduce it: UMP_FUZZ_TRACE=1 %s %s\n", name, path);
	return 1;
}

static int search(uint64_t seed, double seconds)
{
	double begin = seconds_now();

	shared = mmap(
		NULL, sizeof *shared, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (shared == MAP_FAILED)
		abort();
	for (uint64_t first = 0; seconds_now() < begin + seconds; first += BATCH) {
		enum verdict verdict = try_batch(seed, first, false);

		if (verdict == LEAKS_AT_LAST)
			verdict = try_batch(seed, first, true);
		if (verdict != PASSES)
			return report(verdict, seconds_now() - begin);
	}
	printf("nothing found: %zu executions, seed %llu\n", shared->executions,
		(unsigned long long)seed);
	return 0;
}

/* ---- Files --------------------------------------------------------------------------------- */

static int replay_file(const char *path)
{
	static uint8_t bytes[1 << 20];
	FILE *file = fopen(path, "rb");
	size_t size;

	if (file == NULL) {
		fprintf(stderr, "%s: error: %s: %s\n", name, path, strerror(errno));
		return 2;
	}
	size = fread(bytes, 1, sizeof bytes, file);
	fclose(file);
	run(bytes, size);
	return 0;
}

/* Replay a file, or all files of a directory. */
static int replay(const char *path)
{
	struct dirent **entries;
	int count = scandir(path, &entries, NULL, alphasort);
	int failed = 0;

	if (count < 0)
		return replay_file(path);
	for (int i = 0; i < count; i++) {
		char whole[4096];

		snprintf(whole, sizeof whole, "%s/%s", path, entries[i]->d_name);
		if (entries[i]->d_name[0] != '.')
			failed |= replay_file(whole);
		free(entries[i]);
	}
	free(entries);
	return failed;
}

static int usage(void)
{
	fprintf(stderr,
		"usage: %s FILE...          replay inputs: files, or all files of directories\n"
		"       %s [OPTION VALUE]...  try inputs at random, until one fails\n"
		"options: --seconds N (60)  --seed N (the time)  --directory D (.): for what "
		"fails\n",
		name, name);
	return 2;
}

int main(int argc, char **argv)
{
	uint64_t seed = (uint64_t)time(NULL);
	double seconds = 60;
	int failed = 0;

	name = argv[0];
	if (argc > 1 && argv[1][0] != '-') {
		for (int i = 1; i < argc; i++)
			failed |= replay(argv[i]);
		printf("%d arguments replayed\n", argc - 1);
		return failed;
	}
	for (int i = 1; i < argc; i += 2) {
		if (i + 1 == argc)
			return usage();
		if (strcmp(argv[i], "--seconds") == 0)
			seconds = strtod(argv[i + 1], NULL);
		else if (strcmp(argv[i], "--seed") == 0)
			seed = strtoull(argv[i + 1], NULL, 10);
		else if (strcmp(argv[i], "--directory") == 0)
			directory = argv[i + 1];
		else
			return usage();
	}
	return search(seed, seconds);
}
