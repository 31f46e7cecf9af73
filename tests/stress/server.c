/* SPDX-License-Identifier: 0BSD */
/* Servers that check the calls of their own handler, and keepers that reply for them later. */
#include "stress.h"

#include <stdlib.h>
#include <string.h>

/* ---- Values --------------------------------------------------------------------------------- */

void stress_end(struct stress_token *token, enum stress_end end, uint64_t number)
{
	int before = atomic_exchange_explicit(&token->end, (int)end, memory_order_relaxed);

	if (before != STRESS_NOWHERE)
		check_failed(__FILE__, __LINE__, "value %ju ends once, not as %d and again as %d",
			(uintmax_t)number, before, (int)end);
	/* Plain memory: the value must have been handed to this thread with a happens-before
	 * order. */
	CHECK_INT(token->ink, ==, number);
	token->ink = ~number;
}

static void drop_message(void *value)
{
	const struct stress_message *message = value;

	stress_end(&message->record->value, STRESS_END_DROPPED, message->number);
}

static void drop_answer(void *value)
{
	const struct stress_answer *answer = value;

	stress_end(&answer->record->reply, STRESS_END_DROPPED, answer->number);
}

const struct ump_config stress_config = {
	.request = {sizeof(struct stress_message), drop_message},
	.reply = {sizeof(struct stress_answer), drop_answer},
	.post = {sizeof(struct stress_message), drop_message},
	.name = "stress",
};

/* ---- Replies -------------------------------------------------------------------------------- */

static int answer(ump_reply_context **rc, struct stress_record *record, bool in_place)
{
	struct stress_answer on_stack;
	struct stress_answer *made = in_place ? ump_reply_buffer(*rc) : &on_stack;

	CHECK(made != NULL);
	made->record = record;
	made->number = record->number;
	record->reply.ink = record->number;
	record->answered = true;
	return ump_reply(rc, made);
}

void stress_reply(ump_reply_context **rc, struct stress_record *record, enum stress_act act)
{
	/* The sender owns the record again once it has its reply. */
	bool for_ever = record->for_ever;
	uint64_t number = record->number;
	bool gone = ump_reply_origin_gone(*rc);
	int result;

	CHECK(!gone || !for_ever);
	if (act == STRESS_FORGET) {
		ump_reply_drop(rc);
		CHECK(*rc == NULL);
		return;
	}
	if (act == STRESS_FAIL)
		result = ump_reply_fail(rc, (int)(number % 1000) + 1);
	else
		result = answer(rc, record, act == STRESS_ANSWER_IN_PLACE);
	CHECK(*rc == NULL);
	CHECK(result == UMP_OK || result == UMP_ORIGIN_GONE);
	CHECK(result == UMP_OK || !for_ever);
	/* A requester that has given up must not come back. */
	CHECK(result == UMP_ORIGIN_GONE || !gone);
	/* A second reply through the same variable. */
	CHECK_INT(ump_reply_fail(rc, 1), ==, UMP_INVALID);
}

/* ---- Keepers, which reply later ------------------------------------------------------------- */

static bool take_back(struct stress_keeper *keeper, struct stress_kept *out, bool *closed)
{
	bool any = false;

	pthread_mutex_lock(&keeper->lock);
	*closed = keeper->closed;
	if (keeper->count > 0) {
		/* In random order. */
		size_t at = stress_below(&keeper->rng, (unsigned)keeper->count);

		*out = keeper->kept[at];
		keeper->kept[at] = keeper->kept[--keeper->count];
		any = true;
	}
	pthread_mutex_unlock(&keeper->lock);
	return any;
}

static enum stress_act late_act(struct stress_rng *rng)
{
	static const enum stress_act acts[] = {
		STRESS_ANSWER, STRESS_ANSWER_IN_PLACE, STRESS_FAIL, STRESS_FORGET};

	return acts[stress_below(rng, 4)];
}

