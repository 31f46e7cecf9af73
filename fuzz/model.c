/* SPDX-License-Identifier: 0BSD */
#include "model.h"

#include <string.h>

void model_open(struct model *model)
{
	memset(model, 0, sizeof *model);
	model->strong = 1;
	model->served = true;
}

bool model_has_room(const struct model *model)
{
	return model->values < MODEL_VALUES - 16 && model->requests < MODEL_REQUESTS - 16 &&
	       model->queued < MODEL_QUEUE - 16;
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
	/* The strong handles count as a weak one, and so does the receiving end. */
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
	if (model->closed)
		return UMP_SERVER_GONE;
	enqueue(model, value, -1);
	return UMP_OK;
}

int model_send(struct model *model, int value, int *request)
{
	struct model_request *made = &model->request[model->requests];

	if (model->closed)
		return UMP_SERVER_GONE;
	made->state = MODEL_QUEUED;
	made->waited_for = true;
	made->value = value;
	made->reply = MODEL_NO_VALUE;
	enqueue(model, value, model->requests);
	*request = model->requests++;
	return UMP_OK;
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
	if (given->state != MODEL_DONE)
		return;
	/* What would have been the caller's has nobody to own it. */
	set_owner(model, given->reply, MODEL_DROPPED);
	if (given->code == UMP_SERVER_GONE)
		set_owner(model, given->value, MODEL_DROPPED);
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
}

/* The oldest message that somebody has to look at. */
static bool next(struct model *model, struct model_message *message)
{
	while (model->queued > 0) {
		dequeue(model, message);
		if (message->request < 0 || model->request[message->request].waited_for)
			return true;
		model->skipped++;
		model->request[message->request].state = MODEL_DONE;
		set_owner(model, message->value, MODEL_DROPPED);
	}
	return false;
}

int model_receive(struct model *model, struct model_message *message)
{
	if (next(model, message)) {
		set_owner(model, message->value, MODEL_RECEIVER);
		if (message->request >= 0)
			model->request[message->request].state = MODEL_STARTED;
		return UMP_OK;
	}
	return model->strong > 0 ? UMP_EMPTY : UMP_CLIENTS_GONE;
}

int model_answer(struct model *model, int request, int code, int reply)
{
	struct model_request *answered = &model->request[request];

	/* To answer a leftover is to take it over. */
	if (answered->state == MODEL_LEFT)
		set_owner(model, answered->value, MODEL_RECEIVER);
	answered->state = MODEL_DONE;
	answered->code = code;
	answered->reply = reply;
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

	dropped->state = MODEL_DONE;
	dropped->code = started ? UMP_NO_REPLY : UMP_SERVER_GONE;
	/* What was never started is its caller's as before, if the caller is still there. */
	if (!started)
		set_owner(
			model, dropped->value, dropped->waited_for ? MODEL_SENDER : MODEL_DROPPED);
}

void model_keep(struct model *model, int request)
{
	model->request[request].state = MODEL_STARTED;
	set_owner(model, model->request[request].value, MODEL_RECEIVER);
}

/* ---- The end ------------------------------------------------------------------------------- */

void model_close(struct model *model)
{
	model->closed = true;
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
