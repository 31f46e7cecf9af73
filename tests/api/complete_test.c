/* SPDX-License-Identifier: 0BSD */
/* Completions: replies to many requests, for event loops. */
#include "call/completions.h"
#include "channel/channel.h"
#include "core/counts.h"
#include "probe.h"

#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <unistd.h>

#define SECOND INT64_C(1000000000)

static struct probe probe;
static ump_client *client;
static ump_server *server;
static ump_completions *completions;

/* A tag that identifies the request. */
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

static int send_to(ump_client *to, enum op op, int value, struct token *token)
{
	struct order order = {op, value, token};

	return ump_client_req_completion(to, &order, completions, tag(value));
}

static void send(enum op op, int value)
{
	CHECK_INT(send_to(client, op, value, NULL), ==, UMP_OK);
}

/* ---- Order of arrival ---------------------------------------------------------------------- */

static void in_order_of_arrival(void)
{
	ump_reply_context *rc[3];
	const struct reply *reply;

	open_all();
	for (int i = 0; i < 3; i++)
		send(OP_ECHO, i);
	CHECK_INT(ump_completions_in_flight(completions), ==, 3);
	for (int i = 0; i < 3; i++)
		rc[i] = probe_receive(server, i);
	CHECK(!readable());
	probe_expect_empty(completions);
	/* Reply in reverse order. */
	for (int i = 2; i >= 0; i--)
		CHECK_INT(probe_reply(rc[i], i + 10, NULL), ==, UMP_OK);
	for (int i = 2; i >= 0; i--) {
		CHECK(readable());
		reply = probe_expect(completions, i, UMP_OK).reply;
		CHECK_INT(reply->value, ==, i + 10);
		CHECK_INT(ump_completions_in_flight(completions), ==, i);
	}
	probe_expect_empty(completions);
	CHECK(!readable());
	drop_all();
}

/* Level-triggered: readable until a call has returned UMP_EMPTY. */
static void readable_until_empty(void)
{
	open_all();
	CHECK(!readable());
	probe_expect_empty(completions);
	CHECK(!readable());
	for (int round = 0; round < 3; round++) {
		int fd = ump_completions_fd(completions);

		send(OP_ECHO, 1);
		send(OP_ECHO, 2);
		CHECK(!readable());
		CHECK_INT(probe_reply(probe_receive(server, 1), 1, NULL), ==, UMP_OK);
		CHECK(readable());
		probe_expect(completions, 1, UMP_OK);
		CHECK(readable());
		CHECK_INT(probe_reply(probe_receive(server, 2), 1, NULL), ==, UMP_OK);
		CHECK(readable());
		probe_expect(completions, 2, UMP_OK);
		CHECK(readable());
		probe_expect_empty(completions);
		CHECK(!readable());
		CHECK_INT(ump_completions_fd(completions), ==, fd);
	}
	drop_all();
}

static void all_results(void)
{
	ump_reply_context *rc;

	open_all();
	for (int i = 0; i < 5; i++)
		send(OP_ECHO, i);
	CHECK_INT(probe_reply(probe_receive(server, 0), 1, NULL), ==, UMP_OK);
	rc = probe_receive(server, 1);
	CHECK_INT(ump_reply_fail(&rc, 42), ==, UMP_OK);
	rc = probe_receive(server, 2);
	ump_reply_drop(&rc);
	rc = probe_receive(server, 3);
	ump_server_drop(&server);
	probe_expect(completions, 0, UMP_OK);
	probe_expect(completions, 1, 42);
	probe_expect(completions, 2, UMP_NO_REPLY);
	probe_expect(completions, 4, UMP_SERVER_GONE);
	probe_expect_empty(completions);
	/* Kept, and answered after the end. */
	CHECK_INT(probe_reply(rc, 3, NULL), ==, UMP_OK);
	probe_expect(completions, 3, UMP_OK);
	CHECK_INT(ump_completions_in_flight(completions), ==, 0);
	CHECK_INT(send_to(client, OP_ECHO, 5, NULL), ==, UMP_SERVER_GONE);
	CHECK_INT(ump_completions_in_flight(completions), ==, 0);
	drop_all();
}

