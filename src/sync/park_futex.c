/* SPDX-License-Identifier: 0BSD */
/*
 * Parking by futex, on Linux.  A futex is 32 bits, and a word may be 64: the half that differs
 * between all values that are waited for is the low one, since nodes are aligned.
 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include "sync/sync.h"

#include <errno.h>
#include <limits.h>
#include <linux/futex.h>
#include <stddef.h>
#include <sys/syscall.h>
#include <unistd.h>

/* Where `long` has 32 bits, the kernel's newer call takes 64-bit times whatever libc's are. */
#if defined(SYS_futex_time64) && LONG_MAX < INT64_MAX
#define FUTEX_CALL SYS_futex_time64
struct kernel_time {
	int64_t tv_sec;
	int64_t tv_nsec;
};
#else
#define FUTEX_CALL SYS_futex
struct kernel_time {
	long tv_sec;
	long tv_nsec;
};
#endif

static uint32_t *low_half(struct ump__word *word)
{
	uint32_t *half = (uint32_t *)(void *)word;

#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
	half += sizeof(uintptr_t) / sizeof(uint32_t) - 1;
#endif
	return half;
}

bool ump__park(struct ump__word *word, uintptr_t value, ump_time deadline)
{
	struct kernel_time until;
	struct kernel_time *timeout = NULL;
	long failed;

	if (deadline != UMP_FOREVER) {
		struct timespec split = ump__timespec(deadline);

		until.tv_sec = split.tv_sec;
		until.tv_nsec = split.tv_nsec;
		timeout = &until;
	}
	/* Of the waiting calls it is the BITSET one whose timeout is a point in time. */
	failed = syscall(FUTEX_CALL, low_half(word), FUTEX_WAIT_BITSET_PRIVATE, (uint32_t)value,
		timeout, NULL, FUTEX_BITSET_MATCH_ANY);
	return !(failed != 0 && errno == ETIMEDOUT);
}

void ump__wake(struct ump__word *word)
{
	/* At most one thread waits on a word: its dispatcher, or its caller. */
	(void)syscall(FUTEX_CALL, low_half(word), FUTEX_WAKE_PRIVATE, 1, NULL, NULL, 0);
}
