/* SPDX-License-Identifier: 0BSD */
/*
 * What sanitizers are told of the library: which message, answer or end passes from one thread to
 * another, and which memory of a message the application may access.  A program that is compiled
 * with a sanitizer usually links a library that is not, and the sanitizer sees neither the atomics
 * that order messages nor the recycling of their memory.
 *
 * Without a tool each function costs the test of one flag.  Their places are the publications and
 * takes of whole messages; none is in a compare-exchange loop.
 *
 * Where ThreadSanitizer instruments the library itself, it sees the atomics, and the functions about
 * order are empty: otherwise they would hide an order that is too weak.
 */
#ifndef UMP_SYNC_TOOLS_H
#define UMP_SYNC_TOOLS_H

#include <stdbool.h>
#include <stddef.h>

#if defined(__SANITIZE_THREAD__)
#define UMP__SEES_ORDER 1
#elif defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define UMP__SEES_ORDER 1
#endif
#endif
#ifndef UMP__SEES_ORDER
#define UMP__SEES_ORDER 0
#endif

/* Whether any tool watches this process.  Set before main, and constant afterwards. */
extern int ump__tools;

/* The functions behind those below; only if ump__tools is not 0. */
void ump__tell_release(const void *at, size_t unused);
void ump__tell_acquire(const void *at, size_t unused);
void ump__tell_forbidden(const void *at, size_t size);
void ump__tell_allowed(const void *at, size_t size);
void ump__tell_reused(const void *at, size_t size);

/*
 * Call one of these.  An ordinary call, even one that is never made, costs its caller the registers
 * that a call may change.  So on x86-64 a trampoline (tools.c) saves the general registers, and only
 * vector registers, which the callers do not use, may change.  The red zone is skipped.
 */
#if defined(__GNUC__) && defined(__x86_64__) && !defined(__ILP32__) && !defined(__FRAMAC__)
#define UMP__TELL(function, at, size)                                                              \
	__asm__ __inline__ volatile("lea -128(%%rsp), %%rsp\n\tpush %[a]\n\tpush %[s]\n\tcall " #function           \
			 "_saving\n\tlea 144(%%rsp), %%rsp"                                         \
			 :                                                                         \
			 : [a] "r"((const void *)(at)), [s] "r"((size_t)(size))                    \
			 : "memory", "cc", "xmm0", "xmm1", "xmm2", "xmm3", "xmm4", "xmm5", "xmm6",   \
			 "xmm7", "xmm8", "xmm9", "xmm10", "xmm11", "xmm12", "xmm13", "xmm14", "xmm15")
#else
#define UMP__TELL(function, at, size) function(at, size)
#endif

/* What this thread has done so far happens before what a thread does after ump__tools_acquire on the
 * same address. */
/*@ terminates \true;
  @ assigns \nothing;
  @*/
static inline void ump__tools_release(const void *at)
{
	if (!UMP__SEES_ORDER && __builtin_expect(ump__tools != 0, 0))
		UMP__TELL(ump__tell_release, at, 0);
}

/*@ terminates \true;
  @ assigns \nothing;
  @*/
static inline void ump__tools_acquire(const void *at)
{
	if (!UMP__SEES_ORDER && __builtin_expect(ump__tools != 0, 0))
		UMP__TELL(ump__tell_acquire, at, 0);
}

/* From now on, accesses to `size` bytes from `at` on are errors; and from now on they are not. */
static inline void ump__tools_forbid(const void *at, size_t size)
{
	if (__builtin_expect(ump__tools != 0, 0))
		UMP__TELL(ump__tell_forbidden, at, size);
}

static inline void ump__tools_allow(const void *at, size_t size)
{
	if (__builtin_expect(ump__tools != 0, 0))
		UMP__TELL(ump__tell_allowed, at, size);
}

/* As ump__tools_acquire of a unit of memory that is used again, and ump__tools_allow of `size` bytes
 * of it. */
static inline void ump__tools_reuse(const void *at, size_t size)
{
	if (__builtin_expect(ump__tools != 0, 0))
		UMP__TELL(ump__tell_reused, at, size);
}

#endif