/* The caller owns what a reply points to; what an unstarted request points to is dropped. */
static void owners(void)
{
	struct token sent = {0};
	struct token replied = {0};
	const struct reply *reply;

	open_all();
	CHECK_INT(send_to(client, OP_ECHO, 1, &sent), ==, UMP_OK);
	CHECK_INT(send_to(client, OP_ECHO, 2, &sent), ==, UMP_OK);
	CHECK_INT(probe_reply(probe_receive(server, 1), 1, &replied), ==, UMP_OK);
	ump_server_drop(&server);
	reply = probe_expect(completions, 1, UMP_OK).reply;
	CHECK(reply->token == &replied);
	CHECK_INT(sent.dropped, ==, 1);
	probe_expect(completions, 2, UMP_SERVER_GONE);
	CHECK_INT(send_to(client, OP_ECHO, 3, &sent), ==, UMP_SERVER_GONE);
	drop_all();
	CHECK_INT(sent.dropped, ==, 1);
	CHECK_INT(replied.dropped, ==, 0);
}

static void without_values(void)
{
	struct ump_config config = {.request.size = 1};
	struct ump_completion got;
	ump_reply_context *rc;
	const void *msg;

	CHECK_INT(ump_channel_open(&server, &client, &config), ==, UMP_OK);
	CHECK_INT(ump_completions_open(&completions), ==, UMP_OK);
	CHECK_INT(ump_client_req_completion(client, "x", completions, NULL), ==, UMP_OK);
	CHECK_INT(ump_server_try_pop(server, &msg, &rc), ==, UMP_OK);
	CHECK_INT(ump_reply(&rc, NULL), ==, UMP_OK);
	got.reply = msg;
	got.tag = &got;
	CHECK_INT(ump_completions_next(completions, &got), ==, UMP_OK);
	CHECK_INT(got.result, ==, UMP_OK);
	CHECK(got.reply == NULL);
	CHECK(got.tag == NULL);
	drop_all();
}

/* ---- Waiting ------------------------------------------------------------------------------- */

static void waits(void)
{
	ump_time before = ump_now();
	struct ump_completion got;

	open_all();
	/* No completion can come. */
	CHECK_INT(ump_completions_wait(completions, &got, UMP_FOREVER), ==, UMP_NONE_PENDING);
	send(OP_ECHO, 1);
	CHECK_INT(ump_completions_wait(completions, &got, UMP_NOW), ==, UMP_TIMED_OUT);
	CHECK_INT(ump_completions_wait(completions, &got, INT64_MIN), ==, UMP_TIMED_OUT);
	CHECK_INT(ump_completions_wait(completions, &got, before), ==, UMP_TIMED_OUT);
	before = ump_now();
	CHECK_INT(ump_completions_wait(completions, &got, before + SECOND / 50), ==, UMP_TIMED_OUT);
	CHECK_INT(ump_now() - before, >=, SECOND / 50);
	CHECK_INT(ump_completions_in_flight(completions), ==, 1);
	CHECK_INT(probe_reply(probe_receive(server, 1), 1, NULL), ==, UMP_OK);
	/* A completion that is there is returned, whatever the deadline. */
	CHECK_INT(ump_completions_wait(completions, &got, UMP_NOW), ==, UMP_OK);
	CHECK_INT((intptr_t)got.tag, ==, 1);
	drop_all();
}

#define MANY 100000

/* Each comes exactly once; a threaded server replies while requests are sent and completions
 * retrieved. */
static void many(void)
{
	static unsigned char seen[MANY];
	ump_thread *thread;
	struct ump_completion got;

	memset(seen, 0, sizeof seen);
	probe_init(&probe);
	probe_spawn(&probe, &client, &thread);
	probe_hold(&probe, client);
	CHECK_INT(ump_completions_open(&completions), ==, UMP_OK);
	for (int i = 0; i < MANY; i++)
		send(OP_ECHO, i);
	CHECK_INT(ump_completions_in_flight(completions), ==, MANY);
	probe_release(&probe);
	for (int i = 0; i < MANY; i++) {
		const struct reply *reply;

		CHECK_INT(ump_completions_wait(completions, &got, UMP_FOREVER), ==, UMP_OK);
		CHECK_INT(got.result, ==, UMP_OK);
		reply = got.reply;
		CHECK_INT(reply->value, ==, (intptr_t)got.tag);
		seen[reply->value]++;
		if (i % 1000 == 0)
			check_progress();
	}
	for (int i = 0; i < MANY; i++)
		CHECK_INT(seen[i], ==, 1);
	CHECK_INT(ump_completions_wait(completions, &got, UMP_FOREVER), ==, UMP_NONE_PENDING);
	ump_completions_drop(&completions);
	ump_client_drop(&client);
	CHECK(!probe_join(&thread).stop);
}

