/* SPDX-License-Identifier: 0BSD */
/* Jobs for several workers, from the first post until the last job is done. */
#include "workers.h"
#include "kinds.h"
#include "measure.h"

#include <inttypes.h>
#include <pthread.h>
#include <stdlib.h>

/* The bits of a job's number above these hold the number of its client. */
#define CLIENT_SHIFT 40
#define NUMBER_MASK  ((UINT64_C(1) << CLIENT_SHIFT) - 1)

/* What one worker has done; on lines of its own. */
struct done {
	_Alignas(128) uint64_t jobs;
	/* The sum of the jobs' numbers. */
	uint64_t sum;
	/* Jobs that began out of their client's order. */
	uint64_t astray;
	/* The result of the computing, so that none of it is left out. */
	uint64_t result;
	/* The least number that the next job of each client may have. */
	uint64_t next[BENCH_WORKERS];
};

struct bench_jobs {
	uint64_t work;
	struct done done[BENCH_WORKERS];
};

/* A client's thread. */
struct poster {
	pthread_t thread;
	pthread_barrier_t *start;
	void *client;
	uint64_t number;
	uint64_t jobs;
};

/* What one attempt of a run measured. */
struct span {
	struct bench_mark begin;
	struct bench_mark end;
};

/* Multiplications that depend on each other. */
static uint64_t compute(uint64_t seed, uint64_t steps)
{
	for (; steps > 0; steps--)
		seed = seed * 6364136223846793005u + 1442695040888963407u;
	return seed;
}

void bench_job(struct bench_jobs *jobs, unsigned worker, const struct bench_message *msg)
{
	struct done *done = &jobs->done[worker];
	uint64_t number = msg->words[0] & NUMBER_MASK;
	uint64_t *next = &done->next[msg->words[0] >> CLIENT_SHIFT];

	done->jobs++;
	done->sum += number;
	done->astray += number < *next;
	*next = number + 1;
	done->result ^= compute(number, jobs->work);
}

static void check(const struct bench_jobs *jobs, unsigned clients, uint64_t each)
{
	uint64_t all = 0, sum = 0, astray = 0, result = 0;

	for (unsigned i = 0; i < BENCH_WORKERS; i++) {
		all += jobs->done[i].jobs;
		sum += jobs->done[i].sum;
		astray += jobs->done[i].astray;
		result ^= jobs->done[i].result;
	}
	if (all != clients * each)
		bench_fail(
			"%" PRIu64 " jobs were posted and %" PRIu64 " done", clients * each, all);
	if (sum != clients * (each * (each - 1) / 2))
		bench_fail("the jobs' sum is %" PRIu64, sum);
	if (astray != 0)
		bench_fail("%" PRIu64 " jobs began out of order", astray);
	/* Each client posts the same numbers. */
	if (clients % 2 == 0 && result != 0)
		bench_fail("the jobs' result is %" PRIu64, result);
}

static void *post_all(void *arg)
{
	struct poster *me = arg;
	struct bench_message msg = {{0}};

	pthread_barrier_wait(me->start);
	for (uint64_t i = 0; i < me->jobs; i++) {
		msg.words[0] = me->number << CLIENT_SHIFT | i;
		the_workers.post(me->client, &msg);
	}
	the_workers.client_end(me->client);
	return NULL;
}

static int64_t workers_once(const struct bench_run *run, uint64_t ops, void *arg)
{
	struct bench_jobs *jobs = bench_alloc(sizeof(*jobs));
	unsigned clients = (unsigned)run->clients;
	struct poster posters[BENCH_WORKERS];
	uint64_t each = ops / clients;
	struct span *span = arg;
	pthread_barrier_t start;
	void *server;

	jobs->work = run->work;
	server = the_workers.open(jobs, (unsigned)run->workers, clients);
	pthread_barrier_init(&start, NULL, clients + 1);
	for (unsigned i = 0; i < clients; i++)
		posters[i] = (struct poster){.start = &start,
			.client = the_workers.client(server),
			.number = i,
			.jobs = each};
	for (unsigned i = 0; i < clients; i++)
		if (pthread_create(&posters[i].thread, NULL, post_all, &posters[i]) != 0)
			bench_fail("no thread");
	/* Time for them to reach the barrier, and for the workers to become idle. */
	bench_sleep_until(bench_time() + 2000000);
	span->begin = bench_mark();
	pthread_barrier_wait(&start);
	for (unsigned i = 0; i < clients; i++)
		pthread_join(posters[i].thread, NULL);
	the_workers.join(server);
	span->end = bench_mark();
	pthread_barrier_destroy(&start);
	check(jobs, clients, each);
	free(jobs);
	return span->end.time - span->begin.time;
}

static bool can_work(void)
{
	return true;
}

static void workers(const struct bench_run *run)
{
	struct span span;
	uint64_t ops;

	if (run->workers < 1 || run->workers > BENCH_WORKERS)
		bench_fail("there are 1 to %d workers", BENCH_WORKERS);
	ops = bench_scale(run, workers_once, &span);
	bench_tell_between(&span.begin, &span.end, ops / run->clients * run->clients);
}

const struct bench_kind bench_kinds[] = {
	{"workers", can_work, workers},
	{NULL, NULL, NULL},
};
