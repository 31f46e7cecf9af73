/* SPDX-License-Identifier: 0BSD */
/*
 * The life of one call, as one word that two sides share.  The waiter may sleep and may give up;
 * the answerer completes the call, exactly once.  The side that leaves last owns what the two
 * share.  A request is such a call; so is the end of a thread, which join waits for.
 */
#ifndef UMP_CORE_CALL_H
#define UMP_CORE_CALL_H

#include <stdbool.h>
#include <stdint.h>

/* Not answered; the waiter is awake or absent. */
#define UMP__CALL_PENDING ((uintptr_t)0)
/* Not answered; the waiter sleeps. */
#define UMP__CALL_WAITING ((uintptr_t)1)
/* Not answered; the waiter has given up, so the answerer owns the call. */
#define UMP__CALL_ABANDONED ((uintptr_t)2)
/* Answered; the waiter, if there is one, owns the call. */
#define UMP__CALL_DONE ((uintptr_t)3)

/*@ predicate is_call(uintptr_t w) = 0 <= w <= 3;
  @
  @ // The answerer completes the call, once.
  @ predicate call_finishes(uintptr_t w, uintptr_t x) = w != UMP__CALL_DONE && x == UMP__CALL_DONE;
  @ // The waiter parks, unparks, and gives up.
  @ predicate call_sleeps(uintptr_t w, uintptr_t x) =
  @   w == UMP__CALL_PENDING && x == UMP__CALL_WAITING;
  @ predicate call_unparks(uintptr_t w, uintptr_t x) =
  @   w == UMP__CALL_WAITING && x == UMP__CALL_PENDING;
  @ predicate call_abandons(uintptr_t w, uintptr_t x) =
  @   (w == UMP__CALL_PENDING || w == UMP__CALL_WAITING) && x == UMP__CALL_ABANDONED;
  @*/

/* Check the invariant of a call's word, at run time. */
/*@ terminates \true;
  @ assigns \result \from word;
  @ ensures mirror: \result <==> is_call(word);
  @*/
static inline bool ump__call_is_valid(uintptr_t word)
{
	return word <= UMP__CALL_DONE;
}

struct ump__call_step {
	uintptr_t next;
	/* Whether the step is legal; otherwise `next` is the word as it was. */
	bool taken;
	/* The other side sleeps and must be woken. */
	bool wake;
	/* The side that takes this step owns the call from now on: the other side has left. */
	bool owns;
};

/* The answerer completes the call.  Refused if it is complete already. */
/*@ requires inv: is_call(word);
  @ terminates \true;
  @ assigns \result \from word;
  @ ensures done: \result.next == UMP__CALL_DONE;
  @ behavior refused:
  @   assumes word == UMP__CALL_DONE;
  @   ensures same: \result.taken == \false && \result.wake == \false && \result.owns == \false;
  @ behavior awake:
  @   assumes word == UMP__CALL_PENDING;
  @   ensures step: \result.taken == \true && call_finishes(word, \result.next);
  @   ensures quiet: \result.wake == \false && \result.owns == \false;
  @ behavior asleep:
  @   assumes word == UMP__CALL_WAITING;
  @   ensures step: \result.taken == \true && call_finishes(word, \result.next);
  @   ensures wake: \result.wake == \true && \result.owns == \false;
  @ behavior gone:
  @   assumes word == UMP__CALL_ABANDONED;
  @   ensures step: \result.taken == \true && call_finishes(word, \result.next);
  @   ensures owns: \result.wake == \false && \result.owns == \true;
  @ complete behaviors;
  @ disjoint behaviors;
  @*/
struct ump__call_step ump__call_finish_step(uintptr_t word);

/* The waiter goes to sleep.  Refused unless the call is pending. */
/*@ requires inv: is_call(word);
  @ terminates \true;
  @ assigns \result \from word;
  @ ensures quiet: \result.wake == \false && \result.owns == \false;
  @ behavior taken:
  @   assumes word == UMP__CALL_PENDING;
  @   ensures step: \result.taken == \true && call_sleeps(word, \result.next);
  @ behavior refused:
  @   assumes word != UMP__CALL_PENDING;
  @   ensures same: \result.taken == \false && \result.next == word;
  @ complete behaviors;
  @ disjoint behaviors;
  @*/
struct ump__call_step ump__call_sleep_step(uintptr_t word);

/* Unpark: the waiter woke for another reason than an answer.  Refused unless it sleeps. */
/*@ requires inv: is_call(word);
  @ terminates \true;
  @ assigns \result \from word;
  @ ensures quiet: \result.wake == \false && \result.owns == \false;
  @ behavior taken:
  @   assumes word == UMP__CALL_WAITING;
  @   ensures step: \result.taken == \true && call_unparks(word, \result.next);
  @ behavior refused:
  @   assumes word != UMP__CALL_WAITING;
  @   ensures same: \result.taken == \false && \result.next == word;
  @ complete behaviors;
  @ disjoint behaviors;
  @*/
struct ump__call_step ump__call_unpark_step(uintptr_t word);

/* The waiter gives up.  Refused if the call is complete: then the waiter owns it. */
/*@ requires inv: is_call(word);
  @ terminates \true;
  @ assigns \result \from word;
  @ ensures quiet: \result.wake == \false;
  @ behavior given_up:
  @   assumes word == UMP__CALL_PENDING || word == UMP__CALL_WAITING;
  @   ensures step: \result.taken == \true && call_abandons(word, \result.next);
  @   ensures left: \result.owns == \false;
  @ behavior answered:
  @   assumes word == UMP__CALL_DONE;
  @   ensures same: \result.taken == \false && \result.next == word;
  @   ensures owns: \result.owns == \true;
  @ behavior refused:
  @   assumes word == UMP__CALL_ABANDONED;
  @   ensures same: \result.taken == \false && \result.next == word;
  @   ensures left: \result.owns == \false;
  @ complete behaviors;
  @ disjoint behaviors;
  @*/
struct ump__call_step ump__call_abandon_step(uintptr_t word);

#endif
