/* SPDX-License-Identifier: 0BSD */
/*
 * A state is everything that the rest of an execution depends on: memory, stacks, the next
 * operation of each thread, the views, the rarities left.  It is identified by a 64-bit hash.  The
 * race detector's clocks are not part of it; README.md says what follows from that.
 */
#include "search/states.h"

#include "machine/arena.h"
#include "machine/machine.h"
#include "machine/statics.h"
#include "model/views.h"
#include "platform/devices.h"
#include "search/search.h"

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

uint64_t sim_watched_hash(void)
{
	return mix_bytes(1, watched.memory, watched.size);
}

static uint64_t (*hash_more)(uint64_t hash);

void states_extend(uint64_t (*more)(uint64_t hash))
{
	hash_more = more;
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
	hash = mix(mix(hash, (uint64_t)thread->reported), (uint64_t)thread->reports);
	hash = mix(hash, (uint64_t)(thread->status == ASLEEP ? thread->deadline : 0));
	hash = mix(hash, (uint64_t)(thread->status == JOINING ? thread->joins : 0));
	hash = mix(hash, (uintptr_t)thread->arg);
	return mix_bytes(hash, (void *)thread->live_from, top - thread->live_from);
}

/* The simulated memory, and what the thread knew that freed the block which may be reused. */
static uint64_t hash_memory(uint64_t hash)
{
	size_t number;
	const struct view *freed = arena_freed(&number);

	hash = arena_hash(hash);
	return freed != NULL ? mix(mix(hash, number), views_hash_one(freed)) : hash;
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
	hash = hash_memory(hash);
	for (int t = 0; t < machine.count; t++)
		hash = hash_thread(hash, t);
	hash = statics_hash(devices_hash(views_hash(hash)));
	if (hash_more != NULL)
		hash = hash_more(hash);
	return mix_bytes(hash, watched.memory, watched.size);
}

/* Whether a state is in the table; and its entry there, or the one where it should be. */
static bool find(uint64_t hash, size_t *entry)
{
	size_t i = hash >> (64 - TABLE_BITS);

	while (table[i] != 0 && table[i] != hash)
		i = (i + 1) % TABLE;
	*entry = i;
	return table[i] == hash;
}

bool states_seen(enum choice what)
{
	uint64_t hash = hash_state(what);
	size_t entry = 0;

	if (table == NULL)
		table = calloc(TABLE, sizeof *table);
	if (table == NULL)
		return false;
	/* A visit with more stale loads left has explored everything that is possible with
	 * fewer. */
	for (int stale = sim_config.bounds.stale; stale >= machine.left.stale; stale--) {
		if (find(mix(hash, (uint64_t)stale) | 1, &entry))
			return true;
	}
	/* `entry` is where this state belongs: it was looked up last. */
	if (known < TABLE / 10 * 9) {
		table[entry] = mix(hash, (uint64_t)machine.left.stale) | 1;
		known++;
	}
	return false;
}