/* Resume a handler; its server may be gone afterwards. */
static void resume(struct stress_kept *kept, struct stress_rng *rng)
{
	struct stress_server *server = kept->server;
	bool may_drop = server->may_drop;
	bool breaks = server->resume_breaks != 0 && stress_one_in(rng, server->resume_breaks);
	int result;

	/* The message must last until now, whatever became of the task. */
	if (kept->held != NULL)
		CHECK_INT(kept->held->number, ==, kept->number);
	/* In a task that may be dropped, nothing orders this with the end. */
	if (!may_drop) {
		CHECK(server->suspended);
		server->suspended = false;
		server->broke = breaks;
	}
	result = ump_task_resume(&kept->suspension, breaks ? ump_break(server) : ump_continue());
	CHECK(kept->suspension == NULL);
	CHECK(result == UMP_OK || (result == UMP_SERVER_GONE && may_drop));
	CHECK_INT(ump_task_resume(&kept->suspension, ump_continue()), ==, UMP_INVALID);
}

/* Reply, resume, or both, in any order. */
static void end_kept(struct stress_kept *kept, struct stress_rng *rng)
{
	if (kept->rc != NULL && stress_one_in(rng, 2)) {
		stress_reply(&kept->rc, kept->record, late_act(rng));
		if (kept->suspension != NULL)
			stress_dawdle(rng);
	}
	if (kept->suspension != NULL)
		resume(kept, rng);
	if (kept->rc != NULL)
		stress_reply(&kept->rc, kept->record, late_act(rng));
}

static void *keep(void *arg)
{
	struct stress_keeper *keeper = arg;
	struct stress_rng rng;
	struct stress_kept kept;
	bool closed = false;

	pthread_mutex_lock(&keeper->lock);
	rng.state = stress_random(&keeper->rng);
	pthread_mutex_unlock(&keeper->lock);
	for (;;) {
		if (take_back(keeper, &kept, &closed))
			end_kept(&kept, &rng);
		else if (closed)
			return NULL;
		else if (stress_one_in(&rng, 8))
			check_nap(1);
		stress_dawdle(&rng);
	}
}

void stress_keeper_init(struct stress_keeper *keeper, struct stress_rng *rng)
{
	memset(keeper, 0, sizeof *keeper);
	pthread_mutex_init(&keeper->lock, NULL);
	keeper->capacity = 64;
	keeper->kept = stress_alloc(keeper->capacity, sizeof *keeper->kept);
	keeper->rng.state = stress_random(rng);
}

void stress_keeper_run(struct stress_keeper *keeper)
{
	CHECK(keeper->started < STRESS_KEEPERS);
	keeper->threads[keeper->started++] = stress_thread(keep, keeper);
}

void stress_keeper_start(struct stress_keeper *keeper, struct stress_rng *rng)
{
	stress_keeper_init(keeper, rng);
	stress_keeper_run(keeper);
}

void stress_keeper_stop(struct stress_keeper *keeper)
{
	pthread_mutex_lock(&keeper->lock);
	keeper->closed = true;
	pthread_mutex_unlock(&keeper->lock);
	for (unsigned i = 0; i < keeper->started; i++)
		stress_thread_join(keeper->threads[i]);
	CHECK_INT(keeper->count, ==, 0);
	pthread_mutex_destroy(&keeper->lock);
	free(keeper->kept);
}

void stress_keeper_take(
	struct stress_keeper *keeper, ump_reply_context *rc, struct stress_record *record)
{
	struct stress_kept kept = {.rc = rc, .record = record};

	stress_keeper_take_all(keeper, kept);
}

void stress_keeper_take_all(struct stress_keeper *keeper, struct stress_kept kept)
{
	pthread_mutex_lock(&keeper->lock);
	if (keeper->count == keeper->capacity) {
		keeper->capacity *= 2;
		keeper->kept = realloc(keeper->kept, keeper->capacity * sizeof *keeper->kept);
		CHECK(keeper->kept != NULL);
	}
	keeper->kept[keeper->count++] = kept;
	pthread_mutex_unlock(&keeper->lock);
}

