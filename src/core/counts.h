/* SPDX-License-Identifier: 0BSD */
/*
 * How many handles a channel has: strong ones in the high half of a word, weak ones in the low
 * half.  As in Rust's Arc, all strong handles together own one weak reference, which the one who
 * dropped the last strong handle gives back after the goodbye; the receiving end owns another.
 *
 * Each function takes a word and returns the next one, and which edge the step crosses.  A count
 * that would overflow, underflow or come back from zero is refused, and the word stays as it is.
 * Division stands where a shift would do: provers know more of it, and compilers make it a shift.
 */
#ifndef UMP_CORE_COUNTS_H
#define UMP_CORE_COUNTS_H

#include <stdbool.h>
#include <stdint.h>

#define UMP__COUNTS_STRONG UINT64_C(0x100000000)
#define UMP__COUNTS_MAX    UINT32_C(0xffffffff)
/* One strong handle; its weak reference, and that of the receiving end. */
#define UMP__COUNTS_FIRST (UMP__COUNTS_STRONG + 2)

enum ump__edge {
	UMP__EDGE_NONE,
	/* The last strong handle went: say goodbye, then give back the weak reference. */
	UMP__EDGE_LAST_STRONG,
	/* The last reference of all went: free the channel. */
	UMP__EDGE_LAST
};

struct ump__counts_step {
	uint64_t next;
	bool taken;
	enum ump__edge edge;
};

static inline uint32_t ump__counts_strong(uint64_t word)
{
	return (uint32_t)(word / UMP__COUNTS_STRONG);
}

static inline uint32_t ump__counts_weak(uint64_t word)
{
	return (uint32_t)(word % UMP__COUNTS_STRONG);
}

/* One more strong handle: a clone, or an upgrade.  Refused at zero, for good, and at the limit. */
struct ump__counts_step ump__counts_add_strong(uint64_t word);

/* One more weak reference.  Refused at zero and at the limit. */
struct ump__counts_step ump__counts_add_weak(uint64_t word);

/* One strong handle less. */
struct ump__counts_step ump__counts_drop_strong(uint64_t word);

/* One weak reference less. */
struct ump__counts_step ump__counts_drop_weak(uint64_t word);

#endif
