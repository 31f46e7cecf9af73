/* SPDX-License-Identifier: 0BSD */
/* The calls that the harness makes, each chosen by the input. */
#include "user/fuzz_world.h"

#include <stdlib.h>
#include <string.h>

/* The time that a combining server has for a request before the harness gives it up: the handler
 * runs inside the call, so only a kept context takes longer. */
#define PATIENCE 50000

static unsigned below(unsigned limit)
{
	return ump_fuzz_below(&ump__fuzz.input, limit);
}

/* ---- Handles ------------------------------------------------------------------------------- */

/* The first place from a chosen one on that is free, or taken; `count` if there is none. */
static unsigned place(void *const *handles, unsigned count, bool taken)
{
	unsigned first = below(count);

	for (unsigned i = 0; i < count; i++) {
		if ((handles[(first + i) % count] != NULL) == taken)
			return (first + i) % count;
	}
	return count;
}

#define PLACE(handles, count, taken) place((void *const *)(handles), count, taken)

static ump_client *chosen_client(unsigned *which)
{
	*which = PLACE(ump__fuzz.clients, FUZZ_CLIENTS, true);
	return *which < FUZZ_CLIENTS ? ump__fuzz.clients[*which] : NULL;
}

static void clone_client(void)
{
	unsigned which;
	ump_client *client = chosen_client(&which);
	unsigned empty = PLACE(ump__fuzz.clients, FUZZ_CLIENTS, false);

	if (client == NULL || empty == FUZZ_CLIENTS)
		return;
	ump__fuzz_call("clone client", which);
	ump__fuzz_result(ump_client_clone(client, &ump__fuzz.clients[empty]));
}

static void drop_client(void)
{
	unsigned which;

	if (chosen_client(&which) == NULL)
		return;
	ump__fuzz_call("drop client", which);
	ump_client_drop(&ump__fuzz.clients[which]);
}

static void weaken_client(void)
{
	unsigned which;
	ump_client *client = chosen_client(&which);
	unsigned empty = PLACE(ump__fuzz.weaks, FUZZ_WEAKS, false);

	if (client == NULL || empty == FUZZ_WEAKS)
		return;
	ump__fuzz_call("make a weak client of client", which);
	ump__fuzz_result(ump_client_weak(client, &ump__fuzz.weaks[empty]));
}

static void upgrade_weak(void)
{
	unsigned which = PLACE(ump__fuzz.weaks, FUZZ_WEAKS, true);
	unsigned empty = PLACE(ump__fuzz.clients, FUZZ_CLIENTS, false);

	if (which == FUZZ_WEAKS || empty == FUZZ_CLIENTS)
		return;
	ump__fuzz_call("upgrade weak client", which);
	ump__fuzz_result(
		ump_weak_client_upgrade(ump__fuzz.weaks[which], &ump__fuzz.clients[empty]));
}

static void drop_weak(void)
{
	unsigned which = PLACE(ump__fuzz.weaks, FUZZ_WEAKS, true);

	if (which == FUZZ_WEAKS)
		return;
	ump__fuzz_call("drop weak client", which);
	ump_weak_client_drop(&ump__fuzz.weaks[which]);
}

static void make_poster(void)
{
	unsigned which;
	ump_client *client = chosen_client(&which);
	unsigned empty = PLACE(ump__fuzz.posters, FUZZ_POSTERS, false);

	if (client == NULL || empty == FUZZ_POSTERS || ump__fuzz.target->config.post.size == 0)
		return;
	ump__fuzz_call("make a post client of client", which);
	ump__fuzz_result(ump_client_post_client(client, &ump__fuzz.posters[empty]));
}

static void drop_poster(void)
{
	unsigned which = PLACE(ump__fuzz.posters, FUZZ_POSTERS, true);

	if (which == FUZZ_POSTERS)
		return;
	ump__fuzz_call("drop post client", which);
	ump_post_client_drop(&ump__fuzz.posters[which]);
}

void ump__fuzz_drop_clients(void)
{
	ump__fuzz_call("drop all clients", -1);
	for (unsigned i = 0; i < FUZZ_CLIENTS; i++)
		ump_client_drop(&ump__fuzz.clients[i]);
	for (unsigned i = 0; i < FUZZ_POSTERS; i++)
		ump_post_client_drop(&ump__fuzz.posters[i]);
	for (unsigned i = 0; i < FUZZ_WEAKS; i++)
		ump_weak_client_drop(&ump__fuzz.weaks[i]);
}

/* ---- Posts --------------------------------------------------------------------------------- */

/* Take a value back that was not accepted, and release what it points to. */
static void take_back(enum fuzz_kind kind, void *value, struct fuzz_message *message)
{
	ump__fuzz_unsend(message);
	ump__fuzz_release(kind, value);
}

