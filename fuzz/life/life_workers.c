/* SPDX-License-Identifier: 0BSD */
/*
 * Workers: up to three real threads behind one inbox, plain or by key, and the main thread, which
 * sends, stops and joins.  Only the main thread reads the input; what a handler does is in its
 * message.  Threads overlap, so that the books, under a lock, hold what is true in every order:
 * each value has one fate, each request one result that fits it, messages of one key never overlap
 * and are in order, and `init`, `term` and `drop` of each handler run as often as they must.
 */
#include "life/life_world.h"

#include <pthread.h>
#include <time.h>

#define MOST     48
#define WORKERS  3
#define KEYS     3
#define OWN_CODE 5
/* Results of requests that have none yet, or were given up. */
#define OPEN     (-100)
#define GIVEN_UP (-101)

/* What a handler does with a message. */
enum act {
	ANSWER,
	FAIL,
	FORGET,
	KEEP,
	BREAK,
	/* Wait until the gate is open. */
	HOLD,
	/* Make a request, whose value is the next one, to the same workers. */
	CALL,
	PROBE,
	ACTS
};

enum kind_of_send {
	POST,
	/* Blocking without a deadline: the value is lent. */
	LENT,
	/* Blocking with a deadline. */
	BLOCKING,
	ASYNC
};

struct sent {
	int number;
	int key;
	enum act act;
};

struct value {
	enum kind_of_send how;
	enum act act;
	int key;
	bool accepted;
	/* Sent by a worker: its order is not known. */
	bool inner;
	int handled;
	/* Answered as a leftover. */
	int taken;
	int left;
	int dropped;
	int result;
	/* A reply was given: by a handler, or through a kept context. */
	bool replied;
	/* It was given up while no worker could begin it. */
	bool skips;
};

static struct crew {
	pthread_mutex_t lock;
	pthread_cond_t opened;
	bool closed_gate;
	/* Workers that wait for it. */
	int holding;
	ump_workers *handle;
	ump_client *clients[SLOTS];
	ump_weak_client *weak;
	ump_completions *watches;
	ump_wait_reply *waits[SLOTS];
	int wait_for[SLOTS];
	ump_reply_context *kept[MOST];
	struct value values[MOST];
	int count_of_values;
	/* The last message of the main thread of each key; which keys are busy. */
	int last[KEYS];
	bool busy[KEYS];
	int count;
	bool by_key;
	bool with_leftover;
	bool with_term;
	bool bounded;
	int fail_build;
	int fail_init;
	int builds;
	int inits;
	int terms;
	int drops;
	pthread_t threads[WORKERS];
	/* The values that term returns. */
	char outcomes[WORKERS];
	/* Breaks of handlers. */
	int breaks;
	bool stopped;
	char stop_value;
	int stop_drops;
	bool stop_won;
	/* Whether it is known which of several ends was first. */
	bool end_is_known;
	bool watched;
	/* The last leftover of each key, or of all in the first if there are no keys. */
	int last_left[KEYS];
} only;

struct handler {
	int index;
};

static struct handler handlers[WORKERS];

static void lock(void)
{
	pthread_mutex_lock(&only.lock);
}

static void unlock(void)
{
	pthread_mutex_unlock(&only.lock);
}

static void set_gate(bool closed)
{
	lock();
	only.closed_gate = closed;
	pthread_cond_broadcast(&only.opened);
	unlock();
}

/* ---- Values --------------------------------------------------------------------------------- */

static void on_value_drop(void *msg)
{
	lock();
	only.values[((struct sent *)msg)->number].dropped++;
	unlock();
}

static struct sent new_value(enum kind_of_send how, enum act act, int key)
{
	struct value *value = &only.values[only.count_of_values];
	struct sent sent = {only.count_of_values, key, act};

	*value = (struct value){.how = how, .act = act, .key = key, .result = OPEN};
	only.count_of_values++;
	return sent;
}

static uint64_t key_of(void *arg, const void *msg, bool request)
{
	const struct sent *sent = msg;

	EXPECT("[workers]", arg == &only);
	EXPECT("[workers]", request == (only.values[sent->number].how != POST));
	return (uint64_t)sent->key;
}

/* ---- Handlers ------------------------------------------------------------------------------- */

static int on_init(void *self, ump_weak_client *me)
{
	const struct handler *handler = self;

	(void)me;
	EXPECT("[init]", handler->index == only.inits && only.builds == only.count);
	only.threads[handler->index] = pthread_self();
	return only.inits++ == only.fail_init ? 9 : 0;
}

