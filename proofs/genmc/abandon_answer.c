/* SPDX-License-Identifier: 0BSD */
/*
 * The waiter gives up while the answerer completes.  Shows: exactly one of the two owns the call
 * and frees it, after the last access of the other.  GenMC and ThreadSanitizer would report a
 * double free, a leak or a use after free.
 *
 *     genmc -rc11 -unroll=5 -- -Isrc -Iinclude proofs/genmc/abandon_answer.c
 */
#include "platform.h"

#include "../../src/core/call.c"
#include "../../src/wait/answer.c"

struct request {
	struct ump__answer answer;
	int reply;
};

static bool freed[2];

static void *answerer(void *arg)
{
	struct request *request = arg;

	request->reply = 42;
	if (ump__answer_publish(&request->answer, UMP_OK, NULL)) {
		freed[0] = true;
		free(request);
	}
	return NULL;
}

int main(void)
{
	struct request *request = malloc(sizeof *request);
	pthread_t thread;

	if (request == NULL)
		abort();
	ump__answer_init(&request->answer);
	thread = start(answerer, request);
	/* The deadline may pass while the waiter is parked. */
	(void)ump__answer_wait(&request->answer, 1, UMP__CPU_UNKNOWN);
	if (ump__answer_abandon(&request->answer)) {
		assert(request->reply == 42 && request->answer.code == UMP_OK);
		freed[1] = true;
		free(request);
	}
	join(thread);
	assert(freed[0] != freed[1]);
	return 0;
}
