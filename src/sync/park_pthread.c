/* SPDX-License-Identifier: 0BSD */
/*
 * Parking by POSIX means alone: a static table of mutexes and condition variables, to which words
 * are hashed by address (a parking lot, as in WebKit).  Waking a word whose memory is gone is
 * harmless, because only its address is used.  Words that share a bucket cause each other spurious
 * wakeups.
 */
#include "sync/sync.h"

#include "sync/cancel.h"
#include "sync/probe.h"

#include <errno.h>

#define BUCKETS 64

struct bucket {
	pthread_mutex_t lock;
	pthread_cond_t woken;
};

static struct bucket buckets[BUCKETS];
static pthread_once_t buckets_once = PTHREAD_ONCE_INIT;

/* Conditions on CLOCK_MONOTONIC cannot be initialised statically. */
static void make_buckets(void)
{
	pthread_condattr_t monotonic;

	pthread_condattr_init(&monotonic);
	pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
	for (size_t i = 0; i < BUCKETS; i++) {
		pthread_mutex_init(&buckets[i].lock, NULL);
		pthread_cond_init(&buckets[i].woken, &monotonic);
	}
	pthread_condattr_destroy(&monotonic);
}

static struct bucket *bucket_of(const struct ump__word *word)
{
	uint64_t address = (uintptr_t)word;

	pthread_once(&buckets_once, make_buckets);
	/* Fibonacci hashing (Knuth, TAOCP 3, section 6.4): neighbouring words fall into different
	 * buckets. */
	return &buckets[(address >> 3) * UINT64_C(0x9E3779B97F4A7C15) >> 58];
}

bool ump__park(struct ump__word *word, uintptr_t value, ump_time deadline)
{
	struct bucket *bucket = bucket_of(word);
	int failed = 0;
	/* Waiting on a condition is a cancellation point: a thread cancelled there would leave the
	 * bucket locked, and its request on a stack that is gone. */
	int cancel = ump__cancel_off();

	UMP__PROBE(park, word, value);
	pthread_mutex_lock(&bucket->lock);
	/* A waker changes the word before it takes the lock: this thread sees that here, or the
	 * waker finds it waiting. */
	if (ump__word_peek(word) == value) {
		if (deadline == UMP_FOREVER) {
			pthread_cond_wait(&bucket->woken, &bucket->lock);
		} else {
			struct timespec until = ump__timespec(deadline);

			failed = pthread_cond_timedwait(&bucket->woken, &bucket->lock, &until);
		}
	}
	pthread_mutex_unlock(&bucket->lock);
	ump__cancel_restore(cancel);
	return failed != ETIMEDOUT;
}

void ump__wake(struct ump__word *word)
{
	struct bucket *bucket = bucket_of(word);

	UMP__PROBE(wake, word, 0);
	pthread_mutex_lock(&bucket->lock);
	pthread_cond_broadcast(&bucket->woken);
	pthread_mutex_unlock(&bucket->lock);
}

void ump__park_before_fork(void)
{
	pthread_once(&buckets_once, make_buckets);
}

/* Threads that the child does not have may hold locks, or wait for conditions. */
void ump__park_in_child(void)
{
	make_buckets();
}
