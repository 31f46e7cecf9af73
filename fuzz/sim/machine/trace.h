/* SPDX-License-Identifier: 0BSD */
/* The history of an execution: always as a hash, and as a list of events on request. */
#ifndef SIM_TRACE_H
#define SIM_TRACE_H

#include "machine/machine.h"

/* Number of calls in an event, the innermost first. */
#ifndef EVENT_CALLS
#define EVENT_CALLS 8
#endif
#define EVENT_TEXT 200

enum event_kind {
	EVENT_STEP,
	EVENT_PLAIN,
	EVENT_NOTE,
	EVENT_REMARK,
	/* At a deadlock: where a thread waits. */
	EVENT_STUCK,
	EVENT_FAILURE
};

struct event {
	enum event_kind kind;
	int thread;
	struct step step;
	/* EVENT_PLAIN. */
	enum access access;
	/* The value read, and whether a compare-exchange (or a wake-up) had an effect. */
	uint64_t result;
	bool taken;
	/* The event whose store was read; 0: the first value. */
	uint32_t read_from;
	uintptr_t calls[EVENT_CALLS];
	char text[EVENT_TEXT];
};

void trace_begin(void);

/* A step is performed; then the event that it reads from, and its result. */
void trace_step(const struct step *step);
void trace_read_from(uint32_t event);
void trace_result(uint64_t result, bool taken);

/* Number of the event in progress. */
uint32_t trace_event(void);

/* An access is being checked, and would be the cause of a failure; and it was correct. */
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
/* The thread of this number waits, and will not continue. */
void trace_stuck(int thread, const char *what);

void trace_failure(void);

/* The events of the last traced execution; event i has the number i + 1. */
const struct event *trace_events(size_t *count);

#endif
