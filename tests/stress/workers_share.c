/* SPDX-License-Identifier: 0BSD */
/*
 * Attacks [workers], with and without keys: workers of one or two servers take what several threads
 * send, by all ways to send, while others break, stop, join, drop and watch.  Each value must end
 * once; messages of one key must not overlap, must be handled in order, and must see what the one
 * before has written.  Without keys each worker must see the order in which messages begin.
 *
 * Handlers send requests to their own workers and to each other's, without a deadline too.  No
 * handler may hang.  UMP_DEADLOCK may come only to a handler, and only if the calls can go round.
 */
#include "stress.h"

#include <sched.h>
#include <stdlib.h>

#define CREWS   2
#define WORKERS 5
#define SENDERS 4
#define SENDS   50
#define KEYS    4
#define NESTED  24
/* The numbers of senders that are handlers begin here. */
#define INSIDE 10

struct crew;

struct worker {
	struct crew *crew;
	unsigned index;
	struct stress_rng rng;
	/* What its handler sends. */
	struct stress_sender sender;
	ump_weak_client *me;
	pthread_t thread;
	/* Plain, as all below: only its thread may write them. */
	uint64_t last[INSIDE + CREWS * WORKERS];
	uint64_t handled;
	unsigned inits;
	unsigned terms;
	unsigned drops;
};

/* Nothing but the library orders its accesses. */
struct key {
	bool busy;
	uint64_t last[INSIDE + CREWS * WORKERS];
};

struct crew {
	unsigned at;
	unsigned count;
	bool keyed;
	bool breaks;
	bool stops;
	size_t capacity;
	/* Number of the worker whose init fails. */
	unsigned fails;
	/* The crews that its handlers ask, this one included. */
	bool asks[CREWS];
	/* Handlers wait without a deadline: in ump_client_req, for what they sent before. */
	bool waits;
	bool waits_later;
	unsigned built;
	struct worker workers[WORKERS];
	struct key keys[KEYS];
	/* What is left over. */
	uint64_t left[KEYS][INSIDE + CREWS * WORKERS];
	struct stress_keeper *keeper;
	struct crew *all;
	/* For handlers of the other crew. */
	_Atomic(ump_weak_client *) weak;
	atomic_int running;
	unsigned terms;
	bool stop_accepted;
	atomic_int stop_drops;
	struct ump_flow how;
	struct stress_mix mix;
	struct stress_mix inside;
	struct stress_sender senders[SENDERS];
	ump_client *client;
	ump_workers *handle;
	ump_completions *ends;
};

/* ---- The handler ---------------------------------------------------------------------------- */

static unsigned key_number(uint64_t number)
{
	return (unsigned)((number ^ number >> 40) * 2654435761U >> 8) % KEYS;
}

static uint64_t key_of(void *arg, const void *msg, bool request)
{
	const struct stress_message *message = msg;

	CHECK(arg != NULL);
	CHECK(message->record->is_request == request);
	/* Others come meanwhile. */
	if (message->number % 3 == 0)
		sched_yield();
	return key_number(message->number);
}

/* A request to one of the crews that may be asked, through a client of its own. */
static void ask(struct worker *worker)
{
	struct stress_sender *sender = &worker->sender;
	unsigned to = stress_below(&worker->rng, CREWS);
	struct crew *target = &worker->crew->all[to];
	enum stress_act act = stress_one_in(&worker->rng, 3) ? STRESS_PASS : STRESS_ANSWER;
	struct stress_pending pending = {NULL, NULL};
	ump_weak_client *weak;
	ump_client *client;
	ump_time soon = ump_after(stress_below(&worker->rng, 300000));

	if (!worker->crew->asks[to] || sender->count == sender->most)
		return;
	weak = target == worker->crew ? worker->me : target->weak;
	if (weak == NULL || ump_weak_client_upgrade(weak, &client) != UMP_OK)
		return;
	switch (stress_below(&worker->rng, 4)) {
	case 0:
		(void)stress_post(sender, client, act);
		break;
	case 1:
		(void)stress_req(sender, client, act, soon);
		break;
	case 2:
		if (stress_req_async(sender, client, act, &pending) == UMP_OK &&
			stress_wait(sender, &pending,
				worker->crew->waits_later ? UMP_FOREVER : soon) != UMP_OK &&
			pending.wait_reply != NULL)
			stress_abandon(&pending);
		break;
	default:
		(void)stress_req(sender, client, act, worker->crew->waits ? UMP_FOREVER : soon);
		break;
	}
	ump_client_drop(&client);
}

