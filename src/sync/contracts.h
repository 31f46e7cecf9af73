/* SPDX-License-Identifier: 0BSD */
/*
 * What the prover sees of sync/atomic.h, which includes this: contracts of its functions instead of
 * C11 atomics.
 */
#ifndef UMP_SYNC_CONTRACTS_H
#define UMP_SYNC_CONTRACTS_H

#include "core/call.h"
#include "core/counts.h"
#include "core/inbox.h"
#include "core/permit.h"
#include "core/queue.h"
#include "sync/words.h"

#include <stdbool.h>
#include <stdint.h>

/*
 * Rely/guarantee (C. B. Jones, TOPLAS 1983).  The prover does not see other threads.  Instead, a
 * word that is read may hold anything that they can have left in it (rely), and a word must not be
 * published unless it is a legal step from the word that it replaces (guarantee).  This is sound
 * for each word by itself, at any memory order: whatever is read of a word was once published, and
 * a read-modify-write replaces the value that came just before it.
 *
 * What others can have left in a word depends on the role of the thread that reads it: only the
 * receiver takes, parks and closes; only the waiter sleeps and gives up; only the answerer
 * finishes, once.  The callers must keep to these roles, which the proofs assume.  The variables
 * here stand for what the thread knows by its role and from what it has seen; they are ghosts,
 * which exist for the prover only.
 */
enum ump__knowledge {
	/* ---- Of an inbox ---- */
	/* A sender: anything. */
	UMP__KNOWS_NOTHING,
	/* The receiver is awake: the inbox is empty, or there are nodes. */
	UMP__KNOWS_AWAKE,
	/* The receiver has parked: the inbox is still parked, or there are nodes. */
	UMP__KNOWS_PARKED,
	/* The receiver has seen nodes: they stay until it takes them. */
	UMP__KNOWS_NODES,
	/* The inbox is closed, for good. */
	UMP__KNOWS_CLOSED,

	/* ---- Of a call ---- */
	/* The waiter is awake: the call is pending or done. */
	UMP__KNOWS_WAITER,
	/* The waiter has published that it sleeps: the call is still waiting, or done. */
	UMP__KNOWS_WAITING,
	/* The waiter has seen that the call is done, and owns it. */
	UMP__KNOWS_ANSWERED,
	/* The answerer must finish the call. */
	UMP__KNOWS_ANSWERER,
	/* The answerer has seen that the waiter gave up. */
	UMP__KNOWS_ABANDONED,
	/* This side has left, and must not read the word any more. */
	UMP__KNOWS_LEFT
};

/* What this thread knows of the word that it works on. */
/*@ ghost extern enum ump__knowledge ump__knows; */
/* It has replaced a sleeper's word and must still wake the sleeper. */
/*@ ghost extern bool ump__owes_wake; */
/* It has cleared its notifier, which from now on is raised only for what is new. */
/*@ ghost extern bool ump__silent; */
/* Nodes that it has pushed, and calls that it has finished. */
/*@ ghost extern uint64_t ump__pushed; */
/*@ ghost extern uint64_t ump__finished; */
/* The word that it replaced when it finished a call. */
/*@ ghost extern uintptr_t ump__found; */
/* Nodes that it took out last, and the queue that they go to. */
/*@ ghost extern size_t ump__taken; */
/*@ ghost extern struct ump__queue *ump__filled; */
/* What it saw or published last in the counts, the references that it owns, and whether it has
 * acquired what others did with theirs. */
/*@ ghost extern uint64_t ump__last_counts; */
/*@ ghost extern uint64_t ump__own_strong; */
/*@ ghost extern uint64_t ump__own_weak; */
/*@ ghost extern bool ump__settled; */
/* The capacity of the inbox that it works on, what it saw or published last in its two words, and
 * the permits that it owns; whether it holds the lock of the wait queue, and if so, whether there
 * is a wait queue. */
