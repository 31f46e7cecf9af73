/* SPDX-License-Identifier: 0BSD */
#include "sync/tools.h"

#ifdef UMP__CAN_TELL

#include <stdint.h>
#include <string.h>

/* The client requests of Valgrind: a few instructions that do nothing outside of it.  A tool
 * ignores those of other tools. */
#if defined(__has_include)
#if __has_include(<valgrind/memcheck.h>) && __has_include(<valgrind/helgrind.h>) &&                \
	__has_include(<valgrind/drd.h>)
#include <valgrind/drd.h>
#include <valgrind/helgrind.h>
#include <valgrind/memcheck.h>
#define UMP__KNOWS_VALGRIND 1
#endif
#endif
#ifdef UMP__KNOWS_VALGRIND
/* Both headers have macros of the same names for these, which are the same requests. */
_Static_assert(
	(int)VG_USERREQ__DRD_ANNOTATE_HAPPENS_BEFORE == (int)_VG_USERREQ__HG_USERSO_SEND_PRE &&
		(int)VG_USERREQ__DRD_ANNOTATE_HAPPENS_AFTER ==
			(int)_VG_USERREQ__HG_USERSO_RECV_POST &&
		(int)VG_USERREQ__DRD_CLEAN_MEMORY == (int)VG_USERREQ__HG_CLEAN_MEMORY,
	"helgrind and DRD take the same requests about order and new memory");
#define TELL_BEFORE(at)                                                                            \
	VALGRIND_DO_CLIENT_REQUEST_STMT(VG_USERREQ__DRD_ANNOTATE_HAPPENS_BEFORE, (at), 0, 0, 0, 0)
#define TELL_AFTER(at)                                                                             \
	VALGRIND_DO_CLIENT_REQUEST_STMT(VG_USERREQ__DRD_ANNOTATE_HAPPENS_AFTER, (at), 0, 0, 0, 0)
#define DRD_LEAVE(at, size)                                                                        \
	VALGRIND_DO_CLIENT_REQUEST_STMT(VG_USERREQ__DRD_START_SUPPRESSION, (at), (size), 0, 0, 0)
#define DRD_WATCH(at, size)                                                                        \
	VALGRIND_DO_CLIENT_REQUEST_STMT(VG_USERREQ__DRD_FINISH_SUPPRESSION, (at), (size), 0, 0, 0)
#else
#define VALGRIND_CHECK_MEM_IS_ADDRESSABLE(at, size) ((void)(at), (void)(size))
#define VALGRIND_MAKE_MEM_NOACCESS(at, size)        ((void)(at), (void)(size))
#define VALGRIND_MAKE_MEM_UNDEFINED(at, size)       ((void)(at), (void)(size))
#define VALGRIND_HG_CLEAN_MEMORY(at, size)          ((void)(at), (void)(size))
#define VALGRIND_HG_DISABLE_CHECKING(at, size)      ((void)(at), (void)(size))
#define VALGRIND_HG_ENABLE_CHECKING(at, size)       ((void)(at), (void)(size))
#define TELL_BEFORE(at)                             ((void)(at))
#define TELL_AFTER(at)                              ((void)(at))
#define DRD_LEAVE(at, size)                         ((void)(at), (void)(size))
#define DRD_WATCH(at, size)                         ((void)(at), (void)(size))
#endif

/* Return whether one of its tools that check memory or threads runs this process.  Its profilers
 * must see the library as it is without a tool. */
static int find_valgrind(void)
{
#ifdef UMP__KNOWS_VALGRIND
	static char byte;
	static char bits;
	static const char *at = &byte;
	static char *out = &bits;
	bool memcheck = VALGRIND_MAKE_MEM_DEFINED(at, sizeof byte) != 0;
	bool helgrind = VALGRIND_DO_CLIENT_REQUEST_EXPR(
				0, _VG_USERREQ__HG_GET_ABITS, at, out, sizeof byte, 0, 0) != 0;
	bool drd = VALGRIND_DO_CLIENT_REQUEST_EXPR(
			   0, VG_USERREQ__DRD_GET_VALGRIND_THREAD_ID, 0, 0, 0, 0, 0) != 0;

	return memcheck || helgrind || drd;
#else
	return 0;
#endif
}

