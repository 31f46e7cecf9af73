/* SPDX-License-Identifier: 0BSD */
#include "ump_task.h"

#include <pthread.h>

struct server {
	struct bench_ump_first first;
	ump_task *task;
	void (*run)(ump_task *task);
	pthread_t thread;
};

static void *serve(void *arg)
{
	struct server *me = arg;

	me->run(me->task);
	return NULL;
}

void *bench_ump_task_open(
	struct bench_work *work, const struct bench_plan *plan, void (*run)(ump_task *task))
{
	struct server *me = bench_alloc_aside(sizeof(*me));
	struct ump_config config = bench_ump_config(plan);

	me->first = bench_ump_first(plan);
	me->run = run;
	bench_ump_must(
		ump_spawn_task(&config, bench_ump_build, work, &me->first.client, &me->task));
	if (pthread_create(&me->thread, NULL, serve, me) != 0)
		bench_fail("no thread");
	return me;
}

void bench_ump_task_join(void *server)
{
	struct server *me = server;

	pthread_join(me->thread, NULL);
	bench_ump_must(ump_task_join(&me->task, NULL));
	bench_free_aside(me);
}
