/* SPDX-License-Identifier: 0BSD */
/* The calls that the harness makes, each chosen by the input. */
#include "user/fuzz_world.h"

#include <stdlib.h>
#include <string.h>

/* The time that a call waits for the server, in ns.  A combining server's handler runs inside the
 * call, so only a kept context takes longer.  Without the simulator this is real time: it must be
 * longer than what may delay the call between its begin and the handler's, or an input would not do
 * the same each time. */
#define PATIENCE     300000
#define SIM_PATIENCE 50000

/* Whether another thread than the calling one could run a task meanwhile. */
static bool may_wait(const struct fuzz_thread *me)
{
	return ump__fuzz_simulated && me->number > 0;
}

static ump_time patience(const struct fuzz_thread *me)
{
	return may_wait(me) ? ump_after(SIM_PATIENCE) : UMP_NOW;
}

static unsigned below(struct fuzz_thread *me, unsigned limit)
{
	return ump_fuzz_below(&me->input, limit);
}

/* ---- Handles ------------------------------------------------------------------------------- */

/* The first place from a chosen one on that is free, or taken; `count` if there is none. */
static unsigned place(struct fuzz_thread *me, void *const *handles, unsigned count, bool taken)
{
	unsigned first = below(me, count);

	for (unsigned i = 0; i < count; i++) {
		if ((handles[(first + i) % count] != NULL) == taken)
			return (first + i) % count;
	}
	return count;
}

#define PLACE(handles, count, taken) place(me, (void *const *)(me->handles), count, taken)

static ump_client *chosen_client(struct fuzz_thread *me, unsigned *which)
{
	*which = PLACE(clients, FUZZ_CLIENTS, true);
	return *which < FUZZ_CLIENTS ? me->clients[*which] : NULL;
}

static void clone_client(struct fuzz_thread *me)
{
	unsigned which;
	ump_client *client = chosen_client(me, &which);
	unsigned empty = PLACE(clients, FUZZ_CLIENTS, false);

	if (client == NULL || empty == FUZZ_CLIENTS)
		return;
	ump__fuzz_call(me, "clone client", which);
	ump__fuzz_result(me, ump_client_clone(client, &me->clients[empty]));
}

static void drop_client(struct fuzz_thread *me)
{
	unsigned which;

	if (chosen_client(me, &which) == NULL)
		return;
	ump__fuzz_call(me, "drop client", which);
	ump_client_drop(&me->clients[which]);
}

static void weaken_client(struct fuzz_thread *me)
{
	unsigned which;
	ump_client *client = chosen_client(me, &which);
	unsigned empty = PLACE(weaks, FUZZ_WEAKS, false);

	if (client == NULL || empty == FUZZ_WEAKS)
		return;
	ump__fuzz_call(me, "make a weak client of client", which);
	ump__fuzz_result(me, ump_client_weak(client, &me->weaks[empty]));
}

static void upgrade_weak(struct fuzz_thread *me)
{
	unsigned which = PLACE(weaks, FUZZ_WEAKS, true);
	unsigned empty = PLACE(clients, FUZZ_CLIENTS, false);

	if (which == FUZZ_WEAKS || empty == FUZZ_CLIENTS)
		return;
	ump__fuzz_call(me, "upgrade weak client", which);
	ump__fuzz_result(me, ump_weak_client_upgrade(me->weaks[which], &me->clients[empty]));
}

static void drop_weak(struct fuzz_thread *me)
{
	unsigned which = PLACE(weaks, FUZZ_WEAKS, true);

	if (which == FUZZ_WEAKS)
		return;
	ump__fuzz_call(me, "drop weak client", which);
	ump_weak_client_drop(&me->weaks[which]);
}

static void make_poster(struct fuzz_thread *me)
{
	unsigned which;
	ump_client *client = chosen_client(me, &which);
	unsigned empty = PLACE(posters, FUZZ_POSTERS, false);

	if (client == NULL || empty == FUZZ_POSTERS || ump__fuzz.target->config.post.size == 0)
		return;
	ump__fuzz_call(me, "make a post client of client", which);
	ump__fuzz_result(me, ump_client_post_client(client, &me->posters[empty]));
}

static void drop_poster(struct fuzz_thread *me)
{
	unsigned which = PLACE(posters, FUZZ_POSTERS, true);

	if (which == FUZZ_POSTERS)
		return;
	ump__fuzz_call(me, "drop post client", which);
	ump_post_client_drop(&me->posters[which]);
}

