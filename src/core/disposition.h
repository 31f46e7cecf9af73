/* SPDX-License-Identifier: 0BSD */
/*
 * The disposition of a message, and of the loop.  The loop ends in two ways, which are told apart
 * in this file: by a break, of the handler or from outside (a stop), or because the end-of-stream
 * (EOS) marker of the last strong client is reached.
 */
#ifndef UMP_CORE_DISPOSITION_H
#define UMP_CORE_DISPOSITION_H

#include <stdbool.h>
#include <stdint.h>

enum ump__kind {
	/* These two take a permit in a bounded inbox. */
	UMP__KIND_POST,
	UMP__KIND_REQUEST,
	/* The EOS marker, pushed when the last strong client is dropped: everything sent lies
	 * before it.  A stop pushes it earlier, to wake the dispatcher. */
	UMP__KIND_EOS,
	/* A reservation by a client in an event loop.  It is queued in completions only, where
	 * there is no loop. */
	UMP__KIND_RESERVATION,
	/* A watch of a server's end, by an event loop.  It is queued in completions only, too. */
	UMP__KIND_WATCH,
	/* A due call, for which nothing is queued. */
	UMP__KIND_DUE,
	/* A delayed post: queued, it wakes the dispatcher; once due, it is called. */
	UMP__KIND_DELAYED,
	/* What the server itself has asked for: the answer to its request, or the end of a server
	 * that it watches.  It follows the EOS marker, too. */
	UMP__KIND_ANSWER
};

/* What the dispatcher does with the message that it took from the inbox. */
enum ump__disposition {
	/* Pass it to the handler. */
	UMP__DISPOSITION_HANDLE,
	/* Release it: its requester has given up. */
	UMP__DISPOSITION_SKIP,
	/* Pass it on as an undelivered message: the loop is over. */
	UMP__DISPOSITION_LEFTOVER,
	/* It is the EOS marker: do nothing. */
	UMP__DISPOSITION_NOTHING,
	/* Release it: the loop is over, which cancels what the server has asked for. */
	UMP__DISPOSITION_RELEASE
};

enum ump__outcome {
	UMP__OUTCOME_CONTINUE,
	/* The loop ends with none. */
	UMP__OUTCOME_NONE,
	/* The loop ends with the handler's value. */
	UMP__OUTCOME_VALUE,
	/* The loop is ended from outside: with the value of the stop, if there is one. */
	UMP__OUTCOME_STOP
};

/* Return what to do with a message of `kind`, depending on whether the loop is `over`; `abandoned`:
 * its requester has given up. */
/*@ requires kind: kind == UMP__KIND_POST || kind == UMP__KIND_REQUEST || kind == UMP__KIND_EOS ||
  @   kind == UMP__KIND_DELAYED || kind == UMP__KIND_ANSWER;
  @ terminates \true;
  @ assigns \result \from kind, abandoned, over;
  @ behavior eos:
  @   assumes kind == UMP__KIND_EOS;
  @   ensures disposition: \result == UMP__DISPOSITION_NOTHING;
  @ behavior given_up:
  @   assumes kind == UMP__KIND_REQUEST && abandoned;
  @   ensures disposition: \result == UMP__DISPOSITION_SKIP;
  @ behavior running:
  @   assumes kind == UMP__KIND_POST || kind == UMP__KIND_DELAYED ||
  @     (kind == UMP__KIND_REQUEST && !abandoned) || kind == UMP__KIND_ANSWER;
  @   assumes !over;
  @   ensures disposition: \result == UMP__DISPOSITION_HANDLE;
  @ behavior ended:
  @   assumes kind == UMP__KIND_POST || kind == UMP__KIND_DELAYED ||
  @     (kind == UMP__KIND_REQUEST && !abandoned);
  @   assumes over;
  @   ensures disposition: \result == UMP__DISPOSITION_LEFTOVER;
  @ behavior cancelled:
  @   assumes kind == UMP__KIND_ANSWER && over;
  @   ensures disposition: \result == UMP__DISPOSITION_RELEASE;
  @ complete behaviors;
  @ disjoint behaviors;
  @*/
enum ump__disposition ump__disposition_of(enum ump__kind kind, bool abandoned, bool over);

/* Return what the loop does before it handles a message of `kind`; `stopped`: a stop was accepted.
 * The marker that follows a stop is the EOS marker. */
/*@ requires kind: kind == UMP__KIND_POST || kind == UMP__KIND_REQUEST || kind == UMP__KIND_EOS ||
  @   kind == UMP__KIND_DUE || kind == UMP__KIND_DELAYED || kind == UMP__KIND_ANSWER;
  @ terminates \true;
  @ assigns \result \from kind, stopped;
  @ behavior stopped:
  @   assumes stopped;
  @   ensures outcome: \result == UMP__OUTCOME_STOP;
  @ behavior eos:
  @   assumes kind == UMP__KIND_EOS && !stopped;
  @   ensures outcome: \result == UMP__OUTCOME_NONE;
  @ behavior on:
  @   assumes kind != UMP__KIND_EOS && !stopped;
  @   ensures outcome: \result == UMP__OUTCOME_CONTINUE;
  @ complete behaviors;
  @ disjoint behaviors;
  @*/
enum ump__outcome ump__outcome_before(enum ump__kind kind, bool stopped);

/* Return what the loop does after a message of `kind`; `broke`: its handler ran, and broke. */
/*@ requires kind: kind == UMP__KIND_POST || kind == UMP__KIND_REQUEST || kind == UMP__KIND_EOS ||
  @   kind == UMP__KIND_DUE || kind == UMP__KIND_DELAYED || kind == UMP__KIND_ANSWER;
  @ terminates \true;
  @ assigns \result \from kind, broke;
  @ behavior eos:
  @   assumes kind == UMP__KIND_EOS;
  @   ensures outcome: \result == UMP__OUTCOME_NONE;
  @ behavior broke:
  @   assumes kind != UMP__KIND_EOS && broke;
  @   ensures outcome: \result == UMP__OUTCOME_VALUE;
  @ behavior on:
  @   assumes kind != UMP__KIND_EOS && !broke;
  @   ensures outcome: \result == UMP__OUTCOME_CONTINUE;
  @ complete behaviors;
  @ disjoint behaviors;
  @*/
enum ump__outcome ump__outcome_after(enum ump__kind kind, bool broke);

/* Return what the loop does after a message that led to `outcome`.  `drained`: the EOS marker was
 * reached.  `asks`: requests of the server itself that are in flight; the loop does not end with
 * none before they have ended. */
/*@ terminates \true;
  @ assigns \result \from outcome, drained, asks;
  @ behavior held:
  @   assumes outcome == UMP__OUTCOME_NONE && asks != 0;
  @   ensures outcome: \result == UMP__OUTCOME_CONTINUE;
  @ behavior last:
  @   assumes outcome == UMP__OUTCOME_CONTINUE && drained && asks == 0;
  @   ensures outcome: \result == UMP__OUTCOME_NONE;
  @ behavior same:
  @   assumes !(outcome == UMP__OUTCOME_NONE && asks != 0);
  @   assumes !(outcome == UMP__OUTCOME_CONTINUE && drained && asks == 0);
  @   ensures outcome: \result == outcome;
  @ complete behaviors;
  @ disjoint behaviors;
  @*/
enum ump__outcome ump__outcome_drained(enum ump__outcome outcome, bool drained, uint32_t asks);

#endif
