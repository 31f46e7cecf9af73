/* SPDX-License-Identifier: 0BSD */
/*
 * The last strong reference is dropped while a weak one is upgraded.  Shows: exactly one of the two
 * threads finds itself the last strong, no count comes back from zero, exactly one finds itself the
 * last of all, and what each wrote before it dropped is seen by the one who frees (`touched`).
 *
 *     genmc -rc11 -unroll=5 -- -Isrc -Iinclude proofs/genmc/last_drop_upgrade.c
 */
#include "platform.h"

#include "../../src/channel/references.c"
#include "../../src/core/counts.c"

static struct ump__counts counts;
static int touched[2];
/* Who found what, read once both have come back. */
static int goodbyes[2];
static int frees[2];

static void give_back(int who)
{
	touched[who] = 1;
	if (ump__weak_drop(&counts)) {
		frees[who]++;
		/* Whoever frees has seen all that others did with theirs. */
		assert(touched[0] == 1 && touched[1] == 1);
	}
}

static void drop(int who)
{
	if (ump__strong_drop(&counts)) {
		goodbyes[who]++;
		if (ump__weak_drop(&counts))
			frees[who]++;
	}
}

/* A strong client goes; this thread also has the receiving end's weak reference. */
static void *dropper(void *arg)
{
	(void)arg;
	drop(0);
	give_back(0);
	return NULL;
}

/* A weak client tries to become a strong one. */
static void *upgrader(void *arg)
{
	(void)arg;
	if (ump__strong_add(&counts))
		drop(1);
	give_back(1);
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
	threads[0] = go(dropper, NULL);
	threads[1] = go(upgrader, NULL);
	come_back(threads[0]);
	come_back(threads[1]);
	assert(goodbyes[0] + goodbyes[1] == 1);
	assert(frees[0] + frees[1] == 1);
	assert(!ump__strong_any(&counts) && !ump__strong_add(&counts));
	return 0;
}
