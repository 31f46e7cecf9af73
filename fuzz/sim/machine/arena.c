/* SPDX-License-Identifier: 0BSD */
#include "machine/arena.h"

#include "machine/choice.h"
#include "machine/machine.h"
#include "machine/trace.h"

#include <string.h>

/* 128 blocks for each 16 KiB. */
#define BLOCKS  (8 * SIM_MEMORY)
#define GRANULE 16

struct block {
	uint32_t offset;
	uint32_t size;
	bool live;
	bool counted;
	/* arena_lost: a pointer to it was found. */
	bool reached;
	/* The code that allocated it. */
	uintptr_t pc;
};

unsigned char arena_memory[SIM_THREADS][ARENA_PART] __attribute__((aligned(128)));
static struct block blocks[SIM_THREADS][BLOCKS];
/* The view of the thread that freed a block; kept only if blocks may be reused. */
static struct view freed[SIM_THREADS][BLOCKS];
/* The block that was freed last. */
static struct block *last_freed;
static int block_count[SIM_THREADS];
static size_t top[SIM_THREADS];
/* The number, within its part, of the block that a granule belongs to. */
static uint16_t block_at[SIM_THREADS][ARENA_PART / GRANULE];

/* The blocks that all executions begin with; they lie in the first part. */
static struct {
	unsigned char memory[ARENA_PART];
	struct block blocks[BLOCKS];
	int count;
	size_t top;
} kept;

void arena_keep(void)
{
	memcpy(kept.memory, arena_memory[0], top[0]);
	memcpy(kept.blocks, blocks[0], sizeof kept.blocks);
	kept.count = block_count[0];
	kept.top = top[0];
}

void arena_begin(void)
{
	for (int t = 0; t < SIM_THREADS; t++) {
		block_count[t] = 0;
		top[t] = 0;
	}
	block_count[0] = kept.count;
	top[0] = kept.top;
	memcpy(arena_memory[0], kept.memory, kept.top);
	memcpy(blocks[0], kept.blocks, (size_t)kept.count * sizeof kept.blocks[0]);
	last_freed = NULL;
}

/* Reuse the block that was freed last, as an allocator may.  NULL if not chosen or not possible. */
static void *reuse(size_t size)
{
	struct block *block = last_freed;
	size_t i;

	if (machine.left.reuses <= 0 || block == NULL || block->size != size ||
		choice_make(CHOOSE_REUSE, 2) == 0)
		return NULL;
	machine.left.reuses--;
	last_freed = NULL;
	block->live = true;
	i = (size_t)(block - &blocks[0][0]);
	/* Earlier uses of the block happen before this one. */
	view_join(&self()->now, &freed[i / BLOCKS][i % BLOCKS]);
	memset(arena_memory[i / BLOCKS] + block->offset, 0xaa, size);
	trace_note("is given memory that was freed");
	return arena_memory[i / BLOCKS] + block->offset;
}

void *arena_alloc(size_t size, size_t align, bool counted)
{
	int t = simulated() ? machine.current : 0;
	size_t offset = (top[t] + align - 1) / align * align;
	/* Leave at least one granule between two blocks: an overrun must not hit another block. */
	size_t end = (offset + size + GRANULE - 1) / GRANULE * GRANULE + GRANULE;
	struct block *block = &blocks[t][block_count[t]];
	void *again = counted && simulated() ? reuse(size) : NULL;

	if (again != NULL)
		return again;
	if (end > ARENA_PART || block_count[t] == BLOCKS)
		machine_limit("memory");
	*block = (struct block){.offset = (uint32_t)offset,
		.size = (uint32_t)size,
		.live = true,
		.counted = counted,
		.pc = simulated() ? self()->at.pc : 0};
	for (size_t i = top[t] / GRANULE; i < end / GRANULE; i++)
		block_at[t][i] = (uint16_t)block_count[t];
	/* Callers must not rely on zeros. */
	memset(arena_memory[t] + top[t], 0xaa, end - top[t]);
	block_count[t]++;
	top[t] = end;
	return arena_memory[t] + offset;
}

