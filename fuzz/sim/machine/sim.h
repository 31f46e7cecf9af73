/* SPDX-License-Identifier: 0BSD */
/*
 * The simulator's interface for drivers and for simulated code.
 *
 * One execution is a function of the program that runs and of a sequence of choices: which thread
 * runs next, which of the visible stores a load returns, whether an allocation fails, and so on.
 * The modes differ only in the source of the choices.
 */
#ifndef SIM_H
#define SIM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Threads of one execution, and atomic words that they may share. */
#define SIM_THREADS   8
#define SIM_LOCATIONS 120
/* Choices of one execution that are kept, to replay it. */
#ifndef SIM_CHOICES
#define SIM_CHOICES 8192
#endif

enum sim_mode {
	/* Mostly stay with a thread, now and then switch to any other. */
	SIM_RANDOM,
	/* The runnable thread of the highest priority; a few random points lower one. */
	SIM_PCT,
	/* From the bytes of a file, as a fuzzer makes them. */
	SIM_BYTES,
	/* Depth first through all choices. */
	SIM_EXHAUSTIVE,
	/* As recorded. */
	SIM_REPLAY
};

/* Number of rare events that an execution may meet. */
struct sim_bounds {
	/* A thread that could continue is preempted; below 0: any number. */
	int preemptions;
	/* A load returns a store that is not the newest. */
	int stale;
	/* A sleeper wakes spuriously. */
	int spurious;
	/* A weak compare-exchange fails although the value is as expected. */
	int weak_failures;
	/* An allocation or a thread is refused. */
	int refusals;
	/* A sleeper's deadline passes although another thread could run. */
	int timeouts;
	/* The clock advances when it is read. */
	int ticks;
	/* Freed memory is reused. */
	int reuses;
	/* More steps than this count as an endless loop. */
	long steps;
};

struct sim_config {
	enum sim_mode mode;
	uint64_t seed;
	/* PCT: number of points that lower a priority, among `pct_steps` steps. */
	int pct_points;
	int pct_steps;
	/* SIM_BYTES and SIM_REPLAY. */
	const uint8_t *bytes;
	size_t length;
	struct sim_bounds bounds;
	/* Exhaustive: leave an execution whose state was met before. */
	bool cut;
	/* Exhaustive: switch threads also where no other thread could tell the difference. */
	bool every_point;
	/* Give each thread its own processor, so that the library's hints are written. */
	bool processors;
	/* Keep the steps, to show them. */
	bool trace;
};

struct sim_result {
	/* The failure, in a word or two and in a sentence; NULL: none. */
	const char *bug;
	char text[240];
	long steps;
	int preemptions;
	int refusals;
	/* The execution was left because its state was known. */
	bool cut;
	/* The simulator's own limits (threads, words, choices) ended the execution: `text` says
	 * which. */
	bool limited;
	/* Hash of all that happened, the same on every machine. */
	uint64_t hash;
};

extern struct sim_config sim_config;
extern struct sim_result sim_result;

/* ---- Driving: see also search/search.h ----------------------------------------------------- */

/* After an execution in SIM_EXHAUSTIVE: go on to the next one; false: there is none. */
bool sim_next(void);

/* The choices of the last execution. */
const uint8_t *sim_choices(size_t *count);

/* The input of a program that is fuzzed: give it to all executions to come; whether it is given. */
void sim_give_input(const uint8_t *bytes, size_t size);
bool sim_has_input(void);

/* Where the last execution's input is among its choices: a length, then `*size` bytes. */
size_t sim_input_at(size_t *size);

/* ---- For simulated code: see also platform/platform.h --------------------------------------- */

/* Start a thread; -1: there are too many already. */
int sim_spawn(void (*run)(void *), void *arg);

/* Wait for the end of a thread started by sim_spawn. */
void sim_join(int thread);

/* The calling thread; and whether a thread sleeps. */
int sim_self(void);
bool sim_sleeps(int thread);

/* Number of threads started by the library that have not ended.  Without a step. */
int sim_alive(void);

/* Number of locks that the calling thread owns. */
int sim_locks(void);

/* Fail the execution with a bug, and end it here. */
_Noreturn void sim_fail(const char *bug, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* The same after an execution, when the threads are gone. */
void sim_blame(const char *bug, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* The clock, without a step; and the time that the calling thread last read. */
int64_t sim_clock(void);
int64_t sim_clock_read(void);

/* How often the calling thread has read the clock since it last went to sleep, or called this; a
 * loop that makes no progress reads it again and again. */
int sim_take_idle_reads(void);

/* Add a remark to the trace: what the program is doing. */
void sim_remark(const char *format, ...) __attribute__((format(printf, 1, 2)));

#endif
