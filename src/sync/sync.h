/* SPDX-License-Identifier: 0BSD */
/*
 * The platform: memory, time, threads, sleeping, bells, locks and spinning.  No other part of the
 * library asks the system for any of these, so a test can make each such call fail, a simulator can
 * take the platform's place, and a port has nothing else to write.
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

/* `size` bytes for any type, or NULL. */
void *ump__alloc(size_t size);

/* `size` bytes, beginning on a line of their own, or NULL. */
void *ump__alloc_line(size_t size);

/* The same, on a line of their own or not, for what the caller can do without: those who make
 * allocations fail can tell that this one's failure is nobody's to be told. */
void *ump__alloc_spare(size_t size, bool line);

/* Gives back what those above gave.  NULL is fine. */
void ump__free(void *memory);

/* What is worth recycling. */
struct ump__thrift {
	/* How many messages a client sends before it keeps anything. */
	int after;
	/* The bytes of a tray, and the most posts in it. */
	size_t tray;
	uint32_t tray_posts;
	/* The most trays, the most requests, and the most bytes of each, that a client keeps. */
	uint32_t trays;
	uint32_t requests;
	size_t bytes;
};

const struct ump__thrift *ump__thrift(void);

/* ---- Time (ump_now and ump_after are public) ----------------------------------------------- */

/* A deadline as the system takes it: not before 0, and not after the end of time_t. */
struct timespec ump__timespec(ump_time time);

/* ---- Sleeping ------------------------------------------------------------------------------ */

/*
 * Sleep while `word` is `value`, until ump__wake on it or the deadline.  Returns false once the
 * deadline has passed, and otherwise true, perhaps for no reason: the caller looks again.
 */
bool ump__park(struct ump__word *word, uintptr_t value, ump_time deadline);

/*
 * Wake whoever sleeps on `word`.  The word is an address here and is not touched: its memory may
 * be gone already, or belong to something else, whose sleepers then wake for no reason.
 */
void ump__wake(struct ump__word *word);

/* ---- Bells --------------------------------------------------------------------------------- */

/*
 * A file descriptor by which a sleeper in an event loop is woken.  It rings from ump__bell_strike
 * on, however often that is called, until ump__bell_silence.
 */
struct ump__bell {
	/* What the event loop waits on; -1: there is no bell. */
	int fd;
	/* Where ringing is written to: the same one, or the other end of a pipe. */
	int rope;
	/* Whether it may still be struck, and by how many threads it is at the moment:
	 * ../bell.h. */
	struct ump__word gate;
};

/* UMP_OK, or UMP_NO_FD.  The gate is not touched here. */
int ump__bell_open(struct ump__bell *bell);
/* Nothing is written to `bell`, at whose gate others may be. */
void ump__bell_close(const struct ump__bell *bell);

void ump__bell_strike(const struct ump__bell *bell);
void ump__bell_silence(const struct ump__bell *bell);

/* Sleep until it rings or the deadline has passed, perhaps waking for no reason. */
void ump__bell_wait(const struct ump__bell *bell, ump_time deadline);

/* ---- Locks --------------------------------------------------------------------------------- */

/* For what is rare: nobody calls the application, or waits for anything, while holding one. */
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

/* Of the two sides of an exchange, the dispatcher only spins; clients spin less and then yield,
 * since there may be more of them than processors. */
enum ump__side {
	UMP__SIDE_SERVER,
	UMP__SIDE_CLIENT
};

/* A processor that is not known. */
#define UMP__CPU_UNKNOWN (-1)

/* The processor that this thread runs on, or UMP__CPU_UNKNOWN. */
int ump__cpu(void);

/*
 * Wait a little, without sleeping, for `word` to be other than `value`.  `other_cpu` is where the
 * other side last ran: if that is here, it cannot go on while we spin, and so we do not.
 */
void ump__spin(const struct ump__word *word, uintptr_t value, enum ump__side side, int other_cpu);

