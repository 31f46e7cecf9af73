/* SPDX-License-Identifier: 0BSD */
/**
 * @file contracts.h
 * Contracts for proofs of programs that use ump_server.h or ump_server/typed.h, in ACSL, for
 * Frama-C's plug-in WP.  ump_contracts(7) is the manual page, with an example.
 *
 * An ordinary compiler sees two includes and nothing else.  Frama-C must get two options of the
 * preprocessor; the program needs no change:
 *
 *     frama-c -wp -wp-rte -cpp-extra-args="-CC -include ump_server/contracts.h" program.c
 *
 * Ownership is stated about one arbitrary address, `ump__one`: what is proved of it is proved of
 * every handle, context and pointer.  `ump__one_is` is its state, and `ump_owned` counts all that
 * the running code owns.  A callback owns what its server holds and what came with the message;
 * main owns what it has created and not yet given away.
 *
 * A program states in annotations what its messages and its servers are (UMP_MESSAGE and
 * UMP_SERVER), and the contract of each callback by two macros, such as UMP_REQUEST and UMP_HELD.
 */
#ifndef UMP_SERVER_CONTRACTS_H
#define UMP_SERVER_CONTRACTS_H

#ifdef __FRAMAC__
#define UMP_API /* an attribute would become one of each result's type */
#endif
#include "../ump_server.h"
#include "typed.h"

#ifdef __FRAMAC__
#include <stdlib.h>
#include <string.h>

/* Clauses are not C. */
/* clang-format off */

/* ---- Ghost state ---------------------------------------------------------------------------- */

/* What an address is to the running code. */
#define UMP__NOTHING 0
#define UMP__LENT    1
#define UMP__OURS    2
/* Ours since this call of a callback. */
#define UMP__GIVEN   3

/*@ ghost uintptr_t ump__one; */
/*@ ghost int ump__one_is; */
/*@ ghost uint64_t ump_owned; */

/* A pointer as a number, which WP compares whatever its type is. */
#define UMP_AT(p) ((p) == \null ? 0 : (uintptr_t)(p))

/* The ghost state, in an `assigns` clause: of code that sends, answers, creates or drops. */
#define UMP_OWNERSHIP ump__one_is, ump_owned

/*@ predicate ump__is_ours(integer a) = a != 0 && (a == ump__one ==> ump__one_is >= UMP__OURS);
  @ predicate ump__is_usable(integer a) = a != 0 && (a == ump__one ==> ump__one_is >= UMP__LENT);
  @ predicate ump__is_given(integer a) = a != 0 && (a == ump__one ==> ump__one_is == UMP__GIVEN);
  @ predicate ump__is_lent(integer a) = a != 0 && (a == ump__one ==> ump__one_is == UMP__LENT);
  @ predicate ump__hits(integer one, integer a, integer b) = one != 0 && (one == a || one == b);
  @ logic integer ump__count(integer a) = a == 0 ? 0 : 1;
  @*/

/* No address has changed its owner. */
/*@ predicate ump__same{A, B} =
  @     \at(ump__one_is, B) == \at(ump__one_is, A) && \at(ump_owned, B) == \at(ump_owned, A);
  @*/

/* Two addresses are not ours any more, and two are ours since then; 0 is none. */
/*@ predicate ump__change{A, B}(integer gone, integer lost, integer came, integer got) =
  @     (ump__hits(\at(ump__one, A), came, got) ==>
  @         \at(ump__one_is, A) == UMP__NOTHING && \at(ump__one_is, B) == UMP__OURS)
  @     && (!ump__hits(\at(ump__one, A), came, got) && ump__hits(\at(ump__one, A), gone, lost) ==>
  @         \at(ump__one_is, B) == UMP__NOTHING)
  @     && (!ump__hits(\at(ump__one, A), came, got) && !ump__hits(\at(ump__one, A), gone, lost) ==>
  @         \at(ump__one_is, B) == \at(ump__one_is, A))
  @     && \at(ump_owned, B) == \at(ump_owned, A) - ump__count(gone) - ump__count(lost)
  @         + ump__count(came) + ump__count(got);
  @*/

/* Without -CC the preprocessor drops the contracts of typed functions; this fails then. */
#define UMP__CC /*@ predicate ump_frama_c_needs_the_option_CC = \true; */
UMP__CC
/*@ predicate ump__comments_are_kept = ump_frama_c_needs_the_option_CC; */

/* ---- What a program states of its types ----------------------------------------------------- */

/*
 * In an annotation before UMP_TYPED, for each type of message, here called `msg`: the pointer in it
 * that has one owner, as UMP_AT(msg->p), or 0; and the condition that each message of the type
 * satisfies when it is sent.
 */
#define UMP_MESSAGE(type, msg, points_to, ...) \
	logic integer ump_points_to(type *msg) = points_to; \
	predicate ump_message(type *msg) = __VA_ARGS__;

/*
 * In an annotation before UMP_TYPED_HANDLER, of the state of the server, here called `self`: how
 * many handles, contexts and pointers with owners it holds; whether it holds the address `a`; and
 * its invariant between two callbacks.
 */
#define UMP_SERVER(type, self, a, count, holds, ...) \
	logic integer ump_holds(type *self) = count; \
	predicate ump_has(type *self, integer a) = a != 0 && (holds); \
	predicate ump_sound(type *self) = __VA_ARGS__;

/* ---- For a program's annotations ------------------------------------------------------------ */

/* A handle, a context or a pointer that the running code must consume, or has lent. */
#define UMP_OURS(p)        ((p) != \null && ump__is_ours(UMP_AT(p)))
#define UMP_USABLE(p)      ((p) != \null && ump__is_usable(UMP_AT(p)))
/* A variable for a kept context: what an answer through it changes is not followed. */
#define UMP_KEPT(rc)       ((rc).ump__message == \null && (rc).ump__reply == \null)
/* Two pointers to things with owners do not denote the same one. */
#define UMP_DISTINCT(p, q) (UMP_AT(p) == 0 || UMP_AT(p) != UMP_AT(q) || UMP_AT(p) != ump__one)

/* Before a call of `init`, `term` or `drop`: the server owns what it holds, and nothing else. */
#define UMP_IDLE(self) \
	\valid(self) && ump_sound(self) && ump_owned == ump_holds(self) \
	&& (ump_has(self, ump__one) <==> ump__one != 0 && ump__one_is == UMP__OURS) \
	&& ump__one_is <= UMP__OURS

/* Before a call of `request` or `leftover_request`. */
#define UMP_REQUEST(self, msg, rc) \
	\valid(self) && \valid(rc) && \valid_read(msg) && ump_message(msg) \
	&& rc->ump__message == msg && \valid(rc->ump__message) && \valid(rc->ump__reply) \
	&& \separated(self, rc, rc->ump__message) && \separated(rc->ump__reply, self) \
	&& \separated(rc->ump__reply, rc) && \separated(rc->ump__reply, rc->ump__message) \
	&& ump_sound(self) \
	&& rc->untyped != \null && ump__is_given(UMP_AT(rc->untyped)) && ump__is_lent(UMP_AT(msg)) \
	&& (ump_points_to(msg) != 0 ==> ump__is_given(ump_points_to(msg))) \
	&& UMP_AT(rc->untyped) != ump_points_to(msg) \
	&& ump_owned == ump_holds(self) + 1 + ump__count(ump_points_to(msg)) \
	&& UMP__NOTHING <= ump__one_is <= UMP__GIVEN \
	&& (ump_has(self, ump__one) <==> ump__one != 0 && ump__one_is == UMP__OURS) \
	&& (ump__one != 0 && ump__one_is == UMP__GIVEN ==> \
		ump__one == UMP_AT(rc->untyped) || ump__one == ump_points_to(msg))

/* After it, in the strict mode: the context was answered, failed, dropped or kept. */
#define UMP_SETTLED(rc) rc->untyped == \null

/* After every callback but `drop`. */
#define UMP_HELD(self) \
	(ump_has(self, ump__one) <==> ump__one != 0 && ump__one_is >= UMP__OURS)
#define UMP_COUNTED(self) \
	ump_owned == ump_holds(self)

/* Before a call of `post` or `leftover_post`. */
#define UMP_POST(self, msg) \
	\valid(self) && \valid_read(msg) && \separated(self, msg) && ump_message(msg) \
	&& ump_sound(self) && ump__is_lent(UMP_AT(msg)) \
	&& (ump_points_to(msg) != 0 ==> ump__is_given(ump_points_to(msg))) \
	&& ump_owned == ump_holds(self) + ump__count(ump_points_to(msg)) \
	&& UMP__NOTHING <= ump__one_is <= UMP__GIVEN \
	&& (ump_has(self, ump__one) <==> ump__one != 0 && ump__one_is == UMP__OURS) \
	&& (ump__one != 0 && ump__one_is == UMP__GIVEN ==> ump__one == ump_points_to(msg))

