/* SPDX-License-Identifier: 0BSD */
#include "sync/tools.h"

int ump__tools;

#if defined(__GNUC__) && defined(__ELF__)

/* A sanitizer's runtime is in the program if it is anywhere: the dynamic or static linker resolves
 * these names to it, and else to NULL. */
extern void __tsan_acquire(void *at) __attribute__((weak));
extern void __tsan_release(void *at) __attribute__((weak));
extern void __asan_poison_memory_region(const volatile void *at, size_t size) __attribute__((weak));
extern void __asan_unpoison_memory_region(const volatile void *at, size_t size)
	__attribute__((weak));

__attribute__((constructor(101))) static void find_tools(void)
{
	ump__tools = (__tsan_acquire != NULL && __tsan_release != NULL) ||
		     (__asan_poison_memory_region != NULL && __asan_unpoison_memory_region != NULL);
}

void ump__tell_release(const void *at, size_t unused)
{
	(void)unused;
	if (__tsan_release != NULL)
		__tsan_release((void *)at);
}

void ump__tell_acquire(const void *at, size_t unused)
{
	(void)unused;
	if (__tsan_acquire != NULL)
		__tsan_acquire((void *)at);
}

void ump__tell_forbidden(const void *at, size_t size)
{
	if (__asan_poison_memory_region != NULL)
		__asan_poison_memory_region(at, size);
}

void ump__tell_allowed(const void *at, size_t size)
{
	if (__asan_unpoison_memory_region != NULL)
		__asan_unpoison_memory_region(at, size);
}

void ump__tell_reused(const void *at, size_t size)
{
	if (!UMP__SEES_ORDER)
		ump__tell_acquire(at, 0);
	if (size != 0)
		ump__tell_allowed(at, size);
}

#ifdef __x86_64__
/* Called with the two arguments on the stack: save the general registers that a call may change,
 * align the stack, and call `function`. */
#define SAVING(function)                                                                           \
	__asm__(".text\n.globl " #function "_saving\n.hidden " #function                           \
		"_saving\n.type " #function "_saving, @function\n" #function "_saving:\n"          \
		"push %rbp\n\tmov %rsp, %rbp\n"                                                    \
		"\tpush %rax\n\tpush %rcx\n\tpush %rdx\n\tpush %rsi\n\tpush %rdi\n"                \
		"\tpush %r8\n\tpush %r9\n\tpush %r10\n\tpush %r11\n"                               \
		"\tmov 24(%rbp), %rdi\n\tmov 16(%rbp), %rsi\n"                                     \
		"\tand $-16, %rsp\n\tcall " #function "\n\tlea -72(%rbp), %rsp\n"                  \
		"\tpop %r11\n\tpop %r10\n\tpop %r9\n\tpop %r8\n\tpop %rdi\n\tpop %rsi\n"           \
		"\tpop %rdx\n\tpop %rcx\n\tpop %rax\n\tpop %rbp\n\tret\n")

SAVING(ump__tell_release);
SAVING(ump__tell_acquire);
SAVING(ump__tell_forbidden);
SAVING(ump__tell_allowed);
SAVING(ump__tell_reused);
#endif

#else

void ump__tell_release(const void *at, size_t unused)
{
	(void)unused;
	(void)at;
}

void ump__tell_acquire(const void *at, size_t unused)
{
	(void)unused;
	(void)at;
}

void ump__tell_forbidden(const void *at, size_t size)
{
	(void)at;
	(void)size;
}

void ump__tell_allowed(const void *at, size_t size)
{
	(void)at;
	(void)size;
}

void ump__tell_reused(const void *at, size_t size)
{
	(void)at;
	(void)size;
}

#endif
