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
	model->places = capacity;
}

bool model_has_room(const struct model *model)
{
	return model->values < MODEL_VALUES - 16 && model->requests < MODEL_REQUESTS - 16 &&
	       model->queued < MODEL_QUEUE - 16 && model->tickets < MODEL_TICKETS - 16 &&
	       model->in_line < MODEL_LINE - 8;
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
static void ticket_done(struct model *model, struct model_ticket *ticket)
{
	if (ticket->owners > 0 && --ticket->owners == 0)
		model->weak--;
}

int model_next(struct model_completions *completions, struct model_end *end)
{
	if (completions->arrived == 0) {
		completions->quiet = true;
		return UMP_EMPTY;
	}
	*end = completions->queue[0];
	if (end->request == MODEL_NONE) {
		end->server->ticket[end->ticket].told = true;
		ticket_done(end->server, &end->server->ticket[end->ticket]);
	}
	completions->arrived--;
	completions->in_flight--;
	memmove(completions->queue, completions->queue + 1,
		completions->arrived * sizeof completions->queue[0]);
	return UMP_OK;
}

void model_completions_drop(struct model_completions *completions)
{
	completions->open = false;
	for (unsigned i = 0; i < completions->arrived; i++) {
		struct model_end *end = &completions->queue[i];

		if (end->request != MODEL_NONE)
			model_give_up(end->server, end->request);
	}
	completions->arrived = 0;
	completions->in_flight = 0;
}

/* ---- Capacity -------------------------------------------------------------------------------- */

static void remove_from_line(struct model *model, int ticket)
{
	unsigned at = 0;

	while (model->line[at] != ticket)
		at++;
	model->in_line--;
	memmove(model->line + at, model->line + at + 1,
		(model->in_line - at) * sizeof model->line[0]);
	model->ticket[ticket].in_line = false;
}

/* Complete a waiter that has left the wait queue.  false: the permit is not wanted. */
static bool call(struct model *model, int which, int code)
{
	struct model_ticket *ticket = &model->ticket[which];

	ticket->code = code;
	/* A reservation whose completions are gone cannot be notified. */
	if (ticket->asks && ticket->to == NULL) {
		ticket_done(model, ticket);
		return false;
	}
	ticket->has_place = code == UMP_OK && model->capacity != 0;
	if (ticket->asks)
		arrive(ticket->to, (struct model_end){model, MODEL_NONE, ticket->tag, code, which});
	return true;
}

static void give_place(struct model *model)
{
	if (model->capacity == 0)
		return;
	while (model->in_line > 0) {
		int first = model->line[0];

		remove_from_line(model, first);
		if (call(model, first, UMP_OK))
			return;
	}
	model->places++;
}

int model_place(struct model *model, int ask)
{
	model->used = MODEL_NONE;
	if (model->capacity == 0)
		return UMP_OK;
	if (ask != MODEL_NONE && model->ticket[ask].has_place) {
		model->ticket[ask].has_place = false;
		model->used = model->ticket[ask].asks ? ask : MODEL_NONE;
		return UMP_OK;
	}
	if (model->closed)
		return UMP_SERVER_GONE;
	if (model->places == 0)
		return UMP_FULL;
	model->places--;
	return UMP_OK;
}

void model_place_back(struct model *model)
{
	if (model->used != MODEL_NONE)
		model->ticket[model->used].has_place = true;
	else
		give_place(model);
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
	for (int i = 0; i < model->tickets; i++) {
		struct model_ticket *ticket = &model->ticket[i];

		if (ticket->to != completions)
			continue;
		ticket->to = NULL;
		if (!ticket->told && !ticket->in_line)
			ticket_done(model, ticket);
	}
	/* A client that was not notified, and cannot be any more, must not keep a permit. */
	for (int i = 0; i < model->tickets; i++) {
		struct model_ticket *ticket = &model->ticket[i];

		if (ticket->asks && ticket->to == NULL && ticket->has_place && !ticket->told) {
			ticket->has_place = false;
			give_place(model);
		}
	}
}

static int new_ticket(struct model *model)
{
	memset(&model->ticket[model->tickets], 0, sizeof model->ticket[0]);
	return model->tickets++;
}

/* Insert `ticket` into the wait queue before position `at`. */
static void insert_in_line(struct model *model, int ticket, unsigned at)
{
	memmove(model->line + at + 1, model->line + at,
		(model->in_line - at) * sizeof model->line[0]);
	model->line[at] = ticket;
	model->in_line++;
	model->ticket[ticket].in_line = true;
}

int model_stand(struct model *model, int ask)
{
	int ticket = new_ticket(model);
	unsigned at = 0;

	while (at < model->in_line && model->line[at] != ask)
		at++;
	insert_in_line(model, ticket, at);
	return ticket;
}

void model_leave_line(struct model *model, int ticket)
{
	if (model->ticket[ticket].in_line)
		remove_from_line(model, ticket);
}

int model_ask(struct model *model, int asked, struct model_completions *to, int tag)
{
	int ticket = new_ticket(model);
	bool has_place = asked != MODEL_NONE && model->ticket[asked].has_place;

	model->ticket[ticket].asks = true;
	model->ticket[ticket].to = to;
	model->ticket[ticket].tag = tag;
	to->in_flight++;
	if (model->capacity != 0) {
		model->ticket[ticket].owners = 2;
		model->weak++;
	}
	/* The client reserves anew, since no completions are left to be notified of the permit that
	 * its earlier reservation holds or waits for. */
	if (asked != MODEL_NONE) {
		model->ticket[asked].has_place = false;
		if (model->ticket[asked].in_line) {
			remove_from_line(model, asked);
			(void)call(model, asked, UMP_ORIGIN_GONE);
		}
		ticket_done(model, &model->ticket[asked]);
	}
	if (has_place)
		(void)call(model, ticket, UMP_OK);
	else if (model->closed)
		(void)call(model, ticket, UMP_SERVER_GONE);
	else if (model->capacity == 0)
		(void)call(model, ticket, UMP_OK);
	else if (model_place(model, MODEL_NONE) == UMP_OK)
		(void)call(model, ticket, UMP_OK);
	else
		insert_in_line(model, ticket, model->in_line);
	return ticket;
}

bool model_asks(const struct model *model, int ask)
{
	const struct model_ticket *ticket;

	if (ask == MODEL_NONE)
		return false;
	ticket = &model->ticket[ask];
	/* Without completions to notify, the reservation is void. */
	return ticket->to != NULL && (ticket->has_place || ticket->in_line);
}

void model_ask_end(struct model *model, int ask)
{
	if (ask == MODEL_NONE)
		return;
	if (model->ticket[ask].in_line) {
		remove_from_line(model, ask);
		(void)call(model, ask, UMP_ORIGIN_GONE);
	} else if (model->ticket[ask].has_place) {
		model->ticket[ask].has_place = false;
		give_place(model);
	}
	ticket_done(model, &model->ticket[ask]);
}

unsigned model_depth(const struct model *model)
{
	return model->capacity - model->places;
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
		model_place_back(model);
		return UMP_SERVER_GONE;
	}
	enqueue(model, value, MODEL_NONE);
	return UMP_OK;
}

int model_send(struct model *model, int value, int *request)
{
	struct model_request *made = &model->request[model->requests];

	if (model->closed) {
		model_place_back(model);
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
	give_place(model);
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
		arrive(finished->to,
			(struct model_end){model, request, finished->tag, code, MODEL_NONE});
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

/* ---- The end ------------------------------------------------------------------------------- */

void model_close(struct model *model)
{
	model->closed = true;
	while (model->in_line > 0) {
		int first = model->line[0];

		remove_from_line(model, first);
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