static void begin(const struct handler *handler, const struct sent *sent)
{
	struct value *value = &only.values[sent->number];

	EXPECT("[user]", pthread_equal(pthread_self(), only.threads[handler->index]) != 0);
	lock();
	EXPECT("[workers]", only.inits == only.count && only.terms == 0 && only.drops == 0);
	EXPECT("[once]", value->handled == 0 && value->left == 0 && value->dropped == 0);
	value->handled++;
	if (only.by_key) {
		EXPECT("[workers]", !only.busy[sent->key]);
		EXPECT("[fifo]", value->inner || only.last[sent->key] < sent->number);
		only.busy[sent->key] = true;
		if (!value->inner)
			only.last[sent->key] = sent->number;
	}
	EXPECT("[origin]", !value->skips);
	only.holding++;
	while (sent->act == HOLD && only.closed_gate)
		pthread_cond_wait(&only.opened, &only.lock);
	only.holding--;
	unlock();
}

/* By key, a cycle behind messages of busy keys is not found: only a deadline ends it. */
static void call(const struct sent *sent)
{
	struct sent next = {sent->number + 1, (sent->key + 1) % KEYS, ANSWER};
	ump_client *client = NULL;
	int reply = -1;
	int result = ump_weak_client_upgrade(only.weak, &client);

	if (result != UMP_OK) {
		EXPECT("[weak]", result == UMP_CLIENTS_GONE || result == UMP_NO_MEMORY);
		return;
	}
	lock();
	only.values[next.number].accepted = true;
	unlock();
	result = ump_client_req(
		client, &next, &reply, only.by_key ? ump_after(1000000) : UMP_FOREVER);
	EXPECT("[once]", result == UMP_OK ? reply == next.number
					  : result == UMP_DEADLOCK || result == UMP_SERVER_GONE ||
						    (result == UMP_TIMED_OUT && only.by_key) ||
						    (result == UMP_FULL && only.bounded) ||
						    result == UMP_NO_MEMORY);
	lock();
	only.values[next.number].result = result;
	if (result == UMP_FULL || result == UMP_NO_MEMORY)
		only.values[next.number].accepted = false;
	unlock();
	ump_client_drop(&client);
}

static struct ump_flow never_called(void *self, void *arg, uint64_t count)
{
	(void)self;
	(void)arg;
	(void)count;
	EXPECT("[workers]", false);
	return ump_continue();
}

static void probe(void)
{
	uint64_t number = 1;

	EXPECT("[suspend]", ump_suspend() == NULL);
	EXPECT("[timer]",
		ump_timer_start(never_called, NULL, UMP_NOW, 0, &number) == UMP_NO_TIMERS);
	EXPECT("[ask]", ump_ask_cancel(1) == UMP_INVALID);
	EXPECT("[deadlock]", ump_workers_join(NULL, NULL, UMP_FOREVER) == UMP_INVALID);
}

static void answer(const struct sent *sent, ump_reply_context **rc)
{
	int result;

	lock();
	only.values[sent->number].replied = true;
	unlock();
	result = ump_reply(rc, &sent->number);
	EXPECT("[origin]", result == UMP_OK || result == UMP_ORIGIN_GONE);
}

static struct ump_flow handle(void *self, const void *msg, ump_reply_context **rc)
{
	struct sent sent = *(const struct sent *)msg;

	begin(self, &sent);
	if (sent.act == CALL)
		call(&sent);
	if (sent.act == PROBE)
		probe();
	lock();
	only.busy[sent.key] = false;
	only.breaks += sent.act == BREAK;
	if (rc != NULL && sent.act == KEEP) {
		only.kept[sent.number] = ump_reply_keep(rc);
		rc = NULL;
	}
	unlock();
	if (rc != NULL && sent.act == FAIL)
		EXPECT("[once]", ump_reply_fail(rc, OWN_CODE) != UMP_INVALID);
	else if (rc != NULL && sent.act != FORGET && sent.act != BREAK)
		answer(&sent, rc);
	return sent.act == BREAK ? ump_break(&only.values[sent.number]) : ump_continue();
}

static struct ump_flow on_post(void *self, const void *msg)
{
	return handle(self, msg, NULL);
}

/* Only the worker that closes the inbox passes leftovers to its handler; requests of even numbers
 * are answered. */
