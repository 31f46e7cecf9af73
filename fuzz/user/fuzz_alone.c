/* SPDX-License-Identifier: 0BSD */
/* Without the simulator: one thread makes the calls of all, so an execution depends on its input
 * alone. */
#include "user/fuzz_world.h"

#include <stdlib.h>

const bool ump__fuzz_simulated = false;

void *ump__fuzz_memory(size_t size, size_t align)
{
	void *memory = NULL;

	/* malloc is aligned for every type that needs no configuration, and exact under a
	 * sanitizer. */
	if (align <= _Alignof(max_align_t))
		memory = malloc(size + (size == 0));
	else if (posix_memalign(&memory, align, size + (size == 0)) != 0)
		memory = NULL;
	if (memory == NULL)
		abort();
	return memory;
}

static bool make_call(struct fuzz_thread *thread)
{
	if (!ump__fuzz_has_calls(thread))
		return false;
	ump__fuzz_step(thread);
	ump__fuzz_check_invariant();
	return true;
}

/* They take turns. */
void ump__fuzz_run_threads(void)
{
	bool any = true;

	while (any) {
		any = false;
		for (unsigned i = 0; i <= ump__fuzz.clients; i++)
			any = make_call(&ump__fuzz.threads[i]) || any;
	}
	for (unsigned i = 1; i <= ump__fuzz.clients; i++) {
		ump__fuzz_drop_clients(&ump__fuzz.threads[i]);
		ump__fuzz_check_invariant();
	}
}
