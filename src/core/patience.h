/* SPDX-License-Identifier: 0BSD */
/*
 * Whether a wait is begun awake, and how many looks that is.  A wait that is begun awake and ends
 * in sleep has cost processor time for nothing.  After a few of those in a row the next ones sleep
 * at once, and then one more is tried: so a server between paced requests, or a client of a slow
 * server, burns next to nothing, and whoever can be answered at once soon is so again.
 *
 * Nothing is measured here but whether it paid.  How long the waits were, averaged, was tried and
 * was worse: an average forgets slowly, and one wait that pays says more than many that did not.
 */
#ifndef UMP_CORE_PATIENCE_H
#define UMP_CORE_PATIENCE_H

#include <stdbool.h>
#include <stdint.h>

/* So many waits in a row may be begun awake in vain; then so many sleep at once.  scripts/bench
 * --sweep sets others, and shows what they do. */
#ifndef UMP__PATIENCE_TRIES
#define UMP__PATIENCE_TRIES UINT32_C(3)
#endif
#ifndef UMP__PATIENCE_RESTS
#define UMP__PATIENCE_RESTS UINT32_C(16)
#endif

/* Whether the next wait is begun awake, after `vain` that were so in vain, or were not. */
/*@ terminates \true;
  @ assigns \result \from vain;
  @ ensures few: vain < UMP__PATIENCE_TRIES ==> \result == \true;
  @ ensures rests: UMP__PATIENCE_TRIES <= vain < UMP__PATIENCE_TRIES + UMP__PATIENCE_RESTS ==>
  @   \result == \false;
  @ ensures again: vain >= UMP__PATIENCE_TRIES + UMP__PATIENCE_RESTS ==> \result == \true;
  @*/
bool ump__patience_lasts(uint32_t vain);

/* What `vain` becomes by one more wait, that was awake and `paid`, or else was not worth it or not
 * awake.  Begins with 0. */
/*@ terminates \true;
  @ assigns \result \from vain, paid;
  @ ensures bound: \result <= UMP__PATIENCE_TRIES + UMP__PATIENCE_RESTS;
  @ ensures paid: paid ==> \result == 0;
  @ ensures vain: !paid && vain < UMP__PATIENCE_TRIES + UMP__PATIENCE_RESTS ==>
  @   \result == vain + 1;
  @ ensures over: !paid && vain >= UMP__PATIENCE_TRIES + UMP__PATIENCE_RESTS ==>
  @   \result == UMP__PATIENCE_TRIES;
  @*/
uint32_t ump__patience_next(uint32_t vain, bool paid);

/* How fast a processor looks is measured over so many looks, and told as looks in 10 us. */
#define UMP__LOOKS_TIMED INT64_C(128)
/* From 1 us for a look, as where the processor is shared, to 0.1 ns. */
#define UMP__LOOKS_LEAST UINT32_C(10)
#define UMP__LOOKS_MOST  UINT32_C(100000)
/* If the clock stands still, or goes backwards: 40 ns. */
#define UMP__LOOKS_USUAL UINT32_C(250)

/* Looks in 10 us, if UMP__LOOKS_TIMED of them took `ns` by the clock. */
/*@ terminates \true;
  @ assigns \result \from ns;
  @ ensures sane: UMP__LOOKS_LEAST <= \result <= UMP__LOOKS_MOST;
  @ ensures clock: ns <= 0 ==> \result == UMP__LOOKS_USUAL;
  @ ensures slow: ns > UMP__LOOKS_TIMED * 1000 ==> \result == UMP__LOOKS_LEAST;
  @ ensures fast: 0 < ns < UMP__LOOKS_TIMED / 10 ==> \result == UMP__LOOKS_MOST;
  @ ensures rate: UMP__LOOKS_TIMED / 10 < ns <= UMP__LOOKS_TIMED * 1000 ==>
  @   \result == UMP__LOOKS_TIMED * 10000 / ns;
  @*/
uint32_t ump__looks_in_10us(int64_t ns);

/* The longest that anybody may wait awake, in ns. */
#define UMP__AWAKE_MOST UINT32_C(1000000)

/* How many looks take `ns`, if so many take 10 us. */
/*@ requires sane: ns <= UMP__AWAKE_MOST && in_10us <= UMP__LOOKS_MOST;
  @ terminates \true;
  @ assigns \result \from ns, in_10us;
  @ ensures count: \result == ns * in_10us / 10000;
  @*/
uint32_t ump__looks_in(uint32_t ns, uint32_t in_10us);

#endif