static void on_leftover(void *self, const void *msg, ump_reply_context **rc)
{
	const struct handler *handler = self;
	struct sent sent = *(const struct sent *)msg;
	struct value *value = &only.values[sent.number];

	EXPECT("[user]", pthread_equal(pthread_self(), only.threads[handler->index]) != 0);
	lock();
	EXPECT("[break]", (only.breaks > 0 || only.stopped) && only.terms == 0 && only.drops == 0);
	EXPECT("[once]", value->handled == 0 && value->left == 0 && value->dropped == 0);
	value->left++;
	if (!value->inner) {
		int *last = &only.last_left[only.by_key ? sent.key : 0];

		/* A message of that key may have been dequeued before, and begin later. */
		EXPECT("[fifo]", *last < sent.number);
		EXPECT("[fifo]", !only.by_key || only.last[sent.key] < sent.number);
		*last = sent.number;
	}
	value->taken += rc == NULL || sent.number % 2 == 0;
	unlock();
	if (rc != NULL && sent.number % 2 == 0)
		answer(&sent, rc);
}

/* Whether `how` is that of a handler's break or of the stop. */
static bool is_first_outcome(struct ump_flow how)
{
	const struct value *value = how.value;

	only.end_is_known = true;
	if (!how.stop)
		return how.value == NULL && only.breaks == 0 && !only.stopped;
	only.stop_won = how.value == &only.stop_value;
	if (only.stop_won)
		return only.stopped && only.stop_drops == 0;
	return value >= only.values && value < &only.values[MOST] && value->act == BREAK &&
	       value->handled == 1;
}

static struct ump_flow on_term(void *self, struct ump_flow how)
{
	const struct handler *handler = self;

	lock();
	EXPECT("[init]", only.inits == only.count && only.fail_init >= only.count);
	EXPECT("[workers]", handler->index == only.terms && handler->index == only.drops);
	if (handler->index == 0)
		EXPECT("[break]", is_first_outcome(how));
	else
		EXPECT("[break]", how.stop && how.value == &only.outcomes[handler->index - 1]);
	for (int i = 0; i < KEYS; i++)
		EXPECT("[workers]", !only.busy[i]);
	only.terms++;
	unlock();
	return ump_break(&only.outcomes[handler->index]);
}

/* In turn at the end, and in reverse if spawning fails. */
static void on_drop(void *self)
{
	const struct handler *handler = self;
	int index = handler->index;

	lock();
	if (index < only.inits)
		EXPECT("[user]", pthread_equal(pthread_self(), only.threads[index]) != 0);
	if (only.inits == only.count && only.fail_init >= only.count)
		EXPECT("[workers]",
			index == only.drops && only.terms == (only.with_term ? index + 1 : 0));
	else
		EXPECT("[init]", index == only.builds - 1 - only.drops && only.terms == 0);
	only.drops++;
	unlock();
}

static int build(void *arg, ump_client *client, struct ump_handler *out)
{
	struct handler *handler = &handlers[only.builds];

	EXPECT("[init]", arg == &only && client != NULL && only.inits == 0);
	if (only.builds == only.fail_build)
		return 8;
	*handler = (struct handler){only.builds++};
	*out = (struct ump_handler){.self = handler,
		.init = on_init,
		.request = handle,
		.post = on_post,
		.leftover = only.with_leftover ? on_leftover : NULL,
		.term = only.with_term ? on_term : NULL,
		.drop = on_drop};
	return 0;
}

/* ---- Operations of the main thread ---------------------------------------------------------- */

static void nap(void)
{
	const struct timespec moment = {0, 20000};

	(void)nanosleep(&moment, NULL);
}

/* Close the gate; or, if it is closed, let the workers come to it for a while. */
static void close_gate(void)
{
	bool closed;
	bool all;

	lock();
	closed = only.closed_gate;
	unlock();
	if (!closed)
		set_gate(true);
	all = !closed;
	for (int i = 0; i < 50 && !all; i++) {
		nap();
		lock();
		all = only.holding == only.count;
		unlock();
	}
}

/* Whether the server may be gone. */
static bool may_be_over(void)
{
	bool over;

	lock();
	over = only.stopped;
	for (int i = 0; i < only.count_of_values; i++)
		over = over || (only.values[i].act == BREAK && only.values[i].accepted);
	unlock();
	return over;
}

