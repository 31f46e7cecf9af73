/* SPDX-License-Identifier: 0BSD */
/*
 * A state is everything that the rest of an execution depends on: memory, stacks, the next
 * operation of each thread, the views, the rarities left.  It is identified by a 64-bit hash.  The
 * race detector's clocks are not part of it; README.md says what follows from that.
 */
#include "states.h"

#include "arena.h"
#include "devices.h"
#include "machine.h"
#include "statics.h"
#include "views.h"

#include <stdlib.h>
#include <string.h>

/* Open addressing.  When the table is nearly full, new states are not recorded and fewer executions
 * are cut. */
#define TABLE_BITS 24
#define TABLE      ((size_t)1 << TABLE_BITS)
static uint64_t *table;
static size_t known;

static struct {
	void *memory;
	size_t size;
} watched;

void sim_watch(void *memory, size_t size)
{
	watched.memory = memory;
	watched.size = size;
}

size_t sim_states(void)
{
	return known;
}

void states_forget(void)
{
	if (table != NULL && known > 0)
		memset(table, 0, TABLE * sizeof *table);
	known = 0;
}

bool sim_can_cut(void)
{
#ifdef SIM_CUT
	return true;
#else
	return false;
#endif
}

uint64_t states_mix_bytes(uint64_t hash, const void *bytes, size_t size)
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

uint64_t sim_watched_hash(void)
{
	return states_mix_bytes(1, watched.memory, watched.size);
}

static uint64_t hash_thread(uint64_t hash, int number)
{
	const struct thread *thread = &machine.threads[number];
	uintptr_t top = fiber_stack(number) + FIBER_STACK;

	hash = mix(hash, thread->status);
	hash = mix(hash, (uint64_t)thread->released);
	if (thread->status == DONE)
		return hash;
	hash = mix(hash, thread->at.op);
	hash = mix(hash, thread->at.address);
	hash = mix(hash, thread->at.value);
	hash = mix(hash, thread->at.expected);
	hash = mix(hash, (uint64_t)thread->timed_out);
	hash = mix(hash, (uint64_t)thread->clock_read);
	hash = mix(mix(hash, (uint64_t)thread->told), (uint64_t)thread->told_times);
	hash = mix(hash, (uint64_t)(thread->status == ASLEEP ? thread->deadline : 0));
	hash = mix(hash, (uint64_t)(thread->status == JOINING ? thread->joins : 0));
	hash = mix(hash, (uintptr_t)thread->arg);
	return states_mix_bytes(hash, (void *)thread->live_from, top - thread->live_from);
}

static uint64_t hash_rarities(uint64_t hash)
{
	const struct sim_bounds *left = &machine.left;

	hash = mix(hash, (uint64_t)left->spurious);
	hash = mix(hash, (uint64_t)left->weak_failures);
	hash = mix(hash, (uint64_t)left->refusals);
	hash = mix(hash, (uint64_t)left->timeouts);
	hash = mix(hash, (uint64_t)left->ticks);
	hash = mix(hash, (uint64_t)left->reuses);
	return mix(hash, (uint64_t)machine.clock);
}

static uint64_t hash_state(enum choice what)
{
	uint64_t hash = mix(mix(1, what), (uint64_t)machine.count);

	/* The running thread belongs to the state if a switch would cost a preemption, or if the
	 * thread is in the middle of an operation. */
	if (what != CHOOSE_THREAD || machine.left.preemptions >= 0)
		hash = mix(hash, (uint64_t)machine.current + 2);
	hash = mix(hash, (uint64_t)(int64_t)machine.left.preemptions);
	hash = hash_rarities(hash);
	hash = arena_hash(hash);
	for (int t = 0; t < machine.count; t++)
		hash = hash_thread(hash, t);
	hash = statics_hash(devices_hash(views_hash(hash)));
	return states_mix_bytes(hash, watched.memory, watched.size);
}

/* Deeper than any of the simulator's own calls. */
#define SCRUBBED 3072

void machine_scrub_stack(void)
{
	/* Unknown to the compiler, which would remove writes that are never read. */
	static void *(*const volatile clear)(void *, int, size_t) = memset;
	unsigned char area[SCRUBBED];

	clear(area, 0, sizeof area);
}

/* Whether a state is in the table; and its place there, or the place where it should be. */
static bool find(uint64_t hash, size_t *place)
{
	size_t i = hash >> (64 - TABLE_BITS);

	while (table[i] != 0 && table[i] != hash)
		i = (i + 1) % TABLE;
	*place = i;
	return table[i] == hash;
}

bool states_seen(enum choice what)
{
	uint64_t hash = hash_state(what);
	size_t place = 0;

	if (table == NULL)
		table = calloc(TABLE, sizeof *table);
	if (table == NULL)
		return false;
	/* A visit with more stale loads left has explored everything that is possible with
	 * fewer. */
	for (int stale = sim_config.bounds.stale; stale >= machine.left.stale; stale--) {
		if (find(mix(hash, (uint64_t)stale) | 1, &place))
			return true;
	}
	/* `place` is where this state belongs: it was looked up last. */
	if (known < TABLE / 10 * 9) {
		table[place] = mix(hash, (uint64_t)machine.left.stale) | 1;
		known++;
	}
	return false;
}