/* Before a due call, and a call for a watch or an answer without a value: the typed function. */
#define UMP_DUE(self) UMP_IDLE(self)

/* Before an answer's call: the typed function.  What the reply points to is ours. */
#define UMP_ANSWERED(self, result, reply) \
	\valid(self) && ump_sound(self) && UMP__NOTHING <= ump__one_is <= UMP__GIVEN \
	&& (result == UMP_OK ==> \valid_read(reply) && \separated(self, reply) \
		&& ump_message(reply) && ump__is_lent(UMP_AT(reply)) \
		&& (ump_points_to(reply) != 0 ==> ump__is_given(ump_points_to(reply)))) \
	&& ump_owned == ump_holds(self) \
		+ (result == UMP_OK ? ump__count(ump_points_to(reply)) : 0) \
	&& (ump_has(self, ump__one) <==> ump__one != 0 && ump__one_is == UMP__OURS) \
	&& (ump__one != 0 && ump__one_is == UMP__GIVEN ==> \
		result == UMP_OK && ump__one == ump_points_to(reply))

/* Before main, and after `drop` and main: nothing is owned. */
#define UMP_RELEASED \
	ump_owned == 0 && (ump__one != 0 ==> ump__one_is < UMP__OURS)

/* Before and after a call of `drop_request`, `drop_reply` or `drop_post`. */
#define UMP_UNDELIVERED(value) \
	\valid(value) && ump_message(value) && ump_owned == ump__count(ump_points_to(value)) \
	&& (ump_points_to(value) != 0 ==> ump__is_given(ump_points_to(value))) \
	&& (ump__one != 0 && ump__one_is >= UMP__OURS ==> ump__one == ump_points_to(value))

/* What an answer through `rc` changes, in an `assigns` clause: the message is not to be read any
 * more, so nothing is known of its content. */
#define UMP_ANSWER(rc) rc->untyped, *rc->ump__message, *rc->ump__reply, UMP_OWNERSHIP

/* ---- Contracts that several functions share; `out` and the like are lvalues ----------------- */

#define UMP__RESULT2(a, b)       \result == (a) || \result == (b)
#define UMP__RESULT3(a, b, c)    UMP__RESULT2(a, b) || \result == (c)
#define UMP__RESULT4(a, b, c, d) UMP__RESULT3(a, b, c) || \result == (d)

/* A handle is created from another one. */
#define UMP__CREATES(from, out, made) \
	requires usable: UMP_USABLE(from); \
	requires space: \valid(&(out)); \
	assigns out, UMP_OWNERSHIP; \
	ensures codes: made; \
	ensures created: \result == UMP_OK ==> UMP_OURS(out) \
		&& ump__change{Pre, Post}(0, 0, UMP_AT(out), 0); \
	ensures failed: \result != UMP_OK ==> out == \null && ump__same{Pre, Post};

#define UMP__MADE UMP__RESULT3(UMP_OK, UMP_NO_MEMORY, UMP_OVERFLOW)

/* A handle is dropped, if there is one. */
#define UMP__DROPS(handle) \
	requires space: \valid(&(handle)); \
	requires owned: handle != \null ==> UMP_OURS(handle) && ump_owned >= 1; \
	assigns handle, UMP_OWNERSHIP; \
	ensures consumed: handle == \null; \
	ensures dropped: ump__change{Pre, Post}(UMP_AT(\old(handle)), 0, 0, 0);

/* A message leaves the caller, unless sending fails. */
#define UMP__SENDABLE(client, msg) \
	requires usable: UMP_USABLE(client); \
	requires value: \valid_read(msg); \
	requires message: ump_message(msg); \
	requires points: ump_points_to(msg) != 0 ==> \
		ump__is_ours(ump_points_to(msg)) && ump_owned >= 1;

#define UMP__GIVES(given, msg) \
	ensures sent: (given) ==> ump__change{Pre, Post}(\old(ump_points_to(msg)), 0, 0, 0); \
	ensures kept: !(given) ==> ump__same{Pre, Post};

#define UMP__POSTS(client, msg) \
	UMP__SENDABLE(client, msg) \
	assigns UMP_OWNERSHIP; \
	ensures codes: UMP__RESULT4(UMP_OK, UMP_SERVER_GONE, UMP_FULL, UMP_NO_MEMORY); \
	UMP__GIVES(\result == UMP_OK, msg)

#define UMP__POSTS_UNTIL(client, msg) \
	UMP__SENDABLE(client, msg) \
	assigns UMP_OWNERSHIP; \
	ensures codes: UMP__RESULT4(UMP_OK, UMP_SERVER_GONE, UMP_FULL, UMP_NO_MEMORY) \
		|| UMP__RESULT2(UMP_TIMED_OUT, UMP_DEADLOCK); \
	UMP__GIVES(\result == UMP_OK, msg)

#define UMP__ASKS(client, msg, out) \
	UMP__SENDABLE(client, msg) \
	requires space: \valid(&(out)); \
	requires apart: \separated(&(out), msg); \
	assigns out, UMP_OWNERSHIP; \
	ensures codes: UMP__RESULT4(UMP_OK, UMP_SERVER_GONE, UMP_FULL, UMP_NO_MEMORY) \
		|| UMP__RESULT2(UMP_TIMED_OUT, UMP_DEADLOCK); \
	ensures sent: \result == UMP_OK ==> UMP_OURS(out) \
		&& ump__change{Pre, Post}(\old(ump_points_to(msg)), 0, UMP_AT(out), 0); \
	ensures kept: \result != UMP_OK ==> out == \null && ump__same{Pre, Post};

/* ump_client_req leaves the message with its caller as ump_request_is_mine says. */
#define UMP__REQUESTS(client, msg, deadline) \
	ensures codes: \result > 0 || UMP__RESULT4(UMP_OK, UMP_SERVER_GONE, UMP_NO_REPLY, \
		UMP_TIMED_OUT) || UMP__RESULT2(UMP_DEADLOCK, UMP_NO_MEMORY); \
	ensures patient: deadline == UMP_FOREVER ==> \result != UMP_TIMED_OUT; \
	ensures returned: \result < 0 && \result != UMP_NO_REPLY && \result != UMP_TIMED_OUT ==> \
		ump__same{Pre, Post}; \
	ensures taken: \result > 0 || UMP__RESULT2(UMP_NO_REPLY, UMP_TIMED_OUT) ==> \
		ump__change{Pre, Post}(\old(ump_points_to(msg)), 0, 0, 0);

/* The end of a wait: `handle` is consumed by an answer, by UMP_NO_REPLY and by UMP_SERVER_GONE. */
#define UMP__ENDS (\result >= 0 || UMP__RESULT2(UMP_NO_REPLY, UMP_SERVER_GONE))

#define UMP__WAITABLE(handle) \
	requires space: \valid(&(handle)); \
	requires owned: UMP_OURS(handle) && ump_owned >= 1;

#define UMP__WAITS(handle) \
	ensures codes: UMP__ENDS || UMP__RESULT2(UMP_TIMED_OUT, UMP_DEADLOCK); \
	UMP__WAITED(handle)

#define UMP__TRIES(handle) \
	ensures codes: UMP__ENDS || \result == UMP_EMPTY; \
	UMP__WAITED(handle)

#define UMP__WAITED(handle) \
	ensures consumed: UMP__ENDS ==> handle == \null; \
	ensures unanswered: UMP__ENDS && \result != UMP_OK ==> \
		ump__change{Pre, Post}(UMP_AT(\old(handle)), 0, 0, 0); \
	ensures pending: !UMP__ENDS ==> handle == \old(handle) && ump__same{Pre, Post};

/* An answer through the context `rc`: it is consumed, whether its caller has given up or not. */
#define UMP__ANSWERABLE(rc) \
	requires space: \valid(&(rc)); \
	requires open: UMP_OURS(rc) && ump_owned >= 1;

#define UMP__ANSWERED(rc) \
	ensures codes: UMP__RESULT2(UMP_OK, UMP_ORIGIN_GONE); \
	ensures consumed: rc == \null;