/* Make a message of the input, and its successor, if its handler calls. */
static struct sent choose(enum kind_of_send how)
{
	unsigned choice = input_byte(&life.input);
	enum act act = (enum act)(choice % ACTS);
	int key = (int)(choice / ACTS % KEYS);
	struct sent sent;

	/* It would block until the main thread answers. */
	if (act == KEEP && (how == LENT || how == BLOCKING))
		act = ANSWER;
	lock();
	sent = new_value(how, act, key);
	/* Known before the message is handled. */
	only.values[sent.number].accepted = true;
	if (act == CALL) {
		struct sent next =
			new_value(only.by_key ? BLOCKING : LENT, ANSWER, (key + 1) % KEYS);

		only.values[next.number].inner = true;
	}
	unlock();
	return sent;
}

static void refused(const struct sent *sent, int result)
{
	lock();
	only.values[sent->number].accepted = false;
	unlock();
	if (result == UMP_SERVER_GONE)
		EXPECT("[gone]", may_be_over());
	else if (result == UMP_NO_MEMORY)
		EXPECT("[clean]", life_failed());
	else
		EXPECT("[bound]", result == UMP_FULL && only.bounded);
}

static void post(ump_client *client, bool waits)
{
	struct sent sent = choose(POST);
	int result;

	if (waits)
		set_gate(false);
	result = waits ? ump_client_post_until(client, &sent, UMP_FOREVER)
		       : ump_client_post(client, &sent);
	EXPECT("[bound]", !waits || result != UMP_FULL);
	if (result != UMP_OK)
		refused(&sent, result);
}

/* Whether a request with this value may have this result. */
static void check_result(int number, int result, int reply)
{
	struct value *value = &only.values[number];

	lock();
	value->result = result;
	if (result == UMP_OK)
		EXPECT("[once]", reply == number && value->replied);
	else if (result == OWN_CODE)
		EXPECT("[once]", value->act == FAIL && value->handled == 1);
	else if (result == UMP_NO_REPLY)
		EXPECT("[forgot]",
			value->handled == 1 && (value->act == FORGET || value->act == BREAK ||
						       value->act == KEEP));
	else if (result == UMP_SERVER_GONE)
		EXPECT("[gone]", value->handled == 0 && value->taken == 0 &&
					 (only.breaks > 0 || only.stopped));
	else
		EXPECT("[deadline]", result == UMP_TIMED_OUT && value->how == BLOCKING);
	unlock();
}

static void request(ump_client *client, bool lends)
{
	struct sent sent = choose(lends ? LENT : BLOCKING);
	unsigned wait = lends ? 0 : input_below(&life.input, 100);
	int reply = -1;
	int result;

	if (lends)
		set_gate(false);
	result = ump_client_req(
		client, &sent, &reply, lends ? UMP_FOREVER : ump_after((int64_t)wait * 1000));
	/* It was not accepted, or has returned to its sender. */
	if (ump_request_is_mine(result)) {
		EXPECT("[gone]", !lends || result == UMP_SERVER_GONE);
		refused(&sent, result);
	} else {
		check_result(sent.number, result, reply);
	}
}

static void send_async(ump_client *client, unsigned slot)
{
	struct sent sent;
	int result;

	if (only.waits[slot] != NULL)
		return;
	sent = choose(ASYNC);
	result = ump_client_req_async(client, &sent, &only.waits[slot]);
	EXPECT("[once]", (only.waits[slot] != NULL) == (result == UMP_OK));
	only.wait_for[slot] = sent.number;
	if (result != UMP_OK)
		refused(&sent, result);
}

static void try_wait(unsigned slot)
{
	int reply = -1;
	int result;

	if (only.waits[slot] == NULL)
		return;
	result = ump_wait_reply_try(&only.waits[slot], &reply);
	EXPECT("[once]", (only.waits[slot] != NULL) == (result == UMP_EMPTY));
	if (result != UMP_EMPTY)
		check_result(only.wait_for[slot], result, reply);
}

static void give_up(unsigned slot)
{
	struct value *value = &only.values[only.wait_for[slot]];
	bool held;

	if (only.waits[slot] == NULL)
		return;
	lock();
	value->result = GIVEN_UP;
	held = only.closed_gate && only.holding == only.count && value->handled == 0;
	unlock();
	ump_wait_reply_drop(&only.waits[slot]);
	lock();
	value->skips = held;
	unlock();
}

