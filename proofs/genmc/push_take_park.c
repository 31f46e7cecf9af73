/* SPDX-License-Identifier: 0BSD */
/*
 * Two senders push, the receiver parks and takes.  Shows: each message is received exactly once, in
 * its sender's order; what was written before a push is read after the take (the non-atomic
 * `value`, so a missing release or acquire is a data race); and the receiver is woken.
 *
 *     genmc -rc11 -unroll=5 -- -Isrc -Iinclude proofs/genmc/push_take_park.c
 */
#include "platform.h"

#include "../../src/channel/inbox.c"
#include "../../src/core/inbox.c"
#include "../../src/core/queue.c"

struct message {
	struct ump__node node;
	int sender;
	int value;
};

static struct ump__word inbox;
static struct message messages[2][2];

static void *sender(void *arg)
{
	struct message *mine = arg;

	for (int i = 0; i < 2; i++) {
		mine[i].sender = mine == messages[0] ? 0 : 1;
		mine[i].value = i + 1;
		bool sent = ump__inbox_push(&inbox, &mine[i].node, NULL);

		assert(sent);
		(void)sent;
	}
	return NULL;
}

int main(void)
{
	int last[2] = {0, 0};
	pthread_t senders[2];

	ump__word_init(&inbox, UMP__INBOX_EMPTY);
	for (int i = 0; i < 2; i++)
		senders[i] = start(sender, messages[i]);
	for (int got = 0; got < 4;) {
		struct ump__queue batch;
		struct ump__node *node;
		bool some;

		ump__queue_init(&batch);
		some = ump__inbox_receive(&inbox, &batch, UMP_FOREVER, UMP__CPU_UNKNOWN);
		assert(some);
		(void)some;
		while ((node = ump__queue_pop(&batch)) != NULL) {
			struct message *message = (struct message *)(void *)node;

			assert(message->value == last[message->sender] + 1);
			last[message->sender] = message->value;
			got++;
		}
	}
	assert(last[0] == 2 && last[1] == 2);
	for (int i = 0; i < 2; i++)
		join(senders[i]);
	return 0;
}