/* The loop has ended, and its outcome is in `*how`. */
#define UMP__JOINS(handle, how) \
	requires space: \valid(&(handle)) && (how == \null || \valid(how)); \
	requires apart: how != \null ==> \separated(&(handle), how); \
	requires owned: UMP_OURS(handle) && ump_owned >= 1; \
	assigns handle, *how, UMP_OWNERSHIP; \
	ensures codes: UMP__RESULT4(UMP_OK, UMP_TIMED_OUT, UMP_DEADLOCK, UMP_EMPTY); \
	ensures joined: \result == UMP_OK ==> handle == \null \
		&& ump__change{Pre, Post}(UMP_AT(\old(handle)), 0, 0, 0); \
	ensures running: \result != UMP_OK ==> handle == \old(handle) && ump__same{Pre, Post};

#define UMP__LENT_TO(handle) \
	requires usable: UMP_USABLE(handle); \
	assigns \nothing;

/* A stop: what its value points to is outside these contracts, as that of a break is. */
#define UMP__STOPS(handle) \
	UMP__LENT_TO(handle) \
	ensures codes: UMP__RESULT4(UMP_OK, UMP_SERVER_GONE, UMP_INVALID, UMP_CLIENTS_GONE) \
		|| \result == UMP_OVERFLOW;

/* A delayed post; `out` may be NULL.  What a periodic one points to stays with the post, so the
 * handler would free it again and again: such a message must point to nothing that has an owner. */
#define UMP__DELAYABLE(period, out) \
	requires period: period >= 0; \
	requires space: out == \null || \valid(out);

#define UMP__DELAYS(client, msg, period, out) \
	UMP__SENDABLE(client, msg) \
	UMP__DELAYABLE(period, out) \
	requires apart: out != \null ==> \separated(out, msg); \
	requires lends: period == 0 || ump_points_to(msg) == 0; \
	assigns *out, UMP_OWNERSHIP; \
	ensures codes: UMP__RESULT4(UMP_OK, UMP_NO_TIMERS, UMP_SERVER_GONE, UMP_NO_MEMORY) \
		|| \result == UMP_OVERFLOW; \
	ensures sent: \result == UMP_OK && out != \null ==> UMP_OURS(*out) \
		&& ump__change{Pre, Post}(\old(ump_points_to(msg)), 0, UMP_AT(*out), 0); \
	ensures uncontrolled: \result == UMP_OK && out == \null ==> \
		ump__change{Pre, Post}(\old(ump_points_to(msg)), 0, 0, 0); \
	ensures failed: \result != UMP_OK ==> \
		(out != \null ==> *out == \null) && ump__same{Pre, Post};

/* The number of a timer, a request or a watch; `id` may be NULL. */
#define UMP__NUMBERABLE(call, id) \
	requires call: call != \null; \
	requires number: id == \null || \valid(id);

#define UMP__NUMBERED(id) \
	ensures numbered: id != \null ==> (\result == UMP_OK <==> *id != 0);

/* A request of a handler. */
#define UMP__ASKS_ON(client, msg, call, id) \
	UMP__SENDABLE(client, msg) \
	UMP__NUMBERABLE(call, id) \
	requires apart: id != \null ==> \separated(id, msg); \
	assigns *id, UMP_OWNERSHIP; \
	ensures codes: UMP__RESULT4(UMP_OK, UMP_SERVER_GONE, UMP_FULL, UMP_NO_MEMORY) \
		|| UMP__RESULT4(UMP_TIMED_OUT, UMP_NO_TIMERS, UMP_OVERFLOW, UMP_INVALID); \
	UMP__NUMBERED(id) \
	UMP__GIVES(\result == UMP_OK, msg)

/* A watch: by a completion, or by a call. */
#define UMP__WATCHES(handle, completions) \
	requires usable: UMP_USABLE(handle); \
	requires open: UMP_USABLE(completions); \
	assigns \nothing; \
	ensures codes: UMP__RESULT3(UMP_OK, UMP_NO_MEMORY, UMP_OVERFLOW);

#define UMP__WATCHES_BY(handle, call, id) \
	requires usable: UMP_USABLE(handle); \
	UMP__NUMBERABLE(call, id) \
	assigns *id; \
	ensures codes: UMP__RESULT4(UMP_OK, UMP_NO_MEMORY, UMP_OVERFLOW, UMP_SERVER_GONE) \
		|| \result == UMP_INVALID; \
	UMP__NUMBERED(id)

/* A request whose answer is a completion. */
#define UMP__COMPLETES(client, msg, completions) \
	UMP__SENDABLE(client, msg) \
	requires open: UMP_USABLE(completions); \
	assigns UMP_OWNERSHIP; \
	ensures codes: UMP__RESULT4(UMP_OK, UMP_SERVER_GONE, UMP_FULL, UMP_NO_MEMORY) \
		|| \result == UMP_OVERFLOW; \
	UMP__GIVES(\result == UMP_OK, msg)

#define UMP__COMPLETES_UNTIL(client, msg, completions, id) \
	UMP__SENDABLE(client, msg) \
	requires open: UMP_USABLE(completions); \
	requires number: id == \null || \valid(id); \
	requires apart: id != \null ==> \separated(id, msg); \
	assigns *id, UMP_OWNERSHIP; \
	ensures codes: UMP__RESULT4(UMP_OK, UMP_SERVER_GONE, UMP_FULL, UMP_NO_MEMORY) \
		|| UMP__RESULT2(UMP_OVERFLOW, UMP_TIMED_OUT); \
	UMP__NUMBERED(id) \
	UMP__GIVES(\result == UMP_OK, msg)

/* What ends, or changes, something that may have ended already. */
#define UMP__CHANGES(handle) \
	requires usable: UMP_USABLE(handle); \
	assigns \nothing; \
	ensures codes: UMP__RESULT2(UMP_OK, UMP_EMPTY);

/* A context that is kept is ours beyond the callback. */
#define UMP__KEEPS(context) \
	ensures ours: UMP_OURS(context) && (UMP_AT(context) == ump__one ? \
		ump__one_is == UMP__OURS : ump__one_is == \old(ump__one_is));

#define UMP__FILLS(from, out) \
	requires usable: UMP_USABLE(from); \
	requires space: \valid(out); \
	assigns *out;

/* A server without types: `arg` and what the handler holds are not followed. */
#define UMP__SPAWNS(config, client, runner) \
	requires config: \valid_read(config); \
	requires space: \valid(client) && \valid(runner) && \separated(client, runner, config); \
	assigns *client, *runner, UMP_OWNERSHIP; \
	ensures spawned: \result == UMP_OK ==> UMP_OURS(*client) && UMP_OURS(*runner) \
		&& ump__change{Pre, Post}(0, 0, UMP_AT(*client), UMP_AT(*runner)); \
	ensures failed: \result != UMP_OK ==> *client == \null && *runner == \null \
		&& ump__same{Pre, Post};

/* ---- Functions without state ---------------------------------------------------------------- */

/*@ assigns \nothing;
  @ ensures continues: \result.stop == false && \result.value == \null;
  @*/
static inline struct ump_flow ump_continue(void);

/*@ assigns \nothing;
  @ ensures breaks: \result.stop == true && \result.value == value;
  @*/
static inline struct ump_flow ump_break(void *value);

/*@ assigns \nothing;
  @ ensures continues: \result.stop == false;
  @*/
struct ump_flow ump_pending(void);

/*@ assigns \nothing;
  @ ensures mine: \result <==> result < 0 && result != UMP_NO_REPLY && result != UMP_TIMED_OUT;
  @*/
static inline bool ump_request_is_mine(int result);

/*@ assigns \nothing;
  @ ensures mine: \result <==> result != UMP_OK;
  @*/
static inline bool ump_sent_is_mine(int result);

/*@ assigns \nothing;
  @ ensures text: \valid_read(\result);
  @*/
const char *ump_strerror(int result);

/*@ assigns \nothing; */
unsigned ump_version(void);

/*@ assigns \nothing;
  @ ensures monotonic: \result >= 0;
  @*/
ump_time ump_now(void);

/*@ assigns \nothing;
  @ ensures later: ns > 0 ==> \result > 0;
  @*/
ump_time ump_after(int64_t ns);

/*@ requires read: \valid_read(completion);
  @ assigns \nothing;
  @ ensures value: \result == completion->reply;
  @*/
static inline const void *ump__completion_value(const struct ump_completion *completion);

/*@ assigns \nothing; */
void ump_here(const char *file, int line);

/* ---- The functions of ump_server.h, whose messages are `void *` ----------------------------- */

/*
 * WP follows handles and contexts through these; it needs -wp-model Typed+Cast, since messages have
 * no type.  Nothing is stated of ump_client_req, ump_wait_reply_wait, ump_wait_reply_try and the
 * completions: WP could not follow what they write to.
 */