/* Answer or drop the kept contexts. */
static void consume_kept(bool replies)
{
	for (int i = 0; i < MOST; i++) {
		ump_reply_context *rc;

		lock();
		rc = only.kept[i];
		only.kept[i] = NULL;
		only.values[i].replied = only.values[i].replied || (rc != NULL && replies);
		unlock();
		if (rc != NULL && replies)
			EXPECT("[keep]", ump_reply(&rc, &i) != UMP_INVALID);
		ump_reply_drop(&rc);
	}
}

static void on_stop_drop(void *value)
{
	lock();
	EXPECT("[stop]", value == &only.stop_value && only.breaks > 0);
	only.stop_drops++;
	unlock();
}

static void stop(const ump_client *client)
{
	bool was;
	int result;

	lock();
	was = only.stopped;
	only.stopped = true;
	unlock();
	result = ump_client_stop(client, &only.stop_value, on_stop_drop);
	EXPECT("[stop]", result == UMP_OK || result == UMP_SERVER_GONE);
	EXPECT("[stop]", result == UMP_SERVER_GONE || !was);
	if (result != UMP_OK && !was) {
		lock();
		EXPECT("[stop]", only.breaks > 0);
		only.stopped = false;
		unlock();
	}
}

static void statistics(void)
{
	struct ump_stats stats;

	EXPECT("[misuse]",
		ump_workers_stats(only.handle, (size_t)only.count, &stats) == UMP_INVALID);
	if (only.handle == NULL)
		return;
	EXPECT("[misuse]", ump_workers_stats(only.handle, 0, NULL) == UMP_INVALID);
	for (size_t i = 0; i < (size_t)only.count; i++) {
		EXPECT("[workers]", ump_workers_stats(only.handle, i, &stats) == UMP_OK);
		EXPECT("[workers]", stats.handled <= MOST && stats.busy_for == -1);
	}
}

static void watch(void)
{
	int result;

	if (only.handle == NULL || only.watches == NULL || only.watched)
		return;
	result = ump_workers_watch(only.handle, only.watches, &only);
	if (result != UMP_OK)
		EXPECT("[clean]", result == UMP_NO_MEMORY && life_failed());
	only.watched = result == UMP_OK;
}

static void drop_clients(void)
{
	for (int i = 0; i < SLOTS; i++)
		ump_client_drop(&only.clients[i]);
}

static void join_now(void)
{
	struct ump_flow how;
	int result;

	if (only.handle == NULL || only.clients[0] == NULL || may_be_over())
		return;
	result = ump_workers_join(&only.handle, &how, UMP_NOW);
	EXPECT("[deadline]", result == UMP_TIMED_OUT && only.handle != NULL);
}

static void operate(void)
{
	unsigned what = input_below(&life.input, 16);
	unsigned slot = input_below(&life.input, SLOTS);
	ump_client *client = only.clients[0];
	bool sends = what < 6;

	if ((sends || what == 11) && client == NULL)
		return;
	(void)life_failure();
	if ((what == 4 || what == 5 || what == 0 || what == 10) && slot == SLOTS - 1)
		life_fail_in(1 + (int)input_below(&life.input, 2));
	switch (what) {
	case 0:
	case 1:
		post(client, what == 1);
		break;
	case 2:
	case 3:
		request(client, what == 2);
		break;
	case 4:
	case 5:
		send_async(client, slot);
		break;
	case 6:
		try_wait(slot);
		break;
	case 7:
		give_up(slot);
		break;
	case 8:
		close_gate();
		break;
	case 9:
		set_gate(false);
		break;
	case 10:
		watch();
		break;
	case 11:
		stop(client);
		break;
	case 12:
		consume_kept(slot % 2 == 0);
		break;
	case 13:
		statistics();
		break;
	case 14:
		join_now();
		break;
	default:
		if (slot == 0)
			drop_clients();
		else if (client != NULL && only.clients[slot] == NULL)
			EXPECT("[clean]", ump_client_clone(client, &only.clients[slot]) == UMP_OK);
	}
	life_fail_in(0);
}

/* ---- A whole life --------------------------------------------------------------------------- */

