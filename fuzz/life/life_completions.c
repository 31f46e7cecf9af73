/* SPDX-License-Identifier: 0BSD */
/* Operations on completions: requests that end there, reservations of capacity, and arrivals. */
#include "life/life_world.h"

#include "call/completions.h"

/* Value of an out parameter before the call: a failure must replace it. */
#define GARBAGE ((void *)(uintptr_t)8)

static struct sink *sink_of(unsigned from)
{
	return &life.sinks[from % SINKS];
}

static void *tag_of(int number)
{
	return (void *)(uintptr_t)(unsigned)number;
}

/* Check that what the last call has lent is unchanged; it must stay so until the next call. */
void life_check_sink(const struct sink *sink)
{
	if (sink->lent != NULL)
		EXPECT("[complete]",
			life_read(sink->lent_world, KIND_REPLY, sink->lent) == sink->lent_value);
}

static void check_in_flight(const struct sink *sink)
{
	EXPECT("[complete]", ump_completions_in_flight(sink->handle) == sink->model.in_flight);
}

/* Cancel the request that was sent last; a second time, it is harmless. */
static void cancel(struct sink *sink)
{
	int expected = UMP_EMPTY;
	int result;

	if (sink->busy)
		return;
	if (sink->id != 0)
		expected = model_cancel(
			&sink->cancellable_world->model, sink->cancellable, &sink->model);
	result = ump_completions_cancel(sink->handle, sink->id);
	life_trace("  cancelled", result);
	EXPECT("[complete]", result == expected);
	EXPECT("[complete]", ump_completions_due(sink->handle) ==
				     (sink->model.cancelled != 0 ? UMP_NOW : UMP_FOREVER));
	check_in_flight(sink);
}

void life_completions_open(struct world *world, unsigned from)
{
	struct sink *sink = sink_of(from);
	ump_completions *out = GARBAGE;
	int result;
	int failure;

	(void)world;
	if (sink->handle != NULL) {
		cancel(sink);
		return;
	}
	result = ump_completions_open(&out);
	failure = life_failure();
	EXPECT("[clean]", result == failure);
	EXPECT("[clean]", (out == NULL) == (result != UMP_OK));
	sink->handle = out;
	if (result == UMP_OK)
		model_completions_open(&sink->model);
}

void life_completions_drop(struct world *world, unsigned from)
{
	struct sink *sink = sink_of(from);

	(void)world;
	if (sink->busy)
		return;
	life_check_sink(sink);
	if (sink->handle != NULL) {
		model_completions_drop(&sink->model);
		for (int i = 0; i < WORLDS; i++)
			model_forget(&life.worlds[i].model, &sink->model);
	}
	sink->lent = NULL;
	sink->id = 0;
	ump_completions_drop(&sink->handle);
	EXPECT("[misuse]", sink->handle == NULL);
}

void life_drop_sinks(void)
{
	for (unsigned i = 0; i < SINKS; i++) {
		life_completions_drop(NULL, i);
		life_check();
	}
}

/* Check what comes with the end of a watch; with that of a reservation nothing comes. */
static void check_watch(const struct model_end *end, const struct ump_flow *how)
{
	EXPECT("[watch]", (how != NULL) == end->reports);
	if (how != NULL)
		EXPECT("[watch]", how->stop == end->how.stop && how->value == end->how.value);
}

void life_completed(struct sink *sink, int result, const struct ump_completion *out, int nothing)
{
	struct model_end end;
	const struct model_request *request;
	struct world *world;

	if (result == UMP_OK && out->result == UMP_CANCELLED) {
		EXPECT("[complete]", sink->model.cancelled != 0);
		EXPECT("[complete]", out->tag == tag_of(model_next_cancelled(&sink->model)));
		EXPECT("[complete]", out->reply == NULL);
		return;
	}
	if (model_next(&sink->model, &end) != UMP_OK) {
		EXPECT("[complete]", sink->model.cancelled == 0);
		EXPECT("[complete]", result == nothing);
		return;
	}
	EXPECT("[complete]", result == UMP_OK);
	EXPECT("[complete]", out->tag == tag_of(end.tag));
	EXPECT("[complete]", out->result == end.code);
	life_trace("  completed: tag", end.tag);
	if (end.request == MODEL_NONE) {
		check_watch(&end, out->reply);
		return;
	}
	EXPECT("[once]", model_take(end.server, end.request) == end.code);
	request = &end.server->request[end.request];
	EXPECT("[complete]", (out->reply != NULL) == (request->reply != MODEL_NO_VALUE));
	if (out->reply == NULL)
		return;
	for (world = life.worlds; &world->model != end.server;)
		world++;
	EXPECT("[complete]", life_read(world, KIND_REPLY, out->reply) == request->reply);
	sink->lent = out->reply;
	sink->lent_world = world;
	sink->lent_value = request->reply;
}

