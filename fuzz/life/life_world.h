/* SPDX-License-Identifier: 0BSD */
/*
 * The worlds of life_fuzzer: one per server, with the handles that a program could hold and the
 * model beside them.  All servers share the input, the clock, the completions and the sleeping
 * calls.
 *
 * Operations never run concurrently: a server on its own thread alternates with the main thread,
 * and all other servers run on one thread.
 */
#ifndef UMP_FUZZ_LIFE_WORLD_H
#define UMP_FUZZ_LIFE_WORLD_H

#include "engine/input.h"
#include "life/model.h"
#include "sync/sync.h"
#include "ump_server.h"

#include <pthread.h>
#include <semaphore.h>

/* Calls that may wait at once. */
#define LIFE_DEPTH 3

#define SLOTS      4
#define VALUE_MOST 128
#define NONE       (-1)
#define WORLDS     2
#define SINKS      2

/* Buffer for a value of any type. */
/* The strictest alignment that a configuration here requests. */
#define LIFE_ALIGN        256
#define LIFE_BUFFER(name) _Alignas(LIFE_ALIGN) unsigned char name[VALUE_MOST] = {0}

enum kind {
	KIND_REQUEST,
	KIND_REPLY,
	KIND_POST,
	KINDS
};

/* Kind of receiver. */
enum end {
	END_NONE,
	END_RAW,
	END_TASK,
	END_THREAD
};

struct waiting {
	ump_wait_reply *handle;
	int request;
	/* A call waits with this handle; only one may at a time. */
	bool busy;
};

struct held {
	ump_reply_context *context;
	int request;
	/* Valid as long as the context is. */
	const void *msg;
};

struct handoff {
	sem_t to_main;
	sem_t to_server;
	/* Whether the value is a gate: a post at which the server hands control to the main
	 * thread. */
	bool is_gate[MODEL_VALUES];
	/* The request in which the main thread blocks, or NONE. */
	int calling;
	bool ended;
	ump_thread *thread;
	/* The server runs on a pooled thread. */
	bool reuses;
	pthread_t spawner;
	pthread_t dispatcher;
	bool dispatcher_known;
};

/* Choices of the input for a server with a handler. */
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
	CALLED_DUE,
	CALLBACKS
};

/* Progress of a server with a handler. */
struct course {
	struct plan plan;
	int called[CALLBACKS];
	/* Spawn has succeeded. */
	bool spawned;
	bool broke;
	struct ump_flow how;
	/* The loop has ended, and undelivered messages were disposed of. */
	bool over;
};

/* Timers of one server, and calls of a periodic one before it is cancelled. */
#define LIFE_TIMERS      4
#define LIFE_TIMER_CALLS 3

struct life_timer {
	bool pending;
	uint64_t id;
	ump_time due;
	int64_t period;
	unsigned calls;
	/* It was due when the last message was handled: its call must precede the next one. */
	bool owed;
};

struct tasked {
	ump_task *task;
	/* The callback that runs, or has run last. */
	enum callback in;
	struct life_timer timers[LIFE_TIMERS];
	unsigned due_calls;
	/* In the library's use: its callbacks run, or a call waits in it. */
	bool running;
	/* Dropped by one of its callbacks, which has not returned yet. */
	bool dropped;
	bool ended;
	/* The run that ends it has returned. */
	bool finished;
	/* A callback runs that may suspend. */
	bool may_suspend;
	/* A handler has suspended, and has not been resumed by a run yet. */
	bool suspended;
	/* The server that the suspended handler waits for, or NULL. */
	const struct world *awaits;
	/* The obligation to resume, which may outlive the task. */
	ump_suspension *suspension;
	bool resumed;
	struct ump_flow flow;
	/* The post that the suspended handler works on, or NULL. */
	const void *msg;
	int value;
};

struct world {
	unsigned number;
	enum end end;
	struct model model;
	struct ump_config config;
	/* Per value: its kind, and the number of calls of its drop. */
	enum kind kind[MODEL_VALUES];
	unsigned char dropped[MODEL_VALUES];
	/* Per request whose caller waits without a deadline: addresses of both values. */
	const void *msg_at[MODEL_REQUESTS];
	void *reply_at[MODEL_REQUESTS];
	ump_client *clients[SLOTS];
	/* Per client: its reservation, and the number of calls that use it. */
	int reservation[SLOTS];
	unsigned in_calls[SLOTS];
	ump_post_client *posters[SLOTS];
	unsigned poster_in_calls[SLOTS];
	ump_weak_client *weaks[SLOTS];
	struct waiting waits[SLOTS];
	struct held held[SLOTS];
	/* Lent to init; cloned and upgraded like any other weak client. */
	ump_weak_client *me;
	/* The fuzzer's own weak client, for the statistics of a running task. */
	ump_weak_client *watcher;
	/* The raw receiving end, and whether a call waits in it. */
	ump_server *server;
	bool server_busy;
	/* The post that was received last. */
	const void *lent;
	int lent_value;
	/* References counted without handles, to bring the count near its limit. */
	uint64_t crowd;
	struct course course;
	struct tasked task;
	struct handoff handoff;
	/* A handler has been running since `began`; and the report of a slow one that is due. */
	bool at_work;
	ump_time began;
	bool slow_due;
	int64_t slow_took;
	bool slow_request;
};