static void post(void)
{
	unsigned which;
	ump_client *client = chosen_client(&which);
	struct fuzz_message *message;
	void *value = client != NULL ? ump__fuzz_make(FUZZ_POST) : NULL;
	int result;

	if (value == NULL)
		return;
	message = ump__fuzz_send(FUZZ_POST, value);
	ump__fuzz_call("post through client", which);
	result = below(2) ? ump_client_post_until(client, value, UMP_NOW)
			  : ump_client_post(client, value);
	ump__fuzz_result(result);
	if (ump_sent_is_mine(result))
		take_back(FUZZ_POST, value, message);
	else
		free(value);
}

static void post_through_poster(void)
{
	unsigned which = PLACE(ump__fuzz.posters, FUZZ_POSTERS, true);
	struct fuzz_message *message;
	void *value = which < FUZZ_POSTERS ? ump__fuzz_make(FUZZ_POST) : NULL;
	int result;

	if (value == NULL)
		return;
	message = ump__fuzz_send(FUZZ_POST, value);
	ump__fuzz_call("post through post client", which);
	result = ump_post_client_post(ump__fuzz.posters[which], value);
	ump__fuzz_result(result);
	if (ump_sent_is_mine(result))
		take_back(FUZZ_POST, value, message);
	else
		free(value);
}

/* ---- Requests ------------------------------------------------------------------------------ */

static void *reply_memory(void)
{
	const struct ump_config *config = &ump__fuzz.target->config;

	return ump__fuzz_alloc(config->reply.size, config->reply_align);
}

/* Send a request and wait.  A task could not answer meanwhile, so there it is given up at once. */
static void request(void)
{
	unsigned which;
	ump_client *client = chosen_client(&which);
	struct fuzz_message *message;
	void *value = client != NULL ? ump__fuzz_make(FUZZ_REQUEST) : NULL;
	void *reply;
	int result;

	if (value == NULL)
		return;
	reply = reply_memory();
	message = ump__fuzz_send(FUZZ_REQUEST, value);
	ump__fuzz_call("request through client", which);
	result = ump_client_req(client, value, reply,
		ump__fuzz.combining_kind && below(8) != 0 ? ump_after(PATIENCE) : UMP_NOW);
	ump__fuzz_result(result);
	ump__fuzz_ended(value, result, reply);
	free(reply);
	if (ump_request_is_mine(result))
		take_back(FUZZ_REQUEST, value, message);
	else
		free(value);
}

static struct fuzz_request *free_request(void)
{
	for (unsigned i = 0; i < FUZZ_REQUESTS; i++) {
		if (ump__fuzz.requests[i].bytes == NULL)
			return &ump__fuzz.requests[i];
	}
	return NULL;
}

static int send_async(const ump_client *client, struct fuzz_request *request)
{
	switch (below(4)) {
	case 0:
		if (ump__fuzz.completions == NULL &&
			ump_completions_open(&ump__fuzz.completions) != UMP_OK)
			abort();
		return ump_client_req_completion(
			client, request->bytes, ump__fuzz.completions, request);
	case 1:
		return ump_client_req_async_until(
			client, request->bytes, &request->wait_reply, UMP_NOW);
	default:
		return ump_client_req_async(client, request->bytes, &request->wait_reply);
	}
}

static void request_without_waiting(void)
{
	unsigned which;
	ump_client *client = chosen_client(&which);
	struct fuzz_request *request = free_request();
	struct fuzz_message *message;
	void *value = client != NULL && request != NULL ? ump__fuzz_make(FUZZ_REQUEST) : NULL;
	int result;

	if (value == NULL)
		return;
	*request = (struct fuzz_request){.bytes = value, .number = ump__fuzz.calls + 1};
	message = ump__fuzz_send(FUZZ_REQUEST, value);
	ump__fuzz_call("request without waiting through client", which);
	result = send_async(client, request);
	ump__fuzz_result(result);
	if (result == UMP_OK)
		return;
	request->bytes = NULL;
	take_back(FUZZ_REQUEST, value, message);
}

/* A request has ended, or was given up: its place is free. */
static void end_request(struct fuzz_request *request)
{
	free(request->bytes);
	*request = (struct fuzz_request){0};
}

static struct fuzz_request *chosen_request(void)
{
	unsigned first = below(FUZZ_REQUESTS);

	for (unsigned i = 0; i < FUZZ_REQUESTS; i++) {
		struct fuzz_request *request = &ump__fuzz.requests[(first + i) % FUZZ_REQUESTS];

		if (request->wait_reply != NULL)
			return request;
	}
	return NULL;
}

