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

/* A message's number: of client c (0..3) its n-th operation (0..3); those that a handler sends on
 * behalf of it come 16 later. */
#define ORACLE_MESSAGES 32
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

/* ---- The client's side --------------------------------------------------------------------- */

/* Before a send, and after it if it does not wait. */
void oracle_send(int message, enum action action);
void oracle_sent(int message, int code);
/* A request has ended for its caller, with a reply's number if there is one. */
void oracle_completed(int message, int code, int reply);
/* The caller is about to give up; has given up; was told that the deadline has passed.  `sent`:
 * whether the request had gone out. */
void oracle_giving_up(int message);
void oracle_gave_up(int message);
void oracle_timed_out(int message, bool sent, int64_t deadline);

/* ---- Handles ------------------------------------------------------------------------------- */

/* Before and after what may make a strong client, and around its drop. */
void oracle_making_strong(void);
void oracle_made_strong(bool made);
void oracle_dropping_strong(void);
void oracle_dropped_strong(void);
/* The result of an upgrade.  `before`: what oracle_strong_gone was before it. */
bool oracle_strong_gone(void);
void oracle_upgraded(bool before, int code);
/* A call says that memory (or a thread) has run out. */
void oracle_refused(void);

/* ---- The server's side --------------------------------------------------------------------- */

void oracle_init(void);
void oracle_handle(int message);
void oracle_leftover(int message, bool taken);
void oracle_replying(int message, bool value);
void oracle_replied(int message, int code);
void oracle_context_dropped(int message);
void oracle_broke(void);
void oracle_drained(void);
void oracle_term(void);
void oracle_handler_dropped(void);
/* The thread was joined. */
void oracle_joined(bool stop, intptr_t value);
/* A raw server has ended. */
void oracle_raw_ended(uint64_t skipped);
/* The server never came up. */
void oracle_no_server(int code);

/* ---- Values -------------------------------------------------------------------------------- */

/* The library drops a message's, or a reply's, value. */
void oracle_drop_value(int message);
void oracle_drop_reply(int message);

/* After an execution without a bug: all accounts must be settled. */
void oracle_end(void);

#endif
