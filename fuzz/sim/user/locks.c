/* SPDX-License-Identifier: 0BSD */
/*
 * Mutexes, conditions, locks for reading and writing, semaphores and barriers, in place of the C
 * library's.  Outside executions they are the C library's.
 *
 * Acquiring is a step, and so is whatever others may notice at once.  Releasing is none, since
 * others notice it only when they acquire, which is a step.
 */
#include "user/objects.h"
#include "user/real.h"
#include "user/user.h"

#include "machine/choice.h"
#include "machine/trace.h"
#include "model/race.h"

#include <errno.h>
#include <pthread.h>
#include <semaphore.h>

/* Each object is modelled as an atomic word: writing or freeing its memory while it is in use is a
 * race, and using freed memory is found. */
#define WORD 4

/* Begin a step of the calling thread at an object. */
static struct object *step_at(enum operation op, const void *at, uintptr_t pc, uintptr_t frame)
{
	struct step step = {.op = op, .address = (uintptr_t)at, .pc = pc};

	self()->live_from = frame;
	machine_step(&step);
	race_access(step.address, WORD, ATOMIC_WRITE, pc);
	return object_at(step.address);
}

/* The same for what is no step. */
static struct object *use(enum operation op, const void *at, uintptr_t pc, uintptr_t frame)
{
	self()->live_from = frame;
	self()->at = (struct step){.op = op, .address = (uintptr_t)at, .pc = pc};
	race_access((uintptr_t)at, WORD, ATOMIC_WRITE, pc);
	trace_memory(op, (uintptr_t)at, 0, pc);
	return object_at((uintptr_t)at);
}

#define STEP(op, at) step_at(op, at, CALLER, FRAME)
#define USE(op, at)  use(op, at, CALLER, FRAME)

/* Initialising and destroying are plain writes. */
static int begin_anew(const void *at, size_t size, uintptr_t pc, uintptr_t frame)
{
	const struct object *object;

	self()->live_from = frame;
	self()->at = (struct step){.op = OP_NONE, .address = (uintptr_t)at, .pc = pc};
	race_access((uintptr_t)at, size, PLAIN_WRITE, pc);
	object = object_at((uintptr_t)at);
	if (object->owner != NO_OWNER)
		sim_fail("lock in use", "thread %d destroys a lock that thread %d owns",
			machine.current, object->owner);
	object_forget((uintptr_t)at);
	machine_scrub();
	return 0;
}

/* ---- Mutexes ------------------------------------------------------------------------------- */

/* glibc keeps the kind where static initialisers put it. */
static int kind_of(const pthread_mutex_t *mutex)
{
	return mutex->__data.__kind & 3;
}

/* Acquire the mutex for the calling thread, which has begun a step. */
static int acquire(struct object *object, int kind, int64_t deadline, bool wait)
{
	if (object->owner == machine.current) {
		if (kind == PTHREAD_MUTEX_RECURSIVE) {
			object->count++;
			return 0;
		}
		if (kind == PTHREAD_MUTEX_ERRORCHECK)
			return wait ? EDEADLK : EBUSY;
		if (wait && deadline == INT64_MAX)
			sim_fail("deadlock", "thread %d locks a mutex that it owns",
				machine.current);
	}
	while (object->owner != NO_OWNER) {
		if (!wait)
			return EBUSY;
		if (object_sleep(OP_LOCK, object->address, deadline))
			return ETIMEDOUT;
	}
	object->owner = machine.current;
	object->count = 1;
	view_join(&self()->now, &object->view);
	return 0;
}

static void release(struct object *object)
{
	object->owner = NO_OWNER;
	object->count = 0;
	object_publish(&object->view);
	object_wake_all(object->address);
}

static int finish(int result)
{
	trace_result((uint64_t)result, result == 0);
	machine_scrub();
	return result;
}

int pthread_mutex_init(pthread_mutex_t *mutex, const pthread_mutexattr_t *attributes)
{
	int result = REAL(pthread_mutex_init, (mutex, attributes));

	return simulated() ? begin_anew(mutex, sizeof *mutex, CALLER, FRAME) : result;
}

