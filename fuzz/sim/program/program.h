/* SPDX-License-Identifier: 0BSD */
/*
 * Small programs: the operations of a server's clients, each on its own thread.  As text:
 *
 *     thread+leftover: req post.break | async wait | clone post
 *
 * a server with its traits, and for each client its operations in order.  With two or three
 * servers, client c talks to server c modulo their number, and handlers to the next one.
 */
#ifndef SIM_PROGRAM_H
#define SIM_PROGRAM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define PROGRAM_CLIENTS 4
#define PROGRAM_OPS     4
#define PROGRAM_SERVERS 3
/* The most workers of a server. */
#define PROGRAM_WORKERS 2

/* How a message is sent. */
enum action {
	SEND_REQUEST,
	SEND_TIMED,
	SEND_ASYNC,
	SEND_POST,
	/* Wait for capacity while the inbox is full. */
	SEND_ASYNC_UNTIL,
	SEND_POST_UNTIL,
	/* The same with a deadline. */
	SEND_POST_TIMED,
	/* The answer arrives in the client's completions. */
	SEND_COMPLETION,
	/* The same, and it can be cancelled; the same, and it has a deadline too. */
	SEND_CANCELLABLE,
	SEND_EXPIRING,
	/* By a client that can only post. */
	SEND_POST_CLIENT,
	/* The following send nothing. */
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
	/* Reserve capacity; the completions report it. */
	RESERVE,
	/* Poll for a completion; wait for one; with a deadline; like an event loop; drop them
	 * all. */
	NEXT,
	NEXT_WAIT,
	NEXT_TIMED,
	NEXT_POLL,
	/* Like an event loop that takes one at a time. */
	NEXT_POLL_ONE,
	COMPLETIONS_DROP,
	/* Cancel the oldest request in flight. */
	CANCEL,
	/* Read the server's statistics. */
	STATS,
	/* Stop the server; by a client that can only post; by a weak client. */
	STOP,
	STOP_POST_CLIENT,
	STOP_WEAK,
	/* The first client's thread: spawn a task that sends a request to the first server, and run
	 * it to its end. */
	SPAWN,
	/* Watch the server; by a weak client; by its handle, which is the first thread's. */
	WATCH,
	WATCH_WEAK,
	WATCH_HANDLE,
	/* Send a delayed post, which is called once; or periodically. */
	SEND_AT,
	SEND_EVERY,
	/* Change the newest one: cancel it, also from a thread beside the client's; pause, resume;
	 * change its period; drop the controller. */
	DELAYED_CANCEL,
	DELAYED_CANCEL_ASIDE,
	DELAYED_PAUSE,
	DELAYED_RESUME,
	DELAYED_PERIOD,
	DELAYED_DROP
};

