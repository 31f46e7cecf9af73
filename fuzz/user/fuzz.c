/* SPDX-License-Identifier: 0BSD */
/* One execution: from the spawn to the end, where everything must add up. */
#include "user/fuzz_world.h"

#include <stdio.h>
#include <stdlib.h>

struct fuzz_world ump__fuzz;

/* How often a program may settle without handling anything, and how much it may do each time and
 * how often in all, before it must be at rest. */
enum {
	ROUNDS = 16,
	BATCHES = 1000
};

static void require(bool condition, const char *what)
{
	if (condition)
		return;
	fprintf(stderr, "ump_fuzz: error: %s\n", what);
	abort();
}

static void check_target(const struct ump_fuzz_target *target)
{
	require(target != NULL && target->build != NULL, "the target has no `build`");
	require(target->config.request.size == 0 || target->request != NULL,
		"the server takes requests, and the target has no `request`");
	require(target->config.post.size == 0 || target->post != NULL,
		"the server takes posts, and the target has no `post`");
	require(target->kinds <= (UMP_FUZZ_TASK | UMP_FUZZ_COMBINING | UMP_FUZZ_THREAD),
		"`kinds` has unknown bits");
	require(target->threads <= UMP_FUZZ_MOST_THREADS, "`threads` is above 4");
}

/* The kinds of server that can be run here: only the simulator runs threads, so that without it an
 * execution remains a function of its input. */
static unsigned kinds_of(const struct ump_fuzz_target *target)
{
	unsigned kinds = target->kinds != 0 ? target->kinds : UMP_FUZZ_TASK | UMP_FUZZ_COMBINING;

	if (!ump__fuzz_simulated && (kinds & UMP_FUZZ_THREAD) != 0)
		kinds = (kinds & ~UMP_FUZZ_THREAD) | UMP_FUZZ_TASK;
	return kinds;
}

static enum fuzz_server choose_server(struct fuzz_thread *me)
{
	unsigned kinds = kinds_of(ump__fuzz.target);
	enum fuzz_server possible[FUZZ_SERVERS] = {FUZZ_IS_TASK};
	unsigned count = 0;

	/* The bits are in the order of the enumeration. */
	for (unsigned i = 0; i < FUZZ_SERVERS; i++) {
		if ((kinds >> i & 1) != 0)
			possible[count++] = (enum fuzz_server)i;
	}
	return possible[count > 1 ? ump_fuzz_below(&me->input, count) : 0];
}

static bool spawn(struct fuzz_thread *me)
{
	struct ump_config config = ump__fuzz_config();
	int result;

	ump__fuzz.server = choose_server(me);
	ump__fuzz_call(me, "spawn", -1);
	if (ump__fuzz.server == FUZZ_IS_COMBINING)
		result = ump_spawn_combining(&config, ump__fuzz_build, ump__fuzz.arg,
			&me->clients[0], &ump__fuzz.combining);
	else if (ump__fuzz.server == FUZZ_IS_THREAD)
		result = ump_spawn_thread(&config, ump__fuzz_build, ump__fuzz.arg, &me->clients[0],
			&ump__fuzz.thread);
	else
		result = ump_spawn_task(
			&config, ump__fuzz_build, ump__fuzz.arg, &me->clients[0], &ump__fuzz.task);
	ump__fuzz_result(me, result);
	require(result != UMP_INVALID, "spawn finds the configuration or the handler invalid");
	return result == UMP_OK;
}

/* Copy a thread's pieces of the input to `to`, if that is not NULL; return how many bytes.  The
 * first byte of each piece names the thread that gets the others: so if a piece is removed, what
 * the other threads do is still the same. */
static size_t copy_pieces(const struct ump_fuzz_input *from, unsigned thread, uint8_t *to)
{
	size_t count = 0;

	for (size_t at = 0; at < from->left; at++) {
		bool mine = from->bytes[at - at % FUZZ_PIECE] % (1 + ump__fuzz.clients) == thread;

		if (!mine || at % FUZZ_PIECE == 0)
			continue;
		if (to != NULL)
			to[count] = from->bytes[at];
		count++;
	}
	return count;
}

/* With client threads each thread gets a part of what is left of the input, exactly as large as it
 * is, and each client thread a client. */
static void deal(void)
{
	struct fuzz_thread *me = &ump__fuzz.threads[0];
	const struct ump_fuzz_input whole = me->input;

	for (unsigned i = 0; i <= ump__fuzz.clients && ump__fuzz.clients > 0; i++) {
		struct fuzz_thread *thread = &ump__fuzz.threads[i];
		size_t size = copy_pieces(&whole, i, NULL);

		thread->part = ump__fuzz_memory(size, 1);
		copy_pieces(&whole, i, thread->part);
		thread->input = (struct ump_fuzz_input){.bytes = thread->part, .left = size};
		if (i == 0)
			continue;
		ump__fuzz_call(me, "clone a client for thread", i);
		ump__fuzz_result(me, ump_client_clone(me->clients[0], &thread->clients[0]));
	}
}