/* What such a message points to is not followed: only handles and contexts are. */
#define UMP__GIVES_BYTES \
	assigns UMP_OWNERSHIP; \
	ensures codes: UMP__RESULT4(UMP_OK, UMP_SERVER_GONE, UMP_FULL, UMP_NO_MEMORY) \
		|| UMP__RESULT2(UMP_TIMED_OUT, UMP_DEADLOCK) || \result == UMP_INVALID; \
	ensures kept: ump__same{Pre, Post};

/*@ UMP__CREATES(client, *out, UMP__MADE) */
int (ump_client_clone)(const ump_client *client, ump_client **out);
/*@ UMP__DROPS(*client) */
void ump_client_drop(ump_client **client);
/*@ UMP__CREATES(client, *out, UMP__MADE || \result == UMP_INVALID) */
int (ump_client_post_client)(const ump_client *client, ump_post_client **out);
/*@ UMP__CREATES(client, *out, UMP__MADE) */
int (ump_post_client_clone)(const ump_post_client *client, ump_post_client **out);
/*@ UMP__DROPS(*client) */
void ump_post_client_drop(ump_post_client **client);
/*@ UMP__CREATES(client, *out, UMP__MADE) */
int ump_post_client_weak(const ump_post_client *client, ump_weak_client **out);
/*@ UMP__CREATES(client, *out, UMP__MADE) */
int ump_client_weak(const ump_client *client, ump_weak_client **out);
/*@ UMP__CREATES(weak, *out, UMP__MADE) */
int ump_weak_client_clone(const ump_weak_client *weak, ump_weak_client **out);
/*@ UMP__DROPS(*weak) */
void ump_weak_client_drop(ump_weak_client **weak);
/*@ UMP__CREATES(weak, *out, UMP__MADE || \result == UMP_CLIENTS_GONE) */
int (ump_weak_client_upgrade)(const ump_weak_client *weak, ump_client **out);

/*@ requires usable: UMP_USABLE(client);
  @ requires value: msg != \null;
  @ requires space: \valid(out);
  @ assigns *out, UMP_OWNERSHIP;
  @ ensures sent: \result == UMP_OK ==> UMP_OURS(*out)
  @     && ump__change{Pre, Post}(0, 0, UMP_AT(*out), 0);
  @ ensures failed: \result != UMP_OK ==> *out == \null && ump__same{Pre, Post};
  @*/
int ump_client_req_async(const ump_client *client, const void *msg, ump_wait_reply **out);
/*@ requires usable: UMP_USABLE(client);
  @ requires value: msg != \null;
  @ requires space: \valid(out);
  @ assigns *out, UMP_OWNERSHIP;
  @ ensures sent: \result == UMP_OK ==> UMP_OURS(*out)
  @     && ump__change{Pre, Post}(0, 0, UMP_AT(*out), 0);
  @ ensures failed: \result != UMP_OK ==> *out == \null && ump__same{Pre, Post};
  @*/
int ump_client_req_async_until(
	const ump_client *client, const void *msg, ump_wait_reply **out, ump_time deadline);
/*@ UMP__STOPS(client) */
int ump_client_stop(const ump_client *client, void *value, void (*drop)(void *value));
/*@ UMP__STOPS(client) */
int ump_post_client_stop(
	const ump_post_client *client, void *value, void (*drop)(void *value));
/*@ UMP__STOPS(weak) */
int ump_weak_client_stop(
	const ump_weak_client *weak, void *value, void (*drop)(void *value));
/*@ requires usable: UMP_USABLE(client);
  @ requires value: msg != \null;
  @ UMP__GIVES_BYTES */
int ump_client_post(const ump_client *client, const void *msg);
/*@ requires usable: UMP_USABLE(client);
  @ requires value: msg != \null;
  @ UMP__GIVES_BYTES */
int ump_client_post_until(const ump_client *client, const void *msg, ump_time deadline);
/*@ requires usable: UMP_USABLE(client);
  @ requires value: msg != \null;
  @ UMP__GIVES_BYTES */
int ump_post_client_post(const ump_post_client *client, const void *msg);
/*@ requires usable: UMP_USABLE(client);
  @ requires value: msg != \null;
  @ UMP__GIVES_BYTES */
int ump_post_client_post_until(
	const ump_post_client *client, const void *msg, ump_time deadline);

/*@ UMP__DROPS(*wait_reply) */
void ump_wait_reply_drop(ump_wait_reply **wait_reply);

/*@ UMP__ANSWERABLE(*rc)
  @ assigns *rc, UMP_OWNERSHIP;
  @ UMP__ANSWERED(*rc)
  @ ensures given: ump__change{Pre, Post}(UMP_AT(\old(*rc)), 0, 0, 0);
  @*/
int ump_reply(ump_reply_context **rc, const void *value);
/*@ UMP__ANSWERABLE(*rc)
  @ requires code: code > 0;
  @ assigns *rc, UMP_OWNERSHIP;
  @ UMP__ANSWERED(*rc)
  @ ensures given: ump__change{Pre, Post}(UMP_AT(\old(*rc)), 0, 0, 0);
  @*/
int ump_reply_fail(ump_reply_context **rc, int code);
/*@ UMP__DROPS(*rc) */
void ump_reply_drop(ump_reply_context **rc);
/*@ requires space: \valid(rc);
  @ requires open: UMP_OURS(*rc);
  @ assigns *rc, ump__one_is;
  @ ensures moved: \result == \old(*rc) && *rc == \null;
  @ UMP__KEEPS(\result)
  @*/
ump_reply_context *ump_reply_keep(ump_reply_context **rc);
/*@ UMP__LENT_TO(rc) */
bool ump_reply_origin_gone(const ump_reply_context *rc);
/*@ UMP__LENT_TO(rc)
  @ ensures codes: UMP__RESULT4(UMP_OK, UMP_CLIENTS_GONE, UMP_OVERFLOW, UMP_INVALID);
  @*/
int ump_reply_hold(ump_reply_context *rc);
/*@ requires usable: rc != \null ==> UMP_USABLE(rc);
  @ assigns \nothing;
  @*/
ump_time ump_reply_deadline(const ump_reply_context *rc);
/*@ requires usable: rc != \null ==> UMP_USABLE(rc);
  @ assigns \nothing;
  @ ensures earlier: \result <= own;
  @*/
ump_time ump_deadline_inherit(const ump_reply_context *rc, ump_time own);

/* `arg` stays the program's: the library only passes it on. */
/*@ UMP__NUMBERABLE(call, id)
  @ requires period: period >= 0;
  @ assigns *id;
  @ ensures codes: UMP__RESULT4(UMP_OK, UMP_NO_MEMORY, UMP_NO_TIMERS, UMP_SERVER_GONE)
  @     || \result == UMP_INVALID;
  @ UMP__NUMBERED(id)
  @*/
int ump_timer_start(ump_due_call *call, void *arg, ump_time due, int64_t period, uint64_t *id);
/*@ assigns \nothing;
  @ ensures codes: UMP__RESULT4(UMP_OK, UMP_EMPTY, UMP_NO_TIMERS, UMP_INVALID);
  @*/
int ump_timer_cancel(uint64_t id);

/*@ requires usable: UMP_USABLE(client);
  @ requires value: msg != \null;
  @ UMP__DELAYABLE(period, out)
  @ assigns *out, UMP_OWNERSHIP;
  @ ensures sent: \result == UMP_OK && out != \null ==> UMP_OURS(*out)
  @     && ump__change{Pre, Post}(0, 0, UMP_AT(*out), 0);
  @ ensures failed: (\result != UMP_OK || out == \null) ==> ump__same{Pre, Post};
  @*/
int ump_client_post_at(
	const ump_client *client, const void *msg, ump_time due, int64_t period, ump_delayed **out);
/*@ requires usable: UMP_USABLE(client);
  @ requires value: msg != \null;
  @ UMP__DELAYABLE(period, out)
  @ assigns *out, UMP_OWNERSHIP;
  @ ensures sent: \result == UMP_OK && out != \null ==> UMP_OURS(*out)
  @     && ump__change{Pre, Post}(0, 0, UMP_AT(*out), 0);
  @ ensures failed: (\result != UMP_OK || out == \null) ==> ump__same{Pre, Post};
  @*/
int ump_post_client_post_at(const ump_post_client *client, const void *msg, ump_time due,
	int64_t period, ump_delayed **out);
/* A controller moves no ownership: a cancel gives the value to its type's `drop`. */
/*@ UMP__CHANGES(delayed) */
int ump_delayed_cancel(ump_delayed *delayed);
/*@ UMP__CHANGES(delayed) */
int ump_delayed_pause(ump_delayed *delayed);
/*@ UMP__CHANGES(delayed) */
int ump_delayed_resume(ump_delayed *delayed);
/*@ requires period: period > 0;
  @ requires usable: UMP_USABLE(delayed);
  @ assigns \nothing;
  @ ensures codes: UMP__RESULT3(UMP_OK, UMP_EMPTY, UMP_INVALID);
  @*/
