/* SPDX-License-Identifier: 0BSD */
/*
 * What becomes of a message, and of the loop.  The loop ends in two ways, and this file is where
 * they are told apart: the handler breaks, or the goodbye of the last strong client comes up.
 */
#ifndef UMP_CORE_VERDICT_H
#define UMP_CORE_VERDICT_H

#include <stdbool.h>

enum ump__kind {
	UMP__KIND_POST,
	UMP__KIND_REQUEST,
	/* Pushed when the last strong client goes: everything sent lies before it. */
	UMP__KIND_GOODBYE,
	/* Room that an event loop's client asked for.  It lies in completions only, where there is
	 * no loop. */
	UMP__KIND_ROOM
};

/* What the dispatcher does with the message that it took from the inbox. */
enum ump__fate {
	/* Hand it to the handler. */
	UMP__FATE_HANDLE,
	/* Release it: nobody waits for the answer. */
	UMP__FATE_SKIP,
	/* Offer it as a leftover: the loop is over. */
	UMP__FATE_LEFTOVER,
	/* It is the goodbye: nothing is to be done with it. */
	UMP__FATE_NOTHING
};

enum ump__verdict {
	UMP__VERDICT_GO_ON,
	/* The loop ends with none. */
	UMP__VERDICT_NONE,
	/* The loop ends with the handler's value. */
	UMP__VERDICT_VALUE
};

/* What to do with a message of `kind`, once the loop is `over` or not; `abandoned`: its caller has
 * given up. */
/*@ requires kind: kind == UMP__KIND_POST || kind == UMP__KIND_REQUEST || kind == UMP__KIND_GOODBYE;
  @ terminates \true;
  @ assigns \result \from kind, abandoned, over;
  @ behavior goodbye:
  @   assumes kind == UMP__KIND_GOODBYE;
  @   ensures fate: \result == UMP__FATE_NOTHING;
  @ behavior given_up:
  @   assumes kind == UMP__KIND_REQUEST && abandoned;
  @   ensures fate: \result == UMP__FATE_SKIP;
  @ behavior running:
  @   assumes kind == UMP__KIND_POST || (kind == UMP__KIND_REQUEST && !abandoned);
  @   assumes !over;
  @   ensures fate: \result == UMP__FATE_HANDLE;
  @ behavior ended:
  @   assumes kind == UMP__KIND_POST || (kind == UMP__KIND_REQUEST && !abandoned);
  @   assumes over;
  @   ensures fate: \result == UMP__FATE_LEFTOVER;
  @ complete behaviors;
  @ disjoint behaviors;
  @*/
enum ump__fate ump__fate_of(enum ump__kind kind, bool abandoned, bool over);

/* What the loop does after a message of `kind`, whose handler (if it came to it) broke or not. */
/*@ requires kind: kind == UMP__KIND_POST || kind == UMP__KIND_REQUEST || kind == UMP__KIND_GOODBYE;
  @ terminates \true;
  @ assigns \result \from kind, broke;
  @ behavior goodbye:
  @   assumes kind == UMP__KIND_GOODBYE;
  @   ensures verdict: \result == UMP__VERDICT_NONE;
  @ behavior broke:
  @   assumes kind != UMP__KIND_GOODBYE && broke;
  @   ensures verdict: \result == UMP__VERDICT_VALUE;
  @ behavior on:
  @   assumes kind != UMP__KIND_GOODBYE && !broke;
  @   ensures verdict: \result == UMP__VERDICT_GO_ON;
  @ complete behaviors;
  @ disjoint behaviors;
  @*/
enum ump__verdict ump__verdict_after(enum ump__kind kind, bool broke);

#endif