/* Several servers reply at once, and the loop sleeps in poll() without a time-out. */
static void several_servers(void)
{
	static struct probe probes[3];
	ump_client *clients[3];
	ump_thread *threads[3];
	struct pollfd wanted = {.events = POLLIN};
	struct ump_completion got;
	int sent = 0;
	int done = 0;

	CHECK_INT(ump_completions_open(&completions), ==, UMP_OK);
	wanted.fd = ump_completions_fd(completions);
	for (int i = 0; i < 3; i++) {
		probe_init(&probes[i]);
		probe_spawn(&probes[i], &clients[i], &threads[i]);
	}
	for (; sent < 30; sent++)
		CHECK_INT(send_to(clients[sent % 3], OP_ECHO, sent, NULL), ==, UMP_OK);
	while (done < 3000) {
		while (poll(&wanted, 1, -1) != 1)
			continue;
		while (ump_completions_next(completions, &got) == UMP_OK) {
			CHECK_INT(got.result, ==, UMP_OK);
			done++;
			if (sent < 3000) {
				CHECK_INT(send_to(clients[sent % 3], OP_ECHO, sent, NULL), ==,
					UMP_OK);
				sent++;
			}
		}
	}
	CHECK_INT(ump_completions_in_flight(completions), ==, 0);
	ump_completions_drop(&completions);
	for (int i = 0; i < 3; i++) {
		ump_client_drop(&clients[i]);
		CHECK(!probe_join(&threads[i]).stop);
		CHECK_INT(probes[i].handled, ==, 1000);
	}
}

/* ---- Dropped ------------------------------------------------------------------------------- */

static void dropped_while_queued(void)
{
	struct token token = {0};
	ump_reply_context *rc;
	const void *msg;

	open_all();
	CHECK_INT(send_to(client, OP_ECHO, 1, &token), ==, UMP_OK);
	CHECK_INT(send_to(client, OP_ECHO, 2, &token), ==, UMP_OK);
	ump_completions_drop(&completions);
	CHECK(completions == NULL);
	CHECK_INT(ump_server_try_pop(server, &msg, &rc), ==, UMP_EMPTY);
	CHECK_INT(ump_server_skipped(server), ==, 2);
	CHECK_INT(token.dropped, ==, 2);
	drop_all();
	/* The same if the server is dropped before it skips them. */
	open_all();
	CHECK_INT(send_to(client, OP_ECHO, 1, &token), ==, UMP_OK);
	ump_completions_drop(&completions);
	ump_server_drop(&server);
	CHECK_INT(token.dropped, ==, 3);
	drop_all();
}

static void dropped_while_handled(void)
{
	struct token replied = {0};
	struct token sent = {0};
	ump_reply_context *rc;
	ump_reply_context *other;

	open_all();
	CHECK_INT(send_to(client, OP_ECHO, 1, &sent), ==, UMP_OK);
	CHECK_INT(send_to(client, OP_ECHO, 2, &sent), ==, UMP_OK);
	CHECK_INT(send_to(client, OP_ECHO, 3, &sent), ==, UMP_OK);
	rc = probe_receive(server, 1);
	other = probe_receive(server, 2);
	CHECK(!ump_reply_origin_gone(rc));
	ump_completions_drop(&completions);
	CHECK(ump_reply_origin_gone(rc));
	CHECK_INT(probe_reply(rc, 1, &replied), ==, UMP_ORIGIN_GONE);
	CHECK_INT(replied.dropped, ==, 1);
	CHECK_INT(ump_reply_fail(&other, 1), ==, UMP_ORIGIN_GONE);
	/* The receiver owns what was handed over; the rest is dropped. */
	CHECK_INT(sent.dropped, ==, 0);
	ump_server_drop(&server);
	CHECK_INT(sent.dropped, ==, 1);
	drop_all();
}

