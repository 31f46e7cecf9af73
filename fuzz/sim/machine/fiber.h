/* SPDX-License-Identifier: 0BSD */
/*
 * Fibers: stacks that one system thread switches between.
 *
 * x86-64 has its own switch.  The portable one is swapcontext, which enters the kernel twice per
 * switch to save a signal mask that never changes; README.md gives the measured difference.
 */
#ifndef SIM_FIBER_H
#define SIM_FIBER_H

#include "machine/sim.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#if defined(__x86_64__) && !defined(SIM_UCONTEXT)
#define SIM_FAST_SWITCH 1
struct fiber {
	void *thread_pointer;
	void *stack_pointer;
};
#else
#define SIM_FAST_SWITCH 0
#include <ucontext.h>
struct fiber {
	void *thread_pointer;
	ucontext_t context;
};
#endif

#ifndef SIM_STACK
#define SIM_STACK 32
#endif
#define FIBER_STACK ((size_t)SIM_STACK * 1024)
/* The part of a stack that executions usually write. */
#define FIBER_USUAL ((size_t)8 * 1024)

/* The thread pointers of the fibers, then the driver's: where the C library and the compiler find
 * thread-local variables.  NULL: all fibers share the driver's. */
extern void *fiber_thread_pointers[SIM_THREADS + 1];

/* The calling thread's, or NULL if this build cannot exchange them; and whether it can. */
void *fiber_thread_pointer(void);
bool fiber_has_thread_pointers(void);

/* Prepare `fiber` to run `entry`, which must not return, on its own stack. */
void fiber_make(struct fiber *fiber, int number, void (*entry)(void));

void fiber_switch(struct fiber *from, struct fiber *to);

/* The stack of fiber `number`; and the fiber whose stack an address lies in, or -1. */
extern unsigned char fiber_stacks[SIM_THREADS][FIBER_STACK];

static inline uintptr_t fiber_stack(int number)
{
	return (uintptr_t)fiber_stacks[number];
}

static inline int fiber_of_stack(uintptr_t address)
{
	uintptr_t offset = address - (uintptr_t)fiber_stacks;

	return offset < sizeof fiber_stacks ? (int)(offset / FIBER_STACK) : -1;
}

/* Overwrite what the simulator has left below the caller's frame. */
void fiber_scrub_stack(void);

/* Clear what executions may have left on the stacks of the first `count` fibers. */
void fiber_clear(int count);

#endif