int ump_delayed_set_period(ump_delayed *delayed, int64_t period);
/*@ UMP__DROPS(*delayed) */
void ump_delayed_drop(ump_delayed **delayed);

/*@ requires usable: UMP_USABLE(client);
  @ requires value: msg != \null;
  @ UMP__NUMBERABLE(call, id)
  @ assigns *id;
  @ UMP__NUMBERED(id)
  @*/
int ump_client_ask(const ump_client *client, const void *msg, ump_time deadline,
	ump_answer_call *call, void *arg, uint64_t *id);
/*@ assigns \nothing;
  @ ensures codes: UMP__RESULT3(UMP_OK, UMP_EMPTY, UMP_INVALID);
  @*/
int ump_ask_cancel(uint64_t id);
/*@ UMP__WATCHES_BY(client, call, id) */
int ump_client_watch_call(
	const ump_client *client, ump_answer_call *call, void *arg, uint64_t *id);
/*@ UMP__WATCHES_BY(client, call, id) */
int ump_post_client_watch_call(
	const ump_post_client *client, ump_answer_call *call, void *arg, uint64_t *id);
/*@ UMP__WATCHES_BY(weak, call, id) */
int ump_weak_client_watch_call(
	const ump_weak_client *weak, ump_answer_call *call, void *arg, uint64_t *id);

/*@ requires space: \valid(out);
  @ assigns *out, UMP_OWNERSHIP;
  @ ensures codes: UMP__RESULT3(UMP_OK, UMP_NO_MEMORY, UMP_NO_FD);
  @ ensures created: \result == UMP_OK ==> UMP_OURS(*out)
  @     && ump__change{Pre, Post}(0, 0, UMP_AT(*out), 0);
  @ ensures failed: \result != UMP_OK ==> *out == \null && ump__same{Pre, Post};
  @*/
int ump_completions_open(ump_completions **out);
/*@ UMP__LENT_TO(completions) */
int ump_completions_fd(const ump_completions *completions);
/*@ UMP__CHANGES(completions) */
int ump_completions_cancel(ump_completions *completions, uint64_t id);
/*@ UMP__LENT_TO(completions) */
ump_time ump_completions_due(const ump_completions *completions);
/*@ UMP__LENT_TO(completions) */
size_t ump_completions_in_flight(const ump_completions *completions);
/*@ UMP__DROPS(*completions) */
void ump_completions_drop(ump_completions **completions);
/*@ UMP__WATCHES(client, completions) */
int ump_client_watch(const ump_client *client, ump_completions *completions, void *tag);
/*@ UMP__WATCHES(client, completions) */
int ump_post_client_watch(
	const ump_post_client *client, ump_completions *completions, void *tag);
/*@ UMP__WATCHES(weak, completions) */
int ump_weak_client_watch(
	const ump_weak_client *weak, ump_completions *completions, void *tag);
/*@ UMP__WATCHES(thread, completions) */
int ump_thread_watch(const ump_thread *thread, ump_completions *completions, void *tag);
/*@ UMP__WATCHES(workers, completions) */
int ump_workers_watch(const ump_workers *workers, ump_completions *completions, void *tag);
/*@ UMP__WATCHES(task, completions) */
int ump_task_watch(const ump_task *task, ump_completions *completions, void *tag);
/*@ UMP__WATCHES(combining, completions) */
int ump_combining_watch(
	const ump_combining *combining, ump_completions *completions, void *tag);

/*@ UMP__JOINS(*thread, how) */
int ump_thread_join(ump_thread **thread, struct ump_flow *how, ump_time deadline);
/*@ UMP__DROPS(*thread) */
void ump_thread_drop(ump_thread **thread);
/*@ UMP__JOINS(*workers, how) */
int ump_workers_join(ump_workers **workers, struct ump_flow *how, ump_time deadline);
/*@ UMP__DROPS(*workers) */
void ump_workers_drop(ump_workers **workers);
/*@ UMP__JOINS(*task, how) */
int ump_task_join(ump_task **task, struct ump_flow *how);
/*@ UMP__DROPS(*task) */
void ump_task_drop(ump_task **task);
/*@ UMP__JOINS(*combining, how) */
int ump_combining_join(ump_combining **combining, struct ump_flow *how, ump_time deadline);
/*@ UMP__DROPS(*combining) */
void ump_combining_drop(ump_combining **combining);
/*@ UMP__LENT_TO(task) */
int ump_task_fd(const ump_task *task);

/*@ UMP__SPAWNS(config, client, thread) */
int ump_spawn_thread_sized(const struct ump_config *config, size_t config_size,
	size_t handler_size, ump_handler_builder *builder, void *arg, ump_client **client,
	ump_thread **thread);
/*@ UMP__SPAWNS(config, client, workers) */
int ump_spawn_workers_sized(const struct ump_config *config, size_t config_size,
	size_t handler_size, ump_handler_builder *builder, void *arg, size_t count,
	ump_client **client, ump_workers **workers);
/*@ UMP__SPAWNS(config, client, task) */
int ump_spawn_task_sized(const struct ump_config *config, size_t config_size,
	size_t handler_size, ump_handler_builder *builder, void *arg, ump_client **client,
	ump_task **task);
/*@ UMP__SPAWNS(config, client, combining) */
int ump_spawn_combining_sized(const struct ump_config *config, size_t config_size,
	size_t handler_size, ump_handler_builder *builder, void *arg, ump_client **client,
	ump_combining **combining);
/*@ UMP__SPAWNS(config, client, thread) */
static inline int (ump_spawn_thread)(const struct ump_config *config,
	ump_handler_builder *builder, void *arg, ump_client **client, ump_thread **thread);
/*@ UMP__SPAWNS(config, client, workers) */
static inline int (ump_spawn_workers)(const struct ump_config *config,
	ump_handler_builder *builder, void *arg, size_t count, ump_client **client,
	ump_workers **workers);
/*@ UMP__SPAWNS(config, client, task) */
static inline int (ump_spawn_task)(const struct ump_config *config,
	ump_handler_builder *builder, void *arg, ump_client **client, ump_task **task);
/*@ UMP__SPAWNS(config, client, combining) */
static inline int (ump_spawn_combining)(const struct ump_config *config,
	ump_handler_builder *builder, void *arg, ump_client **client, ump_combining **combining);

/* The inline functions of ump_server.h, and those behind them. */

/*@ UMP__FILLS(client, out) */
int ump_client_stats_sized(const ump_client *client, struct ump_stats *out, size_t out_size);
/*@ UMP__FILLS(client, out) */
int ump_post_client_stats_sized(
	const ump_post_client *client, struct ump_stats *out, size_t out_size);
/*@ UMP__FILLS(weak, out) */
int ump_weak_client_stats_sized(
	const ump_weak_client *weak, struct ump_stats *out, size_t out_size);
/*@ UMP__FILLS(workers, out) */
int ump_workers_stats_sized(
	const ump_workers *workers, size_t index, struct ump_stats *out, size_t out_size);
/*@ UMP__FILLS(server, out) */
int ump_server_stats_sized(const ump_server *server, struct ump_stats *out, size_t out_size);
/*@ UMP__FILLS(client, out) */
static inline int ump_client_stats(const ump_client *client, struct ump_stats *out);
/*@ UMP__FILLS(client, out) */
static inline int ump_post_client_stats(const ump_post_client *client, struct ump_stats *out);
/*@ UMP__FILLS(weak, out) */
static inline int ump_weak_client_stats(const ump_weak_client *weak, struct ump_stats *out);
/*@ UMP__FILLS(workers, out) */
static inline int ump_workers_stats(
	const ump_workers *workers, size_t index, struct ump_stats *out);
/*@ UMP__FILLS(server, out) */
static inline int ump_server_stats(const ump_server *server, struct ump_stats *out);
/*@ UMP__FILLS(completions, out) */
int ump_completions_next_sized(
	ump_completions *completions, struct ump_completion *out, size_t out_size);
/*@ UMP__FILLS(completions, out) */
int ump_completions_wait_sized(ump_completions *completions, struct ump_completion *out,
	size_t out_size, ump_time deadline);
/*@ UMP__FILLS(completions, out) */
static inline int ump_completions_next(ump_completions *completions, struct ump_completion *out);
/*@ UMP__FILLS(completions, out) */
static inline int ump_completions_wait(
	ump_completions *completions, struct ump_completion *out, ump_time deadline);