/* Get the answer of a request if it is there. */
static void try_request(struct fuzz_request *request, bool wait)
{
	void *reply = reply_memory();
	int result = wait ? ump_wait_reply_wait(&request->wait_reply, reply, UMP_NOW)
			  : ump_wait_reply_try(&request->wait_reply, reply);

	ump__fuzz_result(result);
	if (request->wait_reply == NULL) {
		ump__fuzz_ended(request->bytes, result, reply);
		end_request(request);
	}
	free(reply);
}

static void try_answer(void)
{
	struct fuzz_request *request = chosen_request();

	if (request == NULL)
		return;
	ump__fuzz_call("look for the answer to the request of call", request->number);
	try_request(request, below(2) == 0);
}

static void give_up(void)
{
	struct fuzz_request *request = chosen_request();

	if (request == NULL)
		return;
	ump__fuzz_call("give up the request of call", request->number);
	ump_wait_reply_drop(&request->wait_reply);
	end_request(request);
}

/* Take all completions that have arrived. */
static void take_completions(void)
{
	struct ump_completion done;
	void *reply;

	while (ump__fuzz.completions != NULL &&
		ump_completions_next(ump__fuzz.completions, &done) == UMP_OK) {
		struct fuzz_request *request = done.tag;

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

static void complete(void)
{
	if (ump__fuzz.completions == NULL)
		return;
	ump__fuzz_call("take the completions", -1);
	take_completions();
}

static void drop_completions(void)
{
	if (ump__fuzz.completions == NULL)
		return;
	ump__fuzz_call("drop the completions", -1);
	ump_completions_drop(&ump__fuzz.completions);
	for (unsigned i = 0; i < FUZZ_REQUESTS; i++) {
		if (ump__fuzz.requests[i].bytes != NULL && ump__fuzz.requests[i].wait_reply == NULL)
			end_request(&ump__fuzz.requests[i]);
	}
}

bool ump__fuzz_collect(void)
{
	bool any = false;

	take_completions();
	for (unsigned i = 0; i < FUZZ_REQUESTS; i++) {
		struct fuzz_request *request = &ump__fuzz.requests[i];

		if (request->wait_reply != NULL) {
			ump__fuzz_call(
				"look for the answer to the request of call", request->number);
			try_request(request, false);
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

void ump__fuzz_join(void)
{
	struct ump_flow how;
	int result = ump__fuzz.task != NULL
			     ? ump_task_join(&ump__fuzz.task, &how)
			     : ump_combining_join(&ump__fuzz.combining, &how, UMP_NOW);

	if (result != UMP_OK)
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
	ump__fuzz_call("dispatch up to", (int64_t)budget);
	if (!ump_task_dispatch(ump__fuzz.task, budget))
		ump__fuzz_join();
	/* What a handler returns that has suspended has no effect. */
	if (ump__fuzz_stats(&stats) && stats.busy)
		ump__fuzz.broken = false;
	ump__fuzz_release_copies(false);
}

static void dispatch(void)
{
	ump__fuzz_dispatch(below(4));
}

static void drop_task(void)
{
	/* Seldom, since little can happen afterwards. */
	if (ump__fuzz.task == NULL || below(4) != 0)
		return;
	ump__fuzz_call("drop the task", -1);
	ump__fuzz.task_dropped = true;
	ump_task_drop(&ump__fuzz.task);
	ump__fuzz.outcome = ump_continue();
	ump__fuzz.joined = true;
}

static void act(void)
{
	if (ump__fuzz.target->act == NULL)
		return;
	ump__fuzz_call("act", -1);
	ump__fuzz.target->act(ump__fuzz.arg, &ump__fuzz.input);
}

static void elapse(void)
{
	static const int64_t units[] = {1, 1000, 1000000, 1000000000};
	int64_t ns = units[below(4)] * (1 + below(256));

	if (ump__fuzz.target->elapse == NULL)
		return;
	ump__fuzz_call("let pass, in ns,", ns);
	ump__fuzz.target->elapse(ump__fuzz.arg, ns);
}

/* ---- The choice ---------------------------------------------------------------------------- */

void ump__fuzz_step(void)
{
	/* A handful of bytes chooses, so what must happen often has more of the table. */
	static void (*const calls[])(void) = {post, post, post_through_poster, request,
		request_without_waiting, request_without_waiting, request_without_waiting, dispatch,
		dispatch, dispatch, act, act, elapse, try_answer, give_up, complete,
		drop_completions, clone_client, drop_client, weaken_client, upgrade_weak, drop_weak,
		make_poster, drop_poster, drop_task};

	calls[below(sizeof calls / sizeof calls[0])]();
	if (ump__fuzz.combining_kind && !ump__fuzz.joined)
		ump__fuzz_join();
	ump__fuzz_release_copies(false);
}
