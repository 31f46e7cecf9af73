/* SPDX-License-Identifier: 0BSD */
#include "sync/sync.h"

/* With default attributes these cannot fail: each lock is initialised, and its holder unlocks
 * it. */

void ump__lock_init(struct ump__lock *lock)
{
	(void)pthread_mutex_init(&lock->mutex, NULL);
}

void ump__lock_end(struct ump__lock *lock)
{
	(void)pthread_mutex_destroy(&lock->mutex);
}

void ump__lock_take(struct ump__lock *lock)
{
	(void)pthread_mutex_lock(&lock->mutex);
}

void ump__lock_give(struct ump__lock *lock)
{
	(void)pthread_mutex_unlock(&lock->mutex);
}