/* What the handler does with the message. */
enum behaviour {
	ANSWER,
	/* Write the answer into the reply buffer. */
	ANSWER_IN_BUFFER,
	FAIL,
	FORGET,
	/* Keep the context; another thread answers, or drops it. */
	KEEP,
	KEEP_AND_DROP,
	/* Answer (a request), then break. */
	BREAK,
	/* Post another message to the same server through a weak client. */
	CHAIN,
	/* Send a request to the next server (with one server: to itself), then answer.  The next
	 * server answers; does the same; keeps the context; answers, and then sends a
	 * request. */
	CALL,
	CALL_ROUND,
	CALL_KEPT,
	CALL_REVERSE,
	ANSWER_AND_CALL,
	/* As CALL_ROUND, with a deadline; with an asynchronous request, waited for afterwards. */
	CALL_TIMED,
	CALL_ASYNC,
	/* Post to the next server, waiting for capacity. */
	PUSH,
	/* Wait for the next server's end. */
	JOIN,
	/* Of a task: suspend; another thread resumes, or resumes with a break. */
	SUSPEND,
	SUSPEND_AND_BREAK,
	/* As SUSPEND, naming the next server as the one waited for. */
	SUSPEND_FOR,
	/* Suspend and resume at once. */
	RESUME,
	/* Drop its own task. */
	QUIT,
	/* Stop its own server, through a weak client; then break. */
	STOP_SELF,
	STOP_AND_BREAK,
	/* Start a timer; its call breaks. */
	TIMER,
	TIMER_BREAK,
	/* Start two timers, one of which cancels the other. */
	TIMER_CANCEL,
	/* As KEEP and KEEP_AND_DROP, and the context holds the server's loop. */
	HOLD,
	HOLD_AND_DROP,
	/* Ask the next server, whose answer comes as a callback.  It answers; it keeps the context;
	 * the same with a deadline; the same, and cancel it; break at once.  Watch it. */
	ASK,
	ASK_KEPT,
	ASK_TIMED,
	ASK_CANCEL,
	ASK_AND_BREAK,
	ASK_WATCH,
	/* Of a delayed post: nothing; break; of a task: suspend. */
	DUE,
	DUE_BREAK,
	DUE_SUSPEND
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
	/* A raw loop of the test: wait, try, drop. */
	RAW = 1,
	/* There is an init, which succeeds; or fails. */
	INIT = 2,
	INIT_FAILS = 4,
	BUILDER_FAILS = 8,
	LEFTOVER = 16,
	/* term replaces the outcome. */
	TERM = 32,
	/* Drop the thread's handle instead of joining. */
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
	/* A task, with an event loop on its own thread. */
	TASK = 2048,
	/* It handles one message at a time; it is run by ump_task_run; it is dropped after one
	 * dispatch. */
	BUDGET = 4096,
	RUN = 8192,
	QUITS = 16384,
	/* The capacity is one message; two. */
	BOUNDED = 32768,
	BOUNDED_TWO = 65536,
	/* The number of servers, of the same kind. */
	TWO = 131072,
	THREE = 262144,
	/* With TASK or COMBINING: all servers but the first are threads. */
	MIXED = 524288,
	/* Clients recycle the memory of their messages, from the first one on. */
	POOLED = 1048576,
	/* A combining server, run by its callers; with BUDGET, a combiner's budget is one
	 * message. */
	COMBINING = 2097152,
	/* The servers run on pooled threads, of which one may be idle.  The pool is dropped when
	 * all servers have ended; EARLY: while they run. */
	THREAD_POOL = 4194304,
	EARLY = 8388608,
	/* Each server is spawned when the one before it has ended; the first thread performs the
	 * operations of their clients, one client after the other. */
	SEQUENTIAL = 16777216,
	/* With TASK: each handler briefly runs an event loop of its own. */
	NESTED = 33554432,
	/* With DETACH: the first thread waits for the dropped threads. */
	JOIN_DROPPED = 67108864,
	/* A server with workers; by key: each message has one of two keys; all have the same. */
	WORKERS = 134217728,
	BY_KEY = 268435456,
	ONE_KEY = 536870912,
	/* There is one worker only. */
	ALONE = 1073741824,
	TRAIT_LAST = ALONE
};

struct program {
	unsigned traits;
	int clients;
	int lengths[PROGRAM_CLIENTS];
	uint8_t operations[PROGRAM_CLIENTS][PROGRAM_OPS];
};

/* Number of servers. */
int program_servers(const struct program *program);

/* Capacity of an inbox; 0: unbounded. */
unsigned program_capacity(const struct program *program);

/* Whether server `number` is a task. */
bool program_is_task(const struct program *program, int number);

/* Whether server `number` is a combining server. */
bool program_is_combining(const struct program *program, int number);

/* Whether server `number` has workers. */
bool program_has_workers(const struct program *program, int number);

/* The number of its workers. */
int program_workers(unsigned flags);

/* Whether messages have keys; and the key of a message.  One that a handler sends for a message has
 * the other key. */
bool program_has_keys(unsigned flags);
int program_key(unsigned flags, int message);

/* Whether each server is spawned after the end of the one before it. */
bool program_is_sequential(const struct program *program);

/* Whether any client reserves capacity. */
bool program_reserves(const struct program *program);

/* Whether any handler waits for the end of another server. */
bool program_joins(const struct program *program);

/* Return false, after a message on the standard error output, if `text` is not a program. */
bool program_parse(const char *text, struct program *program);

void program_print(const struct program *program, char *text, size_t size);

/* Make any program, from `random`. */
void program_random(struct program *program, uint32_t (*random)(void));

/* Make any program, from bytes; return the number of bytes used. */
size_t program_decode(struct program *program, const uint8_t *bytes, size_t length);

/* Get the bytes that decode to `program`, at most PROGRAM_BYTES; 0: no bytes encode its traits. */
#define PROGRAM_BYTES (2 + PROGRAM_CLIENTS * (1 + PROGRAM_OPS))
size_t program_encode(const struct program *program, uint8_t *bytes);

#endif
