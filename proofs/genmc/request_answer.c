/* SPDX-License-Identifier: 0BSD */
/*
 * A caller sends a request that lies on its stack and waits; the server takes it and answers.
 * Shows: the answer and its code are read as they were written (both non-atomic), the caller is
 * woken, and the server does not access the request after it has published the answer (the caller
 * overwrites it at once, which would be a data race).
 *
 *     genmc -rc11 -unroll=5 -- -Isrc -Iinclude proofs/genmc/request_answer.c
 */
#include "platform.h"

#include "../../src/channel/inbox.c"
#include "../../src/core/call.c"
#include "../../src/core/inbox.c"
#include "../../src/core/queue.c"
#include "../../src/wait/answer.c"

struct request {
	struct ump__node node;
	struct ump__answer answer;
	int question;
	int reply;
};

static struct ump__word inbox;

static void *server(void *arg)
{
	struct ump__queue batch;
	struct request *request;
	bool owns;

	(void)arg;
	ump__queue_init(&batch);
	(void)ump__inbox_receive(&inbox, &batch, UMP_FOREVER, UMP__CPU_UNKNOWN);
	request = (struct request *)(void *)ump__queue_pop(&batch);
	request->reply = request->question + 1;
	owns = ump__answer_publish(&request->answer, 7, NULL);
	assert(!owns);
	(void)owns;
	return NULL;
}

int main(void)
{
	struct request request = {.question = 41};
	pthread_t thread;
	bool answered;

	ump__word_init(&inbox, UMP__INBOX_EMPTY);
	ump__answer_init(&request.answer);
	thread = start(server, NULL);
	(void)ump__inbox_push(&inbox, &request.node, NULL);
	answered = ump__answer_wait(&request.answer, UMP_FOREVER, UMP__CPU_UNKNOWN);
	assert(answered && request.answer.code == 7 && request.reply == 42);
	(void)answered;
	/* The request is on the stack of the caller, which continues. */
	request.reply = 0;
	request.question = 0;
	request.answer.code = 0;
	join(thread);
	return 0;
}
