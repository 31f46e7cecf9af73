/* SPDX-License-Identifier: 0BSD */
/*
 * What one server promises, as plainly as it can be said: arrays and flags, one thread, no memory
 * of its own, nothing of the library.  Each function is one event.  It returns what the library has
 * to answer, and moves values to their new owners; `owner` then tells which values must have been
 * dropped: exactly those that say MODEL_DROPPED, exactly once.
 *
 * Completions are a model of their own, since several servers tell the same ones.
 */
#ifndef UMP_FUZZ_MODEL_H
#define UMP_FUZZ_MODEL_H

#include "ump_server.h"

#include <stdbool.h>

#define MODEL_VALUES   400
#define MODEL_REQUESTS 200
#define MODEL_QUEUE    200
#define MODEL_TICKETS  200
#define MODEL_LINE     24

enum model_owner {
	/* The one who made it, again or still. */
	MODEL_SENDER,
	/* The library: it is queued, or it is a reply that waits for its caller. */
	MODEL_LIBRARY,
	/* The handler, the receiver, or the caller who got it as a reply. */
	MODEL_RECEIVER,
	/* Nobody: its type's drop was called. */
	MODEL_DROPPED
};

enum model_state {
	MODEL_QUEUED,
	/* It came up after the loop had ended. */
	MODEL_LEFT,
	MODEL_STARTED,
	MODEL_DONE
};

/* No value, no request, no ticket. */
#define MODEL_NO_VALUE (-1)
#define MODEL_NONE     (-1)

struct model;

/* The end of a request, or room (`request` is MODEL_NONE), that has arrived. */
struct model_end {
	struct model *server;
	int request;
	int tag;
	int code;
	/* Of room: which ticket. */
	int ticket;
};

struct model_completions {
	bool open;
	/* It was said that nothing is there, and nothing has come since: the bell is silent. */
	bool quiet;
	unsigned in_flight;
	unsigned arrived;
	struct model_end queue[MODEL_REQUESTS];
};

struct model_request {
	enum model_state state;
	/* The caller waits, or may still wait. */
	bool waited_for;
	/* It waits in the call that has sent it, and has its value back if it is never started. */
	bool blocks;
	/* The context was kept, so that the answer may come from elsewhere; and it is counted. */
	bool elsewhere;
	bool kept;
	int value;
	/* Once done: what the caller gets, and with UMP_OK which value, or MODEL_NO_VALUE. */
	int code;
	int reply;
	/* Where the end is told, or NULL. */
	struct model_completions *to;
	int tag;
};

struct model_message {
	/* Which request, or -1: a post. */
	int request;
	int value;
};

/* One who wants room: a sender who waits for it, or a client who has asked. */
struct model_ticket {
	bool asks;
	bool in_line;
	/* Called with UMP_OK, and not used yet: one who asked has room kept. */
	bool has_place;
	int code;
	/* Who is told, until they are dropped; and that the client was. */
	struct model_completions *to;
	int tag;
	bool told;
	/* Of one who asked: how many are not done with it, the client and its completions.  Until
	 * then it counts as a weak handle. */
	unsigned owners;
};

struct model {
	uint32_t strong;
	uint32_t weak;
	bool closed;
	/* The receiving end is there. */
	bool served;
	/* It is a raw one, which does not count what becomes of contexts. */
	bool raw;
	/* 0: any number of messages. */
	uint32_t capacity;
	uint32_t places;
	uint32_t most;
	int tickets;
	struct model_ticket ticket[MODEL_TICKETS];
	unsigned in_line;
	int line[MODEL_LINE];
	/* The ticket whose kept room was taken last, or MODEL_NONE. */
	int used;
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

/* A channel is opened: one strong client. */
void model_open(struct model *model, bool raw, uint32_t capacity);

/* Whether there is room for some more events; a fuzzer stops if not. */
bool model_has_room(const struct model *model);

/* A new value, its maker's. */
int model_value(struct model *model);

/* ---- Clients: [weak], [drain] --------------------------------------------------------------- */

void model_strong_add(struct model *model);
void model_strong_drop(struct model *model);
/* No further handle can be counted. */
bool model_strong_is_full(const struct model *model);
bool model_weak_is_full(const struct model *model);
/* UMP_OK, UMP_CLIENTS_GONE or UMP_OVERFLOW. */
int model_upgrade(struct model *model);

/* ---- Room: [bound] --------------------------------------------------------------------------- */

/* Take a place for a message: UMP_OK, UMP_FULL or UMP_SERVER_GONE.  `ask` is the ticket with which
 * the client has asked for room, or MODEL_NONE. */
int model_place(struct model *model, int ask);
/* The message was not sent: all is as before. */
void model_place_back(struct model *model);
/* Stand in line, after UMP_FULL: a ticket.  A client that waits goes before what it asks for. */
int model_stand(struct model *model, int ask);
void model_leave_line(struct model *model, int ticket);
/* Ask for room, by a client that may: a ticket.  `asked` is what it has asked with before. */
int model_ask(struct model *model, int asked, struct model_completions *to, int tag);
/* Whether what was asked for is still to come, or kept. */
bool model_asks(const struct model *model, int ask);
/* The client goes that has asked. */
void model_ask_end(struct model *model, int ask);
unsigned model_depth(const struct model *model);

/* ---- Sending: [once], [gone] ----------------------------------------------------------------- */

/* With a place that was taken: UMP_OK or UMP_SERVER_GONE. */
int model_post(struct model *model, int value);
int model_send(struct model *model, int value, int *request);
/* The same, for a caller that waits for the answer in this call. */
int model_send_blocking(struct model *model, int value, int *request);

/* ---- The caller's side: [once], [origin] ---------------------------------------------------- */

/* UMP_EMPTY, or the code of a request that is done, whose waiter then is gone. */
int model_take(struct model *model, int request);
void model_give_up(struct model *model, int request);
/* A request that was not sent because its deadline had passed. */
void model_too_late(struct model *model, int value);

/* ---- Completions: [complete] ----------------------------------------------------------------- */

void model_completions_open(struct model_completions *completions);
/* A request that was sent ends there. */
void model_in_flight(
	struct model *model, int request, struct model_completions *completions, int tag);
/* UMP_OK and what has arrived first, or UMP_EMPTY. */
int model_next(struct model_completions *completions, struct model_end *end);
void model_completions_drop(struct model_completions *completions);
/* After that, for each server: what it would have told there is given up. */
void model_forget(struct model *model, const struct model_completions *completions);

/* ---- The handler's side: [fifo], [keep], [forgot], [origin] --------------------------------- */

/* UMP_OK and a message, UMP_CLIENTS_GONE, or UMP_EMPTY. */
int model_receive(struct model *model, struct model_message *message);
/* Skip the oldest message.  false: somebody has to look at it. */
bool model_skip(struct model *model);
/* UMP_OK or UMP_ORIGIN_GONE.  `reply` is MODEL_NO_VALUE unless the code is UMP_OK. */
int model_answer(struct model *model, int request, int code, int reply);
void model_drop_context(struct model *model, int request);
/* `counted`: there is a reference left with which to count it. */
void model_keep(struct model *model, int request, bool counted);

/* ---- The end: [break] ----------------------------------------------------------------------- */

void model_close(struct model *model);
/* After that: the next message that is left, to be offered to `leftover`; false: there is none. */
bool model_next_leftover(struct model *model, struct model_message *message);
/* All that is left, with nobody to offer it to. */
void model_discard(struct model *model);

#endif
