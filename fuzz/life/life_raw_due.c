/* SPDX-License-Identifier: 0BSD */
/*
 * Delayed posts and posts to a raw receiving end, on one thread: each delayed post has a plan of
 * its own here, against which every receive call and every drop is checked.
 */
#include "life/life_world.h"

#define MOST 32
#define HELD 4
/* The value of the first post that is not delayed. */
#define QUEUED 1000

struct later {
	ump_time due;
	ump_time last;
	/* In use; and what the controller has set. */
	int64_t period;
	int64_t wanted;
	bool called;
	bool paused;
	/* Cancelled, or its only call was made. */
	bool ended;
	/* The receiver or `drop` has got the value: number of times. */
	int given;
};

static struct {
	ump_client *client;
	ump_server *server;
	struct later plans[MOST];
	int count;
	/* Controllers, and the numbers of their posts. */
	ump_delayed *held[HELD];
	int numbers[HELD];
	/* Posts that were sent, and received or dropped. */
	int sent;
	int received;
	/* What is lent, and the number of its plan, or -1. */
	const int *lent;
	int lent_plan;
	/* Delayed posts that were received since the last post. */
	int in_a_row;
	bool quit;
} its;

static void on_drop(void *value)
{
	int number = *(const int *)value;
	struct later *plan;

	if (number >= QUEUED) {
		EXPECT("[once]", its.quit && number == QUEUED + its.received);
		its.received++;
		return;
	}
	plan = &its.plans[number];
	EXPECT("[once]", plan->given == 0);
	plan->given++;
	plan->ended = true;
}

/* ---- Clients ------------------------------------------------------------------------------- */

static void send(unsigned slot)
{
	ump_time due = life.now + input_byte(&life.input) % 16 - 2;
	uint8_t choice = input_byte(&life.input);
	int64_t period = choice >= 128 ? 1 + choice % 8 : 0;
	int result;

	if (its.count == MOST || its.client == NULL)
		return;
	ump_delayed_drop(&its.held[slot]);
	its.plans[its.count] =
		(struct later){.due = due > 0 ? due : 0, .period = period, .wanted = period};
	its.numbers[slot] = its.count;
	life_fail_in((choice & 64) != 0 ? 1 : 0);
	result = ump_client_post_at(
		its.client, &its.count, due, period, (choice & 32) != 0 ? NULL : &its.held[slot]);
	life_fail_in(0);
	if (life_failed()) {
		EXPECT("[clean]", result == UMP_NO_MEMORY && its.held[slot] == NULL);
		return;
	}
	EXPECT("[timer]", result == (its.quit ? UMP_SERVER_GONE : UMP_OK));
	its.count += result == UMP_OK;
}

static void post(void)
{
	int value = QUEUED + its.sent;
	int result;

	if (its.client == NULL)
		return;
	result = ump_client_post(its.client, &value);
	EXPECT("[once]", result == (its.quit ? UMP_SERVER_GONE : UMP_OK));
	its.sent += result == UMP_OK;
}

static void change(unsigned slot, unsigned what)
{
	int number = its.numbers[slot];
	struct later *plan = &its.plans[number];
	ump_delayed *held = its.held[slot];
	int expected = plan->ended ? UMP_EMPTY : UMP_OK;
	bool lent = its.lent != NULL && number == its.lent_plan;

	/* Whether a single post has ended is open until it is given back. */
	if (held == NULL || (lent && plan->period == 0))
		return;
	switch (what) {
	case 0:
		EXPECT("[timer]", ump_delayed_cancel(held) == (lent ? UMP_EMPTY : expected));
		/* The value of a lent one is dropped when it is given back. */
		EXPECT("[once]", lent ? plan->given == 0 : plan->given == 1);
		plan->ended = true;
		break;
	case 1:
		EXPECT("[timer]", ump_delayed_pause(held) == expected);
		plan->paused = true;
		break;
	case 2:
		EXPECT("[timer]", ump_delayed_resume(held) == expected);
		plan->paused = false;
		break;
	default:
		if (plan->period == 0)
			expected = UMP_INVALID;
		EXPECT("[timer]", ump_delayed_set_period(held, (int64_t)what) == expected);
		plan->wanted = expected == UMP_OK ? (int64_t)what : plan->wanted;
	}
}

/* ---- The loop ------------------------------------------------------------------------------ */

/* The planned time of the next post that may be called, or UMP_FOREVER. */
static ump_time next_due(void)
{
	ump_time next = UMP_FOREVER;

	for (int i = 0; i < its.count; i++) {
		const struct later *plan = &its.plans[i];

		if (!plan->ended && !plan->paused && plan->due < next)
			next = plan->due;
	}
	return next;
}