void life_completions_next(struct world *world, unsigned from)
{
	struct sink *sink = sink_of(from);
	struct ump_completion out = {GARBAGE, 1234, NULL};
	struct wait wait = {.reason = FOR_NOTHING};
	int result;

	(void)world;
	if (sink->busy)
		return;
	life_check_sink(sink);
	check_in_flight(sink);
	if (sink->handle == NULL) {
		EXPECT("[misuse]", ump_completions_next(NULL, &out) == UMP_INVALID);
		EXPECT("[misuse]", ump_completions_wait(NULL, &out, UMP_FOREVER) == UMP_INVALID);
		return;
	}
	sink->lent = NULL;
	if (input_flag(&life.input)) {
		result = ump_completions_next(sink->handle, &out);
		life_completed(sink, result, &out, UMP_EMPTY);
	} else {
		life_wait_begin(&wait);
		result = ump_completions_wait(sink->handle, &out, life_past_of(from));
		life_wait_end(&wait);
		life_completed(sink, result, &out,
			sink->model.in_flight == 0 ? UMP_NONE_PENDING : UMP_TIMED_OUT);
	}
	check_in_flight(sink);
}

/* Send a request, in one of the two ways, whose answer goes to `sink`. */
static int send_completion(
	struct world *world, unsigned from, const void *msg, struct sink *sink, uint64_t *id)
{
	/* Without a number and a deadline, both functions are the same. */
	return id != NULL || life.tags % 2 != 0
		       ? ump_client_req_completion_until(world->clients[from], msg, sink->handle,
				 tag_of(life.tags), UMP_FOREVER, id)
		       : ump_client_req_completion(
				 world->clients[from], msg, sink->handle, tag_of(life.tags));
}

void life_req_completion(struct world *world, unsigned from)
{
	LIFE_BUFFER(buffer);
	unsigned which = input_byte(&life.input);
	struct sink *sink = sink_of(which);
	/* Half of them can be cancelled. */
	bool cancellable = which >= 128;
	uint64_t id = 1;
	bool there = world->clients[from] != NULL && world->config.request.size != 0;
	bool can = there && sink->handle != NULL && !sink->busy;
	int value = can ? life_make(world, KIND_REQUEST, buffer) : MODEL_NO_VALUE;
	int request = NONE;
	int expected;
	int result;

	if (sink->busy)
		return;
	if (can)
		EXPECT("[deadline]", ump_client_req_completion_until(world->clients[from], buffer,
					     sink->handle, NULL, UMP_NOW, NULL) == UMP_TIMED_OUT);
	result = send_completion(world, from, buffer, sink, cancellable ? &id : NULL);
	life_trace("  value", value);
	EXPECT("[complete]", (id != 0) == (!cancellable || result == UMP_OK));
	if (!can) {
		EXPECT("[misuse]", result == UMP_INVALID);
		return;
	}
	EXPECT("[gone]", life_read(world, KIND_REQUEST, buffer) == value);
	if (life_failed()) {
		EXPECT("[clean]", result == UMP_NO_MEMORY);
		return;
	}
	expected = model_take_permit(&world->model, world->reservation[from]);
	if (expected == UMP_OK)
		expected = model_send(&world->model, value, &request);
	EXPECT("[bound]", result == expected);
	if (result == UMP_OK)
		model_in_flight(&world->model, request, &sink->model, life.tags++);
	if (result == UMP_OK && cancellable) {
		sink->id = id;
		sink->cancellable = request;
		sink->cancellable_world = world;
		if (which >= 192)
			cancel(sink);
	}
	check_in_flight(sink);
}

void life_client_reserve(struct world *world, unsigned from)
{
	struct sink *sink = sink_of(input_byte(&life.input));
	bool there = world->clients[from] != NULL && sink->handle != NULL;
	int reservation = world->reservation[from];
	bool full = there && life_weak_is_full(world);
	int result;

	if (sink->busy || world->in_calls[from] != 0)
		return;
	result = ump_client_reserve(world->clients[from], sink->handle, tag_of(life.tags));
	if (there && life_failed()) {
		EXPECT("[clean]", result == UMP_NO_MEMORY);
		return;
	}
	if (there && world->model.capacity != 0 && full) {
		EXPECT("[clean]", result == UMP_OVERFLOW);
		return;
	}
	if (!there || model_has_reservation(&world->model, reservation)) {
		EXPECT("[misuse]", result == UMP_INVALID);
		return;
	}
	EXPECT("[bound]", result == UMP_OK);
	world->reservation[from] =
		model_reserve(&world->model, reservation, &sink->model, life.tags++);
	check_in_flight(sink);
}

