/* SPDX-License-Identifier: 0BSD */
#include "life/model.h"

#include <string.h>

void model_open(struct model *model, bool raw, uint32_t capacity)
{
	memset(model, 0, sizeof *model);
	model->strong = 1;
	model->served = true;
	model->raw = raw;
	model->capacity = capacity;
	model->permits = capacity;
}

bool model_has_space(const struct model *model)
{
	return model->values < MODEL_VALUES - 16 && model->requests < MODEL_REQUESTS - 16 &&
	       model->queued < MODEL_QUEUE - 16 && model->waiters < MODEL_WAITERS - 16 &&
	       model->waiting < MODEL_WAIT_QUEUE - 8;
}

int model_value(struct model *model)
{
	model->owner[model->values] = MODEL_SENDER;
	return model->values++;
}

static void set_owner(struct model *model, int value, enum model_owner owner)
{
	if (value != MODEL_NO_VALUE)
		model->owner[value] = owner;
}

/* ---- Clients ------------------------------------------------------------------------------- */

void model_strong_add(struct model *model)
{
	model->strong++;
}

void model_strong_drop(struct model *model)
{
	model->strong--;
}

bool model_strong_is_full(const struct model *model)
{
	return model->strong == UINT32_MAX;
}

bool model_weak_is_full(const struct model *model)
{
	/* All strong handles together count as one weak handle, and so does the receiving end. */
	return model->weak == UINT32_MAX - (model->strong > 0) - model->served;
}

int model_upgrade(struct model *model)
{
	if (model->strong == 0)
		return UMP_CLIENTS_GONE;
	if (model_strong_is_full(model))
		return UMP_OVERFLOW;
	model->strong++;
	return UMP_OK;
}

/* ---- Completions ----------------------------------------------------------------------------- */

void model_completions_open(struct model_completions *completions)
{
	memset(completions, 0, sizeof *completions);
	completions->open = true;
	completions->quiet = true;
}

static void arrive(struct model_completions *completions, struct model_end end)
{
	completions->queue[completions->arrived++] = end;
	completions->quiet = false;
}

void model_in_flight(
	struct model *model, int request, struct model_completions *completions, int tag)
{
	model->request[request].to = completions;
	model->request[request].tag = tag;
	completions->in_flight++;
}

/* One of a reservation's two owners has released it. */
static void waiter_done(struct model *model, struct model_waiter *waiter)
{
	if (waiter->owners > 0 && --waiter->owners == 0)
		model->weak--;
}

int model_next(struct model_completions *completions, struct model_end *end)
{
	if (completions->arrived == 0) {
		completions->quiet = completions->cancelled == 0;
		return UMP_EMPTY;
	}
	*end = completions->queue[0];
	if (end->request == MODEL_NONE && end->waiter != MODEL_NONE) {
		end->server->waiter[end->waiter].notified = true;
		waiter_done(end->server, &end->server->waiter[end->waiter]);
	}
	completions->arrived--;
	completions->in_flight--;
	memmove(completions->queue, completions->queue + 1,
		completions->arrived * sizeof completions->queue[0]);
	return UMP_OK;
}

int model_cancel(struct model *model, int request, struct model_completions *completions)
{
	struct model_request *given = &model->request[request];

	if (given->to != completions || given->state == MODEL_DONE)
		return UMP_EMPTY;
	completions->cancelled_tags[completions->cancelled++] = given->tag;
	completions->quiet = false;
	given->to = NULL;
	model_give_up(model, request);
	return UMP_OK;
}

int model_next_cancelled(struct model_completions *completions)
{
	int tag = completions->cancelled_tags[0];

	completions->cancelled--;
	completions->in_flight--;
	memmove(completions->cancelled_tags, completions->cancelled_tags + 1,
		completions->cancelled * sizeof completions->cancelled_tags[0]);
	return tag;
}

void model_completions_drop(struct model_completions *completions)
{
	completions->cancelled = 0;
	completions->open = false;
	for (unsigned i = 0; i < completions->arrived; i++) {
		struct model_end *end = &completions->queue[i];

		if (end->request != MODEL_NONE)
			model_give_up(end->server, end->request);
	}
	completions->arrived = 0;
	completions->in_flight = 0;
}

/* ---- Watches --------------------------------------------------------------------------------- */

static void tell(struct model *model, const struct model_watch *watch)
{
	if (watch->to == NULL)
		return;
	arrive(watch->to, (struct model_end){.server = model,
				  .request = MODEL_NONE,
				  .tag = watch->tag,
				  .code = UMP_OK,
				  .waiter = MODEL_NONE,
				  .reports = watch->reports,
				  .how = model->how});
}

