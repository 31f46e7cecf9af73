/* SPDX-License-Identifier: 0BSD */
/* What the scenario's servers and its clients have in common. */
#ifndef SIM_SCENARIO_PARTS_H
#define SIM_SCENARIO_PARTS_H

#include "oracle.h"
#include "program.h"
#include "sim.h"
#include "ump_server.h"

/* Deadlines lie so far ahead; a tick of the clock passes them. */
#define SOON 500

struct message {
	uint32_t number;
	uint32_t behaviour;
};

struct reply {
	uint32_t number;
	/* So that a reply has two words, which must belong together. */
	uint32_t twice;
};

/* ---- Servers ------------------------------------------------------------------------------- */

/* What other threads have to finish: contexts that were kept, handlers that have suspended. */
#define KEPT 4

struct kept {
	struct server *server;
	/* NULL: it was a post. */
	ump_reply_context *rc;
	const struct message *message;
	/* NULL: the handler has not suspended. */
	ump_suspension *suspension;
	int thread;
};

/* The server's side: the handler's self. */
struct server {
	const struct program *program;
	int number;
	ump_weak_client *me;
	/* The next server, and a way to it. */
	struct server *next;
	ump_weak_client *to_next;
	/* Only the dispatcher touches this until it has ended. */
	unsigned handled;
	struct kept kept[KEPT];
	int kept_count;
	/* What the builder has cloned. */
	ump_client *cloned;
	/* What runs it: one of these. */
	ump_thread *thread;
	ump_task *task;
	ump_inline *inlined;
	ump_server *raw;
	/* The simulated thread that is its loop, or -1. */
	int loop;
	/* How often a task was dispatched for nothing. */
	int idle;
};

struct ump_config server_config(const struct program *program);

/* The builder of a handler; its arg is a struct server. */
int server_build(void *arg, ump_client *client, struct ump_handler *out);

/* What the handler does with a message; `rc` is NULL for a post. */
struct ump_flow server_handle(
	struct server *server, const struct message *message, ump_reply_context **rc);

/* Answer a request. */
void server_answer(ump_reply_context **rc, int number, bool in_room);

/* The loop of a raw server, as a thread of its own; its arg is a struct server. */
void server_raw_loop(void *arg);

/* Wait for the threads that answer kept contexts, and resume. */
void server_join_helpers(struct server *server);

/* A thread that finishes what was kept; its arg is a struct kept. */
void server_helper(void *arg);

/* A place for something that is kept; NULL: there are too many. */
struct kept *server_keep(struct server *server, const struct message *message);

/* Let another thread finish it. */
void server_hand_over(struct kept *kept);

/* ---- Tasks --------------------------------------------------------------------------------- */

/* The event loop of a task; its arg is a struct server. */
void server_task_loop(void *arg);

/* Suspend, and have the handler resumed.  false: this is no task, or there is no memory. */
ump_client *server_to_next(struct server *server);
void server_drop_next(const struct server *server, ump_client *strong);
bool server_suspend(struct server *server, const struct message *message, ump_reply_context **rc);

/* In the handler: drop the task. */
void server_quit(struct server *server);

/* What a handler of a task does that runs a loop within the loop, if the program says so. */
void server_nested_loop(struct server *server);

/* ---- Handlers that wait for others --------------------------------------------------------- */

/* What a message's behaviour asks of the next server, or of its end. */
void server_ask(struct server *server, const struct message *message);

/* Join a server's thread, or a server without one, and compare what it says. */
void server_join_thread(struct server *server);
void server_join_inline(struct server *server);

/* ---- Clients ------------------------------------------------------------------------------- */

/* What a client that asked for room knows: nothing, or to be told; it has got it; it may have. */
enum room {
	NO_ROOM,
	ROOM_ASKED,
	ROOM_GOT,
	ROOM_UNKNOWN
};

struct strong {
	ump_client *client;
	enum room room;
	/* It has sent since it asked, and may have used the room that it is not told of yet. */
	bool sent;
	/* It has asked through completions that are dropped: it may ask again. */
	bool for_nobody;
	/* Its tag. */
	int room_message;
};

#define STRONGS 4
struct client {
	const struct program *program;
	int number;
	/* Whose client it is. */
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
	/* What is in flight there: one bit for each message. */
	uint64_t flying;
	/* The first strong client is another one's, and stays. */
	bool borrowed;
	/* All servers; and whether it has spawned one itself. */
	struct server *servers;
	bool spawned;
};

static inline struct strong *client_top(struct client *client)
{
	return &client->strong[client->strongs - 1];
}

/* What a client does, as a thread of its own; its arg is a struct client. */
void client_run(void *arg);

/* Its operations only; and the end of all its handles. */
void client_operations(struct client *client);
void client_drop_all(struct client *client);

/* Spawn one more server as a task, and run it. */
void client_spawn(struct client *client, const struct message *message);

/* A request has ended. */
void client_completed(int number, int code, const struct reply *reply);

/* The next message of `client` goes out, or none will (-1): the room kept for it, if there is any,
 * is used up.  Whether there was. */
bool client_use_room(struct client *client, int number);

/* The message was not sent (ROOM_GOT), or perhaps not (ROOM_UNKNOWN): what it had is kept still. */
void client_keep_room(struct client *client, bool had, enum room room);

/* Clone as the oracle wants to be told; NULL: no memory. */
ump_client *client_clone(ump_client *from, int server);

/* Operations on completions. */
void completions_send(struct client *client, const struct message *message);
void completions_ask_room(struct client *client, int number);
void completions_get(struct client *client, enum action action);
void completions_drop(struct client *client);

#endif
