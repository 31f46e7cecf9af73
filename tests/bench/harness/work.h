/* SPDX-License-Identifier: 0BSD */
/* The messages, the handlers, and the checks of what was received. */
#ifndef BENCH_WORK_H
#define BENCH_WORK_H

#include "bench.h"

#include <semaphore.h>

#define BENCH_CLIENTS 64

struct bench_work {
	uint64_t requests;
	uint64_t posts;
	/* The sum of the posts' numbers, over all clients. */
	uint64_t sum;
	/* Messages that arrived incomplete, and posts out of order. */
	uint64_t astray;
	/* The next number expected from each client. */
	uint64_t next[BENCH_CLIENTS];
	/* Whether the first post must signal `stalled` and wait for `go_on`, so that others queue.
	 * */
	bool stalls;
	sem_t stalled;
	sem_t go_on;
};

void bench_work_begin(struct bench_work *work);

/* The message with this number; posts carry their client's number, too. */
void bench_fill(struct bench_message *msg, uint64_t number);
void bench_fill_post(struct bench_message *msg, unsigned client, uint64_t number);

/* End the program unless this is the reply to the request with this number. */
void bench_check_reply(const struct bench_message *reply, uint64_t number);

/* End the program unless exactly these messages arrived, the posts of each client in order. */
void bench_check_requests(const struct bench_work *work, uint64_t all);
void bench_check_posts(const struct bench_work *work, unsigned clients, uint64_t each);

#endif
