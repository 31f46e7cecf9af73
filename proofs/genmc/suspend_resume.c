/* SPDX-License-Identifier: 0BSD */
/*
 * A handler has suspended: its task waits for the bell while another thread resumes it.  Shows: the
 * resume is seen, whenever it comes, and what was written before it is read.
 *
 *     genmc -rc11 -unroll=5 -- -Isrc -Iinclude proofs/genmc/suspend_resume.c
 */
#include "platform.h"

#include "../../src/core/call.c"
#include "../../src/wait/answer.c"

struct suspension {
	struct ump__answer resumed;
	int flow;
};

static struct ump__notifier bell;

static void *resumer(void *arg)
{
	struct suspension *suspension = arg;
	bool dropped;

	suspension->flow = 42;
	LINGER();
	dropped = ump__answer_publish(&suspension->resumed, UMP_OK, &bell);
	assert(!dropped);
	(void)dropped;
	return NULL;
}

/* Suspend and wait for the bell; `twice`: look again as an event loop does that is called for
 * nothing. */
static void suspend(bool twice)
{
	struct suspension suspension;
	pthread_t thread;

	ump__answer_init(&suspension.resumed);
	thread = go(resumer, &suspension);
	for (;;) {
		if (ump__answer_idle(&suspension.resumed, &bell))
			break;
		if (twice && ump__answer_idle(&suspension.resumed, &bell))
			break;
		await_ring();
	}
	assert(suspension.flow == 42);
	/* It is the task's to free, and the resumer must not touch it any more. */
	suspension.flow = 0;
	suspension.resumed.code = 1;
	come_back(thread);
	/* A late bell calls for nothing. */
	ump__notifier_clear(&bell);
}

int main(void)
{
	suspend(false);
	suspend(true);
	return 0;
}