int pthread_mutex_destroy(pthread_mutex_t *mutex)
{
	if (!simulated())
		return REAL(pthread_mutex_destroy, (mutex));
	return begin_anew(mutex, sizeof *mutex, CALLER, FRAME);
}

int pthread_mutex_lock(pthread_mutex_t *mutex)
{
	if (!simulated())
		return REAL(pthread_mutex_lock, (mutex));
	return finish(acquire(STEP(OP_LOCK, mutex), kind_of(mutex), INT64_MAX, true));
}

int pthread_mutex_trylock(pthread_mutex_t *mutex)
{
	if (!simulated())
		return REAL(pthread_mutex_trylock, (mutex));
	return finish(acquire(STEP(OP_LOCK, mutex), kind_of(mutex), 0, false));
}

int pthread_mutex_timedlock(pthread_mutex_t *mutex, const struct timespec *until)
{
	if (!simulated())
		return REAL(pthread_mutex_timedlock, (mutex, until));
	return finish(acquire(
		STEP(OP_LOCK, mutex), kind_of(mutex), user_deadline(CLOCK_REALTIME, until), true));
}

int pthread_mutex_clocklock(pthread_mutex_t *mutex, clockid_t clock, const struct timespec *until)
{
	if (!simulated())
		return REAL(pthread_mutex_clocklock, (mutex, clock, until));
	return finish(
		acquire(STEP(OP_LOCK, mutex), kind_of(mutex), user_deadline(clock, until), true));
}

int pthread_mutex_unlock(pthread_mutex_t *mutex)
{
	struct object *object;

	if (!simulated())
		return REAL(pthread_mutex_unlock, (mutex));
	object = USE(OP_UNLOCK, mutex);
	if (object->owner != machine.current) {
		if (kind_of(mutex) != PTHREAD_MUTEX_NORMAL) {
			machine_scrub();
			return EPERM;
		}
		sim_fail("not its lock", "thread %d unlocks a mutex that it does not own",
			machine.current);
	}
	if (--object->count == 0)
		release(object);
	machine_scrub();
	return 0;
}

/* ---- Conditions ---------------------------------------------------------------------------- */

static int wait_for(pthread_cond_t *condition, pthread_mutex_t *mutex, int64_t deadline,
	uintptr_t pc, uintptr_t frame)
{
	struct object *object = step_at(OP_WAIT, condition, pc, frame);
	struct object *lock = object_at((uintptr_t)mutex);
	bool late = false;

	if (lock->owner != machine.current)
		sim_fail("not its lock", "thread %d waits for a condition without its mutex",
			machine.current);
	release(lock);
	trace_result(0, true);
	if (user_spurious())
		trace_note("wakes spuriously");
	else
		late = object_sleep(OP_WAIT, object->address, deadline);
	self()->at.value = (uintptr_t)mutex;
	acquire(lock, PTHREAD_MUTEX_NORMAL, INT64_MAX, true);
	trace_memory(OP_LOCK, (uintptr_t)mutex, 0, pc);
	machine_scrub();
	return late ? ETIMEDOUT : 0;
}

/* The clock of a condition is in its attributes, which glibc keeps in the second bit of this. */
static clockid_t clock_of(const pthread_cond_t *condition)
{
	return condition->__data.__wrefs & 2 ? CLOCK_MONOTONIC : CLOCK_REALTIME;
}

int pthread_cond_init(pthread_cond_t *condition, const pthread_condattr_t *attributes)
{
	int result = REAL(pthread_cond_init, (condition, attributes));

	return simulated() ? begin_anew(condition, sizeof *condition, CALLER, FRAME) : result;
}

