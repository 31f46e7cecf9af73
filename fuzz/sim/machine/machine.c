/* SPDX-License-Identifier: 0BSD */
/* Threads and their scheduling. */
#include "machine/machine.h"

#include "machine/choice.h"
#include "machine/coverage.h"
#include "machine/trace.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

struct machine machine = {.current = -1};
struct sim_config sim_config;
struct sim_result sim_result;

/* The driver's context while threads run. */
static struct fiber driver;

static const char *bug_text(const char *format, va_list arguments)
{
	vsnprintf(sim_result.text, sizeof sim_result.text, format, arguments);
	return sim_result.text;
}

void machine_leave(void)
{
	struct fiber *from = &self()->fiber;

	machine.current = -1;
	fiber_switch(from, &driver);
	__builtin_unreachable();
}

void machine_limit(const char *what)
{
	sim_result.limited = true;
	snprintf(sim_result.text, sizeof sim_result.text, "%s", what);
	machine_leave();
}

void sim_fail(const char *bug, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	bug_text(format, arguments);
	va_end(arguments);
	sim_result.bug = bug;
	trace_failure();
	machine_leave();
}

void sim_blame(const char *bug, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	bug_text(format, arguments);
	va_end(arguments);
	sim_result.bug = bug;
	trace_failure();
}

int sim_self(void)
{
	return machine.current;
}

bool sim_sleeps(int thread)
{
	return machine.threads[thread].status == ASLEEP;
}

int sim_locks(void)
{
	return self()->locks;
}

int64_t sim_clock(void)
{
	return machine.clock;
}

int sim_take_idle_reads(void)
{
	int reads = self()->idle_reads;

	self()->idle_reads = 0;
	return reads;
}

int64_t sim_clock_read(void)
{
	return self()->clock_read;
}

/* ---- Scheduling ---------------------------------------------------------------------------- */

static _Noreturn void deadlock(void)
{
	static const char *const waits[] = {[ASLEEP] = "sleeps",
		[BLOCKED] = "waits for a lock",
		[JOINING] = "waits for another"};
	char who[96];
	size_t length = 0;

	who[0] = '\0';
	for (int t = 0; t < machine.count; t++) {
		const struct thread *thread = &machine.threads[t];

		if (thread->status == DONE)
			continue;
		trace_stuck(t, waits[thread->status]);
		if (length < sizeof who)
			length += (size_t)snprintf(who + length, sizeof who - length,
				"%s thread %d %s", length == 0 ? "" : ",", t,
				waits[thread->status]);
	}
	sim_fail("deadlock", "no thread can continue:%s", who);
}

/* Steps that a thread may take in a row while others could run: a loop that waits for another
 * thread must end. */
#define FAIR 3000

/* The sleeper whose deadline passes first; -1 if none has one. */
static int first_due(void)
{
	int first = -1;

	for (int t = 0; t < machine.count; t++) {
		const struct thread *thread = &machine.threads[t];

		if (thread->status == ASLEEP && thread->deadline != INT64_MAX &&
			(first < 0 || thread->deadline < machine.threads[first].deadline))
			first = t;
	}
	return first;
}

/* The threads that may run next, the running one first.  A sleeper with a deadline may run, since
 * time may pass: as often as allowed, and always if no other thread can run; then in the order of
 * the deadlines, so that a loop of one thread's waits does not keep another's from its time. */
static unsigned candidates(int *numbers, bool *stays)
{
	unsigned count = 0;
	bool bounded;

	*stays = simulated() && self()->status == READY && !self()->aside &&
		 (machine.in_a_row < FAIR || sim_config.mode == SIM_EXHAUSTIVE);
	if (*stays)
		numbers[count++] = machine.current;
	bounded = *stays && machine.left.preemptions == 0;
	for (int t = 0; t < machine.count && !bounded; t++) {
		if (t != machine.current && machine.threads[t].status == READY)
			numbers[count++] = t;
	}
	for (int t = 0; t < machine.count && !bounded; t++) {
		const struct thread *thread = &machine.threads[t];

		if (thread->status == ASLEEP && thread->deadline != INT64_MAX &&
			machine.left.timeouts > 0)
			numbers[count++] = t;
	}
	if (count == 0 && !bounded && first_due() >= 0)
		numbers[count++] = first_due();
	if (count == 0 && simulated() && self()->status == READY)
		numbers[count++] = machine.current;
	return count;
}

static void go_to(int number)
{
	int from = machine.current;
	struct fiber *leaving = from >= 0 ? &machine.threads[from].fiber : &driver;

	machine.current = number;
	if (from != number)
		fiber_switch(leaving, &machine.threads[number].fiber);
}