/* Kept, when only the reply context is left. */
static void dropped_while_kept(void)
{
	struct token token = {0};
	ump_reply_context *rc;
	ump_task *task;

	probe_init(&probe);
	probe_spawn_task(&probe, &client, &task);
	CHECK_INT(ump_completions_open(&completions), ==, UMP_OK);
	send(OP_KEEP, 1);
	send(OP_KEEP, 2);
	CHECK(ump_task_dispatch(task, 0));
	ump_task_drop(&task);
	ump_client_drop(&client);
	/* The contexts do not hold the notifier: they get it from elsewhere. */
	CHECK_INT(faults_notifiers(), ==, 1);
	ump_completions_drop(&completions);
	CHECK_INT(faults_notifiers(), ==, 0);
	CHECK_INT(probe_reply(probe.kept[0], 1, &token), ==, UMP_ORIGIN_GONE);
	CHECK_INT(token.dropped, ==, 1);
	rc = probe.kept[1];
	ump_reply_drop(&rc);
}

static int reused[2];

static void receive_all(void)
{
	ump_reply_context *rc;
	const void *msg;

	while (ump_server_try_pop(server, &msg, &rc) == UMP_OK)
		CHECK_INT(probe_reply(rc, 1, NULL), ==, UMP_ORIGIN_GONE);
}

/* The descriptor is closed when the drop returns, whatever is in flight, raised or not. */
static void closed_by_the_drop(void)
{
	int fd;

	probe_open(&server, &client);
	for (int i = 0; i < 4; i++) {
		CHECK_INT(ump_completions_open(&completions), ==, UMP_OK);
		fd = ump_completions_fd(completions);
		send(OP_ECHO, 1);
		send(OP_ECHO, 2);
		if (i % 2 == 1)
			CHECK_INT(probe_reply(probe_receive(server, 1), 1, NULL), ==, UMP_OK);
		CHECK_INT(readable(), ==, i % 2 == 1);
		CHECK(fcntl(fd, F_GETFD) >= 0);
		ump_completions_drop(&completions);
		CHECK(fcntl(fd, F_GETFD) < 0);
		CHECK_INT(faults_notifiers(), ==, 0);
	}
	/* Threads that reply now must not write to the descriptor, whatever file has its number. */
	CHECK(pipe(reused) == 0);
	CHECK_INT(reused[0], ==, fd);
	receive_all();
	CHECK(!probe_readable(reused[0]));
	close(reused[0]);
	close(reused[1]);
	drop_all();
}

/* Answered and not retrieved: in the inbox, taken from it, and lent. */
static void dropped_when_answered(void)
{
	struct token replied = {0};
	struct token sent = {0};
	ump_reply_context *rc;

	open_all();
	for (int i = 0; i < 5; i++)
		CHECK_INT(send_to(client, OP_ECHO, i, &sent), ==, UMP_OK);
	for (int i = 0; i < 3; i++)
		CHECK_INT(probe_reply(probe_receive(server, i), i, &replied), ==, UMP_OK);
	probe_expect(completions, 0, UMP_OK);
	CHECK_INT(probe_reply(probe_receive(server, 3), 3, &replied), ==, UMP_OK);
	rc = probe_receive(server, 4);
	CHECK_INT(ump_reply_fail(&rc, 9), ==, UMP_OK);
	ump_completions_drop(&completions);
	/* The caller owns the one that was retrieved. */
	CHECK_INT(replied.dropped, ==, 3);
	CHECK_INT(sent.dropped, ==, 0);
	drop_all();
	/* A request that was never started, and is not reported. */
	open_all();
	CHECK_INT(send_to(client, OP_ECHO, 1, &sent), ==, UMP_OK);
	ump_server_drop(&server);
	ump_completions_drop(&completions);
	CHECK_INT(sent.dropped, ==, 1);
	drop_all();
}

struct dropper {
	pthread_t id;
	sem_t sent;
};

static void *drop_racing(void *arg)
{
	struct dropper *dropper = arg;

	while (sem_wait(&dropper->sent) != 0)
		continue;
	ump_completions_drop(&completions);
	return NULL;
}

/* The server replies while the completions are dropped, on another thread than the one that opened
 * them. */
