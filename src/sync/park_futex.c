/* SPDX-License-Identifier: 0BSD */
/*
 * Parking by futex, on Linux.  A futex has 32 bits, and a word may have 64.  The low half is used:
 * it differs between all values that are waited for, since nodes are aligned.
 *
 * A sandbox may refuse the call.  A sleeper then naps and polls its word in between: it needs no
 * waker, and nothing of the C library that needs futexes as well.
 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include "sync/cancel.h"
#include "sync/probe.h"
#include "sync/sync.h"
#include "sync/tools.h"

#include <errno.h>
#include <limits.h>
#include <stddef.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

/* The kernel's numbers, spelled out: musl comes without the kernel's headers.  Each has the PRIVATE
 * bit, for words that no other process sees. */
#define WAKE       (1 | 128)
#define WAIT_UNTIL (9 | 128) /* FUTEX_WAIT_BITSET, whose timeout is absolute. */
#define ANY_WAKER  UINT32_MAX

/* A time as the older call takes it.  It cannot be libc's struct, which may be wider. */
struct long_time {
	long tv_sec;
	long tv_nsec;
};

static uint32_t *low_half(struct ump__word *word)
{
	uint32_t *half = (uint32_t *)(void *)word;

#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
	half += sizeof(uintptr_t) / sizeof(uint32_t) - 1;
#endif
	return half;
}

/* Make one call of the kernel.  `until` is the deadline of a wait; NULL: none. */
static long futex(
	struct ump__word *word, int operation, uint32_t value, const struct timespec *until)
{
	/* Where `long` has 32 bits there are two calls, and a kernel may lack either: the newer one
	 * if it is older than 5.1, the older one if it was built without 32-bit times. */
#if defined(SYS_futex_time64) && LONG_MAX < INT64_MAX
	int64_t wide[2] = {0, 0};
	long result;

	if (until != NULL) {
		wide[0] = until->tv_sec;
		wide[1] = until->tv_nsec;
	}
	result = syscall(SYS_futex_time64, low_half(word), operation, value,
		until != NULL ? wide : NULL, NULL, ANY_WAKER);
	/* Sandboxes that are older than the call refuse it with EPERM. */
	if (result >= 0 || (errno != ENOSYS && errno != EPERM))
		return result;
#endif
#ifdef SYS_futex
	struct long_time narrow = {0, 0};

	if (until != NULL) {
		/* After LONG_MAX seconds, 68 years at least, the machine has been restarted. */
		narrow.tv_sec = until->tv_sec < LONG_MAX ? (long)until->tv_sec : LONG_MAX;
		narrow.tv_nsec = until->tv_nsec;
	}
	return syscall(SYS_futex, low_half(word), operation, value, until != NULL ? &narrow : NULL,
		NULL, ANY_WAKER);
#else
	return result;
#endif
}

/* ---- Where the call is refused -------------------------------------------------------------- */

/* The first nap and the longest one, in ns. */
#define NAP_FIRST INT64_C(50000)
#define NAP_MOST  INT64_C(10000000)

enum {
	UNKNOWN,
	GRANTED,
	REFUSED
};

/* Whether the system lets this process use futexes.  Concurrent tests get the same result. */
static struct ump__hint futexes;

static bool is_refused(void)
{
	int known = ump__hint_get(&futexes);

	if (known == UNKNOWN) {
		struct ump__word word;

		/* Test waking: it may be refused where sleeping is granted, and no thread must be
		 * asleep when that is found out. */
		ump__word_init(&word, UMP__INBOX_EMPTY);
		known = futex(&word, WAKE, 1, NULL) >= 0 ? GRANTED : REFUSED;
		ump__tools_own(&futexes, sizeof futexes);
		ump__hint_set(&futexes, known);
	}
	return known == REFUSED;
}

/* As ump__park, by naps. */
static bool nap_while(const struct ump__word *word, uintptr_t value, ump_time deadline)
{
	ump_time nap = NAP_FIRST;
	bool over = false;
	int cancel = ump__cancel_off();

	while (ump__word_peek(word) == value && !over) {
		ump_time now = ump_now();
		ump_time left = deadline > now ? deadline - now : 0;
		struct timespec length = ump__timespec(nap < left ? nap : left);

		over = left == 0;
		if (!over)
			(void)nanosleep(&length, NULL);
		nap = nap < NAP_MOST / 2 ? nap * 2 : NAP_MOST;
	}
	ump__cancel_restore(cancel);
	return !over;
}

/* ---- Parking -------------------------------------------------------------------------------- */

/* Whether a failed wait may have slept, rather than been refused. */
static bool has_slept(int error)
{
	return error == EAGAIN || error == EINTR || error == ETIMEDOUT;
}

bool ump__park(struct ump__word *word, uintptr_t value, ump_time deadline)
{
	struct timespec until = ump__timespec(deadline);
	long failed;

	UMP__PROBE(park, word, value);
	if (is_refused())
		return nap_while(word, value, deadline);
	failed = futex(word, WAIT_UNTIL, (uint32_t)value, deadline != UMP_FOREVER ? &until : NULL);
	if (failed != 0 && !has_slept(errno)) {
		ump__hint_set(&futexes, REFUSED);
		return nap_while(word, value, deadline);
	}
	return !(failed != 0 && errno == ETIMEDOUT);
}

void ump__wake(struct ump__word *word)
{
	UMP__PROBE(wake, word, 0);
	/* At most one thread waits on a word: its dispatcher, or its caller.  EINVAL: the word is
	 * gone, and a mutex of another kind is at its address. */
	if (futex(word, WAKE, 1, NULL) < 0 && errno != EINVAL)
		ump__hint_set(&futexes, REFUSED);
}

/* The kernel keeps the sleepers; a child has none. */
void ump__park_before_fork(void)
{
}

void ump__park_in_child(void)
{
}
