/* SPDX-License-Identifier: 0BSD */
/*
 * The state of a delayed post, which its controllers and its dispatcher change.  It decides which
 * side owns the value: a cancel owns it if no call is under way; otherwise the dispatcher does.
 *
 * The link of the post is in the list of news, or about to be, while LINKED is set.  The dispatcher
 * clears that as it takes the link; so does the thread that finds the list closed.  OVER is set by
 * the dispatcher's last step.  If LINKED is clear then, the dispatcher drops the reference of the
 * server's side; otherwise the thread that clears LINKED does.  The dispatcher drops it, too, when
 * it takes the link of a post that was cancelled.  Each function maps the word to the next one;
 * none reads memory.
 */
#ifndef UMP_CORE_DELAYED_H
#define UMP_CORE_DELAYED_H

#include <stdbool.h>
#include <stdint.h>

/* The link is in the list of news. */
#define UMP__DELAYED_LINKED ((uintptr_t)1)
/* The message that wakes the dispatcher is in the inbox. */
#define UMP__DELAYED_QUEUED ((uintptr_t)2)
/* No call begins. */
#define UMP__DELAYED_PAUSED ((uintptr_t)4)
/* A call is under way. */
#define UMP__DELAYED_RUNNING ((uintptr_t)8)
/* No call begins, ever. */
#define UMP__DELAYED_CANCELLED ((uintptr_t)16)
/* The dispatcher has done with it: its only call was made, or the loop has ended. */
#define UMP__DELAYED_OVER ((uintptr_t)32)

/* A post that is sent. */
#define UMP__DELAYED_FIRST (UMP__DELAYED_LINKED | UMP__DELAYED_QUEUED)

/*@ predicate has_state(uintptr_t w, integer b) = w / b % 2 == 1;
  @ predicate is_settled(uintptr_t w) =
  @   has_state(w, UMP__DELAYED_CANCELLED) || has_state(w, UMP__DELAYED_OVER);
  @ predicate is_delayed(uintptr_t w) = w < 64;
  @*/

struct ump__delayed_step {
	uintptr_t next;
	/* Whether the step is legal; otherwise `next` is the word as it was. */
	bool taken;
	/* The caller must put the link into the list of news. */
	bool link;
};

/* A controller cancels.  Refused if that has happened before, or the post is over. */
/*@ requires inv: is_delayed(word);
  @ terminates \true;
  @ assigns \result \from word;
  @ ensures inv: is_delayed(\result.next);
  @ ensures taken: \result.taken <==> !is_settled(word);
  @ ensures cancelled: \result.taken ==> has_state(\result.next, UMP__DELAYED_CANCELLED);
  @ ensures same: !\result.taken ==> \result.next == word && !\result.link;
  @ ensures link: \result.link ==> has_state(\result.next, UMP__DELAYED_LINKED) &&
  @   !has_state(word, UMP__DELAYED_LINKED) && !has_state(word, UMP__DELAYED_RUNNING);
  @*/
struct ump__delayed_step ump__delayed_cancel_step(uintptr_t word);

/* A controller pauses.  Refused as a cancel. */
/*@ requires inv: is_delayed(word);
  @ terminates \true;
  @ assigns \result \from word;
  @ ensures inv: is_delayed(\result.next);
  @ ensures taken: \result.taken <==> !is_settled(word);
  @ ensures paused: \result.taken ==> has_state(\result.next, UMP__DELAYED_PAUSED);
  @ ensures same: !\result.taken ==> \result.next == word;
  @ ensures link: !\result.link;
  @*/
struct ump__delayed_step ump__delayed_pause_step(uintptr_t word);

/* A controller has changed the period, or resumes: the dispatcher must plan the next call again.
 * While a call is under way, it does so afterwards.  Refused as a cancel. */
/*@ requires inv: is_delayed(word);
  @ terminates \true;
  @ assigns \result \from word, resume;
  @ ensures inv: is_delayed(\result.next);
  @ ensures taken: \result.taken <==> !is_settled(word);
  @ ensures resumed: \result.taken && resume ==> !has_state(\result.next, UMP__DELAYED_PAUSED);
  @ ensures same: !\result.taken ==> \result.next == word && !\result.link;
  @ ensures seen: \result.taken ==> has_state(\result.next, UMP__DELAYED_LINKED) ||
  @   has_state(\result.next, UMP__DELAYED_RUNNING);
  @ ensures link: \result.link ==> !has_state(word, UMP__DELAYED_LINKED);
  @*/
struct ump__delayed_step ump__delayed_renew_step(uintptr_t word, bool resume);

/* The dispatcher begins a call.  Refused if the post is paused, was cancelled or is over. */
/*@ requires inv: is_delayed(word);
  @ terminates \true;
  @ assigns \result \from word;
  @ ensures inv: is_delayed(\result.next);
  @ ensures taken: \result.taken <==>
  @   !is_settled(word) && !has_state(word, UMP__DELAYED_PAUSED);
  @ ensures running: \result.taken ==> has_state(\result.next, UMP__DELAYED_RUNNING);
  @ ensures same: !\result.taken ==> \result.next == word;
  @ ensures link: !\result.link;
  @*/
struct ump__delayed_step ump__delayed_begin_step(uintptr_t word);

/* The dispatcher ends a call; `again`: a further one is planned, unless the post was cancelled.
 * `taken` is whether the post stays pending.  If not `again`, the post is over, called or not. */
/*@ requires inv: is_delayed(word);
  @ terminates \true;
  @ assigns \result \from word, again;
  @ ensures inv: is_delayed(\result.next);
  @ ensures taken: \result.taken <==> again && !is_settled(word);
  @ ensures ended: !has_state(\result.next, UMP__DELAYED_RUNNING);
  @ ensures over: !again ==> has_state(\result.next, UMP__DELAYED_OVER);
  @ ensures link: !\result.link;
  @*/
struct ump__delayed_step ump__delayed_finish_step(uintptr_t word, bool again);

/* Return whether no further call begins. */
/*@ terminates \true;
  @ assigns \result \from word;
  @ ensures settled: \result <==> is_settled(word);
  @*/
bool ump__delayed_is_settled(uintptr_t word);

/* Return the planned time that follows `last`; UMP__TIMER_NEVER (core/timer.h) if it cannot be
 * represented. */
/*@ requires times: 0 <= last && 0 <= period;
  @ terminates \true;
  @ assigns \result \from last, period;
  @ ensures plan: \result == (last + period <= INT64_MAX ? last + period : INT64_MAX);
  @*/
int64_t ump__delayed_plan(int64_t last, int64_t period);

#endif
