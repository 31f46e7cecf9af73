/* SPDX-License-Identifier: 0BSD */
/*
 * A stop from outside.  The attention word of a channel has a bit for each reason why its
 * dispatcher must look closer before it passes on a message; it is 0 if there is none.  Bits are
 * only ever added, so the order in which they were is that of the changes of the word.  A stopper
 * claims the record of the stop, writes it, and adds STOP; the dispatcher adds ENDED when its loop
 * ends.  Of these two the first decides which side owns the value.  Each function takes the word as
 * it was before a bit was added; none reads memory.
 */
#ifndef UMP_CORE_STOP_H
#define UMP_CORE_STOP_H

#include <stdbool.h>
#include <stdint.h>

/* The dispatcher reads a message's kind and this word as one number: the bits of kinds are not
 * used here. */
/* The duration of callbacks is measured. */
#define UMP__ATTENTION_TIMED 0x10u
/* The record of the stop has a writer. */
#define UMP__ATTENTION_CLAIMED 0x20u
/* The record is complete: the loop must end before the next message. */
#define UMP__ATTENTION_STOP 0x40u
/* The loop has ended, or never begins: no stop is accepted any more. */
#define UMP__ATTENTION_ENDED 0x80u
/* The receiving end is a raw one, whose loop cannot be stopped. */
#define UMP__ATTENTION_RAW 0x100u
/* The server has had a timer or a delayed post: calls may be due. */
#define UMP__ATTENTION_TIMERS 0x200u

/*@ predicate has_bit(uint32_t w, integer b) = w / b % 2 == 1;
  @*/

/* Return whether the thread that added CLAIMED to `before` may write the record. */
/*@ terminates \true;
  @ assigns \result \from before;
  @ ensures first: \result <==> !has_bit(before, UMP__ATTENTION_CLAIMED) &&
  @   !has_bit(before, UMP__ATTENTION_ENDED);
  @*/
bool ump__stop_is_claimed(uint32_t before);

/* Return whether the stop is accepted that has added STOP to `before`: the loop, which has not
 * ended, owns the value then. */
/*@ terminates \true;
  @ assigns \result \from before;
  @ ensures accepted: \result <==> !has_bit(before, UMP__ATTENTION_ENDED);
  @*/
bool ump__stop_is_accepted(uint32_t before);

/* Return whether a loop that has added ENDED to `before`, or has seen `before`, was stopped. */
/*@ terminates \true;
  @ assigns \result \from before;
  @ ensures stopped: \result <==> has_bit(before, UMP__ATTENTION_STOP);
  @*/
bool ump__stop_is_set(uint32_t before);

/* Return whether a loop has ended, or never begins. */
/*@ terminates \true;
  @ assigns \result \from word;
  @ ensures over: \result <==> has_bit(word, UMP__ATTENTION_ENDED);
  @*/
bool ump__stop_is_over(uint32_t word);

#endif
