/* SPDX-License-Identifier: 0BSD */
/* Bounded inboxes, and their waiters. */
#include "call/reservation.h"
#include "channel/channel.h"
#include "client/handle.h"
#include "probe.h"

#include <poll.h>
#include <string.h>

#define SECOND  INT64_C(1000000000)
#define SENDERS 8

static ump_client *client;
static ump_server *server;
static ump_completions *completions;
static struct ump_config config;

static void open_with(size_t capacity)
{
	config = probe_config;
	config.capacity = capacity;
	CHECK_INT(ump_channel_open(&server, &client, &config), ==, UMP_OK);
	CHECK_INT(ump_completions_open(&completions), ==, UMP_OK);
}

static void drop_all(void)
{
	ump_completions_drop(&completions);
	ump_client_drop(&client);
	ump_server_drop(&server);
}

static struct ump_stats stats(void)
{
	struct ump_stats got;

	CHECK_INT(ump_client_stats(client, &got), ==, UMP_OK);
	return got;
}

static int post(ump_client *by, int value)
{
	struct order order = {OP_ECHO, value, NULL};

	return ump_client_post(by, &order);
}

/* Receive one message, drop it, and return its value. */
static int receive(void)
{
	ump_reply_context *rc;
	const void *msg;
	int value;

	CHECK_INT(ump_server_wait(server, &msg, &rc, UMP_FOREVER), ==, UMP_OK);
	value = ((const struct order *)msg)->value;
	ump_reply_drop(&rc);
	return value;
}

static void expect_end(void)
{
	ump_reply_context *rc;
	const void *msg;

	CHECK_INT(ump_server_wait(server, &msg, &rc, UMP_FOREVER), ==, UMP_CLIENTS_GONE);
}

/* ---- Without waiting ----------------------------------------------------------------------- */

static void full_at_once(void)
{
	struct token token = {0};
	struct order order = {OP_ECHO, 9, &token};
	ump_wait_reply *wait_reply = NULL;
	ump_post_client *post_client;

	open_with(2);
	CHECK_INT(ump_client_post_client(client, &post_client), ==, UMP_OK);
	CHECK_INT(post(client, 1), ==, UMP_OK);
	CHECK_INT(ump_client_req_async(client, &order, &wait_reply), ==, UMP_OK);
	/* All kinds of sends share the capacity. */
	CHECK_INT(ump_client_post(client, &order), ==, UMP_FULL);
	CHECK_INT(ump_post_client_post(post_client, &order), ==, UMP_FULL);
	CHECK_INT(ump_client_post_until(client, &order, UMP_NOW), ==, UMP_FULL);
	CHECK_INT(ump_client_post_until(client, &order, -1), ==, UMP_FULL);
	CHECK_INT(ump_post_client_post_until(post_client, &order, UMP_NOW), ==, UMP_FULL);
	CHECK_INT(ump_client_req_completion(client, &order, completions, NULL), ==, UMP_FULL);
	CHECK_INT(ump_completions_in_flight(completions), ==, 0);
	ump_wait_reply *none = (ump_wait_reply *)&order;
	CHECK_INT(ump_client_req_async(client, &order, &none), ==, UMP_FULL);
	CHECK(none == NULL);
	CHECK_INT(ump_client_req_async_until(client, &order, &none, UMP_NOW), ==, UMP_FULL);
	CHECK_INT(stats().depth, ==, 2);
	CHECK_INT(receive(), ==, 1);
	/* The message that the receiver works on no longer counts as queued. */
	CHECK_INT(stats().depth, ==, 1);
	CHECK_INT(ump_post_client_post(post_client, &order), ==, UMP_OK);
	CHECK_INT(ump_client_post(client, &order), ==, UMP_FULL);
	CHECK_INT(receive(), ==, 9);
	CHECK_INT(ump_wait_reply_try(&wait_reply, &(struct reply){0}), ==, UMP_NO_REPLY);
	CHECK_INT(receive(), ==, 9);
	/* A value that was refused was not taken. */
	CHECK_INT(token.dropped, ==, 0);
	/* The end-of-stream marker needs no permit. */
	CHECK_INT(post(client, 1), ==, UMP_OK);
	CHECK_INT(post(client, 2), ==, UMP_OK);
	ump_post_client_drop(&post_client);
	ump_client_drop(&client);
	CHECK_INT(receive(), ==, 1);
	CHECK_INT(receive(), ==, 2);
	expect_end();
	drop_all();
}

static void skipped_ones_count(void)
{
	ump_wait_reply *wait_reply;

	open_with(1);
	wait_reply = probe_req_async(client, OP_ECHO, 1, NULL);
	ump_wait_reply_drop(&wait_reply);
	/* The abandoned request holds its permit until it is skipped. */
	CHECK_INT(post(client, 2), ==, UMP_FULL);
	ump_reply_context *rc;
	const void *msg;
	CHECK_INT(ump_server_try_pop(server, &msg, &rc), ==, UMP_EMPTY);
	CHECK_INT(post(client, 2), ==, UMP_OK);
	drop_all();
}