void ump__fuzz_drop_clients(struct fuzz_thread *me)
{
	ump__fuzz_call(me, "drop all clients", -1);
	for (unsigned i = 0; i < FUZZ_CLIENTS; i++)
		ump_client_drop(&me->clients[i]);
	for (unsigned i = 0; i < FUZZ_POSTERS; i++)
		ump_post_client_drop(&me->posters[i]);
	for (unsigned i = 0; i < FUZZ_WEAKS; i++)
		ump_weak_client_drop(&me->weaks[i]);
	for (unsigned i = 0; i < FUZZ_DELAYED; i++)
		ump_delayed_drop(&me->delayed[i]);
}

/* ---- Posts --------------------------------------------------------------------------------- */

/* Take a value back that was not accepted, and release what it points to. */
static void take_back(enum fuzz_kind kind, void *value, struct fuzz_message *message)
{
	ump__fuzz_unsend(message);
	ump__fuzz_release(kind, value);
}

static void post(struct fuzz_thread *me)
{
	unsigned which;
	ump_client *client = chosen_client(me, &which);
	struct fuzz_message *message;
	void *value = client != NULL ? ump__fuzz_make(me, FUZZ_POST) : NULL;
	int result;

	if (value == NULL)
		return;
	message = ump__fuzz_send(me, FUZZ_POST, value);
	ump__fuzz_call(me, "post through client", which);
	result = below(me, 2) ? ump_client_post_until(client, value, patience(me))
			      : ump_client_post(client, value);
	ump__fuzz_result(me, result);
	if (ump_sent_is_mine(result))
		take_back(FUZZ_POST, value, message);
	else
		free(value);
}

static void post_through_poster(struct fuzz_thread *me)
{
	unsigned which = PLACE(posters, FUZZ_POSTERS, true);
	struct fuzz_message *message;
	void *value = which < FUZZ_POSTERS ? ump__fuzz_make(me, FUZZ_POST) : NULL;
	int result;

	if (value == NULL)
		return;
	message = ump__fuzz_send(me, FUZZ_POST, value);
	ump__fuzz_call(me, "post through post client", which);
	result = ump_post_client_post(me->posters[which], value);
	ump__fuzz_result(me, result);
	if (ump_sent_is_mine(result))
		take_back(FUZZ_POST, value, message);
	else
		free(value);
}

/* ---- Delayed posts -------------------------------------------------------------------------- */

/* Due at once, or in the simulator soon; else not before the execution has ended. */
static ump_time due(struct fuzz_thread *me)
{
	static const int64_t hour = INT64_C(3600000000000);

	return below(me, 2) == 0 ? UMP_NOW : ump_after(ump__fuzz_simulated ? SIM_PATIENCE : hour);
}

static void post_later(struct fuzz_thread *me)
{
	unsigned which;
	ump_client *client = chosen_client(me, &which);
	unsigned empty = PLACE(delayed, FUZZ_DELAYED, false);
	bool free_place = empty < FUZZ_DELAYED && !ump__fuzz.target->in_order;
	struct fuzz_message *message;
	void *value = client != NULL && free_place ? ump__fuzz_make(me, FUZZ_POST) : NULL;
	int result;

	if (value == NULL)
		return;
	message = ump__fuzz_send(me, FUZZ_POST, value);
	message->delayed = true;
	ump__fuzz_call(me, "delayed post through client", which);
	result = ump_client_post_at(client, value, due(me), 0, &me->delayed[empty]);
	ump__fuzz_result(me, result);
	if (ump_sent_is_mine(result))
		take_back(FUZZ_POST, value, message);
	else
		free(value);
}

/* Cancel, pause or resume a delayed post; in each case its controller may stay. */
static void control_delayed(struct fuzz_thread *me)
{
	unsigned which = PLACE(delayed, FUZZ_DELAYED, true);

	if (which == FUZZ_DELAYED)
		return;
	switch (below(me, 4)) {
	case 0:
		ump__fuzz_call(me, "pause delayed post", which);
		ump__fuzz_result(me, ump_delayed_pause(me->delayed[which]));
		return;
	case 1:
		ump__fuzz_call(me, "resume delayed post", which);
		ump__fuzz_result(me, ump_delayed_resume(me->delayed[which]));
		return;
	case 2:
		ump__fuzz_call(me, "cancel delayed post", which);
		ump__fuzz_result(me, ump_delayed_cancel(me->delayed[which]));
		break;
	default:
		ump__fuzz_call(me, "drop the controller of delayed post", which);
		break;
	}
	ump_delayed_drop(&me->delayed[which]);
}

/* ---- Requests ------------------------------------------------------------------------------ */

