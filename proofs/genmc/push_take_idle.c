/* SPDX-License-Identifier: 0BSD */
/*
 * Two senders push into the inbox of a receiver that an event loop runs: it takes, becomes idle and
 * waits for its notifier.  Shows: no raise is lost between the clear and becoming idle, so the
 * receiver does not wait forever; each message is received exactly once; and what was written
 * before a push is read after the take.
 *
 *     genmc -rc11 -unroll=5 -- -Isrc -Iinclude proofs/genmc/push_take_idle.c
 */
#include "platform.h"

#include "../../src/channel/inbox.c"
#include "../../src/core/inbox.c"
#include "../../src/core/queue.c"

#define SENDERS 2

struct message {
	struct ump__node node;
	int value;
};

static struct ump__notifier notifier;
static struct ump__word inbox;
static struct message messages[SENDERS];

static void *sender(void *arg)
{
	struct message *mine = arg;
	bool sent;

	mine->value = 1;
	if (mine != messages)
		LINGER();
	LINGER();
	sent = ump__inbox_push(&inbox, &mine->node, &notifier);
	assert(sent);
	(void)sent;
	return NULL;
}

/* Receive all messages that are there; return their number. */
static int read_all(void)
{
	struct ump__queue batch;
	struct ump__node *node;
	int got = 0;

	ump__queue_init(&batch);
	if (!ump__inbox_take(&inbox, &batch))
		return 0;
	while ((node = ump__queue_pop(&batch)) != NULL) {
		struct message *message = (struct message *)(void *)node;

		assert(message->value == 1);
		message->value = 2;
		got++;
	}
	return got;
}

int main(void)
{
	pthread_t senders[SENDERS];

	ump__word_init(&inbox, UMP__INBOX_EMPTY);
	for (int i = 0; i < SENDERS; i++)
		senders[i] = start(sender, &messages[i]);
	for (int got = read_all(); got < SENDERS; got += read_all()) {
		bool idle = ump__inbox_idle(&inbox, &notifier);

		/* After the first message, check again, as after a spurious event. */
		if (idle && got > 0)
			idle = ump__inbox_idle(&inbox, &notifier);
		if (idle)
			await_raise();
	}
	for (int i = 0; i < SENDERS; i++)
		join(senders[i]);
	return 0;
}
