/* SPDX-License-Identifier: 0BSD */
/*
 * The interface of a peer.  A peer is one way to send messages to a server: a program of its own,
 * made of the harness and of one object that defines `the_peer`.  The harness does the same with
 * each peer, and checks each reply, the number and the sum of posts, and their order.
 */
#ifndef BENCH_H
#define BENCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Bytes of a message and of a reply.  Each size is a program of its own, since the user of a queue
 * knows the size of its elements. */
#ifndef BENCH_SIZE
#define BENCH_SIZE 8
#endif
#define BENCH_WORDS (BENCH_SIZE / 8)

/* Requests in flight at once, where there are several. */
#define BENCH_SLOTS 64

struct bench_message {
	uint64_t words[BENCH_WORDS];
};

/* What a server does with messages, and what it has received.  One server at a time uses it. */
struct bench_work;

/* The handlers.  Each server must call them, for one message at a time. */
void bench_request(
	struct bench_work *work, const struct bench_message *msg, struct bench_message *reply);
void bench_post(struct bench_work *work, const struct bench_message *msg);

/* What a server will be used for. */
struct bench_plan {
	/* Whether clients send posts, else requests. */
	bool posts;
	/* The most messages that may be queued; 0: any number. */
	size_t capacity;
	/* Number of clients. */
	unsigned clients;
	/* Requests in flight per client: 1 or BENCH_SLOTS. */
	unsigned slots;
};

/* Functions that a peer lacks are NULL. */
struct bench_peer {
	const char *name;
	/* Whether its inbox can hold any number of posts. */
	bool unbounded;
	/* Whether its capacity can be set. */
	bool bounded;
	/* Start a server. */
	void *(*open)(struct bench_work *work, const struct bench_plan *plan);
	/* Wait until the server has handled everything and has ended.  All clients have ended
	 * before. */
	void (*join)(void *server);
	/* Make a client.  Not called any more once a client has ended. */
	void *(*client)(void *server);
	void (*client_end)(void *client);
	/* Send a request and wait for the reply. */
	void (*call)(void *client, const struct bench_message *msg, struct bench_message *reply);
	/* Send a post; wait while the inbox is full. */
	void (*post)(void *client, const struct bench_message *msg);
	/* Send a request, and get the reply later.  Slots are used round-robin, from 0. */
	void (*send)(void *client, unsigned slot, const struct bench_message *msg);
	void (*receive)(void *client, unsigned slot, struct bench_message *reply);
};

extern const struct bench_peer the_peer;

/* End the program with one line that states the reason. */
#if defined(__GNUC__)
__attribute__((noreturn, format(printf, 1, 2)))
#endif
void bench_fail(const char *format, ...);

/* Allocate resident memory, set to zero.  The caller must free it. */
void *bench_alloc(size_t size);

/* The same for what only the benchmark needs; not counted as the peer's. */
void *bench_alloc_aside(size_t size);
void bench_free_aside(void *memory);

#ifdef __cplusplus
}
#endif

#endif
