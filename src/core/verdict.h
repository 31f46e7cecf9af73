/* SPDX-License-Identifier: 0BSD */
/*
 * The disposition of a message, and of the loop.  The loop ends in two ways, which are told apart
 * in this file: the handler breaks, or the end-of-stream (EOS) marker of the last strong client is
 * reached.
 */
#ifndef UMP_CORE_VERDICT_H
#define UMP_CORE_VERDICT_H

#include <stdbool.h>

enum ump__kind {
	UMP__KIND_POST,
	UMP__KIND_REQUEST,
	/* The EOS marker, pushed when the last strong client is dropped: everything sent lies
	 * before it. */
	UMP__KIND_GOODBYE,
	/* A reservation by a client in an event loop.  It is queued in completions only, where
	 * there is no loop. */
	UMP__KIND_ROOM
};

/* What the dispatcher does with the message that it took from the inbox. */
enum ump__fate {
	/* Pass it to the handler. */
	UMP__FATE_HANDLE,
	/* Release it: its requester has given up. */
	UMP__FATE_SKIP,
	/* Pass it on as an undelivered message: the loop is over. */
	UMP__FATE_LEFTOVER,
	/* It is the EOS marker: do nothing. */
	UMP__FATE_NOTHING
};

enum ump__verdict {
	UMP__VERDICT_GO_ON,
	/* The loop ends with none. */
	UMP__VERDICT_NONE,
	/* The loop ends with the handler's value. */
	UMP__VERDICT_VALUE
};

/* Return what to do with a message of `kind`, depending on whether the loop is `over`; `abandoned`:
 * its requester has given up. */
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

/* Return what the loop does after a message of `kind`; `broke`: its handler ran, and broke. */
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
