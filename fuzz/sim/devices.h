/* SPDX-License-Identifier: 0BSD */
/* Bells and locks: the parts of the platform that have a state of their own. */
#ifndef SIM_DEVICES_H
#define SIM_DEVICES_H

#include <stdbool.h>
#include <stdint.h>

void devices_begin(void);

/* ---- Bells, known by their file descriptors ------------------------------------------------ */

/* A new bell, silent.  No number is used twice in one execution: who uses one that was closed is
 * always seen. */
int bell_open(void);
void bell_close(int fd);

/* Ring, or silence, an open one.  Ringing wakes all who wait for it; how many these are. */
unsigned bell_ring(int fd);
void bell_silence(int fd);

/* Whether it rings. */
bool bell_rings(int fd);

/* Whether anybody has rung since this was last asked. */
bool bell_was_rung(int fd);

/* Whether it has not been closed. */
bool bell_is_open(int fd);

/* A bell that was not closed, or -1. */
int bell_leak(void);

/* ---- Locks, known by their addresses ------------------------------------------------------- */

/* The calling thread gets the lock, and learns what those who had it knew; or sleeps. */
void lock_take(uintptr_t address);
void lock_give(uintptr_t address);

/* Nobody may have it, and what was known of it is forgotten. */
void lock_forget(uintptr_t address);

/* ---- States -------------------------------------------------------------------------------- */

uint64_t devices_hash(uint64_t hash);

#endif
