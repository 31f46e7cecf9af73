/* SPDX-License-Identifier: 0BSD */
/*
 * What the proofs of the shell's loops assume of the platform.  This is put in front of the files
 * that are proved, so that src/sync need not carry contracts that are not proved.
 */
#ifndef UMP_PROOFS_PLATFORM_H
#define UMP_PROOFS_PLATFORM_H

/* A plain call, without the assembly that saves registers. */
#define UMP__TELL(function, first, second) function(first, second)
#define UMP__CALLER()                      ((void *)0)

#include "sync/sync.h"
#include "sync/tools.h"

/* What sanitizers are told changes nothing that the program sees.  Which address they are told is
 * of no interest to a proof, and WP has no model of its cast. */
/*@ terminates \true;
  @ assigns \nothing;
  @*/
void ump__told(void);
#define ump__tools_release(at) ump__told()
#define ump__tools_acquire(at) ump__told()
#define ump__tools_push(at)    ump__told()

/* A thread that goes to sleep must have published that in the word, or it is not woken. */
/*@ requires \valid(word);
  @ requires published: (ump__knows == UMP__KNOWS_PARKED && value == UMP__INBOX_PARKED) ||
  @   (ump__knows == UMP__KNOWS_WAITING && value == UMP__CALL_WAITING);
  @ terminates \false;
  @ assigns \result \from word->value, value, deadline;
  @*/
bool ump__park(struct ump__word *word, uintptr_t value, ump_time deadline);

/* The word may be gone already, so nothing is required of it. */
/*@ requires owes: ump__owes_wake == \true;
  @ terminates \true;
  @ assigns ump__owes_wake \from \nothing;
  @ ensures ump__owes_wake == \false;
  @*/
void ump__wake(struct ump__word *word);

/* As ump__wake, by a notifier; the caller must have a reference of the object that it is part
 * of. */
/*@ requires \valid_read(notifier);
  @ requires owes: ump__owes_wake == \true;
  @ terminates \true;
  @ assigns ump__owes_wake \from \nothing;
  @ ensures ump__owes_wake == \false;
  @*/
void ump__notifier_raise(struct ump__notifier *notifier);

/* A sender must not raise the notifier meanwhile, or the raise would be lost: the word must not say
 * that this thread sleeps. */
/*@ requires \valid_read(notifier);
  @ requires awake: of_receiver(ump__knows) || of_waiter(ump__knows);
  @ terminates \true;
  @ assigns ump__silent \from \nothing;
  @ ensures ump__silent == \true;
  @*/
void ump__notifier_clear(const struct ump__notifier *notifier);

/*@ requires \valid_read(word);
  @ terminates \true;
  @ assigns \nothing;
  @*/
void ump__spin(const struct ump__word *word, uintptr_t value, enum ump__side side, int other_cpu);

#endif