/* Watch by a handle that the input chooses; UMP_INVALID if there is none. */
static int watch_by(struct world *world, unsigned from, ump_completions *completions, bool reports)
{
	void *tag = tag_of(life.tags);

	if (reports)
		return ump_task_watch(world->task.task, completions, tag);
	if (world->clients[from] != NULL)
		return ump_client_watch(world->clients[from], completions, tag);
	if (world->posters[from] != NULL)
		return ump_post_client_watch(world->posters[from], completions, tag);
	return ump_weak_client_watch(world->weaks[from], completions, tag);
}

/* A real thread ends at no moment that the model knows. */
void life_watch(struct world *world, unsigned from)
{
	uint8_t choice = input_byte(&life.input);
	struct sink *sink = sink_of(choice);
	bool reports = world->task.task != NULL && (choice & 8) != 0;
	bool there = reports || world->clients[from] != NULL || world->posters[from] != NULL ||
		     world->weaks[from] != NULL;
	int result;

	if ((world->end != END_RAW && world->end != END_TASK) || sink->busy ||
		world->model.watches == MODEL_WATCHES)
		return;
	result = watch_by(world, from, sink->handle, reports);
	if (!there || sink->handle == NULL) {
		EXPECT("[misuse]", result == UMP_INVALID);
		return;
	}
	if (life_failed()) {
		EXPECT("[clean]", result == UMP_NO_MEMORY);
		return;
	}
	EXPECT("[watch]", result == UMP_OK);
	model_watch(&world->model, &sink->model, life.tags++, reports);
	check_in_flight(sink);
}

/* Simulate the maximum number in flight: the next ones must fail with UMP_OVERFLOW. */
static void overflow(struct world *world, unsigned from, struct sink *sink)
{
	LIFE_BUFFER(buffer);
	struct ump_completions *completions = sink->handle;
	uint64_t crowd =
		UMP__COUNTS_MAX - ump__counts_weak(atomic_load(&completions->counts.value));
	ump_client *client = world->clients[from];
	int result;

	if (client == NULL || world->config.request.size == 0 || world->in_calls[from] != 0)
		return;
	atomic_fetch_add(&completions->counts.value, crowd);
	EXPECT("[complete]",
		ump_client_req_completion(client, buffer, completions, NULL) == UMP_OVERFLOW);
	result = ump_client_watch(client, completions, NULL);
	EXPECT("[watch]", result == (life_failed() ? UMP_NO_MEMORY : UMP_OVERFLOW));
	if (!model_has_reservation(&world->model, world->reservation[from])) {
		result = ump_client_reserve(client, completions, NULL);
		EXPECT("[complete]", result == (life_failed() ? UMP_NO_MEMORY : UMP_OVERFLOW));
	}
	atomic_fetch_sub(&completions->counts.value, crowd);
}

void life_completions_misuse(struct world *world, unsigned from)
{
	LIFE_BUFFER(buffer);
	struct sink *sink = sink_of(from);
	struct ump_completion out;

	EXPECT("[misuse]", ump_completions_open(NULL) == UMP_INVALID);
	EXPECT("[misuse]", ump_completions_fd(NULL) == -1);
	EXPECT("[misuse]", ump_completions_cancel(NULL, 1) == UMP_INVALID);
	EXPECT("[misuse]", ump_completions_due(NULL) == UMP_FOREVER);
	EXPECT("[misuse]", ump_client_reserve(NULL, sink->handle, NULL) == UMP_INVALID);
	EXPECT("[misuse]", ump_client_reserve(world->clients[from], NULL, NULL) == UMP_INVALID);
	EXPECT("[misuse]",
		ump_client_req_completion(world->clients[from], buffer, NULL, NULL) == UMP_INVALID);
	EXPECT("[misuse]", ump_client_req_completion(
				   world->clients[from], NULL, sink->handle, NULL) == UMP_INVALID);
	ump_completions_drop(NULL);
	if (sink->handle == NULL || sink->busy)
		return;
	EXPECT("[misuse]", ump_completions_next(sink->handle, NULL) == UMP_INVALID);
	EXPECT("[misuse]", ump_completions_next_sized(sink->handle, &out, 1) == UMP_INVALID);
	EXPECT("[misuse]",
		ump_completions_wait_sized(sink->handle, &out, 1, UMP_FOREVER) == UMP_INVALID);
	EXPECT("[misuse]", ump_completions_wait(sink->handle, NULL, UMP_FOREVER) == UMP_INVALID);
	overflow(world, from, sink);
}
