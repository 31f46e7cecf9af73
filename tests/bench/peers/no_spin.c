/* SPDX-License-Identifier: 0BSD */
/* In place of src/sync/spin.c: the library with spinning off, to compare with. */
#include "sync/sync.h"

int ump__cpu(void)
{
	return UMP__CPU_UNKNOWN;
}

void ump__spin(const struct ump__word *word, uintptr_t value, enum ump__side side, int other_cpu)
{
	(void)word;
	(void)value;
	(void)side;
	(void)other_cpu;
}

void ump__spin_then_park(struct ump__word *word, uintptr_t value, int64_t ns)
{
	ump_time end = ump_after(ns);

	while (ump__word_peek(word) == value && ump__park(word, value, end))
		;
}

bool ump__spin_round(unsigned round, int other_cpu)
{
	(void)round;
	(void)other_cpu;
	return false;
}
