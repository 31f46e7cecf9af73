/* SPDX-License-Identifier: 0BSD */
/*
 * The platform of src/sync/sync.h: memory, time, sleeping, notifiers, locks and threads.  Every
 * operation that can fail or be late may do so here, as a choice.
 */
#include "sync/sync.h"

#include "machine/arena.h"
#include "machine/choice.h"
#include "machine/machine.h"
#include "machine/trace.h"
#include "model/race.h"
#include "model/views.h"
#include "platform/devices.h"

#include <stdio.h>
#include <stdlib.h>

/* One tick passes the deadlines that programs set. */
#define TICK 1000

/* The calling thread begins an operation that is not a step: other threads cannot observe its
 * moment. */
#define BEGIN(operation, number)                                                                   \
	do {                                                                                       \
		self()->live_from = (uintptr_t)__builtin_frame_address(0);                         \
		self()->at = (struct step){.op = (operation),                                      \
			.value = (number),                                                         \
			.pc = (uintptr_t)__builtin_return_address(0)};                             \
	} while (0)

/* ---- Recycling ----------------------------------------------------------------------------- */

/* Limits small enough for programs of a few messages to fill them, reuse memory, and need more.
 * Without recycling, it would begin after more messages than any program sends. */
static struct ump__retention retention = {
	.after = 1000, .slab = 1024, .slab_posts = 2, .slabs = 1, .requests = 2, .bytes = 1024};

void platform_recycles(bool recycles)
{
	retention.after = recycles ? 0 : 1000;
}

const struct ump__retention *ump__retention(void)
{
	return &retention;
}

/* ---- Assertions ---------------------------------------------------------------------------- */

/* Replaces the C library's, which ends the process: the library's assertions are promises. */
_Noreturn void __assert_fail(
	const char *assertion, const char *file, unsigned line, const char *function);

_Noreturn void __assert_fail(
	const char *assertion, const char *file, unsigned line, const char *function)
{
	if (!simulated()) {
		fprintf(stderr, "%s:%u: %s: Assertion `%s' failed.\n", file, line, function,
			assertion);
		exit(2);
	}
	BEGIN(OP_NONE, 0);
	sim_fail("assertion", "%s:%u: %s: %s", file, line, function, assertion);
}

/* ---- Memory -------------------------------------------------------------------------------- */

static bool refused(void)
{
	if (machine.left.refusals <= 0 || choice_make(CHOOSE_REFUSAL, 2) == 0)
		return false;
	machine.left.refusals--;
	sim_result.refusals++;
	trace_note("is refused");
	return true;
}

void *ump__alloc(size_t size)
{
	void *memory;

	BEGIN(OP_ALLOC, size);
	if (refused())
		return NULL;
	memory = arena_alloc(size, 16, true);
	trace_memory(OP_ALLOC, (uintptr_t)memory, size, self()->at.pc);
	machine_scrub();
	return memory;
}

void *ump__alloc_line(size_t size)
{
	void *memory;

	BEGIN(OP_ALLOC, size);
	if (refused())
		return NULL;
	memory = arena_alloc((size + UMP__LINE - 1) / UMP__LINE * UMP__LINE, UMP__LINE, true);
	trace_memory(OP_ALLOC, (uintptr_t)memory, size, self()->at.pc);
	machine_scrub();
	return memory;
}

void *ump__alloc_spare(size_t size, bool line)
{
	return line ? ump__alloc_line(size) : ump__alloc(size);
}

void ump__free(void *memory)
{
	size_t size;

	if (memory == NULL)
		return;
	BEGIN(OP_FREE, 0);
	trace_memory(OP_FREE, (uintptr_t)memory, 0, self()->at.pc);
	size = arena_size((uintptr_t)memory);
	race_free((uintptr_t)memory, size, self()->at.pc);
	arena_free((uintptr_t)memory);
	views_free((uintptr_t)memory, size);
	machine_scrub();
}

