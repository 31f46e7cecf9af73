/* SPDX-License-Identifier: 0BSD */
/* The program's memory: malloc and operator new.  The linker's --wrap directs the program's own
 * calls here; what the C library allocates for itself stays there. */
#include "user/real.h"
#include "user/user.h"

#include "machine/arena.h"
#include "machine/machine.h"
#include "machine/trace.h"
#include "model/race.h"
#include "model/views.h"

#include <errno.h>
#include <stdlib.h>

#define ALIGN 16

/* After the program's static initialisation: what is allocated outside executions is none of
 * its own. */
static bool ready;

void memory_ready(void)
{
	ready = true;
}

#define BEGIN(operation, number)                                                                   \
	do {                                                                                       \
		self()->live_from = FRAME;                                                         \
		self()->at = (struct step){.op = (operation), .value = (number), .pc = pc};        \
	} while (0)

void *memory_allocate(size_t size, size_t align, uintptr_t pc)
{
	void *memory;

	if (!simulated())
		return ready ? aligned_alloc(align, (size + align - 1) / align * align)
			     : arena_alloc(size, align, true);
	BEGIN(OP_ALLOC, size);
	if (user_refused())
		return NULL;
	memory = arena_alloc(size, align, true);
	trace_memory(OP_ALLOC, (uintptr_t)memory, size, pc);
	machine_scrub();
	return memory;
}

static void release(void *memory, uintptr_t pc)
{
	size_t size;

	if (memory == NULL)
		return;
	if (!arena_has((uintptr_t)memory) &&
		(!simulated() || fiber_of_stack((uintptr_t)memory) < 0)) {
		free(memory);
		return;
	}
	if (!simulated()) {
		if (!ready)
			arena_free((uintptr_t)memory);
		return;
	}
	BEGIN(OP_FREE, 0);
	trace_memory(OP_FREE, (uintptr_t)memory, 0, pc);
	size = arena_size((uintptr_t)memory);
	race_free((uintptr_t)memory, size, pc);
	arena_free((uintptr_t)memory);
	views_free((uintptr_t)memory, size);
	machine_scrub();
}

/* ---- C ------------------------------------------------------------------------------------- */

void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__wrap_realloc(void *memory, size_t size);
void *__wrap_reallocarray(void *memory, size_t count, size_t size);
void *__wrap_aligned_alloc(size_t align, size_t size);
int __wrap_posix_memalign(void **memory, size_t align, size_t size);
void __wrap_free(void *memory);

void *__wrap_malloc(size_t size)
{
	void *memory = memory_allocate(size, ALIGN, CALLER);

	if (memory == NULL)
		errno = ENOMEM;
	return memory;
}

void *__wrap_calloc(size_t count, size_t size)
{
	size_t total;
	void *memory = NULL;

	if (!__builtin_mul_overflow(count, size, &total))
		memory = memory_allocate(total, ALIGN, CALLER);
	if (memory == NULL)
		errno = ENOMEM;
	else
		memset(memory, 0, total);
	return memory;
}

static void *resize(void *memory, size_t size, uintptr_t pc)
{
	void *larger;
	size_t old;

	if (memory != NULL && !arena_has((uintptr_t)memory))
		return realloc(memory, size);
	larger = memory_allocate(size, ALIGN, pc);
	if (larger == NULL || memory == NULL)
		return larger;
	old = arena_size((uintptr_t)memory);
	if (old > size)
		old = size;
	if (simulated())
		race_access((uintptr_t)memory, old, PLAIN_READ, pc);
	memcpy(larger, memory, old);
	release(memory, pc);
	return larger;
}

void *__wrap_realloc(void *memory, size_t size)
{
	return resize(memory, size, CALLER);
}

void *__wrap_reallocarray(void *memory, size_t count, size_t size)
{
	size_t total;

	if (__builtin_mul_overflow(count, size, &total)) {
		errno = ENOMEM;
		return NULL;
	}
	return resize(memory, total, CALLER);
}

void *__wrap_aligned_alloc(size_t align, size_t size)
{
	return memory_allocate(size, align, CALLER);
}

int __wrap_posix_memalign(void **memory, size_t align, size_t size)
{
	void *got = memory_allocate(size, align, CALLER);

	if (got == NULL)
		return ENOMEM;
	*memory = got;
	return 0;
}

void __wrap_free(void *memory)
{
	release(memory, CALLER);
}

/* ---- C++ ----------------------------------------------------------------------------------- */

/* By their names in the binary interface; those of the C++ library call these, too. */

/* std::__throw_bad_alloc. */
_Noreturn void _ZSt17__throw_bad_allocv(void) __attribute__((weak));

static void *allocate_or_throw(size_t size, size_t align, uintptr_t pc)
{
	void *memory = memory_allocate(size, align, pc);

	if (memory == NULL)
		_ZSt17__throw_bad_allocv();
	return memory;
}

#define NEW(name)                                                                                  \
	void *name(size_t size);                                                                   \
	void *name(size_t size)                                                                    \
	{                                                                                          \
		return allocate_or_throw(size, ALIGN, CALLER);                                     \
	}
#define NEW_ALIGNED(name)                                                                          \
	void *name(size_t size, size_t align);                                                     \
	void *name(size_t size, size_t align)                                                      \
	{                                                                                          \
		return allocate_or_throw(size, align, CALLER);                                     \
	}
#define NEW_NOTHROW(name)                                                                          \
	void *name(size_t size, const void *nothrow);                                              \
	void *name(size_t size, const void *nothrow)                                               \
	{                                                                                          \
		(void)nothrow;                                                                     \
		return memory_allocate(size, ALIGN, CALLER);                                       \
	}
#define NEW_ALIGNED_NOTHROW(name)                                                                  \
	void *name(size_t size, size_t align, const void *nothrow);                                \
	void *name(size_t size, size_t align, const void *nothrow)                                 \
	{                                                                                          \
		(void)nothrow;                                                                     \
		return memory_allocate(size, align, CALLER);                                       \
	}
NEW(_Znwm)
NEW(_Znam)
NEW_ALIGNED(_ZnwmSt11align_val_t)
NEW_ALIGNED(_ZnamSt11align_val_t)
NEW_NOTHROW(_ZnwmRKSt9nothrow_t)
NEW_NOTHROW(_ZnamRKSt9nothrow_t)
NEW_ALIGNED_NOTHROW(_ZnwmSt11align_val_tRKSt9nothrow_t)
NEW_ALIGNED_NOTHROW(_ZnamSt11align_val_tRKSt9nothrow_t)

/* What follows the pointer, sizes and alignments, is not needed. */
#define DELETE(name)                                                                               \
	void name(void *memory);                                                                   \
	void name(void *memory)                                                                    \
	{                                                                                          \
		release(memory, CALLER);                                                           \
	}
DELETE(_ZdlPv)
DELETE(_ZdaPv)
DELETE(_ZdlPvm)
DELETE(_ZdaPvm)
DELETE(_ZdlPvSt11align_val_t)
DELETE(_ZdaPvSt11align_val_t)
DELETE(_ZdlPvmSt11align_val_t)
DELETE(_ZdaPvmSt11align_val_t)
DELETE(_ZdlPvRKSt9nothrow_t)
DELETE(_ZdaPvRKSt9nothrow_t)
