/* SPDX-License-Identifier: 0BSD */
/*
 * The accounts of what the header promises.  Each message and each reply carries a token; at the
 * end of an execution, each token must have ended with exactly one of its permitted owners.
 *
 * The scenario reports each event to the oracle, which fails the execution and names the promise.
 */
#ifndef SIM_ORACLE_H
#define SIM_ORACLE_H

#include "program/program.h"

#include <stdbool.h>
#include <stdint.h>

/* A message's number: client c (0..3), its n-th operation (0..3).  A message that a handler sends
 * on its behalf has that number plus 16, and so on. */
#define ORACLE_MESSAGES 64
#define ORACLE_CHAINED  16
static inline int oracle_message(int client, int operation)
{
	return client * PROGRAM_OPS + operation;
}

/* Codes of a failing handler, of an init, of a builder; values of a break and of term. */
#define CODE_FAIL    7
#define CODE_INIT    21
#define CODE_BUILDER 22
#define VALUE_BREAK  ((intptr_t)0x100)
#define VALUE_TERM   ((intptr_t)0x200)
/* Value of a stop, which has a message's number. */
#define VALUE_STOP ((intptr_t)0x400)

void oracle_begin(const struct program *program);

/* ---- The sender's side --------------------------------------------------------------------- */

/* The sender, if it is not a handler. */
#define ORACLE_CLIENT (-1)

/* Before a send to `server`; and after it, unless that waits.  `from`: the server whose handler
 * sends. */
void oracle_send(int message, enum action action, int server, int from);
void oracle_sent(int message, int code);
/* Before the send: its deadline has passed, so that it must not wait for capacity. */
void oracle_too_late_to_wait(int message);
/* A send with a deadline has timed out. */
void oracle_sent_too_late(int message, int64_t deadline);
/* A request has ended for its caller, with a reply's number if there is one. */
void oracle_completed(int message, int code, int reply);
/* The caller is about to give up; has given up; got UMP_TIMED_OUT.  `sent`: whether the request was
 * sent. */
void oracle_giving_up(int message);
void oracle_gave_up(int message);
/* It was not given up, since the answer was there before. */
void oracle_answer_won(int message);
/* Its completion has come, with UMP_CANCELLED or UMP_TIMED_OUT. */
void oracle_came_unanswered(int message);
void oracle_timed_out(int message, bool sent, int64_t deadline);
/* A completion must come after those of `others` that were answered before it. */
void oracle_in_order(int message, uint64_t others);

/* A request that was begun is one of a handler itself; its callback was called.  A handler of
 * `server` watches another one; which has ended. */
void oracle_asks(int message);
void oracle_answered(int server, int message, int code);
void oracle_watches(int server);
void oracle_watched_ended(int server, int watched);

/* ---- Delayed posts ------------------------------------------------------------------------- */

/* Before a delayed post is sent to `server`, and its result. */
void oracle_post_at(int message, bool periodic, int server);
void oracle_posted_at(int message, int code);
/* Its call begins; and has ended, which it has not where its handler has suspended. */
void oracle_due_post(int message);
void oracle_due_post_over(int message);
/* Return whether it must have been called by `server` if it has fallen due: it was never called,
 * and no controller was used. */
bool oracle_is_pending(int message, int server);
/* It was passed to `leftover`. */
void oracle_delayed_left(int message);
/* Before a cancel, and its result; of a pause; before a resume. */
void oracle_delayed_cancel(int message);
void oracle_delayed_cancelled(int message, int code);
void oracle_delayed_paused(int message, int code);
void oracle_delayed_resume(int message);
/* The result of a resume, or of a change of the period. */
void oracle_delayed_changed(int message, int code);

/* ---- Waits of handlers --------------------------------------------------------------------- */

/* The handler of `server` is about to wait for `other`: for the answer to a message, or (-1) for
 * capacity or for its end; and its wait has ended. */
#define ORACLE_NO_MESSAGE (-1)
void oracle_waits(int server, int other, int message);
void oracle_waited(int server);
/* It got UMP_DEADLOCK instead. */
void oracle_deadlock(int server);

/* ---- Stops --------------------------------------------------------------------------------- */

/* Before a stop of `server`, with a message's number, and its result. `from` as for oracle_send;
 * `kind`: one of the actions that stop. */
