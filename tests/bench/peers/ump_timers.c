/* SPDX-License-Identifier: 0BSD */
/* This library: the timers of a server on a thread. */
#include "timers.h"
#include "ump.h"

#include <stdlib.h>

static struct bench_timers *the_run;
static uint64_t *ids;

static struct ump_flow flow_of(bool done)
{
	return done ? ump_break(NULL) : ump_continue();
}

static struct ump_flow begin(void *self, void *arg, uint64_t count)
{
	(void)self;
	(void)arg;
	(void)count;
	return flow_of(bench_timers_begin(the_run));
}

static struct ump_flow due(void *self, void *arg, uint64_t count)
{
	(void)self;
	(void)count;
	return flow_of(bench_timers_due(the_run, (unsigned)((uint64_t *)arg - ids)));
}

static int init(void *self, ump_weak_client *weak)
{
	(void)self;
	(void)weak;
	return ump_timer_start(begin, NULL, UMP_NOW, 0, NULL);
}

static struct ump_flow post(void *self, const void *msg)
{
	(void)self;
	(void)msg;
	return ump_continue();
}

static int build(void *arg, ump_client *client, struct ump_handler *out)
{
	(void)arg;
	(void)client;
	out->init = init;
	out->post = post;
	return 0;
}

static void run(struct bench_timers *timers, unsigned slots)
{
	struct ump_config config = {.post.size = 1};
	ump_client *client;
	ump_thread *thread;

	the_run = timers;
	ids = bench_alloc(slots * sizeof(*ids));
	bench_ump_must(ump_spawn_thread(&config, build, NULL, &client, &thread));
	bench_ump_must(ump_thread_join(&thread, NULL, UMP_FOREVER));
	ump_client_drop(&client);
	free(ids);
}

static void start(unsigned slot, int64_t when, int64_t now)
{
	(void)now;
	bench_ump_must(ump_timer_start(due, &ids[slot], when, 0, &ids[slot]));
}

static void cancel(unsigned slot)
{
	bench_ump_must(ump_timer_cancel(ids[slot]));
}

const struct bench_peer the_peer = {.name = "ump-timers"};
const struct bench_timers_peer the_timers = {.run = run, .start = start, .cancel = cancel};