/*@ UMP__SPAWNS(config, client, server) */
int ump_channel_open_sized(ump_server **server, ump_client **client,
	const struct ump_config *config, size_t config_size);
/*@ UMP__SPAWNS(config, client, server) */
static inline int (ump_channel_open)(
	ump_server **server, ump_client **client, const struct ump_config *config);
/*@ UMP__DROPS(*server) */
void ump_server_drop(ump_server **server);

/* ---- The heap ------------------------------------------------------------------------------- */

/*@ assigns UMP_OWNERSHIP;
  @ ensures none: \result == \null ==> ump__same{Pre, Post};
  @ ensures block: \result != \null ==> UMP_OURS(\result)
  @     && \valid((char *)\result + (0 .. size - 1))
  @     && ump__change{Pre, Post}(0, 0, UMP_AT(\result), 0);
  @*/
void *ump__malloc(size_t size);
#define malloc(size) ump__malloc(size)

/*@ requires read: \valid_read(text);
  @ assigns UMP_OWNERSHIP;
  @ ensures none: \result == \null ==> ump__same{Pre, Post};
  @ ensures copy: \result != \null ==> UMP_OURS(\result) && \valid(\result)
  @     && ump__change{Pre, Post}(0, 0, UMP_AT(\result), 0);
  @*/
char *ump__strdup(const char *text);
#define strdup(text) ump__strdup(text)

/*@ requires owned: block != \null ==> UMP_OURS(block) && ump_owned >= 1;
  @ assigns UMP_OWNERSHIP;
  @ ensures freed: ump__change{Pre, Post}(UMP_AT(block), 0, 0, 0);
  @*/
void ump__free(void *block);
#define free(block) ump__free(block)

/* ---- The typed layer: the same names and types as in typed.h, declared with contracts ------- */

#undef UMP_TYPED
#undef UMP_TYPED_HANDLER

#define UMP_TYPED(name, request, reply, post, codes) \
	UMP__SPEC_HANDLES(name, request, reply) \
	UMP__SPEC_CLIENTS(name) \
	UMP__SPEC_RUNNERS(name) \
	UMP__JOIN(UMP__SPEC_REQUEST_, UMP__HAS(request))(name, request) \
	UMP__JOIN3(UMP__SPEC_REPLY_, UMP__HAS(request), UMP__HAS(reply))(name, request, reply) \
	UMP__JOIN3(UMP__SPEC_CODES_, UMP__HAS(request), UMP__HAS(codes))(name, codes) \
	UMP__JOIN(UMP__SPEC_POST_, UMP__HAS(post))(name, post) \
	UMP__SPEC_TABLE(name, request, reply, post)

/* A typed context also knows its message and the place of its reply: see UMP_REQUEST. */
#define UMP__SPEC_HANDLES(name, request, reply) \
	struct name; \
	struct name##_handler; \
	typedef struct { ump_client *untyped; } name##_client; \
	typedef struct { ump_weak_client *untyped; } name##_weak_client; \
	typedef struct { ump_thread *untyped; } name##_thread; \
	typedef struct { ump_task *untyped; } name##_task; \
	typedef struct { ump_combining *untyped; } name##_combining; \
	typedef struct { ump_workers *untyped; } name##_workers; \
	typedef struct { ump_server *untyped; } name##_server; \
	typedef struct { \
		ump_reply_context *untyped; \
		UMP__JOIN(UMP__SPEC_VALUE_, UMP__HAS(request))(request) *ump__message; \
		UMP__JOIN(UMP__SPEC_VALUE_, UMP__HAS(reply))(reply) *ump__reply; \
	} name##_reply_context;

#define UMP__SPEC_VALUE_SOME(type) type
#define UMP__SPEC_VALUE_NONE(type) char
#define UMP__SPEC_CLIENTS(name) \
	/*@ UMP__CREATES(client_.untyped, out_->untyped, UMP__MADE) */ \
	int name##_client_clone(name##_client client_, name##_client *out_); \
	/*@ UMP__DROPS(client_->untyped) */ \
	void name##_client_drop(name##_client *client_); \
	/*@ UMP__CREATES(client_.untyped, out_->untyped, UMP__MADE) */ \
	int name##_client_weak(name##_client client_, name##_weak_client *out_); \
	/*@ UMP__CREATES(weak_.untyped, out_->untyped, UMP__MADE) */ \
	int name##_weak_client_clone(name##_weak_client weak_, name##_weak_client *out_); \
	/*@ UMP__DROPS(weak_->untyped) */ \
	void name##_weak_client_drop(name##_weak_client *weak_); \
	/*@ UMP__CREATES(weak_.untyped, out_->untyped, \
	  @     UMP__MADE || \result == UMP_CLIENTS_GONE) */ \
	int name##_weak_client_upgrade(name##_weak_client weak_, name##_client *out_); \
	/*@ UMP__STOPS(client_.untyped) */ \
	int name##_client_stop( \
		name##_client client_, void *value_, void (*drop_)(void *value)); \
	/*@ UMP__STOPS(weak_.untyped) */ \
	int name##_weak_client_stop( \
		name##_weak_client weak_, void *value_, void (*drop_)(void *value)); \
	/*@ UMP__WATCHES(client_.untyped, completions_) */ \
	int name##_client_watch( \
		name##_client client_, ump_completions *completions_, void *tag_); \
	/*@ UMP__WATCHES(weak_.untyped, completions_) */ \
	int name##_weak_client_watch( \
		name##_weak_client weak_, ump_completions *completions_, void *tag_); \
	/*@ UMP__WATCHES_BY(client_.untyped, call_, id_) */ \
	int name##_client_watch_call( \
		name##_client client_, ump_answer_call *call_, void *arg_, uint64_t *id_); \
	/*@ UMP__WATCHES_BY(weak_.untyped, call_, id_) */ \
	int name##_weak_client_watch_call( \
		name##_weak_client weak_, ump_answer_call *call_, void *arg_, uint64_t *id_);

#define UMP__SPEC_RUNNERS(name) \
	/*@ UMP__JOINS(thread_->untyped, how_) */ \
	int name##_thread_join(name##_thread *thread_, struct ump_flow *how_, ump_time deadline_); \
	/*@ UMP__DROPS(thread_->untyped) */ \
	void name##_thread_drop(name##_thread *thread_); \
	/*@ UMP__LENT_TO(task_.untyped) */ \
	int name##_task_fd(name##_task task_); \
	/*@ UMP__JOINS(task_->untyped, how_) */ \
	int name##_task_join(name##_task *task_, struct ump_flow *how_); \
	/*@ UMP__DROPS(task_->untyped) */ \
	void name##_task_drop(name##_task *task_); \
	/*@ UMP__JOINS(combining_->untyped, how_) */ \
	int name##_combining_join( \
		name##_combining *combining_, struct ump_flow *how_, ump_time deadline_); \
	/*@ UMP__DROPS(combining_->untyped) */ \
	void name##_combining_drop(name##_combining *combining_); \
	/*@ UMP__JOINS(workers_->untyped, how_) */ \
	int name##_workers_join( \
		name##_workers *workers_, struct ump_flow *how_, ump_time deadline_); \
	/*@ UMP__DROPS(workers_->untyped) */ \
	void name##_workers_drop(name##_workers *workers_); \
	/*@ UMP__FILLS(workers_.untyped, out_) */ \
	int name##_workers_stats( \
		name##_workers workers_, size_t index_, struct ump_stats *out_); \
	/*@ UMP__WATCHES(thread_.untyped, completions_) */ \
	int name##_thread_watch( \
		name##_thread thread_, ump_completions *completions_, void *tag_); \
	/*@ UMP__WATCHES(task_.untyped, completions_) */ \
	int name##_task_watch(name##_task task_, ump_completions *completions_, void *tag_); \
	/*@ UMP__WATCHES(combining_.untyped, completions_) */ \
	int name##_combining_watch( \
		name##_combining combining_, ump_completions *completions_, void *tag_); \
	/*@ UMP__WATCHES(workers_.untyped, completions_) */ \
	int name##_workers_watch( \
		name##_workers workers_, ump_completions *completions_, void *tag_);

