/* SPDX-License-Identifier: 0BSD */
/*
 * Stands between the library and src/sync's memory and threads: the linker's --wrap leads every
 * call here, so the library under test is the one that ships.
 */
#include "check.h"
#include "sync/sync.h"

#include <signal.h>
#include <stdatomic.h>

void *__real_ump__alloc(size_t size);
void *__real_ump__alloc_line(size_t size);
void __real_ump__free(void *memory);
int __real_ump__thread_start(
	struct ump__os_thread *thread, void *(*run)(void *), void *arg, size_t stack_size);

void __real_ump__thread_name(const char *name);

void *__wrap_ump__alloc(size_t size);
void *__wrap_ump__alloc_line(size_t size);
void __wrap_ump__free(void *memory);
int __wrap_ump__thread_start(
	struct ump__os_thread *thread, void *(*run)(void *), void *arg, size_t stack_size);
void __wrap_ump__thread_name(const char *name);

static atomic_int countdown = -1;
static atomic_bool met;
static atomic_long calls;
static atomic_long live;

void faults_at(int n)
{
	met = false;
	countdown = n;
}

bool faults_off(void)
{
	countdown = -1;
	return met;
}

long faults_calls(void)
{
	return calls;
}

long faults_live(void)
{
	return live;
}

/* Whether this call is the one to fail. */
static bool fails(void)
{
	int left = countdown;

	calls++;
	while (left >= 0) {
		if (atomic_compare_exchange_weak(&countdown, &left, left - 1)) {
			if (left == 0)
				met = true;
			return left == 0;
		}
	}
	return false;
}

static void *account(void *memory)
{
	if (memory != NULL)
		live++;
	return memory;
}

void *__wrap_ump__alloc(size_t size)
{
	return fails() ? NULL : account(__real_ump__alloc(size));
}

void *__wrap_ump__alloc_line(size_t size)
{
	return fails() ? NULL : account(__real_ump__alloc_line(size));
}

void __wrap_ump__free(void *memory)
{
	if (memory != NULL)
		live--;
	__real_ump__free(memory);
}

int __wrap_ump__thread_start(
	struct ump__os_thread *thread, void *(*run)(void *), void *arg, size_t stack_size)
{
	return fails() ? UMP_NO_THREAD : __real_ump__thread_start(thread, run, arg, stack_size);
}

/* The library's threads block all signals; the watchdog asks for stacks by this one. */
void __wrap_ump__thread_name(const char *name)
{
	sigset_t asked;

	sigemptyset(&asked);
	sigaddset(&asked, SIGUSR2);
	pthread_sigmask(SIG_UNBLOCK, &asked, NULL);
	__real_ump__thread_name(name);
}
