/* SPDX-License-Identifier: 0BSD */
#include "probe.h"

#include <errno.h>
#include <poll.h>
#include <string.h>

static void drop_order(void *value)
{
	struct order *order = value;

	if (order->token != NULL)
		order->token->dropped++;
}

static void drop_reply(void *value)
{
	struct reply *reply = value;

	if (reply->token != NULL)
		reply->token->dropped++;
}

const struct ump_config probe_config = {
	.request = {sizeof(struct order), drop_order},
	.reply = {sizeof(struct reply), drop_reply},
	.post = {sizeof(struct order), drop_order},
	.name = "probe",
};

void probe_init(struct probe *probe)
{
	memset(probe, 0, sizeof *probe);
	sem_init(&probe->entered, 0, 0);
	sem_init(&probe->gate, 0, 0);
}

void probe_wait(sem_t *semaphore)
{
	while (sem_wait(semaphore) != 0)
		CHECK_INT(errno, ==, EINTR);
}

static int on_init(void *self, ump_weak_client *me)
{
	struct probe *probe = self;

	probe->me = me;
	probe->dispatcher = pthread_self();
	CHECK_INT(probe->handled, ==, 0);
	probe->inits++;
	return probe->init_result;
}

static void log_order(struct probe *probe, const struct order *order)
{
	int at = probe->handled;

	CHECK_INT(probe->terms, ==, 0);
	CHECK_INT(probe->lefts, ==, 0);
	if (probe->without_init || probe->roams)
		probe->dispatcher = pthread_self();
	CHECK(pthread_equal(probe->dispatcher, pthread_self()));
	if (at < PROBE_LOG) {
		probe->log[at] = order->value;
		probe->threads[at] = pthread_self();
	}
	if (order->token != NULL)
		order->token->delivered++;
	probe->handled++;
}

static void answer(struct probe *probe, ump_reply_context **rc, int value)
{
	struct reply reply = {value, probe->reply_token};

	if (rc != NULL)
		probe->last_reply_result = ump_reply(rc, &reply);
}

static void answer_in_place(struct probe *probe, ump_reply_context **rc, int value)
{
	struct reply *buffer = ump_reply_buffer(*rc);

	buffer->value = value;
	buffer->token = probe->reply_token;
	probe->last_reply_result = ump_reply(rc, buffer);
}

static void keep(struct probe *probe, ump_reply_context **rc)
{
	probe->kept[probe->kept_count] = ump_reply_keep(rc);
	probe->kept_count++;
}

static struct ump_flow obey(struct probe *probe, const struct order *order, ump_reply_context **rc)
{
	/* The order is freed once it is answered. */
	enum op op = order->op;
	int value = order->value;

	log_order(probe, order);
	switch (op) {
	case OP_FAIL:
		probe->last_reply_result = ump_reply_fail(rc, value);
		break;
	case OP_ECHO_IN_PLACE:
		answer_in_place(probe, rc, value);
		break;
	case OP_FORGET:
		break;
	case OP_KEEP:
		keep(probe, rc);
		break;
	case OP_BREAK:
		answer(probe, rc, value);
		return ump_break((void *)(intptr_t)value);
	case OP_BREAK_SILENTLY:
		return ump_break((void *)(intptr_t)value);
	case OP_GATE:
		sem_post(&probe->entered);
		probe_wait(&probe->gate);
		answer(probe, rc, value);
		break;
	case OP_CALL:
		return probe->on_call(probe, order, rc);
	case OP_ECHO:
		answer(probe, rc, value);
		break;
	}
	return ump_continue();
}

static struct ump_flow on_request(void *self, const void *msg, ump_reply_context **rc)
{
	return obey(self, msg, rc);
}

static struct ump_flow on_post(void *self, const void *msg)
{
	return obey(self, msg, NULL);
}

static void on_leftover(void *self, const void *msg, ump_reply_context **rc)
{
	struct probe *probe = self;
	const struct order *order = msg;

	CHECK_INT(probe->terms, ==, 0);
	CHECK(probe->roams || pthread_equal(probe->dispatcher, pthread_self()));
	probe->left_log[probe->lefts] = order->value;
	probe->lefts++;
	if (probe->on_left != NULL)
		probe->on_left(probe, rc);
	if (rc != NULL && !probe->answers_leftovers && !probe->keeps_leftovers)
		return;
	if (order->token != NULL)
		order->token->left++;
	if (rc != NULL && probe->answers_leftovers)
		answer(probe, rc, order->value);
	else if (rc != NULL)
		keep(probe, rc);
}

static struct ump_flow on_term(void *self, struct ump_flow how)
{
	struct probe *probe = self;

	CHECK_INT(probe->drops, ==, 0);
	probe->term_saw = how;
	probe->terms++;
	if (probe->on_term != NULL)
		probe->on_term(probe);
	return probe->term_replaces ? probe->term_outcome : how;
}

static void on_drop(void *self)
{
	struct probe *probe = self;

	if (probe->on_drop != NULL)
		probe->on_drop(probe);
	if (probe->own_strong != NULL)
		ump_client_drop(&probe->own_strong);
	probe->drops++;
}

static int build(void *arg, ump_client *client, struct ump_handler *out)
{
	struct probe *probe = arg;

	probe->builder_thread = pthread_self();
	probe->built++;
	out->self = probe;
	out->init = probe->without_init ? NULL : on_init;
	out->request = on_request;
	out->post = on_post;
	out->leftover = probe->takes_leftovers ? on_leftover : NULL;
	out->term = on_term;
	out->drop = on_drop;
	if (probe->on_build != NULL)
		return probe->on_build(probe, client);
	return probe->builder_result;
}