/*@ ghost extern uint32_t ump__capacity; */
/*@ ghost extern uint64_t ump__last_taken; */
/*@ ghost extern uint64_t ump__last_limit; */
/*@ ghost extern uint32_t ump__own_permits; */
/*@ ghost extern bool ump__has_lock; */
/*@ ghost extern bool ump__has_queue; */

/*@ logic struct ump__node *node_at(uintptr_t w) = (struct ump__node *)w;
  @
  @ predicate inbox_rely(enum ump__knowledge k, uintptr_t w) = is_inbox(w) &&
  @   (k == UMP__KNOWS_AWAKE ==> w == UMP__INBOX_EMPTY || is_node_word(w)) &&
  @   (k == UMP__KNOWS_PARKED ==> w == UMP__INBOX_PARKED || is_node_word(w)) &&
  @   (k == UMP__KNOWS_NODES ==> is_node_word(w)) &&
  @   (k == UMP__KNOWS_CLOSED ==> w == UMP__INBOX_CLOSED);
  @
  @ // Knowledge after a read of an inbox: a thread that knew k has read w.
  @ logic integer inbox_learnt(enum ump__knowledge k, uintptr_t w) =
  @   (k == UMP__KNOWS_AWAKE || k == UMP__KNOWS_PARKED) && w >= 4 ? UMP__KNOWS_NODES :
  @   k == UMP__KNOWS_NOTHING && w == UMP__INBOX_CLOSED ? UMP__KNOWS_CLOSED : k;
  @
  @ predicate of_sender(enum ump__knowledge k) =
  @   k == UMP__KNOWS_NOTHING || k == UMP__KNOWS_CLOSED;
  @ predicate of_receiver(enum ump__knowledge k) = k == UMP__KNOWS_AWAKE || k == UMP__KNOWS_NODES;
  @
  @ // The node x that is pushed on top of w points to the node that w names.
  @ predicate is_linked{L}(uintptr_t w, uintptr_t x) = \valid{L}(node_at(x)) &&
  @   node_at(x)->next == (w >= 4 ? node_at(w) : (struct ump__node *)\null);
  @
  @ // Carried by the release of the senders and the acquire of the receiver; no proof about one
  @ // word can show it: the nodes are linked, and belong to the receiver.
  @ predicate is_carried{L}(uintptr_t w, size_t n, struct ump__queue *q) =
  @   \exists \list<struct ump__node *> l;
  @   is_stack{L}(node_at(top_of(w)), l) && \length(l) == n && is_apart(q, l);
  @
  @ predicate call_rely(enum ump__knowledge k, uintptr_t w) = is_call(w) &&
  @   (k == UMP__KNOWS_WAITER ==> w == UMP__CALL_PENDING || w == UMP__CALL_DONE) &&
  @   (k == UMP__KNOWS_WAITING ==> w == UMP__CALL_WAITING || w == UMP__CALL_DONE) &&
  @   (k == UMP__KNOWS_ANSWERED ==> w == UMP__CALL_DONE) &&
  @   (k == UMP__KNOWS_ANSWERER ==> w != UMP__CALL_DONE) &&
  @   (k == UMP__KNOWS_ABANDONED ==> w == UMP__CALL_ABANDONED);
  @
  @ logic integer call_learnt(enum ump__knowledge k, uintptr_t w) =
  @   (k == UMP__KNOWS_WAITER || k == UMP__KNOWS_WAITING) && w == UMP__CALL_DONE ?
  @     UMP__KNOWS_ANSWERED :
  @   k == UMP__KNOWS_ANSWERER && w == UMP__CALL_ABANDONED ? UMP__KNOWS_ABANDONED : k;
  @
  @ predicate of_waiter(enum ump__knowledge k) = k == UMP__KNOWS_WAITER || k == UMP__KNOWS_ANSWERED;
  @ predicate of_answerer(enum ump__knowledge k) =
  @   k == UMP__KNOWS_ANSWERER || k == UMP__KNOWS_ABANDONED;
  @
  @ // The word counts all weak references that this thread owns, and that of the strong handles.
  @ predicate counts_rely(integer weak, uint64_t w) = is_counts(w) &&
  @   (strong_of(w) > 0 ==> weak_of(w) > weak);
  @
  @ // The limit is at least as recent as the taken word that this thread has read, which the
  @ // release of the senders carries.  A wait queue begins and ends under the lock only.
  @ predicate limit_rely{L}(uint64_t w, uint64_t l) = is_limit(l) &&
  @   vacant_of(w, l) < UMP__PERMIT_MODULUS / 2 &&
  @   (ump__has_lock ==> (l >= UMP__PERMIT_QUEUE <==> ump__has_queue == \true));
  @*/

