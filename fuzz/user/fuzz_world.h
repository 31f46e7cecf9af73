/* SPDX-License-Identifier: 0BSD */
/*
 * One execution of the fuzzer for users' servers: the server, the handles that the harness holds,
 * and the accounts of messages.  It is global, because the `drop` of a type has no argument for it,
 * and because everything runs on one thread.
 */
#ifndef UMP_FUZZ_WORLD_H
#define UMP_FUZZ_WORLD_H

#include <ump_server/fuzz.h>

enum {
	FUZZ_CLIENTS = 4,
	FUZZ_POSTERS = 2,
	FUZZ_WEAKS = 2,
	FUZZ_REQUESTS = 8,
	FUZZ_CALLS = 128,
	/* Calls that are shown with a finding. */
	FUZZ_SHOWN = 24
};

enum fuzz_kind {
	FUZZ_REQUEST,
	FUZZ_POST
};

/* A message that was sent. */
struct fuzz_message {
	struct fuzz_message *next;
	void *bytes;
	enum fuzz_kind kind;
	/* Passed to `leftover`, which may take it, or leave it to be dropped. */
	bool left;
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
	unsigned number;
};

struct fuzz_call {
	const char *what;
	int64_t which;
	int result;
	bool has_result;
};

struct fuzz_world {
	const struct ump_fuzz_target *target;
	struct ump_fuzz_input input;
	void *arg;
	/* The handler that the target's builder has built. */
	struct ump_handler handler;
	bool combining_kind;
	ump_task *task;
	ump_combining *combining;
	/* For statistics. */
	ump_weak_client *watch;
	ump_client *clients[FUZZ_CLIENTS];
	ump_post_client *posters[FUZZ_POSTERS];
	ump_weak_client *weaks[FUZZ_WEAKS];
	ump_completions *completions;
	struct fuzz_request requests[FUZZ_REQUESTS];
	/* Accepted, and neither handled nor dropped yet. */
	struct fuzz_message *sent;
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
	bool trace;
	unsigned calls;
	struct fuzz_call shown[FUZZ_SHOWN];
};

extern struct fuzz_world ump__fuzz;

/* ---- fuzz_report.c ---- */

/* Report a finding, and end the process. */
_Noreturn void ump__fuzz_fail(const char *what, const char *more);

/* Record a call before it is made, and then its result. */
void ump__fuzz_call(const char *what, int64_t which);
void ump__fuzz_result(int result);

/* ---- fuzz_messages.c ---- */

/* Memory of exactly `size` bytes, aligned as a value of that size must be. */
void *ump__fuzz_alloc(size_t size, size_t align);

/* Make a value of a kind from the input; NULL if the server takes none of it. */
void *ump__fuzz_make(enum fuzz_kind kind);

/* Record that a value is being sent; take it back, with its memory, if it was not accepted. */
struct fuzz_message *ump__fuzz_send(enum fuzz_kind kind, const void *bytes);
void ump__fuzz_unsend(struct fuzz_message *message);

/* Release what a value of ours points to. */
void ump__fuzz_release(enum fuzz_kind kind, void *bytes);

/* The configuration to spawn with: the types' drops are ours. */
struct ump_config ump__fuzz_config(void);

/* A message that was sent has reached the handler. */
void ump__fuzz_arrived(enum fuzz_kind kind, const void *bytes, bool in_leftover);

/* A message that `leftover` has not taken goes to the type's drop, or back to the caller. */
void ump__fuzz_forget_left(void);

/* Check the end of a request, and release its reply. */
void ump__fuzz_ended(const void *request, int result, void *reply);

/* ---- fuzz_handler.c ---- */

/* A builder that calls the target's, and puts ours around its callbacks. */
ump_handler_builder ump__fuzz_build;

/* Release the copies that the handler must not read any longer; all: every one. */
void ump__fuzz_release_copies(bool all);

/* ---- fuzz_calls.c ---- */

/* Make one call that the input chooses. */
void ump__fuzz_step(void);

/* Handle up to `budget` messages of a task; 0: a batch. */
void ump__fuzz_dispatch(size_t budget);

/* Get the outcome if the loop has ended. */
void ump__fuzz_join(void);

/* Get the ends of requests that have ended; whether any request is still in flight. */
bool ump__fuzz_collect(void);

/* Drop all clients that the harness holds. */
void ump__fuzz_drop_clients(void);

/* Statistics; false if there are none, since the server was never spawned. */
bool ump__fuzz_stats(struct ump_stats *stats);

#endif
