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
	bool rings;
	/* Raised since this was last asked. */
	bool rung;
} bells[SIM_THREADS][THREAD_FDS];
static int bell_count[SIM_THREADS];

int bell_open(void)
{
	int number = bell_count[machine.current];

	if (number == THREAD_FDS)
		machine_limit();
	bell_count[machine.current]++;
	bells[machine.current][number].open = true;
	bells[machine.current][number].rings = false;
	bells[machine.current][number].rung = false;
	return FIRST_FD + machine.current * THREAD_FDS + number;
}

/* The index of an open notifier. */
static int place_of(int fd)
{
	int place = fd - FIRST_FD;
	bool ever = place >= 0 && place < SIM_THREADS * THREAD_FDS &&
		    place % THREAD_FDS < bell_count[place / THREAD_FDS];

	if (!ever)
		sim_fail("no bell", "%d is no file descriptor of a bell", fd);
	if (!bells[place / THREAD_FDS][place % THREAD_FDS].open)
		sim_fail("use after close", "thread %d uses file descriptor %d, which is closed",
			machine.current, fd);
	return place;
}

void bell_close(int fd)
{
	int place = place_of(fd);

	bells[place / THREAD_FDS][place % THREAD_FDS].open = false;
	bells[place / THREAD_FDS][place % THREAD_FDS].rings = false;
}

unsigned bell_ring(int fd)
{
	int place = place_of(fd);
	unsigned woken = 0;

	bells[place / THREAD_FDS][place % THREAD_FDS].rings = true;
	bells[place / THREAD_FDS][place % THREAD_FDS].rung = true;
	for (int t = 0; t < machine.count; t++) {
		struct thread *thread = &machine.threads[t];

		if (thread->status == ASLEEP && thread->sleeps_on == (uintptr_t)fd) {
			thread->status = READY;
			woken++;
		}
	}
	return woken;
}

void bell_silence(int fd)
{
	int place = place_of(fd);

	bells[place / THREAD_FDS][place % THREAD_FDS].rings = false;
}

bool bell_rings(int fd)
{
	int place = place_of(fd);

	return bells[place / THREAD_FDS][place % THREAD_FDS].rings;
}

bool bell_was_rung(int fd)
{
	int place = place_of(fd);
	bool was = bells[place / THREAD_FDS][place % THREAD_FDS].rung;

	bells[place / THREAD_FDS][place % THREAD_FDS].rung = false;
	return was;
}

bool bell_is_open(int fd)
{
	int place = fd - FIRST_FD;

	return bells[place / THREAD_FDS][place % THREAD_FDS].open;
}

int bell_leak(void)
{
	for (int t = 0; t < SIM_THREADS; t++) {
		for (int i = 0; i < bell_count[t]; i++) {
			if (bells[t][i].open)
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
		machine_limit();
	memset(unused, 0, sizeof *unused);
	unused->address = address;
	unused->owner = FREE;
	return unused;
}

void lock_take(uintptr_t address)
{
	struct thread *me = self();
	struct lock *lock = lock_at(address);

	if (lock->owner == machine.current)
		sim_fail("deadlock", "thread %d takes a lock that it has", machine.current);
	while (lock->owner != FREE) {
		me->status = BLOCKED;
		me->sleeps_on = address;
		machine_block();
	}
	lock->owner = machine.current;
	me->locks++;
	view_join(&me->now, &lock->view);
}

void lock_give(uintptr_t address)
{
	struct thread *me = self();
	struct lock *lock = lock_at(address);

	if (lock->owner != machine.current)
		sim_fail("not its lock", "thread %d gives back a lock that it does not have",
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
		sim_fail("lock in use", "a lock that thread %d has comes to its end", lock->owner);
	lock->address = 0;
}

/* ---- States -------------------------------------------------------------------------------- */

void devices_begin(void)
{
	memset(bell_count, 0, sizeof bell_count);
	memset(locks, 0, sizeof locks);
}

uint64_t devices_hash(uint64_t hash)
{
	uint64_t sum = 0;

	for (int t = 0; t < SIM_THREADS; t++) {
		for (int i = 0; i < bell_count[t]; i++)
			hash = mix(hash, (uint64_t)(t * THREAD_FDS + i) << 3 |
						 (uint64_t)bells[t][i].rung << 2 |
						 (uint64_t)bells[t][i].open << 1 |
						 (uint64_t)bells[t][i].rings);
	}
	/* A sum, since the order of the entries depends on the schedule. */
	for (int i = 0; i < LOCKS; i++) {
		if (locks[i].address != 0)
			sum += mix(mix(mix(11, locks[i].address), (uint64_t)locks[i].owner + 2),
				views_hash_one(&locks[i].view));
	}
	return mix(hash, sum);
}