void *sim_scratch(size_t size)
{
	return arena_alloc(size, 16, false);
}

/* ---- Time ---------------------------------------------------------------------------------- */

ump_time ump_now(void)
{
	BEGIN(OP_CLOCK, 0);
	if (machine.left.ticks > 0 && choice_make(CHOOSE_TICK, 2) != 0) {
		machine.left.ticks--;
		machine.clock += TICK;
	}
	self()->clock_read = machine.clock;
	self()->idle_reads++;
	trace_note("reads the clock: %lld", (long long)machine.clock);
	machine_scrub();
	return machine.clock;
}

ump_time ump_after(int64_t ns)
{
	ump_time now = ump_now();

	return ns > UMP_FOREVER - now ? UMP_FOREVER : now + ns;
}

struct timespec ump__timespec(ump_time time)
{
	struct timespec split = {(time_t)(time / 1000000000), (long)(time % 1000000000)};

	return split;
}

/* ---- Sleeping ------------------------------------------------------------------------------ */

/* More often than messages can arrive in between. */
#define MOST_REPORTS 40

/* Return that the deadline has passed.  A caller that keeps waiting fails the execution. */
static bool report_deadline(int64_t deadline)
{
	struct thread *me = self();

	me->reports = me->reported == deadline ? me->reports + 1 : 1;
	me->reported = deadline;
	if (me->reports > MOST_REPORTS)
		sim_fail("[deadline]", "thread %d waits on although its deadline has passed",
			machine.current);
	return false;
}

static bool wakes_spuriously(void)
{
	if (machine.left.spurious <= 0 || choice_make(CHOOSE_SPURIOUS, 2) == 0)
		return false;
	machine.left.spurious--;
	trace_note("wakes spuriously");
	return true;
}

/* Sleep until woken at `what`; true: the deadline came first. */
static bool sleep_on(uintptr_t what, ump_time deadline)
{
	struct thread *me = self();

	if (me->locks > 0)
		sim_fail("lock in use", "thread %d sleeps, and owns a lock", machine.current);
	me->status = ASLEEP;
	me->sleeps_on = what;
	me->deadline = deadline;
	me->timed_out = false;
	/* The step is over when the thread wakes. */
	me->at.op = OP_NONE;
	machine_block();
	trace_note(me->timed_out ? "wakes: its deadline has passed" : "wakes");
	return me->timed_out;
}

static bool park(struct ump__word *word, uintptr_t value, ump_time deadline, uintptr_t pc)
{
	struct step step = {.op = OP_PARK,
		.size = sizeof(uintptr_t),
		.address = (uintptr_t)word,
		.value = value,
		.expected = (uint64_t)deadline,
		.pc = pc};
	uint64_t found;

	machine_step(&step);
	found = views_compare(&step);
	trace_result(found, found == value);
	if (found != value)
		return true;
	if (deadline <= machine.clock)
		return report_deadline(deadline);
	if (wakes_spuriously())
		return true;
	return sleep_on(step.address, deadline) ? report_deadline(deadline) : true;
}

bool ump__park(struct ump__word *word, uintptr_t value, ump_time deadline)
{
	bool result;

	self()->live_from = (uintptr_t)__builtin_frame_address(0);
	self()->idle_reads = 0;
	result = park(word, value, deadline, (uintptr_t)__builtin_return_address(0));
	machine_scrub();
	return result;
}

void ump__wake(struct ump__word *word)
{
	struct step step = {.op = OP_WAKE,
		.address = (uintptr_t)word,
		.pc = (uintptr_t)__builtin_return_address(0)};
	int sleepers[SIM_THREADS];
	unsigned count = 0;

	self()->live_from = (uintptr_t)__builtin_frame_address(0);
	machine_step(&step);
	views_wake(step.address);
	for (int t = 0; t < machine.count; t++) {
		const struct thread *thread = &machine.threads[t];

		if (thread->status == ASLEEP && thread->sleeps_on == step.address)
			sleepers[count++] = t;
	}
	trace_result(count, count > 0);
	if (count > 0)
		machine.threads[sleepers[choice_make(CHOOSE_SLEEPER, count)]].status = READY;
	machine_scrub();
}

