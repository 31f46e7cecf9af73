/* SPDX-License-Identifier: 0BSD */
/*
 * Small programs: what the clients of one server do, each on a thread of its own.  As text:
 *
 *     thread+leftover: req post.break | async wait | clone post
 *
 * a server with its traits, and for each client its operations in order.
 */
#ifndef SIM_PROGRAM_H
#define SIM_PROGRAM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define PROGRAM_CLIENTS 4
#define PROGRAM_OPS     4

/* How a message is sent. */
enum action {
	SEND_REQUEST,
	SEND_TIMED,
	SEND_ASYNC,
	SEND_POST,
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
	POST_CLIENT_DROP
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
	CHAIN
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
	/* RAW: the loop begins when the first client has done all its operations. */
	LATE = 1024
};

struct program {
	unsigned traits;
	int clients;
	int lengths[PROGRAM_CLIENTS];
	uint8_t operations[PROGRAM_CLIENTS][PROGRAM_OPS];
};

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