#define UMP__SPEC_REQUEST_SOME(name, request) \
	typedef struct { ump_wait_reply *untyped; } name##_wait_reply; \
	/*@ UMP__ASKS(client_.untyped, msg_, out_->untyped) */ \
	int name##_client_req_async( \
		name##_client client_, request const *msg_, name##_wait_reply *out_); \
	/*@ UMP__ASKS(client_.untyped, msg_, out_->untyped) */ \
	int name##_client_req_async_until(name##_client client_, request const *msg_, \
		name##_wait_reply *out_, ump_time deadline_); \
	/*@ UMP__DROPS(wait_reply_->untyped) */ \
	void name##_wait_reply_drop(name##_wait_reply *wait_reply_); \
	/*@ requires space: \valid(rc_); \
	  @ requires owned: rc_->untyped != \null ==> UMP_OURS(rc_->untyped) && ump_owned >= 1; \
	  @ assigns UMP_ANSWER(rc_); \
	  @ ensures consumed: rc_->untyped == \null; \
	  @ ensures dropped: ump__change{Pre, Post}(UMP_AT(\old(rc_->untyped)), 0, 0, 0); \
	  @*/ \
	void name##_reply_drop(name##_reply_context *rc_); \
	/*@ requires space: \valid(rc_); \
	  @ requires open: UMP_OURS(rc_->untyped); \
	  @ assigns rc_->untyped, ump__one_is; \
	  @ ensures moved: \result.untyped == \old(rc_->untyped) && rc_->untyped == \null \
	  @     && \result.ump__message == \null && \result.ump__reply == \null; \
	  @ UMP__KEEPS(\result.untyped) \
	  @*/ \
	name##_reply_context name##_reply_keep(name##_reply_context *rc_); \
	/*@ requires usable: UMP_USABLE(rc_.untyped); \
	  @ assigns \nothing; \
	  @*/ \
	bool name##_reply_origin_gone(name##_reply_context rc_); \
	/*@ requires usable: UMP_USABLE(rc_.untyped); \
	  @ requires kept: UMP_KEPT(rc_); \
	  @ assigns \nothing; \
	  @ ensures codes: UMP__RESULT3(UMP_OK, UMP_CLIENTS_GONE, UMP_OVERFLOW); \
	  @*/ \
	int name##_reply_hold(name##_reply_context rc_); \
	/*@ requires usable: rc_.untyped != \null ==> UMP_USABLE(rc_.untyped); \
	  @ assigns \nothing; \
	  @*/ \
	ump_time name##_reply_deadline(name##_reply_context rc_); \
	/*@ requires usable: rc_.untyped != \null ==> UMP_USABLE(rc_.untyped); \
	  @ assigns \nothing; \
	  @ ensures earlier: \result <= own_; \
	  @*/ \
	ump_time name##_deadline_inherit(name##_reply_context rc_, ump_time own_); \
	/*@ UMP__ASKS_ON(client_.untyped, msg_, call_, id_) */ \
	int name##_client_ask(name##_client client_, request const *msg_, ump_time deadline_, \
		ump_answer_call *call_, void *arg_, uint64_t *id_); \
	/*@ UMP__COMPLETES(client_.untyped, msg_, completions_) */ \
	int name##_client_req_completion(name##_client client_, request const *msg_, \
		ump_completions *completions_, void *tag_); \
	/*@ UMP__COMPLETES_UNTIL(client_.untyped, msg_, completions_, id_) */ \
	int name##_client_req_completion_until(name##_client client_, request const *msg_, \
		ump_completions *completions_, void *tag_, ump_time deadline_, uint64_t *id_);

#define UMP__SPEC_REQUEST_NONE(name, request)

#define UMP__SPEC_REPLY_SOME_SOME(name, request, reply) \
	/*@ UMP__SENDABLE(client_.untyped, msg_) \
	  @ requires space: \valid(reply_); \
	  @ requires apart: \separated(msg_, reply_); \
	  @ assigns *reply_, UMP_OWNERSHIP; \
	  @ UMP__REQUESTS(client_.untyped, msg_, deadline_) \
	  @ ensures answered: \result == UMP_OK ==> ump_message(reply_) \
	  @     && ump__change{Pre, Post}(\old(ump_points_to(msg_)), 0, ump_points_to(reply_), 0); \
	  @*/ \
	int name##_client_req( \
		name##_client client_, request const *msg_, reply *reply_, ump_time deadline_); \
	/*@ UMP__WAITABLE(wait_reply_->untyped) \
	  @ requires reply: \valid(reply_) && \separated(wait_reply_, reply_); \
	  @ assigns wait_reply_->untyped, *reply_, UMP_OWNERSHIP; \
	  @ UMP__WAITS(wait_reply_->untyped) \
	  @ ensures answered: \result == UMP_OK ==> ump_message(reply_) && ump__change{Pre, Post}( \
	  @     UMP_AT(\old(wait_reply_->untyped)), 0, ump_points_to(reply_), 0); \
	  @*/ \
	int name##_wait_reply_wait( \
		name##_wait_reply *wait_reply_, reply *reply_, ump_time deadline_); \
	/*@ UMP__WAITABLE(wait_reply_->untyped) \
	  @ requires reply: \valid(reply_) && \separated(wait_reply_, reply_); \
	  @ assigns wait_reply_->untyped, *reply_, UMP_OWNERSHIP; \
	  @ UMP__TRIES(wait_reply_->untyped) \
	  @ ensures answered: \result == UMP_OK ==> ump_message(reply_) && ump__change{Pre, Post}( \
	  @     UMP_AT(\old(wait_reply_->untyped)), 0, ump_points_to(reply_), 0); \
	  @*/ \
	int name##_wait_reply_try(name##_wait_reply *wait_reply_, reply *reply_); \
	/*@ UMP__ANSWERABLE(rc_->untyped) \
	  @ requires value: \valid_read(value_); \
	  @ requires message: ump_message(value_); \
	  @ requires points: ump_points_to(value_) != 0 ==> ump__is_ours(ump_points_to(value_)) \
	  @     && ump_points_to(value_) != UMP_AT(rc_->untyped) && ump_owned >= 2; \
	  @ assigns UMP_ANSWER(rc_); \
	  @ UMP__ANSWERED(rc_->untyped) \
	  @ ensures given: ump__change{Pre, Post}( \
	  @     UMP_AT(\old(rc_->untyped)), \old(ump_points_to(value_)), 0, 0); \
	  @*/ \
	int name##_reply(name##_reply_context *rc_, reply const *value_); \
	/*@ requires usable: UMP_USABLE(rc_.untyped); \
	  @ assigns \nothing; \
	  @ ensures buffer: \result == rc_.ump__reply; \
	  @*/ \
	reply *name##_reply_buffer(name##_reply_context rc_); \
	/*@ assigns \nothing; \
	  @ ensures value: \result == reply_; \
	  @*/ \
	reply const *name##_answer(const void *reply_);

#define UMP__SPEC_REPLY_SOME_NONE(name, request, reply) \
	/*@ UMP__SENDABLE(client_.untyped, msg_) \
	  @ assigns UMP_OWNERSHIP; \
	  @ UMP__REQUESTS(client_.untyped, msg_, deadline_) \
	  @ ensures answered: \result == UMP_OK ==> \
	  @     ump__change{Pre, Post}(\old(ump_points_to(msg_)), 0, 0, 0); \
	  @*/ \
	int name##_client_req(name##_client client_, request const *msg_, ump_time deadline_); \
	/*@ UMP__WAITABLE(wait_reply_->untyped) \
	  @ assigns wait_reply_->untyped, UMP_OWNERSHIP; \
	  @ UMP__WAITS(wait_reply_->untyped) \
	  @ ensures answered: \result == UMP_OK ==> \
	  @     ump__change{Pre, Post}(UMP_AT(\old(wait_reply_->untyped)), 0, 0, 0); \
	  @*/ \
	int name##_wait_reply_wait(name##_wait_reply *wait_reply_, ump_time deadline_); \
	/*@ UMP__WAITABLE(wait_reply_->untyped) \
	  @ assigns wait_reply_->untyped, UMP_OWNERSHIP; \
	  @ UMP__TRIES(wait_reply_->untyped) \
	  @ ensures answered: \result == UMP_OK ==> \
	  @     ump__change{Pre, Post}(UMP_AT(\old(wait_reply_->untyped)), 0, 0, 0); \
	  @*/ \
	int name##_wait_reply_try(name##_wait_reply *wait_reply_); \
	/*@ UMP__ANSWERABLE(rc_->untyped) \
	  @ assigns UMP_ANSWER(rc_); \
	  @ UMP__ANSWERED(rc_->untyped) \
	  @ ensures given: ump__change{Pre, Post}(UMP_AT(\old(rc_->untyped)), 0, 0, 0); \
	  @*/ \
	int name##_reply(name##_reply_context *rc_);

#define UMP__SPEC_REPLY_NONE_NONE(name, request, reply)