static void *reply_memory(void)
{
	const struct ump_config *config = &ump__fuzz.target->config;

	return ump__fuzz_alloc(config->reply.size, config->reply_align);
}

/* How long to wait for an answer.  A task that the calling thread runs could not answer meanwhile,
 * so there the request is given up at once. */
static ump_time chosen_patience(struct fuzz_thread *me)
{
	bool waits = (ump__fuzz.server != FUZZ_IS_TASK || me->number > 0) && below(me, 8) != 0;

	if (!waits || (ump__fuzz.server == FUZZ_IS_TASK && !may_wait(me)))
		return UMP_NOW;
	return ump_after(ump__fuzz_simulated ? SIM_PATIENCE : PATIENCE);
}

/* Send a request and wait. */
static void request(struct fuzz_thread *me)
{
	unsigned which;
	ump_client *client = chosen_client(me, &which);
	struct fuzz_message *message;
	void *value = client != NULL ? ump__fuzz_make(me, FUZZ_REQUEST) : NULL;
	void *reply;
	int result;

	if (value == NULL)
		return;
	reply = reply_memory();
	message = ump__fuzz_send(me, FUZZ_REQUEST, value);
	ump__fuzz_call(me, "request through client", which);
	result = ump_client_req(client, value, reply, chosen_patience(me));
	ump__fuzz_result(me, result);
	ump__fuzz_give_up(message);
	ump__fuzz_ended(value, result, reply);
	free(reply);
	if (ump_request_is_mine(result))
		take_back(FUZZ_REQUEST, value, message);
	else
		free(value);
}

static struct fuzz_request *free_request(struct fuzz_thread *me)
{
	for (unsigned i = 0; i < FUZZ_REQUESTS; i++) {
		if (me->requests[i].bytes == NULL)
			return &me->requests[i];
	}
	return NULL;
}

static int send_async(
	struct fuzz_thread *me, const ump_client *client, struct fuzz_request *request)
{
	switch (below(me, 4)) {
	case 0:
		if (me->completions == NULL && ump_completions_open(&me->completions) != UMP_OK)
			return UMP_NO_MEMORY;
		return ump_client_req_completion(client, request->bytes, me->completions, request);
	case 1:
		return ump_client_req_async_until(
			client, request->bytes, &request->wait_reply, patience(me));
	default:
		return ump_client_req_async(client, request->bytes, &request->wait_reply);
	}
}

static void request_without_waiting(struct fuzz_thread *me)
{
	unsigned which;
	ump_client *client = chosen_client(me, &which);
	struct fuzz_request *request = free_request(me);
	struct fuzz_message *message;
	void *value = client != NULL && request != NULL ? ump__fuzz_make(me, FUZZ_REQUEST) : NULL;
	int result;

	if (value == NULL)
		return;
	message = ump__fuzz_send(me, FUZZ_REQUEST, value);
	*request =
		(struct fuzz_request){.bytes = value, .message = message, .number = me->calls + 1};
	ump__fuzz_call(me, "request without waiting through client", which);
	result = send_async(me, client, request);
	ump__fuzz_result(me, result);
	if (result == UMP_OK)
		return;
	request->bytes = NULL;
	take_back(FUZZ_REQUEST, value, message);
}

/* A request has ended, or was given up: its place is free. */
static void end_request(struct fuzz_request *request)
{
	ump__fuzz_give_up(request->message);
	free(request->bytes);
	*request = (struct fuzz_request){0};
}

static struct fuzz_request *chosen_request(struct fuzz_thread *me)
{
	unsigned first = below(me, FUZZ_REQUESTS);

	for (unsigned i = 0; i < FUZZ_REQUESTS; i++) {
		struct fuzz_request *request = &me->requests[(first + i) % FUZZ_REQUESTS];

		if (request->wait_reply != NULL)
			return request;
	}
	return NULL;
}

/* Get the answer of a request if it is there. */
static void try_request(struct fuzz_thread *me, struct fuzz_request *request, bool wait)
{
	void *reply = reply_memory();
	int result = wait ? ump_wait_reply_wait(&request->wait_reply, reply, patience(me))
			  : ump_wait_reply_try(&request->wait_reply, reply);

	ump__fuzz_result(me, result);
	if (request->wait_reply == NULL) {
		ump__fuzz_ended(request->bytes, result, reply);
		end_request(request);
	}
	free(reply);
}

static void try_answer(struct fuzz_thread *me)
{
	struct fuzz_request *request = chosen_request(me);

	if (request == NULL)
		return;
	ump__fuzz_call(me, "look for the answer to the request of call", request->number);
	try_request(me, request, below(me, 2) == 0);
}

