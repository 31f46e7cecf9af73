/* SPDX-License-Identifier: 0BSD */
/*
 * Attacks [watch]: threads watch servers that begin and end all the time, by any client, and drop
 * their completion queues with watches in any state.  Each watch of a queue that was not dropped
 * must complete once, after its server's last callback.
 */
#include "stress.h"

#define SERVERS  3
#define WATCHERS 3
#define MOST     40

struct watched {
	/* For the watchers, while they run. */
	ump_client *client;
	ump_weak_client *weak;
	/* Written by its last callback, without any synchronisation of its own. */
	unsigned ended;
};

struct watcher {
	struct stress_rng rng;
	struct watched *all;
	ump_completions *completions;
	/* Watches that have not completed, by server. */
	unsigned pending[SERVERS];
	pthread_t thread;
};

static const struct ump_config config = {.post.size = sizeof(int)};

static struct ump_flow on_post(void *self, const void *msg)
{
	(void)self;
	return *(const int *)msg != 0 ? ump_break(self) : ump_continue();
}

static void on_drop(void *self)
{
	((struct watched *)self)->ended++;
}

static int build(void *arg, ump_client *client, struct ump_handler *out)
{
	(void)client;
	*out = (struct ump_handler){.self = arg, .post = on_post, .drop = on_drop};
	return 0;
}

static unsigned in_flight(const struct watcher *watcher)
{
	unsigned count = 0;

	for (unsigned i = 0; i < SERVERS; i++)
		count += watcher->pending[i];
	return count;
}

static void watch(struct watcher *watcher)
{
	unsigned which = stress_below(&watcher->rng, SERVERS);
	struct watched *server = &watcher->all[which];
	bool weak = stress_one_in(&watcher->rng, 2);

	CHECK_INT(weak ? ump_weak_client_watch(server->weak, watcher->completions, server)
		       : ump_client_watch(server->client, watcher->completions, server),
		==, UMP_OK);
	watcher->pending[which]++;
}

static void got(struct watcher *watcher, const struct ump_completion *completion)
{
	const struct watched *server = completion->tag;
	unsigned which = (unsigned)(server - watcher->all);

	CHECK_INT(completion->result, ==, UMP_OK);
	CHECK(completion->reply == NULL);
	CHECK_INT(watcher->pending[which], >, 0);
	CHECK_INT(server->ended, ==, 1);
	watcher->pending[which]--;
}

static void collect(struct watcher *watcher)
{
	struct ump_completion completion;

	while (ump_completions_next(watcher->completions, &completion) == UMP_OK)
		got(watcher, &completion);
	CHECK_INT(ump_completions_in_flight(watcher->completions), ==, in_flight(watcher));
}

static void open_anew(struct watcher *watcher)
{
	ump_completions_drop(&watcher->completions);
	for (unsigned i = 0; i < SERVERS; i++)
		watcher->pending[i] = 0;
	CHECK_INT(ump_completions_open(&watcher->completions), ==, UMP_OK);
}

static void *watch_all(void *arg)
{
	struct watcher *watcher = arg;
	struct ump_completion completion;

	CHECK_INT(ump_completions_open(&watcher->completions), ==, UMP_OK);
	for (unsigned i = stress_below(&watcher->rng, MOST); i > 0; i--) {
		watch(watcher);
		if (stress_one_in(&watcher->rng, 4))
			collect(watcher);
		if (stress_one_in(&watcher->rng, 8))
			open_anew(watcher);
		stress_dawdle(&watcher->rng);
	}
	/* All servers end without this thread's help. */
	while (ump_completions_wait(watcher->completions, &completion, UMP_FOREVER) == UMP_OK)
		got(watcher, &completion);
	CHECK_INT(in_flight(watcher), ==, 0);
	ump_completions_drop(&watcher->completions);
	return NULL;
}

static void round_of(struct stress_rng *rng)
{
	struct watched all[SERVERS];
	struct watcher watchers[WATCHERS];
	ump_thread *threads[SERVERS];
	int stop = 1;

	for (unsigned i = 0; i < SERVERS; i++) {
		all[i].ended = 0;
		CHECK_INT(ump_spawn_thread(&config, build, &all[i], &all[i].client, &threads[i]),
			==, UMP_OK);
		CHECK_INT(ump_client_weak(all[i].client, &all[i].weak), ==, UMP_OK);
	}
	for (unsigned i = 0; i < WATCHERS; i++) {
		watchers[i] = (struct watcher){.rng.state = stress_random(rng), .all = all};
		watchers[i].thread = stress_thread(watch_all, &watchers[i]);
	}
	for (unsigned i = 0; i < SERVERS; i++) {
		stress_dawdle(rng);
		CHECK_INT(ump_client_post(all[i].client, &stop), ==, UMP_OK);
	}
	for (unsigned i = 0; i < WATCHERS; i++)
		stress_thread_join(watchers[i].thread);
	for (unsigned i = 0; i < SERVERS; i++) {
		CHECK_INT(ump_thread_join(&threads[i], NULL, UMP_FOREVER), ==, UMP_OK);
		ump_client_drop(&all[i].client);
		ump_weak_client_drop(&all[i].weak);
	}
	stress_count(STRESS_SERVERS, SERVERS);
}

int main(int argc, char **argv)
{
	static const struct stress_program program = {
		"ends_are_watched", "[watch] [quiet] [clean]", round_of, 300};

	return stress_main(&program, argc, argv);
}