/* ---- Notifiers ----------------------------------------------------------------------------- */

/*
 * A notifier has its own state, and does not order the code: a thread that sees it raised learns
 * nothing from that.  The kernel's ordering is stronger.
 */

/* Read the descriptor of a notifier. */
static int descriptor_of(const struct ump__notifier *notifier, uintptr_t pc)
{
	race_access((uintptr_t)&notifier->fd, sizeof notifier->fd, PLAIN_READ, pc);
	return notifier->fd;
}

int ump__notifier_open(struct ump__notifier *notifier)
{
	bool none;

	BEGIN(OP_NONE, 0);
	none = refused();
	race_access((uintptr_t)notifier, offsetof(struct ump__notifier, gate), PLAIN_WRITE,
		self()->at.pc);
	notifier->fd = none ? -1 : notifier_open();
	notifier->write_fd = notifier->fd;
	trace_note("opens file descriptor %d", notifier->fd);
	machine_scrub();
	return none ? UMP_NO_FD : UMP_OK;
}

void ump__notifier_close(const struct ump__notifier *notifier)
{
	BEGIN(OP_NONE, 0);
	notifier_close(descriptor_of(notifier, self()->at.pc));
	trace_note("closes file descriptor %d", notifier->fd);
	/* Modelled as a write to `write_fd`, which only raising reads: all raising must happen
	 * before the close. */
	race_access((uintptr_t)&notifier->write_fd, sizeof notifier->write_fd, PLAIN_WRITE,
		self()->at.pc);
	machine_scrub();
}

void ump__notifier_signal(const struct ump__notifier *notifier)
{
	uintptr_t pc = (uintptr_t)__builtin_return_address(0);
	struct step step = {.op = OP_RAISE, .pc = pc};
	unsigned woken;

	self()->live_from = (uintptr_t)__builtin_frame_address(0);
	race_access((uintptr_t)&notifier->write_fd, sizeof notifier->write_fd, PLAIN_READ, pc);
	step.address = (uintptr_t)notifier->write_fd;
	machine_step(&step);
	woken = notifier_raise((int)step.address);
	trace_result(woken, woken > 0);
	machine_scrub();
}

void ump__notifier_clear(const struct ump__notifier *notifier)
{
	uintptr_t pc = (uintptr_t)__builtin_return_address(0);
	struct step step = {.op = OP_CLEAR, .pc = pc};

	self()->live_from = (uintptr_t)__builtin_frame_address(0);
	step.address = (uintptr_t)descriptor_of(notifier, pc);
	machine_step(&step);
	notifier_clear((int)step.address);
	trace_result(0, true);
	machine_scrub();
}

/* Wait for a file descriptor; false: the deadline has passed. */
static bool poll(int fd, ump_time deadline, uintptr_t pc)
{
	struct step step = {
		.op = OP_POLL, .address = (uintptr_t)fd, .expected = (uint64_t)deadline, .pc = pc};
	bool raised;

	machine_step(&step);
	raised = notifier_is_raised(fd);
	trace_result(raised, raised);
	if (raised)
		return true;
	if (deadline <= machine.clock)
		return report_deadline(deadline);
	if (wakes_spuriously())
		return true;
	return sleep_on(step.address, deadline) ? report_deadline(deadline) : true;
}

bool sim_poll(int fd, int64_t deadline)
{
	bool result;

	self()->live_from = (uintptr_t)__builtin_frame_address(0);
	result = poll(fd, deadline, (uintptr_t)__builtin_return_address(0));
	machine_scrub();
	return result;
}

void ump__notifier_wait(const struct ump__notifier *notifier, ump_time deadline)
{
	uintptr_t pc = (uintptr_t)__builtin_return_address(0);

	self()->live_from = (uintptr_t)__builtin_frame_address(0);
	(void)poll(descriptor_of(notifier, pc), deadline, pc);
	machine_scrub();
}

