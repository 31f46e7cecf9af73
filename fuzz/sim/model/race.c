/* SPDX-License-Identifier: 0BSD */
#include "model/race.h"

#include "machine/arena.h"
#include "machine/machine.h"
#include "machine/statics.h"
#include "machine/trace.h"

#include <stdlib.h>

_Static_assert(SIM_THREADS == 8, "struct shadow holds as many threads");

#define UNIT 4
#define MASK 15u
/* An access below this goes to a member of an object at a null pointer. */
#define NULL_PAGE 4096
/* Far more than any program needs. */
#define MOST_ACCESSES 10000000L

#define CLOCK(now) ((now) >> 4)

/* One shadow per unit of the arena and of the stacks; all other memory by hash. */
static struct shadow arena_shadow[SIM_THREADS * ARENA_PART / UNIT];
static struct shadow stack_shadow[SIM_THREADS * FIBER_STACK / UNIT];
#define OTHERS 65536
static struct {
	uintptr_t address;
	struct shadow shadow;
} others[OTHERS];

/* Static variables that are known beforehand. */
static struct shadow *static_shadow;
static uintptr_t static_from;
static size_t static_size;

bool race_statics(uintptr_t from, size_t size)
{
	static_shadow = calloc(size / UNIT + 1, sizeof *static_shadow);
	static_from = from;
	static_size = static_shadow != NULL ? size : 0;
	return static_shadow != NULL;
}

static struct shadow *other_shadow(uintptr_t unit)
{
	size_t i = mix(1, unit) % OTHERS;

	/* More in a row than a table that is at most half full ever has. */
	for (int tries = 0; tries < OTHERS / 64; tries++, i = (i + 1) % OTHERS) {
		if (others[i].address == unit && others[i].shadow.generation == machine.generation)
			return &others[i].shadow;
		if (others[i].shadow.generation != machine.generation) {
			others[i].address = unit;
			return &others[i].shadow;
		}
	}
	machine_limit("static variables");
}

/* Reset a shadow of an earlier execution. */
static inline void prepare(struct shadow *shadow)
{
	if (shadow->generation != machine.generation) {
		shadow->generation = machine.generation;
		shadow->location = -1;
		shadow->fresh = false;
		shadow->touched = 0;
	}
}

/* `*row`: the shadows of the following units follow this one. */
static inline struct shadow *find_shadow(uintptr_t address, bool *row)
{
	*row = true;
	if (arena_has(address))
		return &arena_shadow[(address - (uintptr_t)arena_memory) / UNIT];
	if (fiber_of_stack(address) >= 0)
		return &stack_shadow[(address - (uintptr_t)fiber_stacks) / UNIT];
	if (address - static_from < static_size)
		return &static_shadow[(address - static_from) / UNIT];
	*row = false;
	return other_shadow(address / UNIT);
}

struct shadow *race_shadow(uintptr_t address)
{
	bool row;
	struct shadow *shadow = find_shadow(address, &row);

	prepare(shadow);
	return shadow;
}

/* The threads other than the calling one that have accessed this, as bits. */
static unsigned others_touched(const struct shadow *shadow)
{
	return shadow->touched & ~(1u << machine.current);
}

bool race_shared(const struct shadow *shadow)
{
	return others_touched(shadow) != 0;
}

bool race_written(const struct shadow *shadow)
{
	return (shadow->touched >> machine.current & 1) != 0 &&
	       shadow->last[PLAIN_WRITE][machine.current] != 0;
}

/* The memory must belong to the program: a live block, or a frame that has not returned. */
static void require_live(uintptr_t address, size_t size)
{
	int owner;

	if (arena_has(address)) {
		arena_require(address, size);
		return;
	}
	if (address < NULL_PAGE)
		sim_fail("null pointer", "%zu bytes at %zu", size, (size_t)address);
	owner = fiber_of_stack(address);
	if (owner < 0 || owner == machine.current)
		return;
	if (machine.threads[owner].status == DONE || address < machine.threads[owner].live_from)
		sim_fail("use after return", "thread %d touches a frame of thread %d that is gone",
			machine.current, owner);
}

/* The thread whose last access of this kind overlaps these bytes without being ordered before the
 * calling thread; or -1. */
