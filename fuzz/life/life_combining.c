/* SPDX-License-Identifier: 0BSD */
/*
 * A combining server, on one thread: each message is handled inside the call that sends it, or, if
 * a handler sends it to its own server, after that handler has returned.  It keeps its own books:
 * what the other lives record after a call must be known before the call here.
 */
#include "life/life_world.h"

#define MOST   48
#define UNSENT (-100)
#define OPEN   (-101)
#define KEPT   (-102)
/* Time that a message takes, in ns. */
#define TAKES 7

struct combining {
	ump_combining *handle;
	ump_client *clients[SLOTS];
	ump_wait_reply *waits[SLOTS];
	int wait_for[SLOTS];
	ump_reply_context *kept[SLOTS];
	int kept_for[SLOTS];
	/* It holds the loop. */
	bool holds[SLOTS];
	/* The messages in the inbox, oldest first. */
	int queue[MOST];
	int first;
	int last;
	/* Per request: its result, whether its caller blocks, and whether its caller has given
	 * up. */
	int end[MOST];
	bool blocks[MOST];
	bool gone[MOST];
	/* Whether the handler owns the message, and the number of its drops. */
	bool taken[MOST];
	int dropped[MOST];
	int values;
	bool in_handler;
	/* Callers that have released the combiner role, and wait. */
	int offers;
	bool spawned;
	bool broke;
	/* A stop was accepted; and the number of drops of its value. */
	bool stopped;
	int stop_drops;
	bool leftovers;
	bool builder_fails;
	bool init_fails;
	/* The handle is dropped before the end. */
	bool early;
	int terms;
	int drops;
};

static struct combining *at(void *self)
{
	return self;
}

/* The server of this life. */
static struct combining only;

static void operate(struct combining *its);

static void on_value_drop(void *value)
{
	only.dropped[*(const int *)value]++;
}

/* ---- The handler --------------------------------------------------------------------------- */

/* Given-up requests are skipped. */
static void skip(struct combining *its)
{
	while (its->first < its->last && its->gone[its->queue[its->first]])
		its->first++;
}

static int next_of(struct combining *its, const void *msg)
{
	int value = *(const int *)msg;

	skip(its);
	EXPECT("[fifo]", its->first < its->last && its->queue[its->first] == value);
	its->first++;
	return value;
}

/* The clients, and the contexts that hold the loop. */
static int strong(const struct combining *its)
{
	int count = 0;

	for (int i = 0; i < SLOTS; i++)
		count += (its->clients[i] != NULL) + its->holds[i];
	return count;
}

static void hold(struct combining *its, int slot)
{
	int expected = strong(its) > 0 ? UMP_OK : UMP_CLIENTS_GONE;

	EXPECT("[hold]", ump_reply_hold(its->kept[slot]) == expected);
	its->holds[slot] = expected == UMP_OK;
}

static bool keep(struct combining *its, int value, ump_reply_context **rc, bool holds)
{
	for (int i = 0; i < SLOTS && !its->blocks[value]; i++) {
		if (its->kept[i] == NULL) {
			its->kept[i] = ump_reply_keep(rc);
			its->kept_for[i] = value;
			its->end[value] = KEPT;
			if (holds)
				hold(its, i);
			return true;
		}
	}
	return false;
}

static void answer(struct combining *its, int value, ump_reply_context **rc)
{
	int result = its->gone[value] ? UMP_ORIGIN_GONE : UMP_OK;

	its->taken[value] = true;
	EXPECT("[origin]", ump_reply(rc, &value) == result);
	its->end[value] = UMP_OK;
}

static struct ump_flow handle(struct combining *its, int value, ump_reply_context **rc)
{
	uint8_t choice = input_byte(&life.input);

	EXPECT("[user]", !its->in_handler && its->terms == 0);
	EXPECT("[break]", !its->broke);
	EXPECT("[stop]", !its->stopped);
	its->in_handler = true;
	its->taken[value] = true;
	life.now += TAKES;
	if ((choice & 8) != 0)
		operate(its);
	if ((choice & 16) != 0)
		operate(its);
	its->in_handler = false;
	EXPECT("[suspend]", ump_suspend() == NULL);
	its->broke = (choice & 7) == 7;
	if (rc != NULL && (choice & 7) == 2) {
		EXPECT("[once]",
			ump_reply_fail(rc, 5) == (its->gone[value] ? UMP_ORIGIN_GONE : UMP_OK));
		its->end[value] = 5;
	} else if (rc != NULL && (choice & 7) == 3) {
		its->end[value] = UMP_NO_REPLY;
	} else if (rc != NULL && !((choice & 7) >= 4 && keep(its, value, rc, (choice & 32) != 0))) {
		answer(its, value, rc);
	}
	return its->broke ? ump_break(its) : ump_continue();
}