/* Handle what is queued, and what that brings. */
static void drain(void)
{
	unsigned quiet = 0;

	for (unsigned i = 0; i < BATCHES && ump__fuzz.task != NULL && quiet < 2; i++) {
		unsigned before = ump__fuzz.handled;

		ump__fuzz_dispatch(0);
		quiet = ump__fuzz.handled == before ? quiet + 1 : 0;
	}
}

static void settle(void)
{
	if (ump__fuzz.target->settle == NULL)
		return;
	ump__fuzz_call(&ump__fuzz.threads[0], "settle", -1);
	ump__fuzz.target->settle(ump__fuzz.arg);
}

static void fail_without_end(void)
{
	struct ump_stats stats = {0};

	if (ump__fuzz_stats(&stats) && stats.busy)
		ump__fuzz_fail("a handler has suspended and is never resumed [suspend]", NULL);
	if (stats.clients > 0)
		ump__fuzz_fail("the loop does not end after the last client was dropped",
			"the program keeps a strong client of its server [weak]");
	ump__fuzz_fail("the loop does not end after the last client was dropped [drain]", NULL);
}

/* Let the program settle, drop the clients, in either order, and wait for the loop's end. */
static void come_to_an_end(void)
{
	if (ump_fuzz_below(&ump__fuzz.threads[0].input, 2) == 1) {
		settle();
		drain();
		if (ump__fuzz.server != FUZZ_IS_THREAD)
			ump__fuzz_check_invariant();
	}
	ump__fuzz_drop_clients(&ump__fuzz.threads[0]);
	for (unsigned i = 0, all = 0; i < ROUNDS && all < BATCHES && !ump__fuzz.joined; all++) {
		unsigned before = ump__fuzz.handled;

		drain();
		if (!ump__fuzz.joined)
			settle();
		if (!ump__fuzz.joined && ump__fuzz.server != FUZZ_IS_TASK)
			ump__fuzz_join();
		i = ump__fuzz.handled == before ? i + 1 : 0;
	}
	if (!ump__fuzz.joined)
		fail_without_end();
	settle();
}

static void check_counts(bool spawned)
{
	for (unsigned i = 0; i <= ump__fuzz.clients; i++) {
		ump__fuzz_check_watches(&ump__fuzz.threads[i]);
		if (ump__fuzz_collect(&ump__fuzz.threads[i]))
			ump__fuzz_fail(
				"a request never ends: its context was kept and lost [keep]", NULL);
		ump_completions_drop(&ump__fuzz.threads[i].completions);
	}
	if (ump__fuzz_close_accounts())
		ump__fuzz_fail(
			"a message was accepted, and neither handled nor dropped [once]", NULL);
	if (ump__fuzz.drops != ump__fuzz.builds)
		ump__fuzz_fail("the handler's `drop` did not run exactly once [user]", NULL);
	if (spawned && (ump__fuzz.inits != 1 || ump__fuzz.terms != 1))
		ump__fuzz_fail(
			"the handler's `init` or `term` did not run exactly once [user]", NULL);
}

static void check_end(void)
{
	const struct ump_fuzz_target *target = ump__fuzz.target;
	const char *wrong =
		target->end != NULL ? target->end(ump__fuzz.arg, ump__fuzz.outcome) : NULL;

	if (wrong != NULL)
		ump__fuzz_fail("at the end", wrong);
}

void ump_fuzz(const struct ump_fuzz_target *target, const uint8_t *bytes, size_t size)
{
	struct fuzz_thread *me = &ump__fuzz.threads[0];
	bool spawned;

	check_target(target);
	ump__fuzz = (struct fuzz_world){.target = target, .clients = target->threads};
	for (unsigned i = 0; i < FUZZ_THREADS; i++)
		ump__fuzz.threads[i].number = i;
	me->input = (struct ump_fuzz_input){.bytes = bytes, .left = size};
	if (target->begin != NULL)
		ump__fuzz.arg = target->begin(&me->input);
	spawned = spawn(me);
	if (spawned) {
		deal();
		ump__fuzz_run_threads();
		come_to_an_end();
	}
	check_counts(spawned);
	ump_weak_client_drop(&ump__fuzz.watch);
	ump__fuzz_release_copies(true);
	for (unsigned i = 0; i <= ump__fuzz.clients; i++)
		free(ump__fuzz.threads[i].part);
	check_end();
}