/*@ requires \valid(word);
  @ terminates \true;
  @ assigns word->value \from value;
  @ ensures word->value == value;
  @*/
void ump__word_init(struct ump__word *word, uintptr_t value);

/* Of the files that are proved only src/channel/inbox.c and src/channel/combiner.c use this. */
/*@ requires \valid_read(word);
  @ terminates \true;
  @ assigns \result, ump__knows \from word->value, ump__knows;
  @ ensures rely: inbox_rely(\old(ump__knows), \result);
  @ ensures learnt: ump__knows == inbox_learnt(\old(ump__knows), \result);
  @*/
uintptr_t ump__word_peek(const struct ump__word *word);

/*@ requires \valid(word) && \valid(seen) && \separated(word, seen);
  @ requires role: of_sender(ump__knows);
  @ requires guarantee: is_inbox(*seen) && inbox_pushes(*seen, next);
  @ requires linked: is_linked(*seen, next);
  @ requires quiet: ump__owes_wake == \false;
  @ terminates \true;
  @ assigns word->value, *seen, \result, ump__knows, ump__owes_wake, ump__pushed
  @   \from word->value, *seen, next, ump__knows, ump__pushed;
  @ ensures rely: \result == \false ==> inbox_rely(\old(ump__knows), *seen) &&
  @   ump__knows == inbox_learnt(\old(ump__knows), *seen);
  @ ensures refused: \result == \false ==>
  @   ump__owes_wake == \false && ump__pushed == \old(ump__pushed);
  @ ensures done: \result ==> *seen == \old(*seen) && ump__knows == \old(ump__knows);
  @ ensures owes: \result ==> (ump__owes_wake <==> \old(*seen) == UMP__INBOX_PARKED);
  @ ensures once: \result ==> ump__pushed == (uint64_t)(\old(ump__pushed) + 1);
  @*/
bool ump__inbox_word_push(struct ump__word *word, uintptr_t *seen, uintptr_t next);

/* An exchange does not know what it replaces.  The receiver has seen that these are nodes, and no
 * other thread takes them. */
/*@ requires \valid(word);
  @ requires role: ump__knows == UMP__KNOWS_NODES;
  @ terminates \true;
  @ assigns word->value, \result, ump__knows, ump__taken, { x->next | struct ump__node *x; \true }
  @   \from word->value;
  @ ensures rely: inbox_rely(\old(ump__knows), \result);
  @ ensures guarantee: inbox_takes(\result, UMP__INBOX_EMPTY);
  @ ensures awake: ump__knows == UMP__KNOWS_AWAKE;
  @ ensures carried: is_carried(\result, ump__taken, ump__filled) && ump__taken > 0;
  @*/
uintptr_t ump__inbox_word_take(struct ump__word *word);

/*@ requires \valid(word) && \valid(seen) && \separated(word, seen);
  @ requires guarantee: (ump__knows == UMP__KNOWS_AWAKE && inbox_parks(*seen, next)) ||
  @   (ump__knows == UMP__KNOWS_PARKED && inbox_unparks(*seen, next));
  @ terminates \true;
  @ assigns word->value, *seen, \result, ump__knows \from word->value, *seen, next, ump__knows;
  @ ensures rely: \result == \false ==> *seen != \old(*seen) &&
  @   inbox_rely(\old(ump__knows), *seen) && ump__knows == inbox_learnt(\old(ump__knows), *seen);
  @ ensures done: \result ==> *seen == \old(*seen) &&
  @   ump__knows == (next == UMP__INBOX_PARKED ? UMP__KNOWS_PARKED : UMP__KNOWS_AWAKE);
  @*/
