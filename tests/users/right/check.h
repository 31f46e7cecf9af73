/* SPDX-License-Identifier: 0BSD */
/* Shared by the programs: a check that also works in release builds, and threads. */
#ifndef CHECK_H
#define CHECK_H

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

/* End the program, with the place on the standard error output, unless `condition` holds. */
#define CHECK(condition)                                                                           \
	do {                                                                                       \
		if (!(condition)) {                                                                \
			fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__, #condition);            \
			_Exit(1);                                                                  \
		}                                                                                  \
	} while (0)

/* Run `count` threads, each with an element of `size` bytes of `args`, until all have ended. */
static inline void run_threads(void *(*run)(void *), void *args, size_t size, size_t count)
{
	pthread_t threads[8];
	size_t i;

	CHECK(count <= 8);
	for (i = 0; i < count; i++)
		CHECK(pthread_create(&threads[i], NULL, run, (char *)args + i * size) == 0);
	for (i = 0; i < count; i++)
		CHECK(pthread_join(threads[i], NULL) == 0);
}

#endif