/* Completions, and what they have lent. */
struct sink {
	ump_completions *handle;
	struct model_completions model;
	bool busy;
	/* The cancellable request that was sent last, and its number; 0: none was sent. */
	struct world *cancellable_world;
	int cancellable;
	uint64_t id;
	const void *lent;
	struct world *lent_world;
	int lent_value;
};

/* What a call waits for. */
enum reason {
	FOR_NOTHING,
	FOR_REQUEST,
	FOR_CAPACITY,
	FOR_MESSAGE,
	FOR_TASK,
	FOR_COMPLETION
};

struct wait {
	enum reason reason;
	struct world *world;
	/* For FOR_COMPLETION: which completions. */
	struct sink *sink;
	/* Request number, or waiter. */
	int which;
	bool forever;
	/* After the wait for capacity, `value` is sent as a request, which is waited for next; and
	 * the addresses of its values, if they stay with the caller. */
	int value;
	const void *msg;
	void *reply;
	/* The wait for capacity has begun, so the next wait is for the request. */
	bool entered;
	/* The word slept on, and whether it was woken. */
	const void *word;
	bool woken;
	/* The handlers that wait, as bits, and the wait that began before this one. */
	unsigned frames;
	struct wait *outer;
};

struct life {
	struct input input;
	ump_time now;
	struct world worlds[WORLDS];
	struct sink sinks[SINKS];
	int tags;
	/* The worlds in whose callbacks the caller runs, as bits, and the innermost one. */
	unsigned frames;
	struct world *innermost;
	/* Waiting calls, latest first, and the number of them that have let others run. */
	struct wait *waits;
	unsigned depth;
	/* A request that blocks forever is about to be sent: the library must not allocate. */
	bool lean;
	/* No statistics are read before the end. */
	bool unwatched;
	/* Clients recycle the memory of their messages, from the second message on. */
	bool pooled;
};

/* The life of this input.  Callbacks without an argument find it here. */
extern struct life life;

/* ---- Faults -------------------------------------------------------------------------------- */

/* Make the n-th allocation, notifier or thread start from now on fail; 0: none. */
void life_fail_in(int calls);
int life_fails_in(void);
/* Return the result that the last failure since the previous call must produce; UMP_OK if none. */
int life_failure(void);
bool life_failed(void);
/* Allocations not freed, plus notifiers not closed. */
long life_blocks(void);

/* ---- Values -------------------------------------------------------------------------------- */

void life_config(struct world *world);
/* Make a new value in `buffer`. */
int life_make(struct world *world, enum kind kind, void *buffer);
/* Identify the value in `buffer`, checking all its bytes. */
int life_read(struct world *world, enum kind kind, const void *buffer);
/* Check that each value has been dropped as often as the model says, that each statistic is the
 * model's, and that each notifier is raised exactly if there is something to do. */
void life_check(void);
/* At the end: check that the library holds no value and no memory. */
void life_check_end(void);

/* ---- Operations ---------------------------------------------------------------------------- */

/* Number of operations; the fuzzers add their own. */
#define LIFE_OPERATIONS 27

/* Execute operation `what`, which must be below LIFE_OPERATIONS. */
void life_operate(struct world *world, unsigned what);
/* Whether the models can take some more events. */
bool life_has_space(void);
/* Answer, keep or drop `rc`, as `choice` says; a kept context goes to a free slot.  Return whether
 * the context was consumed. */
bool life_answer(
	struct world *world, ump_reply_context **rc, int request, const void *msg, unsigned choice);
/* Whether a slot is free for a context; and put a context into it. */
bool life_can_hold(const struct world *world);
void life_hold(struct world *world, ump_reply_context *context, int request, const void *msg);
/* Drop all contexts. */
void life_forget_contexts(struct world *world);
/* Drop those that hold the loop; [hold]. */
void life_release_holds(struct world *world);
/* Return a free slot for an answer, or NONE. */
int life_free_wait(const struct world *world);
/* Return the reply buffer, or NULL if replies have no value. */
void *life_reply_buffer(const struct world *world, void *reply);
/* Check the result of collecting an answer: there, or `not_there`. */
void life_take(struct world *world, unsigned slot, int result, const void *reply, int not_there);

