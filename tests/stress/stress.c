/* SPDX-License-Identifier: 0BSD */
#define _GNU_SOURCE
#include "stress.h"

#include <errno.h>
#include <inttypes.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

static const struct stress_program *program;
static uint64_t seed;
static unsigned rounds;
static atomic_uint current_round;
ump_thread_pool *stress_threads;
static atomic_uint_least64_t totals[STRESS_TOTALS];

static const char *const total_names[STRESS_TOTALS] = {
	[STRESS_SERVERS] = "servers",
	[STRESS_TASKS] = "tasks",
	[STRESS_COMBINING] = "combining",
	[STRESS_POOLED] = "pooled",
	[STRESS_POSTS] = "posts",
	[STRESS_REQUESTS] = "requests",
	[STRESS_HANDLED] = "handled",
	[STRESS_LEFT] = "left",
	[STRESS_DROPPED] = "dropped",
	[STRESS_RETURNED] = "returned",
	[STRESS_UNSENT] = "unsent",
	[STRESS_FULL] = "full",
	[STRESS_ANSWERED] = "answered",
	[STRESS_FAILED] = "failed",
	[STRESS_NO_REPLY] = "no_reply",
	[STRESS_GONE] = "gone",
	[STRESS_TIMED_OUT] = "timed_out",
	[STRESS_GIVEN_UP] = "given_up",
	[STRESS_DRAINED] = "drained",
	[STRESS_BROKEN] = "broken",
	[STRESS_UNBORN] = "unborn",
	[STRESS_SUSPENSIONS] = "suspensions",
	[STRESS_COMPLETIONS] = "completions",
	[STRESS_PERMITS] = "permits",
	[STRESS_DEADLOCKS] = "deadlocks",
	[STRESS_OBSERVATIONS] = "observations",
	[STRESS_FAULTS] = "faults",
	[STRESS_SIGNALS] = "signals",
};

/* ---- Randomness ----------------------------------------------------------------------------- */

/* splitmix64: any two seeds, even neighbours, give unrelated sequences. */
uint64_t stress_random(struct stress_rng *rng)
{
	uint64_t mixed = rng->state += UINT64_C(0x9E3779B97F4A7C15);

	mixed = (mixed ^ (mixed >> 30)) * UINT64_C(0xBF58476D1CE4E5B9);
	mixed = (mixed ^ (mixed >> 27)) * UINT64_C(0x94D049BB133111EB);
	return mixed ^ (mixed >> 31);
}

unsigned stress_below(struct stress_rng *rng, unsigned limit)
{
	return (unsigned)(stress_random(rng) >> 33) % limit;
}

bool stress_one_in(struct stress_rng *rng, unsigned chances)
{
	return stress_below(rng, chances) == 0;
}

void stress_dawdle(struct stress_rng *rng)
{
	unsigned how = stress_below(rng, 64);
	struct timespec nap = {0, (long)stress_below(rng, 100000)};
	volatile unsigned idle = 0;

	if (how == 0)
		nanosleep(&nap, NULL);
	else if (how < 8)
		sched_yield();
	else
		for (unsigned i = stress_below(rng, 1U << (how % 12)); i > 0; i--)
			idle = i;
	(void)idle;
}

void stress_stay_awake(struct stress_rng *rng, unsigned most)
{
	ump_time until = ump_after(stress_below(rng, most));

	while (ump_now() < until)
		;
}

bool stress_is_slow(void)
{
#if defined(__SANITIZE_THREAD__) || defined(__SANITIZE_ADDRESS__)
	return true;
#elif defined(__has_feature)
#if __has_feature(thread_sanitizer) || __has_feature(address_sanitizer)
	return true;
#endif
#endif
	return false;
}

/* ---- Totals --------------------------------------------------------------------------------- */

void stress_count(enum stress_total what, uint64_t number)
{
	atomic_fetch_add_explicit(&totals[what], number, memory_order_relaxed);
}

static void print_totals(void)
{
	printf("totals {\"program\": \"%s\", \"seed\": %" PRIu64 ", \"rounds\": %u", program->name,
		seed, rounds);
	for (size_t i = 0; i < STRESS_TOTALS; i++)
		printf(", \"%s\": %" PRIu64, total_names[i], (uint64_t)totals[i]);
	printf("}\n");
	fflush(stdout);
}