static void complete(
	struct crew *crew, const struct stress_message *message, ump_reply_context **rc)
{
	if (message->act == STRESS_KEEP)
		stress_keeper_take(crew->keeper, ump_reply_keep(rc), message->record);
	else if (message->act != STRESS_BREAK || message->number % 2 == 0)
		stress_reply(rc, message->record,
			message->act == STRESS_BREAK ? STRESS_ANSWER : message->act);
}

static void begin(struct worker *worker, const struct stress_message *message)
{
	struct key *key = &worker->crew->keys[key_number(message->number)];
	uint64_t *last = worker->last;

	CHECK(pthread_equal(pthread_self(), worker->thread));
	CHECK_INT(worker->terms, ==, 0);
	if (worker->crew->keyed) {
		CHECK(!key->busy);
		key->busy = true;
		last = key->last;
	}
	CHECK_INT(message->number, >, last[message->sender]);
	last[message->sender] = message->number;
	worker->crew->running++;
	worker->handled++;
	stress_end(&message->record->value, STRESS_END_HANDLED, message->number);
}

static struct ump_flow handle(
	struct worker *worker, const struct stress_message *msg, ump_reply_context **rc)
{
	/* The message is freed once it is answered. */
	struct stress_message message = *msg;
	struct crew *crew = worker->crew;

	begin(worker, &message);
	if (stress_one_in(&worker->rng, 2))
		stress_dawdle(&worker->rng);
	if (message.act == STRESS_PASS)
		ask(worker);
	if (rc != NULL)
		complete(crew, &message, rc);
	if (message.act == STRESS_PASS && stress_one_in(&worker->rng, 2))
		ask(worker);
	crew->running--;
	if (crew->keyed)
		crew->keys[key_number(message.number)].busy = false;
	return message.act == STRESS_BREAK ? ump_break(crew) : ump_continue();
}

static struct ump_flow on_request(void *self, const void *msg, ump_reply_context **rc)
{
	return handle(self, msg, rc);
}

static struct ump_flow on_post(void *self, const void *msg)
{
	return handle(self, msg, NULL);
}

static int on_init(void *self, ump_weak_client *me)
{
	struct worker *worker = self;

	worker->me = me;
	worker->thread = pthread_self();
	worker->inits++;
	return worker->index == worker->crew->fails ? 7 : 0;
}

static void on_leftover(void *self, const void *msg, ump_reply_context **rc)
{
	struct stress_message message = *(const struct stress_message *)msg;
	struct worker *worker = self;
	struct crew *crew = worker->crew;
	uint64_t *last = crew->left[crew->keyed ? key_number(message.number) : 0];

	CHECK(crew->breaks || crew->stops);
	CHECK_INT(message.number, >, last[message.sender]);
	last[message.sender] = message.number;
	stress_end(&message.record->value, STRESS_END_LEFT, message.number);
	if (rc != NULL && stress_one_in(&worker->rng, 2))
		stress_reply(rc, message.record, STRESS_ANSWER);
	else if (rc != NULL)
		stress_keeper_take(crew->keeper, ump_reply_keep(rc), message.record);
}

static struct ump_flow on_term(void *self, struct ump_flow how)
{
	struct worker *worker = self;
	struct crew *crew = worker->crew;

	CHECK(pthread_equal(pthread_self(), worker->thread));
	CHECK_INT(crew->running, ==, 0);
	/* One after the other. */
	CHECK_INT(crew->terms, ==, worker->index);
	crew->terms++;
	worker->terms++;
	if (worker->index == 0)
		crew->how = how;
	CHECK(how.stop == crew->how.stop && how.value == crew->how.value);
	return how;
}

static void on_drop(void *self)
{
	struct worker *worker = self;

	worker->drops++;
}

static int build(void *arg, ump_client *client, struct ump_handler *out)
{
	struct crew *crew = arg;

	(void)client;
	*out = (struct ump_handler){.self = &crew->workers[crew->built++],
		.init = on_init,
		.request = on_request,
		.post = on_post,
		.leftover = on_leftover,
		.term = on_term,
		.drop = on_drop};
	return 0;
}

/* ---- A crew --------------------------------------------------------------------------------- */