void oracle_stop(int message, enum action action, int server, int from);
void oracle_stopped(int message, int code);
/* The library drops its value. */
void oracle_drop_stop(int message);

/* ---- Capacity ------------------------------------------------------------------------------ */

/* Before a client reserves capacity of `server`, with a message's number as its tag; the result of
 * that, and whether a permit is kept for the client then; and before the drop of a handle whose
 * reservation is pending. */
void oracle_reserve(int message, int server);
void oracle_reservation_ended(int message, int code, bool kept);
void oracle_client_goes(int message);
/* A client is about to use its permit for a message, or (-1) to give it back. */
void oracle_permit_used(int message, int server);
/* The message was not sent, and its permit is still kept. */
void oracle_permit_kept(int server);
/* A client with a pending reservation is about to send. */
void oracle_has_reservation(int message);
/* A watch of a server was made, with a message's number as its tag; and has completed. */
void oracle_watch(int message, int server);
void oracle_watch_ended(int message);
/* The server's statistics were read. */
void oracle_numbers(int server, uint64_t depth, uint64_t most, uint64_t handled);

/* ---- Handles ------------------------------------------------------------------------------- */

/* Before and after a call that may make a strong client, and around its drop. */
void oracle_making_strong(int server);
void oracle_made_strong(int server, bool made);
void oracle_dropping_strong(int server);
void oracle_dropped_strong(int server);
/* The result of an upgrade.  `before`: the result of oracle_strong_gone before it. */
bool oracle_strong_gone(int server);
void oracle_upgraded(int server, bool before, int code);
/* The same of a hold of the server's loop; [hold]. */
void oracle_held(int server, bool before, int code);
/* A call has reported that memory (or a thread, or a file descriptor) has run out. */
void oracle_refused(void);

/* ---- The server's side --------------------------------------------------------------------- */

void oracle_init(int server);
void oracle_handle(int message);
/* The handler returns. */
void oracle_returns(int server);
/* The calling thread has released the combiner role of the server whose handler it has run last. */
void oracle_released_role(void);
void oracle_leftover(int message, bool taken);
/* A timer of the server calls. */
void oracle_due_call(int server);
void oracle_replying(int message, bool value);
void oracle_replied(int message, int code);
void oracle_context_dropped(int message);
void oracle_kept(int message);
void oracle_broke(int server);
void oracle_drained(int server);
/* `how`: the outcome so far. */
void oracle_term(int server, bool stop, intptr_t value);
void oracle_handler_dropped(int server);
/* All servers were joined: at most `most` of their threads may remain, idle in the pool. */
void oracle_threads_left(int most);
/* The thread, or the task, was joined. */
void oracle_joined(int server, bool stop, intptr_t value);
/* A raw server has ended. */
void oracle_raw_ended(uint64_t skipped);
/* The server failed to start; only the first `count` of several did start. */
void oracle_no_server(int code);
void oracle_fewer_servers(int count);

/* ---- Workers ------------------------------------------------------------------------------- */

/* The handler of a worker was built; all workers were spawned; the calling thread begins a callback
 * of a worker, which all that it reports next is about. */
void oracle_worker_built(int server, int worker);
void oracle_workers_spawned(int server);
void oracle_worker_enters(int server, int worker);
/* The key of a message is computed. */
void oracle_key_begins(int message, bool request);
void oracle_key_ends(int message);
/* The number of messages that a worker has begun; `ended`: it is final. */
void oracle_worker_numbers(int server, int worker, uint64_t handled, bool ended);

/* ---- Tasks --------------------------------------------------------------------------------- */

/* The calling thread runs the task, or has returned from it. */
void oracle_runs(int server, bool runs);
/* A run has returned, and the loop continues: whether its file descriptor is readable, and whether
 * it was raised since. */
void oracle_idle(int server, bool readable, bool was_raised);
/* The handler has suspended; is about to be resumed; was resumed.  `breaks`: with a break. */
void oracle_suspended(int server);
void oracle_resuming(int server, bool breaks);
void oracle_resumed(int server, int code);
/* The task is about to be dropped. */
void oracle_quits(int server);

/* ---- Values -------------------------------------------------------------------------------- */

/* The library drops the value of a message, or of a reply. */
void oracle_drop_value(int message);
void oracle_drop_reply(int message);

/* After an execution without a bug: check that all accounts are settled. */
void oracle_end(void);

#endif
