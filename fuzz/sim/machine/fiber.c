/* SPDX-License-Identifier: 0BSD */
#include "machine/fiber.h"

#include <string.h>
#ifdef __linux__
#include <sys/auxv.h>
#endif

unsigned char fiber_stacks[SIM_THREADS][FIBER_STACK] __attribute__((aligned(64)));

void fiber_clear(int count)
{
	/* Deeper parts of the stack are hardly ever written. */
	for (int i = 0; i < count; i++)
		memset(fiber_stacks[i] + FIBER_STACK - FIBER_USUAL, 0, FIBER_USUAL);
}

/* ---- Thread pointers ----------------------------------------------------------------------- */

void *fiber_thread_pointers[SIM_THREADS + 1];

#if defined(__x86_64__) && defined(__linux__)

/* The kernel lets user code write the register. */
#define FSGSBASE (1ul << 1)

bool fiber_has_thread_pointers(void)
{
	return (getauxval(AT_HWCAP2) & FSGSBASE) != 0;
}

void *fiber_thread_pointer(void)
{
	void *pointer;

	__asm__("rdfsbase %0" : "=r"(pointer));
	return pointer;
}

static inline void set_thread_pointer(void *pointer)
{
	if (pointer != NULL)
		__asm__ volatile("wrfsbase %0" : : "r"(pointer) : "memory");
}

#elif defined(__aarch64__) && defined(__linux__)

bool fiber_has_thread_pointers(void)
{
	return true;
}

void *fiber_thread_pointer(void)
{
	void *pointer;

	__asm__("mrs %0, tpidr_el0" : "=r"(pointer));
	return pointer;
}

static inline void set_thread_pointer(void *pointer)
{
	if (pointer != NULL)
		__asm__ volatile("msr tpidr_el0, %0" : : "r"(pointer) : "memory");
}

#else

bool fiber_has_thread_pointers(void)
{
	return false;
}

void *fiber_thread_pointer(void)
{
	return NULL;
}

static inline void set_thread_pointer(void *pointer)
{
	(void)pointer;
}

#endif

/* ---- Stacks -------------------------------------------------------------------------------- */

/* Deeper than any of the simulator's own calls. */
#define SCRUBBED 3072

void fiber_scrub_stack(void)
{
	/* Unknown to the compiler, which would remove writes that are never read. */
	static void *(*const volatile clear)(void *, int, size_t) = memset;
	unsigned char area[SCRUBBED];

	clear(area, 0, sizeof area);
}

#if SIM_FAST_SWITCH

/* Save the callee-saved registers, switch stacks, and restore the registers saved there. */
void fiber_switch_stacks(void **from, void *to);
__asm__(".text\n"
	".globl fiber_switch_stacks\n"
	".type fiber_switch_stacks, @function\n"
	"fiber_switch_stacks:\n"
	"	push %rbp\n"
	"	push %rbx\n"
	"	push %r12\n"
	"	push %r13\n"
	"	push %r14\n"
	"	push %r15\n"
	"	mov %rsp, (%rdi)\n"
	"	mov %rsi, %rsp\n"
	"	pop %r15\n"
	"	pop %r14\n"
	"	pop %r13\n"
	"	pop %r12\n"
	"	pop %rbx\n"
	"	pop %rbp\n"
	"	ret\n"
	".size fiber_switch_stacks, . - fiber_switch_stacks\n");

void fiber_make(struct fiber *fiber, int number, void (*entry)(void))
{
	/* From the top: space that a debugger may read, a null return address for `entry`, `entry`
	 * itself for the `ret` above, and the six registers. */
	void **top = (void **)(void *)(fiber_stacks[number] + FIBER_STACK - 64);

	*--top = NULL;
	*--top = (void *)(uintptr_t)entry;
	for (int i = 0; i < 6; i++)
		*--top = NULL;
	fiber->stack_pointer = top;
	fiber->thread_pointer = fiber_thread_pointers[number];
}

void fiber_switch(struct fiber *from, struct fiber *to)
{
	set_thread_pointer(to->thread_pointer);
	fiber_switch_stacks(&from->stack_pointer, to->stack_pointer);
}

#else

void fiber_make(struct fiber *fiber, int number, void (*entry)(void))
{
	getcontext(&fiber->context);
	fiber->context.uc_stack.ss_sp = fiber_stacks[number];
	fiber->context.uc_stack.ss_size = FIBER_STACK;
	fiber->context.uc_link = NULL;
	makecontext(&fiber->context, entry, 0);
	fiber->thread_pointer = fiber_thread_pointers[number];
}

void fiber_switch(struct fiber *from, struct fiber *to)
{
	set_thread_pointer(to->thread_pointer);
	swapcontext(&from->context, &to->context);
}

#endif
