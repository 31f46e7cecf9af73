/* SPDX-License-Identifier: 0BSD */
/*
 * What the machine itself needs.  No peer can be faster:
 *
 *	one-line, two-lines  two threads that spin, and hand over one word, or one word each way
 *	futex, eventfd       two threads that sleep
 *	cas                  one compare-exchange of a word that no other thread uses
 *	thread               creating and joining a thread; the memory of one that only sleeps
 */
#include "kinds.h"
#include "measure.h"

#include <linux/futex.h>
#include <pthread.h>
#include <sched.h>
#include <semaphore.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/syscall.h>
#include <unistd.h>

/* Two words, each on cache lines of its own, and an eventfd for each side. */
struct court {
	_Alignas(128) _Atomic uint32_t there;
	_Alignas(128) _Atomic uint32_t back;
	int there_fd;
	int back_fd;
	uint64_t ops;
	struct bench_mark begin;
	struct bench_mark end;
};

/* One side of a game: the moves with numbers 1 to ops. */
struct game {
	const char *name;
	void (*serve)(struct court *court, uint32_t move);
	void (*play)(struct court *court, uint32_t move);
};

static void relax(void)
{
#if defined(__x86_64__) || defined(__i386__)
	__builtin_ia32_pause();
#endif
}

static void spin_until(_Atomic uint32_t *word, uint32_t value)
{
	while (atomic_load_explicit(word, memory_order_acquire) != value)
		relax();
}

static void put(_Atomic uint32_t *word, uint32_t value)
{
	atomic_store_explicit(word, value, memory_order_release);
}

/* One word: the player writes odd values, the server even ones. */
static void one_line_serve(struct court *court, uint32_t move)
{
	spin_until(&court->there, 2 * move - 1);
	put(&court->there, 2 * move);
}

static void one_line_play(struct court *court, uint32_t move)
{
	put(&court->there, 2 * move - 1);
	spin_until(&court->there, 2 * move);
}

static void two_lines_serve(struct court *court, uint32_t move)
{
	spin_until(&court->there, move);
	put(&court->back, move);
}

static void two_lines_play(struct court *court, uint32_t move)
{
	put(&court->there, move);
	spin_until(&court->back, move);
}

static void futex_until(_Atomic uint32_t *word, uint32_t value)
{
	uint32_t seen;

	while ((seen = atomic_load_explicit(word, memory_order_acquire)) != value)
		syscall(SYS_futex, word, FUTEX_WAIT_PRIVATE, seen, NULL, NULL, 0);
}

static void futex_put(_Atomic uint32_t *word, uint32_t value)
{
	put(word, value);
	syscall(SYS_futex, word, FUTEX_WAKE_PRIVATE, 1, NULL, NULL, 0);
}

static void futex_serve(struct court *court, uint32_t move)
{
	futex_until(&court->there, move);
	futex_put(&court->back, move);
}

static void futex_play(struct court *court, uint32_t move)
{
	futex_put(&court->there, move);
	futex_until(&court->back, move);
}

static void signal_fd(int fd)
{
	uint64_t one = 1;

	if (write(fd, &one, sizeof(one)) != (ssize_t)sizeof(one))
		bench_fail("cannot write to an eventfd");
}

static void await_fd(int fd)
{
	uint64_t count;

	if (read(fd, &count, sizeof(count)) != (ssize_t)sizeof(count) || count != 1)
		bench_fail("cannot read from an eventfd");
}

static void eventfd_serve(struct court *court, uint32_t move)
{
	(void)move;
	await_fd(court->there_fd);
	signal_fd(court->back_fd);
}

static void eventfd_play(struct court *court, uint32_t move)
{
	(void)move;
	signal_fd(court->there_fd);
	await_fd(court->back_fd);
}

static void cas_play(struct court *court, uint32_t move)
{
	uint32_t before = move - 1;

	if (!atomic_compare_exchange_strong(&court->there, &before, move))
		bench_fail("somebody else has written the word");
}

static void *no_thread(void *arg)
{
	return arg;
}

static void thread_play(struct court *court, uint32_t move)
{
	pthread_t thread;

	(void)move;
	if (pthread_create(&thread, NULL, no_thread, court) != 0)
		bench_fail("no thread");
	pthread_join(thread, NULL);
}

/* Games without a server have one thread. */
static const struct game games[] = {
	{"one-line", one_line_serve, one_line_play},
	{"two-lines", two_lines_serve, two_lines_play},
	{"futex", futex_serve, futex_play},
	{"eventfd", eventfd_serve, eventfd_play},
	{"cas", NULL, cas_play},
	{"thread", NULL, thread_play},
};

