/* SPDX-License-Identifier: 0BSD */
/* Shared by the scenario's servers and clients. */
#ifndef SIM_SCENARIO_PARTS_H
#define SIM_SCENARIO_PARTS_H

#include "machine/sim.h"
#include "oracle/oracle.h"
#include "platform/platform.h"
#include "program/program.h"
#include "ump_server.h"

/* Distance of deadlines; a tick of the clock passes them. */
#define SOON 500

struct message {
	uint32_t number;
	uint32_t behaviour;
};

struct reply {
	uint32_t number;
	/* A second word of the reply, which must match the first. */
	uint32_t twice;
};

/* ---- Servers ------------------------------------------------------------------------------- */

/* Work that other threads must finish: kept contexts and suspended handlers. */
#define KEPT 4

struct kept {
	struct server *server;
	/* NULL: for a post. */
	ump_reply_context *rc;
	const struct message *message;
	/* NULL: the handler has not suspended. */
	ump_suspension *suspension;
	/* The context holds the server's loop. */
	bool holds;
	int thread;
};

/* A timer of a server's handler. */
#define TIMERS 4

struct timer {
	ump_time due;
	uint64_t id;
	bool pending;
	bool breaks;
	/* Its call cancels this one, unless it is NULL. */
	struct timer *victim;
};

/* A request, or a watch, of a server's handler itself. */
#define ASKED 4

struct asked {
	int number;
	bool watches;
	bool pending;
	ump_time deadline;
	uint64_t id;
};

/* The server's side: the handler's self. */
struct server {
	const struct program *program;
	int number;
	ump_weak_client *me;
	/* The next server, and a weak client of it. */
	struct server *next;
	ump_weak_client *to_next;
	/* Only the dispatcher may access this until it has ended. */
	unsigned handled;
	/* Calls of delayed posts, which need no budget. */
	unsigned due_posts;
	/* A raw loop has received one since the last message. */
	bool due_before;
	struct kept kept[KEPT];
	int kept_count;
	/* The builder's clone of its client. */
	ump_client *cloned;
	/* What runs it: one of these. */
	ump_thread *thread;
	ump_task *task;
	ump_combining *combining;
	ump_server *raw;
	ump_workers *workers;
	/* Of a server with workers: their handlers, of which `built` were built; how often a key
	 * was computed; and messages handled by key, which are ordered by that. */
	struct server *crew;
	int built;
	unsigned keyed;
	unsigned by_key[2];
	/* Of the handler of one worker: its server, and its index there. */
	struct server *whole;
	int index;
	/* The simulated thread of its loop, or -1. */
	int loop;
	/* Number of spurious dispatches of a task. */
	int idle;
	/* Timers that the handler has started. */
	struct timer timers[TIMERS];
	int timer_count;
	/* Requests and watches that it has made. */
	struct asked asked[ASKED];
	int asked_count;
};

struct ump_config server_config(const struct program *program);

/* The builder of a handler; its arg is a struct server. */
int server_build(void *arg, ump_client *client, struct ump_handler *out);

/* Handle a message; `rc` is NULL for a post. */
struct ump_flow server_handle(
	struct server *server, const struct message *message, ump_reply_context **rc);

/* The drop of a stop's value. */
void scenario_drop_stop(void *value);

/* Stop a server through a weak client. */
int scenario_stop_weak(const ump_weak_client *weak, int server, void *value);

/* Answer a request. */
void server_answer(ump_reply_context **rc, int number, bool in_buffer);

/* The loop of a raw server, on its own thread; its arg is a struct server. */
void server_raw_loop(void *arg);

/* Wait for the threads that answer kept contexts, and resume. */
void server_join_helpers(struct server *server);

/* A thread that finishes what was kept; its arg is a struct kept. */
void server_helper(void *arg);

/* Get an entry for a kept context or a suspension; NULL: there are too many. */
struct kept *server_keep(struct server *server, const struct message *message);

/* Let another thread finish it. */
void server_hand_over(struct kept *kept);

/* ---- Tasks --------------------------------------------------------------------------------- */

/* The event loop of a task; its arg is a struct server. */
void server_task_loop(void *arg);

/* server_suspend: suspend, and have the handler resumed.  false: not a task, or no memory. */
ump_client *server_to_next(struct server *server);
void server_drop_next(const struct server *server, ump_client *strong);
bool server_suspend(struct server *server, const struct message *message, ump_reply_context **rc);

/* In the handler: drop the task. */
void server_quit(struct server *server);

/* In a handler of a task: run a nested loop, if the program has that trait. */
void server_nested_loop(struct server *server);

/* ---- Handlers that wait for others --------------------------------------------------------- */

/* Perform a behaviour that involves the next server: a request or a post to it, or a wait for its
 * end. */
void server_call(struct server *server, const struct message *message);

/* Join a server's thread, or a server without one, and check its outcome. */
void server_join_thread(struct server *server);
void server_join_combining(struct server *server);