/* ---- The handler ---------------------------------------------------------------------------- */

/* Messages of one sender must come in the order in which it sent them, also as undelivered
 * messages. */
static void check_order(struct stress_server *server, const struct stress_message *message)
{
	CHECK(message->sender < STRESS_SENDERS);
	CHECK_INT(message->number, >, server->last[message->sender]);
	server->last[message->sender] = message->number;
}

/* Send to servers that this one owns clients of. */
static void pass(struct stress_server *server)
{
	struct stress_sender *sender = server->sender;
	unsigned to;

	if (server->owned_count == 0 || sender->count + 2 > sender->most)
		return;
	to = stress_below(&server->rng, server->owned_count);
	CHECK_INT(stress_post(sender, server->owned[to], STRESS_PASS), ==, UMP_OK);
	to = stress_below(&server->rng, server->owned_count);
	if (stress_one_in(&server->rng, 4))
		CHECK_INT(stress_req(sender, server->owned[to], STRESS_ANSWER, UMP_FOREVER), ==,
			UMP_OK);
}

static void complete(
	struct stress_server *server, const struct stress_message *message, ump_reply_context **rc)
{
	/* The message is freed once it is answered. */
	struct stress_message copy = *message;

	CHECK(copy.record->is_request);
	switch (copy.act) {
	case STRESS_KEEP:
		if (server->keeper != NULL) {
			stress_keeper_take(server->keeper, ump_reply_keep(rc), copy.record);
			CHECK(*rc == NULL);
		}
		break;
	case STRESS_FORGET:
		break;
	case STRESS_BREAK:
		if (copy.number % 2 == 0)
			stress_reply(rc, copy.record, STRESS_ANSWER);
		break;
	case STRESS_ANSWER:
	case STRESS_ANSWER_IN_PLACE:
	case STRESS_FAIL:
	case STRESS_PASS:
	case STRESS_SUSPEND:
	case STRESS_ACTS:
		stress_reply(rc, copy.record, copy.act);
		break;
	}
}

/* Suspend, to be resumed later or at once. */
static struct ump_flow suspend(
	struct stress_server *server, const struct stress_message *message, ump_reply_context **rc)
{
	struct stress_kept kept = {.record = message->record,
		.suspension = ump_suspend(),
		.server = server,
		.number = message->number};
	struct ump_flow says = stress_one_in(&server->rng, 8) ? ump_break(NULL) : ump_pending();

	CHECK((kept.suspension != NULL) == server->on_task);
	if (kept.suspension == NULL) {
		if (rc != NULL)
			complete(server, message, rc);
		return ump_pending();
	}
	stress_count(STRESS_SUSPENSIONS, 1);
	/* It has suspended already. */
	CHECK(ump_suspend() == NULL);
	if (rc != NULL)
		kept.rc = ump_reply_keep(rc);
	else
		kept.held = message;
	server->suspended = !server->may_drop;
	if (server->keeper == NULL || stress_one_in(&server->rng, 4))
		end_kept(&kept, &server->rng);
	else
		stress_keeper_take_all(server->keeper, kept);
	/* A handler that has suspended may return anything. */
	return says;
}

/* Measure a message by the handler's clock. */
static void see_time(struct stress_server *server, ump_time begin)
{
	if (server->slow_limit != 0 && ump_now() - begin > server->slow_limit)
		server->slow++;
}

struct ump_flow stress_handle(
	struct stress_server *server, const struct stress_message *message, ump_reply_context **rc)
{
	enum stress_act act = message->act;
	ump_time begin = server->slow_limit != 0 ? ump_now() : 0;