static const struct game *game_of(const char *name)
{
	for (size_t i = 0; i < sizeof(games) / sizeof(*games); i++)
		if (strcmp(games[i].name, name) == 0)
			return &games[i];
	bench_fail("there is no limit %s", name);
}

struct match {
	const struct game *game;
	cpu_set_t cpus;
	struct court court;
};

/* Pin each side, 0 or 1, to a processor of its own: two threads that spin on the same one would
 * wait for each other's time slice. */
static void stay(const struct match *match, int side)
{
	cpu_set_t one;

	CPU_ZERO(&one);
	for (size_t cpu = 0; cpu < CPU_SETSIZE; cpu++) {
		if (!CPU_ISSET(cpu, &match->cpus) || side-- > 0)
			continue;
		CPU_SET(cpu, &one);
		sched_setaffinity(0, sizeof(one), &one);
		return;
	}
}

static void *serve(void *arg)
{
	struct match *match = arg;

	stay(match, 1);
	for (uint32_t i = 1; i <= match->court.ops; i++)
		match->game->serve(&match->court, i);
	return NULL;
}

static int64_t play_once(const struct bench_run *run, uint64_t ops, void *arg)
{
	struct match *match = arg;
	struct court *court = &match->court;
	pthread_t server;

	(void)run;
	court->ops = ops;
	atomic_store(&court->there, 0);
	atomic_store(&court->back, 0);
	if (match->game->serve != NULL && pthread_create(&server, NULL, serve, match) != 0)
		bench_fail("no thread");
	if (match->game->serve != NULL)
		stay(match, 0);
	bench_sleep_until(bench_time() + 2000000);
	court->begin = bench_mark();
	for (uint32_t i = 1; i <= ops; i++)
		match->game->play(court, i);
	court->end = bench_mark();
	if (match->game->serve != NULL)
		pthread_join(server, NULL);
	return court->end.time - court->begin.time;
}

static void play(const struct bench_run *run)
{
	struct match *match = bench_alloc(sizeof(*match));
	uint64_t ops;

	match->game = game_of(run->which);
	sched_getaffinity(0, sizeof(match->cpus), &match->cpus);
	match->court.there_fd = eventfd(0, EFD_CLOEXEC);
	match->court.back_fd = eventfd(0, EFD_CLOEXEC);
	ops = bench_scale(run, play_once, match);
	bench_tell_between(&match->court.begin, &match->court.end, ops);
	free(match);
}

/* ---- Threads that only sleep ----------------------------------------------------------------- */

struct sleeper {
	pthread_t thread;
	sem_t go_on;
	sem_t asleep;
};

static void *sleep_on(void *arg)
{
	struct sleeper *me = arg;

	sem_post(&me->asleep);
	while (sem_wait(&me->go_on) != 0)
		continue;
	return NULL;
}

static void servers(const struct bench_run *run)
{
	struct sleeper *sleepers = bench_alloc(run->servers * sizeof(*sleepers));
	int64_t resident = bench_resident(), heap = bench_heap(), begin = bench_time();
	double count = (double)run->servers;

	for (uint64_t i = 0; i < run->servers; i++) {
		sem_init(&sleepers[i].go_on, 0, 0);
		sem_init(&sleepers[i].asleep, 0, 0);
		if (pthread_create(&sleepers[i].thread, NULL, sleep_on, &sleepers[i]) != 0)
			bench_fail("no thread");
		while (sem_wait(&sleepers[i].asleep) != 0)
			continue;
	}
	bench_tell("spawn", (double)(bench_time() - begin) / count);
	bench_sleep_until(bench_time() + 20000000);
	bench_tell("resident", (double)(bench_resident() - resident) / count);
	bench_tell("heap", (double)(bench_heap() - heap) / count);
	bench_tell("ops", count);
	for (uint64_t i = 0; i < run->servers; i++)
		sem_post(&sleepers[i].go_on);
	for (uint64_t i = 0; i < run->servers; i++)
		pthread_join(sleepers[i].thread, NULL);
	free(sleepers);
}

static bool always(void)
{
	return true;
}

const struct bench_kind bench_kinds[] = {
	{"limit", always, play},
	{"servers", always, servers},
	{NULL, NULL, NULL},
};

/* Limits have no server, so only the name is set. */
const struct bench_peer the_peer = {.name = "limits"};