static void give_up(struct fuzz_thread *me)
{
	struct fuzz_request *request = chosen_request(me);

	if (request == NULL)
		return;
	ump__fuzz_call(me, "give up the request of call", request->number);
	ump_wait_reply_drop(&request->wait_reply);
	end_request(request);
}

/* The server has ended: its handler was dropped. */
static void end_watch(struct fuzz_thread *me, const struct ump_completion *done)
{
	if (me->watches == 0)
		ump__fuzz_fail("a watch has completed twice [watch]", NULL);
	if (done->result != UMP_OK || ump__fuzz.drops == 0)
		ump__fuzz_fail("a watch has completed before the server's end [watch]", NULL);
	me->watches--;
}

/* Take all completions that have arrived. */
static void take_completions(struct fuzz_thread *me)
{
	struct ump_completion done;
	void *reply;

	while (me->completions != NULL && ump_completions_next(me->completions, &done) == UMP_OK) {
		struct fuzz_request *request = done.tag;

		if (done.tag == &me->watches) {
			end_watch(me, &done);
			continue;
		}
		if (request->bytes == NULL || request->wait_reply != NULL)
			ump__fuzz_fail("a request has ended twice", NULL);
		reply = reply_memory();
		if (done.reply != NULL)
			memcpy(reply, done.reply, ump__fuzz.target->config.reply.size);
		ump__fuzz_ended(request->bytes, done.result, reply);
		free(reply);
		end_request(request);
	}
}

static void complete(struct fuzz_thread *me)
{
	if (me->completions == NULL)
		return;
	ump__fuzz_call(me, "take the completions", -1);
	take_completions(me);
}

static void drop_completions(struct fuzz_thread *me)
{
	if (me->completions == NULL)
		return;
	ump__fuzz_call(me, "drop the completions", -1);
	ump_completions_drop(&me->completions);
	me->watches = 0;
	for (unsigned i = 0; i < FUZZ_REQUESTS; i++) {
		if (me->requests[i].bytes != NULL && me->requests[i].wait_reply == NULL)
			end_request(&me->requests[i]);
	}
}

static void watch(struct fuzz_thread *me)
{
	unsigned which;
	ump_client *client = chosen_client(me, &which);
	int result;

	if (client == NULL)
		return;
	if (me->completions == NULL && ump_completions_open(&me->completions) != UMP_OK)
		return;
	ump__fuzz_call(me, "watch the server through client", which);
	me->watches++;
	result = ump_client_watch(client, me->completions, &me->watches);
	ump__fuzz_result(me, result);
	if (result != UMP_OK)
		me->watches--;
}

void ump__fuzz_check_watches(struct fuzz_thread *me)
{
	take_completions(me);
	if (me->watches > 0)
		ump__fuzz_fail("a watch never completes [watch]", NULL);
}

bool ump__fuzz_collect(struct fuzz_thread *me)
{
	bool any = false;

	take_completions(me);
	for (unsigned i = 0; i < FUZZ_REQUESTS; i++) {
		struct fuzz_request *request = &me->requests[i];

		if (request->wait_reply != NULL) {
			ump__fuzz_call(
				me, "look for the answer to the request of call", request->number);
			try_request(me, request, false);
		}
		any = any || request->bytes != NULL;
	}
	return any;
}

/* ---- The server ---------------------------------------------------------------------------- */

bool ump__fuzz_stats(struct ump_stats *stats)
{
	return ump__fuzz.watch != NULL && ump_weak_client_stats(ump__fuzz.watch, stats) == UMP_OK;
}

/* Only the call that ends a server's thread waits. */
static int join(struct ump_flow *how)
{
	switch (ump__fuzz.server) {
	case FUZZ_IS_TASK:
		return ump_task_join(&ump__fuzz.task, how);
	case FUZZ_IS_COMBINING:
		return ump_combining_join(&ump__fuzz.combining, how, UMP_NOW);
	default:
		return ump_thread_join(&ump__fuzz.thread, how, ump_after(PATIENCE));
	}
}

void ump__fuzz_join(void)
{
	struct ump_flow how;

	if (join(&how) != UMP_OK)
		return;
	ump__fuzz.joined = true;
	if (how.stop != ump__fuzz.outcome.stop || how.value != ump__fuzz.outcome.value)
		ump__fuzz_fail("join returned another outcome than the loop ended with", NULL);
}

