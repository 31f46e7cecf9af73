/* SPDX-License-Identifier: 0BSD */
/* The kinds of runs. */
#include "kinds.h"
#include "measure.h"
#include "work.h"

#include <inttypes.h>
#include <pthread.h>
#include <stdlib.h>

/* A client's thread. */
struct caller {
	pthread_t thread;
	pthread_barrier_t *start;
	void *client;
	unsigned number;
	uint64_t ops;
};

/* What one attempt of a run measured. */
struct span {
	struct bench_mark begin;
	struct bench_mark end;
};

static void *call_all(void *arg)
{
	struct caller *me = arg;
	struct bench_message msg, reply;

	pthread_barrier_wait(me->start);
	for (uint64_t i = 0; i < me->ops; i++) {
		bench_fill(&msg, i);
		the_peer.call(me->client, &msg, &reply);
		bench_check_reply(&reply, i);
	}
	return NULL;
}

static void *post_all(void *arg)
{
	struct caller *me = arg;
	struct bench_message msg;

	pthread_barrier_wait(me->start);
	for (uint64_t i = 0; i < me->ops; i++) {
		bench_fill_post(&msg, me->number, i);
		the_peer.post(me->client, &msg);
	}
	the_peer.client_end(me->client);
	return NULL;
}

/* Run the clients' threads, and take the time from when all of them are ready. */
static struct bench_mark run_callers(
	struct caller *callers, unsigned clients, void *server, uint64_t each, void *(*run)(void *))
{
	pthread_barrier_t start;
	struct bench_mark begin;

	pthread_barrier_init(&start, NULL, clients + 1);
	for (unsigned i = 0; i < clients; i++)
		callers[i] = (struct caller){.start = &start,
			.client = the_peer.client(server),
			.number = i,
			.ops = each};
	for (unsigned i = 0; i < clients; i++)
		if (pthread_create(&callers[i].thread, NULL, run, &callers[i]) != 0)
			bench_fail("no thread");
	/* Time for them to reach the barrier, and for the server to become idle. */
	bench_sleep_until(bench_time() + 2000000);
	begin = bench_mark();
	pthread_barrier_wait(&start);
	for (unsigned i = 0; i < clients; i++)
		pthread_join(callers[i].thread, NULL);
	pthread_barrier_destroy(&start);
	return begin;
}

/* ---- Requests, each of which waits for its reply ------------------------------------------- */

static bool can_call(void)
{
	return the_peer.call != NULL;
}

static int64_t call_once(const struct bench_run *run, uint64_t ops, void *arg)
{
	struct bench_plan plan = {.clients = (unsigned)run->clients, .slots = 1};
	struct caller callers[BENCH_CLIENTS];
	uint64_t each = ops / run->clients;
	struct span *span = arg;
	struct bench_work work;
	void *server;

	bench_work_begin(&work);
	server = the_peer.open(&work, &plan);
	span->begin = run_callers(callers, (unsigned)run->clients, server, each, call_all);
	span->end = bench_mark();
	for (unsigned i = 0; i < run->clients; i++)
		the_peer.client_end(callers[i].client);
	the_peer.join(server);
	bench_check_requests(&work, each * run->clients);
	return span->end.time - span->begin.time;
}

static void call(const struct bench_run *run)
{
	struct span span;
	uint64_t ops = bench_scale(run, call_once, &span);

	bench_tell_between(&span.begin, &span.end, ops / run->clients * run->clients);
}

/* ---- One request every 500 us, or at the run's pace ------------------------------------------ */

#define PACE 500

static int64_t paced_once(const struct bench_run *run, uint64_t ops, void *arg)
{
	struct bench_plan plan = {.clients = 1, .slots = 1};
	struct bench_message msg, reply;
	int64_t waited = 0, begin, pace = (int64_t)(run->pace == 0 ? PACE : run->pace) * 1000;
	struct span *span = arg;
	struct bench_work work;
	void *server, *client;

	bench_work_begin(&work);
	server = the_peer.open(&work, &plan);
	client = the_peer.client(server);
	span->begin = bench_mark();
	for (uint64_t i = 0; i < ops; i++) {
		bench_sleep_until(span->begin.time + (int64_t)(i + 1) * pace);
		begin = bench_time();
		bench_fill(&msg, i);
		the_peer.call(client, &msg, &reply);
		bench_check_reply(&reply, i);
		waited += bench_time() - begin;
	}
	span->end = bench_mark();
	/* Only the time of the requests counts, not the pauses between them. */
	span->end.time = span->begin.time + waited;
	the_peer.client_end(client);
	the_peer.join(server);
	bench_check_requests(&work, ops);
	return (int64_t)ops * pace;
}