static void reschedule(void)
{
	int numbers[SIM_THREADS];
	bool stays;
	unsigned count;
	unsigned chosen;
	struct thread *next;

	if (++sim_result.steps > sim_config.bounds.steps)
		sim_fail("no end", "%ld steps and still going", sim_result.steps);
	count = candidates(numbers, &stays);
	if (count == 0)
		deadlock();
	chosen = choice_thread(numbers, count, stays);
	if (stays && chosen != 0) {
		sim_result.preemptions++;
		if (machine.left.preemptions > 0)
			machine.left.preemptions--;
	}
	next = &machine.threads[numbers[chosen]];
	machine.in_a_row = numbers[chosen] == machine.current ? machine.in_a_row + 1 : 0;
	if (next->status == ASLEEP) {
		if (machine.left.timeouts > 0)
			machine.left.timeouts--;
		if (machine.clock < next->deadline)
			machine.clock = next->deadline;
		next->timed_out = true;
		next->status = READY;
	}
	go_to(numbers[chosen]);
}

void machine_step(const struct step *step)
{
	self()->at = *step;
	reschedule();
	trace_step(step);
	coverage_step(step);
}

void machine_step_aside(const struct step *step)
{
	self()->aside = true;
	self()->at = *step;
	reschedule();
	self()->aside = false;
	trace_step(step);
}

void machine_step_alone(const struct step *step)
{
	int numbers[SIM_THREADS];
	bool stays;

	self()->at = *step;
	if (++sim_result.steps > sim_config.bounds.steps)
		sim_fail("no end", "%ld steps and still going", sim_result.steps);
	choice_stay(candidates(numbers, &stays));
	trace_step(step);
	coverage_step(step);
}

void machine_block(void)
{
	reschedule();
}

/* ---- Threads ------------------------------------------------------------------------------- */

void machine_end(void)
{
	bool all = true;

	self()->status = DONE;
	trace_note("ends");
	for (int t = 0; t < machine.count; t++) {
		struct thread *thread = &machine.threads[t];

		if (thread->status == JOINING && thread->joins == machine.current)
			thread->status = READY;
		if (thread->status == ASLEEP &&
			thread->sleeps_on == machine_end_of(machine.current))
			thread->status = READY;
		all = all && thread->status == DONE;
	}
	if (all)
		machine_leave();
	reschedule();
}

/* Simulated code may change callee-saved registers (README.md, States), so this function must not
 * use any value after the call. */
static void entry(void)
{
	self()->run(self()->arg);
	machine_end();
}

int machine_start(void (*run)(void *), void *arg)
{
	int number = machine.count;
	struct thread *thread = &machine.threads[number];

	if (number == SIM_THREADS)
		return -1;
	memset(thread, 0, sizeof *thread);
	thread->run = run;
	thread->arg = arg;
	thread->deadline = INT64_MAX;
	thread->live_from = fiber_stack(number) + FIBER_STACK;
	if (simulated()) {
		thread->now = self()->now;
		self()->now.at[machine.current]++;
	}
	thread->now.at[number] = 1;
	thread->priority = (int)(choice_random() % 1000000) + 1;
	fiber_make(&thread->fiber, number, entry);
	machine.count++;
	return number;
}

int sim_spawn(void (*run)(void *), void *arg)
{
	int number = machine_start(run, arg);

	if (number >= 0)
		trace_note("starts thread %d", number);
	machine_scrub();
	return number;
}

void machine_join(int number)
{
	struct thread *me = self();
	struct thread *other = &machine.threads[number];

	me->at = (struct step){.op = OP_JOIN, .value = (uint64_t)number, .pc = me->at.pc};
	if (other->status != DONE) {
		me->status = JOINING;
		me->joins = number;
		machine_block();
	}
	other->released = true;
	view_join(&me->now, &other->now);
	trace_note("has joined thread %d", number);
}

void sim_join(int number)
{
	self()->live_from = (uintptr_t)__builtin_frame_address(0);
	machine_join(number);
	machine_scrub();
}

int sim_alive(void)
{
	int alive = 0;

	for (int t = 0; t < machine.count; t++)
		alive += machine.threads[t].counted && machine.threads[t].status != DONE;
	return alive;
}

/* ---- One execution ------------------------------------------------------------------------- */

void machine_begin(void)
{
	memset(&sim_result, 0, sizeof sim_result);
	if (sim_config.cut)
		fiber_clear(machine.count);
	machine.count = 0;
	driver.thread_pointer = fiber_thread_pointers[SIM_THREADS];
	machine.current = -1;
	machine.clock = 1000;
	machine.accesses = 0;
	machine.locations = 0;
	machine.in_a_row = 0;
	machine.left = sim_config.bounds;
	if (++machine.generation == 0)
		machine.generation = 1;
}

void machine_run(void (*run)(void *), void *arg)
{
	machine_start(run, arg);
	reschedule();
}
