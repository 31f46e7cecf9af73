/* SPDX-License-Identifier: 0BSD */
/*
 * What sanitizers are told of the library: which message, answer or end passes from one thread to
 * another, which memory of a message the application may access, which bytes are initialized, and
 * which memory only the library accesses.  A program that is compiled with a sanitizer usually
 * links a library that is not, and the sanitizer sees neither the atomics that order messages nor
 * the recycling of their memory.
 *
 * Without a tool each function costs the test of one flag.  Their places are the publications and
 * takes of whole messages; none is in a compare-exchange loop.
 *
 * Where ThreadSanitizer or MemorySanitizer instruments the library itself, it sees all of this, and
 * the functions are empty: otherwise they would hide an order that is too weak, or a byte that the
 * library forgot.
 */
#ifndef UMP_SYNC_TOOLS_H
#define UMP_SYNC_TOOLS_H

#include <stdbool.h>
#include <stddef.h>

#if defined(__SANITIZE_THREAD__)
#define UMP__IS_SEEN 1
#elif defined(__has_feature)
#if __has_feature(thread_sanitizer) || __has_feature(memory_sanitizer)
#define UMP__IS_SEEN 1
#endif
#endif

/* Where the linker resolves weak names.  Elsewhere nothing is told. */
#if defined(__GNUC__) && defined(__ELF__)
#define UMP__CAN_TELL 1
/* Whether any tool watches this process.  Set before main, and constant afterwards.  Hidden, so
 * that its test is one comparison with memory. */
extern int ump__tools __attribute__((visibility("hidden")));
#endif
#if defined(UMP__CAN_TELL) && !defined(UMP__IS_SEEN)
#define UMP__HAS_TOOLS() __builtin_expect(ump__tools != 0, 0)
#else
#define UMP__HAS_TOOLS() 0
#endif
#if defined(__GNUC__) && !defined(UMP__CALLER)
#define UMP__CALLER() __builtin_return_address(0)
#elif !defined(UMP__CALLER)
#define UMP__CALLER() NULL
#endif

/* Called from assembly, so that link-time optimization must not remove it. */
#ifdef __GNUC__
#define UMP__KEPT __attribute__((used))
#else
#define UMP__KEPT
#endif

/* The most bytes of a request that lies on the stack of its caller. */
#define UMP__TOOLS_REQUEST 128

/* The functions behind those below; only if ump__tools is not 0. */
void ump__tell_own(void *at, size_t size);
UMP__KEPT void ump__tell_release(const void *at, bool pushed);
UMP__KEPT void ump__tell_acquire(const void *at, size_t unused);
UMP__KEPT void ump__tell_call(const void *at, const void *slot);
UMP__KEPT void ump__tell_forbidden(const void *at, size_t size);
UMP__KEPT void ump__tell_reused(const void *at, size_t size);
UMP__KEPT void ump__tell_written(const void *at, size_t size);
UMP__KEPT void ump__tell_outputs(const void *one, const void *other);
void ump__tell_used(const void *at, size_t size, void *caller);
void ump__tell_owned(const void *at, size_t size, void *caller);
void ump__tell_copy(void *to, const void *from, size_t size, bool fresh);

/*
 * Call one of these.  An ordinary call, even one that is never made, costs its caller the registers
 * that a call may change.  So on x86-64 a trampoline (tools.c) saves the general registers, and
 * only vector registers, which the callers do not use, may change.  The red zone is skipped.
 */
#if !defined(UMP__TELL) && defined(UMP__CAN_TELL) && defined(__x86_64__) && !defined(__ILP32__)
#define UMP__TELL(function, first, second)                                                         \
	__asm__ __inline__ volatile(                                                               \
		"lea -128(%%rsp), %%rsp\n\tpush %[a]\n\tpush %[b]\n\tcall " #function              \
		"_saving\n\tlea 144(%%rsp), %%rsp"                                                 \
		:                                                                                  \
		: [a] "re"((const void *)(first)), [b] "re"(second)                                \
		: "memory", "cc", "xmm0", "xmm1", "xmm2", "xmm3", "xmm4", "xmm5", "xmm6", "xmm7",  \
		"xmm8", "xmm9", "xmm10", "xmm11", "xmm12", "xmm13", "xmm14", "xmm15")
#endif
#ifndef UMP__TELL
#define UMP__TELL(function, first, second) function(first, second)
#endif

/* `size` bytes from `at` on are the library's own: tools that know no atomics must not check
 * accesses to them.  The value of a message is the application's while it exists. */
static inline void ump__tools_own(void *at, size_t size)
{
	if (UMP__HAS_TOOLS())
		ump__tell_own(at, size);
}

/* What this thread has done so far happens before what a thread does after ump__tools_acquire on
 * the same address. */
static inline void ump__tools_release(const void *at)
{
	if (UMP__HAS_TOOLS())
		UMP__TELL(ump__tell_release, at, (size_t) false);
}

/* The same for a node that is pushed.  If it lies on this thread's stack, it begins a request
 * there, which is the library's own memory. */
static inline void ump__tools_push(const void *node)
{
	if (UMP__HAS_TOOLS())
		UMP__TELL(ump__tell_release, node, (size_t) true);
}

static inline void ump__tools_acquire(const void *at)
{
	if (UMP__HAS_TOOLS())
		UMP__TELL(ump__tell_acquire, at, (size_t)0);
}

/* Before a callback: its arguments are initialized, and so is the pointer at `slot`, if that is not
 * NULL.  As ump__tools_acquire, too, if `at` is not NULL. */
static inline void ump__tools_call(const void *at, const void *slot)
{
	if (UMP__HAS_TOOLS())
		UMP__TELL(ump__tell_call, at, slot);
}

/* The application must not access `size` bytes from `at` on any more. */
static inline void ump__tools_forbid(const void *at, size_t size)
{
	if (UMP__HAS_TOOLS())
		UMP__TELL(ump__tell_forbidden, at, size);
}

/* As ump__tools_acquire of a unit of memory that is used again; its `size` bytes may be accessed.
 * */
static inline void ump__tools_reuse(const void *at, size_t size)
{
	if (UMP__HAS_TOOLS())
		UMP__TELL(ump__tell_reused, at, size);
}

/* The library has written `size` bytes that belong to the application. */
static inline void ump__tools_written(const void *at, size_t size)
{
	if (UMP__HAS_TOOLS())
		UMP__TELL(ump__tell_written, at, size);
}

/* The library has written the pointers at `one` and `other`; either may be NULL. */
static inline void ump__tools_outputs(const void *one, const void *other)
{
	if (UMP__HAS_TOOLS())
		UMP__TELL(ump__tell_outputs, one, other);
}

/*
 * The application has passed the library a handle of `size` bytes, which must exist;
 * ump__tools_owned: and which one thread at a time may use.  In a function that the application
 * calls, so that tools show the place of the call.  An ordinary call, so that the stack can be
 * unwound from it.
 */
static inline void ump__tools_used(const void *at, size_t size)
{
	if (UMP__HAS_TOOLS())
		ump__tell_used(at, size, UMP__CALLER());
}

static inline void ump__tools_owned(const void *at, size_t size)
{
	if (UMP__HAS_TOOLS())
		ump__tell_owned(at, size, UMP__CALLER());
}

/* Set an output of a function of the API to NULL. */
#define UMP__CLEAR(out) (*(out) = NULL, ump__tools_outputs((out), NULL))

#endif