static int unseen(const struct shadow *shadow, enum access kind, uint32_t mask)
{
	const struct thread *me = self();

	for (unsigned left = others_touched(shadow); left != 0; left &= left - 1) {
		int t = __builtin_ctz(left);
		uint32_t last = shadow->last[kind][t];

		if (CLOCK(last) > me->now.at[t] && (last & mask) != 0)
			return t;
	}
	return -1;
}

static const char *const kinds[] = {"reads", "writes", "atomically reads", "atomically writes"};
static const char *const done[] = {"read", "written", "atomically read", "atomically written"};

static void report(enum access mine, enum access theirs, int thread)
{
	sim_fail("data race", "thread %d %s what thread %d has %s, and neither is ordered first",
		machine.current, kinds[mine], thread, done[theirs]);
}

/* Kinds of access that conflict with each kind. */
static const bool conflicts[ACCESS_KINDS][ACCESS_KINDS] = {
	[PLAIN_READ] = {[PLAIN_WRITE] = true, [ATOMIC_WRITE] = true},
	[PLAIN_WRITE] = {true, true, true, true},
	[ATOMIC_READ] = {[PLAIN_WRITE] = true},
	[ATOMIC_WRITE] = {[PLAIN_READ] = true, [PLAIN_WRITE] = true},
};

static void check_unit(const struct shadow *shadow, enum access kind, uint32_t mask)
{
	for (int other = 0; other < ACCESS_KINDS; other++) {
		int thread;

		if (!conflicts[kind][other])
			continue;
		thread = unseen(shadow, (enum access)other, mask);
		if (thread >= 0)
			report(kind, (enum access)other, thread);
	}
}

static inline void access_unit(struct shadow *shadow, enum access kind, uint32_t mask)
{
	int me = machine.current;
	uint32_t mine = self()->now.at[me] << 4 | mask;

	if ((shadow->touched >> me & 1) == 0) {
		for (int other = 0; other < ACCESS_KINDS; other++)
			shadow->last[other][me] = 0;
		shadow->touched = (uint8_t)(shadow->touched | 1u << me);
	}
	/* Repeated within one step of the thread's clock: already checked. */
	if (shadow->last[kind][me] == mine)
		return;
	if (others_touched(shadow) != 0)
		check_unit(shadow, kind, mask);
	shadow->last[kind][me] = mine;
}

void race_access(uintptr_t address, size_t size, enum access kind, uintptr_t pc)
{
	uintptr_t end = address + size;
	bool row;
	struct shadow *shadow = find_shadow(address, &row);

	if (++machine.accesses > MOST_ACCESSES)
		sim_fail("no end", "%ld accesses to memory and still going", machine.accesses);
	trace_access(address, size, kind, pc);
	require_live(address, size);
	if (!row && (kind == PLAIN_WRITE || kind == ATOMIC_WRITE))
		statics_note(address, size);
	while (address < end) {
		uintptr_t unit = address & ~(uintptr_t)(UNIT - 1);
		uintptr_t next = unit + UNIT < end ? unit + UNIT : end;
		uint32_t mask = MASK >> (UNIT - (next - address)) << (address - unit);

		prepare(shadow);
		access_unit(shadow, kind, mask & MASK);
		/* A plain write over an atomic word begins that anew. */
		if (kind == PLAIN_WRITE)
			shadow->fresh = true;
		address = next;
		if (address < end)
			shadow = row ? shadow + 1 : find_shadow(address, &row);
	}
	trace_access_over();
}

void race_free(uintptr_t address, size_t size, uintptr_t pc)
{
	for (size_t i = 0; i < size; i += UNIT) {
		const struct shadow *shadow = race_shadow(address + i);

		for (int kind = 0; kind < ACCESS_KINDS && others_touched(shadow) != 0; kind++) {
			int thread = unseen(shadow, (enum access)kind, MASK);

			if (thread < 0)
				continue;
			trace_access(address + i, UNIT, PLAIN_WRITE, pc);
			sim_fail("race on free",
				"thread %d frees what thread %d has %s (at byte %zu of "
				"%zu), and neither is ordered first",
				machine.current, thread, done[kind], i, size);
		}
	}
}
