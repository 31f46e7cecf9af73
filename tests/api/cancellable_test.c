/* SPDX-License-Identifier: 0BSD */
/* Requests of an event loop that are given up one by one: at a deadline, or by their number. */
#include "call/cancellables.h"
#include "probe.h"

#include <string.h>

#define SECOND INT64_C(1000000000)
#define MANY   100

static struct probe probe;
static ump_client *client;
static ump_server *server;
static ump_completions *completions;

static void *tag(intptr_t n)
{
	return (void *)n;
}

static void open_all(void)
{
	probe_open(&server, &client);
	CHECK_INT(ump_completions_open(&completions), ==, UMP_OK);
}

static void drop_all(void)
{
	ump_completions_drop(&completions);
	ump_client_drop(&client);
	ump_server_drop(&server);
}

static bool readable(void)
{
	return probe_readable(ump_completions_fd(completions));
}

static int try_send(int value, struct token *token, ump_time deadline, uint64_t *id)
{
	struct order order = {OP_ECHO, value, token};

	return ump_client_req_completion_until(
		client, &order, completions, tag(value), deadline, id);
}

static uint64_t send(int value, struct token *token, ump_time deadline)
{
	uint64_t id = 0;

	CHECK_INT(try_send(value, token, deadline, &id), ==, UMP_OK);
	CHECK(id != 0);
	return id;
}

static void nothing_left(void)
{
	const void *msg;
	ump_reply_context *rc;

	CHECK_INT(ump_server_try_pop(server, &msg, &rc), ==, UMP_EMPTY);
}

/* Sleep until after a deadline. */
static void pass(ump_time deadline)
{
	while (ump_now() < deadline)
		continue;
}

/* ---- Answers ------------------------------------------------------------------------------- */

static void answered(void)
{
	struct token token = {0};
	uint64_t ids[3];

	open_all();
	for (int i = 0; i < 3; i++)
		ids[i] = send(i, NULL, i == 1 ? UMP_FOREVER : ump_after(SECOND * 1000));
	CHECK_INT(try_send(3, NULL, UMP_FOREVER, NULL), ==, UMP_OK);
	CHECK_INT(ump_completions_in_flight(completions), ==, 4);
	CHECK(!readable());
	for (int i = 0; i < 4; i++)
		CHECK_INT(probe_reply(probe_receive(server, i), i, &token), ==, UMP_OK);
	CHECK(readable());
	/* The answer was there before. */
	CHECK_INT(ump_completions_cancel(completions, ids[1]), ==, UMP_EMPTY);
	for (int i = 0; i < 4; i++)
		CHECK_INT(((const struct reply *)probe_expect(completions, i, UMP_OK).reply)->value,
			==, i);
	probe_expect_empty(completions);
	CHECK(!readable());
	/* It has come out. */
	for (int i = 0; i < 3; i++)
		CHECK_INT(ump_completions_cancel(completions, ids[i]), ==, UMP_EMPTY);
	CHECK(ump_completions_due(completions) == UMP_FOREVER);
	CHECK_INT(token.dropped, ==, 0);
	drop_all();
}

static void other_results(void)
{
	ump_reply_context *rc;

	open_all();
	for (int i = 0; i < 3; i++)
		(void)send(i, NULL, UMP_FOREVER);
	rc = probe_receive(server, 0);
	CHECK_INT(ump_reply_fail(&rc, 7), ==, UMP_OK);
	rc = probe_receive(server, 1);
	ump_reply_drop(&rc);
	ump_server_drop(&server);
	(void)probe_expect(completions, 0, 7);
	(void)probe_expect(completions, 1, UMP_NO_REPLY);
	(void)probe_expect(completions, 2, UMP_SERVER_GONE);
	CHECK_INT(try_send(3, NULL, UMP_FOREVER, &(uint64_t){0}), ==, UMP_SERVER_GONE);
	CHECK_INT(ump_completions_in_flight(completions), ==, 0);
	drop_all();
}

