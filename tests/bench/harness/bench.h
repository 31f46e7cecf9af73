/* SPDX-License-Identifier: 0BSD */
/*
 * What the benchmark asks of a peer.  A peer is one way to send messages to a server: a program of
 * its own, made of the harness and of one object that defines `the_peer`.  The harness does the
 * same with each of them, and checks each reply, the number and the sum of posts, and their order.
 */
#ifndef BENCH_H
#define BENCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Bytes of a message and of a reply; each size is a program of its own, since who uses a queue
 * knows the size of what it holds. */
#ifndef BENCH_SIZE
#define BENCH_SIZE 8
#endif
#define BENCH_WORDS (BENCH_SIZE / 8)

/* Requests in flight at once, where there are several. */
#define BENCH_SLOTS 64

struct bench_message {
	uint64_t words[BENCH_WORDS];
};

/* What a server does with messages, and what it has seen.  One server at a time uses it. */
struct bench_work;

/* The handlers, which each server calls, one message at a time. */
void bench_request(
	struct bench_work *work, const struct bench_message *msg, struct bench_message *reply);
void bench_post(struct bench_work *work, const struct bench_message *msg);

/* What a server will be used for. */
struct bench_plan {
	/* Posts will come, else requests. */
	bool posts;
	/* How many messages may be queued; 0: any number. */
	size_t capacity;
	/* How many clients there will be. */
	unsigned clients;
	/* How many requests each of them will have in flight: 1 or BENCH_SLOTS. */
	unsigned slots;
};

/* The functions that a peer does not have are NULL. */
struct bench_peer {
	const char *name;
	/* Its inbox can hold any number of posts. */
	bool unbounded;
	/* It can be told a capacity. */
	bool bounded;
	/* Start a server. */
	void *(*open)(struct bench_work *work, const struct bench_plan *plan);
	/* Wait until the server has handled everything and is gone.  All clients have ended. */
	void (*join)(void *server);
	/* Make a client; before any of them ends. */
	void *(*client)(void *server);
	void (*client_end)(void *client);
	/* Send a request and wait for the reply. */
	void (*call)(void *client, const struct bench_message *msg, struct bench_message *reply);
	/* Send one way; wait while there is no room. */
	void (*post)(void *client, const struct bench_message *msg);
	/* Send a request, and get the reply later.  Slots are used in turn, from 0. */
	void (*send)(void *client, unsigned slot, const struct bench_message *msg);
	void (*receive)(void *client, unsigned slot, struct bench_message *reply);
};

extern const struct bench_peer the_peer;

/* End the program with one line that says why. */
#if defined(__GNUC__)
__attribute__((noreturn, format(printf, 1, 2)))
#endif
void bench_fail(const char *format, ...);

/* Memory that is there, set to zero; to be freed. */
void *bench_alloc(size_t size);

/* The same for what only the benchmark needs: not counted as the peer's. */
void *bench_alloc_aside(size_t size);
void bench_free_aside(void *memory);

#ifdef __cplusplus
}
#endif

#endif
