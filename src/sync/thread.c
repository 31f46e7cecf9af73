/* SPDX-License-Identifier: 0BSD */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include "sync/sync.h"

#include "sync/cancel.h"

#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <unistd.h>

/* `wanted`, raised to what the system takes: its minimum, and whole pages. */
static size_t stack_bytes(size_t wanted)
{
	long page = sysconf(_SC_PAGESIZE);
	long least = sysconf(_SC_THREAD_STACK_MIN);
	size_t unit = page > 0 ? (size_t)page : 4096;

	if (least > 0 && wanted < (size_t)least)
		wanted = (size_t)least;
	if (wanted > SIZE_MAX - unit)
		return SIZE_MAX / unit * unit;
	return (wanted + unit - 1) / unit * unit;
}

/* All signals but those that a thread brings on itself: blocked, these would end the process
 * without a word from the application's crash handler or a sanitizer. */
static sigset_t foreign_signals(void)
{
	static const int own[] = {SIGABRT, SIGBUS, SIGFPE, SIGILL, SIGSEGV, SIGSYS, SIGTRAP};
	sigset_t signals;

	sigfillset(&signals);
	for (size_t i = 0; i < sizeof own / sizeof *own; i++)
		sigdelset(&signals, own[i]);
	return signals;
}

int ump__thread_start(
	struct ump__os_thread *thread, void *(*run)(void *), void *arg, size_t stack_size)
{
	pthread_attr_t attributes;
	sigset_t all;
	sigset_t before;
	int failed;

	if (pthread_attr_init(&attributes) != 0)
		return UMP_NO_MEMORY;
	if (stack_size != 0 &&
		pthread_attr_setstacksize(&attributes, stack_bytes(stack_size)) != 0) {
		pthread_attr_destroy(&attributes);
		return UMP_NO_THREAD;
	}
	/* A new thread inherits the mask: signals are the application's, on its own threads. */
	all = foreign_signals();
	pthread_sigmask(SIG_SETMASK, &all, &before);
	failed = pthread_create(&thread->id, &attributes, run, arg);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	pthread_attr_destroy(&attributes);
	return failed == 0 ? UMP_OK : UMP_NO_THREAD;
}

void ump__thread_name(const char *name)
{
#ifdef __linux__
	/* Longer names than 15 bytes are refused; the caller has cut it. */
	(void)pthread_setname_np(pthread_self(), name);
#else
	(void)name;
#endif
}

void ump__thread_join(struct ump__os_thread *thread)
{
	/* Joining is a cancellation point, at which the handle is half consumed. */
	int cancel = ump__cancel_off();

	pthread_join(thread->id, NULL);
	ump__cancel_restore(cancel);
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

void **ump__thread_slot(void)
{
	static _Thread_local void *slot;

	return &slot;
}
