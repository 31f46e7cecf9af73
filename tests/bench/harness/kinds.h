/* SPDX-License-Identifier: 0BSD */
/* The kinds of runs, and the arguments of a run. */
#ifndef BENCH_KINDS_H
#define BENCH_KINDS_H

#include "bench.h"

/* One measurement, from `name=value` arguments; 0 by default. */
struct bench_run {
	/* The exact number of operations; 0: as many as take `ms`, at most `most`. */
	uint64_t ops;
	uint64_t ms;
	uint64_t most;
	uint64_t clients;
	uint64_t capacity;
	uint64_t depth;
	uint64_t servers;
	/* us from one request to the next; 0: 500. */
	uint64_t pace;
	/* Threads of one server, and what each of their jobs computes; 0: nothing. */
	uint64_t workers;
	uint64_t work;
	/* For limits: the name of the limit. */
	const char *which;
};

struct bench_kind {
	const char *name;
	/* Whether the peer has the functions that the run needs. */
	bool (*can)(void);
	/* Measure, check and report. */
	void (*run)(const struct bench_run *run);
};

/* Ends with a name of NULL. */
extern const struct bench_kind bench_kinds[];

/*
 * Call `once` with more and more operations until it has taken at least half of the requested time,
 * or once with the requested number of operations.  `once` returns the ns that it took; the caller
 * reports the result.
 */
uint64_t bench_scale(const struct bench_run *run,
	int64_t (*once)(const struct bench_run *run, uint64_t ops, void *arg), void *arg);

#endif
