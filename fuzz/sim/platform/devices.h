/* SPDX-License-Identifier: 0BSD */
/* Notifiers and locks: the parts of the platform that have a state. */
#ifndef SIM_DEVICES_H
#define SIM_DEVICES_H

#include <stdbool.h>
#include <stdint.h>

void devices_begin(void);

/* ---- Notifiers, identified by their file descriptors --------------------------------------- */

/* What a thread sleeps on that waits for any notifier. */
#define NOTIFIER_ANY ((uintptr_t)2)

/* Whether a descriptor is one of a notifier, open or closed. */
bool notifier_is_known(int fd);

/* Open a notifier, clear.  Numbers are not reused within one execution, so that each use of a
 * closed notifier is detected. */
int notifier_open(void);
void notifier_close(int fd);

/* Raise, or clear, an open notifier.  Raising wakes all its waiters, and returns their number. */
unsigned notifier_raise(int fd);
void notifier_clear(int fd);

/* Whether it is raised. */
bool notifier_is_raised(int fd);

/* Whether it was raised since this was last asked. */
bool notifier_was_raised(int fd);

/* Whether it has not been closed. */
bool notifier_is_open(int fd);

/* Return a notifier that was not closed, or -1. */
int notifier_leak(void);

/* ---- Locks, identified by their addresses -------------------------------------------------- */

/* Acquire the lock for the calling thread, joining the view of its last owner; sleep until it is
 * free. */
void lock_acquire(uintptr_t address);
void lock_release(uintptr_t address);

/* Forget the lock, which must be free. */
void lock_forget(uintptr_t address);

/* ---- States -------------------------------------------------------------------------------- */

uint64_t devices_hash(uint64_t hash);

#endif