static void misuse(const struct ump_config *config)
{
	struct ump_config wrong = *config;
	ump_client *client = NULL;
	ump_workers *workers = NULL;

	EXPECT("[misuse]",
		ump_spawn_workers(config, build, &only, 0, &client, &workers) == UMP_INVALID);
	EXPECT("[misuse]", ump_spawn_workers(config, build, &only, UMP_WORKERS_MOST + 1, &client,
				   &workers) == UMP_INVALID);
	EXPECT("[misuse]",
		ump_spawn_workers(config, NULL, &only, 1, &client, &workers) == UMP_INVALID);
	EXPECT("[misuse]",
		ump_spawn_workers(config, build, &only, 1, NULL, &workers) == UMP_INVALID);
	EXPECT("[misuse]",
		ump_spawn_workers(config, build, &only, 1, &client, NULL) == UMP_INVALID);
	EXPECT("[misuse]", ump_workers_watch(NULL, NULL, NULL) == UMP_INVALID);
	EXPECT("[misuse]", ump_workers_join(&workers, NULL, UMP_NOW) == UMP_INVALID);
	ump_workers_drop(&workers);
	ump_workers_drop(NULL);
	wrong.stack_size = 1 << 18;
	if (ump_thread_pool_open(&wrong.thread_pool, 1, 1 << 17) != UMP_OK)
		return;
	EXPECT("[misuse]",
		ump_spawn_workers(&wrong, build, &only, 1, &client, &workers) == UMP_INVALID);
	ump_thread_pool_drop(&wrong.thread_pool);
	EXPECT("[misuse]", only.builds == 0 && client == NULL && workers == NULL);
}

static bool spawn(struct ump_config *config)
{
	unsigned choice = input_byte(&life.input);
	unsigned fails = input_byte(&life.input);
	int result;

	only.count = 1 + (int)(choice & 3) % WORKERS;
	only.by_key = (choice & 4) != 0;
	only.with_leftover = (choice & 8) != 0;
	only.with_term = (choice & 16) != 0;
	only.bounded = (choice & 32) != 0;
	config->capacity = only.bounded ? 3 : 0;
	config->key = only.by_key ? key_of : NULL;
	config->inherit_signals = (choice & 64) != 0;
	if ((choice & 128) != 0)
		(void)ump_thread_pool_open(&config->thread_pool, 1, 0);
	only.fail_build = only.fail_init = WORKERS;
	if ((fails & 7) == 1)
		only.fail_build = (int)(fails >> 3) % only.count;
	else if ((fails & 7) == 2)
		only.fail_init = (int)(fails >> 3) % only.count;
	else if ((fails & 7) == 3)
		life_fail_in(1 + (int)(fails >> 3));
	else if ((fails & 7) == 4)
		misuse(config);
	result = ump_spawn_workers(
		config, build, &only, (size_t)only.count, &only.clients[0], &only.handle);
	life_fail_in(0);
	if (result == UMP_OK) {
		EXPECT("[init]", only.inits == only.count && only.builds == only.count);
		EXPECT("[init]", only.fail_build == WORKERS && only.fail_init == WORKERS);
		return true;
	}
	EXPECT("[clean]", only.clients[0] == NULL && only.handle == NULL);
	if (only.fail_build < WORKERS)
		EXPECT("[init]", result == 8 && only.inits == 0 && only.builds == only.fail_build);
	else if (only.fail_init < WORKERS)
		EXPECT("[init]", result == 9 && only.inits == only.fail_init + 1);
	else
		EXPECT("[clean]", result == life_failure());
	EXPECT("[init]", only.drops == only.builds && only.terms == 0);
	return false;
}

/* The numbers of all workers together are those of the server, once it has ended. */
static void check_statistics(void)
{
	struct ump_stats all;
	struct ump_stats one;
	uint64_t handled = 0;
	uint64_t skipped = 0;
	uint64_t begun = 0;

	for (int i = 0; i < only.count_of_values; i++)
		begun += (uint64_t)only.values[i].handled;
	for (size_t i = 0; i < (size_t)only.count; i++) {
		EXPECT("[workers]", ump_workers_stats(only.handle, i, &one) == UMP_OK);
		handled += one.handled;
		skipped += one.skipped;
		EXPECT("[break]", one.closed && !one.busy && one.clients == 0);
	}
	EXPECT("[weak]", ump_weak_client_stats(only.weak, &all) == UMP_OK);
	EXPECT("[workers]", handled == begun && all.handled == begun);
	/* A break skips others while it disposes of what is left. */
	EXPECT("[origin]", skipped <= all.skipped);
	if (only.breaks == 0 && !only.stopped)
		EXPECT("[origin]", skipped == all.skipped);
}