int ump__tools;

/* A sanitizer's runtime is in the program if it is anywhere: the dynamic or static linker resolves
 * these names to it, and else to NULL. */
extern void __tsan_acquire(void *at) __attribute__((weak));
extern void __tsan_release(void *at) __attribute__((weak));
extern void __tsan_func_entry(void *caller) __attribute__((weak));
extern void __tsan_func_exit(void) __attribute__((weak));
extern void __tsan_read_range(void *at, size_t size) __attribute__((weak));
extern void __tsan_write_range(void *at, size_t size) __attribute__((weak));
extern void __asan_poison_memory_region(const volatile void *at, size_t size) __attribute__((weak));
extern void __asan_unpoison_memory_region(const volatile void *at, size_t size)
	__attribute__((weak));
extern void __msan_unpoison(const volatile void *at, size_t size) __attribute__((weak));
extern void __msan_unpoison_param(size_t words) __attribute__((weak));

/* Functions of libc, which the sanitizers replace by functions that check and record their
 * accesses.  By a volatile pointer, so that the compiler leaves them alone. */
static void *(*volatile copy)(void *, const void *, size_t) = memcpy;
static int (*volatile compare)(const void *, const void *, size_t) = memcmp;

/* Whether this process runs in Valgrind. */
static int in_valgrind;

/* The most bytes of stack between a function here and a request on the same stack that is told. */
#define STACK_NEAR 4096

/* The most arguments of a callback. */
#define ARGUMENTS 4

__attribute__((constructor(101))) static void find_tools(void)
{
	in_valgrind = find_valgrind();
	ump__tools = __tsan_acquire != NULL || __asan_poison_memory_region != NULL ||
		     __msan_unpoison != NULL || in_valgrind;
}

/* Helgrind and DRD must not check accesses of `size` bytes from `at` on.  Memory that is allocated
 * again is checked again. */
static void leave(const void *at, size_t size)
{
	VALGRIND_HG_DISABLE_CHECKING(at, size);
	DRD_LEAVE(at, size);
}

/* They must check them from now on. */
static void watch(const void *at, size_t size)
{
	VALGRIND_HG_ENABLE_CHECKING(at, size);
	DRD_WATCH(at, size);
}

void ump__tell_own(void *at, size_t size)
{
	if (in_valgrind && at != NULL)
		leave(at, size);
}

/* As ump__tell_own, for the request that begins at `at` if that lies on this thread's stack.  The
 * frames of the application lie beyond the request. */
static void own_on_stack(const void *at)
{
	if ((uintptr_t)at - (uintptr_t)__builtin_frame_address(0) < STACK_NEAR)
		leave(at, UMP__TOOLS_REQUEST);
}

/* Forget what was ordered before the message at `at`, which was taken.  DRD keeps all that, and
 * needs a minute for a program that otherwise takes a second. */
static void forget_order(const void *at)
{
	VALGRIND_HG_CLEAN_MEMORY(at, sizeof(void *));
	leave(at, sizeof(void *));
	own_on_stack(at);
}

void ump__tell_release(const void *at, bool pushed)
{
	if (__tsan_release != NULL)
		__tsan_release((void *)at);
	if (in_valgrind && pushed)
		own_on_stack(at);
	if (in_valgrind)
		TELL_BEFORE(at);
}

void ump__tell_acquire(const void *at, size_t unused)
{
	(void)unused;
	if (__tsan_acquire != NULL)
		__tsan_acquire((void *)at);
	if (in_valgrind)
		TELL_AFTER(at);
}

void ump__tell_call(const void *at, const void *slot)
{
	if (at != NULL)
		ump__tell_acquire(at, 0);
	if (in_valgrind && at != NULL)
		forget_order(at);
	if (__msan_unpoison_param != NULL)
		__msan_unpoison_param(ARGUMENTS);
	if (slot != NULL)
		ump__tell_written(slot, sizeof(void *));
}