static void dropped_while_answered(void)
{
	for (int round = 0; round < 50; round++) {
		struct token token = {0};
		struct dropper dropper;
		ump_thread *thread;

		probe_init(&probe);
		probe.reply_token = &token;
		probe_spawn(&probe, &client, &thread);
		CHECK_INT(ump_completions_open(&completions), ==, UMP_OK);
		sem_init(&dropper.sent, 0, 0);
		CHECK_INT(pthread_create(&dropper.id, NULL, drop_racing, &dropper), ==, 0);
		for (int i = 0; i < 20; i++)
			send(OP_ECHO, i);
		sem_post(&dropper.sent);
		ump_client_drop(&client);
		CHECK(!probe_join(&thread).stop);
		pthread_join(dropper.id, NULL);
		/* None was retrieved: each reply that was given was dropped. */
		CHECK_INT(token.dropped, ==, probe.handled);
	}
}

/* ---- Two tasks on one loop ----------------------------------------------------------------- */

struct side {
	struct probe probe;
	ump_client *client;
	ump_task *task;
	/* To send requests to the other side. */
	ump_client *other;
	ump_completions *answers;
};

static struct side sides[2];

/* Reply, and send the other side a request with a value that is one less. */
static struct ump_flow ping(struct probe *self, const struct order *order, ump_reply_context **rc)
{
	struct side *side = self->arg;
	struct order next = {OP_CALL, order->value - 1, NULL};
	struct reply reply = {order->value, NULL};

	CHECK_INT(ump_reply(rc, &reply), ==, UMP_OK);
	if (next.value > 0)
		CHECK_INT(ump_client_req_completion(
				  side->other, &next, side->answers, tag(next.value)),
			==, UMP_OK);
	return ump_continue();
}

static void side_init(struct side *side)
{
	probe_init(&side->probe);
	side->probe.on_call = ping;
	side->probe.arg = side;
	probe_spawn_task(&side->probe, &side->client, &side->task);
	CHECK_INT(ump_completions_open(&side->answers), ==, UMP_OK);
}

/* Run the loop once; return the number of replies that came. */
static int iterate(void)
{
	struct pollfd wanted[4];
	struct ump_completion got;
	int answers = 0;

	for (int i = 0; i < 2; i++) {
		wanted[i] = (struct pollfd){ump_task_fd(sides[i].task), POLLIN, 0};
		wanted[i + 2] = (struct pollfd){ump_completions_fd(sides[i].answers), POLLIN, 0};
	}
	while (poll(wanted, 4, -1) <= 0)
		continue;
	for (int i = 0; i < 2; i++) {
		if (wanted[i].revents != 0)
			CHECK(ump_task_dispatch(sides[i].task, 1));
		while (wanted[i + 2].revents != 0 &&
			ump_completions_next(sides[i].answers, &got) == UMP_OK) {
			CHECK_INT(((const struct reply *)got.reply)->value, ==, (intptr_t)got.tag);
			answers++;
		}
	}
	return answers;
}

static void ping_pong(void)
{
	struct order first = {OP_CALL, 1000, NULL};
	int answers = 0;

	side_init(&sides[0]);
	side_init(&sides[1]);
	sides[0].other = sides[1].client;
	sides[1].other = sides[0].client;
	CHECK_INT(ump_client_req_completion(sides[0].client, &first, sides[1].answers, tag(1000)),
		==, UMP_OK);
	while (answers < 1000)
		answers += iterate();
	for (int i = 0; i < 2; i++) {
		CHECK_INT(sides[i].probe.handled, ==, 500);
		CHECK_INT(ump_completions_in_flight(sides[i].answers), ==, 0);
		ump_client_drop(&sides[i].client);
		CHECK_INT(ump_task_run(sides[i].task, UMP_FOREVER), ==, UMP_OK);
		CHECK(!probe_join_task(&sides[i].task).stop);
		ump_completions_drop(&sides[i].answers);
	}
}

/* ---- Limits and sizes ---------------------------------------------------------------------- */