	CHECK(!server->broke && !server->suspended);
	CHECK_INT(server->terms, ==, 0);
	check_order(server, message);
	stress_end(&message->record->value, STRESS_END_HANDLED, message->number);
	server->handled++;
	if (server->gate != NULL && !server->gated) {
		server->gated = true;
		pthread_mutex_lock(server->gate);
		pthread_mutex_unlock(server->gate);
	}
	if (server->dawdles)
		stress_dawdle(&server->rng);
	if (server->delay != 0)
		stress_stay_awake(&server->rng, server->delay);
	if (act == STRESS_PASS)
		pass(server);
	if (act == STRESS_SUSPEND) {
		see_time(server, begin);
		return suspend(server, message, rc);
	}
	if (rc != NULL)
		complete(server, message, rc);
	see_time(server, begin);
	if (act != STRESS_BREAK)
		return ump_continue();
	server->broke = true;
	return ump_break(server);
}

static struct ump_flow on_request(void *self, const void *msg, ump_reply_context **rc)
{
	return stress_handle(self, msg, rc);
}

static struct ump_flow on_post(void *self, const void *msg)
{
	const struct stress_message *message = msg;

	CHECK(!message->record->is_request);
	return stress_handle(self, msg, NULL);
}

static void on_leftover(void *self, const void *msg, ump_reply_context **rc)
{
	struct stress_server *server = self;
	struct stress_message message = *(const struct stress_message *)msg;

	/* A thread that resumes with a break does not record that if the task may be dropped. */
	CHECK(server->broke || server->may_drop || server->stops);
	CHECK_INT(server->terms, ==, 0);
	check_order(server, &message);
	server->left++;
	if (rc != NULL && server->leftovers == STRESS_LEFTOVERS_ALONE)
		return;
	stress_end(&message.record->value, STRESS_END_LEFT, message.number);
	if (rc == NULL)
		return;
	if (server->leftovers == STRESS_LEFTOVERS_KEPT && server->keeper != NULL)
		stress_keeper_take(server->keeper, ump_reply_keep(rc), message.record);
	else
		stress_reply(rc, message.record, STRESS_ANSWER);
}

static struct ump_flow on_term(void *self, struct ump_flow how)
{
	struct stress_server *server = self;

	if (server->dropped) {
		/* A break with which it was resumed may have come first. */
		CHECK(how.stop);
		CHECK(how.value == NULL || (how.value == server && server->resume_breaks != 0));
	} else if (how.value == &server->stop_drops) {
		/* Its handler has not broken, and no other value is the outcome. */
		CHECK(how.stop && server->stops && !server->broke);
		server->stopped = server->broke = true;
	} else {
		if (server->may_drop && how.stop)
			server->broke = true;
		CHECK_INT(how.stop, ==, server->broke);
		CHECK(how.value == (server->broke ? server : NULL));
	}
	CHECK(!server->suspended);
	CHECK_INT(server->drops, ==, 0);
	server->terms++;
	return server->replaces ? ump_break(&server->rng) : how;
}

static void on_drop(void *self)
{
	struct stress_server *server = self;

	for (unsigned i = 0; i < server->owned_count; i++)
		ump_client_drop(&server->owned[i]);
	server->drops++;
}

static int on_init(void *self, ump_weak_client *me)
{
	struct stress_server *server = self;
	ump_client *strong = NULL;

	CHECK_INT(server->handled, ==, 0);
	if (stress_one_in(&server->rng, 4) && ump_weak_client_upgrade(me, &strong) == UMP_OK)
		ump_client_drop(&strong);
	return server->init_result;
}

static int build(void *arg, ump_client *client, struct ump_handler *out)
{
	struct stress_server *server = arg;

	if (server->strays && ump_client_clone(client, &server->stray) == UMP_OK &&
		server->sender != NULL)
		(void)stress_post(server->sender, server->stray, STRESS_ANSWER);
	server->built = true;
	out->self = server;
	out->init = server->has_init ? on_init : NULL;
	out->request = on_request;
	out->post = on_post;
	out->leftover = server->leftovers != STRESS_LEFTOVERS_NONE ? on_leftover : NULL;
	out->term = on_term;
	out->drop = on_drop;
	return server->builder_result;
}

/* ---- A server's life ------------------------------------------------------------------------ */

