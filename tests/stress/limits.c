/* SPDX-License-Identifier: 0BSD */
/*
 * Attacks [clean] with real limits: memory, threads and file descriptors run out as under `ulimit
 * -v`, `-u` and `-n`, while servers live.  What fails must return UMP_NO_MEMORY, UMP_NO_THREAD or
 * UMP_NO_FD, what was accepted must be handled, and once the limit is raised again everything must
 * work as before.
 *
 * The number of threads is not limited for root, so the program first gives up root.  Sanitizers
 * need more address space than there is, so under them memory does not run out.
 */
#define _GNU_SOURCE
#include "stress.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

/* An otherwise unused user id, so that only this program's threads count. */
#define SOMEBODY 61234
#define CROWD    64
#define MESSAGES 3000000

static const struct stress_mix mix = {.drains = true, .faults = true};

/* The type of the first argument in glibc, and in POSIX and musl. */
#ifdef __GLIBC__
typedef __rlimit_resource_t limit_kind;
#else
typedef int limit_kind;
#endif

/* Lower a limit; return the old one. */
static rlim_t lower(limit_kind what, rlim_t to)
{
	struct rlimit limit;
	rlim_t before;

	CHECK_INT(getrlimit(what, &limit), ==, 0);
	before = limit.rlim_cur;
	if (to < limit.rlim_max)
		limit.rlim_cur = to;
	CHECK_INT(setrlimit(what, &limit), ==, 0);
	return before;
}

static void raise_again(limit_kind what, rlim_t to)
{
	struct rlimit limit;

	CHECK_INT(getrlimit(what, &limit), ==, 0);
	limit.rlim_cur = to;
	CHECK_INT(setrlimit(what, &limit), ==, 0);
}

/* Start an event-loop server and use it, without a thread or a descriptor of the harness. */
static int spawn_task(
	struct stress_server *server, struct stress_sender *sender, struct stress_rng *rng)
{
	int result;

	stress_server_init(server, rng);
	server->on_task = true;
	server->driven = true;
	result = stress_server_spawn(server);
	if (result != UMP_OK)
		return result;
	CHECK_INT(stress_post(sender, server->client, STRESS_ANSWER), ==, UMP_OK);
	CHECK_INT(ump_task_run(server->task, UMP_NOW), ==, UMP_TIMED_OUT);
	CHECK_INT(server->handled, ==, 1);
	return UMP_OK;
}

static void end_task(struct stress_server *server, struct stress_sender *sender)
{
	CHECK_INT(stress_post(sender, server->client, STRESS_SUSPEND), ==, UMP_OK);
	ump_client_drop(&server->client);
	CHECK_INT(ump_task_run(server->task, UMP_FOREVER), ==, UMP_OK);
	CHECK(!stress_server_join(server));
}

/* Open tasks and completions until descriptors run out. */
static void spawn_tasks(struct stress_sender *sender, struct stress_rng *rng)
{
	struct stress_server *servers = stress_alloc(CROWD, sizeof *servers);
	ump_completions *completions[CROWD] = {NULL};
	unsigned count = 0;
	int result = UMP_OK;

	while (result == UMP_OK) {
		CHECK(count < CROWD);
		result = spawn_task(&servers[count], sender, rng);
		if (result == UMP_OK)
			result = ump_completions_open(&completions[count++]);
	}
	CHECK_INT(result, ==, UMP_NO_FD);
	stress_count(STRESS_FAULTS, 1);
	for (unsigned i = 0; i < count; i++) {
		end_task(&servers[i], sender);
		ump_completions_drop(&completions[i]);
	}
	/* Descriptors are free again. */
	if (count > 0) {
		CHECK_INT(spawn_task(&servers[0], sender, rng), ==, UMP_OK);
		end_task(&servers[0], sender);
	}
	free(servers);
}

/* Spawn until it fails, or there are `most`; each live server must work. */
static unsigned spawn_many(struct stress_server *servers, struct stress_sender *sender,
	unsigned most, struct stress_rng *rng)
{
	unsigned count = 0;

	while (count < most) {
		int result;

		stress_server_init(&servers[count], rng);
		servers[count].has_init = stress_one_in(rng, 2);
		servers[count].on_task = false;
		result = stress_server_spawn(&servers[count]);
		if (result != UMP_OK) {
			CHECK(result == UMP_NO_THREAD || result == UMP_NO_MEMORY);
			stress_count(STRESS_FAULTS, 1);
			break;
		}
		count++;
	}
	for (unsigned i = 0; i < count; i++)
		CHECK_INT(stress_req(sender, servers[i].client, STRESS_ANSWER, UMP_FOREVER), ==,
			UMP_OK);
	return count;
}

