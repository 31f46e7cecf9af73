/* SPDX-License-Identifier: 0BSD */
/*
 * The worlds of life_fuzzer: one for each server, with the handles that a program could hold and
 * the model beside them, and what all servers share: the input, time, completions, and who sleeps.
 *
 * Whoever runs operations is alone: a server on a thread of its own and the main thread take turns,
 * and all others run on one thread.
 */
#ifndef UMP_FUZZ_LIFE_WORLD_H
#define UMP_FUZZ_LIFE_WORLD_H

#include "input.h"
#include "model.h"
#include "sync/sync.h"
#include "ump_server.h"

#include <pthread.h>
#include <semaphore.h>

/* How many calls may wait at once. */
#define LIFE_DEPTH 3

#define SLOTS      4
#define VALUE_MOST 128
#define NOBODY     (-1)
#define WORLDS     2
#define PLACES     2

/* A buffer for a value of any type. */
/* More than that no configuration here asks for. */
#define LIFE_ALIGN        256
#define LIFE_BUFFER(name) _Alignas(LIFE_ALIGN) unsigned char name[VALUE_MOST] = {0}

enum kind {
	KIND_REQUEST,
	KIND_REPLY,
	KIND_POST,
	KINDS
};

/* Who receives. */
enum end {
	END_NONE,
	END_RAW,
	END_TASK,
	END_THREAD
};

struct waiting {
	ump_wait_reply *handle;
	int request;
	/* Somebody waits with it, which one may do at a time. */
	bool busy;
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
	/* Its thread is to be used again. */
	bool reuses;
	pthread_t spawner;
	pthread_t dispatcher;
	bool dispatcher_known;
};

/* What the input has chosen for a server with a handler. */
struct plan {
	bool builder_fails;
	bool incomplete;
	bool with_init;
	bool init_fails;
	bool with_leftover;
	bool with_term;
	bool term_replaces;
	bool with_drop;
	bool drop_thread;
	bool name;
};

enum callback {
	CALLED_BUILDER,
	CALLED_INIT,
	CALLED_REQUEST,
	CALLED_POST,
	CALLED_LEFTOVER,
	CALLED_TERM,
	CALLED_DROP,
	CALLBACKS
};

/* How it went. */
struct course {
	struct plan plan;
	int called[CALLBACKS];
	/* Spawn has succeeded. */
	bool spawned;
	bool broke;
	struct ump_flow how;
	/* The loop is over, and what was left was seen to. */
	bool over;
};

struct tasked {
	ump_task *task;
	/* In the library's hands: its callbacks run, or somebody waits in it. */
	bool running;
	/* Dropped by one of its callbacks, which has not returned yet. */
	bool dropped;
	bool ended;
	/* A callback runs that may suspend. */
	bool may_suspend;
	/* A handler has suspended, and did not go on yet. */
	bool suspended;
	/* The server that the suspended handler has said to wait for, or NULL. */
	const struct world *awaits;
	/* The duty to resume it, which may outlive the task. */
	ump_suspension *suspension;
	bool resumed;
	struct ump_flow flow;
	/* The post that it works on, or NULL. */
	const void *msg;
	int value;
};

struct world {
	unsigned number;
	enum end end;
	struct model model;
	struct ump_config config;
	/* Per value: what it is, and how often its drop was called. */
	enum kind kind[MODEL_VALUES];
	unsigned char dropped[MODEL_VALUES];
	/* Per request whose caller waits without a deadline: where both values are. */
	const void *msg_at[MODEL_REQUESTS];
	void *room_at[MODEL_REQUESTS];
	ump_client *clients[SLOTS];
	/* The ticket with which each has asked for room, and how many calls it is in. */
	int asked[SLOTS];
	unsigned in_calls[SLOTS];
	ump_post_client *posters[SLOTS];
	unsigned poster_in_calls[SLOTS];
	ump_weak_client *weaks[SLOTS];
	struct waiting waits[SLOTS];
	struct held held[SLOTS];
	/* Lent to init; cloned and upgraded like any other weak client. */
	ump_weak_client *me;
	/* A weak client of the fuzzer's own, to see the numbers of a task that runs. */
	ump_weak_client *watcher;
	/* The raw receiving end, and whether somebody waits in it. */
	ump_server *server;
	bool server_busy;
	/* The post that was received last. */
	const void *lent;
	int lent_value;
	/* Counted, though nobody has them: to come near the limit. */
	uint64_t crowd;
	struct course course;
	struct tasked task;
	struct turns turns;
	/* A handler is at work since then; it was slow, which is to be told. */
	bool at_work;
	ump_time began;
	bool slow_due;
	int64_t slow_took;
	bool slow_request;
};

