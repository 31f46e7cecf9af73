/* SPDX-License-Identifier: 0BSD */
/* What the scenario's server and its clients have in common. */
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

/* Contexts that other threads answer. */
#define KEPT 4

struct kept {
	ump_reply_context *rc;
	const struct message *message;
	int thread;
};

/* The server's side: the handler's self. */
struct server {
	const struct program *program;
	ump_weak_client *me;
	/* Only the dispatcher touches this until it has ended. */
	unsigned handled;
	struct kept kept[KEPT];
	int kept_count;
	/* What the builder has cloned. */
	ump_client *cloned;
	/* The raw receiving end. */
	ump_server *raw;
};

struct ump_config server_config(const struct program *program);

/* The builder of a handler; its arg is a struct server. */
int server_build(void *arg, ump_client *client, struct ump_handler *out);

/* The loop of a raw server, as a thread of its own; its arg is a struct server. */
void server_raw_loop(void *arg);

/* Wait for the threads that answer kept contexts. */
void server_join_helpers(struct server *server);

struct client {
	const struct program *program;
	int number;
	int thread;
	ump_client *strong[4];
	int strongs;
	ump_weak_client *weak[4];
	int weaks;
	ump_post_client *post[4];
	int posts;
	ump_wait_reply *waiting;
	int waiting_for;
	/* The first strong client is another one's, and stays. */
	bool borrowed;
};

/* What a client does, as a thread of its own; its arg is a struct client. */
void client_run(void *arg);

/* Its operations only; and the end of all its handles. */
void client_operations(struct client *client);
void client_drop_all(struct client *client);

/* Clone as the oracle wants to be told; NULL: no memory. */
ump_client *client_clone(ump_client *from);

#endif