/* ---- Requests with a deadline -------------------------------------------------------------- */

static void timed_requests(void)
{
	struct token token = {0};
	struct order order = {OP_ECHO, 9, &token};
	struct reply reply;
	ump_time begin = ump_now();

	open_with(1);
	CHECK_INT(post(client, 1), ==, UMP_OK);
	CHECK_INT(ump_client_req(client, &order, &reply, UMP_NOW), ==, UMP_TIMED_OUT);
	CHECK_INT(token.dropped, ==, 1);
	CHECK_INT(ump_client_req(client, &order, &reply, begin), ==, UMP_TIMED_OUT);
	CHECK_INT(token.dropped, ==, 2);
	/* The time in the wait queue is part of the wait. */
	begin = ump_now();
	CHECK_INT(ump_client_req(client, &order, &reply, begin + SECOND / 50), ==, UMP_TIMED_OUT);
	CHECK_INT(ump_now() - begin, >=, SECOND / 50);
	CHECK_INT(token.dropped, ==, 3);
	/* A waiter that left the queue holds no permit. */
	CHECK_INT(receive(), ==, 1);
	CHECK_INT(stats().depth, ==, 0);
	CHECK_INT(ump_server_skipped(server), ==, 0);
	CHECK_INT(post(client, 2), ==, UMP_OK);
	drop_all();
}

/* Send with a deadline that has not passed when the call begins; on a busy machine the first one
 * may have. */
static int send_timed(const ump_post_client *post_client, const struct order *order,
	ump_wait_reply **wait_reply, ump_time *begin)
{
	int result = UMP_FULL;

	for (int i = 0; result == UMP_FULL && i < 100; i++) {
		*begin = ump_now();
		if (wait_reply != NULL)
			result = ump_client_req_async_until(
				client, order, wait_reply, *begin + SECOND / 50);
		else if (post_client != NULL)
			result = ump_post_client_post_until(
				post_client, order, *begin + SECOND / 50);
		else
			result = ump_client_post_until(client, order, *begin + SECOND / 50);
	}
	return result;
}

static void timed_sends(void)
{
	struct token token = {0};
	struct order order = {OP_ECHO, 9, &token};
	ump_wait_reply *wait_reply = (ump_wait_reply *)&order;
	ump_post_client *post_client;
	ump_time begin;

	open_with(1);
	CHECK_INT(ump_client_post_client(client, &post_client), ==, UMP_OK);
	/* With free capacity there is no wait, whatever the deadline. */
	CHECK_INT(ump_client_post_until(client, &order, ump_now() - 1), ==, UMP_OK);
	begin = ump_now();
	CHECK_INT(ump_client_post_until(client, &order, begin), ==, UMP_FULL);
	CHECK_INT(send_timed(NULL, &order, NULL, &begin), ==, UMP_TIMED_OUT);
	CHECK_INT(ump_now() - begin, >=, SECOND / 50);
	CHECK_INT(send_timed(post_client, &order, NULL, &begin), ==, UMP_TIMED_OUT);
	CHECK_INT(send_timed(NULL, &order, &wait_reply, &begin), ==, UMP_TIMED_OUT);
	CHECK(wait_reply == NULL);
	CHECK_INT(token.dropped, ==, 0);
	CHECK_INT(receive(), ==, 9);
	CHECK_INT(ump_post_client_post_until(post_client, &order, UMP_FOREVER), ==, UMP_OK);
	CHECK_INT(receive(), ==, 9);
	CHECK_INT(ump_client_req_async_until(client, &order, &wait_reply, UMP_FOREVER), ==, UMP_OK);
	CHECK_INT(receive(), ==, 9);
	CHECK_INT(ump_wait_reply_try(&wait_reply, &(struct reply){0}), ==, UMP_NO_REPLY);
	ump_post_client_drop(&post_client);
	drop_all();
}

/* ---- The wait queue ------------------------------------------------------------------------ */

enum way {
	BY_POST,
	BY_POST_CLIENT,
	BY_REQUEST,
	BY_TIMED_REQUEST,
	BY_ASYNC
};

struct sender {
	pthread_t id;
	enum way way;
	int value;
	ump_time deadline;
	int result;
	struct token token;
	atomic_int *done;
};

static int send_by(const struct order *order, enum way way, ump_time deadline)
{
	ump_wait_reply *wait_reply;
	ump_post_client *post_client;
	struct reply reply;
	int result;

	switch (way) {
	case BY_POST:
		return ump_client_post_until(client, order, deadline);
	case BY_POST_CLIENT:
		CHECK_INT(ump_client_post_client(client, &post_client), ==, UMP_OK);
		result = ump_post_client_post_until(post_client, order, deadline);
		ump_post_client_drop(&post_client);
		return result;
	case BY_REQUEST:
		return ump_client_req(client, order, &reply, UMP_FOREVER);
	case BY_TIMED_REQUEST:
		return ump_client_req(client, order, &reply, deadline);
	case BY_ASYNC:
		result = ump_client_req_async_until(client, order, &wait_reply, deadline);
		CHECK((wait_reply != NULL) == (result == UMP_OK));
		if (result == UMP_OK)
			result = ump_wait_reply_wait(&wait_reply, &reply, UMP_FOREVER);
		return result;
	}
	return UMP_INVALID;
}