static void too_many(void)
{
	struct ump__counts before;

	open_all();
	before.value = completions->counts.value;
	completions->counts.value = UMP__COUNTS_STRONG + UMP__COUNTS_MAX;
	CHECK_INT(send_to(client, OP_ECHO, 1, NULL), ==, UMP_OVERFLOW);
	CHECK_INT(ump_client_reserve(client, completions, NULL), ==, UMP_OVERFLOW);
	completions->counts.value--;
	/* A reservation takes two. */
	CHECK_INT(ump_client_reserve(client, completions, NULL), ==, UMP_OVERFLOW);
	CHECK_INT(completions->counts.value, ==, UMP__COUNTS_STRONG + UMP__COUNTS_MAX - 1);
	completions->counts.value = before.value;
	CHECK_INT(ump_completions_in_flight(completions), ==, 0);
	CHECK(ump_server_was_empty(server));
	drop_all();
}

/* A reservation counts as a handle of the server until it was reported and the client has sent. */
static void too_many_reserve(void)
{
	struct ump_config config = probe_config;
	struct ump__counts before;
	struct ump_completion told;
	ump_server *bounded;
	ump_client *reserving;

	config.capacity = 1;
	CHECK_INT(ump_channel_open(&bounded, &reserving, &config), ==, UMP_OK);
	CHECK_INT(ump_completions_open(&completions), ==, UMP_OK);
	before.value = bounded->channel->counts.value;
	bounded->channel->counts.value = UMP__COUNTS_STRONG + UMP__COUNTS_MAX;
	CHECK_INT(ump_client_reserve(reserving, completions, NULL), ==, UMP_OVERFLOW);
	CHECK_INT(ump_completions_in_flight(completions), ==, 0);
	bounded->channel->counts.value = before.value;
	CHECK_INT(ump_client_reserve(reserving, completions, NULL), ==, UMP_OK);
	CHECK_INT(ump_completions_next(completions, &told), ==, UMP_OK);
	CHECK_INT(told.result, ==, UMP_OK);
	ump_server_drop(&bounded);
	ump_client_drop(&reserving);
	ump_completions_drop(&completions);
}

static void newer_caller(void)
{
	struct {
		struct ump_completion known;
		uint64_t unknown;
	} newer;

	open_all();
	send(OP_ECHO, 7);
	CHECK_INT(probe_reply(probe_receive(server, 7), 1, NULL), ==, UMP_OK);
	CHECK_INT(ump_completions_next_sized(completions, &newer.known, 1), ==, UMP_INVALID);
	CHECK_INT(
		ump_completions_wait_sized(completions, &newer.known, 1, UMP_NOW), ==, UMP_INVALID);
	newer.unknown = 5;
	CHECK_INT(ump_completions_next_sized(completions, &newer.known, sizeof newer), ==, UMP_OK);
	CHECK_INT((intptr_t)newer.known.tag, ==, 7);
	CHECK_INT(newer.unknown, ==, 0);
	drop_all();
}

static const struct check_test tests[] = {
	{"[complete] [fifo] answers come in the order of their arrival, each with its tag",
		in_order_of_arrival},
	{"[complete] the descriptor is readable from the first answer until UMP_EMPTY is returned",
		readable_until_empty},
	{"[complete] [gone] [forgot] [keep] every result", all_results},
	{"[complete] [gone] [once] each value that is pointed to has one owner", owners},
	{"[complete] replies without values", without_values},
	{"[complete] [deadline] waiting", waits},
	{"[complete] [once] 100 000 in flight come out once each", many},
	{"[complete] [quiet] several servers answer, and the loop sleeps in poll", several_servers},
	{"[complete] [origin] dropped with requests queued: these are skipped",
		dropped_while_queued},
	{"[complete] [origin] dropped with requests started: their answers are dropped",
		dropped_while_handled},
	{"[complete] [clean] the drop closes the descriptor, whatever is in flight",
		closed_by_the_drop},
	{"[complete] [origin] [keep] [clean] dropped with contexts kept, and no client left",
		dropped_while_kept},
	{"[complete] [once] dropped with answers that were not got", dropped_when_answered},
	{"[complete] [once] dropped while the server answers", dropped_while_answered},
	{"[complete] [task] two tasks on one loop send each other requests", ping_pong},
	{"[complete] too many in flight", too_many},
	{"[bound] [complete] [clean] a reservation fails if its handle cannot be counted",
		too_many_reserve},
	{"[complete] [misuse] callers of other versions", newer_caller},
};

CHECK_MAIN(tests)
