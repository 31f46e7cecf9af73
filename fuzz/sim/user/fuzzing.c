/* SPDX-License-Identifier: 0BSD */
/* The harness of ump_server/fuzz.h in the simulator: its input is a part of the choices. */
#include "user/fuzzing.h"

#include "user/real.h"
#include "user/user.h"

#include "machine/arena.h"
#include "machine/choice.h"
#include "machine/machine.h"
#include "machine/trace.h"

#include <stdarg.h>

/* Where the calling program stands. */
#define STAND(operation)                                                                           \
	do {                                                                                       \
		self()->live_from = FRAME;                                                         \
		self()->at = (struct step){.op = (operation), .pc = CALLER};                       \
	} while (0)

size_t ump__sim_input(uint8_t *bytes, size_t most)
{
	size_t size;

	STAND(OP_NONE);
	if (sim_config.mode == SIM_EXHAUSTIVE && !sim_has_input())
		world_stop("explore needs input=FILE, the operations whose schedules are explored");
	size = choice_input(bytes, most);
	machine_scrub();
	return size;
}

void *ump__sim_memory(size_t size, size_t align)
{
	void *memory;

	STAND(OP_ALLOC);
	memory = arena_alloc(size, align < 16 ? 16 : align, true);
	trace_memory(OP_ALLOC, (uintptr_t)memory, size, CALLER);
	machine_scrub();
	return memory;
}

void ump__sim_remark(const char *format, ...)
{
	char text[160];
	va_list arguments;

	if (!sim_config.trace)
		return;
	va_start(arguments, format);
	vsnprintf(text, sizeof text, format, arguments);
	va_end(arguments);
	sim_remark("%s", text);
	machine_scrub();
}

void ump__sim_finding(const char *what, const char *more)
{
	STAND(OP_NONE);
	sim_fail(what, "%s", more);
}