static struct ump_flow on_request(void *self, const void *msg, ump_reply_context **rc)
{
	return handle(at(self), next_of(at(self), msg), rc);
}

static struct ump_flow on_post(void *self, const void *msg)
{
	return handle(at(self), next_of(at(self), msg), NULL);
}

static void on_leftover(void *self, const void *msg, ump_reply_context **rc)
{
	struct combining *its = at(self);
	int value = next_of(its, msg);

	EXPECT("[break]", (its->broke || its->stopped) && its->terms == 0);
	its->taken[value] = rc == NULL;
	if (rc != NULL && input_flag(&life.input))
		answer(its, value, rc);
}

static struct ump_flow on_term(void *self, struct ump_flow how)
{
	struct combining *its = at(self);

	EXPECT("[break]", how.stop == (its->broke || its->stopped));
	/* The handler's own break is preferred to a stop. */
	if (its->stopped && !its->broke)
		EXPECT("[stop]", how.value == &its->stop_drops);
	else
		EXPECT("[break]", how.value == (its->broke ? its : NULL));
	its->terms++;
	return how;
}

static void on_drop(void *self)
{
	at(self)->drops++;
}

static int on_init(void *self, ump_weak_client *me)
{
	(void)me;
	return at(self)->init_fails ? 9 : 0;
}

/* ---- Operations ---------------------------------------------------------------------------- */

static bool over(const struct combining *its)
{
	return its->broke || its->drops > 0;
}

/* Make a new message.  It is in the inbox as soon as it is sent, unless the inbox is closed. */
static int begin(struct combining *its, bool blocks)
{
	int value = its->values++;

	its->end[value] = OPEN;
	its->blocks[value] = blocks;
	if (!over(its))
		its->queue[its->last++] = value;
	return value;
}

/* Whether a caller that has released the combiner role also waits for an answer: a new combiner
 * hands the role back to it, and returns before all messages are handled. */
static bool has_waiter(const struct combining *its)
{
	for (int i = its->first; i < its->last && its->offers > 0; i++) {
		if (its->blocks[its->queue[i]])
			return true;
	}
	return false;
}

/* A sent message is handled, unless a handler has sent it or the server has ended. */
static void sent(struct combining *its, int value, bool was_over, int result)
{
	EXPECT("[gone]", result == (was_over ? UMP_SERVER_GONE : UMP_OK));
	if (result != UMP_OK) {
		its->end[value] = UNSENT;
		return;
	}
	if (its->in_handler)
		return;
	skip(its);
	if (!over(its) && !has_waiter(its))
		EXPECT("[combining]", its->first == its->last);
	EXPECT("[break]", its->drops == over(its));
}

/* The result of a request; UMP_SERVER_GONE if the end has found it in the inbox. */
static int end_of(const struct combining *its, int value)
{
	return its->end[value] == OPEN && over(its) && !its->in_handler ? UMP_SERVER_GONE
									: its->end[value];
}

static void send_request(struct combining *its, const ump_client *client, ump_time deadline)
{
	bool was_over = over(its);
	int value;
	int reply = -1;
	int result;

	if (its->in_handler) {
		result = ump_client_req(client, &reply, &reply, deadline);
		EXPECT("[deadlock]", result == UMP_DEADLOCK);
		return;
	}
	/* On one thread, the answer cannot come before the other waiting caller continues. */
	if (has_waiter(its))
		return;
	value = begin(its, true);
	result = ump_client_req(client, &value, &reply, deadline);
	if (was_over) {
		EXPECT("[gone]", result == UMP_SERVER_GONE);
		return;
	}
	EXPECT("[once]", result == end_of(its, value));
	EXPECT("[once]", result != UMP_OK || reply == value);
	sent(its, value, false, UMP_OK);
}

static void send_async(struct combining *its, const ump_client *client, unsigned slot)
{
	bool was_over = over(its);
	int value;

	if (its->waits[slot] != NULL)
		return;
	value = begin(its, false);
	/* The handle must be set when the handler runs. */
	its->wait_for[slot] = value;
	sent(its, value, was_over, ump_client_req_async(client, &value, &its->waits[slot]));
}

static void try_wait(struct combining *its, unsigned slot)
{
	int value = its->wait_for[slot];
	int reply = -1;
	int result;

	if (its->waits[slot] == NULL)
		return;
	result = ump_wait_reply_try(&its->waits[slot], &reply);
	if (its->waits[slot] != NULL) {
		EXPECT("[once]", result == UMP_EMPTY);
		EXPECT("[once]", end_of(its, value) == OPEN || end_of(its, value) == KEPT);
		return;
	}
	EXPECT("[once]", result == end_of(its, value));
	EXPECT("[once]", result != UMP_OK || reply == value);
}

