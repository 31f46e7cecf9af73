/* SPDX-License-Identifier: 0BSD */
/* What the parts of the simulator share: its threads and the operation each of them is at. */
#ifndef SIM_MACHINE_H
#define SIM_MACHINE_H

#include "fiber.h"
#include "sim.h"

/*
 * A view is what a thread (or a store) knows: of each thread, up to which of its steps; of each
 * atomic location, from which of its stores on.  One array for both, since both are joined by
 * taking the larger of each pair.
 */
#define VIEW_SIZE (SIM_THREADS + SIM_LOCATIONS)
struct view {
	uint32_t at[VIEW_SIZE];
};

enum status {
	READY,
	/* In ump__park, or waiting for a bell. */
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
	OP_RING,
	OP_SILENCE,
	OP_POLL,
	OP_TAKE,
	OP_GIVE
};

/* One visible operation: enough to perform it, to tell states apart and to show it. */
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

/* How many calls of the simulated program are followed, for the trace. */
#define CALL_DEPTH 96

struct thread {
	struct fiber fiber;
	void (*run)(void *);
	void *arg;
	enum status status;
	struct step at;
	/* Where the simulated program's part of the stack ends: below it is the simulator's. */
	uintptr_t live_from;
	/* ASLEEP: on which word or bell, until when, and whether that has come.  BLOCKED: by which
	 * lock. */
	uintptr_t sleeps_on;
	int64_t deadline;
	bool timed_out;
	/* How many locks it has. */
	int locks;
	/* The deadline that the thread was last told has passed, and how often. */
	int64_t told;
	int told_times;
	/* JOINING: on whom. */
	int joins;
	/* Started by the library: joined or detached exactly once. */
	bool counted;
	bool released;
	int priority;
	int64_t clock_read;
	/* What it knows; what it would know after an acquire fence; what it had told by its last
	 * release fence. */
	struct view now;
	struct view acquirable;
	struct view released_view;
	/* By location: it read a stale store there, and may not read the same one again at once. */
	uint8_t reread[SIM_LOCATIONS];
	/* The calls it is in: the return addresses and the frames. */
	uintptr_t calls[CALL_DEPTH];
	uintptr_t frames[CALL_DEPTH];
	int depth;
};

struct machine {
	struct thread threads[SIM_THREADS];
	int count;
	/* The thread that runs; -1: the simulator's driver. */
	int current;
	/* One more for each execution, so that nothing has to be cleared. */
	uint32_t generation;
	int64_t clock;
	/* Accesses to memory in this execution: a loop that never ends may have no steps. */
	long accesses;
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

/* The calling thread is about to do `step`: let whoever is chosen go first. */
void machine_step(const struct step *step);

/* The same for a step of which nobody else can tell when it happens: it happens at once. */
void machine_step_alone(const struct step *step);

/* The calling thread cannot go on: let another one. */
void machine_block(void);

/* What a thread sleeps on that waits for the end of another one; no address, and no descriptor. */
static inline uintptr_t machine_end_of(int number)
{
	return UINTPTR_MAX - (uintptr_t)number;
}

/* Overwrite what the simulator has left below the caller's frame. */
void machine_scrub_stack(void);

/* Before returning to simulated code: its frames may come to lie where ours were, and what is in
 * them that it did not write would make equal states look different. */
static inline void machine_scrub(void)
{
	if (sim_config.cut)
		machine_scrub_stack();
}

/* Leave the execution at once. */
_Noreturn void machine_leave(void);
_Noreturn void machine_limit(void);

/* A new thread with what its starter knows. */
int machine_start(void (*run)(void *), void *arg);

static inline void view_join(struct view *into, const struct view *from, int locations)
{
	for (int i = 0; i < SIM_THREADS + locations; i++)
		into->at[i] = from->at[i] > into->at[i] ? from->at[i] : into->at[i];
}

/* For hashes: of states, of traces. */
static inline uint64_t mix(uint64_t hash, uint64_t value)
{
	hash = (hash ^ value) * UINT64_C(0x9e3779b97f4a7c15);
	return hash ^ hash >> 29;
}

#endif