/* ---- Cancelling ---------------------------------------------------------------------------- */

static void cancelled_while_queued(void)
{
	struct token tokens[3] = {{0}, {0}, {0}};
	uint64_t ids[3];

	open_all();
	for (int i = 0; i < 3; i++)
		ids[i] = send(i, &tokens[i], UMP_FOREVER);
	CHECK_INT(ump_completions_cancel(completions, ids[2]), ==, UMP_OK);
	CHECK_INT(ump_completions_cancel(completions, ids[0]), ==, UMP_OK);
	CHECK_INT(ump_completions_cancel(completions, ids[0]), ==, UMP_EMPTY);
	CHECK(readable());
	CHECK(ump_completions_due(completions) == UMP_NOW);
	CHECK_INT(ump_completions_in_flight(completions), ==, 3);
	(void)probe_expect(completions, 2, UMP_CANCELLED);
	CHECK(readable());
	(void)probe_expect(completions, 0, UMP_CANCELLED);
	probe_expect_empty(completions);
	CHECK(!readable());
	CHECK_INT(ump_completions_in_flight(completions), ==, 1);
	CHECK_INT(ump_completions_cancel(completions, ids[2]), ==, UMP_EMPTY);
	/* Only the second one reaches the handler. */
	CHECK_INT(probe_reply(probe_receive(server, 1), 1, NULL), ==, UMP_OK);
	nothing_left();
	CHECK_INT(ump_server_skipped(server), ==, 2);
	CHECK_INT(tokens[0].dropped, ==, 1);
	CHECK_INT(tokens[1].dropped, ==, 0);
	CHECK_INT(tokens[2].dropped, ==, 1);
	(void)probe_expect(completions, 1, UMP_OK);
	drop_all();
}

static void cancelled_while_handled(void)
{
	struct token message = {0};
	struct token answer = {0};
	ump_reply_context *rc;
	uint64_t id;

	open_all();
	id = send(0, &message, UMP_FOREVER);
	rc = probe_receive(server, 0);
	CHECK(!ump_reply_origin_gone(rc));
	CHECK_INT(ump_completions_cancel(completions, id), ==, UMP_OK);
	CHECK(ump_reply_origin_gone(rc));
	(void)probe_expect(completions, 0, UMP_CANCELLED);
	CHECK_INT(probe_reply(rc, 0, &answer), ==, UMP_ORIGIN_GONE);
	CHECK_INT(answer.dropped, ==, 1);
	CHECK_INT(message.dropped, ==, 0);
	probe_expect_empty(completions);
	drop_all();
}

/* A wait finds it at once. */
static void wait_finds_it(void)
{
	struct ump_completion got;
	uint64_t id;

	open_all();
	id = send(4, NULL, UMP_FOREVER);
	CHECK_INT(ump_completions_cancel(completions, id), ==, UMP_OK);
	CHECK_INT(ump_completions_wait(completions, &got, UMP_FOREVER), ==, UMP_OK);
	CHECK_INT(got.result, ==, UMP_CANCELLED);
	CHECK(got.tag == tag(4) && got.reply == NULL);
	CHECK_INT(ump_completions_wait(completions, &got, UMP_FOREVER), ==, UMP_NONE_PENDING);
	drop_all();
}

/* What is lent survives, so that a loop may cancel the losers before it uses the first answer. */
static void the_reply_stays_lent(void)
{
	const struct reply *reply;
	uint64_t id;

	open_all();
	(void)send(1, NULL, UMP_FOREVER);
	id = send(2, NULL, UMP_FOREVER);
	CHECK_INT(probe_reply(probe_receive(server, 1), 10, NULL), ==, UMP_OK);
	reply = probe_expect(completions, 1, UMP_OK).reply;
	CHECK_INT(ump_completions_cancel(completions, id), ==, UMP_OK);
	CHECK_INT(reply->value, ==, 10);
	(void)probe_expect(completions, 2, UMP_CANCELLED);
	drop_all();
}