static void *send_queued(void *arg)
{
	struct sender *sender = arg;
	struct order order = {OP_ECHO, sender->value, &sender->token};

	sender->result = send_by(&order, sender->way, sender->deadline);
	if (sender->done != NULL)
		(*sender->done)++;
	return NULL;
}

/* Number of waiters in the queue. */
static int queue_length(void)
{
	struct ump__semaphore *semaphore = server->channel->semaphore;
	int length = 0;

	ump__lock_take(&semaphore->lock);
	for (const struct ump__waiter *waiter = semaphore->first; waiter != NULL;
		waiter = waiter->next)
		length++;
	ump__lock_give(&semaphore->lock);
	return length;
}

static void await_queue(int length)
{
	while (queue_length() != length)
		check_nap(1);
}

static void start_sender(struct sender *sender, enum way way, int value, ump_time deadline)
{
	memset(sender, 0, sizeof *sender);
	sender->way = way;
	sender->value = value;
	sender->deadline = deadline;
	CHECK_INT(pthread_create(&sender->id, NULL, send_queued, sender), ==, 0);
}

static void finish_sender(struct sender *sender, int result)
{
	pthread_join(sender->id, NULL);
	CHECK_INT(sender->result, ==, result);
}

/* Take the only permit with message 0, and let senders of each kind form a wait queue. */
static void form_queue(struct sender *senders, ump_time deadline)
{
	open_with(1);
	CHECK_INT(post(client, 0), ==, UMP_OK);
	for (int i = 0; i < SENDERS; i++) {
		start_sender(&senders[i], (enum way)(i % 5), i + 1, deadline);
		await_queue(i + 1);
	}
	CHECK_INT(stats().depth, ==, 1);
	/* No sender may overtake the queue. */
	CHECK_INT(post(client, 99), ==, UMP_FULL);
}

static bool answers(enum way way)
{
	return way != BY_POST && way != BY_POST_CLIENT;
}

static void in_order(void)
{
	struct sender senders[SENDERS];

	form_queue(senders, UMP_FOREVER);
	for (int i = 0; i <= SENDERS; i++) {
		CHECK_INT(receive(), ==, i);
		CHECK_INT(stats().depth, <=, 1);
	}
	for (int i = 0; i < SENDERS; i++)
		finish_sender(&senders[i], answers(senders[i].way) ? UMP_NO_REPLY : UMP_OK);
	CHECK_INT(stats().depth, ==, 0);
	CHECK_INT(stats().depth_most, ==, 1);
	drop_all();
}

static void closed_with_waiters(void)
{
	struct sender senders[SENDERS];

	form_queue(senders, ump_after(60 * SECOND));
	ump_server_drop(&server);
	for (int i = 0; i < SENDERS; i++) {
		finish_sender(&senders[i], UMP_SERVER_GONE);
		/* Nothing was delivered: the sender still owns what its value points to. */
		CHECK_INT(senders[i].token.dropped, ==, 0);
	}
	drop_all();
}

static void leave_queue(void)
{
	struct sender blocked[2];
	struct sender hasty;

	open_with(1);
	CHECK_INT(post(client, 0), ==, UMP_OK);
	start_sender(&blocked[0], BY_POST, 1, UMP_FOREVER);
	await_queue(1);
	start_sender(&hasty, BY_POST, 2, ump_after(SECOND / 10));
	start_sender(&blocked[1], BY_REQUEST, 3, UMP_FOREVER);
	finish_sender(&hasty, UMP_TIMED_OUT);
	CHECK_INT(hasty.token.dropped, ==, 0);
	await_queue(2);
	CHECK_INT(receive(), ==, 0);
	CHECK_INT(receive(), ==, 1);
	CHECK_INT(receive(), ==, 3);
	finish_sender(&blocked[0], UMP_OK);
	finish_sender(&blocked[1], UMP_NO_REPLY);
	drop_all();
}

/* A waiter may time out at the moment at which it is given a permit. */
static void leaving_races_a_permit(void)
{
	int64_t distance = 50000;
	int sent = 0;

	open_with(1);
	for (int round = 0; round < 200; round++) {
		struct sender sender;

		CHECK_INT(post(client, 0), ==, UMP_OK);
		start_sender(&sender, BY_POST, 1, ump_after(round % 4 * 20000 + distance));
		check_nap(round % 8 == 0);
		CHECK_INT(receive(), ==, 0);
		pthread_join(sender.id, NULL);
		/* Its deadline may have passed before its call began. */
		CHECK(sender.result == UMP_OK || sender.result == UMP_TIMED_OUT ||
			sender.result == UMP_FULL);
		/* On a slow machine the two coincide later. */
		if (sender.result == UMP_OK) {
			CHECK_INT(receive(), ==, 1);
			sent++;
			distance -= distance / 4;
		} else {
			distance += distance / 4 + 1;
		}
		/* No permit was lost, and none was created. */
		CHECK_INT(stats().depth, ==, 0);
	}
	CHECK(sent > 0);
	drop_all();
}