static void give_up(struct combining *its, unsigned slot)
{
	if (its->waits[slot] == NULL)
		return;
	its->gone[its->wait_for[slot]] = true;
	ump_wait_reply_drop(&its->waits[slot]);
}

/* Whether all messages were handled, if the server has drained. */
static bool is_empty(const struct combining *its)
{
	return its->broke || its->stopped || its->first == its->last;
}

/* Each message was handled, given back, or dropped. */
static void check_values(const struct combining *its)
{
	for (int i = 0; i < its->values; i++) {
		bool back = its->end[i] == UNSENT || its->blocks[i];

		EXPECT("[once]", its->dropped[i] == (!back && !its->taken[i]));
	}
}

static void drop_client(struct combining *its, unsigned slot)
{
	bool ends = strong(its) == 1 && !its->in_handler;

	if (its->clients[slot] == NULL)
		return;
	/* A client that a call uses must stay. */
	if ((its->in_handler || its->offers > 0) && slot == 0)
		return;
	ump_client_drop(&its->clients[slot]);
	skip(its);
	if (ends)
		EXPECT("[drain]", its->drops == 1 && is_empty(its));
}

static void join(struct combining *its)
{
	struct ump_flow how = {false, NULL};
	bool ended = its->drops > 0;

	if (its->handle == NULL)
		return;
	if (its->in_handler) {
		EXPECT("[deadlock]",
			ump_combining_join(&its->handle, &how, UMP_FOREVER) == UMP_DEADLOCK);
		if (input_byte(&life.input) == 7)
			ump_combining_drop(&its->handle);
		return;
	}
	EXPECT("[misuse]", ump_combining_watch(its->handle, NULL, NULL) == UMP_INVALID);
	EXPECT("[deadline]", ump_combining_join(&its->handle, &how, UMP_NOW) ==
				     (ended ? UMP_OK : UMP_TIMED_OUT));
	EXPECT("[break]", how.stop == (ended && (its->broke || its->stopped)));
	EXPECT("[misuse]", (its->handle == NULL) == ended);
}

static void answer_kept(struct combining *its, unsigned slot)
{
	bool ends = strong(its) == 1 && its->holds[slot];

	if (its->kept[slot] == NULL)
		return;
	/* Handlers may run in the call. */
	its->holds[slot] = false;
	answer(its, its->kept_for[slot], &its->kept[slot]);
	skip(its);
	if (ends)
		EXPECT("[hold]", its->drops == 1 && is_empty(its));
}

static void post(struct combining *its, const ump_client *client)
{
	bool was_over = over(its);
	int value = begin(its, false);

	sent(its, value, was_over, ump_client_post(client, &value));
}

static void on_stop_drop(void *value)
{
	EXPECT("[stop]", value == &only.stop_drops && only.broke && only.terms == 0);
	only.stop_drops++;
}

/* Outside of handlers, the server ends in the call. */
static void stop(struct combining *its, const ump_client *client)
{
	int expected = over(its) || its->stopped ? UMP_SERVER_GONE : UMP_OK;

	its->stopped = its->stopped || expected == UMP_OK;
	EXPECT("[stop]", ump_client_stop(client, &its->stop_drops, on_stop_drop) == expected);
	if (!its->in_handler)
		EXPECT("[stop]", its->terms == 1 && its->drops == 1);
}

static void operate(struct combining *its)
{
	unsigned what = input_below(&life.input, 11);
	unsigned slot = input_below(&life.input, SLOTS);
	/* Calls use the first client, which handlers must not drop. */
	const ump_client *client = its->clients[0];
	bool sends = what < 4;

	if (sends && (client == NULL || its->values == MOST))
		return;
	switch (what) {
	case 0:
		post(its, client);
		break;
	case 1:
	case 2:
		send_request(its, client, what == 1 ? UMP_FOREVER : life.now + 1000);
		break;
	case 3:
		send_async(its, client, slot);
		break;
	case 4:
		try_wait(its, slot);
		break;
	case 5:
		give_up(its, slot);
		break;
	case 6:
		if (client != NULL && its->clients[slot] == NULL)
			EXPECT("[clean]", ump_client_clone(client, &its->clients[slot]) == UMP_OK);
		break;
	case 7:
		drop_client(its, slot);
		break;
	case 8:
		join(its);
		break;
	case 10:
		if (client != NULL)
			stop(its, client);
		break;
	default:
		answer_kept(its, slot);
	}
}

/* ---- A whole life -------------------------------------------------------------------------- */