/*
 * Wait for `word` to be other than `value`, for about `ns` at most: awake while that is short, and
 * asleep from then on.  Nobody wakes whoever waits so; a change may be noticed only at the end.
 */
void ump__stand_by(struct ump__word *word, uintptr_t value, int64_t ns);

/* For clients that wait for something else: wait a little before looking for it for the `round`th
 * time (from 0 on).  false: that was often enough. */
bool ump__spin_round(unsigned round, int other_cpu);

/* ---- Forks --------------------------------------------------------------------------------- */

/* See that forked children begin anew with all statics of the library.  false: no memory for
 * that. */
bool ump__fork_ready(void);

/* How many forks lie between the process in which the library was loaded and this one. */
int ump__fork_generation(void);

/* Called in a child; it is for the statics outside of the platform. */
void ump__fork_child(void);

/* The platform's own: before a fork, in the parent, and after it, in the child. */
void ump__park_before_fork(void);
void ump__park_in_child(void);

/* ---- Threads ------------------------------------------------------------------------------- */

struct ump__os_thread {
	pthread_t id;
};

/*
 * Start a thread with all signals blocked but those of its own faults and SIGPROF.  UMP_OK,
 * UMP_NO_THREAD or UMP_NO_MEMORY.  The handle is joined or detached exactly once.
 */
int ump__thread_start(
	struct ump__os_thread *thread, void *(*run)(void *), void *arg, size_t stack_size);

/* Which signals a thread blocks. */
struct ump__signals {
	sigset_t blocked;
};

/* What the calling thread blocks. */
void ump__signals_get(struct ump__signals *out);

/* Let the calling thread block these, and give what it did. */
void ump__signals_swap(struct ump__signals *signals);

/* The longest name of a thread on Linux, with its terminating NUL. */
#define UMP__NAME_SIZE 16

/* Give the calling thread a name. */
void ump__thread_name(const char *name);

/*
 * Wait until the thread has ended, with all destructors of its thread-local variables.  UMP_OK: it
 * is joined.  UMP_TIMED_OUT: it has not ended by `deadline`.  UMP_DEADLOCK: the system says that it
 * waits for the end of the calling thread.  Where the system has no join that can be given up (that
 * is, not on Linux), any deadline is UMP_FOREVER.
 */
int ump__thread_join(struct ump__os_thread *thread, ump_time deadline);
void ump__thread_detach(struct ump__os_thread *thread);
bool ump__thread_is_current(const struct ump__os_thread *thread);

/* Make this the calling thread's handle: whoever has started it may not have it yet. */
void ump__thread_self(struct ump__os_thread *thread);

/* Have this done at the end of the process, or when the library is unloaded. */
void ump__at_exit(void (*run)(void));

/* What is run when a thread exits. */
struct ump__thread_exit {
	void (*run)(struct ump__thread_exit *exit);
	int rounds;
};

/* Have `exit->run` called by the calling thread when it exits: in the last round but one of
 * destructors of thread-local variables.  Destructors in these two rounds may come later.  At most
 * one for each thread.  false: it will not be called. */
bool ump__thread_exit_set(struct ump__thread_exit *exit);

/* In the parent, before a fork. */
void ump__thread_exit_before_fork(void);

/* A pointer of the calling thread's own, NULL at first. */
void **ump__thread_slot(void);

#ifndef NDEBUG
/* Of the innermost frame in the slot: a place on the calling thread's stack below which the
 * callback that runs lies, and what it calls.  Not in the frame, since that may be gone. */
const void **ump__thread_above(void);

/* Stop the process if the calling thread ends while `slot`, which is its own, is guarded.  NULL: it
 * may end. */
void ump__thread_guard(void **slot);

/* In the parent, before a fork. */
void ump__thread_before_fork(void);

/* Whether the calling thread's own stack has this address; false if that cannot be found out. */
bool ump__thread_on_stack(const void *address);
#endif

#endif
