/* SPDX-License-Identifier: 0BSD */
/*
 * A server for the API tests.  Its messages are orders to its handler, and its handler keeps a log.
 * Values carry tokens, so that a test can say for each value what became of it.
 */
#ifndef PROBE_H
#define PROBE_H

#include "check.h"
#include "ump_server.h"

#include <pthread.h>
#include <semaphore.h>
#include <stdatomic.h>

/* What a value points to: whoever owns the value at the end counts it here. */
struct token {
	/* How often the library dropped it. */
	atomic_int dropped;
	/* How often it was delivered to the handler, or handed over as a leftover. */
	atomic_int delivered;
	atomic_int left;
};

enum op {
	/* Answer with the value. */
	OP_ECHO,
	/* Write the value where the caller wants it, and answer with that. */
	OP_ECHO_IN_PLACE,
	/* Answer with the value as a code of one's own. */
	OP_FAIL,
	/* Return without an answer. */
	OP_FORGET,
	/* Keep the context, in `kept`. */
	OP_KEEP,
	/* Answer, then break with the value. */
	OP_BREAK,
	/* Break without an answer. */
	OP_BREAK_SILENTLY,
	/* Say so on `entered`, wait for `gate`, then answer. */
	OP_GATE,
	/* Do what `on_call` does. */
	OP_CALL
};

struct order {
	enum op op;
	int value;
	struct token *token;
};

struct reply {
	int value;
	struct token *token;
};

#define PROBE_LOG 4096

struct probe {
	/* What to do; set before the server is spawned. */
	/* Of the server; NULL: probe_config. */
	const struct ump_config *config;
	int builder_result;
	int init_result;
	bool without_init;
	/* Its messages come on any thread. */
	bool roams;
	bool takes_leftovers;
	/* Of leftovers that are requests: answer them, keep them, or leave them alone. */
	bool answers_leftovers;
	bool keeps_leftovers;
	/* Outcome of term, if it replaces. */
	bool term_replaces;
	struct ump_flow term_outcome;
	/* Called by the builder, if there is one. */
	int (*on_build)(struct probe *probe, ump_client *client);
	/* OP_CALL.  `rc` is NULL for a post. */
	struct ump_flow (*on_call)(
		struct probe *probe, const struct order *order, ump_reply_context **rc);
	/* Called by leftover, term and drop, if there are any. */
	void (*on_left)(struct probe *probe, ump_reply_context **rc);
	void (*on_term)(struct probe *probe);
	void (*on_drop)(struct probe *probe);
	/* For those. */
	void *arg;
	/* What replies carry. */
	struct token *reply_token;

	/* What happened.  Written by the dispatcher; atomics may be read while it runs. */
	atomic_int built;
	atomic_int inits;
	atomic_int terms;
	atomic_int drops;
	atomic_int handled;
	atomic_int lefts;
	atomic_int last_reply_result;
	int log[PROBE_LOG];
	pthread_t threads[PROBE_LOG];
	int left_log[PROBE_LOG];
	struct ump_flow term_saw;
	ump_reply_context *kept[8];
	atomic_int kept_count;
	ump_weak_client *me;
	ump_client *own_strong;
	pthread_t builder_thread;
	pthread_t dispatcher;
	sem_t entered;
	sem_t gate;
};

/* Orders and replies; `drop` counts in the token. */
extern const struct ump_config probe_config;

void probe_init(struct probe *probe);

/* Spawn a server with this probe as its handler; the result of spawn. */
int probe_spawn_result(struct probe *probe, ump_client **client, ump_thread **thread);

/* Spawn, which must succeed. */
void probe_spawn(struct probe *probe, ump_client **client, ump_thread **thread);

/* The same as a task. */
int probe_spawn_task_result(struct probe *probe, ump_client **client, ump_task **task);
void probe_spawn_task(struct probe *probe, ump_client **client, ump_task **task);

/* The same on the threads of those who send. */
int probe_spawn_inline_result(struct probe *probe, ump_client **client, ump_inline **inlined);
void probe_spawn_inline(struct probe *probe, ump_client **client, ump_inline **inlined);
struct ump_flow probe_join_inline(ump_inline **inlined);

/* Whether a file descriptor is readable, as poll() sees it. */
bool probe_readable(int fd);

/* Join, which must succeed; the outcome. */
struct ump_flow probe_join(ump_thread **thread);
struct ump_flow probe_join_task(ump_task **task);

/* Send one order as a post, which must succeed. */
void probe_post(const ump_client *client, enum op op, int value);

/* Hold the server in its handler, so that what is sent stays queued; and let it go. */
void probe_hold(struct probe *probe, const ump_client *client);
void probe_release(struct probe *probe);

/* A blocking request; *value gets the reply's. */
int probe_req(const ump_client *client, enum op op, int value, int *answer);

/* A request that does not wait. */
ump_wait_reply *probe_req_async(
	const ump_client *client, enum op op, int value, struct token *token);

/* Wait until `number` is at least `least`. */
void probe_await(const atomic_int *number, int least);

/* Run `attempt` until it succeeds, with the n-th call that can fail failing, for each n in turn;
 * the number of failures.  What fails says UMP_NO_MEMORY, or `other`, and leaves nothing behind. */
int probe_every_fault(int (*attempt)(void), int other);

/* A raw channel of the same types. */
void probe_open(ump_server **server, ump_client **client);

#endif
