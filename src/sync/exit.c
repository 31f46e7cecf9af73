/* SPDX-License-Identifier: 0BSD */
/*
 * A thread that exits calls the destructors of its keys in rounds (POSIX, pthread_key_create).  The
 * destructor here sets its key again until the last round but one, so that it runs after other
 * destructors of the rounds before.  In the last round sanitizers discard their state of the
 * thread; instrumented code must not run after that.
 */
#include "sync/sync.h"
#include "sync/tools.h"

#include <limits.h>

#define LAST_ROUND (PTHREAD_DESTRUCTOR_ITERATIONS - 1)

static pthread_key_t key;
static bool has_key;
static pthread_once_t once = PTHREAD_ONCE_INIT;

static void end_round(void *value)
{
	struct ump__thread_exit *exit = value;

	exit->rounds++;
	if (exit->rounds < LAST_ROUND && pthread_setspecific(key, exit) == 0)
		return;
	exit->run(exit);
}

static void make_key(void)
{
	ump__tools_own(&has_key, sizeof has_key);
	ump__tools_own(&key, sizeof key);
	has_key = pthread_key_create(&key, end_round) == 0;
}

#ifdef __GNUC__
/* A plugin that contains the library may be loaded and unloaded often. */
__attribute__((destructor)) static void drop_key(void)
{
	if (has_key)
		(void)pthread_key_delete(key);
}
#endif

void ump__thread_exit_before_fork(void)
{
	pthread_once(&once, make_key);
}

bool ump__thread_exit_set(struct ump__thread_exit *exit)
{
	exit->rounds = 0;
	pthread_once(&once, make_key);
	return has_key && pthread_setspecific(key, exit) == 0;
}