static void paced(const struct bench_run *run)
{
	struct span span;
	uint64_t ops = bench_scale(run, paced_once, &span);

	bench_tell_between(&span.begin, &span.end, ops);
}

/* ---- Several requests in flight -------------------------------------------------------------- */

static bool can_pipe(void)
{
	return the_peer.send != NULL;
}

static int64_t pipe_once(const struct bench_run *run, uint64_t ops, void *arg)
{
	struct bench_plan plan = {.clients = 1, .slots = BENCH_SLOTS};
	struct bench_message msg, reply;
	struct span *span = arg;
	struct bench_work work;
	void *server, *client;

	(void)run;
	bench_work_begin(&work);
	server = the_peer.open(&work, &plan);
	client = the_peer.client(server);
	span->begin = bench_mark();
	for (uint64_t i = 0; i < ops + BENCH_SLOTS; i++) {
		if (i >= BENCH_SLOTS) {
			the_peer.receive(client, (unsigned)(i % BENCH_SLOTS), &reply);
			bench_check_reply(&reply, i - BENCH_SLOTS);
		}
		if (i < ops) {
			bench_fill(&msg, i);
			the_peer.send(client, (unsigned)(i % BENCH_SLOTS), &msg);
		}
	}
	span->end = bench_mark();
	the_peer.client_end(client);
	the_peer.join(server);
	bench_check_requests(&work, ops);
	return span->end.time - span->begin.time;
}

static void pipe_run(const struct bench_run *run)
{
	struct bench_run fixed = *run;
	struct span span;
	uint64_t ops;

	/* A slot must be used before it is waited for. */
	if (fixed.ops != 0 && fixed.ops < BENCH_SLOTS)
		fixed.ops = BENCH_SLOTS;
	ops = bench_scale(&fixed, pipe_once, &span);
	bench_tell_between(&span.begin, &span.end, ops);
}

/* ---- Posts, from the first until all are handled --------------------------------------------- */

static bool can_post(void)
{
	return the_peer.post != NULL;
}

static bool can_post_bounded(void)
{
	return the_peer.post != NULL && the_peer.bounded;
}

static int64_t post_once(const struct bench_run *run, uint64_t ops, void *arg)
{
	struct bench_plan plan = {
		.posts = true, .capacity = run->capacity, .clients = (unsigned)run->clients};
	struct caller callers[BENCH_CLIENTS];
	uint64_t each = ops / run->clients;
	struct span *span = arg;
	struct bench_work work;
	void *server;

	bench_work_begin(&work);
	server = the_peer.open(&work, &plan);
	span->begin = run_callers(callers, (unsigned)run->clients, server, each, post_all);
	the_peer.join(server);
	span->end = bench_mark();
	bench_check_posts(&work, (unsigned)run->clients, each);
	return span->end.time - span->begin.time;
}

static void post(const struct bench_run *run)
{
	struct span span;
	uint64_t ops = bench_scale(run, post_once, &span);

	bench_tell_between(&span.begin, &span.end, ops / run->clients * run->clients);
}

/* ---- Posts that queue while the server is at work on the first ------------------------------- */

static bool can_queue(void)
{
	return the_peer.post != NULL && the_peer.unbounded;
}

static void queued(const struct bench_run *run)
{
	struct bench_plan plan = {.posts = true, .clients = 1};
	int64_t resident, heap, begin, sent, end;
	struct bench_message msg;
	struct bench_work work;
	void *server, *client;
	double depth = (double)run->depth;

	bench_work_begin(&work);
	work.stalls = true;
	server = the_peer.open(&work, &plan);
	client = the_peer.client(server);
	bench_fill_post(&msg, 0, 0);
	the_peer.post(client, &msg);
	while (sem_wait(&work.stalled) != 0)
		continue;
	resident = bench_resident();
	heap = bench_heap();
	begin = bench_time();
	for (uint64_t i = 1; i <= run->depth; i++) {
		bench_fill_post(&msg, 0, i);
		the_peer.post(client, &msg);
	}
	sent = bench_time();
	bench_tell("resident", (double)(bench_resident() - resident) / depth);
	bench_tell("heap", (double)(bench_heap() - heap) / depth);
	end = bench_time();
	sem_post(&work.go_on);
	the_peer.client_end(client);
	the_peer.join(server);
	bench_tell("ops", depth);
	bench_tell("ns", (double)(sent - begin) / depth);
	bench_tell("drain", (double)(bench_time() - end) / depth);
	bench_check_posts(&work, 1, run->depth + 1);
}

/* ---- A server's whole life ------------------------------------------------------------------- */