int pthread_cond_destroy(pthread_cond_t *condition)
{
	if (!simulated())
		return REAL(pthread_cond_destroy, (condition));
	for (int t = 0; t < machine.count; t++) {
		if (machine.threads[t].status == ASLEEP &&
			machine.threads[t].sleeps_on == (uintptr_t)condition)
			sim_fail("condition in use",
				"thread %d destroys a condition that thread %d waits for",
				machine.current, t);
	}
	return begin_anew(condition, sizeof *condition, CALLER, FRAME);
}

int pthread_cond_wait(pthread_cond_t *condition, pthread_mutex_t *mutex)
{
	if (!simulated())
		return REAL(pthread_cond_wait, (condition, mutex));
	return wait_for(condition, mutex, INT64_MAX, CALLER, FRAME);
}

int pthread_cond_timedwait(
	pthread_cond_t *condition, pthread_mutex_t *mutex, const struct timespec *until)
{
	if (!simulated())
		return REAL(pthread_cond_timedwait, (condition, mutex, until));
	return wait_for(condition, mutex, user_deadline(clock_of(condition), until), CALLER, FRAME);
}

int pthread_cond_clockwait(pthread_cond_t *condition, pthread_mutex_t *mutex, clockid_t clock,
	const struct timespec *until)
{
	if (!simulated())
		return REAL(pthread_cond_clockwait, (condition, mutex, clock, until));
	return wait_for(condition, mutex, user_deadline(clock, until), CALLER, FRAME);
}

int pthread_cond_signal(pthread_cond_t *condition)
{
	unsigned woken;

	if (!simulated())
		return REAL(pthread_cond_signal, (condition));
	woken = object_wake_one(STEP(OP_SIGNAL, condition)->address);
	trace_result(woken, woken > 0);
	machine_scrub();
	return 0;
}

int pthread_cond_broadcast(pthread_cond_t *condition)
{
	unsigned woken;

	if (!simulated())
		return REAL(pthread_cond_broadcast, (condition));
	woken = object_wake_all(STEP(OP_SIGNAL, condition)->address);
	trace_result(woken, woken > 0);
	machine_scrub();
	return 0;
}

/* ---- Locks for reading and writing --------------------------------------------------------- */

static bool is_read(const struct object *object)
{
	for (int t = 0; t < SIM_THREADS; t++) {
		if (object->readers[t] != 0)
			return true;
	}
	return false;
}

static int acquire_to_read(struct object *object, int64_t deadline, bool wait)
{
	if (object->owner == machine.current)
		return EDEADLK;
	while (object->owner != NO_OWNER) {
		if (!wait)
			return EBUSY;
		if (object_sleep(OP_LOCK, object->address, deadline))
			return ETIMEDOUT;
	}
	object->readers[machine.current]++;
	view_join(&self()->now, &object->view);
	return 0;
}

static int acquire_to_write(struct object *object, int64_t deadline, bool wait)
{
	if (object->owner == machine.current)
		return EDEADLK;
	while (object->owner != NO_OWNER || is_read(object)) {
		if (!wait)
			return EBUSY;
		if (object_sleep(OP_LOCK, object->address, deadline))
			return ETIMEDOUT;
	}
	object->owner = machine.current;
	view_join(&self()->now, &object->view);
	view_join(&self()->now, &object->readers_view);
	return 0;
}

int pthread_rwlock_init(pthread_rwlock_t *lock, const pthread_rwlockattr_t *attributes)
{
	int result = REAL(pthread_rwlock_init, (lock, attributes));

	return simulated() ? begin_anew(lock, sizeof *lock, CALLER, FRAME) : result;
}

int pthread_rwlock_destroy(pthread_rwlock_t *lock)
{
	if (!simulated())
		return REAL(pthread_rwlock_destroy, (lock));
	return begin_anew(lock, sizeof *lock, CALLER, FRAME);
}

int pthread_rwlock_rdlock(pthread_rwlock_t *lock)
{
	if (!simulated())
		return REAL(pthread_rwlock_rdlock, (lock));
	return finish(acquire_to_read(STEP(OP_LOCK, lock), INT64_MAX, true));
}

