/* SPDX-License-Identifier: 0BSD */
/*
 * The platform: memory, time, threads, sleeping, notifiers, locks and spinning.  No other part of
 * the library may ask the system for any of these, so a test can make each such call fail, a
 * simulator can replace the platform, and a port has nothing else to write.
 */
#ifndef UMP_SYNC_SYNC_H
#define UMP_SYNC_SYNC_H

#include "sync/atomic.h"
#include "ump_server.h"

#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

/* ---- Memory -------------------------------------------------------------------------------- */

/* Allocate `size` bytes for any type, or return NULL. */
void *ump__alloc(size_t size);

/* Allocate `size` bytes that begin on a cache line of their own, or return NULL. */
void *ump__alloc_line(size_t size);

/* The same, on a line of their own or not, for memory that the caller can do without.  A function
 * of its own tells fault injection that its failure is not reported to the application. */
void *ump__alloc_spare(size_t size, bool line);

/* Free memory from the functions above.  NULL is allowed. */
void ump__free(void *memory);

/* The limits of recycling. */
struct ump__retention {
	/* Messages that a client sends before it keeps any memory. */
	int after;
	/* Bytes of a slab, and the most posts in it. */
	size_t slab;
	uint32_t slab_posts;
	/* The most slabs, the most requests, and the most bytes of each, that a client keeps. */
	uint32_t slabs;
	uint32_t requests;
	size_t bytes;
};

const struct ump__retention *ump__retention(void);

/* ---- Time (ump_now and ump_after are public) ----------------------------------------------- */

/* Convert a deadline for the system: not before 0, and not after the end of time_t. */
struct timespec ump__timespec(ump_time time);

/* ---- Sleeping ------------------------------------------------------------------------------ */

/*
 * Sleep while `word` is `value`, until ump__wake on it or the deadline.  Return false once the
 * deadline has passed, otherwise true, perhaps spuriously: the caller must check again.
 */
bool ump__park(struct ump__word *word, uintptr_t value, ump_time deadline);

/*
 * Wake the thread that sleeps on `word`.  The word is only an address here and must not be touched:
 * its memory may be gone already, or belong to something else, whose sleepers then wake spuriously.
 */
void ump__wake(struct ump__word *word);

/* ---- Notifiers ----------------------------------------------------------------------------- */

/*
 * A notifier: a file descriptor that wakes a sleeper in an event loop.  It is raised from
 * ump__notifier_signal on, however often that is called, until ump__notifier_clear clears it.
 */
struct ump__notifier {
	/* What the event loop waits on; -1: there is no notifier. */
	int fd;
	/* The write end: the same descriptor, or the other end of a pipe. */
	int write_fd;
	/* Whether it may still be raised, and how many threads are raising it:
	 * channel/notifier.h. */
	struct ump__word gate;
};

/* Open it.  UMP_OK, or UMP_NO_FD.  Leaves the gate alone. */
int ump__notifier_open(struct ump__notifier *notifier);
/* Close it.  Must not write to `notifier`, since other threads may be at its gate. */
void ump__notifier_close(const struct ump__notifier *notifier);

void ump__notifier_signal(const struct ump__notifier *notifier);
void ump__notifier_clear(const struct ump__notifier *notifier);

/* Sleep until it is raised or the deadline has passed, or wake spuriously. */
void ump__notifier_wait(const struct ump__notifier *notifier, ump_time deadline);

/* ---- Locks --------------------------------------------------------------------------------- */

/* For slow paths.  The holder of a lock must not call the application, or wait for anything. */
struct ump__lock {
	pthread_mutex_t mutex;
};

#define UMP__LOCK_FREE                                                                             \
	{                                                                                          \
		PTHREAD_MUTEX_INITIALIZER                                                          \
	}

void ump__lock_init(struct ump__lock *lock);
void ump__lock_end(struct ump__lock *lock);
void ump__lock_take(struct ump__lock *lock);
void ump__lock_give(struct ump__lock *lock);

/* ---- Spinning ------------------------------------------------------------------------------ */

/* The two sides of an exchange.  The dispatcher only spins; clients spin less and then yield, since
 * they may outnumber the processors. */
enum ump__side {
	UMP__SIDE_SERVER,
	UMP__SIDE_CLIENT
};

/* An unknown processor. */
#define UMP__CPU_UNKNOWN (-1)

