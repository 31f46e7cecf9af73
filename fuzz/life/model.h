/* SPDX-License-Identifier: 0BSD */
/*
 * Executable specification of one server's promises: arrays and flags, one thread, no memory of its
 * own, nothing of the library.  Each function is one event: it returns the result that the library
 * must give, and moves values to their new owners.  `owner` then tells which values must have been
 * dropped: exactly those marked MODEL_DROPPED, exactly once.
 *
 * Completions are a separate model, since several servers may deliver to the same ones.
 */
#ifndef UMP_FUZZ_MODEL_H
#define UMP_FUZZ_MODEL_H

#include "ump_server.h"

#include <stdbool.h>

#define MODEL_VALUES     400
#define MODEL_REQUESTS   200
#define MODEL_QUEUE      200
#define MODEL_WAITERS    200
#define MODEL_WAIT_QUEUE 24
#define MODEL_WATCHES    40

enum model_owner {
	/* Its sender, still or again. */
	MODEL_SENDER,
	/* The library: the value is queued, or is a reply that its caller has not collected. */
	MODEL_LIBRARY,
	/* The handler, the receiver, or the caller that got it as a reply. */
	MODEL_RECEIVER,
	/* None: its type's drop was called. */
	MODEL_DROPPED
};

enum model_state {
	MODEL_QUEUED,
	/* Undelivered: reached after the loop had ended. */
	MODEL_LEFT,
	MODEL_STARTED,
	MODEL_DONE
};

/* No value, no request, no waiter. */
#define MODEL_NO_VALUE (-1)
#define MODEL_NONE     (-1)

struct model;

/* An arrived completion: the end of a request, of a reservation (`request` is MODEL_NONE), or of a
 * watch (`waiter` is MODEL_NONE, too). */
struct model_end {
	struct model *server;
	int request;
	int tag;
	int code;
	/* For a reservation: the waiter. */
	int waiter;
	/* For a watch: whether it reports the outcome, and that. */
	bool reports;
	struct ump_flow how;
};

/* A pending watch; `to` is NULL once the completions are dropped. */
struct model_watch {
	struct model_completions *to;
	int tag;
	bool reports;
};

struct model_completions {
	bool open;
	/* UMP_EMPTY was returned and nothing has arrived since: the notifier is clear. */
	bool quiet;
	unsigned in_flight;
	unsigned arrived;
	struct model_end queue[MODEL_REQUESTS + 2 * MODEL_WATCHES];
	/* Tags of the requests that were cancelled and have not come out, in order. */
	unsigned cancelled;
	int cancelled_tags[MODEL_REQUESTS];
};

struct model_request {
	enum model_state state;
	/* The caller waits, or may still wait. */
	bool waited_for;
	/* The caller blocks in the sending call, and gets its value back if the request never
	 * starts. */
	bool blocks;
	/* The context was kept, so that the answer may come from elsewhere; and the keep was
	 * counted. */
	bool elsewhere;
	bool kept;
	/* The context holds the loop. */
	bool holds;
	int value;
	/* Once done: the caller's result code, and with UMP_OK the reply value, or
	 * MODEL_NO_VALUE. */
	int code;
	int reply;
	/* Completions that receive the end, or NULL. */
	struct model_completions *to;
	int tag;
};

struct model_message {
	/* Request number; -1 for a post. */
	int request;
	int value;
};

/* A waiter for capacity: a blocked sender, or a client's reservation. */
struct model_waiter {
	bool reserves;
	bool waits;
	/* Granted with UMP_OK and not used yet: a reservation holds its permit. */
	bool has_permit;
	int code;
	/* Completions to notify, NULL once dropped; and whether the client was notified. */
	struct model_completions *to;
	int tag;
	bool notified;
	/* For a reservation: its owners left, the client and its completions.  Until 0 it counts as
	 * a weak handle. */
	unsigned owners;
};

struct model {
	uint32_t strong;
	uint32_t weak;
	bool closed;
	/* The receiving end exists. */
	bool served;
	/* It is a raw one, which does not count the outcomes of contexts. */
	bool raw;
	/* 0: unbounded. */
	uint32_t capacity;
	uint32_t permits;
	uint32_t most;
	int waiters;
	struct model_waiter waiter[MODEL_WAITERS];
	unsigned waiting;
	int wait_queue[MODEL_WAIT_QUEUE];
	/* The reservation whose permit was taken last, or MODEL_NONE. */
	int used;
	/* The watches made so far; and whether the server has ended, and how. */
	int watches;
	struct model_watch watch[MODEL_WATCHES];
	bool ended;
	struct ump_flow how;
	unsigned handled;
	unsigned skipped;
	unsigned failed;
	unsigned kept;
	int values;
	enum model_owner owner[MODEL_VALUES];
	int requests;
	struct model_request request[MODEL_REQUESTS];
	unsigned queued;
	struct model_message queue[MODEL_QUEUE];
};