/* Completions, and what they have lent. */
struct place {
	ump_completions *handle;
	struct model_completions model;
	bool busy;
	const void *lent;
	struct world *lent_world;
	int lent_value;
};

/* What a call waits for. */
enum reason {
	FOR_NOTHING,
	FOR_REQUEST,
	FOR_ROOM,
	FOR_MESSAGE,
	FOR_TASK,
	FOR_COMPLETION
};

struct wait {
	enum reason reason;
	struct world *world;
	/* For a completion: where. */
	struct place *place;
	/* Which request, or which ticket. */
	int which;
	bool for_ever;
	/* After the wait for room, this is sent as a request, which is waited for in turn; and
	 * where its values are, if they stay with the caller. */
	int value;
	const void *msg;
	void *room;
	/* The wait for room has begun, so the next one is for the request. */
	bool entered;
	/* What is slept on, and whether somebody has woken it. */
	const void *word;
	bool woken;
	/* The handlers that wait, as bits, and who began to wait before. */
	unsigned frames;
	struct wait *outer;
};

struct life {
	struct input input;
	ump_time now;
	struct world worlds[WORLDS];
	struct place places[PLACES];
	int tags;
	/* In whose callbacks the caller is, as bits, and which is the innermost. */
	unsigned frames;
	struct world *innermost;
	/* Calls that wait, the last one first, and how many of them have let others go on. */
	struct wait *waits;
	unsigned depth;
	/* A request that blocks for ever is about to be sent: nothing may be allocated. */
	bool lean;
	/* Nobody looks at the numbers before the end. */
	bool unwatched;
	/* Clients recycle the memory of their messages, from the second one on. */
	bool pooled;
};

/* The life of this input.  Callbacks without an argument find it here. */
extern struct life life;

/* ---- Faults -------------------------------------------------------------------------------- */

/* The n-th allocation, bell or start of a thread from now on fails; 0: none. */
void life_fail_in(int calls);
int life_fails_in(void);
/* What the last failure since the last call of this has to be answered with; UMP_OK: none. */
int life_failure(void);
bool life_failed(void);
/* Allocations that were not freed, and bells that were not closed. */
long life_blocks(void);

/* ---- Values -------------------------------------------------------------------------------- */

void life_config(struct world *world);
/* A new value in `buffer`. */
int life_make(struct world *world, enum kind kind, void *buffer);
/* Which value it is; all its bytes are checked. */
int life_read(struct world *world, enum kind kind, const void *buffer);
/* Each value has been dropped as often as the model says, each number is what the model says, and
 * each bell rings if there is something to do. */
void life_check(void);
/* At the end: no value is left in the library, and no memory. */
void life_check_end(void);

/* ---- Operations ---------------------------------------------------------------------------- */

/* How many there are; the fuzzers add their own. */
#define LIFE_OPERATIONS 26

/* Take operation `what`, below LIFE_OPERATIONS. */
void life_operate(struct world *world, unsigned what);
/* Whether there is room for some more events. */
bool life_has_room(void);
/* Answer, keep or drop what `rc` is, as `choice` says; what is kept goes to a free slot.  Returns
 * whether the context was consumed. */
bool life_answer(
	struct world *world, ump_reply_context **rc, int request, const void *msg, unsigned choice);
/* Whether there is a free slot for a context, and to put one into it. */
bool life_can_hold(const struct world *world);
void life_hold(struct world *world, ump_reply_context *context, int request, const void *msg);
/* Drop all contexts. */
void life_forget_contexts(struct world *world);
/* A free slot for an answer, or NOBODY. */
int life_free_wait(const struct world *world);
/* Where a reply goes: nowhere, if replies have no value. */
void *life_room(const struct world *world, void *reply);
/* Collect an answer that is there, or see that it is not. */
void life_take(struct world *world, unsigned slot, int result, const void *reply, int not_there);

void life_drop_clients(struct world *world);
/* Answer all contexts, in some way. */
void life_drop_contexts(struct world *world);
void life_drop_waits(struct world *world);
void life_drop_weaks(struct world *world);

