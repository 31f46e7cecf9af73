/* SPDX-License-Identifier: 0BSD */
/*
 * One execution of the fuzzer for users' servers: the server, and for each thread the handles that
 * it holds and the accounts of what it has sent.  It is global, because the `drop` of a type has no
 * argument for it.
 *
 * Without the simulator (fuzz_alone.c) one thread plays all of them.  In the simulator (fuzz_sim.c)
 * they are simulated threads, which are switched only in calls of the library, of the C library
 * and of the target.  So what the harness does between two such calls is one step: it needs no
 * lock, which would also order what the target's threads have left unordered, and hide that.
 */
#ifndef UMP_FUZZ_WORLD_H
#define UMP_FUZZ_WORLD_H

#include <ump_server/fuzz.h>

enum {
	/* The thread that spawns, and the client threads. */
	FUZZ_THREADS = 1 + UMP_FUZZ_MOST_THREADS,
	FUZZ_CLIENTS = 4,
	FUZZ_POSTERS = 2,
	FUZZ_WEAKS = 2,
	FUZZ_REQUESTS = 8,
	FUZZ_DELAYED = 2,
	FUZZ_CALLS = 128,
	/* Bytes in which the input is dealt to threads: about as many as a call takes. */
	FUZZ_PIECE = 4,
	/* The longest input that the simulator makes. */
	FUZZ_INPUT = 255,
	/* How often the harness asks for what the simulator may refuse. */
	FUZZ_RETRIES = 64,
	/* Calls that are shown with a finding. */
	FUZZ_SHOWN = 24
};

enum fuzz_kind {
	FUZZ_REQUEST,
	FUZZ_POST
};

enum fuzz_state {
	/* Being sent or accepted, and neither handled nor dropped yet. */
	FUZZ_SENT,
	/* Passed to `leftover`, which may take it, or leave it to be dropped. */
	FUZZ_LEFT,
	/* Handled, dropped, or not accepted. */
	FUZZ_GONE
};

/* A message that was sent. */
struct fuzz_message {
	/* The one that the same thread has sent before. */
	struct fuzz_message *next;
	void *bytes;
	enum fuzz_kind kind;
	enum fuzz_state state;
	/* A request whose sender has given it up: it may be skipped. */
	bool given_up;
	/* A delayed post, which is handled when it is due, and before what is queued. */
	bool delayed;
};

/* A copy of a message that the handler may still read. */
struct fuzz_copy {
	struct fuzz_copy *next;
	void *bytes;
};

/* A request in flight. */
struct fuzz_request {
	/* What was sent; NULL: this place is free. */
	void *bytes;
	/* NULL: it was sent with a completion. */
	ump_wait_reply *wait_reply;
	struct fuzz_message *message;
	unsigned number;
};

/* A thread that makes calls. */
struct fuzz_thread {
	/* 0: the one that spawns, and runs a task. */
	unsigned number;
	/* What is left of its part of the input, which the harness owns if there are client
	 * threads, and how many calls it has made. */
	struct ump_fuzz_input input;
	uint8_t *part;
	unsigned calls;
	ump_client *clients[FUZZ_CLIENTS];
	ump_post_client *posters[FUZZ_POSTERS];
	ump_weak_client *weaks[FUZZ_WEAKS];
	ump_delayed *delayed[FUZZ_DELAYED];
	ump_completions *completions;
	/* Watches that have not completed; its address is their tag. */
	unsigned watches;
	struct fuzz_request requests[FUZZ_REQUESTS];
	/* The newest first. */
	struct fuzz_message *sent;
};

enum fuzz_server {
	FUZZ_IS_TASK,
	FUZZ_IS_COMBINING,
	FUZZ_IS_THREAD,
	FUZZ_SERVERS
};

