/* SPDX-License-Identifier: 0BSD */
/*
 * The world of life_fuzzer: the handles that a program could hold, the model beside them, and the
 * operations on clients and contexts, which the raw loop and the handlers on a thread share.
 *
 * Whoever runs operations is alone: a server on a thread of its own and the main thread take turns.
 */
#ifndef UMP_FUZZ_LIFE_WORLD_H
#define UMP_FUZZ_LIFE_WORLD_H

#include "input.h"
#include "model.h"
#include "ump_server.h"

#include <pthread.h>
#include <semaphore.h>

#define SLOTS      4
#define VALUE_MOST 128
#define NOBODY     (-1)

/* The time, as long as nobody sleeps. */
#define LIFE_NOW ((ump_time)1000)

enum kind {
	KIND_REQUEST,
	KIND_REPLY,
	KIND_POST,
	KINDS
};

struct waiting {
	ump_wait_reply *handle;
	int request;
};

struct held {
	ump_reply_context *context;
	int request;
	/* Valid as long as the context is. */
	const void *msg;
};

struct turns {
	sem_t to_main;
	sem_t to_server;
	/* The gate is a post at which the server hands its turn to the main thread. */
	bool is_gate[MODEL_VALUES];
	/* The main thread is inside a blocking request, this one; or NOBODY. */
	int calling;
	bool ended;
	ump_thread *thread;
	pthread_t spawner;
	pthread_t dispatcher;
	bool dispatcher_known;
};

struct world {
	struct input input;
	struct model model;
	struct ump_config config;
	/* Per value: what it is, and how often its drop was called. */
	enum kind kind[MODEL_VALUES];
	unsigned char dropped[MODEL_VALUES];
	ump_client *clients[SLOTS];
	ump_post_client *posters[SLOTS];
	ump_weak_client *weaks[SLOTS];
	struct waiting waits[SLOTS];
	struct held held[SLOTS];
	/* What somebody blocks in or lends, which must not be dropped meanwhile. */
	int busy_client;
	int busy_wait;
	/* The request whose caller blocks. */
	int blocked;
	/* Lent to init; cloned and upgraded like any other weak client. */
	ump_weak_client *me;
	/* The value and the room of the request that blocks without a deadline. */
	int in_place;
	const void *in_place_msg;
	void *in_place_room;
	/* The raw receiving end. */
	ump_server *server;
	bool server_busy;
	/* The post that was received last. */
	const void *lent;
	int lent_value;
	/* Somebody sleeps, and the others go on inside ump__park. */
	bool asleep;
	const void *woken;
	/* Counted, though nobody has them: to come near the limit. */
	uint64_t crowd;
	/* A server on a thread of its own, instead of the raw end. */
	bool threaded;
	struct turns turns;
};

/* The world of this input.  Callbacks without an argument find it here. */
extern struct world *life_world;

/* ---- Faults -------------------------------------------------------------------------------- */

/* The n-th allocation, or start of a thread, from now on fails; 0: none. */
void life_fail_in(int calls);
int life_fails_in(void);
/* Whether that came to pass since the last call of this. */
bool life_failed(void);
/* Allocations that were not freed. */
long life_blocks(void);

/* ---- Values -------------------------------------------------------------------------------- */

void life_config(struct world *world);
/* A new value in `buffer`. */
int life_make(struct world *world, enum kind kind, void *buffer);
/* Which value it is; all its bytes are checked. */
int life_read(struct world *world, enum kind kind, const void *buffer);
/* Each value has been dropped as often as the model says. */
void life_check(const struct world *world);
/* At the end: no value is left in the library, and no memory. */
void life_check_end(const struct world *world);

/* ---- Operations ---------------------------------------------------------------------------- */

/* How many there are; the fuzzers add their own. */
#define LIFE_OPERATIONS 18

/* Take operation `what`, below LIFE_OPERATIONS. */
void life_operate(struct world *world, unsigned what);
/* Answer, keep or drop what `rc` is, as `choice` says; what is kept goes to a free slot.  Returns
 * whether the context was consumed. */
bool life_answer(
	struct world *world, ump_reply_context **rc, int request, const void *msg, unsigned choice);
/* Whether there is a free slot for a context, and to put one into it. */
bool life_can_hold(const struct world *world);
void life_hold(struct world *world, ump_reply_context *context, int request, const void *msg);
/* Where a reply goes: nowhere, if replies have no value. */
void *life_room(const struct world *world, void *reply);
/* Collect an answer that is there, or see that it is not. */
void life_take(struct world *world, unsigned slot, int result, const void *reply, int not_there);

void life_drop_clients(struct world *world);
void life_drop_contexts(struct world *world);
void life_drop_waits(struct world *world);
void life_drop_weaks(struct world *world);

/* ---- The two ways to live ------------------------------------------------------------------ */

void life_raw(struct world *world);
void life_thread(struct world *world);

/* With UMP_FUZZ_TRACE set: what is done, for those who replay. */
void life_trace(const char *what, int number);

#endif