bool ump__inbox_word_park(struct ump__word *word, uintptr_t *seen, uintptr_t next);

/* The next three functions are for an inbox whose receiver is the combiner.  A sender whose push or
 * claim replaces PARKED is the combiner from then on, and knows nothing again once it has released
 * the role. */
/*@ requires \valid(word) && \valid(seen) && \separated(word, seen);
  @ requires role: of_sender(ump__knows);
  @ requires guarantee: is_inbox(*seen) && inbox_pushes(*seen, next);
  @ requires linked: is_linked(*seen, next);
  @ terminates \true;
  @ assigns word->value, *seen, \result, ump__knows, ump__pushed
  @   \from word->value, *seen, next, ump__knows, ump__pushed;
  @ ensures rely: \result == \false ==> inbox_rely(\old(ump__knows), *seen) &&
  @   ump__knows == inbox_learnt(\old(ump__knows), *seen);
  @ ensures refused: \result == \false ==> ump__pushed == \old(ump__pushed);
  @ ensures done: \result ==> *seen == \old(*seen);
  @ ensures combiner: \result ==> ump__knows ==
  @   (\old(*seen) == UMP__INBOX_PARKED ? UMP__KNOWS_NODES : \old(ump__knows));
  @ ensures once: \result ==> ump__pushed == (uint64_t)(\old(ump__pushed) + 1);
  @*/
bool ump__inbox_word_push_combiner(struct ump__word *word, uintptr_t *seen, uintptr_t next);

/*@ requires \valid(word) && \valid(seen) && \separated(word, seen);
  @ requires role: of_sender(ump__knows);
  @ requires guarantee: inbox_unparks(*seen, next);
  @ terminates \true;
  @ assigns word->value, *seen, \result, ump__knows \from word->value, *seen, next, ump__knows;
  @ ensures rely: \result == \false ==> inbox_rely(\old(ump__knows), *seen) &&
  @   ump__knows == inbox_learnt(\old(ump__knows), *seen);
  @ ensures done: \result ==> *seen == \old(*seen) && ump__knows == UMP__KNOWS_AWAKE;
  @*/
bool ump__inbox_word_claim(struct ump__word *word, uintptr_t *seen, uintptr_t next);

/*@ requires \valid(word) && \valid(seen) && \separated(word, seen);
  @ requires guarantee: ump__knows == UMP__KNOWS_AWAKE && inbox_parks(*seen, next);
  @ terminates \true;
  @ assigns word->value, *seen, \result, ump__knows \from word->value, *seen, next, ump__knows;
  @ ensures rely: \result == \false ==> *seen != \old(*seen) &&
  @   inbox_rely(\old(ump__knows), *seen) && ump__knows == inbox_learnt(\old(ump__knows), *seen);
  @ ensures done: \result ==> *seen == \old(*seen) && ump__knows == UMP__KNOWS_NOTHING;
  @*/
bool ump__inbox_word_release(struct ump__word *word, uintptr_t *seen, uintptr_t next);

/* Any word may become closed, and only the receiver closes: once. */
/*@ requires \valid(word);
  @ requires role: of_receiver(ump__knows) || ump__knows == UMP__KNOWS_PARKED;
  @ terminates \true;
  @ assigns word->value, \result, ump__knows, ump__taken, { x->next | struct ump__node *x; \true }
  @   \from word->value;
  @ ensures rely: inbox_rely(\old(ump__knows), \result);
  @ ensures closed: ump__knows == UMP__KNOWS_CLOSED;
  @ ensures carried: is_carried(\result, ump__taken, ump__filled);
  @*/