/* Open a channel with one strong client. */
void model_open(struct model *model, bool raw, uint32_t capacity);

/* Whether the arrays can take some more events; a fuzzer stops if not. */
bool model_has_space(const struct model *model);

/* Make a new value, owned by its sender. */
int model_value(struct model *model);

/* ---- Clients: [weak], [drain] --------------------------------------------------------------- */

void model_strong_add(struct model *model);
void model_strong_drop(struct model *model);
/* Whether no further handle can be counted. */
bool model_strong_is_full(const struct model *model);
bool model_weak_is_full(const struct model *model);
/* Return UMP_OK, UMP_CLIENTS_GONE or UMP_OVERFLOW. */
int model_upgrade(struct model *model);

/* ---- Capacity: [bound] ----------------------------------------------------------------------- */

/* Take a permit for a message: UMP_OK, UMP_FULL or UMP_SERVER_GONE.  `reservation` is the client's
 * reservation, or MODEL_NONE. */
int model_take_permit(struct model *model, int reservation);
/* The message was not sent: give its permit back. */
void model_return_permit(struct model *model);
/* Join the wait queue after UMP_FULL; return the waiter.  A client's blocked send goes before its
 * reservation. */
int model_join_wait_queue(struct model *model, int reservation);
void model_leave_wait_queue(struct model *model, int waiter);
/* Reserve capacity for a client that may; return the waiter.  `reservation` is its earlier
 * reservation. */
int model_reserve(struct model *model, int reservation, struct model_completions *to, int tag);
/* Whether the reservation is pending, or holds a permit. */
bool model_has_reservation(const struct model *model, int reservation);
/* Drop the reservation of a client that goes away. */
void model_drop_reservation(struct model *model, int reservation);
unsigned model_depth(const struct model *model);

/* ---- Sending: [once], [gone] ----------------------------------------------------------------- */

/* Send with a permit already taken: UMP_OK or UMP_SERVER_GONE. */
int model_post(struct model *model, int value);
int model_send(struct model *model, int value, int *request);
/* The same, for a caller that blocks until the answer. */
int model_send_blocking(struct model *model, int value, int *request);

/* ---- The caller's side: [once], [origin] ---------------------------------------------------- */

/* Return UMP_EMPTY, or the code of a finished request, whose caller then no longer waits. */
int model_take(struct model *model, int request);
void model_give_up(struct model *model, int request);
/* The request was not sent because its deadline had passed. */
void model_too_late(struct model *model, int value);

/* ---- Completions: [complete] ----------------------------------------------------------------- */

void model_completions_open(struct model_completions *completions);
/* A request was sent whose end is delivered to `completions`. */
void model_in_flight(
	struct model *model, int request, struct model_completions *completions, int tag);
/* Return UMP_OK and the oldest completion, or UMP_EMPTY. */
int model_next(struct model_completions *completions, struct model_end *end);
/* Cancel a request whose end is delivered to `completions`: UMP_OK; or UMP_EMPTY, if it has ended
 * or was given up before. */
int model_cancel(struct model *model, int request, struct model_completions *completions);
/* The oldest cancelled request has come out: return its tag.  There must be one. */
int model_next_cancelled(struct model_completions *completions);
void model_completions_drop(struct model_completions *completions);
/* The server is watched.  It has ended with `how`, of which watches that report get told. */
void model_watch(struct model *model, struct model_completions *to, int tag, bool reports);
void model_ended(struct model *model, struct ump_flow how);
/* Must follow for each server: give up what it would have delivered to `completions`. */
void model_forget(struct model *model, const struct model_completions *completions);

/* ---- The handler's side: [fifo], [keep], [forgot], [origin] --------------------------------- */

/* Return UMP_OK and a message, UMP_CLIENTS_GONE, or UMP_EMPTY. */
int model_receive(struct model *model, struct model_message *message);
/* Skip the oldest message if its caller has given up.  false: it must be handled. */
bool model_skip(struct model *model);
/* Return UMP_OK or UMP_ORIGIN_GONE.  `reply` is MODEL_NO_VALUE unless the code is UMP_OK. */
int model_answer(struct model *model, int request, int code, int reply);
void model_drop_context(struct model *model, int request);
/* `counted`: a weak reference is left to count the context by. */
void model_keep(struct model *model, int request, bool counted);
/* Let a kept context hold the loop: UMP_OK, UMP_CLIENTS_GONE or UMP_OVERFLOW; [hold]. */
int model_hold(struct model *model, int request);

/* ---- The end: [break] ----------------------------------------------------------------------- */

void model_close(struct model *model);
/* After that: take the next undelivered message, to be passed to `leftover`; false if none is
 * left. */
bool model_next_leftover(struct model *model, struct model_message *message);
/* Drop all undelivered messages: there is no `leftover` to pass them to. */
void model_discard(struct model *model);

#endif
