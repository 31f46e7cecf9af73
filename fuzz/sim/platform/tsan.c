/* SPDX-License-Identifier: 0BSD */
/*
 * The runtime of -fsanitize=thread.  gcc and clang compile each memory access and each atomic
 * operation to a call of a function with one of these names, which ThreadSanitizer's runtime
 * usually provides.
 */
#include "machine/arena.h"
#include "machine/machine.h"
#include "machine/trace.h"
#include "model/race.h"
#include "model/views.h"
#include "platform/platform.h"

#include <string.h>

/* What the simulator, and functions of the C library, may need. */
#define STACK_LEFT 6144

void __tsan_init(void);
void __tsan_func_entry(void *pc);
void __tsan_func_exit(void);

void __tsan_init(void)
{
}

/* An exception has left the functions whose frames would lie below `frame`, which begins. */
static void drop_unwound(struct thread *me, uintptr_t frame)
{
	if (frame < fiber_stack(machine.current) + STACK_LEFT)
		sim_fail("stack overflow", "thread %d has less than %d bytes of %zu left",
			machine.current, STACK_LEFT, FIBER_STACK);
	if (me->depth == 0 || me->depth > CALL_DEPTH || me->frames[me->depth - 1] > frame)
		return;
	while (me->depth > 0 && me->frames[me->depth - 1] <= frame)
		me->depth--;
	views_frame_gone(frame);
}

void __tsan_func_entry(void *pc)
{
	struct thread *me;

	if (!simulated())
		return;
	me = self();
	drop_unwound(me, (uintptr_t)__builtin_frame_address(0));
	if (me->depth < CALL_DEPTH) {
		me->calls[me->depth] = (uintptr_t)pc;
		me->frames[me->depth] = (uintptr_t)__builtin_frame_address(0);
	}
	me->depth++;
}

void __tsan_func_exit(void)
{
	struct thread *me;
	int depth;

	if (!simulated())
		return;
	me = self();
	depth = --me->depth;
	if (depth >= 0 && depth < CALL_DEPTH)
		views_frame_gone(depth > 0 ? me->frames[depth - 1]
					   : fiber_stack(machine.current) + FIBER_STACK);
}

#define PC ((uintptr_t)__builtin_return_address(0))

/* clang's coverage counters, which are instrumented as if they were the program's. */
extern char __start___sancov_cntrs[] __attribute__((weak));
extern char __stop___sancov_cntrs[] __attribute__((weak));

static bool is_counter(uintptr_t address)
{
	return address - (uintptr_t)__start___sancov_cntrs <
	       (uintptr_t)__stop___sancov_cntrs - (uintptr_t)__start___sancov_cntrs;
}

static void plain(const void *address, size_t size, enum access access, uintptr_t pc)
{
	if (simulated() && size > 0 && !is_counter((uintptr_t)address)) {
		race_access((uintptr_t)address, size, access, pc);
		machine_scrub();
	}
}

/* The plain accesses, by size. */
#define PLAIN(name, size, access)                                                                  \
	void __tsan_##name(void *address);                                                         \
	void __tsan_##name(void *address)                                                          \
	{                                                                                          \
		plain(address, size, access, PC);                                                  \
	}