/* Find the block that `address` lies in or behind; NULL if nothing was ever allocated there. */
static struct block *find(uintptr_t address, size_t *offset)
{
	size_t at = address - (uintptr_t)arena_memory;
	size_t t = at / ARENA_PART;

	*offset = at % ARENA_PART;
	if (*offset >= top[t])
		return NULL;
	return &blocks[t][block_at[t][*offset / GRANULE]];
}

void arena_require(uintptr_t address, size_t size)
{
	size_t offset;
	const struct block *block = find(address, &offset);

	if (block == NULL || offset < block->offset || offset + size > block->offset + block->size)
		sim_fail("out of bounds", "%zu bytes at %zu of a block of %u", size,
			block == NULL ? 0 : offset - block->offset,
			block == NULL ? 0 : block->size);
	if (!block->live)
		sim_fail("use after free", "%zu bytes at %zu of a block of %u", size,
			offset - block->offset, block->size);
}

size_t arena_size(uintptr_t address)
{
	size_t offset;
	const struct block *block = arena_has(address) ? find(address, &offset) : NULL;

	if (block == NULL || offset != block->offset)
		sim_fail("bad free", "not the beginning of a block");
	if (!block->live)
		sim_fail("double free", "a block of %u", block->size);
	return block->size;
}

void arena_free(uintptr_t address)
{
	size_t offset;
	struct block *block = find(address, &offset);

	block->live = false;
	if (machine.left.reuses > 0) {
		size_t i = (size_t)(block - &blocks[0][0]);

		freed[i / BLOCKS][i % BLOCKS] = self()->now;
		self()->now.at[machine.current]++;
		last_freed = block;
	}
	/* The old contents must not distinguish states. */
	memset((void *)address, 0xdd, block->size);
}

bool arena_leak(size_t *size, int *thread)
{
	for (int t = 0; t < SIM_THREADS; t++) {
		for (int i = 0; i < block_count[t]; i++) {
			if (blocks[t][i].live && blocks[t][i].counted) {
				*size = blocks[t][i].size;
				*thread = t;
				return true;
			}
		}
	}
	return false;
}

/* Follow all pointers in `size` bytes at `from`. */
static void reach(const void *from, size_t size)
{
	const uintptr_t *at = (const uintptr_t *)(((uintptr_t)from + 7) & ~(uintptr_t)7);
	const uintptr_t *end = (const uintptr_t *)(((uintptr_t)from + size) & ~(uintptr_t)7);

	for (; at < end; at++) {
		size_t offset;
		struct block *block = arena_has(*at) ? find(*at, &offset) : NULL;

		if (block == NULL || !block->live || block->reached)
			continue;
		block->reached = true;
		reach(arena_memory[(*at - (uintptr_t)arena_memory) / ARENA_PART] + block->offset,
			block->size);
	}
}

bool arena_lost(const struct arena_root *roots, int count, size_t *size, int *thread,
	uintptr_t *address, uintptr_t *pc)
{
	for (int i = 0; i < count; i++)
		reach(roots[i].from, roots[i].size);
	for (int t = 0; t < SIM_THREADS; t++) {
		for (int i = 0; i < block_count[t]; i++) {
			const struct block *block = &blocks[t][i];

			if (!block->live || !block->counted || block->reached)
				continue;
			*size = block->size;
			*thread = t;
			*address = (uintptr_t)arena_memory[t] + block->offset;
			*pc = block->pc;
			return true;
		}
	}
	return false;
}

uint64_t arena_name(uintptr_t address)
{
	return arena_has(address) ? address - (uintptr_t)arena_memory + 1 : 0;
}

uint64_t arena_hash(uint64_t hash)
{
	for (int t = 0; t < machine.count; t++) {
		hash = mix_bytes(mix(hash, top[t]), arena_memory[t], top[t]);
		for (int i = 0; i < block_count[t]; i++)
			hash = mix(hash, blocks[t][i].live);
	}
	return hash;
}

const struct view *arena_freed(size_t *number)
{
	if (machine.left.reuses <= 0 || last_freed == NULL)
		return NULL;
	*number = (size_t)(last_freed - &blocks[0][0]);
	return &freed[*number / BLOCKS][*number % BLOCKS];
}
