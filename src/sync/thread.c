/* SPDX-License-Identifier: 0BSD */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include "sync/sync.h"

#include "sync/cancel.h"
#include "sync/debug.h"

#include <errno.h>
#include <limits.h>
#ifdef __GLIBC__
#include <link.h>
#endif
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

/* How much more stack than requested is tried where that is refused: at first, and at most. */
#define MORE_FIRST ((size_t)64 * 1024)
#define MORE_MOST  ((size_t)1024 * 1024 * 1024)

#ifdef __GLIBC__
static int add_size(struct dl_phdr_info *object, size_t size, void *sum)
{
	(void)size;
	for (int i = 0; i < object->dlpi_phnum; i++) {
		const ElfW(Phdr) *segment = &object->dlpi_phdr[i];

		/* Each may begin in the middle of its alignment. */
		if (segment->p_type == PT_TLS)
			*(size_t *)sum += segment->p_memsz + segment->p_align;
	}
	return 0;
}
#endif

/* Return the bytes of a stack that the system takes for thread-local variables, as far as known. */
static size_t taken_bytes(void)
{
	size_t sum = 0;

#ifdef __GLIBC__
	(void)dl_iterate_phdr(add_size, &sum);
#endif
	return sum;
}

/* Raise `wanted` to what the system takes: its minimum, thread-local variables, and whole pages. */
static size_t stack_bytes(size_t wanted)
{
	long page = sysconf(_SC_PAGESIZE);
	long least = sysconf(_SC_THREAD_STACK_MIN);
	size_t unit = page > 0 ? (size_t)page : 4096;

	if (least > 0 && wanted < (size_t)least)
		wanted = (size_t)least;
	wanted += wanted <= SIZE_MAX / 2 ? taken_bytes() : 0;
	if (wanted > SIZE_MAX - unit)
		return SIZE_MAX / unit * unit;
	return (wanted + unit - 1) / unit * unit;
}

/* Return all signals but those that a thread causes itself: blocked, these would end the process
 * without notice to the application's crash handler or a sanitizer.  SIGPROF must stay open: it is
 * sent to the thread that used the processor, and a profiler would not see this one without it. */
static sigset_t foreign_signals(void)
{
	static const int open[] = {
		SIGABRT, SIGBUS, SIGFPE, SIGILL, SIGPROF, SIGSEGV, SIGSYS, SIGTRAP};
	sigset_t signals;

	sigfillset(&signals);
	for (size_t i = 0; i < sizeof open / sizeof *open; i++)
		sigdelset(&signals, open[i]);
	return signals;
}

/* Create a thread; the result is pthread_create's.  EINVAL: its stack is too small for what the
 * system must put there, which cannot be queried everywhere; so more is tried. */
static int create(pthread_t *id, void *(*run)(void *), void *arg, size_t stack_size)
{
	size_t bytes = stack_size != 0 ? stack_bytes(stack_size) : 0;
	size_t more = MORE_FIRST;
	pthread_attr_t attributes;
	int failed = pthread_attr_init(&attributes);

	if (failed != 0)
		return failed;
	if (bytes != 0)
		failed = pthread_attr_setstacksize(&attributes, bytes);
	if (failed == 0)
		failed = pthread_create(id, &attributes, run, arg);
	while (failed == EINVAL && bytes != 0 && more <= MORE_MOST && bytes <= SIZE_MAX - more) {
		failed = pthread_attr_setstacksize(&attributes, bytes + more);
		if (failed == 0)
			failed = pthread_create(id, &attributes, run, arg);
		more *= 2;
	}
	pthread_attr_destroy(&attributes);
	return failed;
}

int ump__thread_start(
	struct ump__os_thread *thread, void *(*run)(void *), void *arg, size_t stack_size)
{
	sigset_t all;
	sigset_t before;
	int failed;

	/* A new thread inherits the mask.  Signals are the application's, on its own threads. */
	all = foreign_signals();
	pthread_sigmask(SIG_SETMASK, &all, &before);
	failed = create(&thread->id, run, arg, stack_size);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	if (failed == ENOMEM)
		return UMP_NO_MEMORY;
	return failed == 0 ? UMP_OK : UMP_NO_THREAD;
}

void ump__signals_get(struct ump__signals *out)
{
	pthread_sigmask(SIG_SETMASK, NULL, &out->blocked);
}