static void end_many(struct stress_server *servers, unsigned count)
{
	for (unsigned i = 0; i < count; i++) {
		ump_client_drop(&servers[i].client);
		CHECK(!stress_server_join(&servers[i]));
	}
}

static void run_out_of_threads(struct stress_rng *rng)
{
	struct stress_server *servers = stress_alloc(CROWD, sizeof *servers);
	struct stress_sender sender;
	rlim_t before = lower(RLIMIT_NPROC, stress_below(rng, CROWD / 2));
	unsigned count;

	stress_sender_init(&sender, rng, 0, &mix, 2 * (size_t)CROWD);
	count = spawn_many(servers, &sender, CROWD, rng);
	if (geteuid() != 0)
		CHECK_INT(count, <, CROWD / 2);
	end_many(servers, count);
	raise_again(RLIMIT_NPROC, before);
	CHECK_INT(spawn_many(servers, &sender, 3, rng), ==, 3);
	end_many(servers, 3);
	stress_sender_settle(&sender);
	free(servers);
}

static void run_out_of_files(struct stress_rng *rng)
{
	struct stress_server servers[8];
	struct stress_sender sender;
	rlim_t before = lower(RLIMIT_NOFILE, 0);

	/* Threaded servers need no descriptor. */
	stress_sender_init(&sender, rng, 0, &mix, 8 + 6 * (size_t)CROWD);
	CHECK_INT(spawn_many(servers, &sender, 8, rng), ==, 8);
	end_many(servers, 8);
	spawn_tasks(&sender, rng);
	raise_again(RLIMIT_NOFILE, before);
	(void)lower(RLIMIT_NOFILE, stress_below(rng, CROWD));
	spawn_tasks(&sender, rng);
	raise_again(RLIMIT_NOFILE, before);
	stress_sender_settle(&sender);
}

static rlim_t address_space(void)
{
	unsigned long pages = 0;
	FILE *file = fopen("/proc/self/statm", "r");

	CHECK(file != NULL && fscanf(file, "%lu", &pages) == 1);
	fclose(file);
	return (rlim_t)pages * (rlim_t)sysconf(_SC_PAGESIZE);
}

static void run_out_of_memory(struct stress_rng *rng)
{
	pthread_mutex_t gate = PTHREAD_MUTEX_INITIALIZER;
	struct stress_server *servers = stress_alloc(CROWD, sizeof *servers);
	struct stress_server held;
	struct stress_sender sender;
	unsigned count;
	rlim_t before;
	int refused = 0;

	stress_sender_init(&sender, rng, 0, &mix, MESSAGES);
	stress_server_init(&held, rng);
	held.gate = &gate;
	held.dawdles = false;
	held.on_task = false;
	pthread_mutex_lock(&gate);
	stress_server_start(&held);
	before = lower(RLIMIT_AS, address_space() + ((rlim_t)1 + stress_below(rng, 64)) * 1000000);
	count = spawn_many(servers, &sender, CROWD, rng);
	CHECK_INT(count, <, CROWD);
	/* Try some more: a smaller allocation may still succeed. */
	while (refused < 20 && sender.count < MESSAGES)
		refused += stress_post(&sender, held.client, STRESS_ANSWER) == UMP_NO_MEMORY;
	CHECK_INT(refused, ==, 20);
	stress_count(STRESS_FAULTS, 20);
	pthread_mutex_unlock(&gate);
	CHECK_INT(stress_req(&sender, held.client, STRESS_ANSWER, UMP_FOREVER), ==, UMP_OK);
	end_many(servers, count);
	raise_again(RLIMIT_AS, before);
	CHECK_INT(spawn_many(servers, &sender, 3, rng), ==, 3);
	end_many(servers, 3);
	ump_client_drop(&held.client);
	CHECK(!stress_server_join(&held));
	stress_sender_settle(&sender);
	free(servers);
}

static void round_of(struct stress_rng *rng)
{
	switch (stress_below(rng, 3)) {
	case 0:
		run_out_of_threads(rng);
		break;
	case 1:
		run_out_of_files(rng);
		break;
	default:
		if (!stress_is_slow())
			run_out_of_memory(rng);
		break;
	}
}

int main(int argc, char **argv)
{
	static const struct stress_program program = {"limits", "[clean] [once]", round_of, 12};

	if (geteuid() == 0) {
		CHECK_INT(setgid(SOMEBODY), ==, 0);
		CHECK_INT(setuid(SOMEBODY), ==, 0);
		/* Otherwise /proc/self would be root's, and its entries could not be counted. */
		CHECK_INT(prctl(PR_SET_DUMPABLE, 1, 0, 0, 0), ==, 0);
	}
	return stress_main(&program, argc, argv);
}