static void prepare(struct crew *crew, unsigned at, struct stress_rng *rng, bool cyclic)
{
	crew->at = at;
	crew->count = 1 + stress_below(rng, WORKERS);
	crew->keyed = stress_one_in(rng, 2);
	crew->breaks = stress_one_in(rng, 3);
	crew->stops = stress_one_in(rng, 5);
	crew->fails = stress_one_in(rng, 16) ? stress_below(rng, crew->count) : WORKERS;
	crew->capacity = stress_one_in(rng, 3) ? 1 + stress_below(rng, 8) : 0;
	crew->asks[0] = cyclic;
	crew->asks[1] = cyclic || at == 0;
	crew->mix = stress_usual;
	crew->mix.acts[STRESS_PASS] = 4;
	crew->mix.acts[STRESS_SUSPEND] = 0;
	crew->mix.acts[STRESS_BREAK] = crew->breaks ? 1 : 0;
	crew->mix.abandon = 1;
	crew->mix.drains = !crew->breaks && !crew->stops;
	crew->mix.bounded = crew->capacity != 0;
}

/* Otherwise a handler would wait for the permit of a message that is queued for its own key. */
static bool may_wait(const struct crew *crew)
{
	return crew->capacity == 0 || !crew->keyed;
}

/* Handlers may send to either crew. */
static void prepare_inside(
	struct crew *crews, struct crew *crew, bool cyclic, struct stress_rng *rng)
{
	crew->all = crews;
	crew->inside = crew->mix;
	crew->inside.drains = crews[0].mix.drains && crews[1].mix.drains;
	crew->inside.bounded = crews[0].mix.bounded || crews[1].mix.bounded;
	crew->inside.hurried = crew->inside.bounded;
	crew->inside.cycles = cyclic;
	crew->waits = !cyclic || (may_wait(&crews[0]) && may_wait(&crews[1]));
	/* A request that was sent without waiting is not refused when it comes to a blocked key. */
	crew->waits_later = !cyclic || (crew->waits && !crews[0].keyed && !crews[1].keyed);
	for (unsigned i = 0; i < crew->count; i++) {
		struct worker *worker = &crew->workers[i];

		worker->crew = crew;
		worker->index = i;
		worker->rng.state = stress_random(rng);
		stress_sender_init(&worker->sender, rng, INSIDE + crew->at * WORKERS + i,
			&crew->inside, NESTED);
	}
	for (unsigned i = 0; i < SENDERS; i++) {
		stress_sender_init(
			&crew->senders[i], rng, crew->at * SENDERS + i, &crew->mix, SENDS);
		crew->senders[i].sends = SENDS;
	}
}

/* Returns false if an `init` fails. */
static bool spawn(struct crew *crew, struct stress_rng *rng)
{
	struct ump_config config = stress_config;
	ump_weak_client *weak;
	int result;

	config.capacity = crew->capacity;
	config.thread_pool = stress_one_in(rng, 2) ? stress_threads : NULL;
	config.key = crew->keyed ? key_of : NULL;
	config.key_arg = crew;
	result = ump_spawn_workers(&config, build, crew, crew->count, &crew->client, &crew->handle);
	CHECK_INT(crew->built, ==, crew->count);
	if (crew->fails < crew->count) {
		CHECK_INT(result, ==, 7);
		CHECK(crew->client == NULL && crew->handle == NULL);
		for (unsigned i = 0; i < crew->count; i++)
			CHECK_INT(crew->workers[i].drops, ==, 1);
		CHECK_INT(crew->terms, ==, 0);
		stress_count(STRESS_UNBORN, 1);
		return false;
	}
	CHECK_INT(result, ==, UMP_OK);
	stress_count(config.thread_pool != NULL ? STRESS_POOLED : STRESS_SERVERS, 1);
	CHECK_INT(ump_client_weak(crew->client, &weak), ==, UMP_OK);
	crew->weak = weak;
	CHECK_INT(ump_completions_open(&crew->ends), ==, UMP_OK);
	CHECK_INT(ump_workers_watch(crew->handle, crew->ends, crew), ==, UMP_OK);
	return true;
}

static void drop_stop(void *value)
{
	atomic_fetch_add((atomic_int *)value, 1);
}

/* Something from outside, while they work. */
static void disturb(struct crew *crew, struct stress_rng *rng)
{
	struct ump_stats stats;
	int result;

	stress_dawdle(rng);
	if (crew->stops && stress_one_in(rng, 2) && !crew->stop_accepted)
		crew->stop_accepted =
			ump_client_stop(crew->client, &crew->stop_drops, drop_stop) == UMP_OK;
	if (crew->handle == NULL)
		return;
	CHECK_INT(ump_workers_stats(crew->handle, stress_below(rng, crew->count), &stats), ==,
		UMP_OK);
	stress_count(STRESS_OBSERVATIONS, 1);
	result = ump_workers_join(&crew->handle, NULL, ump_after(stress_below(rng, 20000)));
	if (result != UMP_OK)
		CHECK_INT(result, ==, UMP_TIMED_OUT);
	if (stress_one_in(rng, 6))
		ump_workers_drop(&crew->handle);
}

