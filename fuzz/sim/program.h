/* SPDX-License-Identifier: 0BSD */
/*
 * Small programs: what the clients of a server do, each on a thread of its own.  As text:
 *
 *     thread+leftover: req post.break | async wait | clone post
 *
 * a server with its traits, and for each client its operations in order.  If there are two servers,
 * or three, client c talks to server c modulo their number, and handlers to the next one.
 */
#ifndef SIM_PROGRAM_H
#define SIM_PROGRAM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define PROGRAM_CLIENTS 4
#define PROGRAM_OPS     4
#define PROGRAM_SERVERS 3

/* How a message is sent. */
enum action {
	SEND_REQUEST,
	SEND_TIMED,
	SEND_ASYNC,
	SEND_POST,
	/* While the inbox is full, wait for room. */
	SEND_ASYNC_UNTIL,
	SEND_POST_UNTIL,
	/* The same for some time only. */
	SEND_POST_TIMED,
	/* The answer comes out of the client's completions. */
	SEND_COMPLETION,
	/* By a client that can only post. */
	SEND_POST_CLIENT,
	/* What follows sends nothing. */
	WAIT,
	WAIT_TIMED,
	TRY,
	GIVE_UP,
	CLONE,
	DROP,
	WEAKEN,
	UPGRADE,
	WEAK_CLONE,
	WEAK_DROP,
	POST_CLIENT,
	POST_CLIENT_CLONE,
	POST_CLIENT_DROP,
	/* Have the completions tell when there is room. */
	ASK_ROOM,
	/* Look for a completion; wait for one; for some time; as an event loop does; drop them all.
	 * */
	NEXT,
	NEXT_WAIT,
	NEXT_TIMED,
	NEXT_POLL,
	/* As an event loop that takes one at a time. */
	NEXT_POLL_ONE,
	COMPLETIONS_DROP,
	/* Read the server's numbers. */
	STATS,
	/* The first client's thread: spawn a task that requests something of the first server, and
	 * run it to its end. */
	SPAWN
};

/* What the handler does with it. */
enum behaviour {
	ANSWER,
	/* Write the answer where the caller has room for it. */
	ANSWER_IN_ROOM,
	FAIL,
	FORGET,
	/* Keep the context; another thread answers, or drops it. */
	KEEP,
	KEEP_AND_DROP,
	/* Answer (a request), then break. */
	BREAK,
	/* Through a weak client, post another message to the same server. */
	CHAIN,
	/* Request something of the next server (with one server: of itself), and answer then.  That
	 * one answers; does the same in turn; keeps the context; answers, and then requests. */
	ASK,
	ASK_ROUND,
	ASK_KEPT,
	ASK_BACK,
	ANSWER_AND_ASK,
	/* As ASK_ROUND, with a deadline; by an asynchronous request that is then waited for. */
	ASK_TIMED,
	ASK_ASYNC,
	/* Post to the next server, waiting for room. */
	PUSH,
	/* Wait for the next server's end. */
	JOIN,
	/* Of a task: suspend; another thread resumes, or resumes with a break. */
	SUSPEND,
	SUSPEND_AND_BREAK,
	/* As SUSPEND, and name the next server as what it waits for. */
	SUSPEND_FOR,
	/* Suspend and resume at once. */
	RESUME,
	/* Drop the own task. */
	QUIT
};

struct operation_type {
	const char *name;
	enum action action;
	enum behaviour behaviour;
};

extern const struct operation_type operation_types[];
extern const unsigned operation_count;

/* Traits of a server. */
enum trait {
	/* The loop is the test's own: wait, try, drop. */
	RAW = 1,
	/* There is an init; it succeeds, or fails. */
	INIT = 2,
	INIT_FAILS = 4,
	BUILDER_FAILS = 8,
	LEFTOVER = 16,
	/* term replaces the outcome. */
	TERM = 32,
	/* Drop the thread's handle and do not join. */
	DETACH = 64,
	/* All clients use one handle. */
	SHARED = 128,
	/* Join with a deadline first. */
	JOIN_TIMED = 256,
	/* Requests, replies and posts have no drop. */
	NO_DROP = 512,
	/* RAW and TASK: the loop begins when the first client has done all its operations.  A task
	 * then runs on that client's thread. */
	LATE = 1024,
	/* A task, with an event loop on a thread of its own. */
	TASK = 2048,
	/* It handles one message at a time; it is run by ump_task_run; it is dropped after having
	 * been dispatched once. */
	BUDGET = 4096,
	RUN = 8192,
	QUITS = 16384,
	/* The inbox has room for one message; for two. */
	BOUNDED = 32768,
	ROOMY = 65536,
	/* There are as many servers of the same kind. */
	TWO = 131072,
	THREE = 262144,
	/* With TASK or INLINE: all servers but the first are threads. */
	MIXED = 524288,
	/* Clients recycle the memory of their messages, from the first one on. */
	POOLED = 1048576,
	/* Those who send to it run it; with BUDGET, each handles one message of another one. */
	INLINE = 2097152,
	/* Threads are used again; one may wait for that.  The place where it does is dropped when
	 * all servers have ended; while they run. */
	REUSED = 4194304,
	EARLY = 8388608,
	/* A server comes up when the one before it has ended; the first thread does what their
	 * clients do, one after the other. */
	IN_TURN = 16777216,
	/* With TASK: each handler runs an event loop of its own for a moment. */
	NESTED = 33554432,
	/* With DETACH: the first thread waits for those that were let go. */
	GATHERS = 67108864,
	TRAIT_LAST = GATHERS
};

struct program {
	unsigned traits;
	int clients;
	int lengths[PROGRAM_CLIENTS];
	uint8_t operations[PROGRAM_CLIENTS][PROGRAM_OPS];
};

/* How many servers there are. */
int program_servers(const struct program *program);

/* How many messages an inbox takes; 0: any number. */
unsigned program_capacity(const struct program *program);

/* Whether server `number` is a task. */
bool program_is_task(const struct program *program, int number);

/* Whether those who send to server `number` run it. */
bool program_is_inline(const struct program *program, int number);

/* Whether the servers come up one after the other. */
bool program_is_in_turn(const struct program *program);

/* Whether any handler waits for the end of another server. */
bool program_joins(const struct program *program);

/* false: it says what is wrong on the standard error output. */
bool program_parse(const char *text, struct program *program);

void program_print(const struct program *program, char *text, size_t size);

/* Any program, from `random`. */
void program_random(struct program *program, uint32_t (*random)(void));

/* Any program, from bytes; how many were used. */
size_t program_decode(struct program *program, const uint8_t *bytes, size_t length);

/* The bytes that decode to `program`, at most PROGRAM_BYTES; 0: no bytes give its traits. */
#define PROGRAM_BYTES (2 + PROGRAM_CLIENTS * (1 + PROGRAM_OPS))
size_t program_encode(const struct program *program, uint8_t *bytes);

#endif
