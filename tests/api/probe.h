/* SPDX-License-Identifier: 0BSD */
/*
 * A server for the API tests.  Its messages are orders to its handler, and its handler keeps a
 * log.  Values carry tokens, so that a test can tell what became of each value.
 */
#ifndef PROBE_H
#define PROBE_H

#include "check.h"
#include "ump_server.h"

#include <pthread.h>
#include <semaphore.h>
#include <stdatomic.h>

/* What a value points to.  The final owner of the value must count it here. */
struct token {
	/* Times that the library dropped it. */
	atomic_int dropped;
	/* Times that it was delivered to the handler, or passed to `leftover`. */
	atomic_int delivered;
	atomic_int left;
};

enum op {
	/* Reply with the value. */
	OP_ECHO,
	/* Write the value into the caller's reply buffer, and reply with that. */
	OP_ECHO_IN_PLACE,
	/* Reply with the value as the handler's own code. */
	OP_FAIL,
	/* Return without a reply. */
	OP_FORGET,
	/* Keep the context, in `kept`. */
	OP_KEEP,
	/* Reply, then break with the value. */
	OP_BREAK,
	/* Break without a reply. */
	OP_BREAK_SILENTLY,
	/* Post `entered`, wait for `gate`, then reply. */
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
	/* What to do; must be set before the server is spawned. */
	/* The server's configuration; NULL: probe_config. */
	const struct ump_config *config;
	int builder_result;
	int init_result;
	bool without_init;
	/* Its messages are handled on any thread. */
	bool roams;
	bool takes_leftovers;
	/* For undelivered requests: reply to them, keep them, or leave them alone. */
	bool answers_leftovers;
	bool keeps_leftovers;
	/* Outcome of term, if term replaces it. */
	bool term_replaces;
	struct ump_flow term_outcome;
	/* Called by the builder, if not NULL. */
	int (*on_build)(struct probe *probe, ump_client *client);
	/* OP_CALL.  `rc` is NULL for a post. */
	struct ump_flow (*on_call)(
		struct probe *probe, const struct order *order, ump_reply_context **rc);
	/* Called by leftover, term and drop, if not NULL. */
	void (*on_left)(struct probe *probe, ump_reply_context **rc);
	void (*on_term)(struct probe *probe);
	void (*on_drop)(struct probe *probe);
	/* Argument for these callbacks. */
	void *arg;
	/* Token that replies carry. */
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

/* Spawn a server with this probe as its handler; return the result of spawn. */
int probe_spawn_result(struct probe *probe, ump_client **client, ump_thread **thread);

/* Spawn; must succeed. */
void probe_spawn(struct probe *probe, ump_client **client, ump_thread **thread);

/* The same as a task. */
int probe_spawn_task_result(struct probe *probe, ump_client **client, ump_task **task);
void probe_spawn_task(struct probe *probe, ump_client **client, ump_task **task);

/* The same as a combining server. */
int probe_spawn_combining_result(
	struct probe *probe, ump_client **client, ump_combining **combining);
void probe_spawn_combining(struct probe *probe, ump_client **client, ump_combining **combining);
struct ump_flow probe_join_combining(ump_combining **combining);

/* Whether a file descriptor is readable, as poll() reports it. */
bool probe_readable(int fd);

/* Join, which must succeed; return the outcome. */
struct ump_flow probe_join(ump_thread **thread);
struct ump_flow probe_join_task(ump_task **task);

/* Post one order; must succeed. */
void probe_post(const ump_client *client, enum op op, int value);

/* Hold the server in its handler, so that what is sent stays queued; and release it. */
void probe_hold(struct probe *probe, const ump_client *client);
void probe_release(struct probe *probe);

/* Send a blocking request; store the reply's value in *answer. */
int probe_req(const ump_client *client, enum op op, int value, int *answer);

/* Send a request that does not wait. */
ump_wait_reply *probe_req_async(
	const ump_client *client, enum op op, int value, struct token *token);

/* No completion must have arrived. */
void probe_expect_empty(ump_completions *completions);

/* Retrieve the next completion, which must have arrived, with `number` as its tag and `result`. */
struct ump_completion probe_expect(ump_completions *completions, int number, int result);

/* Receive a request with `value`, which must be there, from a raw receiving end. */
ump_reply_context *probe_receive(ump_server *server, int value);

/* Reply with `value` and `token`; return the result. */
int probe_reply(ump_reply_context *rc, int value, struct token *token);

/* Wait for a semaphore, whatever signals interrupt the wait. */
void probe_wait(sem_t *semaphore);

/* Wait until `number` is at least `least`. */
void probe_await(const atomic_int *number, int least);

/* Run `attempt` until it succeeds, making the n-th call that can fail do so, for each n in
 * turn.  Return the number of failures.  Each must return UMP_NO_MEMORY or `other`, and leave
 * nothing behind. */
int probe_every_fault(int (*attempt)(void), int other);

/* Open a raw channel of the same types. */
void probe_open(ump_server **server, ump_client **client);

#endif