int pthread_rwlock_tryrdlock(pthread_rwlock_t *lock)
{
	if (!simulated())
		return REAL(pthread_rwlock_tryrdlock, (lock));
	return finish(acquire_to_read(STEP(OP_LOCK, lock), 0, false));
}

int pthread_rwlock_timedrdlock(pthread_rwlock_t *lock, const struct timespec *until)
{
	if (!simulated())
		return REAL(pthread_rwlock_timedrdlock, (lock, until));
	return finish(
		acquire_to_read(STEP(OP_LOCK, lock), user_deadline(CLOCK_REALTIME, until), true));
}

int pthread_rwlock_wrlock(pthread_rwlock_t *lock)
{
	if (!simulated())
		return REAL(pthread_rwlock_wrlock, (lock));
	return finish(acquire_to_write(STEP(OP_LOCK, lock), INT64_MAX, true));
}

int pthread_rwlock_trywrlock(pthread_rwlock_t *lock)
{
	if (!simulated())
		return REAL(pthread_rwlock_trywrlock, (lock));
	return finish(acquire_to_write(STEP(OP_LOCK, lock), 0, false));
}

int pthread_rwlock_timedwrlock(pthread_rwlock_t *lock, const struct timespec *until)
{
	if (!simulated())
		return REAL(pthread_rwlock_timedwrlock, (lock, until));
	return finish(
		acquire_to_write(STEP(OP_LOCK, lock), user_deadline(CLOCK_REALTIME, until), true));
}

int pthread_rwlock_unlock(pthread_rwlock_t *lock)
{
	struct object *object;

	if (!simulated())
		return REAL(pthread_rwlock_unlock, (lock));
	object = USE(OP_UNLOCK, lock);
	if (object->owner == machine.current) {
		object->owner = NO_OWNER;
		object_publish(&object->view);
	} else if (object->readers[machine.current] > 0) {
		object->readers[machine.current]--;
		object_publish(&object->readers_view);
	} else {
		sim_fail("not its lock", "thread %d unlocks a lock that it does not own",
			machine.current);
	}
	object_wake_all(object->address);
	machine_scrub();
	return 0;
}

/* ---- Spin locks ---------------------------------------------------------------------------- */

int pthread_spin_init(pthread_spinlock_t *lock, int shared)
{
	if (!simulated())
		return REAL(pthread_spin_init, (lock, shared));
	return begin_anew((const void *)(uintptr_t)lock, sizeof *lock, CALLER, FRAME);
}

int pthread_spin_destroy(pthread_spinlock_t *lock)
{
	if (!simulated())
		return REAL(pthread_spin_destroy, (lock));
	return begin_anew((const void *)(uintptr_t)lock, sizeof *lock, CALLER, FRAME);
}

int pthread_spin_lock(pthread_spinlock_t *lock)
{
	if (!simulated())
		return REAL(pthread_spin_lock, (lock));
	return finish(acquire(STEP(OP_LOCK, (const void *)(uintptr_t)lock), PTHREAD_MUTEX_NORMAL,
		INT64_MAX, true));
}

int pthread_spin_trylock(pthread_spinlock_t *lock)
{
	if (!simulated())
		return REAL(pthread_spin_trylock, (lock));
	return finish(acquire(
		STEP(OP_LOCK, (const void *)(uintptr_t)lock), PTHREAD_MUTEX_NORMAL, 0, false));
}

int pthread_spin_unlock(pthread_spinlock_t *lock)
{
	struct object *object;

	if (!simulated())
		return REAL(pthread_spin_unlock, (lock));
	object = USE(OP_UNLOCK, (const void *)(uintptr_t)lock);
	if (object->owner != machine.current)
		sim_fail("not its lock", "thread %d unlocks a lock that it does not own",
			machine.current);
	release(object);
	machine_scrub();
	return 0;
}

/* ---- Semaphores ---------------------------------------------------------------------------- */

static int failed(int code)
{
	if (code == 0)
		return 0;
	errno = code;
	return -1;
}

