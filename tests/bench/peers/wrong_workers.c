/* SPDX-License-Identifier: 0BSD */
/*
 * Workers with the fault that BENCH_WRONG in the environment names, or without a fault if that is
 * empty.  The harness must detect it.  There are no workers; the client does the jobs.
 */
#include "workers.h"

#include <stdlib.h>
#include <string.h>

#define AT 100 /* the job that goes wrong */

struct place {
	struct bench_jobs *jobs;
	const char *wrong;
	struct bench_message held;
};

static bool is(const struct place *place, const char *wrong, const struct bench_message *msg)
{
	return strcmp(place->wrong, wrong) == 0 && msg->words[0] == AT;
}

static void *open_place(struct bench_jobs *jobs, unsigned workers, unsigned clients)
{
	struct place *place = bench_alloc(sizeof(*place));
	const char *wrong = getenv("BENCH_WRONG");

	(void)workers;
	(void)clients;
	place->jobs = jobs;
	place->wrong = wrong == NULL ? "" : wrong;
	return place;
}

static void *client(void *server)
{
	return server;
}

static void client_end(void *client)
{
	(void)client;
}

static void post(void *client, const struct bench_message *msg)
{
	struct place *place = client;

	if (is(place, "lose", msg))
		return;
	if (is(place, "order", msg)) {
		place->held = *msg;
		return;
	}
	bench_job(place->jobs, 0, msg);
	if (is(place, "twice", msg))
		bench_job(place->jobs, 1, msg);
	if (place->held.words[0] != 0) {
		bench_job(place->jobs, 0, &place->held);
		place->held.words[0] = 0;
	}
}

const struct bench_peer the_peer = {.name = "wrong-workers"};
const struct bench_workers_peer the_workers = {
	.open = open_place, .join = free, .client = client, .client_end = client_end, .post = post};