static int64_t spawn_once(const struct bench_run *run, uint64_t ops, void *arg)
{
	struct bench_plan plan = {.clients = 1, .slots = 1};
	struct bench_message msg, reply;
	struct span *span = arg;
	struct bench_work work;
	void *server, *client;

	(void)run;
	span->begin = bench_mark();
	for (uint64_t i = 0; i < ops; i++) {
		bench_work_begin(&work);
		server = the_peer.open(&work, &plan);
		client = the_peer.client(server);
		bench_fill(&msg, i);
		the_peer.call(client, &msg, &reply);
		bench_check_reply(&reply, i);
		the_peer.client_end(client);
		the_peer.join(server);
		bench_check_requests(&work, 1);
	}
	span->end = bench_mark();
	return span->end.time - span->begin.time;
}

static void spawn(const struct bench_run *run)
{
	struct span span;
	uint64_t ops = bench_scale(run, spawn_once, &span);

	bench_tell_between(&span.begin, &span.end, ops);
}

/* ---- Many servers at once -------------------------------------------------------------------- */

/* Bytes that a peer may set aside for each server. */
#define ASIDE 1024

/* A server with a client. */
struct pair {
	struct bench_work work;
	void *server;
	void *client;
};

/* A request to each server in turn. */
static void call_each(struct pair *pairs, uint64_t servers, uint64_t number)
{
	struct bench_message msg, reply;

	bench_fill(&msg, number);
	for (uint64_t i = 0; i < servers; i++) {
		the_peer.call(pairs[i].client, &msg, &reply);
		bench_check_reply(&reply, number);
	}
}

static void servers(const struct bench_run *run)
{
	struct pair *pairs = bench_alloc(run->servers * sizeof(*pairs));
	struct bench_plan plan = {.clients = 1, .slots = 1};
	uint64_t rounds = 1 + run->ops / run->servers;
	double count = (double)run->servers;
	int64_t resident, heap, begin;
	struct bench_mark from, to;
	int descriptors;

	bench_set_aside(run->servers * ASIDE);
	resident = bench_resident();
	heap = bench_heap();
	descriptors = bench_descriptors();
	begin = bench_time();
	for (uint64_t i = 0; i < run->servers; i++) {
		bench_work_begin(&pairs[i].work);
		pairs[i].server = the_peer.open(&pairs[i].work, &plan);
		pairs[i].client = the_peer.client(pairs[i].server);
	}
	call_each(pairs, run->servers, 0);
	bench_tell("spawn", (double)(bench_time() - begin) / count);
	/* Time for all of them to block. */
	bench_sleep_until(bench_time() + 20000000);
	bench_tell("resident", (double)(bench_resident() - resident) / count);
	bench_tell("heap", (double)(bench_heap() - heap) / count);
	bench_tell("descriptors", (double)(bench_descriptors() - descriptors) / count);
	from = bench_mark();
	for (uint64_t i = 1; i <= rounds; i++)
		call_each(pairs, run->servers, i);
	to = bench_mark();
	bench_tell_between(&from, &to, rounds * run->servers);
	for (uint64_t i = 0; i < run->servers; i++)
		the_peer.client_end(pairs[i].client);
	for (uint64_t i = 0; i < run->servers; i++) {
		the_peer.join(pairs[i].server);
		bench_check_requests(&pairs[i].work, rounds + 1);
	}
	free(pairs);
}

/* ---- An idle server -------------------------------------------------------------------------- */

static void idle(const struct bench_run *run)
{
	struct bench_plan plan = {.clients = 1, .slots = 1};
	struct bench_message msg, reply;
	struct bench_work work;
	void *server, *client;
	int64_t last, before;

	bench_work_begin(&work);
	server = the_peer.open(&work, &plan);
	client = the_peer.client(server);
	for (uint64_t i = 0; i < 100; i++) {
		bench_fill(&msg, i);
		the_peer.call(client, &msg, &reply);
		bench_check_reply(&reply, i);
	}
	last = bench_time();
	bench_sleep_until(last + 1000000);
	before = bench_work_of_others();
	bench_sleep_until(last + 1000000 + (int64_t)(run->ms == 0 ? 100 : run->ms) * 1000000);
	bench_tell("idle", (double)(bench_work_of_others() - before));
	bench_tell("ops", 1);
	the_peer.client_end(client);
	the_peer.join(server);
	bench_check_requests(&work, 100);
}

const struct bench_kind bench_kinds[] = {
	{"call", can_call, call},
	{"paced", can_call, paced},
	{"pipe", can_pipe, pipe_run},
	{"post", can_post, post},
	{"bounded", can_post_bounded, post},
	{"queued", can_queue, queued},
	{"spawn", can_call, spawn},
	{"servers", can_call, servers},
	{"idle", can_call, idle},
	{NULL, NULL, NULL},
};
