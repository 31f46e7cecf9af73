/* SPDX-License-Identifier: 0BSD */
/* One execution: from the spawn to the end, where everything must add up. */
#include "user/fuzz_world.h"

#include <stdio.h>
#include <stdlib.h>

/* How often a program may settle, and how much it may do each time, before it must be at rest. */
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
	require(target->kinds <= (UMP_FUZZ_TASK | UMP_FUZZ_COMBINING), "`kinds` has unknown bits");
}

static void check_invariant(void)
{
	const struct ump_fuzz_target *target = ump__fuzz.target;
	const char *wrong = target->invariant != NULL && !ump__fuzz.joined
				    ? target->invariant(ump__fuzz.arg)
				    : NULL;

	if (wrong != NULL)
		ump__fuzz_fail("the invariant does not hold", wrong);
}

static bool spawn(void)
{
	const struct ump_fuzz_target *target = ump__fuzz.target;
	struct ump_config config = ump__fuzz_config();
	unsigned kinds = target->kinds != 0 ? target->kinds : UMP_FUZZ_TASK | UMP_FUZZ_COMBINING;
	int result;

	ump__fuzz.combining_kind =
		kinds == UMP_FUZZ_COMBINING ||
		(kinds != UMP_FUZZ_TASK && ump_fuzz_below(&ump__fuzz.input, 2) == 1);
	ump__fuzz_call("spawn", -1);
	if (ump__fuzz.combining_kind)
		result = ump_spawn_combining(&config, ump__fuzz_build, ump__fuzz.arg,
			&ump__fuzz.clients[0], &ump__fuzz.combining);
	else
		result = ump_spawn_task(&config, ump__fuzz_build, ump__fuzz.arg,
			&ump__fuzz.clients[0], &ump__fuzz.task);
	ump__fuzz_result(result);
	require(result != UMP_INVALID, "spawn finds the configuration or the handler invalid");
	return result == UMP_OK;
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
	ump__fuzz_call("settle", -1);
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
	if (ump_fuzz_below(&ump__fuzz.input, 2) == 1) {
		settle();
		drain();
		check_invariant();
	}
	ump__fuzz_drop_clients();
	for (unsigned i = 0; i < ROUNDS && !ump__fuzz.joined; i++) {
		drain();
		if (!ump__fuzz.joined)
			settle();
		if (!ump__fuzz.joined && ump__fuzz.combining_kind)
			ump__fuzz_join();
	}
	if (!ump__fuzz.joined)
		fail_without_end();
	settle();
}

static void check_counts(bool spawned)
{
	ump__fuzz_forget_left();
	if (ump__fuzz_collect())
		ump__fuzz_fail("a request never ends: its context was kept and lost [keep]", NULL);
	ump_completions_drop(&ump__fuzz.completions);
	if (ump__fuzz.sent != NULL)
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
	unsigned most;
	bool spawned;

	check_target(target);
	ump__fuzz = (struct fuzz_world){.target = target,
		.input = {.bytes = bytes, .left = size},
		.trace = getenv("UMP_FUZZ_TRACE") != NULL};
	most = target->calls != 0 ? target->calls : FUZZ_CALLS;
	if (target->begin != NULL)
		ump__fuzz.arg = target->begin(&ump__fuzz.input);
	spawned = spawn();
	for (unsigned i = 0; spawned && i < most && !ump_fuzz_is_over(&ump__fuzz.input); i++) {
		ump__fuzz_step();
		check_invariant();
	}
	if (spawned)
		come_to_an_end();
	check_counts(spawned);
	ump_weak_client_drop(&ump__fuzz.watch);
	ump__fuzz_release_copies(true);
	check_end();
}