uintptr_t ump__inbox_word_close(struct ump__word *word);

/*@ requires \valid_read(word);
  @ requires role: ump__knows == UMP__KNOWS_WAITING || of_waiter(ump__knows) ||
  @   of_answerer(ump__knows);
  @ terminates \true;
  @ assigns \result, ump__knows \from word->value, ump__knows;
  @ ensures rely: call_rely(\old(ump__knows), \result);
  @ ensures learnt: ump__knows == call_learnt(\old(ump__knows), \result);
  @*/
uintptr_t ump__call_word_load(const struct ump__word *word);

/* There is one answerer, which finishes once: so the word that this replaces is not done. */
/*@ requires \valid(word);
  @ requires role: of_answerer(ump__knows);
  @ requires quiet: ump__owes_wake == \false;
  @ terminates \true;
  @ assigns word->value, \result, ump__knows, ump__owes_wake, ump__found, ump__finished
  @   \from word->value, ump__knows, ump__finished;
  @ ensures rely: call_rely(\old(ump__knows), \result) && ump__found == \result;
  @ ensures guarantee: call_finishes(\result, UMP__CALL_DONE);
  @ ensures left: ump__knows == UMP__KNOWS_LEFT;
  @ ensures owes: ump__owes_wake <==> \result == UMP__CALL_WAITING;
  @ ensures once: ump__finished == (uint64_t)(\old(ump__finished) + 1);
  @*/
uintptr_t ump__call_word_finish(struct ump__word *word);

/*@ requires \valid(word) && \valid(seen) && \separated(word, seen);
  @ requires guarantee: (ump__knows == UMP__KNOWS_WAITER && call_sleeps(*seen, next)) ||
  @   (ump__knows == UMP__KNOWS_WAITING && call_unparks(*seen, next));
  @ terminates \true;
  @ assigns word->value, *seen, \result, ump__knows \from word->value, *seen, next, ump__knows;
  @ ensures rely: \result == \false ==> *seen != \old(*seen) &&
  @   call_rely(\old(ump__knows), *seen) && ump__knows == call_learnt(\old(ump__knows), *seen);
  @ ensures done: \result ==> *seen == \old(*seen) &&
  @   ump__knows == (next == UMP__CALL_WAITING ? UMP__KNOWS_WAITING : UMP__KNOWS_WAITER);
  @*/
bool ump__call_word_wait(struct ump__word *word, uintptr_t *seen, uintptr_t next);

/*@ requires \valid(word) && \valid(seen) && \separated(word, seen);
  @ requires role: ump__knows == UMP__KNOWS_WAITER || ump__knows == UMP__KNOWS_WAITING;
  @ requires guarantee: call_abandons(*seen, next);
  @ terminates \true;
  @ assigns word->value, *seen, \result, ump__knows \from word->value, *seen, next, ump__knows;
  @ ensures rely: \result == \false ==> *seen != \old(*seen) &&
  @   call_rely(\old(ump__knows), *seen) && ump__knows == call_learnt(\old(ump__knows), *seen);
  @ ensures done: \result ==> *seen == \old(*seen) && ump__knows == UMP__KNOWS_LEFT;
  @*/
bool ump__call_word_abandon(struct ump__word *word, uintptr_t *seen, uintptr_t next);

/*@ requires \valid(counts);
  @ terminates \true;
  @ assigns counts->value \from \nothing;
  @ ensures counts->value == UMP__COUNTS_FIRST;
  @*/
void ump__counts_init(struct ump__counts *counts);

/*@ requires \valid_read(counts);
  @ terminates \true;
  @ assigns \result, ump__last_counts \from counts->value;
  @ ensures rely: counts_rely(ump__own_weak, \result) && ump__last_counts == \result;
  @*/
uint64_t ump__counts_load(const struct ump__counts *counts);