/* ---- Running -------------------------------------------------------------------------------- */

/* Run a whole round on one processor. */
static void pin(struct stress_rng *rng, const cpu_set_t *all)
{
	int wanted = (int)stress_below(rng, (unsigned)CPU_COUNT(all));
	cpu_set_t one;

	for (size_t cpu = 0; cpu < CPU_SETSIZE; cpu++) {
		if (!CPU_ISSET(cpu, all) || wanted-- > 0)
			continue;
		CPU_ZERO(&one);
		CPU_SET(cpu, &one);
		sched_setaffinity(0, sizeof one, &one);
		return;
	}
}

static void run_rounds(void)
{
	cpu_set_t all;
	bool pins = sched_getaffinity(0, sizeof all, &all) == 0;

	for (unsigned i = 0; i < rounds; i++) {
		struct stress_rng rng = {seed + i};
		bool pinned = pins && stress_one_in(&rng, 5);

		current_round = i;
		if (pinned)
			pin(&rng, &all);
		if (stress_one_in(&rng, 2))
			CHECK_INT(ump_thread_pool_open(&stress_threads, stress_below(&rng, 6), 0),
				==, UMP_OK);
		program->round(&rng);
		/* Servers whose handles were dropped may still run. */
		ump_thread_pool_drop(&stress_threads);
		if (pinned)
			sched_setaffinity(0, sizeof all, &all);
		check_progress();
	}
	/* Otherwise the linker has not redirected the calls, and the account is empty. */
	CHECK(faults_calls() > 0);
}

static void say_how(void)
{
	unsigned now = current_round;

	fprintf(stderr,
		"-- round %u of %s; all: --seed %" PRIu64 " --rounds %u; the round alone: "
		"--seed %" PRIu64 " --rounds 1\n",
		now, program->name, seed, rounds, seed + now);
}

static uint64_t number_of(const char *text)
{
	char *end;
	uint64_t number;

	errno = 0;
	number = strtoull(text, &end, 10);
	if (errno != 0 || end == text || *end != '\0') {
		fprintf(stderr, "%s: \"%s\" is no number\n", program->name, text);
		exit(2);
	}
	return number;
}

static void read_arguments(int argc, char **argv)
{
	for (int i = 1; i < argc; i += 2) {
		if (i + 1 < argc && strcmp(argv[i], "--seed") == 0) {
			seed = number_of(argv[i + 1]);
		} else if (i + 1 < argc && strcmp(argv[i], "--work") == 0) {
			rounds = program->rounds * (unsigned)number_of(argv[i + 1]);
		} else if (i + 1 < argc && strcmp(argv[i], "--rounds") == 0) {
			rounds = (unsigned)number_of(argv[i + 1]);
		} else {
			fprintf(stderr,
				"usage: %s [--seed N] [--work N | --rounds N]\n"
				"attacks %s in rounds; --work 1 is %u of them\n",
				program->name, program->promises, program->rounds);
			exit(2);
		}
	}
}

int stress_main(const struct stress_program *it, int argc, char **argv)
{
	struct check_test test = {it->name, run_rounds};
	int status;

	program = it;
	rounds = it->rounds;
	seed = (uint64_t)ump_now() ^ (uint64_t)getpid() << 32;
	/* Short, so that it is easily typed. */
	seed %= 1000000000;
	read_arguments(argc, argv);
	printf("%s --seed %" PRIu64 " --rounds %u attacks %s\n", it->name, seed, rounds,
		it->promises);
	fflush(stdout);
	check_also = say_how;
	status = check_main(&test, 1, 1, argv);
	print_totals();
	return status;
}

/* ---- Threads and memory --------------------------------------------------------------------- */

void *stress_alloc(size_t count, size_t size)
{
	void *memory = calloc(count, size);

	CHECK(memory != NULL);
	return memory;
}

pthread_t stress_thread(void *(*run)(void *), void *arg)
{
	pthread_t thread;

	CHECK_INT(pthread_create(&thread, NULL, run, arg), ==, 0);
	return thread;
}

void stress_thread_join(pthread_t thread)
{
	CHECK_INT(pthread_join(thread, NULL), ==, 0);
}
