/* SPDX-License-Identifier: 0BSD */
/*
 * Attacks [task], [quiet], [once], [drain] and [break] with event loops that run many tasks each,
 * by poll or by epoll, with budgets of all kinds.  Tasks move from loop to loop, also while they
 * have work and while a handler has suspended.  They drain, break, or are dropped while senders
 * push and while other threads resume them.  A task with work whose descriptor is not readable is a
 * hang.
 */
#include "stress.h"

#include <stdlib.h>

#define LOOPS   3
#define TASKS   8
#define SENDERS 4

struct seat {
	struct stress_server server;
	/* Drop it after this number of iterations; 0: never. */
	unsigned iterations_left;
};

/* Tasks that are in no loop at the moment. */
struct pool {
	pthread_mutex_t lock;
	struct seat *seats[TASKS];
	unsigned count;
	/* Tasks that have not ended, wherever they are. */
	unsigned live;
};

struct runner {
	struct pool *pool;
	struct stress_rng rng;
	struct stress_loop loop;
	struct seat *seats[TASKS];
	pthread_t thread;
};

/* Take over a task, if the pool has one.  false: there are none left anywhere. */
static bool adopt(struct runner *runner)
{
	struct pool *pool = runner->pool;
	struct seat *seat = NULL;
	bool any;

	pthread_mutex_lock(&pool->lock);
	if (pool->count > 0)
		seat = pool->seats[--pool->count];
	any = pool->live > 0;
	pthread_mutex_unlock(&pool->lock);
	if (seat == NULL)
		return any;
	runner->seats[runner->loop.count] = seat;
	stress_loop_add(&runner->loop, ump_task_fd(seat->server.task));
	return true;
}

static struct seat *take_out(struct runner *runner, unsigned at)
{
	struct seat *seat = runner->seats[at];

	stress_loop_remove(&runner->loop, at);
	runner->seats[at] = runner->seats[runner->loop.count];
	return seat;
}

static void give_away(struct runner *runner, unsigned at)
{
	struct pool *pool = runner->pool;
	struct seat *seat = take_out(runner, at);

	pthread_mutex_lock(&pool->lock);
	pool->seats[pool->count++] = seat;
	pthread_mutex_unlock(&pool->lock);
}

/* End a task: it has ended by itself, or is ended now. */
static void end(struct runner *runner, unsigned at)
{
	struct seat *seat = take_out(runner, at);

	/* A task that has ended may also be dropped instead of joined. */
	if (seat->server.may_drop && (seat->iterations_left != 0 || stress_one_in(&runner->rng, 2)))
		stress_server_drop(&seat->server);
	else
		(void)stress_server_join(&seat->server);
	pthread_mutex_lock(&runner->pool->lock);
	runner->pool->live--;
	pthread_mutex_unlock(&runner->pool->lock);
}

/* Run one iteration of a task whose descriptor is readable. */
static void iterate(struct runner *runner, unsigned at)
{
	struct seat *seat = runner->seats[at];

	if (seat->iterations_left != 0 && --seat->iterations_left == 0) {
		seat->iterations_left = 1;
		end(runner, at);
	} else if (!stress_server_iterate(&seat->server, &runner->rng)) {
		seat->iterations_left = 0;
		end(runner, at);
	} else if (stress_one_in(&runner->rng, 8)) {
		give_away(runner, at);
	}
}

static void *run(void *arg)
{
	struct runner *runner = arg;

	stress_loop_open(&runner->loop, &runner->rng);
	while (adopt(runner)) {
		/* With a time-out, because no descriptor signals a task to adopt. */
		stress_loop_wait(&runner->loop, 1);
		for (unsigned i = runner->loop.count; i > 0; i--) {
			if (runner->loop.readable[i - 1])
				iterate(runner, i - 1);
		}
	}
	CHECK_INT(runner->loop.count, ==, 0);
	stress_loop_close(&runner->loop);
	return NULL;
}

/* Prepare a random task.  true: it neither breaks nor is dropped. */
static bool seat_init(struct seat *seat, struct stress_keeper *keeper, struct stress_mix *mix,
	struct stress_rng *rng)
{
	struct stress_server *server = &seat->server;

	seat->iterations_left = 0;
	stress_server_init(server, rng);
	server->keeper = keeper;
	server->on_task = true;
	server->driven = true;
	server->may_drop = stress_one_in(rng, 3);
	if (server->may_drop && stress_one_in(rng, 2))
		seat->iterations_left = 1 + stress_below(rng, 30);
	server->resume_breaks = stress_one_in(rng, 4) ? 20 : 0;
	*mix = stress_usual;
	mix->acts[STRESS_SUSPEND] = stress_below(rng, 8);
	mix->acts[STRESS_BREAK] = stress_one_in(rng, 4);
	mix->timeout_most = 1 + stress_below(rng, 300000);
	mix->drains = seat->iterations_left == 0 && server->resume_breaks == 0 &&
		      mix->acts[STRESS_BREAK] == 0;
	stress_bound(server, mix, rng);
	stress_server_start(server);
	return mix->drains;
}

static void round_of(struct stress_rng *rng)
{
	struct pool pool = {.lock = PTHREAD_MUTEX_INITIALIZER};
	struct seat *seats = stress_alloc(TASKS, sizeof *seats);
	struct stress_sender *senders = stress_alloc((size_t)TASKS * SENDERS, sizeof *senders);
	struct stress_mix mixes[TASKS];
	struct runner runners[LOOPS];
	struct stress_keeper keeper;
	unsigned tasks = 1 + stress_below(rng, TASKS);
	unsigned loops = 1 + stress_below(rng, LOOPS);
	unsigned each = 1 + stress_below(rng, SENDERS);

	stress_keeper_start(&keeper, rng);
	for (unsigned i = 0; i < tasks; i++) {
		(void)seat_init(&seats[i], &keeper, &mixes[i], rng);
		pool.seats[pool.count++] = &seats[i];
	}
	pool.live = tasks;
	for (unsigned i = 0; i < loops; i++) {
		runners[i] = (struct runner){.pool = &pool, .rng.state = stress_random(rng)};
		runners[i].thread = stress_thread(run, &runners[i]);
	}
	for (unsigned i = 0; i < tasks * each; i++) {
		stress_sender_init(&senders[i], rng, i % each, &mixes[i / each], 60);
		senders[i].sends = stress_below(rng, 40);
	}
	for (unsigned i = 0; i < tasks; i++) {
		stress_senders_start(&senders[i * each], each, seats[i].server.client);
		ump_client_drop(&seats[i].server.client);
	}
	for (unsigned i = 0; i < loops; i++)
		stress_thread_join(runners[i].thread);
	stress_senders_join(senders, tasks * each);
	stress_keeper_stop(&keeper);
	stress_senders_settle(senders, tasks * each);
	free(senders);
	free(seats);
}

int main(int argc, char **argv)
{
	static const struct stress_program program = {
		"tasks_in_loops", "[task] [suspend] [quiet] [once] [drain] [break]", round_of, 24};

	return stress_main(&program, argc, argv);
}
