/* SPDX-License-Identifier: 0BSD */
/*
 * In place of libFuzzer, for compilers that have none: runs the files, and the files of the
 * directories, that it is given, each once; with --repeat N each N times, to measure.
 */
#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

#define LARGEST 65536

static long repeat = 1;
static long executions;

static int run_file(const char *name)
{
	static uint8_t bytes[LARGEST];
	FILE *file = fopen(name, "rb");
	size_t size;

	if (file == NULL) {
		perror(name);
		return 1;
	}
	size = fread(bytes, 1, sizeof bytes, file);
	fclose(file);
	for (long i = 0; i < repeat; i++, executions++)
		LLVMFuzzerTestOneInput(bytes, size);
	return 0;
}

static int run_path(const char *path)
{
	struct stat status;
	struct dirent **entries;
	int failed = 0;
	int count;

	if (stat(path, &status) != 0 || !S_ISDIR(status.st_mode))
		return run_file(path);
	count = scandir(path, &entries, NULL, alphasort);
	for (int i = 0; i < count; i++) {
		char name[4096];

		if (entries[i]->d_name[0] != '.') {
			snprintf(name, sizeof name, "%s/%s", path, entries[i]->d_name);
			failed += run_file(name);
		}
		free(entries[i]);
	}
	if (count >= 0)
		free(entries);
	return failed;
}

int main(int count, char **arguments)
{
	struct timespec began;
	struct timespec ended;
	double took;
	int failed = 0;
	int first = 1;

	if (count > 2 && strcmp(arguments[1], "--repeat") == 0) {
		repeat = atol(arguments[2]);
		first = 3;
	}
	clock_gettime(CLOCK_MONOTONIC, &began);
	for (int i = first; i < count; i++)
		failed += run_path(arguments[i]);
	clock_gettime(CLOCK_MONOTONIC, &ended);
	took = (double)(ended.tv_sec - began.tv_sec) +
	       (double)(ended.tv_nsec - began.tv_nsec) * 1e-9;
	printf("%ld executions in %.2f s (%.0f a second), no failure\n", executions, took,
		(double)executions / took);
	return failed != 0;
}