void ump__fuzz_dispatch(size_t budget)
{
	struct ump_stats stats;

	if (ump__fuzz.task == NULL)
		return;
	ump__fuzz_call(&ump__fuzz.threads[0], "dispatch up to", (int64_t)budget);
	if (!ump_task_dispatch(ump__fuzz.task, budget)) {
		ump__fuzz_check_watches(&ump__fuzz.threads[0]);
		ump__fuzz_join();
	}
	/* What a handler returns that has suspended has no effect. */
	if (ump__fuzz_stats(&stats) && stats.busy)
		ump__fuzz.broken = false;
	ump__fuzz_release_copies(false);
}

static void dispatch(struct fuzz_thread *me)
{
	ump__fuzz_dispatch(below(me, 4));
}

static void drop_task(struct fuzz_thread *me)
{
	/* Seldom, since little can happen afterwards; and not after a stop, whose value would be
	 * discarded. */
	if (ump__fuzz.task == NULL || ump__fuzz.stop_sent || below(me, 4) != 0)
		return;
	ump__fuzz_call(me, "drop the task", -1);
	ump__fuzz.task_dropped = true;
	ump_task_drop(&ump__fuzz.task);
	ump__fuzz.outcome = ump_continue();
	ump__fuzz.joined = true;
}

/* Stop the server; seldom, as a task is dropped. */
static void stop(struct fuzz_thread *me)
{
	const struct ump_fuzz_target *target = ump__fuzz.target;
	unsigned which;
	ump_client *client = chosen_client(me, &which);
	void *value;
	int result;

	if (client == NULL || target->stop == NULL || ump__fuzz.stop_sent ||
		ump__fuzz.task_dropped || below(me, 4) != 0)
		return;
	ump__fuzz.stop_sent = true;
	value = target->stop(ump__fuzz.arg, &me->input);
	ump__fuzz_call(me, "stop the server through client", which);
	result = ump_client_stop(client, value, target->drop_stop);
	ump__fuzz_result(me, result);
	if (result == UMP_OK)
		ump__fuzz.stopped = true;
	else if (target->drop_stop != NULL)
		target->drop_stop(value);
}

static void act(struct fuzz_thread *me)
{
	if (ump__fuzz.target->act == NULL)
		return;
	ump__fuzz_call(me, "act", -1);
	ump__fuzz.target->act(ump__fuzz.arg, &me->input);
}

static void elapse(struct fuzz_thread *me)
{
	static const int64_t units[] = {1, 1000, 1000000, 1000000000};
	int64_t ns = units[below(me, 4)] * (1 + below(me, 256));

	if (ump__fuzz.target->elapse == NULL)
		return;
	ump__fuzz_call(me, "let pass, in ns,", ns);
	ump__fuzz.target->elapse(ump__fuzz.arg, ns);
}

/* ---- The choice ---------------------------------------------------------------------------- */

bool ump__fuzz_has_calls(const struct fuzz_thread *me)
{
	unsigned most = ump__fuzz.target->calls;

	return me->calls < (most != 0 ? most : FUZZ_CALLS) && !ump_fuzz_is_over(&me->input);
}

/* A handful of bytes chooses, so what must happen often has more of the table. */
typedef void fuzz_choice(struct fuzz_thread *me);
#define SENDS                                                                                      \
	post, post, post_through_poster, request, request_without_waiting,                         \
		request_without_waiting, request_without_waiting
#define PROGRAMS act, act, elapse
#define ANSWERS  try_answer, give_up, complete, drop_completions
#define HANDLES                                                                                    \
	clone_client, drop_client, weaken_client, upgrade_weak, drop_weak, make_poster, drop_poster
#define LATER post_later, control_delayed, watch, stop
static fuzz_choice *const all[] = {
	SENDS, dispatch, dispatch, dispatch, PROGRAMS, ANSWERS, HANDLES, drop_task, LATER};
/* Of a client thread, while the handler may run; and with a server whose thread is its own. */
static fuzz_choice *const of_client[] = {SENDS, ANSWERS, HANDLES, LATER};
static fuzz_choice *const beside_thread[] = {SENDS, PROGRAMS, ANSWERS, HANDLES, LATER};

#define CHOOSE(table) (table)[below(me, sizeof(table) / sizeof *(table))](me)

void ump__fuzz_step(struct fuzz_thread *me)
{
	if (me->number == 0)
		CHOOSE(all);
	else if (ump__fuzz.server == FUZZ_IS_THREAD)
		CHOOSE(beside_thread);
	else
		CHOOSE(of_client);
	if (me->number == 0 && ump__fuzz.server == FUZZ_IS_COMBINING && !ump__fuzz.joined)
		ump__fuzz_join();
	/* In the simulator the handler may be running. */
	if (me->number == 0 || !ump__fuzz_simulated)
		ump__fuzz_release_copies(false);
}