/* ---- Workers ------------------------------------------------------------------------------- */

/* Prepare the handlers of a server with workers. */
void workers_prepare(struct server *server);

/* Run it, and join it. */
int workers_spawn(struct server *server, struct ump_config *config, ump_client **client);
void workers_join(struct server *server);

/* The builder builds the next handler; NULL: it fails. */
struct server *workers_build(struct server *server);

/* A callback of a handler begins. */
void workers_enter(const struct server *server);

/* A handler handles a message: it must see what that of the same key before it wrote. */
void workers_visit_key(struct server *server, int message);

/* Read the statistics of each worker; `ended`: they are final. */
void workers_stats(const struct server *server, bool ended);

/* Finish what the handlers have kept. */
void workers_join_helpers(struct server *server);

/* ---- Timers -------------------------------------------------------------------------------- */

/* Start a timer, or two, as the message's behaviour specifies. */
void server_start_timers(struct server *server, const struct message *message);

/* Check, before a message is handled, that the calls have been made that were due when the
 * dispatcher read the clock last. */
void server_check_timers(const struct server *server);

/* ---- Delayed posts ------------------------------------------------------------------------- */

/* Handle a delayed post. */
struct ump_flow server_due_post(struct server *server, const struct message *message);

/* Check, before a message is handled, that its sender's delayed posts have been called that were
 * due when the dispatcher read the clock last. */
void server_check_delayed(struct server *server, const struct message *message);

/* ---- Requests of handlers themselves -------------------------------------------------------- */

/* Ask the next server, or watch it, as the message's behaviour specifies. */
void server_ask(struct server *server, const struct message *message);

/* Check, when the handler is dropped, that each request has ended. */
void server_check_asks(const struct server *server);

/* ---- Clients ------------------------------------------------------------------------------- */

/* A client's knowledge of its reservation: none pending; pending; holds a permit; may hold one. */
enum reservation {
	NOT_RESERVED,
	RESERVATION_PENDING,
	PERMIT_HELD,
	PERMIT_UNKNOWN
};

struct strong {
	ump_client *client;
	enum reservation reservation;
	/* It has sent since it reserved, and may have used the permit that is not reported yet. */
	bool sent;
	/* The completions of its reservation were dropped: it may reserve again. */
	bool orphaned;
	/* The reservation's tag. */
	int reservation_message;
};

#define STRONGS 4
struct client {
	const struct program *program;
	int number;
	/* The server that it talks to. */
	int server;
	int thread;
	struct strong strong[STRONGS];
	int strongs;
	ump_weak_client *weak[STRONGS];
	int weaks;
	ump_post_client *post[STRONGS];
	int posts;
	ump_wait_reply *waiting;
	int waiting_for;
	ump_completions *completions;
	/* Messages in flight there, and watches among them: one bit each. */
	uint64_t flying;
	uint64_t watching;
	/* Those of them that were cancelled. */
	uint64_t cancelled;
	/* For each operation, the number and the deadline of the request that it has sent. */
	uint64_t ids[PROGRAM_OPS];
	ump_time deadlines[PROGRAM_OPS];
	/* The first strong client belongs to another client, and stays. */
	bool borrowed;
	/* The controller of the newest delayed post, or NULL; and 1 + the thread that cancels it
	 * beside the client, or 0. */
	ump_delayed *delayed;
	int delayed_message;
	int aside;
	/* All servers; and whether it has spawned one itself. */
	struct server *servers;
	bool spawned;
};

static inline struct strong *client_top(struct client *client)
{
	return &client->strong[client->strongs - 1];
}

/* A client's thread; its arg is a struct client. */
void client_run(void *arg);

/* Only perform its operations; and drop all its handles. */
void client_operations(struct client *client);
void client_drop_all(struct client *client);

/* Spawn one more server as a task, and run it. */
void client_spawn(struct client *client, const struct message *message);

/* A request has ended. */
void client_completed(int number, int code, const struct reply *reply);

/* `client` is about to send its next message, or none (-1): use up the permit kept for it.  Return
 * whether there was one. */
bool client_use_permit(struct client *client, int number);

/* The message was not sent (PERMIT_HELD), or perhaps not (PERMIT_UNKNOWN): its permit is still
 * kept. */
void client_keep_permit(struct client *client, bool had, enum reservation reservation);

/* Clone, and report it to the oracle; NULL: no memory. */
ump_client *client_clone(ump_client *from, int server);

/* Send a delayed post; change it by its controller; drop that. */
void delayed_send(struct client *client, const struct message *message, bool periodic);
void delayed_change(struct client *client, enum action action);
void delayed_drop(struct client *client);

/* Operations on completions. */
void completions_send(struct client *client, const struct message *message, enum action action);
void completions_reserve(struct client *client, int number);
void completions_watch(struct client *client, enum action action, int number);
void completions_get(struct client *client, enum action action);
void completions_drop(struct client *client);
void completions_cancel(struct client *client);

#endif