void ump__tell_forbidden(const void *at, size_t size)
{
	if (__asan_poison_memory_region != NULL)
		__asan_poison_memory_region(at, size);
	if (in_valgrind) {
		VALGRIND_MAKE_MEM_NOACCESS(at, size);
		leave(at, size);
	}
}

static void allow(const void *at, size_t size)
{
	if (__asan_unpoison_memory_region != NULL)
		__asan_unpoison_memory_region(at, size);
	if (in_valgrind)
		VALGRIND_MAKE_MEM_UNDEFINED(at, size);
}

void ump__tell_reused(const void *at, size_t size)
{
	ump__tell_acquire(at, 0);
	allow(at, size);
}

void ump__tell_written(const void *at, size_t size)
{
	if (__msan_unpoison != NULL)
		__msan_unpoison(at, size);
}

void ump__tell_outputs(const void *one, const void *other)
{
	if (one != NULL)
		ump__tell_written(one, sizeof(void *));
	if (other != NULL)
		ump__tell_written(other, sizeof(void *));
}

/* Let AddressSanitizer or Valgrind report it if `size` bytes from `at` on may not be accessed. */
static void check_exists(const void *at, size_t size)
{
	if (__asan_poison_memory_region != NULL)
		(void)compare(at, at, size);
	if (in_valgrind)
		(void)VALGRIND_CHECK_MEM_IS_ADDRESSABLE(at, size);
}

/* ThreadSanitizer keeps a stack of its own, which lacks the frame that called the library. */
static void tell_access(void (*access)(void *at, size_t size), const void *at, void *caller)
{
	__tsan_func_entry(caller);
	access((void *)at, sizeof(void *));
	__tsan_func_exit();
}

void ump__tell_used(const void *at, size_t size, void *caller)
{
	if (__tsan_read_range != NULL)
		tell_access(__tsan_read_range, at, caller);
	else
		check_exists(at, size);
}

void ump__tell_owned(const void *at, size_t size, void *caller)
{
	if (__tsan_write_range != NULL)
		tell_access(__tsan_write_range, at, caller);
	else
		check_exists(at, size);
}

void ump__tell_copy(void *to, const void *from, size_t size, bool fresh)
{
	if (fresh)
		allow(to, size);
	if (fresh && in_valgrind)
		watch(to, size);
	copy(to, from, size);
}

#ifdef __x86_64__
/* Called with the two arguments on the stack: save the general registers that a call may change,
 * align the stack, and call `function`. */
#define SAVING(function)                                                                           \
	__asm__(".text\n.globl " #function "_saving\n.hidden " #function                           \
		"_saving\n.type " #function "_saving, @function\n" #function "_saving:\n"          \
		"\tpush %rbp\n\tmov %rsp, %rbp\n"                                                  \
		"\tpush %rax\n\tpush %rcx\n\tpush %rdx\n\tpush %rsi\n\tpush %rdi\n"                \
		"\tpush %r8\n\tpush %r9\n\tpush %r10\n\tpush %r11\n"                               \
		"\tmov 24(%rbp), %rdi\n\tmov 16(%rbp), %rsi\n"                                     \
		"\tand $-16, %rsp\n\tcall " #function "\n\tlea -72(%rbp), %rsp\n"                  \
		"\tpop %r11\n\tpop %r10\n\tpop %r9\n\tpop %r8\n\tpop %rdi\n\tpop %rsi\n"           \
		"\tpop %rdx\n\tpop %rcx\n\tpop %rax\n\tpop %rbp\n\tret\n"                          \
		".size " #function "_saving, . - " #function "_saving\n")

SAVING(ump__tell_release);
SAVING(ump__tell_acquire);
SAVING(ump__tell_call);
SAVING(ump__tell_forbidden);
SAVING(ump__tell_reused);
SAVING(ump__tell_written);
SAVING(ump__tell_outputs);
#endif

#endif
