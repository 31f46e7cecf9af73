/* SPDX-License-Identifier: 0BSD */
/*
 * The accounts of what the header promises.  Each message, and each reply, carries a token, and at
 * the end of an execution each token has been in exactly one of the hands that may have it.
 *
 * The scenario tells the oracle what happens; the oracle fails the execution, naming the promise.
 */
#ifndef SIM_ORACLE_H
#define SIM_ORACLE_H

#include "program.h"

#include <stdbool.h>
#include <stdint.h>

/* A message's number: of client c (0..3) its n-th operation (0..3); what a handler sends on behalf
 * of it comes 16 later, and so on. */
#define ORACLE_MESSAGES 64
#define ORACLE_CHAINED  16
static inline int oracle_message(int client, int operation)
{
	return client * PROGRAM_OPS + operation;
}

/* Code of a handler that fails, of an init, of a builder; values of a break and of term. */
#define CODE_FAIL    7
#define CODE_INIT    21
#define CODE_BUILDER 22
#define VALUE_BREAK  ((intptr_t)0x100)
#define VALUE_TERM   ((intptr_t)0x200)

void oracle_begin(const struct program *program);

/* ---- The sender's side --------------------------------------------------------------------- */

/* Who sends, if it is no handler. */
#define ORACLE_CLIENT (-1)

/* Before a send to `server`, and after it if it does not wait.  `from`: whose handler sends. */
void oracle_send(int message, enum action action, int server, int from);
void oracle_sent(int message, int code);
/* Before that: it does not wait for room, since its deadline has passed. */
void oracle_too_late_to_wait(int message);
/* What a send until a deadline has returned at that. */
void oracle_sent_too_late(int message, int64_t deadline);
/* A request has ended for its caller, with a reply's number if there is one. */
void oracle_completed(int message, int code, int reply);
/* The caller is about to give up; has given up; was told that the deadline has passed.  `sent`:
 * whether the request had gone out. */
void oracle_giving_up(int message);
void oracle_gave_up(int message);
void oracle_timed_out(int message, bool sent, int64_t deadline);
/* What comes out of completions comes after those of `others` that were answered before. */
void oracle_in_order(int message, uint64_t others);

/* ---- Waits of handlers --------------------------------------------------------------------- */

/* `server`'s handler is about to wait for `other`: for the answer to a message, or (-1) for room or
 * for its end; and has waited. */
#define ORACLE_NO_MESSAGE (-1)
void oracle_waits(int server, int other, int message);
void oracle_waited(int server);
/* It was told UMP_DEADLOCK instead. */
void oracle_deadlock(int server);

/* ---- Room ---------------------------------------------------------------------------------- */

/* Before a client asks `server` for room, with a message's number as its tag; what it was told, and
 * whether room is kept for it then; that its handle is about to be dropped before. */
void oracle_ask_room(int message, int server);
void oracle_room_told(int message, int code, bool kept);
void oracle_asker_goes(int message);
/* A client that has got room is about to use it for a message, or (-1) to give it back. */
void oracle_room_used(int message, int server);
/* The message was not sent, and what it had is still kept. */
void oracle_room_kept(int server);
/* A client that has asked for room, and was not told of any, is about to send. */
void oracle_asked(int message);
/* The server's numbers were read. */
void oracle_numbers(int server, uint64_t depth, uint64_t most, uint64_t handled);

/* ---- Handles ------------------------------------------------------------------------------- */

/* Before and after what may make a strong client, and around its drop. */
void oracle_making_strong(int server);
void oracle_made_strong(int server, bool made);
void oracle_dropping_strong(int server);
void oracle_dropped_strong(int server);
/* The result of an upgrade.  `before`: what oracle_strong_gone was before it. */
bool oracle_strong_gone(int server);
void oracle_upgraded(int server, bool before, int code);
/* A call says that memory (or a thread, or a file descriptor) has run out. */
void oracle_refused(void);

/* ---- The server's side --------------------------------------------------------------------- */

void oracle_init(int server);
void oracle_handle(int message);
/* The handler returns. */
void oracle_returns(int server);
/* The calling thread has offered the turn of the server whose handler it has run last. */
void oracle_offered(void);
void oracle_leftover(int message, bool taken);
void oracle_replying(int message, bool value);
void oracle_replied(int message, int code);
void oracle_context_dropped(int message);
void oracle_kept(int message);
void oracle_broke(int server);
void oracle_drained(int server);
void oracle_term(int server);
void oracle_handler_dropped(int server);
/* All servers were joined: so many threads of theirs there may be still, to be used again. */
void oracle_threads_left(int most);
/* The thread, or the task, was joined. */
void oracle_joined(int server, bool stop, intptr_t value);
/* A raw server has ended. */
void oracle_raw_ended(uint64_t skipped);
/* The server never came up; only the first so many of several did. */
void oracle_no_server(int code);
void oracle_fewer_servers(int count);

/* ---- Tasks --------------------------------------------------------------------------------- */

/* The calling thread runs the task, or has done so. */
void oracle_runs(int server, bool runs);
/* It has done so, and goes on: whether its file descriptor is readable, and whether somebody has
 * rung since. */
void oracle_rests(int server, bool readable, bool rung);
/* The handler has suspended; is about to be resumed; was.  `breaks`: with a break. */
void oracle_suspended(int server);
void oracle_resuming(int server, bool breaks);
void oracle_resumed(int server, int code);
/* The task is about to be dropped. */
void oracle_quits(int server);

/* ---- Values -------------------------------------------------------------------------------- */

/* The library drops a message's, or a reply's, value. */
void oracle_drop_value(int message);
void oracle_drop_reply(int message);

/* After an execution without a bug: all accounts must be settled. */
void oracle_end(void);

#endif
