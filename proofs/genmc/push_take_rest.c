/* SPDX-License-Identifier: 0BSD */
/*
 * Two senders push into the inbox of a receiver that an event loop runs: it takes, goes to rest
 * and waits for its bell.  Shows: no ringing is lost between silencing and going to rest, so that
 * the receiver is never left waiting; no message is lost or comes twice; and what was written
 * before a push is read after the take.
 *
 *     genmc -rc11 -unroll=5 -- -Isrc -Iinclude proofs/genmc/push_take_rest.c
 */
#include "platform.h"

#include "../../src/channel/inbox.c"
#include "../../src/core/inbox.c"
#include "../../src/core/queue.c"

#define SENDERS 2

struct letter {
	struct ump__node node;
	int value;
};

static struct ump__notifier bell;
static struct ump__word inbox;
static struct letter letters[SENDERS];

static void *sender(void *arg)
{
	struct letter *mine = arg;
	bool sent;

	mine->value = 1;
	if (mine != letters)
		LINGER();
	LINGER();
	sent = ump__inbox_push(&inbox, &mine->node, &bell);
	assert(sent);
	(void)sent;
	return NULL;
}

/* Read what there is: how many letters. */
static int read_all(void)
{
	struct ump__queue batch;
	struct ump__node *node;
	int got = 0;

	ump__queue_init(&batch);
	if (!ump__inbox_take(&inbox, &batch))
		return 0;
	while ((node = ump__queue_pop(&batch)) != NULL) {
		struct letter *letter = (struct letter *)(void *)node;

		assert(letter->value == 1);
		letter->value = 2;
		got++;
	}
	return got;
}

int main(void)
{
	pthread_t senders[SENDERS];

	ump__word_init(&inbox, UMP__INBOX_EMPTY);
	for (int i = 0; i < SENDERS; i++)
		senders[i] = go(sender, &letters[i]);
	for (int got = read_all(); got < SENDERS; got += read_all()) {
		bool rests = ump__inbox_idle(&inbox, &bell);

		/* After the first letter, look again as an event loop does that is called for
		 * nothing. */
		if (rests && got > 0)
			rests = ump__inbox_idle(&inbox, &bell);
		if (rests)
			await_ring();
	}
	for (int i = 0; i < SENDERS; i++)
		come_back(senders[i]);
	return 0;
}
