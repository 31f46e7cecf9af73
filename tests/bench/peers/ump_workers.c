/* SPDX-License-Identifier: 0BSD */
/* This library: workers; with BENCH_BY_KEY by key, one of 64. */
#include "ump.h"
#include "workers.h"

#include <stdlib.h>

/* The handler of one worker. */
struct worker {
	struct bench_jobs *jobs;
	unsigned number;
};

struct server {
	struct bench_ump_first first;
	ump_workers *workers;
	struct bench_jobs *jobs;
	unsigned built;
	struct worker all[BENCH_WORKERS];
};

#ifdef BENCH_BY_KEY
static uint64_t key_of(void *arg, const void *msg, bool request)
{
	(void)arg;
	(void)request;
	return ((const struct bench_message *)msg)->words[0] % 64;
}
#endif

static struct ump_flow post(void *self, const void *msg)
{
	struct worker *me = self;

	bench_job(me->jobs, me->number, msg);
	return ump_continue();
}

static int build(void *arg, ump_client *client, struct ump_handler *out)
{
	struct server *me = arg;
	struct worker *one = &me->all[me->built];

	(void)client;
	*one = (struct worker){me->jobs, me->built++};
	out->self = one;
	out->post = post;
	return 0;
}

static void *open_workers(struct bench_jobs *jobs, unsigned workers, unsigned clients)
{
	struct server *me = bench_alloc(sizeof(*me));
	struct ump_config config = {.post.size = sizeof(struct bench_message)};

#ifdef BENCH_BY_KEY
	config.key = key_of;
#endif
	me->first = (struct bench_ump_first){.left = clients};
	me->jobs = jobs;
	bench_ump_must(
		ump_spawn_workers(&config, build, me, workers, &me->first.client, &me->workers));
	return me;
}

static void join(void *server)
{
	struct server *me = server;

	bench_ump_must(ump_workers_join(&me->workers, NULL, UMP_FOREVER));
	free(me);
}

const struct bench_peer the_peer = {.name = "ump-workers"};
const struct bench_workers_peer the_workers = {.open = open_workers,
	.join = join,
	.client = bench_ump_client,
	.client_end = bench_ump_client_end,
	.post = bench_ump_post};