void model_watch(struct model *model, struct model_completions *to, int tag, bool reports)
{
	struct model_watch *watch = &model->watch[model->watches++];

	*watch = (struct model_watch){to, tag, reports};
	to->in_flight++;
	if (model->ended)
		tell(model, watch);
}

void model_ended(struct model *model, struct ump_flow how)
{
	if (model->ended)
		return;
	model->ended = true;
	model->how = how;
	for (int i = 0; i < model->watches; i++)
		tell(model, &model->watch[i]);
}

/* ---- Capacity -------------------------------------------------------------------------------- */

static void remove_from_wait_queue(struct model *model, int waiter)
{
	unsigned at = 0;

	while (model->wait_queue[at] != waiter)
		at++;
	model->waiting--;
	memmove(model->wait_queue + at, model->wait_queue + at + 1,
		(model->waiting - at) * sizeof model->wait_queue[0]);
	model->waiter[waiter].waits = false;
}

/* Complete a waiter that has left the wait queue.  false: the permit is not wanted. */
static bool call(struct model *model, int which, int code)
{
	struct model_waiter *waiter = &model->waiter[which];

	waiter->code = code;
	/* A reservation whose completions are gone cannot be notified. */
	if (waiter->reserves && waiter->to == NULL) {
		waiter_done(model, waiter);
		return false;
	}
	waiter->has_permit = code == UMP_OK && model->capacity != 0;
	if (waiter->reserves)
		arrive(waiter->to, (struct model_end){.server = model,
					   .request = MODEL_NONE,
					   .tag = waiter->tag,
					   .code = code,
					   .waiter = which});
	return true;
}

static void give_permit(struct model *model)
{
	if (model->capacity == 0)
		return;
	while (model->waiting > 0) {
		int first = model->wait_queue[0];

		remove_from_wait_queue(model, first);
		if (call(model, first, UMP_OK))
			return;
	}
	model->permits++;
}

int model_take_permit(struct model *model, int reservation)
{
	model->used = MODEL_NONE;
	if (model->capacity == 0)
		return UMP_OK;
	if (reservation != MODEL_NONE && model->waiter[reservation].has_permit) {
		model->waiter[reservation].has_permit = false;
		model->used = model->waiter[reservation].reserves ? reservation : MODEL_NONE;
		return UMP_OK;
	}
	if (model->closed)
		return UMP_SERVER_GONE;
	if (model->permits == 0)
		return UMP_FULL;
	model->permits--;
	return UMP_OK;
}

void model_return_permit(struct model *model)
{
	if (model->used != MODEL_NONE)
		model->waiter[model->used].has_permit = true;
	else
		give_permit(model);
}

void model_forget(struct model *model, const struct model_completions *completions)
{
	for (int i = 0; i < model->requests; i++) {
		if (model->request[i].to != completions)
			continue;
		model->request[i].to = NULL;
		if (model->request[i].state != MODEL_DONE)
			model->request[i].waited_for = false;
	}
	for (int i = 0; i < model->waiters; i++) {
		struct model_waiter *waiter = &model->waiter[i];

		if (waiter->to != completions)
			continue;
		waiter->to = NULL;
		if (!waiter->notified && !waiter->waits)
			waiter_done(model, waiter);
	}
	for (int i = 0; i < model->watches; i++) {
		if (model->watch[i].to == completions)
			model->watch[i].to = NULL;
	}
	/* A client that was not notified, and cannot be any more, must not keep a permit. */
	for (int i = 0; i < model->waiters; i++) {
		struct model_waiter *waiter = &model->waiter[i];

		if (waiter->reserves && waiter->to == NULL && waiter->has_permit &&
			!waiter->notified) {
			waiter->has_permit = false;
			give_permit(model);
		}
	}
}

static int new_waiter(struct model *model)
{
	memset(&model->waiter[model->waiters], 0, sizeof model->waiter[0]);
	return model->waiters++;
}

/* Insert `waiter` into the wait queue before position `at`. */
static void insert_in_wait_queue(struct model *model, int waiter, unsigned at)
{
	memmove(model->wait_queue + at + 1, model->wait_queue + at,
		(model->waiting - at) * sizeof model->wait_queue[0]);
	model->wait_queue[at] = waiter;
	model->waiting++;
	model->waiter[waiter].waits = true;
}

int model_join_wait_queue(struct model *model, int reservation)
{
	int waiter = new_waiter(model);
	unsigned at = 0;

	while (at < model->waiting && model->wait_queue[at] != reservation)
		at++;
	insert_in_wait_queue(model, waiter, at);
	return waiter;
}

