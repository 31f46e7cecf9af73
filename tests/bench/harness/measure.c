/* SPDX-License-Identifier: 0BSD */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include "measure.h"

#include <dirent.h>
#include <malloc.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

/* In count_allocations.so, where that is preloaded. */
extern uint64_t bench_allocations(void) __attribute__((weak));

static int64_t clock_ns(clockid_t clock)
{
	struct timespec time;

	clock_gettime(clock, &time);
	return (int64_t)time.tv_sec * 1000000000 + time.tv_nsec;
}

int64_t bench_time(void)
{
	return clock_ns(CLOCK_MONOTONIC);
}

struct bench_mark bench_mark(void)
{
	struct rusage usage;

	getrusage(RUSAGE_SELF, &usage);
	return (struct bench_mark){
		.time = bench_time(),
		.cpu = clock_ns(CLOCK_PROCESS_CPUTIME_ID),
		.switches = usage.ru_nvcsw + usage.ru_nivcsw,
		.allocations = bench_allocations ? bench_allocations() : 0,
	};
}

/* CPU time of a thread in ns, as the scheduler accounts it: exact for a blocked thread. */
static int64_t work_of(const char *thread)
{
	char path[64];
	long long work = 0;
	FILE *file;

	snprintf(path, sizeof(path), "/proc/self/task/%.20s/schedstat", thread);
	file = fopen(path, "r");
	if (file == NULL || fscanf(file, "%lld", &work) != 1)
		bench_fail("cannot read %s", path);
	fclose(file);
	return work;
}

int64_t bench_work_of_others(void)
{
	DIR *folder = opendir("/proc/self/task");
	const struct dirent *entry;
	int64_t sum = 0;

	if (folder == NULL)
		bench_fail("cannot read /proc/self/task");
	while ((entry = readdir(folder)) != NULL)
		if (entry->d_name[0] != '.' && atoi(entry->d_name) != gettid())
			sum += work_of(entry->d_name);
	closedir(folder);
	return sum;
}

int64_t bench_resident(void)
{
	FILE *file = fopen("/proc/self/smaps_rollup", "r");
	long long kilobytes = -1;
	char line[256];

	if (file == NULL)
		bench_fail("cannot read /proc/self/smaps_rollup");
	while (kilobytes < 0 && fgets(line, sizeof(line), file) != NULL)
		sscanf(line, "Rss: %lld kB", &kilobytes);
	fclose(file);
	if (kilobytes < 0)
		bench_fail("/proc/self/smaps_rollup does not say what is resident");
	return (int64_t)kilobytes * 1024;
}

int64_t bench_heap(void)
{
	struct mallinfo2 info = mallinfo2();

	return (int64_t)(info.uordblks + info.hblkhd);
}

int bench_descriptors(void)
{
	DIR *folder = opendir("/proc/self/fd");
	int count = 0;

	if (folder == NULL)
		bench_fail("cannot read /proc/self/fd");
	while (readdir(folder) != NULL)
		count++;
	closedir(folder);
	return count;
}

void bench_sleep_until(int64_t time)
{
	struct timespec until = {.tv_sec = time / 1000000000, .tv_nsec = time % 1000000000};

	while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &until, NULL) != 0)
		continue;
}

void bench_tell(const char *what, double value)
{
	printf(", \"%s\": %.6g", what, value);
}

void bench_tell_between(const struct bench_mark *begin, const struct bench_mark *end, uint64_t ops)
{
	double each = (double)ops;

	bench_tell("ops", each);
	bench_tell("ns", (double)(end->time - begin->time) / each);
	bench_tell("cpu", (double)(end->cpu - begin->cpu) / each);
	bench_tell("switches", (double)(end->switches - begin->switches) / each);
	if (bench_allocations)
		bench_tell("allocations", (double)(end->allocations - begin->allocations) / each);
}

void bench_fail(const char *format, ...)
{
	va_list arguments;

	fflush(stdout);
	fprintf(stderr, "%s: ", the_peer.name);
	va_start(arguments, format);
	vfprintf(stderr, format, arguments);
	va_end(arguments);
	fputc('\n', stderr);
	/* Other threads may be inside the peer: no code of it may run any more, so no exit(). */
	_exit(1);
}

void *bench_alloc(size_t size)
{
	/* Aligned as the peers' hot words need. */
	void *memory = aligned_alloc(128, (size + 127) / 128 * 128);

	if (memory == NULL)
		bench_fail("no memory");
	for (size_t i = 0; i < size; i++)
		((volatile char *)memory)[i] = 0;
	return memory;
}

static char *aside_begin, *aside_next, *aside_end;

void bench_set_aside(size_t size)
{
	aside_begin = mmap(NULL, size, PROT_READ | PROT_WRITE,
		MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
	if (aside_begin == MAP_FAILED)
		bench_fail("no memory");
	aside_next = aside_begin;
	aside_end = aside_begin + size;
}

/* While memory is set aside, only the main thread may call this. */
void *bench_alloc_aside(size_t size)
{
	void *memory = aside_next;

	if (aside_begin == NULL)
		return bench_alloc(size);
	size = (size + 127) / 128 * 128;
	if (size > (size_t)(aside_end - aside_next))
		bench_fail("too little memory was set aside");
	aside_next += size;
	return memory;
}

void bench_free_aside(void *memory)
{
	if (aside_begin == NULL)
		free(memory);
}
