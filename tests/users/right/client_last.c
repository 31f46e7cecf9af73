/* SPDX-License-Identifier: 0BSD */
/* A sender drops its client after all of its posts were handled.  They were so many that not all of
 * their memory is recycled.  The sender frees it, after the handler has read it.  The counters are
 * relaxed. */
/* not: helgrind: its flags are atomics, which helgrind does not know */
/* not: drd: its flags are atomics, which DRD does not know */
#include "check.h"

#include <sched.h>
#include <stdatomic.h>
#include <ump_server.h>
#include <unistd.h>

#define POSTS  3000
#define ROUNDS 5

static _Alignas(64) atomic_int sent;
static _Alignas(64) atomic_int handled;

static struct ump_flow post(void *self, const void *msg)
{
	const long *numbers = msg;

	(void)self;
	CHECK(numbers[0] == numbers[1]);
	while (atomic_load_explicit(&sent, memory_order_relaxed) % POSTS != 0)
		sched_yield();
	atomic_fetch_add_explicit(&handled, 1, memory_order_relaxed);
	return ump_continue();
}

static int build(void *arg, ump_client *client, struct ump_handler *out)
{
	(void)arg;
	(void)client;
	*out = (struct ump_handler){.post = post};
	return 0;
}

int main(void)
{
	struct ump_config config = {.post.size = 2 * sizeof(long)};
	ump_client *kept;
	ump_client *client;
	ump_thread *thread;

	CHECK(ump_spawn_thread(&config, build, NULL, &kept, &thread) == UMP_OK);
	for (int round = 1; round <= ROUNDS; round++) {
		CHECK(ump_client_clone(kept, &client) == UMP_OK);
		for (long i = 0; i < POSTS; i++) {
			CHECK(ump_client_post(client, &(long[2]){i, i}) == UMP_OK);
			atomic_fetch_add_explicit(&sent, 1, memory_order_relaxed);
		}
		while (atomic_load_explicit(&handled, memory_order_relaxed) != round * POSTS)
			sched_yield();
		usleep(1000); /* the server releases what it has handled */
		ump_client_drop(&client);
	}
	ump_client_drop(&kept);
	CHECK(ump_thread_join(&thread, NULL, UMP_FOREVER) == UMP_OK);
	return 0;
}