/* ---- After the end ------------------------------------------------------------------------- */

static void gone_not_full(void)
{
	struct order order = {OP_ECHO, 1, NULL};
	ump_wait_reply *wait_reply;
	struct ump_completion got;

	open_with(2);
	CHECK_INT(post(client, 1), ==, UMP_OK);
	CHECK_INT(post(client, 2), ==, UMP_OK);
	CHECK_INT(post(client, 3), ==, UMP_FULL);
	ump_server_drop(&server);
	/* However often a sender tries. */
	for (int i = 0; i < 5; i++) {
		CHECK_INT(post(client, 3), ==, UMP_SERVER_GONE);
		CHECK_INT(ump_client_req_async(client, &order, &wait_reply), ==, UMP_SERVER_GONE);
		CHECK_INT(ump_client_req_completion(client, &order, completions, NULL), ==,
			UMP_SERVER_GONE);
		CHECK_INT(ump_client_post_until(client, &order, UMP_FOREVER), ==, UMP_SERVER_GONE);
		CHECK_INT(ump_client_req(client, &order, &(struct reply){0}, UMP_FOREVER), ==,
			UMP_SERVER_GONE);
	}
	CHECK_INT(ump_client_reserve(client, completions, &got), ==, UMP_OK);
	CHECK_INT(ump_completions_next(completions, &got), ==, UMP_OK);
	CHECK_INT(got.result, ==, UMP_SERVER_GONE);
	CHECK_INT(stats().depth, ==, 0);
	CHECK_INT(stats().depth_most, ==, 2);
	drop_all();
}

/* An undelivered message no longer counts as queued when it is handed over, and frees no capacity
 * for a send. */
static void leftovers(void)
{
	static struct probe probe;
	ump_task *task;

	config = probe_config;
	config.capacity = 3;
	probe_init(&probe);
	probe.config = &config;
	probe.takes_leftovers = true;
	probe_spawn_task(&probe, &client, &task);
	probe_post(client, OP_BREAK, 1);
	probe_post(client, OP_ECHO, 2);
	probe_post(client, OP_ECHO, 3);
	CHECK(!ump_task_dispatch(task, 0));
	CHECK_INT(probe.lefts, ==, 2);
	CHECK_INT(post(client, 4), ==, UMP_SERVER_GONE);
	CHECK_INT(stats().depth, ==, 0);
	CHECK_INT(stats().depth_most, ==, 3);
	CHECK(probe_join_task(&task).stop);
	ump_client_drop(&client);
}

/* ---- Event loops reserve capacity ---------------------------------------------------------- */

static void reserve(ump_client *by, void *tag)
{
	CHECK_INT(ump_client_reserve(by, completions, tag), ==, UMP_OK);
}

static void expect_completion(void *tag, int result)
{
	struct ump_completion got;

	CHECK(probe_readable(ump_completions_fd(completions)));
	CHECK_INT(ump_completions_next(completions, &got), ==, UMP_OK);
	CHECK(got.tag == tag);
	CHECK_INT(got.result, ==, result);
	CHECK(got.reply == NULL);
}

static void expect_no_completion(void)
{
	struct ump_completion got;

	CHECK_INT(ump_completions_next(completions, &got), ==, UMP_EMPTY);
	CHECK(!probe_readable(ump_completions_fd(completions)));
}

static void kept_permit(void)
{
	ump_client *other;

	open_with(1);
	CHECK_INT(ump_client_clone(client, &other), ==, UMP_OK);
	/* There is capacity: the permit is kept for the client at once. */
	reserve(client, &client);
	CHECK_INT(ump_completions_in_flight(completions), ==, 1);
	expect_completion(&client, UMP_OK);
	CHECK_INT(ump_completions_in_flight(completions), ==, 0);
	CHECK_INT(stats().depth, ==, 1);
	CHECK_INT(post(other, 1), ==, UMP_FULL);
	/* A second reservation for one send is refused. */
	CHECK_INT(ump_client_reserve(client, completions, NULL), ==, UMP_INVALID);
	CHECK_INT(ump_completions_in_flight(completions), ==, 0);
	CHECK_INT(post(client, 2), ==, UMP_OK);
	CHECK_INT(post(client, 3), ==, UMP_FULL);
	/* The inbox is full now: reservations complete in FIFO order. */
	reserve(other, &other);
	CHECK_INT(ump_client_reserve(other, completions, NULL), ==, UMP_INVALID);
	reserve(client, &client);
	expect_no_completion();
	CHECK_INT(receive(), ==, 2);
	expect_completion(&other, UMP_OK);
	expect_no_completion();
	CHECK_INT(post(client, 3), ==, UMP_FULL);
	CHECK_INT(post(other, 4), ==, UMP_OK);
	CHECK_INT(receive(), ==, 4);
	expect_completion(&client, UMP_OK);
	CHECK_INT(post(other, 5), ==, UMP_FULL);
	CHECK_INT(post(client, 6), ==, UMP_OK);
	CHECK_INT(receive(), ==, 6);
	ump_client_drop(&other);
	drop_all();
}