#define PLAIN_SIZE(size)                                                                           \
	PLAIN(read##size, size, PLAIN_READ)                                                        \
	PLAIN(write##size, size, PLAIN_WRITE)                                                      \
	PLAIN(read_write##size, size, PLAIN_WRITE)                                                 \
	PLAIN(unaligned_read##size, size, PLAIN_READ)                                              \
	PLAIN(unaligned_write##size, size, PLAIN_WRITE)                                            \
	PLAIN(unaligned_read_write##size, size, PLAIN_WRITE)
PLAIN_SIZE(1)
PLAIN_SIZE(2)
PLAIN_SIZE(4)
PLAIN_SIZE(8)
PLAIN_SIZE(16)

void __tsan_read_range(void *address, size_t size);
void __tsan_write_range(void *address, size_t size);

void __tsan_read_range(void *address, size_t size)
{
	plain(address, size, PLAIN_READ, PC);
}

void __tsan_write_range(void *address, size_t size)
{
	plain(address, size, PLAIN_WRITE, PC);
}

/* C++: an object's pointer to its virtual functions.  Writing the same again, as constructors and
 * destructors do, changes nothing. */
void __tsan_vptr_update(void **at, void *value);
void __tsan_vptr_read(void **at);

void __tsan_vptr_update(void **at, void *value)
{
	plain(at, sizeof *at, *at == value ? PLAIN_READ : PLAIN_WRITE, PC);
}

void __tsan_vptr_read(void **at)
{
	plain(at, sizeof *at, PLAIN_READ, PC);
}

/* ---- The C library's functions on memory --------------------------------------------------- */

/* Simulated code is compiled to call these by other names (names.h), since compilers do not
 * instrument calls of the originals. */
void *sim_memcpy(void *to, const void *from, size_t size)
{
	plain(from, size, PLAIN_READ, PC);
	plain(to, size, PLAIN_WRITE, PC);
	return memcpy(to, from, size);
}

void *sim_memmove(void *to, const void *from, size_t size)
{
	plain(from, size, PLAIN_READ, PC);
	plain(to, size, PLAIN_WRITE, PC);
	return memmove(to, from, size);
}

void *sim_memset(void *to, int value, size_t size)
{
	plain(to, size, PLAIN_WRITE, PC);
	return memset(to, value, size);
}

char *sim_strncpy(char *to, const char *from, size_t size)
{
	plain(to, size, PLAIN_WRITE, PC);
	return strncpy(to, from, size);
}

/* ---- Atomics ------------------------------------------------------------------------------- */

#ifndef __clang__
/* The library's code, where that is known.  Other programs may store to a word first when all
 * threads know it, so that such a store must stay one. */
extern char __start_ump_server_text[] __attribute__((weak));
extern char __stop_ump_server_text[] __attribute__((weak));

static inline bool is_librarys(uintptr_t pc)
{
	return __start_ump_server_text == NULL ||
	       pc - (uintptr_t)__start_ump_server_text <
		       (uintptr_t)(__stop_ump_server_text - __start_ump_server_text);
}
#endif

/*
 * gcc makes atomic_init a relaxed store (clang, a plain write).  Where no other thread can have
 * known of the word, the two are equivalent, and no step is needed.
 */
static bool is_initialisation(const struct step *step)
{
#ifdef __clang__
	/* Any such write is a store of the program.  Several words may be initialised by one call
	 * of memset, which is not seen, so no store can be identified as the first one. */
	(void)step;
	return false;
#else
	const struct shadow *shadow;

	if (step->op != OP_STORE || step->order != __ATOMIC_RELAXED || !is_librarys(step->pc))
		return false;
	shadow = race_shadow(step->address);
	if (shadow->location >= 0 && !shadow->fresh)
		return false;
	if (fiber_of_stack(step->address) == machine.current)
		return true;
	/* Initialising again is a store: the thread that made the word may also run the handler. */
	return !race_shared(shadow) && !race_written(shadow);
#endif
}

/* Outside executions, no other thread runs. */
static uint64_t perform_alone(const struct step *step)
{
	uint64_t old = 0;

	memcpy(&old, (void *)step->address, step->size);
	if (step->op != OP_LOAD && step->op != OP_FENCE)
		memcpy((void *)step->address, &step->value, step->size);
	return old;
}

static uint64_t atomic(const struct step *step, uintptr_t frame, bool *taken)
{
	uint64_t result;

	if (!simulated())
		return perform_alone(step);
	self()->live_from = frame;
	if (is_initialisation(step)) {
		race_access(step->address, step->size, PLAIN_WRITE, step->pc);
		memcpy((void *)step->address, &step->value, step->size);
		machine_scrub();
		return 0;
	}
	if (views_alone(step))
		machine_step_alone(step);
	else
		machine_step(step);
	result = views_perform(step, taken);
	trace_result(result, *taken);
	machine_scrub();
	return result;
}

#define FRAME ((uintptr_t)__builtin_frame_address(0))

static uint64_t one(enum operation op, const volatile void *address, int size, uint64_t value,
	int order, uintptr_t pc, uintptr_t frame)
{
	struct step step = {.op = op,
		.size = (uint8_t)size,
		.order = (int8_t)order,
		.address = (uintptr_t)address,
		.value = value,
		.pc = pc};
	bool taken = true;

	return atomic(&step, frame, &taken);
}

static uint64_t compare(enum operation op, volatile void *address, int size, uint64_t expected,
	uint64_t value, int order, int failure_order, bool *taken, uintptr_t pc, uintptr_t frame)
{
	struct step step = {.op = op,
		.size = (uint8_t)size,
		.order = (int8_t)order,
		.failure_order = (int8_t)failure_order,
		.address = (uintptr_t)address,
		.value = value,
		.expected = expected,
		.pc = pc};

	return atomic(&step, frame, taken);
}

#define ATOMIC_OP(bits, name, op)                                                                  \
	uint##bits##_t __tsan_atomic##bits##_##name(                                               \
		volatile uint##bits##_t *address, uint##bits##_t value, int order);                \
	uint##bits##_t __tsan_atomic##bits##_##name(                                               \
		volatile uint##bits##_t *address, uint##bits##_t value, int order)                 \
	{                                                                                          \
		return (uint##bits##_t)one(op, address, bits / 8, value, order, PC, FRAME);        \
	}

#define ATOMIC_CAS(bits, name, op)                                                                 \
	int __tsan_atomic##bits##_compare_exchange_##name(volatile uint##bits##_t *address,        \
		uint##bits##_t *expected, uint##bits##_t value, int order, int failure_order);     \
	int __tsan_atomic##bits##_compare_exchange_##name(volatile uint##bits##_t *address,        \
		uint##bits##_t *expected, uint##bits##_t value, int order, int failure_order)      \
	{                                                                                          \
		bool taken = false;                                                                \
		uint##bits##_t old = (uint##bits##_t)compare(op, address, bits / 8, *expected,     \
			value, order, failure_order, &taken, PC, FRAME);                           \
                                                                                                   \
		if (!taken)                                                                        \
			*expected = old;                                                           \
		return taken;                                                                      \
	}

#define ATOMIC_SIZE(bits)                                                                          \
	uint##bits##_t __tsan_atomic##bits##_load(const volatile uint##bits##_t *a, int order);    \
	uint##bits##_t __tsan_atomic##bits##_load(const volatile uint##bits##_t *a, int order)     \
	{                                                                                          \
		return (uint##bits##_t)one(OP_LOAD, a, bits / 8, 0, order, PC, FRAME);             \
	}                                                                                          \
	void __tsan_atomic##bits##_store(                                                          \
		volatile uint##bits##_t *a, uint##bits##_t value, int order);                      \
	void __tsan_atomic##bits##_store(                                                          \
		volatile uint##bits##_t *a, uint##bits##_t value, int order)                       \
	{                                                                                          \
		one(OP_STORE, a, bits / 8, value, order, PC, FRAME);                               \
	}                                                                                          \
	/* clang calls this one for weak and for strong exchanges. */                              \
	uint##bits##_t __tsan_atomic##bits##_compare_exchange_val(volatile uint##bits##_t *a,      \
		uint##bits##_t expected, uint##bits##_t value, int order, int failure_order);      \
	uint##bits##_t __tsan_atomic##bits##_compare_exchange_val(volatile uint##bits##_t *a,      \
		uint##bits##_t expected, uint##bits##_t value, int order, int failure_order)       \
	{                                                                                          \
		bool taken = false;                                                                \
                                                                                                   \
		return (uint##bits##_t)compare(OP_CAS_STRONG, a, bits / 8, expected, value, order, \
			failure_order, &taken, PC, FRAME);                                         \
	}                                                                                          \
	ATOMIC_OP(bits, exchange, OP_EXCHANGE)                                                     \
	ATOMIC_OP(bits, fetch_add, OP_ADD)                                                         \
	ATOMIC_OP(bits, fetch_sub, OP_SUB)                                                         \
	ATOMIC_OP(bits, fetch_and, OP_AND)                                                         \
	ATOMIC_OP(bits, fetch_or, OP_OR)                                                           \
	ATOMIC_OP(bits, fetch_xor, OP_XOR)                                                         \
	ATOMIC_OP(bits, fetch_nand, OP_NAND)                                                       \
	ATOMIC_CAS(bits, strong, OP_CAS_STRONG)                                                    \
	ATOMIC_CAS(bits, weak, OP_CAS_WEAK)
ATOMIC_SIZE(8)
ATOMIC_SIZE(16)
ATOMIC_SIZE(32)
ATOMIC_SIZE(64)

void __tsan_atomic_thread_fence(int order);
void __tsan_atomic_signal_fence(int order);

void __tsan_atomic_thread_fence(int order)
{
	if (simulated())
		one(OP_FENCE, NULL, 0, 0, order, PC, FRAME);
}

void __tsan_atomic_signal_fence(int order)
{
	(void)order;
}