/* The watch comes once, with the outcome; the handle can be joined then. */
static void check_watch(void)
{
	struct ump_completion got;
	int result = UMP_EMPTY;

	for (int i = 0; i < 500000 && result == UMP_EMPTY; i++) {
		result = ump_completions_next(only.watches, &got);
		if (result == UMP_EMPTY)
			nap();
	}
	EXPECT("[watch]", result == UMP_OK && got.tag == &only && got.result == UMP_OK);
	EXPECT("[watch]", only.drops == only.count);
	if (only.with_term)
		EXPECT("[watch]", ((const struct ump_flow *)got.reply)->value ==
					  &only.outcomes[only.count - 1]);
	EXPECT("[watch]", ump_completions_next(only.watches, &got) == UMP_EMPTY);
	if (only.handle != NULL)
		check_statistics();
}

static void join(bool drops)
{
	struct ump_flow how = {false, NULL};

	if (drops) {
		ump_workers_drop(&only.handle);
		return;
	}
	EXPECT("[break]", ump_workers_join(&only.handle, &how, UMP_FOREVER) == UMP_OK);
	EXPECT("[break]", only.handle == NULL);
	if (only.with_term)
		EXPECT("[break]", how.stop && how.value == &only.outcomes[only.count - 1]);
	else
		EXPECT("[break]", is_first_outcome(how));
}

static void check_values(void)
{
	bool drains = only.breaks == 0 && !only.stopped;

	for (int i = 0; i < only.count_of_values; i++) {
		const struct value *value = &only.values[i];
		int fates = value->handled + value->taken + value->dropped;
		bool back = (value->how == LENT || value->how == BLOCKING) &&
			    (value->result == UMP_SERVER_GONE || value->result == UMP_DEADLOCK);

		EXPECT("[once]", fates == (value->accepted && !back));
		if (drains && value->accepted && !back && value->result != GIVEN_UP &&
			value->result != UMP_TIMED_OUT)
			EXPECT("[drain]", value->handled == 1);
	}
	EXPECT("[init]", only.drops == only.count);
	EXPECT("[break]", only.terms == (only.with_term ? only.count : 0));
	if (only.end_is_known)
		EXPECT("[stop]", only.stop_drops == (only.stopped && !only.stop_won));
	EXPECT("[stop]", only.stop_drops <= only.stopped);
}

/* The workers of a dropped handle end by themselves. */
static void await_drops(void)
{
	bool all = false;

	for (int i = 0; i < 500000 && !all; i++) {
		lock();
		all = only.drops == only.count;
		unlock();
		if (!all)
			nap();
	}
}

static void finish(bool drops)
{
	set_gate(false);
	drop_clients();
	if (drops && !only.watched)
		ump_workers_drop(&only.handle);
	if (only.watched)
		check_watch();
	if (only.handle != NULL)
		join(drops);
	await_drops();
	EXPECT("[clean]", ump_join_dropped(UMP_FOREVER) == UMP_OK);
	consume_kept(true);
	for (unsigned i = 0; i < SLOTS; i++) {
		try_wait(i);
		EXPECT("[once]", only.waits[i] == NULL);
	}
}

static void live(void)
{
	unsigned how = input_byte(&life.input);
	bool drops = (how & 3) == 3;

	EXPECT("[clean]", ump_client_weak(only.clients[0], &only.weak) == UMP_OK);
	EXPECT("[clean]", ump_completions_open(&only.watches) == UMP_OK);
	while (!input_is_over(&life.input) && only.count_of_values < MOST - 1)
		operate();
	finish(drops);
	ump_weak_client_drop(&only.weak);
	ump_completions_drop(&only.watches);
}

void life_workers(void)
{
	struct ump_config config = {.request = {sizeof(struct sent), on_value_drop},
		.reply.size = sizeof(int),
		.post = {sizeof(struct sent), on_value_drop},
		.key_arg = &only};

	memset(&only, 0, sizeof only);
	pthread_mutex_init(&only.lock, NULL);
	pthread_cond_init(&only.opened, NULL);
	for (int i = 0; i < KEYS; i++)
		only.last[i] = only.last_left[i] = -1;
	/* Time, sleeps and spins are real. */
	life.worlds[0].end = END_THREAD;
	if (spawn(&config)) {
		live();
		check_values();
	}
	ump_thread_pool_drop(&config.thread_pool);
	life_await_blocks();
	pthread_cond_destroy(&only.opened);
	pthread_mutex_destroy(&only.lock);
}