void model_leave_wait_queue(struct model *model, int waiter)
{
	if (model->waiter[waiter].waits)
		remove_from_wait_queue(model, waiter);
}

int model_reserve(struct model *model, int reservation, struct model_completions *to, int tag)
{
	int waiter = new_waiter(model);
	bool has_permit = reservation != MODEL_NONE && model->waiter[reservation].has_permit;

	model->waiter[waiter].reserves = true;
	model->waiter[waiter].to = to;
	model->waiter[waiter].tag = tag;
	to->in_flight++;
	if (model->capacity != 0) {
		model->waiter[waiter].owners = 2;
		model->weak++;
	}
	/* The client reserves anew, since no completions are left to be notified of the permit that
	 * its earlier reservation holds or waits for. */
	if (reservation != MODEL_NONE) {
		model->waiter[reservation].has_permit = false;
		if (model->waiter[reservation].waits) {
			remove_from_wait_queue(model, reservation);
			(void)call(model, reservation, UMP_ORIGIN_GONE);
		}
		waiter_done(model, &model->waiter[reservation]);
	}
	if (has_permit)
		(void)call(model, waiter, UMP_OK);
	else if (model->closed)
		(void)call(model, waiter, UMP_SERVER_GONE);
	else if (model->capacity == 0)
		(void)call(model, waiter, UMP_OK);
	else if (model_take_permit(model, MODEL_NONE) == UMP_OK)
		(void)call(model, waiter, UMP_OK);
	else
		insert_in_wait_queue(model, waiter, model->waiting);
	return waiter;
}

bool model_has_reservation(const struct model *model, int reservation)
{
	const struct model_waiter *waiter;

	if (reservation == MODEL_NONE)
		return false;
	waiter = &model->waiter[reservation];
	/* Without completions to notify, the reservation is void. */
	return waiter->to != NULL && (waiter->has_permit || waiter->waits);
}

void model_drop_reservation(struct model *model, int reservation)
{
	if (reservation == MODEL_NONE)
		return;
	if (model->waiter[reservation].waits) {
		remove_from_wait_queue(model, reservation);
		(void)call(model, reservation, UMP_ORIGIN_GONE);
	} else if (model->waiter[reservation].has_permit) {
		model->waiter[reservation].has_permit = false;
		give_permit(model);
	}
	waiter_done(model, &model->waiter[reservation]);
}

unsigned model_depth(const struct model *model)
{
	return model->capacity - model->permits;
}

/* ---- Sending ------------------------------------------------------------------------------- */

static void enqueue(struct model *model, int value, int request)
{
	model->queue[model->queued].value = value;
	model->queue[model->queued].request = request;
	model->queued++;
	set_owner(model, value, MODEL_LIBRARY);
}

int model_post(struct model *model, int value)
{
	if (model->closed) {
		model_return_permit(model);
		return UMP_SERVER_GONE;
	}
	enqueue(model, value, MODEL_NONE);
	return UMP_OK;
}

int model_send(struct model *model, int value, int *request)
{
	struct model_request *made = &model->request[model->requests];

	if (model->closed) {
		model_return_permit(model);
		return UMP_SERVER_GONE;
	}
	memset(made, 0, sizeof *made);
	made->state = MODEL_QUEUED;
	made->waited_for = true;
	made->value = value;
	made->reply = MODEL_NO_VALUE;
	enqueue(model, value, model->requests);
	*request = model->requests++;
	return UMP_OK;
}

int model_send_blocking(struct model *model, int value, int *request)
{
	int result = model_send(model, value, request);

	if (result == UMP_OK)
		model->request[*request].blocks = true;
	return result;
}

/* ---- The caller's side --------------------------------------------------------------------- */

int model_take(struct model *model, int request)
{
	struct model_request *taken = &model->request[request];

	if (taken->state != MODEL_DONE)
		return UMP_EMPTY;
	taken->waited_for = false;
	set_owner(model, taken->reply, MODEL_RECEIVER);
	return taken->code;
}

void model_give_up(struct model *model, int request)
{
	struct model_request *given = &model->request[request];

	given->waited_for = false;
	/* Drop the reply that the caller would have owned. */
	if (given->state == MODEL_DONE)
		set_owner(model, given->reply, MODEL_DROPPED);
}

void model_too_late(struct model *model, int value)
{
	set_owner(model, value, MODEL_DROPPED);
}

/* ---- The handler's side -------------------------------------------------------------------- */

static void dequeue(struct model *model, struct model_message *message)
{
	*message = model->queue[0];
	model->queued--;
	memmove(model->queue, model->queue + 1, model->queued * sizeof model->queue[0]);
	if (model->most < model_depth(model))
		model->most = model_depth(model);
	give_permit(model);
}