void stress_server_init(struct stress_server *server, struct stress_rng *rng)
{
	memset(server, 0, sizeof *server);
	server->rng.state = stress_random(rng);
	server->leftovers = (enum stress_leftovers)stress_below(rng, STRESS_LEFTOVERS_KINDS);
	server->has_init = stress_one_in(rng, 2);
	server->replaces = stress_one_in(rng, 3);
	server->dawdles = stress_one_in(rng, 2);
	server->on_task = stress_one_in(rng, 3);
	server->watched = stress_one_in(rng, 4);
	server->threads = stress_one_in(rng, 3) ? NULL : stress_threads;
}

void stress_server_roam(struct stress_server *server, struct stress_rng *rng)
{
	static const size_t budgets[] = {0, 1, 1, 3};

	server->combines = !server->on_task && stress_one_in(rng, 2);
	server->budget = budgets[stress_below(rng, 4)];
}

bool stress_server_iterate(struct stress_server *server, struct stress_rng *rng)
{
	static const size_t budgets[] = {0, 0, 1, 2, 7, 1000};
	bool goes_on = ump_task_dispatch(server->task, budgets[stress_below(rng, 6)]);

	if (goes_on && stress_one_in(rng, 16))
		CHECK_INT(ump_task_join(&server->task, NULL), ==, UMP_EMPTY);
	/* It must stay ended. */
	if (!goes_on && stress_one_in(rng, 4))
		CHECK(!ump_task_dispatch(server->task, 0));
	return goes_on;
}

/* A complete event loop, with one task. */
static void turn_until_end(struct stress_server *server, struct stress_rng *rng)
{
	struct stress_loop loop;

	stress_loop_open(&loop, rng);
	stress_loop_add(&loop, ump_task_fd(server->task));
	do {
		/* Without a time-out: a notifier that is not raised is a hang. */
		while (stress_loop_wait(&loop, -1), !loop.readable[0])
			continue;
	} while (stress_server_iterate(server, rng));
	stress_loop_remove(&loop, 0);
	stress_loop_close(&loop);
}

static void *drive(void *arg)
{
	struct stress_server *server = arg;
	struct stress_rng rng = {server->loop_seed};
	int result;

	switch (stress_below(&rng, 4)) {
	case 0:
		CHECK_INT(ump_task_run(server->task, UMP_FOREVER), ==, UMP_OK);
		break;
	case 1:
		do {
			ump_time deadline = ump_after(stress_below(&rng, 500000));

			result = ump_task_run(server->task, deadline);
			CHECK(result == UMP_OK || ump_now() >= deadline);
		} while (result == UMP_TIMED_OUT);
		CHECK_INT(result, ==, UMP_OK);
		break;
	default:
		turn_until_end(server, &rng);
		break;
	}
	return NULL;
}

static void on_slow(void *arg, int64_t took, bool request)
{
	struct stress_server *server = arg;

	(void)request;
	CHECK_INT(took, >, server->slow_limit);
	server->told_slow++;
}

static struct ump_config config_of(struct stress_server *server)
{
	struct ump_config config = stress_config;

	config.stack_size = server->stack_size;
	if (server->stack_size == 0)
		config.thread_pool = server->threads;
	config.capacity = server->capacity;
	config.budget = server->budget;
	config.slow_limit = server->slow_limit;
	config.slow_handler = on_slow;
	config.slow_arg = server;
	return config;
}