#define UMP__SPEC_CODES_SOME_SOME(name, codes) \
	codes(UMP__CODE_CHECK) enum name##_code{codes(UMP__CODE_VALUE)}; \
	/*@ assigns \nothing; \
	  @ ensures text: \valid_read(\result); \
	  @*/ \
	const char *name##_strerror(int result_); \
	/*@ UMP__ANSWERABLE(rc_->untyped) \
	  @ requires code: code_ > 0; \
	  @ assigns UMP_ANSWER(rc_); \
	  @ UMP__ANSWERED(rc_->untyped) \
	  @ ensures given: ump__change{Pre, Post}(UMP_AT(\old(rc_->untyped)), 0, 0, 0); \
	  @*/ \
	int name##_reply_fail(name##_reply_context *rc_, enum name##_code code_);

#define UMP__SPEC_CODES_NONE_NONE(name, codes) UMP__SPEC_CODES_SOME_NONE(name, codes)

#define UMP__SPEC_CODES_SOME_NONE(name, codes) \
	/*@ assigns \nothing; \
	  @ ensures text: \valid_read(\result); \
	  @*/ \
	const char *name##_strerror(int result_);

#define UMP__SPEC_POST_SOME(name, post) \
	typedef struct { ump_post_client *untyped; } name##_post_client; \
	/*@ UMP__POSTS(client_.untyped, msg_) */ \
	int name##_client_post(name##_client client_, post const *msg_); \
	/*@ UMP__POSTS_UNTIL(client_.untyped, msg_) */ \
	int name##_client_post_until(name##_client client_, post const *msg_, ump_time deadline_); \
	/*@ UMP__CREATES(client_.untyped, out_->untyped, UMP__MADE) */ \
	int name##_client_post_client(name##_client client_, name##_post_client *out_); \
	/*@ UMP__CREATES(client_.untyped, out_->untyped, UMP__MADE) */ \
	int name##_post_client_clone(name##_post_client client_, name##_post_client *out_); \
	/*@ UMP__DROPS(client_->untyped) */ \
	void name##_post_client_drop(name##_post_client *client_); \
	/*@ UMP__POSTS(client_.untyped, msg_) */ \
	int name##_post_client_post(name##_post_client client_, post const *msg_); \
	/*@ UMP__POSTS_UNTIL(client_.untyped, msg_) */ \
	int name##_post_client_post_until( \
		name##_post_client client_, post const *msg_, ump_time deadline_); \
	/*@ UMP__DELAYS(client_.untyped, msg_, period_, out_) */ \
	int name##_client_post_at(name##_client client_, post const *msg_, ump_time due_, \
		int64_t period_, ump_delayed **out_); \
	/*@ UMP__DELAYS(client_.untyped, msg_, period_, out_) */ \
	int name##_post_client_post_at(name##_post_client client_, post const *msg_, \
		ump_time due_, int64_t period_, ump_delayed **out_); \
	/*@ UMP__STOPS(client_.untyped) */ \
	int name##_post_client_stop( \
		name##_post_client client_, void *value_, void (*drop_)(void *value)); \
	/*@ UMP__CREATES(client_.untyped, out_->untyped, UMP__MADE) */ \
	int name##_post_client_weak(name##_post_client client_, name##_weak_client *out_); \
	/*@ UMP__WATCHES(client_.untyped, completions_) */ \
	int name##_post_client_watch( \
		name##_post_client client_, ump_completions *completions_, void *tag_); \
	/*@ UMP__WATCHES_BY(client_.untyped, call_, id_) */ \
	int name##_post_client_watch_call( \
		name##_post_client client_, ump_answer_call *call_, void *arg_, uint64_t *id_);

#define UMP__SPEC_POST_NONE(name, post)

#define UMP__SPEC_TABLE(name, request_type, reply_type, post_type) \
	struct name##_handler { \
		int (*build)(struct name * self, name##_client client); \
		int (*init)(struct name * self, name##_weak_client me); \
		struct ump_flow (*request)( \
			struct name * self, request_type const *msg, name##_reply_context *rc); \
		struct ump_flow (*post)(struct name * self, post_type const *msg); \
		void (*leftover_request)( \
			struct name * self, request_type const *msg, name##_reply_context *rc); \
		void (*leftover_post)(struct name * self, post_type const *msg); \
		struct ump_flow (*term)(struct name * self, struct ump_flow how); \
		void (*drop)(struct name * self); \
		void (*drop_request)(request_type * value); \
		void (*drop_reply)(reply_type * value); \
		void (*drop_post)(post_type * value); \
	}; \
	_Static_assert(sizeof(struct name##_handler) > 0, #name)

/* A server starts with what `self` holds, which is its own from the call on.  `self` has its type
 * here, so that the program's predicates about it apply. */
#define UMP__SPEC_SPAWN(name, spawn, runner) \
	/*@ requires config: config_ == \null || \valid_read(config_); \
	  @ requires handler: \valid_read(handler_); \
	  @ requires space: \valid(client_) && \valid(runner_) && \separated(client_, runner_); \
	  @ requires sound: ump_sound(self_); \
	  @ requires holds: ump_owned >= ump_holds(self_) \
	  @     && (ump_has(self_, ump__one) ==> ump__one_is == UMP__OURS); \
	  @ assigns client_->untyped, runner_->untyped, UMP_OWNERSHIP; \
	  @ ensures spawned: \result == UMP_OK ==> UMP_OURS(client_->untyped) \
	  @     && UMP_OURS(runner_->untyped) \
	  @     && ump_owned == \old(ump_owned - ump_holds(self_)) + 2; \
	  @ ensures failed: \result != UMP_OK ==> client_->untyped == \null \
	  @     && runner_->untyped == \null && ump_owned == \old(ump_owned - ump_holds(self_)); \
	  @ ensures fresh: \result == UMP_OK && ump__hits( \
	  @     ump__one, UMP_AT(client_->untyped), UMP_AT(runner_->untyped)) ==> \
	  @     \old(ump__one_is) == UMP__NOTHING && ump__one_is == UMP__OURS; \
	  @ ensures given: \old(ump_has(self_, ump__one)) ==> ump__one_is == UMP__NOTHING; \
	  @ ensures others: !\old(ump_has(self_, ump__one)) && !(\result == UMP_OK && ump__hits( \
	  @     ump__one, UMP_AT(client_->untyped), UMP_AT(runner_->untyped))) ==> \
	  @     ump__one_is == \old(ump__one_is); \
	  @*/ \
	int name##_##spawn(const struct ump_config *config_, \
		const struct name##_handler *handler_, struct name *self_, \
		name##_client *client_, name##_##runner *runner_);

/* Each worker has a state of its own, which holds nothing yet: its `init` may take handles. */
#define UMP__SPEC_WORKERS(name) \
	/*@ requires config: config_ == \null || \valid_read(config_); \
	  @ requires handler: \valid_read(handler_); \
	  @ requires count: 0 < count_ <= UMP_WORKERS_MOST; \
	  @ requires space: \valid(client_) && \valid(workers_) && \separated(client_, workers_); \
	  @ requires selves: \valid_read(selves_ + (0 .. count_ - 1)); \
	  @ requires apart: \forall integer i, j; 0 <= i < j < count_ ==> \
	  @     selves_[i] != selves_[j]; \
	  @ requires sound: \forall integer i; 0 <= i < count_ ==> \
	  @     \valid(selves_[i]) && ump_sound(selves_[i]); \
	  @ requires holds: \forall integer i; 0 <= i < count_ ==> \
	  @     ump_holds(selves_[i]) == 0 && !ump_has(selves_[i], ump__one); \
	  @ assigns client_->untyped, workers_->untyped, UMP_OWNERSHIP; \
	  @ ensures spawned: \result == UMP_OK ==> UMP_OURS(client_->untyped) \
	  @     && UMP_OURS(workers_->untyped) && ump__change{Pre, Post}( \
	  @     0, 0, UMP_AT(client_->untyped), UMP_AT(workers_->untyped)); \
	  @ ensures failed: \result != UMP_OK ==> client_->untyped == \null \
	  @     && workers_->untyped == \null && ump__same{Pre, Post}; \
	  @*/ \
	int name##_spawn_workers(const struct ump_config *config_, \
		const struct name##_handler *handler_, struct name *const *selves_, \
		size_t count_, name##_client *client_, name##_workers *workers_);

#define UMP_TYPED_HANDLER(name, handler, ...) \
	UMP__SPEC_SPAWN(name, spawn_thread, thread) \
	UMP__SPEC_SPAWN(name, spawn_task, task) \
	UMP__SPEC_SPAWN(name, spawn_combining, combining) \
	UMP__SPEC_WORKERS(name) \
	static const struct name##_handler handler = {__VA_ARGS__}

/* clang-format on */

#endif /* __FRAMAC__ */

#endif