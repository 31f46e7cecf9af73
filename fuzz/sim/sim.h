/* SPDX-License-Identifier: 0BSD */
/*
 * The simulator, as those who drive it and those who run in it see it.
 *
 * One execution is a function of the program that runs and of a row of choices: who goes on, which
 * of the visible stores a load returns, whether an allocation fails, and so on.  The modes differ
 * only in where the choices come from.
 */
#ifndef SIM_H
#define SIM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Threads of one execution, and how many atomic words they may share. */
#define SIM_THREADS   8
#define SIM_LOCATIONS 120
/* Choices of one execution that are kept, to replay it. */
#define SIM_CHOICES 8192

enum sim_mode {
	/* Mostly stay with a thread, now and then go to any other. */
	SIM_RANDOM,
	/* The runnable thread of the highest priority; a few random points lower one. */
	SIM_PCT,
	/* From the bytes of a file, as a fuzzer makes them. */
	SIM_BYTES,
	/* Depth first through all of them. */
	SIM_EXHAUSTIVE,
	/* As recorded. */
	SIM_REPLAY
};

/* How often an execution may meet what is rare. */
struct sim_bounds {
	/* A thread that could go on has to let another one; below 0: any number. */
	int preemptions;
	/* A load returns a store that is not the newest. */
	int stale;
	/* A sleeper wakes for no reason. */
	int spurious;
	/* A weak compare-exchange fails though the value is as expected. */
	int weak_failures;
	/* Memory or a thread is refused. */
	int refusals;
	/* A sleeper's deadline passes although somebody else could go on. */
	int timeouts;
	/* The clock moves on when it is read. */
	int ticks;
	/* Memory that was freed is given out again. */
	int reuses;
	/* More steps than this are taken for a loop that never ends. */
	long steps;
};

struct sim_config {
	enum sim_mode mode;
	uint64_t seed;
	/* PCT: how many points lower a priority, among how many steps. */
	int pct_points;
	int pct_steps;
	/* SIM_BYTES and SIM_REPLAY. */
	const uint8_t *bytes;
	size_t length;
	struct sim_bounds bounds;
	/* Exhaustive: leave an execution whose state was met before. */
	bool cut;
	/* Exhaustive: let others go first also where nobody could tell the difference. */
	bool every_point;
	/* Tell threads apart by processor, so that the library's hints are written. */
	bool processors;
	/* Keep the steps, to show them. */
	bool trace;
};

struct sim_result {
	/* What went wrong, in a word or two and in a sentence; NULL: nothing. */
	const char *bug;
	char text[240];
	long steps;
	int preemptions;
	int refusals;
	/* The execution was left because its state was known. */
	bool cut;
	/* The simulator's own limits (threads, words, choices) ended the execution. */
	bool limited;
	/* A number for all that happened, the same on every machine. */
	uint64_t hash;
};

extern struct sim_config sim_config;
extern struct sim_result sim_result;

/* ---- Driving ------------------------------------------------------------------------------- */

/* Run `run(arg)` as thread 0, and all the threads that it starts, to the end or the first bug. */
void sim_execute(void (*run)(void *), void *arg);

/* After an execution in SIM_EXHAUSTIVE: go on to the next one; false: there is none. */
bool sim_next(void);

/* Begin an exhaustive exploration anew: no choices, no known states. */
void sim_explore_anew(void);

/* Whether something has turned out, after an execution, that was taken for granted by those before
 * (views_alone).  Then the exploration begins anew, knowing it. */
bool sim_explore_again(void);

/* How many states are known. */
size_t sim_states(void);

/* Whether states can be told from each other in this build; else nothing is ever cut. */
bool sim_can_cut(void);

/* The choices of the last execution. */
const uint8_t *sim_choices(size_t *count);

/* Memory outside the simulated one that belongs to the state: the oracle's accounts. */
void sim_watch(void *memory, size_t size);
uint64_t sim_watched_hash(void);

/* ---- For what runs inside ------------------------------------------------------------------ */

/* Start a thread; -1: there are too many already. */
int sim_spawn(void (*run)(void *), void *arg);

/* Wait for the end of a thread made by sim_spawn. */
void sim_join(int thread);

/* The calling thread; and whether a thread sleeps. */
int sim_self(void);
bool sim_sleeps(int thread);

/* How many threads that the library has started have not ended.  Without a step. */
int sim_alive(void);

/* How many locks the calling thread has. */
int sim_locks(void);

/* Wait until a file descriptor of the library's is readable, as poll does; false: the deadline came
 * first.  It may also return for no reason. */
bool sim_poll(int fd, int64_t deadline);

/* Whether it is readable; whether anybody has rung since this was last asked.  Without a step. */
bool sim_readable(int fd);
bool sim_rung(int fd);
/* Whether the library has it still. */
bool sim_open(int fd);

/* Memory that is neither counted as a leak nor refused. */
void *sim_scratch(size_t size);

/* The execution shows a bug: it ends here. */
_Noreturn void sim_fail(const char *bug, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* The same when the threads are gone, after an execution. */
void sim_blame(const char *bug, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* The clock, without a step; and what the calling thread last read from it. */
int64_t sim_clock(void);
int64_t sim_clock_read(void);

/* A remark for the trace: what the program is doing. */
void sim_remark(const char *format, ...) __attribute__((format(printf, 1, 2)));

#endif