/* A number is never used again, although its slot is. */
static void numbers_are_new(void)
{
	uint64_t ids[MANY];

	open_all();
	for (int i = 0; i < MANY; i++) {
		ids[i] = send(i, NULL, UMP_FOREVER);
		for (int j = 0; j < i; j++) {
			CHECK(ids[j] != ids[i]);
			CHECK_INT(ump_completions_cancel(completions, ids[j]), ==, UMP_EMPTY);
		}
		CHECK_INT(ump_completions_cancel(completions, ids[i]), ==, UMP_OK);
		(void)probe_expect(completions, i, UMP_CANCELLED);
	}
	CHECK_INT(ump_completions_in_flight(completions), ==, 0);
	drop_all();
}

/* A slot whose generations are used up is not used again. */
static void generations_end(void)
{
	uint64_t id;
	uint64_t last;

	open_all();
	id = send(0, NULL, UMP_FOREVER);
	CHECK_INT(ump_completions_cancel(completions, id), ==, UMP_OK);
	(void)probe_expect(completions, 0, UMP_CANCELLED);
	completions->cancellables->slots[ump__heap_slot(id)].generation = UINT32_MAX;
	last = send(1, NULL, UMP_FOREVER);
	CHECK((uint32_t)last == (uint32_t)id && last >> 32 == UINT32_MAX);
	CHECK_INT(ump_completions_cancel(completions, last), ==, UMP_OK);
	(void)probe_expect(completions, 1, UMP_CANCELLED);
	CHECK_INT(ump_completions_cancel(completions, last), ==, UMP_EMPTY);
	CHECK_INT(ump_completions_cancel(completions, (uint32_t)id), ==, UMP_EMPTY);
	id = send(2, NULL, UMP_FOREVER);
	CHECK((uint32_t)id != (uint32_t)last);
	CHECK(ump_completions_due(completions) == UMP_FOREVER);
	probe_expect_empty(completions);
	CHECK_INT(ump_completions_in_flight(completions), ==, 1);
	drop_all();
}

/* ---- Deadlines ----------------------------------------------------------------------------- */

static void times_out(void)
{
	struct token tokens[3] = {{0}, {0}, {0}};
	ump_time late = ump_after(1000 * SECOND);
	ump_time soon = ump_after(SECOND / 100);
	ump_reply_context *rc;
	uint64_t id;

	open_all();
	(void)send(0, &tokens[0], late);
	rc = probe_receive(server, 0);
	id = send(1, &tokens[1], soon);
	(void)send(2, &tokens[2], soon + 1);
	CHECK(ump_completions_due(completions) == soon);
	pass(soon + 1);
	(void)probe_expect(completions, 1, UMP_TIMED_OUT);
	CHECK(ump_completions_due(completions) == soon + 1);
	(void)probe_expect(completions, 2, UMP_TIMED_OUT);
	probe_expect_empty(completions);
	CHECK(ump_completions_due(completions) == late);
	CHECK_INT(ump_completions_cancel(completions, id), ==, UMP_EMPTY);
	nothing_left();
	CHECK_INT(ump_server_skipped(server), ==, 2);
	CHECK_INT(tokens[1].dropped + tokens[2].dropped, ==, 2);
	CHECK(ump_reply_deadline(rc) == late);
	CHECK_INT(probe_reply(rc, 0, NULL), ==, UMP_OK);
	(void)probe_expect(completions, 0, UMP_OK);
	CHECK_INT(tokens[0].dropped, ==, 0);
	drop_all();
}

/* An answer that was there before is preferred, even after the deadline. */
static void answer_beats_deadline(void)
{
	ump_time soon = ump_after(SECOND / 100);

	open_all();
	(void)send(0, NULL, soon);
	CHECK_INT(probe_reply(probe_receive(server, 0), 5, NULL), ==, UMP_OK);
	pass(soon);
	(void)probe_expect(completions, 0, UMP_OK);
	probe_expect_empty(completions);
	CHECK_INT(ump_completions_in_flight(completions), ==, 0);
	drop_all();
}

