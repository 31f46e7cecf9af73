/* SPDX-License-Identifier: 0BSD */
/*
 * Attacks [origin], [once] and [deadline] at the raw receiving end: callers give up while their
 * requests are queued, received or answered.  What was given up in time must be skipped and
 * counted, and the count must be exact.  The receiver waits in all ways, and may drop its end at
 * any time.
 */
#include "stress.h"

#define SENDERS 4

struct receiver {
	struct stress_server server;
	ump_server *end;
	/* It drops its end after this number of messages. */
	unsigned most;
	bool drained;
	size_t skipped;
};

/* Receive one more message, in any way; never returns UMP_TIMED_OUT or UMP_EMPTY. */
static int next(struct receiver *receiver, const void **msg, ump_reply_context **rc)
{
	struct stress_rng *rng = &receiver->server.rng;
	int result;

	do {
		ump_time deadline = ump_after(stress_below(rng, 50000));

		switch (stress_below(rng, 4)) {
		case 0:
			result = ump_server_try_pop(receiver->end, msg, rc);
			CHECK(result != UMP_TIMED_OUT);
			break;
		case 1:
			result = ump_server_wait(receiver->end, msg, rc, UMP_FOREVER);
			CHECK(result != UMP_TIMED_OUT);
			break;
		case 2:
			(void)ump_server_was_empty(receiver->end);
			/* fall through */
		default:
			result = ump_server_wait(receiver->end, msg, rc, deadline);
			if (result == UMP_TIMED_OUT)
				CHECK_INT(ump_now(), >=, deadline);
			break;
		}
		CHECK((result == UMP_OK) == (*msg != NULL));
	} while (result == UMP_TIMED_OUT || result == UMP_EMPTY);
	return result;
}

static void *receive(void *arg)
{
	struct receiver *receiver = arg;
	struct stress_server *server = &receiver->server;

	for (unsigned i = 0; i < receiver->most; i++) {
		const void *msg = NULL;
		ump_reply_context *rc = NULL;
		const struct stress_message *message;
		int result = next(receiver, &msg, &rc);

		if (result == UMP_CLIENTS_GONE) {
			receiver->drained = true;
			receiver->skipped = ump_server_skipped(receiver->end);
			CHECK_INT(
				ump_server_try_pop(receiver->end, &msg, &rc), ==, UMP_CLIENTS_GONE);
			break;
		}
		CHECK_INT(result, ==, UMP_OK);
		message = msg;
		CHECK_INT(message->record->is_request, ==, rc != NULL);
		(void)stress_handle(server, message, rc != NULL ? &rc : NULL);
		ump_reply_drop(&rc);
	}
	ump_server_drop(&receiver->end);
	return NULL;
}

/* Requests that the library dropped without delivering them.  `late` counts those that timed out:
 * only these may have been dropped by their own sender, too late to be sent at all. */
static size_t skips(const struct stress_sender *sender, size_t *late)
{
	size_t count = 0;

	for (size_t i = 0; i < sender->count; i++) {
		const struct stress_record *record = &sender->records[i];

		if (record->value.end != STRESS_END_DROPPED)
			continue;
		count++;
		*late += record->result == UMP_TIMED_OUT;
	}
	return count;
}

static void round_of(struct stress_rng *rng)
{
	struct stress_mix mix = {
		.post = 1,
		.req = 1,
		.req_until = 2,
		.async = 3,
		.collect = 2,
		.abandon = 8,
		.acts = {[STRESS_ANSWER] = 6, [STRESS_FORGET] = 1, [STRESS_KEEP] = 1},
	};
	struct receiver receiver = {.drained = false};
	struct stress_keeper keeper;
	struct stress_sender senders[SENDERS];
	ump_client *client = NULL;
	unsigned count = 1 + stress_below(rng, SENDERS);
	size_t dropped = 0;
	size_t late = 0;
	pthread_t thread;

	mix.timeout_most = 1 + stress_below(rng, 100000);
	stress_keeper_start(&keeper, rng);
	stress_server_init(&receiver.server, rng);
	receiver.server.keeper = &keeper;
	receiver.most = stress_one_in(rng, 3) ? stress_below(rng, 200) : 100000;
	mix.drains = receiver.most == 100000;
	CHECK_INT(ump_channel_open(&receiver.end, &client, &stress_config), ==, UMP_OK);
	stress_count(STRESS_SERVERS, 1);
	thread = stress_thread(receive, &receiver);
	for (unsigned i = 0; i < count; i++) {
		stress_sender_init(&senders[i], rng, i, &mix, 300);
		senders[i].sends = 150;
	}
	stress_senders_start(senders, count, client);
	ump_client_drop(&client);
	stress_senders_join(senders, count);
	stress_thread_join(thread);
	stress_keeper_stop(&keeper);
	for (unsigned i = 0; i < count; i++)
		dropped += skips(&senders[i], &late);
	if (receiver.drained) {
		CHECK_INT(receiver.skipped, <=, dropped);
		CHECK_INT(receiver.skipped, >=, dropped - late);
	}
	stress_count(receiver.drained ? STRESS_DRAINED : STRESS_BROKEN, 1);
	stress_senders_settle(senders, count);
}

int main(int argc, char **argv)
{
	static const struct stress_program program = {
		"abandon_races_dispatch", "[origin] [once] [deadline]", round_of, 50};

	return stress_main(&program, argc, argv);
}
