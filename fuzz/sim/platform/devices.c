/* SPDX-License-Identifier: 0BSD */
#include "platform/devices.h"

#include "machine/machine.h"
#include "model/views.h"

#include <string.h>

/* ---- Notifiers ----------------------------------------------------------------------------- */

/* Each thread numbers its own notifiers, so that numbers do not depend on the schedule. */
#define FIRST_FD   100
#define THREAD_FDS 8
static struct {
	bool open;
	bool raised;
	/* Raised since this was last asked. */
	bool was_raised;
} notifiers[SIM_THREADS][THREAD_FDS];
static int notifier_count[SIM_THREADS];

int notifier_open(void)
{
	int number = notifier_count[machine.current];

	if (number == THREAD_FDS)
		machine_limit("notifiers");
	notifier_count[machine.current]++;
	notifiers[machine.current][number].open = true;
	notifiers[machine.current][number].raised = false;
	notifiers[machine.current][number].was_raised = false;
	return FIRST_FD + machine.current * THREAD_FDS + number;
}

bool notifier_is_known(int fd)
{
	int index = fd - FIRST_FD;

	return index >= 0 && index < SIM_THREADS * THREAD_FDS &&
	       index % THREAD_FDS < notifier_count[index / THREAD_FDS];
}

/* The index of an open notifier. */
static int index_of(int fd)
{
	int index = fd - FIRST_FD;

	if (!notifier_is_known(fd))
		sim_fail("no notifier", "%d is no file descriptor of a notifier", fd);
	if (!notifiers[index / THREAD_FDS][index % THREAD_FDS].open)
		sim_fail("use after close", "thread %d uses file descriptor %d, which is closed",
			machine.current, fd);
	return index;
}

void notifier_close(int fd)
{
	int index = index_of(fd);

	notifiers[index / THREAD_FDS][index % THREAD_FDS].open = false;
	notifiers[index / THREAD_FDS][index % THREAD_FDS].raised = false;
}

unsigned notifier_raise(int fd)
{
	int index = index_of(fd);
	unsigned woken = 0;

	notifiers[index / THREAD_FDS][index % THREAD_FDS].raised = true;
	notifiers[index / THREAD_FDS][index % THREAD_FDS].was_raised = true;
	for (int t = 0; t < machine.count; t++) {
		struct thread *thread = &machine.threads[t];

		if (thread->status == ASLEEP &&
			(thread->sleeps_on == (uintptr_t)fd || thread->sleeps_on == NOTIFIER_ANY)) {
			thread->status = READY;
			woken++;
		}
	}
	return woken;
}

void notifier_clear(int fd)
{
	int index = index_of(fd);

	notifiers[index / THREAD_FDS][index % THREAD_FDS].raised = false;
}

bool notifier_is_raised(int fd)
{
	int index = index_of(fd);

	return notifiers[index / THREAD_FDS][index % THREAD_FDS].raised;
}

bool notifier_was_raised(int fd)
{
	int index = index_of(fd);
	bool was = notifiers[index / THREAD_FDS][index % THREAD_FDS].was_raised;

	notifiers[index / THREAD_FDS][index % THREAD_FDS].was_raised = false;
	return was;
}

bool notifier_is_open(int fd)
{
	int index = fd - FIRST_FD;

	return notifiers[index / THREAD_FDS][index % THREAD_FDS].open;
}

int notifier_leak(void)
{
	for (int t = 0; t < SIM_THREADS; t++) {
		for (int i = 0; i < notifier_count[t]; i++) {
			if (notifiers[t][i].open)
				return FIRST_FD + t * THREAD_FDS + i;
		}
	}
	return -1;
}

/* ---- Locks --------------------------------------------------------------------------------- */

#define LOCKS 16
#define FREE  (-1)
static struct lock {
	/* 0: unused. */
	uintptr_t address;
	int owner;
	/* The view of the last owner when it gave the lock back. */
	struct view view;
} locks[LOCKS];

static struct lock *lock_at(uintptr_t address)
{
	struct lock *unused = NULL;

	for (int i = 0; i < LOCKS; i++) {
		if (locks[i].address == address)
			return &locks[i];
		if (unused == NULL && locks[i].address == 0)
			unused = &locks[i];
	}
	if (unused == NULL)
		machine_limit("locks");
	memset(unused, 0, sizeof *unused);
	unused->address = address;
	unused->owner = FREE;
	return unused;
}

void lock_acquire(uintptr_t address)
{
	struct thread *me = self();
	struct lock *lock = lock_at(address);

	if (lock->owner == machine.current)
		sim_fail("deadlock", "thread %d locks a lock that it owns", machine.current);
	while (lock->owner != FREE) {
		me->status = BLOCKED;
		me->sleeps_on = address;
		machine_block();
	}
	lock->owner = machine.current;
	me->locks++;
	view_join(&me->now, &lock->view);
}

void lock_release(uintptr_t address)
{
	struct thread *me = self();
	struct lock *lock = lock_at(address);

	if (lock->owner != machine.current)
		sim_fail("not its lock", "thread %d releases a lock that it does not own",
			machine.current);
	lock->owner = FREE;
	lock->view = me->now;
	me->locks--;
	/* Steps after this are not part of what the lock passes on. */
	me->now.at[machine.current]++;
	for (int t = 0; t < machine.count; t++) {
		struct thread *thread = &machine.threads[t];

		if (thread->status == BLOCKED && thread->sleeps_on == address)
			thread->status = READY;
	}
}

void lock_forget(uintptr_t address)
{
	struct lock *lock = lock_at(address);

	if (lock->owner != FREE)
		sim_fail("lock in use", "a lock that thread %d owns is destroyed", lock->owner);
	lock->address = 0;
}

/* ---- States -------------------------------------------------------------------------------- */

void devices_begin(void)
{
	memset(notifier_count, 0, sizeof notifier_count);
	memset(locks, 0, sizeof locks);
}

uint64_t devices_hash(uint64_t hash)
{
	uint64_t sum = 0;

	for (int t = 0; t < SIM_THREADS; t++) {
		for (int i = 0; i < notifier_count[t]; i++)
			hash = mix(hash, (uint64_t)(t * THREAD_FDS + i) << 3 |
						 (uint64_t)notifiers[t][i].was_raised << 2 |
						 (uint64_t)notifiers[t][i].open << 1 |
						 (uint64_t)notifiers[t][i].raised);
	}
	/* A sum, since the order of the entries depends on the schedule. */
	for (int i = 0; i < LOCKS; i++) {
		if (locks[i].address != 0)
			sum += mix(mix(mix(11, locks[i].address), (uint64_t)locks[i].owner + 2),
				views_hash_one(&locks[i].view));
	}
	return mix(hash, sum);
}
