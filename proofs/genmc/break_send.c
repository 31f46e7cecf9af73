/* SPDX-License-Identifier: 0BSD */
/*
 * The receiver closes the inbox while two clients send.  Shows: a message is either refused, or is
 * received or undelivered, and never both or neither.
 *
 *     genmc -rc11 -unroll=5 -- -Isrc -Iinclude proofs/genmc/break_send.c
 */
#include "platform.h"

#include "../../src/channel/inbox.c"
#include "../../src/core/inbox.c"
#include "../../src/core/queue.c"

struct message {
	struct ump__node node;
	bool accepted;
	int seen;
};

static struct ump__word inbox;
static struct message messages[2];

static void *sender(void *arg)
{
	struct message *mine = arg;

	mine->accepted = ump__inbox_push(&inbox, &mine->node, NULL);
	return NULL;
}

static void count(struct ump__queue *queue)
{
	struct ump__node *node;

	while ((node = ump__queue_pop(queue)) != NULL)
		((struct message *)(void *)node)->seen++;
}

int main(void)
{
	struct ump__queue batch;
	struct ump__queue rest;
	pthread_t senders[2];

	ump__word_init(&inbox, UMP__INBOX_EMPTY);
	ump__queue_init(&batch);
	for (int i = 0; i < 2; i++)
		senders[i] = start(sender, &messages[i]);
	/* Receive once, without waiting, and close. */
	if (ump__inbox_receive(&inbox, &batch, UMP_NOW, UMP__CPU_UNKNOWN))
		count(&batch);
	ump__inbox_close(&inbox, &rest);
	count(&rest);
	for (int i = 0; i < 2; i++)
		join(senders[i]);
	for (int i = 0; i < 2; i++)
		assert(messages[i].seen == (messages[i].accepted ? 1 : 0));
	return 0;
}