/* A wait ends at the nearest deadline, and at its own. */
static void wait_until_due(void)
{
	struct ump_completion got;
	ump_time soon = ump_after(SECOND / 100);

	open_all();
	(void)send(0, NULL, ump_after(1000 * SECOND));
	(void)send(1, NULL, soon);
	CHECK_INT(ump_completions_wait(completions, &got, UMP_FOREVER), ==, UMP_OK);
	CHECK_INT(got.result, ==, UMP_TIMED_OUT);
	CHECK(got.tag == tag(1) && ump_now() >= soon);
	CHECK_INT(ump_completions_wait(completions, &got, ump_after(SECOND / 100)), ==,
		UMP_TIMED_OUT);
	CHECK_INT(ump_completions_in_flight(completions), ==, 1);
	drop_all();
}

/* A deadline that has passed at the call: nothing is sent. */
static void passed_at_the_call(void)
{
	struct token token = {0};
	uint64_t id = 99;

	open_all();
	CHECK_INT(try_send(0, &token, UMP_NOW, &id), ==, UMP_TIMED_OUT);
	CHECK(id == 0);
	CHECK_INT(try_send(0, &token, ump_after(-1), NULL), ==, UMP_TIMED_OUT);
	CHECK_INT(ump_completions_in_flight(completions), ==, 0);
	CHECK_INT(token.dropped, ==, 0);
	nothing_left();
	drop_all();
}

/* More than one allocation of slots; they come out by their deadlines. */
static void many(void)
{
	ump_time first = ump_after(SECOND / 20);

	open_all();
	for (int i = 0; i < MANY; i++)
		(void)send(i, NULL, first + (i * 37) % MANY);
	pass(first + MANY);
	for (int i = 0; i < MANY; i++) {
		struct ump_completion got;

		CHECK_INT(ump_completions_next(completions, &got), ==, UMP_OK);
		CHECK_INT(((intptr_t)got.tag * 37) % MANY, ==, i);
		CHECK_INT(got.result, ==, UMP_TIMED_OUT);
	}
	nothing_left();
	CHECK_INT(ump_server_skipped(server), ==, MANY);
	drop_all();
}

/* The deadline as the handler sees it. */
static ump_time seen;

static struct ump_flow see(struct probe *of, const struct order *order, ump_reply_context **rc)
{
	struct reply reply = {order->value, NULL};

	(void)of;
	seen = ump_reply_deadline(*rc);
	CHECK_INT(ump_reply(rc, &reply), ==, UMP_OK);
	return ump_continue();
}

static void handler_sees_it(bool combining)
{
	struct order order = {OP_CALL, 1, NULL};
	ump_time deadline = ump_after(1000 * SECOND);
	struct ump_completion got;
	struct reply reply;
	ump_wait_reply *wait_reply;
	ump_thread *thread;
	ump_combining *combined;

	probe_init(&probe);
	probe.on_call = see;
	if (combining)
		probe_spawn_combining(&probe, &client, &combined);
	else
		probe_spawn(&probe, &client, &thread);
	CHECK_INT(ump_completions_open(&completions), ==, UMP_OK);
	CHECK_INT(ump_client_req(client, &order, &reply, deadline), ==, UMP_OK);
	CHECK(seen == deadline);
	CHECK_INT(ump_client_req(client, &order, &reply, UMP_FOREVER), ==, UMP_OK);
	CHECK(seen == UMP_FOREVER);
	CHECK_INT(ump_client_req_completion_until(
			  client, &order, completions, NULL, deadline + 1, NULL),
		==, UMP_OK);
	CHECK_INT(ump_completions_wait(completions, &got, UMP_FOREVER), ==, UMP_OK);
	CHECK(seen == deadline + 1);
	CHECK_INT(ump_client_req_completion(client, &order, completions, NULL), ==, UMP_OK);
	CHECK_INT(ump_completions_wait(completions, &got, UMP_FOREVER), ==, UMP_OK);
	CHECK(seen == UMP_FOREVER);
	seen = 0;
	CHECK_INT(ump_client_req_async(client, &order, &wait_reply), ==, UMP_OK);
	CHECK_INT(ump_wait_reply_wait(&wait_reply, &reply, UMP_FOREVER), ==, UMP_OK);
	CHECK(seen == UMP_FOREVER);
	CHECK(ump_reply_deadline(NULL) == UMP_FOREVER);
	ump_completions_drop(&completions);
	ump_client_drop(&client);
	if (combining)
		(void)probe_join_combining(&combined);
	else
		(void)probe_join(&thread);
}