static const struct ump_config *config_of(const struct probe *probe)
{
	return probe->config != NULL ? probe->config : &probe_config;
}

int probe_spawn_result(struct probe *probe, ump_client **client, ump_thread **thread)
{
	return ump_spawn_thread(config_of(probe), build, probe, client, thread);
}

void probe_spawn(struct probe *probe, ump_client **client, ump_thread **thread)
{
	CHECK_INT(probe_spawn_result(probe, client, thread), ==, UMP_OK);
}

int probe_spawn_task_result(struct probe *probe, ump_client **client, ump_task **task)
{
	return ump_spawn_task(config_of(probe), build, probe, client, task);
}

void probe_spawn_task(struct probe *probe, ump_client **client, ump_task **task)
{
	CHECK_INT(probe_spawn_task_result(probe, client, task), ==, UMP_OK);
}

int probe_spawn_combining_result(
	struct probe *probe, ump_client **client, ump_combining **combining)
{
	probe->roams = true;
	return ump_spawn_combining(config_of(probe), build, probe, client, combining);
}

void probe_spawn_combining(struct probe *probe, ump_client **client, ump_combining **combining)
{
	CHECK_INT(probe_spawn_combining_result(probe, client, combining), ==, UMP_OK);
}

struct ump_flow probe_join_combining(ump_combining **combining)
{
	struct ump_flow how = ump_break(NULL);

	CHECK_INT(ump_combining_join(combining, &how, UMP_FOREVER), ==, UMP_OK);
	CHECK(*combining == NULL);
	return how;
}

bool probe_readable(int fd)
{
	struct pollfd look = {fd, POLLIN, 0};
	int ready = poll(&look, 1, 0);

	CHECK_INT(ready, >=, 0);
	CHECK(ready == 0 || look.revents == POLLIN);
	return ready == 1;
}

struct ump_flow probe_join_task(ump_task **task)
{
	struct ump_flow how = ump_break(NULL);

	CHECK_INT(ump_task_join(task, &how), ==, UMP_OK);
	CHECK(*task == NULL);
	return how;
}

struct ump_flow probe_join(ump_thread **thread)
{
	struct ump_flow how = ump_break(NULL);

	CHECK_INT(ump_thread_join(thread, &how, UMP_FOREVER), ==, UMP_OK);
	CHECK(*thread == NULL);
	return how;
}

void probe_post(const ump_client *client, enum op op, int value)
{
	struct order order = {op, value, NULL};

	CHECK_INT(ump_client_post(client, &order), ==, UMP_OK);
}

void probe_hold(struct probe *probe, const ump_client *client)
{
	probe_post(client, OP_GATE, -1);
	probe_wait(&probe->entered);
}

void probe_release(struct probe *probe)
{
	sem_post(&probe->gate);
}

int probe_req(const ump_client *client, enum op op, int value, int *answered)
{
	struct order order = {op, value, NULL};
	struct reply reply = {0, NULL};
	int result = ump_client_req(client, &order, &reply, UMP_FOREVER);

	if (answered != NULL)
		*answered = reply.value;
	return result;
}

ump_wait_reply *probe_req_async(
	const ump_client *client, enum op op, int value, struct token *token)
{
	struct order order = {op, value, token};
	ump_wait_reply *wait_reply = NULL;

	CHECK_INT(ump_client_req_async(client, &order, &wait_reply), ==, UMP_OK);
	CHECK(wait_reply != NULL);
	return wait_reply;
}

void probe_await(const atomic_int *number, int least)
{
	while (*number < least)
		check_nap(1);
}

int probe_every_fault(int (*attempt)(void), int other)
{
	for (int n = 0;; n++) {
		long before = faults_live();
		long notifiers = faults_notifiers();
		int result;

		faults_at(n);
		result = attempt();
		if (!faults_off()) {
			CHECK_INT(result, ==, UMP_OK);
			return n;
		}
		CHECK(result == UMP_NO_MEMORY || result == other);
		CHECK_INT(faults_live(), ==, before);
		CHECK_INT(faults_notifiers(), ==, notifiers);
	}
}

void probe_open(ump_server **server, ump_client **client)
{
	CHECK_INT(ump_channel_open(server, client, &probe_config), ==, UMP_OK);
}

void probe_expect_empty(ump_completions *completions)
{
	struct ump_completion got;

	CHECK_INT(ump_completions_next(completions, &got), ==, UMP_EMPTY);
}

struct ump_completion probe_expect(ump_completions *completions, int number, int result)
{
	struct ump_completion got = {&got, -100, &got};

	CHECK_INT(ump_completions_next(completions, &got), ==, UMP_OK);
	CHECK_INT((intptr_t)got.tag, ==, number);
	CHECK_INT(got.result, ==, result);
	CHECK((got.reply != NULL) == (result == UMP_OK));
	return got;
}

ump_reply_context *probe_receive(ump_server *server, int value)
{
	ump_reply_context *rc;
	const void *msg;

	CHECK_INT(ump_server_try_pop(server, &msg, &rc), ==, UMP_OK);
	CHECK_INT(((const struct order *)msg)->value, ==, value);
	return rc;
}

int probe_reply(ump_reply_context *rc, int value, struct token *token)
{
	struct reply reply = {value, token};

	return ump_reply(&rc, &reply);
}