/* Wait for the end, and see what the callbacks have written. */
static void see_end(struct crew *crew)
{
	struct ump_completion end;

	CHECK_INT(ump_completions_wait(crew->ends, &end, UMP_FOREVER), ==, UMP_OK);
	CHECK(end.tag == crew && end.result == UMP_OK);
	CHECK_INT(crew->terms, ==, crew->count);
	for (unsigned i = 0; i < crew->count; i++) {
		struct ump_stats stats;

		CHECK_INT(crew->workers[i].drops, ==, 1);
		if (crew->handle == NULL)
			continue;
		CHECK_INT(ump_workers_stats(crew->handle, i, &stats), ==, UMP_OK);
		CHECK_INT(stats.handled, ==, crew->workers[i].handled);
	}
	ump_completions_drop(&crew->ends);
}

static void join(struct crew *crew)
{
	struct ump_flow how = crew->how;

	if (crew->handle != NULL)
		CHECK_INT(ump_workers_join(&crew->handle, &how, UMP_FOREVER), ==, UMP_OK);
	CHECK(how.stop == crew->how.stop && how.value == crew->how.value);
	if (how.stop && how.value == crew)
		CHECK(crew->breaks);
	else if (how.stop)
		CHECK(crew->stop_accepted && how.value == &crew->stop_drops);
	else
		CHECK(how.value == NULL);
	CHECK_INT(crew->stop_drops, ==, crew->stop_accepted && how.value != &crew->stop_drops);
	stress_count(how.stop ? STRESS_BROKEN : STRESS_DRAINED, 1);
}

/* ---- A round -------------------------------------------------------------------------------- */

static void settle(struct crew *crew)
{
	ump_weak_client *weak = crew->weak;

	ump_weak_client_drop(&weak);
	stress_senders_settle(crew->senders, SENDERS);
	for (unsigned i = 0; i < crew->count; i++)
		stress_sender_settle(&crew->workers[i].sender);
}

/* Start the crews, the last one first; return how many work. */
static unsigned start(
	struct crew *crews, unsigned count, struct stress_keeper *keeper, struct stress_rng *rng)
{
	bool cyclic = !stress_one_in(rng, 3);
	unsigned working = 0;

	for (unsigned i = 0; i < CREWS; i++)
		prepare(&crews[i], i, rng, cyclic);
	for (unsigned i = CREWS; i-- > 0;) {
		crews[i].keeper = keeper;
		prepare_inside(crews, &crews[i], cyclic, rng);
		if (i < count)
			working += spawn(&crews[i], rng);
	}
	return working;
}

static void work(struct crew *crews, struct stress_rng *rng)
{
	for (unsigned i = 0; i < CREWS; i++)
		if (crews[i].client != NULL)
			stress_senders_start(crews[i].senders, SENDERS, crews[i].client);
	for (unsigned i = 2 * stress_below(rng, 8); i > 0; i--)
		if (crews[i % CREWS].client != NULL)
			disturb(&crews[i % CREWS], rng);
	for (unsigned i = 0; i < CREWS; i++) {
		if (crews[i].client == NULL)
			continue;
		ump_client_drop(&crews[i].client);
		stress_senders_join(crews[i].senders, SENDERS);
	}
	for (unsigned i = 0; i < CREWS; i++)
		if (crews[i].ends != NULL)
			see_end(&crews[i]);
}

static void round_of(struct stress_rng *rng)
{
	struct crew *crews = stress_alloc(CREWS, sizeof *crews);
	struct stress_keeper keeper;

	stress_keeper_start(&keeper, rng);
	if (start(crews, 1 + stress_below(rng, CREWS), &keeper, rng) > 0)
		work(crews, rng);
	stress_keeper_stop(&keeper);
	for (unsigned i = 0; i < CREWS; i++) {
		if (crews[i].weak != NULL)
			join(&crews[i]);
		settle(&crews[i]);
	}
	CHECK_INT(ump_join_dropped(UMP_FOREVER), ==, UMP_OK);
	free(crews);
}

int main(int argc, char **argv)
{
	static const struct stress_program program = {"workers_share",
		"[workers] [once] [fifo] [break] [stop] [drain] [deadlock] [init] [quiet]",
		round_of, 200};

	return stress_main(&program, argc, argv);
}