static void thread_sees_it(void)
{
	handler_sees_it(false);
}

static void combiner_sees_it(void)
{
	handler_sees_it(true);
}

/* ---- Limits, the end, misuse --------------------------------------------------------------- */

static void full(void)
{
	struct ump_config config = probe_config;
	struct token token = {0};
	uint64_t id;

	config.capacity = 1;
	CHECK_INT(ump_channel_open(&server, &client, &config), ==, UMP_OK);
	CHECK_INT(ump_completions_open(&completions), ==, UMP_OK);
	id = send(0, NULL, UMP_FOREVER);
	CHECK_INT(try_send(1, &token, ump_after(SECOND * 1000), &(uint64_t){0}), ==, UMP_FULL);
	CHECK_INT(token.dropped, ==, 0);
	/* A cancelled request is queued until it is skipped. */
	CHECK_INT(ump_completions_cancel(completions, id), ==, UMP_OK);
	CHECK_INT(try_send(1, &token, UMP_FOREVER, &id), ==, UMP_FULL);
	nothing_left();
	(void)send(1, NULL, UMP_FOREVER);
	(void)probe_expect(completions, 0, UMP_CANCELLED);
	drop_all();
}

/* The drop of the queue gives up everything, in whatever state it is. */
static void dropped(void)
{
	struct token messages[5] = {{0}, {0}, {0}, {0}, {0}};
	struct token answers[3] = {{0}, {0}, {0}};
	ump_reply_context *rc[3];
	uint64_t ids[5];

	open_all();
	for (int i = 0; i < 5; i++)
		ids[i] = send(i, &messages[i], i % 2 == 0 ? UMP_FOREVER : ump_after(1000 * SECOND));
	for (int i = 0; i < 3; i++)
		rc[i] = probe_receive(server, i);
	CHECK_INT(probe_reply(rc[0], 0, &answers[0]), ==, UMP_OK);
	CHECK_INT(ump_completions_cancel(completions, ids[1]), ==, UMP_OK);
	CHECK_INT(ump_completions_cancel(completions, ids[3]), ==, UMP_OK);
	ump_completions_drop(&completions);
	CHECK(ump_reply_origin_gone(rc[1]) && ump_reply_origin_gone(rc[2]));
	CHECK_INT(probe_reply(rc[1], 0, &answers[1]), ==, UMP_ORIGIN_GONE);
	CHECK_INT(probe_reply(rc[2], 0, &answers[2]), ==, UMP_ORIGIN_GONE);
	nothing_left();
	CHECK_INT(ump_server_skipped(server), ==, 2);
	for (int i = 0; i < 3; i++) {
		CHECK_INT(answers[i].dropped, ==, 1);
		CHECK_INT(messages[i].dropped, ==, 0);
	}
	CHECK_INT(messages[3].dropped + messages[4].dropped, ==, 2);
	drop_all();
}

static int attempt(void)
{
	uint64_t id;
	int result = ump_completions_open(&completions);

	if (result != UMP_OK)
		return result;
	for (int i = 0; i < 20 && result == UMP_OK; i++) {
		result = try_send(i, NULL, UMP_FOREVER, &id);
		CHECK((id != 0) == (result == UMP_OK));
	}
	ump_completions_drop(&completions);
	nothing_left();
	return result;
}