/* Return the processor that this thread runs on, or UMP__CPU_UNKNOWN. */
int ump__cpu(void);

/*
 * Wait briefly, without sleeping, for `word` to differ from `value`.  `other_cpu` is where the
 * other side last ran: if that is this processor, it cannot proceed while this thread spins, and so
 * this thread does not.
 */
void ump__spin(const struct ump__word *word, uintptr_t value, enum ump__side side, int other_cpu);

/*
 * Wait for `word` to differ from `value`, for about `ns` at most: spin or yield while that is
 * short, then block.  No thread wakes this one, so a change may be noticed only at the end.
 */
void ump__spin_then_park(struct ump__word *word, uintptr_t value, int64_t ns);

/* For clients that wait for something else: wait briefly before polling it for the `round`th time
 * (from 0 on).  false: the rounds are used up. */
bool ump__spin_round(unsigned round, int other_cpu);

/* ---- Forks --------------------------------------------------------------------------------- */

/* Have all statics of the library reset in forked children.  false: no memory for that. */
bool ump__fork_ready(void);

/* Return the number of forks between the process that loaded the library and this one. */
int ump__fork_generation(void);

/* What resets the statics outside of the platform, in a child; ends with NULL.  The platform calls
 * upwards through this table only (server/fork.c). */
extern void (*const ump__fork_resets[])(void);

/* The same for the platform: before a fork, in the parent, and after it, in the child. */
void ump__park_before_fork(void);
void ump__park_in_child(void);

/* ---- Threads ------------------------------------------------------------------------------- */

struct ump__os_thread {
	pthread_t id;
};

/*
 * Start a thread with all signals blocked but those of its own faults and SIGPROF.  UMP_OK,
 * UMP_NO_THREAD or UMP_NO_MEMORY.  The handle must be joined or detached exactly once.
 */
int ump__thread_start(
	struct ump__os_thread *thread, void *(*run)(void *), void *arg, size_t stack_size);

/* The signals that a thread blocks. */
struct ump__signals {
	sigset_t blocked;
};

/* Get the signals that the calling thread blocks. */
void ump__signals_get(struct ump__signals *out);

/* Swap these with the signals that the calling thread blocks. */
void ump__signals_swap(struct ump__signals *signals);

/* The longest name of a thread on Linux, with its terminating NUL. */
#define UMP__NAME_SIZE 16

/* Name the calling thread. */
void ump__thread_name(const char *name);

/*
 * Wait until the thread has ended, with all destructors of its thread-local variables.  UMP_OK: it
 * is joined.  UMP_TIMED_OUT: it has not ended by `deadline`.  UMP_DEADLOCK: the system reports that
 * it waits for the end of the calling thread.  Only Linux, other than Android, has a join that can
 * be abandoned; elsewhere any deadline is UMP_FOREVER.
 */
int ump__thread_join(struct ump__os_thread *thread, ump_time deadline);
void ump__thread_detach(struct ump__os_thread *thread);
bool ump__thread_is_current(const struct ump__os_thread *thread);

/* Set the calling thread's handle: the thread that started it may not have stored it yet. */
void ump__thread_self(struct ump__os_thread *thread);

/* Run this at the end of the process, or when the library is unloaded. */
void ump__at_exit(void (*run)(void));

/* A callback for the exit of a thread. */
struct ump__thread_exit {
	void (*run)(struct ump__thread_exit *exit);
	int rounds;
};

/* Call `exit->run` when the calling thread exits, in the last round but one of destructors of
 * thread-local variables.  Destructors in these two rounds may run later.  At most one for each
 * thread.  false: it will not be called. */
bool ump__thread_exit_set(struct ump__thread_exit *exit);

/* In the parent, before a fork. */
void ump__thread_exit_before_fork(void);

/* Return the address of the calling thread's own pointer, NULL at first. */
void **ump__thread_slot(void);

#ifndef NDEBUG
/* For the innermost frame in the slot: an address on the calling thread's stack below which the
 * running callback and its callees lie.  It cannot be in the frame, which may be gone. */
const void **ump__thread_above(void);

/* Stop the process if the calling thread ends while its `slot` is guarded.  NULL: it may end. */
void ump__thread_guard(void **slot);

/* In the parent, before a fork. */
void ump__thread_before_fork(void);

/* Return whether the calling thread's own stack has this address; false if that is unknown. */
bool ump__thread_on_stack(const void *address);
#endif

#endif