void ump__signals_swap(struct ump__signals *signals)
{
	sigset_t wanted = signals->blocked;

	pthread_sigmask(SIG_SETMASK, &wanted, &signals->blocked);
}

void ump__thread_name(const char *name)
{
#ifdef __linux__
	/* Names longer than 15 bytes are refused; the caller has cut it. */
	(void)pthread_setname_np(pthread_self(), name);
#else
	(void)name;
#endif
}

#if defined(__linux__) && !defined(__BIONIC__)
/* How long a join sleeps between two polls, in ns: at first, and at most. */
#define FIRST_NAP 50000
#define LAST_NAP  4000000

/*
 * Join, or return EBUSY once the deadline has passed.  This polls, since each of the timed joins
 * has a flaw: pthread_timedjoin_np uses the time of day, and ThreadSanitizer reports a thread that
 * was joined by pthread_clockjoin_np as leaked.
 */
static int join_until(pthread_t id, ump_time deadline)
{
	int64_t nap = FIRST_NAP;
	struct ump__word never;
	int failed;

	ump__word_init(&never, 0);
	while ((failed = pthread_tryjoin_np(id, NULL)) == EBUSY && deadline > UMP_NOW) {
		ump_time now = ump_now();

		if (deadline <= now)
			break;
		(void)ump__park(&never, 0, deadline - now < nap ? deadline : now + nap);
		nap = nap < LAST_NAP / 2 ? 2 * nap : LAST_NAP;
	}
	return failed;
}
#else
static int join_until(pthread_t id, ump_time deadline)
{
	(void)deadline;
	return pthread_join(id, NULL);
}
#endif

int ump__thread_join(struct ump__os_thread *thread, ump_time deadline)
{
	/* Joining is a cancellation point, at which the handle is half consumed. */
	int cancel = ump__cancel_off();
	int failed = deadline == UMP_FOREVER ? pthread_join(thread->id, NULL)
					     : join_until(thread->id, deadline);

	ump__cancel_restore(cancel);
	if (failed == EBUSY)
		return UMP_TIMED_OUT;
	return failed == EDEADLK ? UMP_DEADLOCK : UMP_OK;
}

void ump__thread_detach(struct ump__os_thread *thread)
{
	pthread_detach(thread->id);
}

bool ump__thread_is_current(const struct ump__os_thread *thread)
{
	return pthread_equal(thread->id, pthread_self()) != 0;
}

void ump__thread_self(struct ump__os_thread *thread)
{
	thread->id = pthread_self();
}

void ump__at_exit(void (*run)(void))
{
	(void)atexit(run);
}

#ifndef NDEBUG

/* ---- Checks on threads in debug builds ------------------------------------------------------- */

static pthread_key_t guard;
static bool guards;
static pthread_once_t guard_once = PTHREAD_ONCE_INIT;

/* The key's value is not NULL only while a callback runs on its thread. */
static void ended(void *slot)
{
	(void)slot;
	ump__die("a thread has ended inside a callback, by pthread_exit or because it was "
		 "cancelled: a "
		 "callback must return");
}

static void make_guard(void)
{
	guards = pthread_key_create(&guard, ended) == 0;
}

#ifdef __GNUC__
/* A plugin that contains the library may be unloaded, and must not leak a key each time. */
__attribute__((destructor)) static void drop_guard(void)
{
	if (guards)
		(void)pthread_key_delete(guard);
}
#endif

void ump__thread_before_fork(void)
{
	pthread_once(&guard_once, make_guard);
}

void ump__thread_guard(void **slot)
{
	pthread_once(&guard_once, make_guard);
	if (guards)
		(void)pthread_setspecific(guard, slot);
}

const void **ump__thread_above(void)
{
	static _Thread_local const void *above;

	return &above;
}

bool ump__thread_on_stack(const void *address)
{
#ifdef __linux__
	static _Thread_local uintptr_t low;
	static _Thread_local size_t size;
	pthread_attr_t attributes;
	void *stack;

	if (size == 0 && pthread_getattr_np(pthread_self(), &attributes) == 0) {
		if (pthread_attr_getstack(&attributes, &stack, &size) == 0)
			low = (uintptr_t)stack;
		pthread_attr_destroy(&attributes);
	}
	return (uintptr_t)address - low < size;
#else
	(void)address;
	return false;
#endif
}

#endif