/* The next send of any kind uses the permit. */
static void kept_for_any_send(void)
{
	struct order order = {OP_ECHO, 1, NULL};
	ump_wait_reply *wait_reply;
	ump_client *other;

	open_with(1);
	CHECK_INT(ump_client_clone(client, &other), ==, UMP_OK);
	for (int way = 0; way < 4; way++) {
		struct sender sender;

		reserve(client, NULL);
		expect_completion(NULL, UMP_OK);
		CHECK_INT(post(other, 1), ==, UMP_FULL);
		switch (way) {
		case 0:
			CHECK_INT(ump_client_req_async(client, &order, &wait_reply), ==, UMP_OK);
			ump_wait_reply_drop(&wait_reply);
			break;
		case 1:
			CHECK_INT(ump_client_req_completion(client, &order, completions, NULL), ==,
				UMP_OK);
			break;
		case 2:
			CHECK_INT(ump_client_post_until(client, &order, ump_after(1)), ==, UMP_OK);
			break;
		default:
			/* The client does not wait in the queue: it has a permit. */
			start_sender(&sender, BY_REQUEST, 1, UMP_FOREVER);
			CHECK_INT(receive(), ==, 1);
			finish_sender(&sender, UMP_NO_REPLY);
			CHECK_INT(post(client, 1), ==, UMP_OK);
			break;
		}
		CHECK_INT(post(client, 1), ==, UMP_FULL);
		if (way == 0) {
			ump_reply_context *rc;
			const void *msg;

			CHECK_INT(ump_server_try_pop(server, &msg, &rc), ==, UMP_EMPTY);
		} else {
			CHECK_INT(receive(), ==, 1);
		}
		if (way == 1)
			expect_completion(NULL, UMP_NO_REPLY);
		CHECK_INT(stats().depth, ==, 0);
	}
	ump_client_drop(&other);
	drop_all();
}

static void reserving_client_dropped(void)
{
	ump_client *first;
	ump_client *second;

	open_with(1);
	CHECK_INT(ump_client_clone(client, &first), ==, UMP_OK);
	CHECK_INT(ump_client_clone(client, &second), ==, UMP_OK);
	reserve(first, &first);
	expect_completion(&first, UMP_OK);
	reserve(second, &second);
	reserve(client, &client);
	/* While queued. */
	ump_client_drop(&second);
	expect_completion(&second, UMP_ORIGIN_GONE);
	expect_no_completion();
	/* With a permit, which goes to the next waiter. */
	ump_client_drop(&first);
	expect_completion(&client, UMP_OK);
	CHECK_INT(post(client, 1), ==, UMP_OK);
	CHECK_INT(receive(), ==, 1);
	/* The last client, with a permit. */
	reserve(client, NULL);
	expect_completion(NULL, UMP_OK);
	ump_client_drop(&client);
	expect_end();
	drop_all();
}

static void reserved_and_closed(void)
{
	ump_client *other;

	open_with(1);
	CHECK_INT(ump_client_clone(client, &other), ==, UMP_OK);
	reserve(other, &other);
	expect_completion(&other, UMP_OK);
	reserve(client, &client);
	ump_server_drop(&server);
	expect_completion(&client, UMP_SERVER_GONE);
	expect_no_completion();
	/* The only permit is kept for the other client, which cannot use it any more. */
	CHECK_INT(post(client, 1), ==, UMP_SERVER_GONE);
	CHECK_INT(post(other, 1), ==, UMP_SERVER_GONE);
	/* Its reservation was reported, so the client may reserve again. */
	reserve(client, NULL);
	expect_completion(NULL, UMP_SERVER_GONE);
	ump_client_drop(&other);
	drop_all();
}

/* Reservations through dropped completions are not reported, and the permit goes to the next
 * waiter. */
