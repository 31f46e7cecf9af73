/* SPDX-License-Identifier: 0BSD */
/*
 * What one server promises, as plainly as it can be said: arrays and flags, one thread, no memory
 * of its own, nothing of the library.  Each function is one event.  It returns what the library has
 * to answer, and moves values to their new owners; `owner` then tells which values must have been
 * dropped: exactly those that say MODEL_DROPPED, exactly once.
 */
#ifndef UMP_FUZZ_MODEL_H
#define UMP_FUZZ_MODEL_H

#include "ump_server.h"

#include <stdbool.h>

#define MODEL_VALUES   400
#define MODEL_REQUESTS 200
#define MODEL_QUEUE    200

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

#define MODEL_NO_VALUE (-1)

struct model_request {
	enum model_state state;
	/* The caller waits, or may still wait. */
	bool waited_for;
	int value;
	/* Once done: what the caller gets, and with UMP_OK which value, or MODEL_NO_VALUE. */
	int code;
	int reply;
};

struct model_message {
	/* Which request, or -1: a post. */
	int request;
	int value;
};

struct model {
	uint32_t strong;
	uint32_t weak;
	bool closed;
	/* The receiving end is there. */
	bool served;
	unsigned skipped;
	int values;
	enum model_owner owner[MODEL_VALUES];
	int requests;
	struct model_request request[MODEL_REQUESTS];
	unsigned queued;
	struct model_message queue[MODEL_QUEUE];
};

/* A channel is opened: one strong client. */
void model_open(struct model *model);

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

/* ---- Sending: [once], [gone] ----------------------------------------------------------------- */

/* UMP_OK or UMP_SERVER_GONE. */
int model_post(struct model *model, int value);
int model_send(struct model *model, int value, int *request);

/* ---- The caller's side: [once], [origin] ---------------------------------------------------- */

/* UMP_EMPTY, or the code of a request that is done, whose waiter then is gone. */
int model_take(struct model *model, int request);
void model_give_up(struct model *model, int request);
/* A request that was not sent because its deadline had passed. */
void model_too_late(struct model *model, int value);

/* ---- The handler's side: [fifo], [keep], [forgot], [origin] --------------------------------- */

/* UMP_OK and a message, UMP_CLIENTS_GONE, or UMP_EMPTY. */
int model_receive(struct model *model, struct model_message *message);
/* UMP_OK or UMP_ORIGIN_GONE.  `reply` is MODEL_NO_VALUE unless the code is UMP_OK. */
int model_answer(struct model *model, int request, int code, int reply);
void model_drop_context(struct model *model, int request);
void model_keep(struct model *model, int request);

/* ---- The end: [break] ----------------------------------------------------------------------- */

void model_close(struct model *model);
/* After that: the next message that is left, to be offered to `leftover`; false: there is none. */
bool model_next_leftover(struct model *model, struct model_message *message);
/* All that is left, with nobody to offer it to. */
void model_discard(struct model *model);

#endif