/* ---- Completions --------------------------------------------------------------------------- */

typedef void life_operation(struct world *world, unsigned from);

life_operation life_completions_open;
life_operation life_completions_next;
life_operation life_completions_drop;
life_operation life_completions_misuse;
life_operation life_req_completion;
life_operation life_client_room;

/* What a call for the next completion has answered; `nothing` is what it says if there is none. */
void life_completed(struct place *place, int result, const struct ump_completion *out, int nothing);
/* What was lent by the last call is still there until the next. */
void life_check_place(const struct place *place);
void life_drop_places(void);

/* ---- The handler of a thread or a task ----------------------------------------------------- */

void life_choose(struct world *world);
ump_handler_builder life_build;
/* How a handler goes on: now and then, it ends the loop. */
struct ump_flow life_flow(struct world *world);
void life_slow(void *arg, int64_t took, bool request);
/* Spawn failed with `result`: it has to be for this reason, and everything is as if it had never
 * been, but that clients which the builder cloned are told so. */
void life_check_failure(struct world *world, int result);
/* The loop ends with `how`, before anybody else is called. */
void life_break(struct world *world, struct ump_flow how);
/* The loop has ended: see that it might. */
void life_expect_end(struct world *world);

/* ---- The ways to live ---------------------------------------------------------------------- */

/* On a thread of its own, by turns with the main thread. */
void life_thread(struct world *world);
/* The server posts a gate through whatever client there is; false: there is none, or it ended. */
bool life_post_gate(struct world *world);
/* The server's turn ends; with `back`, it waits for another one. */
void life_give_turn(struct world *world, bool back);

/* Run by those who send to it. */
void life_inline(void);

/* On this thread: raw receiving ends and tasks. */
void life_local(void);
/* Take any operation of these, as the input says, or as `choice` does. */
void life_step(void);
void life_step_as(uint8_t choice);

/* A raw receiving end. */
bool life_raw_open(struct world *world);
void life_pop(struct world *world);
void life_look(struct world *world);
void life_crowd(struct world *world);
/* Whether there are as many weak references as there may be.  Pools, requests and wishes for room
 * have some, too, of which the model does not know. */
bool life_weak_is_full(const struct world *world);
void life_uncrowd(struct world *world);
void life_raw_wait(struct world *world);
void life_raw_drop(struct world *world);

/* A task. */
bool life_task_open(struct world *world);
void life_dispatch(struct world *world);
void life_task_run(struct world *world);
void life_task_join(struct world *world);
void life_task_drop(struct world *world);
void life_suspend(struct world *world, unsigned from);
void life_resume(struct world *world, unsigned from);
/* Whether its bell has to ring. */
bool life_has_work(const struct world *world);
/* A handler that was resumed goes on, as the next run of its task begins. */
void life_go_on(struct world *world);
/* Requests that were given up are skipped with nobody called: see that the right ones were. */
void life_skip(struct world *world);

/* ---- Sleeping ------------------------------------------------------------------------------ */

/* Whether the receiving end is in use, so that it cannot be dropped or received from. */
bool life_is_stuck(const struct world *world);
/* A deadline, as the input says: a near one, a far one, or none if `may_be_never`. */
ump_time life_deadline(bool may_be_never);

/* One of some deadlines that have passed, each of which is as good as UMP_NOW. */
ump_time life_past_of(unsigned choice);
/* Whether to wait for `server` would close a circle: then the library has to say so; [deadlock]. */
bool life_closes_circle(const struct world *server);
/* Whether a send to `server` that would wait is told so instead.  A closed server is gone. */
bool life_send_closes_circle(const struct world *server);

/* Whether the handler of `task` would close one by suspending until `server` does something. */
bool life_suspends_in_circle(const struct world *task, const struct world *server);
/* Around a call that may wait for `wait`. */
void life_wait_begin(struct wait *wait);
void life_wait_end(const struct wait *wait);
/* Whether a bell rings. */
bool life_rings(int fd);

life_operation life_block_in_req;
life_operation life_block_in_wait;
life_operation life_block_in_post;
life_operation life_block_in_async;
life_operation life_block_in_completions;

/* With UMP_FUZZ_TRACE set: what is done, for those who replay. */
void life_trace(const char *what, int number);

#endif
