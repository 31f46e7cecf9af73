/* SPDX-License-Identifier: 0BSD */
/* Shared by the parts of the simulator: its threads, and the operation each of them is at. */
#ifndef SIM_MACHINE_H
#define SIM_MACHINE_H

#include "machine/fiber.h"
#include "machine/sim.h"

#include <string.h>

/*
 * A view: what a thread (or a store) knows.  Per thread, the last of its steps that is known; per
 * atomic location, the oldest of its stores that may still be read.  One array holds both, since
 * both are joined by taking the larger of each pair.
 */
#define VIEW_SIZE (SIM_THREADS + SIM_LOCATIONS)
struct view {
	uint32_t at[VIEW_SIZE];
};

enum status {
	READY,
	/* In ump__park, or waiting for a notifier. */
	ASLEEP,
	/* Waits for a lock. */
	BLOCKED,
	/* Waits for the end of another thread. */
	JOINING,
	DONE
};

enum operation {
	OP_NONE,
	OP_LOAD,
	OP_STORE,
	OP_EXCHANGE,
	OP_ADD,
	OP_SUB,
	OP_AND,
	OP_OR,
	OP_XOR,
	OP_NAND,
	OP_CAS_WEAK,
	OP_CAS_STRONG,
	OP_FENCE,
	OP_PARK,
	OP_WAKE,
	OP_START,
	OP_JOIN,
	OP_ALLOC,
	OP_FREE,
	OP_CLOCK,
	OP_RAISE,
	OP_CLEAR,
	OP_POLL,
	OP_LOCK,
	OP_UNLOCK,
	OP_WAIT,
	OP_SIGNAL,
	OP_YIELD,
	OP_SLEEP
};

/* One visible operation: enough to perform it, to distinguish states, and to show it. */
struct step {
	enum operation op;
	uint8_t size;
	int8_t order;
	int8_t failure_order;
	uintptr_t address;
	uint64_t value;
	uint64_t expected;
	uintptr_t pc;
};

/* Kinds of memory accesses. */
enum access {
	PLAIN_READ,
	PLAIN_WRITE,
	ATOMIC_READ,
	ATOMIC_WRITE,
	ACCESS_KINDS
};

/* Number of nested calls of the simulated program that the trace follows. */
#define CALL_DEPTH 96

struct thread {
	struct fiber fiber;
	void (*run)(void *);
	void *arg;
	enum status status;
	struct step at;
	/* The end of the simulated program's part of the stack: below it is the simulator's. */
	uintptr_t live_from;
	/* ASLEEP: the word or notifier, the deadline, and whether that has passed.  BLOCKED: the
	 * lock. */
	uintptr_t sleeps_on;
	int64_t deadline;
	bool timed_out;
	/* Number of locks that it owns. */
	int locks;
	/* The last deadline reported to the thread as passed, and the number of reports. */
	int64_t reported;
	int reports;
	/* JOINING: the thread waited for. */
	int joins;
	/* Started by the library: must be joined or detached exactly once. */
	bool counted;
	bool released;
	int priority;
	int64_t clock_read;
	/* How often it has read the clock since it last went to sleep, or was told to work. */
	int idle_reads;
	/* It gives way: others run first. */
	bool aside;
	/* Its view; its view after an acquire fence; its view at its last release fence. */
	struct view now;
	struct view acquirable;
	struct view released_view;
	/* By location: it read a stale store there, and must not read the same one again at
	 * once. */
	uint8_t reread[SIM_LOCATIONS];
	/* The calls that it is in: return addresses and frames. */
	uintptr_t calls[CALL_DEPTH];
	uintptr_t frames[CALL_DEPTH];
	int depth;
};

struct machine {
	struct thread threads[SIM_THREADS];
	int count;
	/* The running thread; -1: the simulator's driver. */
	int current;
	/* Incremented for each execution, so that nothing has to be cleared. */
	uint32_t generation;
	int64_t clock;
	/* Memory accesses in this execution: an endless loop may have no steps. */
	long accesses;
	/* Steps since the last switch. */
	int in_a_row;
	/* Atomic words used so far: no view knows of more. */
	int locations;
	struct sim_bounds left;
};

extern struct machine machine;

static inline struct thread *self(void)
{
	return &machine.threads[machine.current];
}

static inline bool simulated(void)
{
	return machine.current >= 0;
}

/* The calling thread is about to do `step`: schedule first. */
void machine_step(const struct step *step);

/* The same for a step whose moment no other thread can observe: performed at once. */
void machine_step_alone(const struct step *step);

/* The same for a step that gives way: another thread runs next if any can. */
void machine_step_aside(const struct step *step);

/* The calling thread cannot continue: schedule another one. */
void machine_block(void);

/* Wait for the end of a thread, and join it. */
void machine_join(int number);

/* End the calling thread. */
void machine_end(void);

/* What a thread sleeps on while it waits for the end of another one; no address, and no
 * descriptor. */
static inline uintptr_t machine_end_of(int number)
{
	return UINTPTR_MAX - (uintptr_t)number;
}

/* Must be called before a return to simulated code: its frames may come to lie where the
 * simulator's were, and bytes there that it did not write would make equal states look
 * different. */
static inline void machine_scrub(void)
{
	if (sim_config.cut)
		fiber_scrub_stack();
}

/* Leave the execution at once; for `machine_limit`, since the program needs more than the simulator
 * has of `what`. */
_Noreturn void machine_leave(void);
_Noreturn void machine_limit(const char *what);

/* Start a thread with the view of its starter. */
int machine_start(void (*run)(void *), void *arg);

/* Begin an execution, without threads; and run `run(arg)` as its first one, to the end. */
void machine_begin(void);
void machine_run(void (*run)(void *), void *arg);

static inline void view_join(struct view *into, const struct view *from)
{
	int used = SIM_THREADS + machine.locations;

	for (int i = 0; i < used; i++)
		into->at[i] = from->at[i] > into->at[i] ? from->at[i] : into->at[i];
}

/* Mix a value into a hash of states or traces. */
static inline uint64_t mix(uint64_t hash, uint64_t value)
{
	hash = (hash ^ value) * UINT64_C(0x9e3779b97f4a7c15);
	return hash ^ hash >> 29;
}

static inline uint64_t mix_bytes(uint64_t hash, const void *bytes, size_t size)
{
	const unsigned char *at = bytes;

	for (; size >= 8; size -= 8, at += 8) {
		uint64_t word;

		memcpy(&word, at, sizeof word);
		hash = mix(hash, word);
	}
	for (; size > 0; size--, at++)
		hash = mix(hash, *at);
	return hash;
}

#endif
