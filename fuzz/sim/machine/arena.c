/* SPDX-License-Identifier: 0BSD */
#include "machine/arena.h"

#include "machine/choice.h"
#include "machine/machine.h"
#include "machine/trace.h"

#include <string.h>

#define BLOCKS  128
#define GRANULE 16

struct block {
	uint32_t offset;
	uint32_t size;
	bool live;
	bool counted;
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
static uint8_t block_at[SIM_THREADS][ARENA_PART / GRANULE];

void arena_begin(void)
{
	for (int t = 0; t < SIM_THREADS; t++) {
		block_count[t] = 0;
		top[t] = 0;
	}
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
		machine_limit();
	*block = (struct block){(uint32_t)offset, (uint32_t)size, true, counted};
	for (size_t i = top[t] / GRANULE; i < end / GRANULE; i++)
		block_at[t][i] = (uint8_t)block_count[t];
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