static bool is_given_up(const struct model *model, const struct model_message *message)
{
	return message->request >= 0 && !model->request[message->request].waited_for;
}

bool model_skip(struct model *model)
{
	struct model_message message = model->queue[0];

	if (!is_given_up(model, &message))
		return false;
	dequeue(model, &message);
	model->skipped++;
	model->request[message.request].state = MODEL_DONE;
	set_owner(model, message.value, MODEL_DROPPED);
	return true;
}

/* Take the oldest message that must be handled. */
static bool next(struct model *model, struct model_message *message)
{
	while (model->queued > 0) {
		if (model_skip(model))
			continue;
		dequeue(model, message);
		return true;
	}
	return false;
}

int model_receive(struct model *model, struct model_message *message)
{
	if (next(model, message)) {
		set_owner(model, message->value, MODEL_RECEIVER);
		model->handled++;
		if (message->request >= 0) {
			model->request[message->request].state = MODEL_STARTED;
			/* The library cannot see what a program's own loop does with the
			 * context. */
			model->request[message->request].elsewhere = model->raw;
		}
		return UMP_OK;
	}
	return model->strong > 0 ? UMP_EMPTY : UMP_CLIENTS_GONE;
}

/* Finish a request and deliver its end. */
static void finish(struct model *model, int request, int code, int reply)
{
	struct model_request *finished = &model->request[request];

	finished->state = MODEL_DONE;
	finished->code = code;
	finished->reply = reply;
	if (finished->kept)
		model->kept--;
	finished->kept = false;
	if (finished->to != NULL)
		arrive(finished->to, (struct model_end){.server = model,
					     .request = request,
					     .tag = finished->tag,
					     .code = code,
					     .waiter = MODEL_NONE});
	if (finished->holds)
		model_strong_drop(model);
	finished->holds = false;
}

int model_answer(struct model *model, int request, int code, int reply)
{
	struct model_request *answered = &model->request[request];

	/* Answering an undelivered request takes it over. */
	if (answered->state == MODEL_LEFT)
		set_owner(model, answered->value, MODEL_RECEIVER);
	if (code != UMP_OK && (answered->kept || !answered->elsewhere))
		model->failed++;
	finish(model, request, code, reply);
	if (answered->waited_for) {
		set_owner(model, reply, MODEL_LIBRARY);
		return UMP_OK;
	}
	set_owner(model, reply, MODEL_DROPPED);
	return UMP_ORIGIN_GONE;
}

void model_drop_context(struct model *model, int request)
{
	struct model_request *dropped = &model->request[request];
	bool started = dropped->state == MODEL_STARTED;

	finish(model, request, started ? UMP_NO_REPLY : UMP_SERVER_GONE, MODEL_NO_VALUE);
	/* A request that never started returns its value to the caller if that still blocks in its
	 * call. */
	if (!started)
		set_owner(model, dropped->value,
			dropped->blocks && dropped->waited_for ? MODEL_SENDER : MODEL_DROPPED);
}

void model_keep(struct model *model, int request, bool counted)
{
	struct model_request *kept = &model->request[request];

	kept->state = MODEL_STARTED;
	set_owner(model, kept->value, MODEL_RECEIVER);
	if (!kept->elsewhere && counted) {
		kept->kept = true;
		model->kept++;
	}
	kept->elsewhere = true;
}

int model_hold(struct model *model, int request)
{
	struct model_request *held = &model->request[request];
	int result = UMP_OK;

	/* Without a reference, the server may be gone. */
	if (!model->raw && !held->kept)
		return UMP_OVERFLOW;
	if (!held->holds)
		result = model_upgrade(model);
	held->holds = held->holds || result == UMP_OK;
	return result;
}

/* ---- The end ------------------------------------------------------------------------------- */

void model_close(struct model *model)
{
	model->closed = true;
	while (model->waiting > 0) {
		int first = model->wait_queue[0];

		remove_from_wait_queue(model, first);
		(void)call(model, first, UMP_SERVER_GONE);
	}
}

bool model_next_leftover(struct model *model, struct model_message *message)
{
	if (!next(model, message))
		return false;
	if (message->request >= 0)
		model->request[message->request].state = MODEL_LEFT;
	else
		set_owner(model, message->value, MODEL_RECEIVER);
	return true;
}

void model_discard(struct model *model)
{
	struct model_message message;

	while (model_next_leftover(model, &message)) {
		if (message.request >= 0)
			model_drop_context(model, message.request);
		else
			set_owner(model, message.value, MODEL_DROPPED);
	}
}
