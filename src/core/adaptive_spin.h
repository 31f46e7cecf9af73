/* SPDX-License-Identifier: 0BSD */
/*
 * Adaptive spinning (A. R. Karlin et al., SOSP 1991): whether a wait spins before it blocks, and
 * for how many polls.  A spin that ends in sleep has cost processor time for nothing.  After a few
 * failed spins in a row the next waits block at once; then one more spin is tried.  So a server
 * between paced requests, or a client of a slow server, burns next to nothing, and a waiter that
 * can be answered promptly soon is so again.
 *
 * Only the success of a spin is recorded.  Averaging the lengths of the waits was tried and was
 * worse: an average forgets slowly, and one spin that succeeds says more than many that failed.
 */
#ifndef UMP_CORE_ADAPTIVE_SPIN_H
#define UMP_CORE_ADAPTIVE_SPIN_H

#include <stdbool.h>
#include <stdint.h>

/* Failed spins in a row before waits block at once, and the number of waits that then do so.
 * scripts/bench --sweep sets other numbers, and shows their effect. */
#ifndef UMP__ADAPTIVE_SPIN_TRIES
#define UMP__ADAPTIVE_SPIN_TRIES UINT32_C(3)
#endif
#ifndef UMP__ADAPTIVE_SPIN_RESTS
#define UMP__ADAPTIVE_SPIN_RESTS UINT32_C(16)
#endif

/* Return whether the next wait spins.  `failed` is the number of failed spins in a row, and of
 * waits that blocked at once since. */
/*@ terminates \true;
  @ assigns \result \from failed;
  @ ensures few: failed < UMP__ADAPTIVE_SPIN_TRIES ==> \result == \true;
  @ ensures idle: UMP__ADAPTIVE_SPIN_TRIES <= failed &&
  @   failed < UMP__ADAPTIVE_SPIN_TRIES + UMP__ADAPTIVE_SPIN_RESTS ==> \result == \false;
  @ ensures again: failed >= UMP__ADAPTIVE_SPIN_TRIES + UMP__ADAPTIVE_SPIN_RESTS ==>
  @   \result == \true;
  @*/
bool ump__adaptive_spin_lasts(uint32_t failed);

/* Return the next `failed` after a wait; `succeeded`: it spun, and the spin succeeded.  Starts at
 * 0. */
/*@ terminates \true;
  @ assigns \result \from failed, succeeded;
  @ ensures bound: \result <= UMP__ADAPTIVE_SPIN_TRIES + UMP__ADAPTIVE_SPIN_RESTS;
  @ ensures succeeded: succeeded ==> \result == 0;
  @ ensures failed: !succeeded && failed < UMP__ADAPTIVE_SPIN_TRIES + UMP__ADAPTIVE_SPIN_RESTS ==>
  @   \result == failed + 1;
  @ ensures over: !succeeded && failed >= UMP__ADAPTIVE_SPIN_TRIES + UMP__ADAPTIVE_SPIN_RESTS ==>
  @   \result == UMP__ADAPTIVE_SPIN_TRIES;
  @*/
uint32_t ump__adaptive_spin_next(uint32_t failed, bool succeeded);

/* Polls over which a processor's poll rate is measured; it is stated in polls per 10 us. */
#define UMP__POLLS_TIMED INT64_C(128)
/* From 1 us a poll, as where the processor is shared, to 0.1 ns. */
#define UMP__POLLS_LEAST UINT32_C(10)
#define UMP__POLLS_MOST  UINT32_C(100000)
/* If the clock stands still, or goes backwards: 40 ns a poll. */
#define UMP__POLLS_USUAL UINT32_C(250)

/* Return the polls in 10 us, if UMP__POLLS_TIMED of them took `ns` by the clock. */
/*@ terminates \true;
  @ assigns \result \from ns;
  @ ensures sane: UMP__POLLS_LEAST <= \result <= UMP__POLLS_MOST;
  @ ensures clock: ns <= 0 ==> \result == UMP__POLLS_USUAL;
  @ ensures slow: ns > UMP__POLLS_TIMED * 1000 ==> \result == UMP__POLLS_LEAST;
  @ ensures fast: 0 < ns < UMP__POLLS_TIMED / 10 ==> \result == UMP__POLLS_MOST;
  @ ensures rate: UMP__POLLS_TIMED / 10 < ns <= UMP__POLLS_TIMED * 1000 ==>
  @   \result == UMP__POLLS_TIMED * 10000 / ns;
  @*/
uint32_t ump__polls_in_10us(int64_t ns);

/* The longest that a thread may wait without blocking, in ns. */
#define UMP__SPIN_MOST UINT32_C(1000000)

/* Return the polls that take `ns`, if `in_10us` of them take 10 us. */
/*@ requires sane: ns <= UMP__SPIN_MOST && in_10us <= UMP__POLLS_MOST;
  @ terminates \true;
  @ assigns \result \from ns, in_10us;
  @ ensures count: \result == ns * in_10us / 10000;
  @*/
uint32_t ump__polls_in(uint32_t ns, uint32_t in_10us);

#endif
