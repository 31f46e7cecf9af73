/* SPDX-License-Identifier: 0BSD */
/*
 * What the proofs of the shell's loops assume of the platform.  It is put in front of the files
 * that are proved, so that src/sync need not carry contracts that nothing proves.
 */
#ifndef UMP_PROOFS_PLATFORM_H
#define UMP_PROOFS_PLATFORM_H

#include "sync/sync.h"

/* Who goes to sleep must have said so in the word, or else nobody would wake it. */
/*@ requires \valid(word);
  @ requires said: (ump__knows == UMP__KNOWS_PARKED && value == UMP__INBOX_PARKED) ||
  @   (ump__knows == UMP__KNOWS_WAITING && value == UMP__CALL_WAITING);
  @ terminates \false;
  @ assigns \result \from word->value, value, deadline;
  @*/
bool ump__park(struct ump__word *word, uintptr_t value, ump_time deadline);

/* The word may be gone already: nothing is required of it. */
/*@ requires owes: ump__owes_wake == \true;
  @ terminates \true;
  @ assigns ump__owes_wake \from \nothing;
  @ ensures ump__owes_wake == \false;
  @*/
void ump__wake(struct ump__word *word);

/*@ requires \valid_read(word);
  @ terminates \true;
  @ assigns \nothing;
  @*/
void ump__spin(const struct ump__word *word, uintptr_t value, enum ump__side side, int other_cpu);

#endif