static void faults(void)
{
	probe_open(&server, &client);
	CHECK_INT(probe_every_fault(attempt, UMP_NO_FD), >=, 4);
	ump_client_drop(&client);
	ump_server_drop(&server);
}

/* The references of the requests are counted, and limited. */
static void crowded(void)
{
	struct ump__counts *counts;
	uint64_t crowd;
	uint64_t id;

	open_all();
	(void)send(0, NULL, UMP_FOREVER);
	counts = &completions->cancellables->front.counts;
	crowd = UMP__COUNTS_MAX - ump__counts_weak(atomic_load(&counts->value));
	atomic_fetch_add(&counts->value, crowd);
	CHECK_INT(try_send(1, NULL, UMP_FOREVER, &id), ==, UMP_OVERFLOW);
	CHECK(id == 0);
	atomic_fetch_sub(&counts->value, crowd);
	(void)send(1, NULL, UMP_FOREVER);
	drop_all();
}

static void misused(void)
{
	struct order order = {OP_ECHO, 0, NULL};
	uint64_t id = 1;

	open_all();
	CHECK_INT(
		ump_client_req_completion_until(NULL, &order, completions, NULL, UMP_FOREVER, &id),
		==, UMP_INVALID);
	CHECK(id == 0);
	CHECK_INT(
		ump_client_req_completion_until(client, NULL, completions, NULL, UMP_FOREVER, NULL),
		==, UMP_INVALID);
	CHECK_INT(ump_client_req_completion_until(client, &order, NULL, NULL, UMP_FOREVER, NULL),
		==, UMP_INVALID);
	CHECK_INT(ump_completions_cancel(NULL, 1), ==, UMP_INVALID);
	CHECK(ump_completions_due(NULL) == UMP_FOREVER);
	CHECK(ump_completions_due(completions) == UMP_FOREVER);
	CHECK_INT(ump_completions_cancel(completions, 0), ==, UMP_EMPTY);
	CHECK_INT(ump_completions_cancel(completions, UINT64_MAX), ==, UMP_EMPTY);
	(void)send(0, NULL, UMP_FOREVER);
	CHECK_INT(ump_completions_cancel(completions, 0), ==, UMP_EMPTY);
	CHECK_INT(ump_completions_cancel(completions, UINT64_MAX), ==, UMP_EMPTY);
	drop_all();
}

static const struct check_test tests[] = {
	{"[complete] answers win, and nothing can be cancelled afterwards", answered},
	{"[complete] [gone] [forgot] each result comes out", other_results},
	{"[complete] [origin] a queued request is cancelled alone", cancelled_while_queued},
	{"[complete] [origin] a request in progress is cancelled", cancelled_while_handled},
	{"[complete] [quiet] a wait finds what was cancelled", wait_finds_it},
	{"[complete] a lent reply survives cancelling", the_reply_stays_lent},
	{"[complete] a number is never used again", numbers_are_new},
	{"[complete] a slot without further numbers is not used again", generations_end},
	{"[complete] [deadline] [origin] requests time out in the order of deadlines", times_out},
	{"[complete] [deadline] an answer is preferred to a deadline", answer_beats_deadline},
	{"[deadline] a wait ends at the nearest deadline", wait_until_due},
	{"[deadline] a deadline that has passed at the call", passed_at_the_call},
	{"[complete] [deadline] many requests time out in order", many},
	{"[deadline] a handler on a thread sees the deadline", thread_sees_it},
	{"[deadline] a handler on a combiner sees the deadline", combiner_sees_it},
	{"[bound] a full inbox refuses at once", full},
	{"[complete] [origin] the drop of the queue gives up everything", dropped},
	{"[clean] no memory for a request that can be cancelled", faults},
	{"[complete] [clean] a request fails if it cannot be counted", crowded},
	{"[misuse] wrong arguments", misused},
};

CHECK_MAIN(tests)
