/* SPDX-License-Identifier: 0BSD */
#include "sync/sync.h"

static pthread_once_t once = PTHREAD_ONCE_INIT;
static bool ready;
static struct ump__hint generation;

/* In the parent: complete one-time initialisation, which must not be in progress at a fork. */
static void before(void)
{
	ump__park_before_fork();
	ump__thread_exit_before_fork();
#ifndef NDEBUG
	ump__thread_before_fork();
#endif
}

static void in_child(void)
{
	ump__hint_set(&generation, ump__hint_get(&generation) + 1);
	ump__park_in_child();
	for (size_t i = 0; ump__fork_resets[i] != NULL; i++)
		ump__fork_resets[i]();
}

static void prepare(void)
{
	ready = pthread_atfork(before, NULL, in_child) == 0;
}

bool ump__fork_ready(void)
{
	pthread_once(&once, prepare);
	return ready;
}

int ump__fork_generation(void)
{
	return ump__hint_get(&generation);
}

#ifdef __GNUC__
/* Run before there is a thread that could fork meanwhile.  Otherwise a child could find `once` in
 * progress, and some libcs wait there for its end. */
__attribute__((constructor)) static void at_load(void)
{
	(void)ump__fork_ready();
}
#endif
