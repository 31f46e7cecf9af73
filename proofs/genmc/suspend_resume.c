/* SPDX-License-Identifier: 0BSD */
/*
 * A handler has suspended: its task waits for the notifier while another thread resumes it.  Shows:
 * the resume is seen, whenever it comes, and what was written before it is read.
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

static struct ump__notifier notifier;

static void *resumer(void *arg)
{
	struct suspension *suspension = arg;
	bool dropped;

	suspension->flow = 42;
	LINGER();
	dropped = ump__answer_publish(&suspension->resumed, UMP_OK, &notifier);
	assert(!dropped);
	(void)dropped;
	return NULL;
}

/* Suspend and wait for the notifier; `twice`: check again, as after a spurious event. */
static void suspend(bool twice)
{
	struct suspension suspension;
	pthread_t thread;

	ump__answer_init(&suspension.resumed);
	thread = start(resumer, &suspension);
	for (;;) {
		if (ump__answer_idle(&suspension.resumed, &notifier))
			break;
		if (twice && ump__answer_idle(&suspension.resumed, &notifier))
			break;
		await_raise();
	}
	assert(suspension.flow == 42);
	/* The task owns it, and the resumer must not access it any more. */
	suspension.flow = 0;
	suspension.resumed.code = 1;
	join(thread);
	/* A raise may come late. */
	ump__notifier_clear(&notifier);
}

int main(void)
{
	suspend(false);
	suspend(true);
	return 0;
}