static int build(void *arg, ump_client *client, struct ump_handler *out)
{
	struct combining *its = at(arg);
	int reply = 0;

	EXPECT("[deadlock]", ump_client_req(client, &reply, &reply, UMP_FOREVER) == UMP_DEADLOCK);
	out->self = its;
	out->init = on_init;
	out->request = on_request;
	out->post = on_post;
	out->leftover = its->leftovers ? on_leftover : NULL;
	out->term = on_term;
	out->drop = on_drop;
	return its->builder_fails ? 8 : 0;
}

static bool spawn(struct combining *its)
{
	uint8_t choice = input_byte(&life.input);
	struct ump_config config = {.request = {sizeof(int), on_value_drop},
		.reply.size = sizeof(int),
		.post = {sizeof(int), on_value_drop},
		.budget = (choice & 1) != 0,
		.capacity = (choice & 2) != 0 ? MOST : 0};
	int result;

	its->leftovers = (choice & 4) != 0;
	its->builder_fails = (choice & 24) == 16;
	its->init_fails = (choice & 24) == 24;
	its->early = (choice & 96) == 32;
	if ((choice & 96) == 96) {
		config.budget = SIZE_MAX;
		EXPECT("[misuse]", ump_spawn_combining(&config, build, its, &its->clients[0],
					   &its->handle) == UMP_INVALID);
		EXPECT("[misuse]", ump_spawn_combining(&config, NULL, its, &its->clients[0],
					   &its->handle) == UMP_INVALID);
		EXPECT("[misuse]",
			ump_spawn_combining(NULL, build, its, NULL, &its->handle) == UMP_INVALID);
		EXPECT("[misuse]", ump_spawn_combining(NULL, build, its, &its->clients[0], NULL) ==
					   UMP_INVALID);
		EXPECT("[misuse]", ump_combining_join(NULL, NULL, UMP_NOW) == UMP_INVALID);
		EXPECT("[misuse]", ump_combining_join(&its->handle, NULL, UMP_NOW) == UMP_INVALID);
		EXPECT("[misuse]", ump_spawn_combining_sized(&config, sizeof config,
					   sizeof(struct ump_handler) + 1, build, its,
					   &its->clients[0], &its->handle) == UMP_INVALID);
		ump_combining_drop(NULL);
		config.budget = 0;
	}
	if ((choice & 128) != 0)
		life_fail_in(1 + choice % 4);
	result = ump_spawn_combining(&config, build, its, &its->clients[0], &its->handle);
	life_fail_in(0);
	if (result == UMP_OK)
		return true;
	EXPECT("[clean]", its->clients[0] == NULL && its->handle == NULL);
	if (life_failed())
		EXPECT("[clean]", result == UMP_NO_MEMORY);
	else
		EXPECT("[init]", result == (its->builder_fails ? 8 : 9));
	EXPECT("[init]", its->drops == (result == 9) && its->terms == 0);
	return false;
}

static void finish(struct combining *its)
{
	if (its->early)
		ump_combining_drop(&its->handle);
	for (unsigned i = SLOTS; i > 0; i--)
		drop_client(its, i - 1);
	for (unsigned i = 0; i < SLOTS; i++) {
		if (its->holds[i])
			answer_kept(its, i);
	}
	EXPECT("[drain]", its->terms == 1 && its->drops == 1);
	EXPECT("[stop]", its->stop_drops == (its->stopped && its->broke));
	/* Sometimes the handle is dropped without a join. */
	if (its->leftovers && its->handle != NULL)
		EXPECT("[break]", ump_combining_join(&its->handle, NULL, UMP_NOW) == UMP_OK);
	else if (its->values % 2 == 0)
		join(its);
	ump_combining_drop(&its->handle);
	for (unsigned i = 0; i < SLOTS; i++)
		answer_kept(its, i);
	for (unsigned i = 0; i < SLOTS; i++) {
		try_wait(its, i);
		EXPECT("[once]", its->waits[i] == NULL);
	}
	check_values(its);
}

void __wrap_ump__spin_then_park(struct ump__word *word, uintptr_t value, int64_t ns);

/* A caller that has released the combiner role waits: meanwhile another operation may run, as if on
 * another thread. */
void __wrap_ump__spin_then_park(struct ump__word *word, uintptr_t value, int64_t ns)
{
	void **slot = ump__thread_slot();
	void *frames = *slot;

	EXPECT("[combining]", !only.in_handler && !over(&only) && ns == TAKES);
	EXPECT("[combining]", ump__word_peek(word) == value);
	*slot = NULL;
	only.offers++;
	if (input_flag(&life.input))
		operate(&only);
	only.offers--;
	*slot = frames;
}

void life_combining(void)
{
	memset(&only, 0, sizeof only);
	if (!spawn(&only))
		return;
	while (!input_is_over(&life.input))
		operate(&only);
	finish(&only);
}