bool sim_readable(int fd)
{
	return notifier_is_raised(fd);
}

bool sim_open(int fd)
{
	return notifier_is_open(fd);
}

bool sim_was_raised(int fd)
{
	return notifier_was_raised(fd);
}

/* ---- Locks --------------------------------------------------------------------------------- */

/* Modelled as atomic accesses: writing or freeing the memory of a lock in use is then a race. */
#define LOCK_BYTES 4

void ump__lock_init(struct ump__lock *lock)
{
	BEGIN(OP_NONE, 0);
	race_access((uintptr_t)lock, LOCK_BYTES, PLAIN_WRITE, self()->at.pc);
	lock_forget((uintptr_t)lock);
	machine_scrub();
}

void ump__lock_end(struct ump__lock *lock)
{
	ump__lock_init(lock);
}

/* Like a POSIX mutex: acquiring it joins the view of its last owner. */
void ump__lock_take(struct ump__lock *lock)
{
	struct step step = {.op = OP_LOCK,
		.address = (uintptr_t)lock,
		.pc = (uintptr_t)__builtin_return_address(0)};

	self()->live_from = (uintptr_t)__builtin_frame_address(0);
	machine_step(&step);
	race_access(step.address, LOCK_BYTES, ATOMIC_WRITE, step.pc);
	lock_acquire(step.address);
	trace_result(0, true);
	machine_scrub();
}

/* Not a step: others observe it when they acquire the lock, which is a step. */
void ump__lock_give(struct ump__lock *lock)
{
	BEGIN(OP_UNLOCK, (uintptr_t)lock);
	race_access((uintptr_t)lock, LOCK_BYTES, ATOMIC_WRITE, self()->at.pc);
	trace_memory(OP_UNLOCK, (uintptr_t)lock, 0, self()->at.pc);
	lock_release((uintptr_t)lock);
	machine_scrub();
}

/* ---- Spinning ------------------------------------------------------------------------------ */

int ump__cpu(void)
{
	return sim_config.processors ? machine.current : UMP__CPU_UNKNOWN;
}

void ump__spin(const struct ump__word *word, uintptr_t value, enum ump__side side, int other_cpu)
{
	/* Spinning is polling, which callers do anyway. */
	(void)word;
	(void)value;
	(void)side;
	(void)other_cpu;
}

static void (*on_release)(void);

void platform_on_release(void (*released)(void))
{
	on_release = released;
}

void ump__spin_then_park(struct ump__word *word, uintptr_t value, int64_t ns)
{
	/* Other threads may run before the word is read again, whatever the time. */
	(void)word;
	(void)value;
	(void)ns;
	BEGIN(OP_NONE, 0);
	trace_note("releases the combiner role");
	if (on_release != NULL)
		on_release();
	machine_scrub();
}

bool ump__spin_round(unsigned round, int other_cpu)
{
	(void)other_cpu;
	return round == 0;
}

/* ---- Threads ------------------------------------------------------------------------------- */

/* Routine and argument of each started thread. */
static struct {
	void *(*run)(void *);
	void *arg;
} started[SIM_THREADS];

static void run_started(void *number)
{
	int self_number = (int)(intptr_t)number;

	started[self_number].run(started[self_number].arg);
}

int ump__thread_start(
	struct ump__os_thread *thread, void *(*run)(void *), void *arg, size_t stack_size)
{
	int number;

	(void)stack_size;
	BEGIN(OP_START, (uintptr_t)arg);
	if (refused())
		return UMP_NO_THREAD;
	number = machine_start(run_started, (void *)(intptr_t)machine.count);
	if (number < 0)
		machine_limit("threads");
	started[number].run = run;
	started[number].arg = arg;
	machine.threads[number].counted = true;
	/* Like pthread_create, which may write it when the new thread already runs. */
	race_access((uintptr_t)thread, sizeof *thread, PLAIN_WRITE, self()->at.pc);
	thread->id = (pthread_t)(number + 1);
	trace_note("starts thread %d", number);
	machine_scrub();
	return UMP_OK;
}

