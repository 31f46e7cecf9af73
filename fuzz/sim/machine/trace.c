/* SPDX-License-Identifier: 0BSD */
#include "machine/trace.h"

#include "machine/arena.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define EVENTS 16384
static struct event events[EVENTS];
static size_t count;
/* The step in progress. */
static struct event *step_event;
static enum access last_access;
static struct step last_step;

void trace_begin(void)
{
	count = 0;
	step_event = NULL;
	last_step.address = 0;
}

const struct event *trace_events(size_t *length)
{
	*length = count;
	return events;
}

uint32_t trace_event(void)
{
	return step_event != NULL ? (uint32_t)(step_event - events) + 1 : 0;
}

/* Where the program begins and ends in memory, by the linker. */
extern char __executable_start[];
extern char end[];

/* Map an address to the same number on every machine. */
static uint64_t portable(uint64_t value)
{
	int owner = fiber_of_stack((uintptr_t)value);

	if (owner >= 0)
		/* Frame sizes differ between compilers. */
		return UINT64_C(1) << 40 | (uint64_t)owner;
	if (arena_has((uintptr_t)value))
		return arena_name((uintptr_t)value);
	/* The linker decides where static objects lie. */
	if (value - (uintptr_t)__executable_start < (uintptr_t)(end - __executable_start))
		return UINT64_C(1) << 41;
	return value;
}

static struct event *add_for(int number, enum event_kind kind, const struct step *step)
{
	struct event *event;
	const struct thread *thread = number >= 0 ? &machine.threads[number] : NULL;
	int calls = 0;

	if (!sim_config.trace || count == EVENTS)
		return NULL;
	event = &events[count++];
	memset(event, 0, sizeof *event);
	event->kind = kind;
	event->thread = number;
	if (step != NULL)
		event->step = *step;
	if (step != NULL && step->pc != 0)
		event->calls[calls++] = step->pc;
	else if (step == NULL && thread != NULL && thread->at.pc != 0)
		event->calls[calls++] = thread->at.pc;
	for (int i = thread != NULL ? thread->depth - 1 : -1; i >= 0 && calls < EVENT_CALLS; i--) {
		if (i < CALL_DEPTH)
			event->calls[calls++] = thread->calls[i];
	}
	return event;
}

static struct event *add(enum event_kind kind, const struct step *step)
{
	return add_for(machine.current, kind, step);
}

void trace_step(const struct step *step)
{
	sim_result.hash = mix(sim_result.hash, (uint64_t)machine.current << 8 | step->op);
	sim_result.hash = mix(sim_result.hash, portable(step->address));
	step_event = add(EVENT_STEP, step);
}

void trace_read_from(uint32_t event)
{
	if (step_event != NULL)
		step_event->read_from = event;
}

void trace_result(uint64_t result, bool taken)
{
	sim_result.hash = mix(sim_result.hash, portable(result));
	if (step_event != NULL) {
		step_event->result = result;
		step_event->taken = taken;
	}
}

void trace_access_kept(uintptr_t address, size_t size, enum access access, uintptr_t pc)
{
	struct event *event;

	if (!sim_config.trace)
		return;
	last_step = (struct step){
		.size = (uint8_t)(size < 255 ? size : 255), .address = address, .pc = pc};
	last_access = access;
	if (access == ATOMIC_READ || access == ATOMIC_WRITE)
		return;
	event = add(EVENT_PLAIN, &last_step);
	if (event != NULL)
		event->access = access;
}

void trace_access_forgotten(void)
{
	last_step = (struct step){.op = OP_NONE};
}

void trace_memory(enum operation op, uintptr_t address, size_t size, uintptr_t pc)
{
	struct step step = {.op = op, .address = address, .value = size, .pc = pc};

	sim_result.hash = mix(sim_result.hash, portable(address) << 8 | op);
	add(EVENT_STEP, &step);
}

void trace_note(const char *format, ...)
{
	struct event *event = add(EVENT_NOTE, NULL);
	va_list arguments;

	if (event == NULL)
		return;
	va_start(arguments, format);
	vsnprintf(event->text, sizeof event->text, format, arguments);
	va_end(arguments);
}

void sim_remark(const char *format, ...)
{
	struct event *event;
	va_list arguments;

	if (!sim_config.trace)
		return;
	event = add(EVENT_REMARK, NULL);
	if (event == NULL)
		return;
	va_start(arguments, format);
	vsnprintf(event->text, sizeof event->text, format, arguments);
	va_end(arguments);
}

void trace_stuck(int thread, const char *what)
{
	struct event *event = add_for(thread, EVENT_STUCK, &machine.threads[thread].at);

	if (event != NULL)
		snprintf(event->text, sizeof event->text, "%s, and will not continue", what);
}

void trace_failure(void)
{
	struct step step = last_step;
	struct event *event;

	/* No access was the cause, so the last operation was. */
	if (step.pc == 0 && simulated())
		step.pc = self()->at.pc;
	event = add(EVENT_FAILURE, &step);
	if (event == NULL)
		return;
	event->access = last_access;
	snprintf(event->text, sizeof event->text, "%s: %.160s", sim_result.bug, sim_result.text);
}