/*@ requires \valid(counts) && \valid(seen) && \separated(counts, seen);
  @ requires role: ump__own_strong > 0 || ump__own_weak > 0;
  @ requires guarantee: is_counts(*seen) && is_counts(next) &&
  @   (adds_strong(*seen, next) || adds_weak(*seen, next));
  @ terminates \true;
  @ assigns counts->value, *seen, \result, ump__last_counts, ump__own_strong, ump__own_weak
  @   \from counts->value, *seen, next, ump__own_strong, ump__own_weak;
  @ ensures rely: \result == \false ==> counts_rely(ump__own_weak, *seen) &&
  @   ump__last_counts == *seen;
  @ ensures refused: \result == \false ==>
  @   ump__own_strong == \old(ump__own_strong) && ump__own_weak == \old(ump__own_weak);
  @ ensures done: \result ==> *seen == \old(*seen) && ump__last_counts == next;
  @ ensures strong: \result ==> ump__own_strong ==
  @   (uint64_t)(\old(ump__own_strong) + strong_of(next) - strong_of(\old(*seen)));
  @ ensures weak: \result ==> ump__own_weak ==
  @   (uint64_t)(\old(ump__own_weak) + weak_of(next) - weak_of(\old(*seen)));
  @*/
bool ump__counts_add(struct ump__counts *counts, uint64_t *seen, uint64_t next);

/* The thread that drops the last strong reference gets the weak one that all of them shared. */
/*@ requires \valid(counts) && \valid(seen) && \separated(counts, seen);
  @ requires guarantee: is_counts(*seen) && is_counts(next) &&
  @   ((drops_strong(*seen, next) && ump__own_strong > 0) ||
  @   (drops_weak(*seen, next) && ump__own_weak > 0));
  @ terminates \true;
  @ assigns counts->value, *seen, \result, ump__last_counts, ump__own_strong, ump__own_weak,
  @   ump__settled \from counts->value, *seen, next, ump__own_strong, ump__own_weak;
  @ ensures rely: \result == \false ==> counts_rely(ump__own_weak, *seen) &&
  @   ump__last_counts == *seen;
  @ ensures refused: \result == \false ==>
  @   ump__own_strong == \old(ump__own_strong) && ump__own_weak == \old(ump__own_weak);
  @ ensures done: \result ==> *seen == \old(*seen) && ump__last_counts == next &&
  @   ump__settled == \false;
  @ ensures strong: \result && drops_strong(\old(*seen), next) ==>
  @   ump__own_strong == \old(ump__own_strong) - 1 && ump__own_weak ==
  @   (uint64_t)(\old(ump__own_weak) + (strong_of(next) == 0 ? 1 : 0));
  @ ensures weak: \result && drops_weak(\old(*seen), next) ==>
  @   ump__own_weak == \old(ump__own_weak) - 1 && ump__own_strong == \old(ump__own_strong);
  @*/
bool ump__counts_drop(struct ump__counts *counts, uint64_t *seen, uint64_t next);

/*@ requires \valid_read(counts);
  @ terminates \true;
  @ assigns ump__settled \from \nothing;
  @ ensures ump__settled == \true;
  @*/
void ump__counts_settle(const struct ump__counts *counts);

/*@ requires \valid(permits);
  @ requires bound: capacity <= UMP__PERMIT_MOST;
  @ terminates \true;
  @ assigns *permits \from capacity;
  @ ensures permits->taken == 0 && permits->limit == capacity && permits->capacity == capacity;
  @*/
void ump__permits_init(struct ump__permits *permits, uint32_t capacity);

/*@ requires \valid_read(permits);
  @ terminates \true;
  @ assigns \result, ump__last_taken \from permits->taken;
  @ ensures rely: ump__last_taken == \result;
  @*/
uint64_t ump__taken_load(const struct ump__permits *permits);

/* Invariant: the taken permits never exceed the limit; nor do those known to be free, since the
 * sender that found them has read the limit.  So a legal step that succeeds leaves both within the
 * limit, and none succeeds while there is a wait queue. */