static void completions_dropped(void)
{
	ump_completions *others;
	ump_client *first;
	ump_client *second;

	open_with(1);
	CHECK_INT(ump_completions_open(&others), ==, UMP_OK);
	CHECK_INT(ump_client_clone(client, &first), ==, UMP_OK);
	CHECK_INT(ump_client_clone(client, &second), ==, UMP_OK);
	CHECK_INT(post(client, 1), ==, UMP_OK);
	CHECK_INT(ump_client_reserve(first, others, NULL), ==, UMP_OK);
	reserve(second, &second);
	ump_completions_drop(&others);
	expect_no_completion();
	CHECK_INT(receive(), ==, 1);
	expect_completion(&second, UMP_OK);
	CHECK_INT(post(first, 2), ==, UMP_FULL);
	CHECK_INT(post(second, 3), ==, UMP_OK);
	CHECK_INT(receive(), ==, 3);
	/* The permit came and was not retrieved: it is returned, and goes to the next waiter. */
	CHECK_INT(ump_completions_open(&others), ==, UMP_OK);
	CHECK_INT(ump_client_reserve(second, others, NULL), ==, UMP_OK);
	CHECK_INT(stats().depth, ==, 1);
	reserve(client, &client);
	expect_no_completion();
	ump_completions_drop(&others);
	expect_completion(&client, UMP_OK);
	CHECK_INT(post(client, 2), ==, UMP_OK);
	CHECK_INT(receive(), ==, 2);
	CHECK_INT(stats().depth, ==, 0);
	CHECK_INT(post(first, 3), ==, UMP_OK);
	/* The client is dropped after its completions. */
	CHECK_INT(ump_completions_open(&others), ==, UMP_OK);
	CHECK_INT(ump_client_reserve(first, others, NULL), ==, UMP_OK);
	CHECK_INT(ump_client_reserve(second, others, NULL), ==, UMP_OK);
	ump_completions_drop(&others);
	ump_client_drop(&first);
	CHECK_INT(receive(), ==, 3);
	CHECK_INT(stats().depth, ==, 0);
	ump_client_drop(&second);
	drop_all();
}

/* A queued client whose completions were dropped may reserve again, at the end of the queue. */
static void reserves_again(void)
{
	ump_completions *others;
	ump_client *first;

	open_with(1);
	CHECK_INT(ump_completions_open(&others), ==, UMP_OK);
	CHECK_INT(ump_client_clone(client, &first), ==, UMP_OK);
	CHECK_INT(post(client, 1), ==, UMP_OK);
	CHECK_INT(ump_client_reserve(first, others, NULL), ==, UMP_OK);
	reserve(client, &client);
	CHECK_INT(ump_client_reserve(first, completions, NULL), ==, UMP_INVALID);
	ump_completions_drop(&others);
	reserve(first, &first);
	CHECK_INT(queue_length(), ==, 2);
	CHECK_INT(ump_client_reserve(first, completions, NULL), ==, UMP_INVALID);
	CHECK_INT(receive(), ==, 1);
	expect_completion(&client, UMP_OK);
	CHECK_INT(post(client, 2), ==, UMP_OK);
	CHECK_INT(receive(), ==, 2);
	expect_completion(&first, UMP_OK);
	CHECK_INT(post(first, 3), ==, UMP_OK);
	ump_client_drop(&first);
	drop_all();
}

/* Whatever the completions held when they were dropped: a client keeps no permit that was not
 * reported to it, and each client may reserve again. */
static void reserves_again_unread(void)
{
	ump_completions *others;
	ump_client *reserving;

	open_with(1);
	CHECK_INT(ump_client_clone(client, &reserving), ==, UMP_OK);
	for (int way = 0; way < 4; way++) {
		struct ump_completion got;

		CHECK_INT(ump_completions_open(&others), ==, UMP_OK);
		CHECK_INT(ump_client_reserve(reserving, others, &others), ==, UMP_OK);
		CHECK_INT(stats().depth, ==, 1);
		if (way == 1)
			CHECK_INT(ump_completions_next(others, &got), ==, UMP_OK);
		if (way == 2)
			CHECK_INT(post(reserving, 2), ==, UMP_OK);
		if (way == 3)
			ump_client_drop(&reserving);
		ump_completions_drop(&others);
		/* A permit that was reported is the client's until it is used, then its
		 * message's. */
		CHECK_INT(stats().depth, ==, way == 1 || way == 2);
		if (way == 2)
			CHECK_INT(receive(), ==, 2);
		if (way == 3)
			break;
		reserve(reserving, &reserving);
		expect_completion(&reserving, UMP_OK);
		CHECK_INT(ump_client_reserve(reserving, completions, NULL), ==, UMP_INVALID);
		CHECK_INT(post(client, 3), ==, UMP_FULL);
		CHECK_INT(post(reserving, 4), ==, UMP_OK);
		CHECK_INT(receive(), ==, 4);
	}
	CHECK_INT(post(client, 5), ==, UMP_OK);
	CHECK_INT(receive(), ==, 5);
	drop_all();
}

