/* SPDX-License-Identifier: 0BSD */
/*
 * In the simulator: threads that run at the same time, findings that the simulator shows, and a
 * main function, which takes its input from the simulator's choices.
 *
 * The harness is compiled without instrumentation: what it does itself is no access that could
 * race, and no step at which threads are switched.
 */
#include "sim/user/fuzzing.h"
#include "user/fuzz_world.h"

#include <poll.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size) __attribute__((weak));

/* How long the loop of a task sleeps, in ms, before it looks whether the client threads have ended:
 * simulated time, which passes if no thread can run. */
#define NAP 1

const bool ump__fuzz_simulated = true;

void *ump__fuzz_memory(size_t size, size_t align)
{
	return ump__sim_memory(size, align);
}

/* ---- What is shown -------------------------------------------------------------------------- */

void ump__fuzz_fail(const char *what, const char *more)
{
	static const char *const servers[] = {"a task", "a combining server", "a thread's server"};

	ump__sim_finding(what, more != NULL ? more : servers[ump__fuzz.server]);
}

void ump__fuzz_call(struct fuzz_thread *me, const char *what, int64_t which)
{
	me->calls++;
	if (which >= 0)
		ump__sim_remark("call %u: %s %lld", me->calls, what, (long long)which);
	else
		ump__sim_remark("call %u: %s", me->calls, what);
}

void ump__fuzz_result(struct fuzz_thread *me, int result)
{
	ump__sim_remark("call %u returns %d (%s)", me->calls, result,
		result <= 0 ? ump_strerror(result) : "a code of the handler");
}

/* ---- Threads -------------------------------------------------------------------------------- */

static void make_calls(struct fuzz_thread *me)
{
	while (ump__fuzz_has_calls(me))
		ump__fuzz_step(me);
}

static void *run_client(void *thread)
{
	make_calls(thread);
	ump__fuzz_drop_clients(thread);
	ump__fuzz.running--;
	return NULL;
}

static void start(pthread_t *thread, struct fuzz_thread *client)
{
	for (unsigned i = 0; i < FUZZ_RETRIES; i++) {
		if (pthread_create(thread, NULL, run_client, client) == 0)
			return;
	}
	abort();
}

/* The calls of the thread that runs the task, and what the others still send to it. */
static void run_task(struct fuzz_thread *me)
{
	while (ump__fuzz_has_calls(me)) {
		ump__fuzz_step(me);
		ump__fuzz_check_invariant();
	}
	while (ump__fuzz.running > 0 && ump__fuzz.task != NULL) {
		struct pollfd ready = {.fd = ump_task_fd(ump__fuzz.task), .events = POLLIN};

		if (poll(&ready, 1, NAP) > 0 || ump_task_due(ump__fuzz.task) <= ump_now())
			ump__fuzz_dispatch(0);
		ump__fuzz_check_invariant();
	}
}

void ump__fuzz_run_threads(void)
{
	struct fuzz_thread *me = &ump__fuzz.threads[0];
	pthread_t threads[FUZZ_THREADS];

	ump__fuzz.running = ump__fuzz.clients;
	for (unsigned i = 1; i <= ump__fuzz.clients; i++)
		start(&threads[i], &ump__fuzz.threads[i]);
	if (ump__fuzz.server == FUZZ_IS_TASK)
		run_task(me);
	if (ump__fuzz.server == FUZZ_IS_THREAD)
		make_calls(me);
	for (unsigned i = 1; i <= ump__fuzz.clients; i++)
		(void)pthread_join(threads[i], NULL);
	/* A combining server's handler may run in any client thread, so its turn is now. */
	while (ump__fuzz_has_calls(me)) {
		ump__fuzz_step(me);
		ump__fuzz_check_invariant();
	}
}

/* ---- The program ---------------------------------------------------------------------------- */

/* Weak, for programs that call ump_fuzz with inputs of their own. */
__attribute__((weak)) int main(void)
{
	uint8_t bytes[FUZZ_INPUT];
	size_t size = ump__sim_input(bytes, sizeof bytes);
	/* Exactly as large as the input, so that the simulator detects accesses beyond it. */
	uint8_t *exact = ump__sim_memory(size, 1);

	memcpy(exact, bytes, size);
	(void)LLVMFuzzerTestOneInput(exact, size);
	free(exact);
	return 0;
}