int stress_server_spawn(struct stress_server *server)
{
	struct ump_config config = config_of(server);
	int result;

	if (server->on_task)
		result = ump_spawn_task(&config, build, server, &server->client, &server->task);
	else if (server->combines)
		result = ump_spawn_combining(
			&config, build, server, &server->client, &server->combining);
	else
		result = ump_spawn_thread(&config, build, server, &server->client, &server->thread);

	stress_count(result == UMP_OK ? STRESS_SERVERS : STRESS_UNBORN, 1);
	if (result != UMP_OK) {
		CHECK(server->client == NULL && server->thread == NULL && server->task == NULL &&
			server->combining == NULL);
		CHECK_INT(server->drops, ==, server->built && server->builder_result == 0);
		CHECK_INT(server->terms, ==, 0);
		return result;
	}
	/* May fail where memory may be refused; then no statistics are checked. */
	if (server->watched)
		(void)ump_client_weak(server->client, &server->weak);
	if (server->on_task)
		stress_count(STRESS_TASKS, 1);
	if (server->combines)
		stress_count(STRESS_COMBINING, 1);
	else if (!server->on_task && config.thread_pool != NULL)
		stress_count(STRESS_POOLED, 1);
	if (server->on_task && !server->driven) {
		server->loop_seed = stress_random(&server->rng);
		server->loop = stress_thread(drive, server);
	}
	return result;
}

void stress_server_start(struct stress_server *server)
{
	CHECK_INT(stress_server_spawn(server), ==, UMP_OK);
}

/* Statistics must be exact once everything has ended. */
static void check_stats(struct stress_server *server)
{
	struct ump_stats stats;

	if (server->weak == NULL)
		return;
	CHECK_INT(ump_weak_client_stats(server->weak, &stats), ==, UMP_OK);
	CHECK_INT(stats.handled, ==, server->handled);
	CHECK(stats.closed && !stats.busy && stats.busy_for == -1);
	if (server->capacity == 0)
		CHECK(stats.depth == UMP_UNCOUNTED && stats.depth_most == UMP_UNCOUNTED);
	else
		/* Remaining clients may hold permits. */
		CHECK(stats.depth <= stats.depth_most && stats.depth_most <= server->capacity);
	/* It drained, so no client is left. */
	if (!server->broke && !server->dropped)
		CHECK_INT(stats.clients, ==, 0);
	ump_weak_client_drop(&server->weak);
}

void stress_server_check(struct stress_server *server)
{
	CHECK_INT(server->terms, ==, 1);
	CHECK_INT(server->drops, ==, 1);
	CHECK(server->told_slow >= server->slow);
	check_stats(server);
	stress_count(server->broke || server->dropped ? STRESS_BROKEN : STRESS_DRAINED, 1);
}

bool stress_server_join(struct stress_server *server)
{
	struct ump_flow how = {true, &how};

	if (server->on_task) {
		if (!server->driven)
			stress_thread_join(server->loop);
		CHECK_INT(ump_task_join(&server->task, &how), ==, UMP_OK);
		CHECK(server->task == NULL);
	} else if (server->combines) {
		CHECK_INT(ump_combining_join(&server->combining, &how, UMP_FOREVER), ==, UMP_OK);
		CHECK(server->combining == NULL);
	} else {
		CHECK_INT(ump_thread_join(&server->thread, &how, UMP_FOREVER), ==, UMP_OK);
		CHECK(server->thread == NULL);
	}
	stress_server_check(server);
	CHECK_INT(how.stop, ==, server->replaces || server->broke);
	CHECK(how.value == (server->replaces         ? (void *)&server->rng
				   : server->stopped ? (void *)&server->stop_drops
				   : server->broke   ? (void *)server
						     : NULL));
	CHECK_INT(server->stop_drops + server->stopped, ==, server->stop_accepted);
	return server->broke;
}

static void drop_stop(void *value)
{
	atomic_int *drops = value;

	++*drops;
}

void stress_server_stop(struct stress_server *server)
{
	int result = ump_client_stop(server->client, &server->stop_drops, drop_stop);

	CHECK(server->stops);
	CHECK(result == UMP_OK || result == UMP_SERVER_GONE);
	server->stop_accepted = result == UMP_OK;
	/* A second one always comes too late. */
	CHECK_INT(ump_client_stop(server->client, NULL, NULL), ==, UMP_SERVER_GONE);
}

void stress_server_drop(struct stress_server *server)
{
	CHECK(server->may_drop);
	server->dropped = true;
	ump_task_drop(&server->task);
	CHECK(server->task == NULL);
	stress_server_check(server);
}