/*@ requires \valid(permits) && \valid(seen) && \separated(permits, seen);
  @ requires guarantee: permit_takes(*seen, next) ||
  @   (permit_looks(*seen, ump__last_limit, next) && ump__last_taken == *seen);
  @ terminates \true;
  @ assigns permits->taken, *seen, \result, ump__last_taken, ump__own_permits
  @   \from permits->taken, *seen, next, ump__own_permits;
  @ ensures refused: \result == \false ==>
  @   ump__last_taken == *seen && ump__own_permits == \old(ump__own_permits);
  @ ensures done: \result ==> *seen == \old(*seen) && ump__last_taken == next;
  @ ensures takes: \result ==> ump__own_permits == \old(ump__own_permits) + 1 &&
  @   ump__own_permits <= ump__capacity;
  @ ensures behind: \result ==> !(ump__has_lock && ump__has_queue == \true);
  @*/
bool ump__taken_change(struct ump__permits *permits, uint64_t *seen, uint64_t next);

/*@ requires \valid_read(permits);
  @ terminates \true;
  @ assigns \result, ump__last_limit \from permits->limit, ump__last_taken;
  @ ensures rely: limit_rely(ump__last_taken, \result) && ump__last_limit == \result;
  @*/
uint64_t ump__limit_load(const struct ump__permits *permits);

/*@ requires \valid(permits) && \valid(seen) && \separated(permits, seen);
  @ requires guarantee: is_limit(*seen) && ((permit_gives(*seen, next) && ump__own_permits > 0) ||
  @   (permit_begins(ump__last_taken, *seen, next) && ump__has_lock && ump__has_queue == \false) ||
  @   (permit_ends(*seen, next) && ump__has_lock && ump__has_queue == \true));
  @ terminates \true;
  @ assigns permits->limit, *seen, \result, ump__last_limit, ump__own_permits, ump__has_queue
  @   \from permits->limit, *seen, next, ump__own_permits, ump__has_queue;
  @ ensures rely: \result == \false ==> limit_rely(ump__last_taken, *seen) &&
  @   ump__last_limit == *seen;
  @ ensures refused: \result == \false ==>
  @   ump__own_permits == \old(ump__own_permits) && ump__has_queue == \old(ump__has_queue);
  @ ensures done: \result ==> *seen == \old(*seen) && ump__last_limit == next;
  @ ensures gives: \result && permit_gives(\old(*seen), next) ==>
  @   ump__own_permits == \old(ump__own_permits) - 1 && ump__has_queue == \old(ump__has_queue);
  @ ensures begins: \result && next == \old(*seen) + UMP__PERMIT_QUEUE ==>
  @   ump__own_permits == \old(ump__own_permits) && ump__has_queue == \true;
  @ ensures ends: \result && permit_ends(\old(*seen), next) ==>
  @   ump__own_permits == \old(ump__own_permits) && ump__has_queue == \false;
  @*/
bool ump__limit_change(struct ump__permits *permits, uint64_t *seen, uint64_t next);

/*@ requires \valid_read(permits);
  @ terminates \true;
  @ assigns \result \from permits->reach;
  @ ensures rely: \result <= ump__capacity;
  @*/
uint32_t ump__reach_load(const struct ump__permits *permits);

/*@ requires \valid(permits);
  @ requires guarantee: reach <= ump__capacity;
  @ terminates \true;
  @ assigns permits->reach \from permits->reach, reach;
  @*/
void ump__reach_raise(struct ump__permits *permits, uint32_t reach);

/*@ requires \valid(hint);
  @ terminates \true;
  @ assigns hint->value \from value;
  @*/
void ump__hint_init(struct ump__hint *hint, int value);

/*@ requires \valid_read(hint);
  @ terminates \true;
  @ assigns \result \from hint->value;
  @*/
int ump__hint_get(const struct ump__hint *hint);

/*@ requires \valid(hint);
  @ terminates \true;
  @ assigns hint->value \from value;
  @*/
void ump__hint_set(struct ump__hint *hint, int value);

#endif