void life_drop_clients(struct world *world);
/* Answer each context, in some way. */
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
life_operation life_client_reserve;
life_operation life_watch;

/* Check the result of a call for the next completion; `nothing` is its result if there is none. */
void life_completed(struct sink *sink, int result, const struct ump_completion *out, int nothing);
/* Check that what the last call has lent is unchanged; it must stay so until the next call. */
void life_check_sink(const struct sink *sink);
void life_drop_sinks(void);

/* ---- The handler of a thread or a task ----------------------------------------------------- */

void life_choose(struct world *world);
ump_handler_builder life_build;
/* Return a handler's flow: now and then it ends the loop. */
struct ump_flow life_flow(struct world *world);
void life_slow(void *arg, int64_t took, bool request);
/* Spawn failed with `result`: check that the reason is the expected one, and that everything is as
 * before the call, except that clients cloned by the builder get UMP_SERVER_GONE. */
void life_check_failure(struct world *world, int result);
/* The loop ends with `how`, before any other callback runs. */
void life_break(struct world *world, struct ump_flow how);
/* The loop has ended: check that it may. */
void life_expect_end(struct world *world);

/* ---- Kinds of life ------------------------------------------------------------------------- */

/* On its own thread, alternating with the main thread. */
void life_thread(struct world *world);
/* The server posts a gate through any client it has; false: it has none, or the server has
 * ended. */
bool life_post_gate(struct world *world);
/* Let the main thread run; with `back`, wait until it lets the server run again. */
void life_hand_over(struct world *world, bool back);

/* A combining server, run by its callers. */
void life_combining(void);

/* The same with a server that asks another one. */
void life_asks(void);

/* A life of delayed posts to a task. */
void life_delayed(void);

/* Life of workers, with books of its own. */
void life_workers(void);

/* Wait until threads that no handle joins have freed their memory. */
void life_await_blocks(void);

/* A life of delayed posts to a raw receiving end. */
void life_raw_due(void);

/* On this thread: raw receiving ends and tasks. */
void life_local(void);
/* Execute one of these operations, chosen by the input or by `choice`. */
void life_step(void);
void life_step_as(uint8_t choice);

/* A raw receiving end. */
bool life_raw_open(struct world *world);
void life_pop(struct world *world);
void life_was_empty(struct world *world);
void life_crowd(struct world *world);
/* Whether the weak count is at its limit.  Pools, requests and reservations hold weak references of
 * which the model does not know. */
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
/* Whether its notifier must be raised. */
bool life_has_work(const struct world *world);
/* Let a resumed handler go on, as the next run of its task begins. */
void life_continue(struct world *world);
/* Given-up requests are skipped without a callback: check that the right ones were. */
void life_skip(struct world *world);

/* ---- Sleeping ------------------------------------------------------------------------------ */

/* Whether the receiving end is in use: it must be neither dropped nor received from. */
bool life_is_stuck(const struct world *world);
/* Return a deadline chosen by the input: near, far, or UMP_FOREVER if `may_be_never`. */
ump_time life_deadline(bool may_be_never);

/* Return one of several past deadlines, each equivalent to UMP_NOW. */
ump_time life_past_of(unsigned choice);
/* Whether waiting for `server` would close a wait cycle: the call must then fail; [deadlock]. */
bool life_closes_cycle(const struct world *server);
/* Whether a send to `server` that would wait must fail with UMP_DEADLOCK.  false for a closed
 * server, which is gone. */
bool life_send_closes_cycle(const struct world *server);

/* Whether the handler of `task` would close a wait cycle by suspending for `server`. */
bool life_suspends_in_cycle(const struct world *task, const struct world *server);
/* Enclose a call that may wait for `wait`. */
void life_wait_begin(struct wait *wait);
void life_wait_end(const struct wait *wait);
/* Whether a notifier is raised. */
bool life_is_raised(int fd);

/* ---- Timers -------------------------------------------------------------------------------- */

life_operation life_timer;
/* A timer of the task calls, with `count`: check that it may.  Its handler has returned from a
 * message; a message comes next; the loop has ended. */
void life_timer_calls(struct world *world, struct life_timer *timer, uint64_t count);
void life_timers_after(struct world *world);
void life_timers_before(const struct world *world);
void life_timers_end(struct world *world);
/* Check what a task that does not run says of its next due call. */
void life_timers_due(const struct world *world);
ump_due_call life_due_call;

life_operation life_block_in_req;
life_operation life_block_in_wait;
life_operation life_block_in_post;
life_operation life_block_in_async;
life_operation life_block_in_completions;

/* With UMP_FUZZ_TRACE set: print each operation, for replays. */
void life_trace(const char *what, int number);

#endif
