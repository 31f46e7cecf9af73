/* SPDX-License-Identifier: 0BSD */
/* Stacks of a configured size, beside many thread-local variables. */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include "check.h"
#include "ump_server.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>

/* More than the smaller ones of the configured stacks. */
#define VARIABLES ((size_t)256 * 1024)

static _Thread_local volatile char variables[VARIABLES];

int __real_pthread_create(
	pthread_t *id, const pthread_attr_t *attributes, void *(*run)(void *), void *arg);
int __wrap_pthread_create(
	pthread_t *id, const pthread_attr_t *attributes, void *(*run)(void *), void *arg);

/* Bytes that the system takes of each stack: it refuses smaller ones; 0: the real system
 * decides. */
static atomic_size_t taken;
static atomic_int refused;

int __wrap_pthread_create(
	pthread_t *id, const pthread_attr_t *attributes, void *(*run)(void *), void *arg)
{
	size_t bytes = 0;

	if (attributes != NULL)
		CHECK_INT(pthread_attr_getstacksize(attributes, &bytes), ==, 0);
	if (bytes < atomic_load(&taken)) {
		atomic_fetch_add(&refused, 1);
		return EINVAL;
	}
	return __real_pthread_create(id, attributes, run, arg);
}

/* Return the bytes of stack that the calling thread has left. */
static size_t left(void)
{
	pthread_attr_t attributes;
	char here = 0;
	void *lowest;
	size_t bytes;

	CHECK_INT(pthread_getattr_np(pthread_self(), &attributes), ==, 0);
	CHECK_INT(pthread_attr_getstack(&attributes, &lowest, &bytes), ==, 0);
	pthread_attr_destroy(&attributes);
	return (size_t)((uintptr_t)&here - (uintptr_t)lowest);
}

static struct ump_flow tell_left(void *self, const void *msg, ump_reply_context **rc)
{
	size_t bytes = left();

	(void)self;
	(void)msg;
	variables[VARIABLES - 1] = 1;
	CHECK_INT(ump_reply(rc, &bytes), ==, UMP_OK);
	return ump_continue();
}

static int build(void *arg, ump_client *client, struct ump_handler *out)
{
	(void)arg;
	(void)client;
	out->request = tell_left;
	return 0;
}

/* Return what a handler has left of a stack of `bytes`, on a thread of its own or one of
 * `threads`. */
static size_t left_of(size_t bytes, ump_thread_pool *threads)
{
	struct ump_config config = {.request.size = 1,
		.reply.size = sizeof(size_t),
		.stack_size = bytes,
		.thread_pool = threads};
	ump_client *client;
	ump_thread *thread;
	size_t found;

	CHECK_INT(ump_spawn_thread(&config, build, NULL, &client, &thread), ==, UMP_OK);
	CHECK_INT(ump_client_req(client, "", &found, UMP_FOREVER), ==, UMP_OK);
	ump_client_drop(&client);
	CHECK_INT(ump_thread_join(&thread, NULL, UMP_FOREVER), ==, UMP_OK);
	return found;
}

static void beside_variables(void)
{
	static const size_t sizes[] = {1, 16384, 65536, 131072, VARIABLES, 300000, 1 << 20};

	for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
		ump_thread_pool *threads;
		size_t wanted = sizes[i] > 16384 ? sizes[i] : 16384;

		/* The rest holds the thread's own record and the library's frames. */
		CHECK_INT(left_of(sizes[i], NULL), >=, wanted / 4);
		CHECK_INT(ump_thread_pool_open(&threads, 1, sizes[i]), ==, UMP_OK);
		CHECK_INT(left_of(0, threads), >=, wanted / 4);
		ump_thread_pool_drop(&threads);
	}
}

static void more_is_tried(void)
{
	atomic_store(&taken, (size_t)5 << 20);
	atomic_store(&refused, 0);
	CHECK_INT(left_of(4096, NULL), >, 4096);
	CHECK_INT(atomic_load(&refused), >, 0);
	CHECK_INT(atomic_load(&refused), <, 20);
	atomic_store(&taken, 0);
}

/* Retries must end, and there must be none without a configured size. */
static void refused_in_the_end(void)
{
	struct ump_config config = {.request.size = 1};
	ump_client *client;
	ump_thread *thread;

	atomic_store(&taken, SIZE_MAX);
	for (int i = 0; i < 2; i++) {
		config.stack_size = i == 0 ? 4096 : 0;
		atomic_store(&refused, 0);
		CHECK_INT(ump_spawn_thread(&config, build, NULL, &client, &thread), ==,
			UMP_NO_THREAD);
		CHECK_INT(atomic_load(&refused), <, i == 0 ? 40 : 2);
	}
	atomic_store(&taken, 0);
}

static const struct check_test tests[] = {
	{"[init] a stack has space beside thread-local variables, however small a size was "
	 "requested",
		beside_variables},
	{"[init] more is tried where the system uses more of a stack than it reports",
		more_is_tried},
	{"[clean] a stack that cannot be allocated gives a code", refused_in_the_end},
};

CHECK_MAIN(tests)
