/* SPDX-License-Identifier: 0BSD */
/* What happens in an execution: always as a hash, and as a list of events if asked for. */
#ifndef SIM_TRACE_H
#define SIM_TRACE_H

#include "machine.h"
#include "race.h"

/* How many calls an event tells, the innermost first. */
#define EVENT_CALLS 8
#define EVENT_TEXT  120

enum event_kind {
	EVENT_STEP,
	EVENT_PLAIN,
	EVENT_NOTE,
	EVENT_REMARK,
	EVENT_FAILURE
};

struct event {
	enum event_kind kind;
	int thread;
	struct step step;
	/* EVENT_PLAIN. */
	enum access access;
	/* What was read, and whether a compare-exchange (or a wake-up) had an effect. */
	uint64_t result;
	bool taken;
	/* The event whose store was read; 0: the first value. */
	uint32_t read_from;
	uintptr_t calls[EVENT_CALLS];
	char text[EVENT_TEXT];
};

void trace_begin(void);

/* A step is performed; then from which event it reads, and what came out. */
void trace_step(const struct step *step);
void trace_read_from(uint32_t event);
void trace_result(uint64_t result, bool taken);

/* The number of the event that is being performed. */
uint32_t trace_event(void);

/* An access is being checked: if the execution fails, then because of it; and it was in order. */
void trace_access_kept(uintptr_t address, size_t size, enum access access, uintptr_t pc);
void trace_access_forgotten(void);

static inline void trace_access(uintptr_t address, size_t size, enum access access, uintptr_t pc)
{
	if (sim_config.trace)
		trace_access_kept(address, size, access, pc);
}

static inline void trace_access_over(void)
{
	if (sim_config.trace)
		trace_access_forgotten();
}
void trace_memory(enum operation op, uintptr_t address, size_t size, uintptr_t pc);
void trace_note(const char *format, ...) __attribute__((format(printf, 1, 2)));
void trace_failure(void);

/* The events of the last execution that was traced; event i has the number i + 1. */
const struct event *trace_events(size_t *count);

#endif
