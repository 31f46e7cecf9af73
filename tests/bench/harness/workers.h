/* SPDX-License-Identifier: 0BSD */
/*
 * The interface of a peer that has workers: several threads that take jobs from one queue.  It is a
 * program of its own, made of this part of the harness and of one object that defines
 * `the_workers`.
 */
#ifndef BENCH_WORKERS_H
#define BENCH_WORKERS_H

#include "bench.h"

#ifdef __cplusplus
extern "C" {
#endif

/* The most workers, and clients, of a run. */
#define BENCH_WORKERS 64

/* What the workers have done. */
struct bench_jobs;

/* Do one job.  Each worker must call it with its own number, from 0, and for one job at a time. */
void bench_job(struct bench_jobs *jobs, unsigned worker, const struct bench_message *msg);

struct bench_workers_peer {
	/* Start `workers` threads.  The queue can hold any number of jobs. */
	void *(*open)(struct bench_jobs *jobs, unsigned workers, unsigned clients);
	/* Wait until the workers have done all jobs and have ended.  All clients have ended
	 * before. */
	void (*join)(void *server);
	/* Make a client.  Not called any more once a client has ended. */
	void *(*client)(void *server);
	void (*client_end)(void *client);
	void (*post)(void *client, const struct bench_message *msg);
};

extern const struct bench_workers_peer the_workers;

#ifdef __cplusplus
}
#endif

#endif