static int take(struct object *object, int64_t deadline, bool wait)
{
	while (object->count == 0) {
		if (!wait)
			return EAGAIN;
		if (object_sleep(OP_WAIT, object->address, deadline))
			return ETIMEDOUT;
	}
	object->count--;
	view_join(&self()->now, &object->view);
	return 0;
}

int sem_init(sem_t *semaphore, int shared, unsigned value)
{
	int result = REAL(sem_init, (semaphore, shared, value));

	if (!simulated())
		return result;
	begin_anew(semaphore, sizeof *semaphore, CALLER, FRAME);
	object_at((uintptr_t)semaphore)->count = (int)value;
	return 0;
}

int sem_destroy(sem_t *semaphore)
{
	if (!simulated())
		return REAL(sem_destroy, (semaphore));
	return begin_anew(semaphore, sizeof *semaphore, CALLER, FRAME);
}

int sem_wait(sem_t *semaphore)
{
	if (!simulated())
		return REAL(sem_wait, (semaphore));
	return failed(finish(take(STEP(OP_WAIT, semaphore), INT64_MAX, true)));
}

int sem_trywait(sem_t *semaphore)
{
	if (!simulated())
		return REAL(sem_trywait, (semaphore));
	return failed(finish(take(STEP(OP_WAIT, semaphore), 0, false)));
}

int sem_timedwait(sem_t *semaphore, const struct timespec *until)
{
	if (!simulated())
		return REAL(sem_timedwait, (semaphore, until));
	return failed(
		finish(take(STEP(OP_WAIT, semaphore), user_deadline(CLOCK_REALTIME, until), true)));
}

int sem_clockwait(sem_t *semaphore, clockid_t clock, const struct timespec *until)
{
	if (!simulated())
		return REAL(sem_clockwait, (semaphore, clock, until));
	return failed(finish(take(STEP(OP_WAIT, semaphore), user_deadline(clock, until), true)));
}

int sem_post(sem_t *semaphore)
{
	struct object *object;

	if (!simulated())
		return REAL(sem_post, (semaphore));
	object = STEP(OP_SIGNAL, semaphore);
	object->count++;
	object_publish(&object->view);
	trace_result(0, object_wake_all(object->address) > 0);
	machine_scrub();
	return 0;
}

int sem_getvalue(sem_t *semaphore, int *value)
{
	if (!simulated())
		return REAL(sem_getvalue, (semaphore, value));
	*value = STEP(OP_NONE, semaphore)->count;
	race_access((uintptr_t)value, sizeof *value, PLAIN_WRITE, CALLER);
	machine_scrub();
	return 0;
}

/* ---- Barriers ------------------------------------------------------------------------------ */

int pthread_barrier_init(
	pthread_barrier_t *barrier, const pthread_barrierattr_t *attributes, unsigned count)
{
	int result = REAL(pthread_barrier_init, (barrier, attributes, count));

	if (!simulated())
		return result;
	begin_anew(barrier, sizeof *barrier, CALLER, FRAME);
	object_at((uintptr_t)barrier)->need = (int)count;
	return result;
}

int pthread_barrier_destroy(pthread_barrier_t *barrier)
{
	if (!simulated())
		return REAL(pthread_barrier_destroy, (barrier));
	return begin_anew(barrier, sizeof *barrier, CALLER, FRAME);
}

int pthread_barrier_wait(pthread_barrier_t *barrier)
{
	struct object *object;
	int round;

	if (!simulated())
		return REAL(pthread_barrier_wait, (barrier));
	object = STEP(OP_WAIT, barrier);
	round = object->rounds;
	object_publish(&object->view);
	if (++object->count < object->need) {
		/* The last one to come has changed the round. */
		while (object->rounds == round)
			object_sleep(OP_WAIT, object->address, INT64_MAX);
		view_join(&self()->now, &object->readers_view);
		return finish(0);
	}
	object->count = 0;
	object->rounds++;
	object->readers_view = object->view;
	view_join(&self()->now, &object->view);
	object_wake_all(object->address);
	return finish(PTHREAD_BARRIER_SERIAL_THREAD);
}