/* A send takes the permit, and fails after another thread has dropped the completions. */
static void keeps_no_unreported_permit(void)
{
	struct ump_completion got;
	ump_completions *others;
	ump_client *reserving;

	open_with(1);
	CHECK_INT(ump_client_clone(client, &reserving), ==, UMP_OK);
	for (int read = 0; read < 2; read++) {
		CHECK_INT(ump_completions_open(&others), ==, UMP_OK);
		CHECK_INT(ump_client_reserve(reserving, others, NULL), ==, UMP_OK);
		if (read != 0)
			CHECK_INT(ump_completions_next(others, &got), ==, UMP_OK);
		CHECK(ump__reservation_use(reserving->handle.channel, &reserving->handle.claim));
		ump_completions_drop(&others);
		CHECK_INT(stats().depth, ==, 1);
		ump__reservation_keep(reserving->handle.channel, &reserving->handle.claim);
		CHECK_INT(stats().depth, ==, read);
	}
	ump_client_drop(&reserving);
	CHECK_INT(stats().depth, ==, 0);
	drop_all();
}

static void one_queue(void)
{
	struct sender senders[2];

	open_with(1);
	CHECK_INT(post(client, 0), ==, UMP_OK);
	start_sender(&senders[0], BY_POST, 1, UMP_FOREVER);
	await_queue(1);
	ump_client *reserving;
	CHECK_INT(ump_client_clone(client, &reserving), ==, UMP_OK);
	reserve(reserving, NULL);
	start_sender(&senders[1], BY_POST, 3, UMP_FOREVER);
	await_queue(3);
	CHECK_INT(receive(), ==, 0);
	finish_sender(&senders[0], UMP_OK);
	expect_no_completion();
	CHECK_INT(receive(), ==, 1);
	expect_completion(NULL, UMP_OK);
	CHECK_INT(queue_length(), ==, 1);
	CHECK_INT(post(reserving, 2), ==, UMP_OK);
	CHECK_INT(receive(), ==, 2);
	finish_sender(&senders[1], UMP_OK);
	CHECK_INT(receive(), ==, 3);
	ump_client_drop(&reserving);
	drop_all();
}

/* The reserved permit is for the client's next message: the one with which it blocks. */
static void blocks_after_reserving(void)
{
	struct sender sender;
	ump_client *other;

	open_with(1);
	CHECK_INT(ump_client_clone(client, &other), ==, UMP_OK);
	for (int first = 0; first < 2; first++) {
		CHECK_INT(post(client, 0), ==, UMP_OK);
		if (!first)
			reserve(other, &other);
		reserve(client, &client);
		start_sender(&sender, BY_POST, 1, UMP_FOREVER);
		await_queue(first ? 2 : 3);
		CHECK_INT(receive(), ==, 0);
		if (!first) {
			/* It must not overtake earlier waiters. */
			expect_completion(&other, UMP_OK);
			CHECK_INT(post(other, 5), ==, UMP_OK);
			CHECK_INT(receive(), ==, 5);
		}
		finish_sender(&sender, UMP_OK);
		expect_no_completion();
		CHECK_INT(receive(), ==, 1);
		expect_completion(&client, UMP_OK);
		CHECK_INT(post(client, 2), ==, UMP_OK);
		CHECK_INT(receive(), ==, 2);
	}
	ump_client_drop(&other);
	drop_all();
}

static void reservation_without_capacity(void)
{
	open_with(0);
	reserve(client, &client);
	expect_completion(&client, UMP_OK);
	CHECK_INT(post(client, 1), ==, UMP_OK);
	CHECK_INT(stats().depth, ==, UMP_UNCOUNTED);
	/* No permit is kept, so the client may reserve again at once. */
	reserve(client, NULL);
	reserve(client, &server);
	expect_completion(NULL, UMP_OK);
	expect_completion(&server, UMP_OK);
	ump_server_drop(&server);
	reserve(client, NULL);
	expect_completion(NULL, UMP_SERVER_GONE);
	drop_all();
}

/* ---- All together -------------------------------------------------------------------------- */

#define EACH 500

struct crowd {
	pthread_t id;
	int number;
	ump_client *client;
};

static void *crowd_in(void *arg)
{
	struct crowd *crowd = arg;

	for (int i = 0; i < EACH; i++) {
		struct order order = {OP_ECHO, crowd->number * EACH + i, NULL};
		struct reply reply;

		if (i % 2 == 0)
			CHECK_INT(ump_client_post_until(crowd->client, &order, UMP_FOREVER), ==,
				UMP_OK);
		else
			CHECK_INT(ump_client_req(crowd->client, &order, &reply, UMP_FOREVER), ==,
				UMP_OK);
		check_progress();
	}
	ump_client_drop(&crowd->client);
	return NULL;
}