void ump__thread_name(const char *name)
{
	race_access((uintptr_t)name, 1, PLAIN_READ, (uintptr_t)__builtin_return_address(0));
	machine_scrub();
}

/* There are no signals here. */
void ump__signals_get(struct ump__signals *out)
{
	(void)out;
}

void ump__signals_swap(struct ump__signals *signals)
{
	(void)signals;
}

/* Read the thread number from a handle. */
static int number_of(const struct ump__os_thread *thread, uintptr_t pc)
{
	race_access((uintptr_t)thread, sizeof *thread, PLAIN_READ, pc);
	return (int)thread->id - 1;
}

/* Join and detach end a handle: it must happen exactly once. */
static int release(const struct ump__os_thread *thread, uintptr_t pc)
{
	int number = number_of(thread, pc);

	if (number < 0 || number >= machine.count || !machine.threads[number].counted)
		sim_fail("no thread", "a handle that means no thread is joined or detached");
	if (machine.threads[number].released)
		sim_fail("released twice", "thread %d was joined or detached before", number);
	machine.threads[number].released = true;
	return number;
}

/* Sleep until a thread has ended; false: the deadline came first. */
static bool await_end(int number, ump_time deadline)
{
	self()->at = (struct step){.op = OP_JOIN, .value = (uint64_t)number};
	if (machine.threads[number].status == DONE)
		return true;
	if (deadline <= machine.clock)
		return report_deadline(deadline);
	return sleep_on(machine_end_of(number), deadline) ? report_deadline(deadline) : true;
}

int ump__thread_join(struct ump__os_thread *thread, ump_time deadline)
{
	uintptr_t pc = (uintptr_t)__builtin_return_address(0);
	bool ended = true;

	self()->at.pc = pc;
	self()->live_from = (uintptr_t)__builtin_frame_address(0);
	if (deadline != UMP_FOREVER)
		ended = await_end(number_of(thread, pc), deadline);
	if (ended)
		machine_join(release(thread, pc));
	machine_scrub();
	return ended ? UMP_OK : UMP_TIMED_OUT;
}

/* Statics are reset for each program. */
void ump__at_exit(void (*run)(void))
{
	(void)run;
}

void ump__thread_detach(struct ump__os_thread *thread)
{
	release(thread, (uintptr_t)__builtin_return_address(0));
}

bool ump__thread_is_current(const struct ump__os_thread *thread)
{
	return number_of(thread, (uintptr_t)__builtin_return_address(0)) == machine.current;
}

void ump__thread_self(struct ump__os_thread *thread)
{
	race_access((uintptr_t)thread, sizeof *thread, PLAIN_WRITE,
		(uintptr_t)__builtin_return_address(0));
	thread->id = (pthread_t)(machine.current + 1);
	machine_scrub();
}

/* No program here has destructors of thread-local variables. */
bool ump__thread_exit_set(struct ump__thread_exit *exit)
{
	(void)exit;
	return false;
}

void **ump__thread_slot(void)
{
	/* Part of the state, and NULL at the beginning of an execution, like all statics. */
	static void *slots[SIM_THREADS];

	return &slots[machine.current];
}

/* No program here forks. */
bool ump__fork_ready(void)
{
	return true;
}

int ump__fork_generation(void)
{
	return 0;
}

#ifndef NDEBUG
/* No program here ends a thread inside a callback, or leaves one. */
const void **ump__thread_above(void)
{
	static const void *above[SIM_THREADS];

	return &above[machine.current];
}

void ump__thread_guard(void **slot)
{
	(void)slot;
}

bool ump__thread_on_stack(const void *address)
{
	(void)address;
	return false;
}
#endif
