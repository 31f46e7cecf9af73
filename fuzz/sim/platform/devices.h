/* SPDX-License-Identifier: 0BSD */
/* Notifiers and locks: the parts of the platform that have a state. */
#ifndef SIM_DEVICES_H
#define SIM_DEVICES_H

#include <stdbool.h>
#include <stdint.h>

void devices_begin(void);

/* ---- Notifiers, identified by their file descriptors --------------------------------------- */

/* Open a notifier, clear.  Numbers are not reused within one execution, so that each use of a
 * closed notifier is detected. */
int bell_open(void);
void bell_close(int fd);

/* Raise, or clear, an open notifier.  Raising wakes all its waiters, and returns their number. */
unsigned bell_ring(int fd);
void bell_silence(int fd);

/* Whether it is raised. */
bool bell_rings(int fd);

/* Whether it was raised since this was last asked. */
bool bell_was_rung(int fd);

/* Whether it has not been closed. */
bool bell_is_open(int fd);

/* Return a notifier that was not closed, or -1. */
int bell_leak(void);

/* ---- Locks, identified by their addresses -------------------------------------------------- */

/* Take the lock for the calling thread, joining the view of its last owner; sleep until it is
 * free. */
void lock_take(uintptr_t address);
void lock_give(uintptr_t address);

/* Forget the lock, which must be free. */
void lock_forget(uintptr_t address);

/* ---- States -------------------------------------------------------------------------------- */

uint64_t devices_hash(uint64_t hash);

#endif
