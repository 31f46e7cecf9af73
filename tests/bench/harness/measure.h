/* SPDX-License-Identifier: 0BSD */
/* What is measured, and how it is reported: one line of JSON. */
#ifndef BENCH_MEASURE_H
#define BENCH_MEASURE_H

#include "bench.h"

/* The state of the process at one moment. */
struct bench_mark {
	/* ns of CLOCK_MONOTONIC, and ns of CPU time of all its threads. */
	int64_t time;
	int64_t cpu;
	/* Context switches. */
	long switches;
	/* Allocations; counted only where count_allocations.so is preloaded. */
	uint64_t allocations;
};

struct bench_mark bench_mark(void);

int64_t bench_time(void);

/* CPU time of all other threads of the process, in ns. */
int64_t bench_work_of_others(void);

/* Bytes in memory, counted page by page (/proc/self/statm may lack dozens of pages for each
 * processor); bytes that malloc has given out; and open file descriptors. */
int64_t bench_resident(void);
int64_t bench_heap(void);
int bench_descriptors(void);

void bench_sleep_until(int64_t time);

/* From now on, bench_alloc_aside() takes its memory from `size` bytes that are resident already. */
void bench_set_aside(size_t size);

/* Add to the line of JSON. */
void bench_tell(const char *what, double value);

/* Report ns, cpu, switches and allocations, each per operation. */
void bench_tell_between(const struct bench_mark *begin, const struct bench_mark *end, uint64_t ops);

#endif