/* What is lent is given back, and changes of periods are planned. */
static void plan_again(void)
{
	if (its.lent != NULL && its.lent_plan >= 0)
		EXPECT("[timer]", *its.lent == its.lent_plan);
	its.lent = NULL;
	for (int i = 0; i < its.count; i++) {
		struct later *plan = &its.plans[i];

		if (plan->called && plan->wanted != plan->period)
			plan->due = plan->last + plan->wanted;
		plan->period = plan->wanted;
	}
}

static void due_came(int number)
{
	struct later *plan = &its.plans[number];

	EXPECT("[timer]", number < its.count && !plan->ended && !plan->paused);
	EXPECT("[timer]", plan->due <= life.now && plan->due == next_due());
	EXPECT("[once]", plan->given == 0);
	plan->called = true;
	its.lent_plan = number;
	its.in_a_row++;
	if (plan->period == 0) {
		plan->given++;
		plan->ended = true;
		return;
	}
	while (plan->due <= life.now) {
		plan->last = plan->due;
		plan->due += plan->period;
	}
}

static int receive_one(const void **msg, ump_reply_context **rc)
{
	uint8_t choice = input_byte(&life.input) % 4;

	if (choice == 0)
		return ump_server_wait(its.server, msg, rc, -1);
	if (choice == 1)
		return ump_server_wait(its.server, msg, rc, life.now);
	if (choice == 2 && (next_due() <= life.now || its.received < its.sent))
		return ump_server_wait(its.server, msg, rc, UMP_FOREVER);
	return ump_server_try_pop(its.server, msg, rc);
}

static void over(bool gone)
{
	for (int i = 0; i < its.count; i++)
		EXPECT("[once]", its.plans[i].ended && its.plans[i].given == 1);
	EXPECT("[once]", its.received == its.sent);
	EXPECT("[timer]", !gone || ump_server_due(its.server) == UMP_FOREVER);
}

/* Returns whether there may be more to receive. */
static bool receive(void)
{
	ump_reply_context *rc = (ump_reply_context *)&its;
	const void *msg = &its;
	bool was_due;
	int result;

	if (its.server == NULL)
		return false;
	plan_again();
	was_due = next_due() <= life.now;
	result = receive_one(&msg, &rc);
	EXPECT("[misuse]", rc == NULL && (msg != NULL) == (result == UMP_OK));
	if (result == UMP_CLIENTS_GONE) {
		EXPECT("[drain]", its.client == NULL && (!was_due || its.in_a_row > 0));
		over(true);
		return false;
	}
	if (result != UMP_OK) {
		EXPECT("[timer]", result == UMP_EMPTY || result == UMP_TIMED_OUT);
		EXPECT("[timer]", !was_due && its.received == its.sent && its.client != NULL);
		EXPECT("[timer]", ump_server_due(its.server) > life.now);
		return false;
	}
	its.lent = msg;
	its.lent_plan = -1;
	if (*its.lent < QUEUED) {
		due_came(*its.lent);
		return true;
	}
	EXPECT("[fifo]", *its.lent == QUEUED + its.received++);
	EXPECT("[timer]", !was_due || its.in_a_row > 0);
	its.in_a_row = 0;
	return true;
}

static void look(void)
{
	if (its.server == NULL)
		return;
	EXPECT("[fifo]", ump_server_was_empty(its.server) == (its.received == its.sent));
	/* A change of a period that is not planned yet makes it now; so does one that is lent. */
	EXPECT("[timer]", ump_server_due(its.server) <= next_due());
	if (its.lent != NULL && its.lent_plan >= 0 && its.plans[its.lent_plan].period != 0)
		EXPECT("[timer]", ump_server_due(its.server) == UMP_NOW);
}

static void operate(void)
{
	uint8_t choice = input_byte(&life.input);
	unsigned slot = choice / 8 % HELD;

	switch (choice % 8) {
	case 0:
	case 1:
		send(slot);
		break;
	case 2:
		life.now += choice / 8 % 8;
		break;
	case 3:
	case 4:
		(void)receive();
		break;
	case 5:
		if (choice >= 128)
			look();
		else
			ump_delayed_drop(&its.held[slot]);
		break;
	case 6:
		change(slot, input_byte(&life.input) % 8);
		break;
	default:
		if (choice >= 240)
			ump_client_drop(&its.client);
		else
			post();
	}
}

void life_raw_due(void)
{
	struct ump_config config = {.post = {sizeof(int), on_drop}};
	uint8_t choice = input_byte(&life.input);

	memset(&its, 0, sizeof its);
	EXPECT("[clean]", ump_channel_open(&its.server, &its.client, &config) == UMP_OK);
	while (!input_is_over(&life.input))
		operate();
	if ((choice & 1) != 0) {
		its.quit = true;
		ump_server_drop(&its.server);
		over(false);
		send(0);
	}
	ump_client_drop(&its.client);
	while (receive())
		;
	ump_server_drop(&its.server);
	over(false);
	for (unsigned i = 0; i < HELD; i++)
		ump_delayed_drop(&its.held[i]);
}
