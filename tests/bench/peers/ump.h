/* SPDX-License-Identifier: 0BSD */
/* Shared by the peers that use this library: the handler, the clients, and servers on threads. */
#ifndef BENCH_UMP_H
#define BENCH_UMP_H

#include "bench.h"

#include <ump_server.h>

/* The client that a server begins with, and how many are still to be made. */
struct bench_ump_first {
	ump_client *client;
	unsigned left;
	unsigned slots;
	bool bounded;
};

struct bench_ump_client {
	ump_client *client;
	bool bounded;
	ump_wait_reply *slots[];
};

/* End the program unless `result` is UMP_OK. */
void bench_ump_must(int result);

/* Return a structure whose client spawning must fill in. */
struct bench_ump_first bench_ump_first(const struct bench_plan *plan);

/* Messages and replies of the benchmark's size, and the plan's capacity. */
struct ump_config bench_ump_config(const struct bench_plan *plan);

/* Build the handler; `arg` is the struct bench_work. */
int bench_ump_build(void *arg, ump_client *client, struct ump_handler *out);

/* Make a client of a server, whose structure must begin with a struct bench_ump_first.  The last
 * one takes the server's first client, so that none is left when all of them have ended. */
void *bench_ump_client(void *server);

/* Start a server on a thread of `threads`, or on one of its own if that is NULL. */
void *bench_ump_thread_open_on(
	struct bench_work *work, const struct bench_plan *plan, ump_thread_pool *threads);

/* As in struct bench_peer. */
void *bench_ump_thread_open(struct bench_work *work, const struct bench_plan *plan);
void bench_ump_thread_join(void *server);
void bench_ump_client_end(void *client);
void bench_ump_call(void *client, const struct bench_message *msg, struct bench_message *reply);
void bench_ump_post(void *client, const struct bench_message *msg);
void bench_ump_send(void *client, unsigned slot, const struct bench_message *msg);
void bench_ump_receive(void *client, unsigned slot, struct bench_message *reply);

#endif
