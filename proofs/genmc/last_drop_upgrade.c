/* SPDX-License-Identifier: 0BSD */
/*
 * The last strong reference is dropped while a weak one is upgraded.  Shows: exactly one of the two
 * threads drops the last strong reference, no count rises from zero, exactly one drops the last
 * reference of all, and the thread that frees sees what each wrote before its drop (`touched`).
 *
 *     genmc -rc11 -unroll=5 -- -Isrc -Iinclude proofs/genmc/last_drop_upgrade.c
 */
#include "platform.h"

#include "../../src/channel/references.c"
#include "../../src/core/counts.c"

static struct ump__counts counts;
static int touched[2];
/* Results of each thread, read after both were joined. */
static int last_strong[2];
static int frees[2];

static void release(int thread)
{
	touched[thread] = 1;
	if (ump__weak_drop(&counts)) {
		frees[thread]++;
		/* The thread that frees sees what the other wrote before its drop. */
		assert(touched[0] == 1 && touched[1] == 1);
	}
}

static void drop(int thread)
{
	if (ump__strong_drop(&counts)) {
		last_strong[thread]++;
		if (ump__weak_drop(&counts))
			frees[thread]++;
	}
}

/* Drop a strong client; this thread also has the receiver's weak reference. */
static void *dropper(void *arg)
{
	(void)arg;
	drop(0);
	release(0);
	return NULL;
}

/* Upgrade a weak client. */
static void *upgrader(void *arg)
{
	(void)arg;
	if (ump__strong_add(&counts))
		drop(1);
	release(1);
	return NULL;
}

int main(void)
{
	pthread_t threads[2];
	bool added;

	ump__counts_init(&counts);
	added = ump__weak_add(&counts);
	assert(added);
	(void)added;
	threads[0] = start(dropper, NULL);
	threads[1] = start(upgrader, NULL);
	join(threads[0]);
	join(threads[1]);
	assert(last_strong[0] + last_strong[1] == 1);
	assert(frees[0] + frees[1] == 1);
	assert(!ump__strong_any(&counts) && !ump__strong_add(&counts));
	return 0;
}
