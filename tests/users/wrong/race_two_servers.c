/* SPDX-License-Identifier: 0BSD */
/* tool: tsan helgrind drd */
/*
 * Two servers share a variable.  The callbacks of one server run one at a time; those of two
 * servers may run at once, and nothing orders them.  The flag puts the second write after the first
 * in time, and is relaxed; no message passes from one server to the other.
 */
#include <sched.h>
#include <stdatomic.h>
#include <stdio.h>
#include <ump_server.h>

/* ThreadSanitizer may lose the place of a new thread's first access, and then reports nothing. */
#define TIMES 4

static _Alignas(8) atomic_bool written;
static _Alignas(8) int shared;

static struct ump_flow first(void *self, const void *msg)
{
	(void)self;
	shared += *(const int *)msg; /* here */
	if (*(const int *)msg == TIMES)
		atomic_store_explicit(&written, true, memory_order_relaxed);
	return ump_continue();
}

static struct ump_flow second(void *self, const void *msg)
{
	(void)self;
	while (!atomic_load_explicit(&written, memory_order_relaxed))
		sched_yield();
	shared += *(const int *)msg; /* here */
	return ump_continue();
}

static int build(void *arg, ump_client *client, struct ump_handler *out)
{
	(void)client;
	*out = (struct ump_handler){.post = arg == NULL ? first : second};
	return 0;
}

int main(void)
{
	struct ump_config config = {.post.size = sizeof(int)};
	ump_client *clients[2];
	ump_thread *threads[2];
	int number = 1;

	for (int i = 0; i < 2; i++) {
		if (ump_spawn_thread(&config, build, i == 0 ? NULL : &number, &clients[i],
			    &threads[i]) != UMP_OK)
			return 1;
	}
	for (int i = 1; i <= TIMES; i++)
		(void)ump_client_post(clients[0], &i);
	(void)ump_client_post(clients[1], &number);
	for (int i = 0; i < 2; i++)
		ump_client_drop(&clients[i]);
	for (int i = 0; i < 2; i++)
		(void)ump_thread_join(&threads[i], NULL, UMP_FOREVER);
	printf("shared %d\n", shared);
	return 0;
}
