/* SPDX-License-Identifier: 0BSD */
/*
 * Interposed between the library and src/sync's memory, threads and notifiers: the linker's --wrap
 * redirects every call to this file, so the library under test is the one that ships.
 *
 * All counting is relaxed.  With a stronger order, ThreadSanitizer would see the threads that
 * allocate and free as ordered, and would miss an order that the library lacks.
 */
#include "check.h"
#include "sync/sync.h"

#include <signal.h>
#include <stdatomic.h>

void *__real_ump__alloc(size_t size);
void *__real_ump__alloc_line(size_t size);
void *__real_ump__alloc_spare(size_t size, bool line);
void __real_ump__free(void *memory);
int __real_ump__thread_start(
	struct ump__os_thread *thread, void *(*run)(void *), void *arg, size_t stack_size);
void __real_ump__thread_name(const char *name);
int __real_ump__notifier_open(struct ump__notifier *notifier);
void __real_ump__notifier_close(const struct ump__notifier *notifier);

void *__wrap_ump__alloc(size_t size);
void *__wrap_ump__alloc_line(size_t size);
void *__wrap_ump__alloc_spare(size_t size, bool line);
void __wrap_ump__free(void *memory);
int __wrap_ump__thread_start(
	struct ump__os_thread *thread, void *(*run)(void *), void *arg, size_t stack_size);
void __wrap_ump__thread_name(const char *name);
int __wrap_ump__notifier_open(struct ump__notifier *notifier);
void __wrap_ump__notifier_close(const struct ump__notifier *notifier);

#define CHANNELS 4096
#define PROBES   16

static atomic_int countdown = -1;
static atomic_bool met;
static atomic_long calls;
static atomic_long live;
static atomic_long notifiers;
/* Blocks that begin on a cache line of their own, which only channels do: an open-addressing hash
 * table by address. */
static _Atomic(void *) channels[CHANNELS];

void faults_at(int n)
{
	atomic_store_explicit(&met, false, memory_order_relaxed);
	atomic_store_explicit(&countdown, n, memory_order_relaxed);
}

bool faults_off(void)
{
	atomic_store_explicit(&countdown, -1, memory_order_relaxed);
	return atomic_load_explicit(&met, memory_order_relaxed);
}

long faults_calls(void)
{
	return atomic_load_explicit(&calls, memory_order_relaxed);
}

long faults_live(void)
{
	return atomic_load_explicit(&live, memory_order_relaxed);
}

long faults_notifiers(void)
{
	return atomic_load_explicit(&notifiers, memory_order_relaxed);
}

size_t faults_channels(void **out, size_t capacity)
{
	size_t count = 0;

	for (size_t i = 0; i < CHANNELS && count < capacity; i++) {
		out[count] = atomic_load_explicit(&channels[i], memory_order_relaxed);
		count += out[count] != NULL;
	}
	return count;
}

/* Whether this call must fail. */
static bool fails(void)
{
	int left = atomic_load_explicit(&countdown, memory_order_relaxed);

	atomic_fetch_add_explicit(&calls, 1, memory_order_relaxed);
	while (left >= 0) {
		if (atomic_compare_exchange_weak_explicit(&countdown, &left, left - 1,
			    memory_order_relaxed, memory_order_relaxed)) {
			if (left == 0)
				atomic_store_explicit(&met, true, memory_order_relaxed);
			return left == 0;
		}
	}
	return false;
}

static void *account(void *memory)
{
	if (memory != NULL)
		atomic_fetch_add_explicit(&live, 1, memory_order_relaxed);
	return memory;
}

/* Replace `from` by `to` near the slot of `memory`; without a free slot, do not record it. */
static void relist(void *memory, void *from, void *to)
{
	size_t at = (uintptr_t)memory / UMP__LINE;

	for (size_t i = 0; memory != NULL && i < PROBES; i++) {
		void *seen = from;

		if (atomic_compare_exchange_strong_explicit(&channels[(at + i) % CHANNELS], &seen,
			    to, memory_order_relaxed, memory_order_relaxed))
			return;
	}
}

void *__wrap_ump__alloc(size_t size)
{
	return fails() ? NULL : account(__real_ump__alloc(size));
}

void *__wrap_ump__alloc_line(size_t size)
{
	void *memory = fails() ? NULL : account(__real_ump__alloc_line(size));

	relist(memory, NULL, memory);
	return memory;
}

/* Fail if the next call must fail, and leave the fault to that call: this failure is not reported
 * to the application. */
void *__wrap_ump__alloc_spare(size_t size, bool line)
{
	atomic_fetch_add_explicit(&calls, 1, memory_order_relaxed);
	if (atomic_load_explicit(&countdown, memory_order_relaxed) == 0)
		return NULL;
	return account(__real_ump__alloc_spare(size, line));
}

void __wrap_ump__free(void *memory)
{
	if (memory != NULL)
		atomic_fetch_sub_explicit(&live, 1, memory_order_relaxed);
	if ((uintptr_t)memory % UMP__LINE == 0)
		relist(memory, memory, NULL);
	__real_ump__free(memory);
}

int __wrap_ump__thread_start(
	struct ump__os_thread *thread, void *(*run)(void *), void *arg, size_t stack_size)
{
	return fails() ? UMP_NO_THREAD : __real_ump__thread_start(thread, run, arg, stack_size);
}

/* The library's threads block all signals; unblock the one by which the watchdog asks for
 * stacks. */
void __wrap_ump__thread_name(const char *name)
{
	sigset_t asked;

	sigemptyset(&asked);
	sigaddset(&asked, SIGUSR2);
	pthread_sigmask(SIG_UNBLOCK, &asked, NULL);
	__real_ump__thread_name(name);
}

int __wrap_ump__notifier_open(struct ump__notifier *notifier)
{
	int result = UMP_NO_FD;

	/* As the real function leaves them when it fails. */
	notifier->fd = -1;
	notifier->write_fd = -1;
	if (!fails())
		result = __real_ump__notifier_open(notifier);
	if (result == UMP_OK)
		atomic_fetch_add_explicit(&notifiers, 1, memory_order_relaxed);
	return result;
}

void __wrap_ump__notifier_close(const struct ump__notifier *notifier)
{
	atomic_fetch_sub_explicit(&notifiers, 1, memory_order_relaxed);
	__real_ump__notifier_close(notifier);
}