struct fuzz_world {
	const struct ump_fuzz_target *target;
	void *arg;
	/* The handler that the target's builder has built. */
	struct ump_handler handler;
	enum fuzz_server server;
	ump_task *task;
	ump_combining *combining;
	ump_thread *thread;
	/* For statistics. */
	ump_weak_client *watch;
	/* The one that spawns, and `clients` others. */
	struct fuzz_thread threads[FUZZ_THREADS];
	unsigned clients;
	/* Client threads that have not ended, of those that run at the same time. */
	unsigned running;
	/* Copies that a kept context, or a suspended handler, lets the handler read. */
	struct fuzz_copy *kept;
	struct fuzz_copy *suspended;
	/* Whether a callback runs. */
	unsigned depth;
	unsigned handled;
	/* How often these callbacks have run. */
	unsigned builds;
	unsigned inits;
	unsigned terms;
	unsigned drops;
	/* The outcome that join must return, once there is one. */
	struct ump_flow outcome;
	bool joined;
	/* The handler has broken: nothing more is handled. */
	bool broken;
	bool task_dropped;
	/* A stop was sent, and accepted. */
	bool stop_sent;
	bool stopped;
};

extern struct fuzz_world ump__fuzz;

/* ---- fuzz_alone.c, or fuzz_sim.c ---- */

/* Whether threads run at the same time. */
extern const bool ump__fuzz_simulated;

/* Let all threads make their calls. */
void ump__fuzz_run_threads(void);

/* Memory for the harness's own use, of any alignment; never NULL. */
void *ump__fuzz_memory(size_t size, size_t align);

/* ---- fuzz_report.c, or fuzz_sim.c ---- */

/* Report a finding, and end the execution. */
_Noreturn void ump__fuzz_fail(const char *what, const char *more);

/* Record a call before it is made, and then its result. */
void ump__fuzz_call(struct fuzz_thread *me, const char *what, int64_t which);
void ump__fuzz_result(struct fuzz_thread *me, int result);

/* ---- fuzz_messages.c ---- */

/* Memory of exactly `size` bytes, which are 0, aligned as a value of that size must be. */
void *ump__fuzz_alloc(size_t size, size_t align);

/* Make a value of a kind from the input; NULL if the server takes none of it. */
void *ump__fuzz_make(struct fuzz_thread *me, enum fuzz_kind kind);

/* Record that a value is being sent; that it was not accepted; that its sender has given it up. */
struct fuzz_message *ump__fuzz_send(struct fuzz_thread *me, enum fuzz_kind kind, const void *bytes);
void ump__fuzz_unsend(struct fuzz_message *message);
void ump__fuzz_give_up(struct fuzz_message *message);

/* Release what a value of ours points to. */
void ump__fuzz_release(enum fuzz_kind kind, void *bytes);

/* The configuration to spawn with: the types' drops are ours. */
struct ump_config ump__fuzz_config(void);

/* A message that was sent has reached the handler. */
void ump__fuzz_arrived(enum fuzz_kind kind, const void *bytes, bool in_leftover);

/* At the end: whether a message was neither handled nor dropped; the accounts are released. */
bool ump__fuzz_close_accounts(void);

/* Check the end of a request, and release its reply. */
void ump__fuzz_ended(const void *request, int result, void *reply);

/* ---- fuzz_handler.c ---- */

/* A builder that calls the target's, and puts ours around its callbacks. */
ump_handler_builder ump__fuzz_build;

/* Release the copies that the handler must not read any longer; all: every one.  Only where the
 * handler cannot run, or from its own callbacks. */
void ump__fuzz_release_copies(bool all);

/* Check what must hold while no callback runs; the caller keeps the handler from running. */
void ump__fuzz_check_invariant(void);

/* ---- fuzz_calls.c ---- */

/* Whether a thread has calls left; make one, which its input chooses. */
bool ump__fuzz_has_calls(const struct fuzz_thread *me);
void ump__fuzz_step(struct fuzz_thread *me);

/* Handle up to `budget` messages of a task; 0: a batch. */
void ump__fuzz_dispatch(size_t budget);

/* Get the outcome if the loop has ended. */
void ump__fuzz_join(void);

/* Get the ends of a thread's requests that have ended; whether any is still in flight. */
bool ump__fuzz_collect(struct fuzz_thread *me);

/* Check that all watches of a thread have completed; once the loop has ended. */
void ump__fuzz_check_watches(struct fuzz_thread *me);

/* Drop all clients that a thread holds, and its controllers of delayed posts. */
void ump__fuzz_drop_clients(struct fuzz_thread *me);

/* Statistics; false if there are none, since the server was never spawned. */
bool ump__fuzz_stats(struct ump_stats *stats);

#endif