static void many_senders(size_t capacity)
{
	static struct probe probe;
	struct crowd crowd[SENDERS];
	ump_weak_client *weak;
	ump_thread *thread;
	struct ump_stats got;
	int next[SENDERS] = {0};

	config = probe_config;
	config.capacity = capacity;
	probe_init(&probe);
	probe.config = &config;
	probe_spawn(&probe, &client, &thread);
	CHECK_INT(ump_client_weak(client, &weak), ==, UMP_OK);
	for (int i = 0; i < SENDERS; i++) {
		crowd[i].number = i;
		CHECK_INT(ump_client_clone(client, &crowd[i].client), ==, UMP_OK);
		CHECK_INT(pthread_create(&crowd[i].id, NULL, crowd_in, &crowd[i]), ==, 0);
	}
	ump_client_drop(&client);
	for (int i = 0; i < SENDERS; i++)
		pthread_join(crowd[i].id, NULL);
	CHECK(!probe_join(&thread).stop);
	CHECK_INT(probe.handled, ==, SENDERS * EACH);
	/* The messages of each sender came in order. */
	for (int i = 0; i < SENDERS * EACH; i++) {
		int sender = probe.log[i] / EACH;

		CHECK_INT(probe.log[i] % EACH, ==, next[sender]);
		next[sender]++;
	}
	CHECK_INT(ump_weak_client_stats(weak, &got), ==, UMP_OK);
	CHECK_INT(got.depth, ==, 0);
	CHECK_INT(got.depth_most, >=, 1);
	CHECK_INT(got.depth_most, <=, capacity);
	ump_weak_client_drop(&weak);
}

static void crowds(void)
{
	many_senders(1);
	check_progress();
	many_senders(3);
}

/* The server breaks while all senders push: each send must report what became of it. */
static void *crowd_until_gone(void *arg)
{
	struct crowd *crowd = arg;
	int result;

	do {
		struct order order = {OP_ECHO, 1, NULL};

		result = ump_client_post_until(crowd->client, &order, UMP_FOREVER);
	} while (result == UMP_OK);
	CHECK_INT(result, ==, UMP_SERVER_GONE);
	ump_client_drop(&crowd->client);
	return NULL;
}

static void break_under_crowd(void)
{
	static struct probe probe;
	struct order order = {OP_BREAK, 5, NULL};
	struct crowd crowd[SENDERS];
	ump_thread *thread;

	config = probe_config;
	config.capacity = 2;
	probe_init(&probe);
	probe.config = &config;
	probe_spawn(&probe, &client, &thread);
	for (int i = 0; i < SENDERS; i++) {
		CHECK_INT(ump_client_clone(client, &crowd[i].client), ==, UMP_OK);
		CHECK_INT(pthread_create(&crowd[i].id, NULL, crowd_until_gone, &crowd[i]), ==, 0);
	}
	check_nap(5);
	CHECK_INT(ump_client_post_until(client, &order, UMP_FOREVER), ==, UMP_OK);
	CHECK_INT((intptr_t)probe_join(&thread).value, ==, 5);
	for (int i = 0; i < SENDERS; i++)
		pthread_join(crowd[i].id, NULL);
	ump_client_drop(&client);
}

static const struct check_test tests[] = {
	{"[bound] without a wait, a full inbox fails at once; the end-of-stream marker needs no "
	 "permit",
		full_at_once},
	{"[bound] [origin] a request that was given up holds its permit until it is skipped",
		skipped_ones_count},
	{"[bound] [deadline] [origin] a request's wait for a permit is part of its wait",
		timed_requests},
	{"[bound] [deadline] [gone] sends that time out in the wait queue leave the value to the "
	 "sender",
		timed_sends},
	{"[bound] [fifo] blocked senders get permits in FIFO order", in_order},
	{"[bound] [gone] [quiet] closing ends all waits for a permit", closed_with_waiters},
	{"[bound] [deadline] a waiter that times out leaves the queue", leave_queue},
	{"[bound] [deadline] leaving the queue races the grant of a permit",
		leaving_races_a_permit},
	{"[bound] [gone] a server that ended full is gone, not full", gone_not_full},
	{"[bound] [break] undelivered messages are no longer queued", leftovers},
	{"[bound] [complete] reserved permits are kept, in the order of the reservations",
		kept_permit},
	{"[bound] [complete] each kind of send uses the reserved permit", kept_for_any_send},
	{"[bound] [complete] a client is dropped with a queued reservation, or with a permit",
		reserving_client_dropped},
	{"[bound] [complete] [quiet] the server ends before a permit is free", reserved_and_closed},
	{"[bound] [complete] completions are dropped with reservations", completions_dropped},
	{"[bound] [complete] a reservation after its completions were dropped", reserves_again},
	{"[bound] [complete] [quiet] a reservation after one whose completion was not read",
		reserves_again_unread},
	{"[bound] [clean] a failing send keeps no unreported permit", keeps_no_unreported_permit},
	{"[bound] [complete] [fifo] reservations and blocked senders share one wait queue",
		one_queue},
	{"[bound] [fifo] a client that blocks after reserving gets the next permit first",
		blocks_after_reserving},
	{"[bound] without a capacity, a reservation completes at once",
		reservation_without_capacity},
	{"[bound] [fifo] [drain] [quiet] many senders through a small capacity", crowds},
	{"[bound] [break] [quiet] a break under many senders", break_under_crowd},
};

CHECK_MAIN(tests)
