/* SPDX-License-Identifier: 0BSD */
/* Operations on completions: requests that end there, reservations of capacity, and arrivals. */
#include "life/life_world.h"

#include "call/completions.h"

/* Value of an out parameter before the call: a failure must replace it. */
#define GARBAGE ((void *)(uintptr_t)8)

static struct place *place_of(unsigned from)
{
	return &life.places[from % PLACES];
}

static void *tag_of(int number)
{
	return (void *)(uintptr_t)(unsigned)number;
}

/* Check that what the last call has lent is unchanged; it must stay so until the next call. */
void life_check_place(const struct place *place)
{
	if (place->lent != NULL)
		EXPECT("[complete]",
			life_read(place->lent_world, KIND_REPLY, place->lent) == place->lent_value);
}

static void check_in_flight(const struct place *place)
{
	EXPECT("[complete]", ump_completions_in_flight(place->handle) == place->model.in_flight);
}

void life_completions_open(struct world *world, unsigned from)
{
	struct place *place = place_of(from);
	ump_completions *out = GARBAGE;
	int result;
	int failure;

	(void)world;
	if (place->handle != NULL)
		return;
	result = ump_completions_open(&out);
	failure = life_failure();
	EXPECT("[clean]", result == failure);
	EXPECT("[clean]", (out == NULL) == (result != UMP_OK));
	place->handle = out;
	if (result == UMP_OK)
		model_completions_open(&place->model);
}

void life_completions_drop(struct world *world, unsigned from)
{
	struct place *place = place_of(from);

	(void)world;
	if (place->busy)
		return;
	life_check_place(place);
	if (place->handle != NULL) {
		model_completions_drop(&place->model);
		for (int i = 0; i < WORLDS; i++)
			model_forget(&life.worlds[i].model, &place->model);
	}
	place->lent = NULL;
	ump_completions_drop(&place->handle);
	EXPECT("[misuse]", place->handle == NULL);
}

void life_drop_places(void)
{
	for (unsigned i = 0; i < PLACES; i++) {
		life_completions_drop(NULL, i);
		life_check();
	}
}

void life_completed(struct place *place, int result, const struct ump_completion *out, int nothing)
{
	struct model_end end;
	const struct model_request *request;
	struct world *world;

	if (model_next(&place->model, &end) != UMP_OK) {
		EXPECT("[complete]", result == nothing);
		return;
	}
	EXPECT("[complete]", result == UMP_OK);
	EXPECT("[complete]", out->tag == tag_of(end.tag));
	EXPECT("[complete]", out->result == end.code);
	life_trace("  completed: tag", end.tag);
	if (end.request == MODEL_NONE) {
		EXPECT("[bound]", out->reply == NULL);
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
	place->lent = out->reply;
	place->lent_world = world;
	place->lent_value = request->reply;
}

void life_completions_next(struct world *world, unsigned from)
{
	struct place *place = place_of(from);
	struct ump_completion out = {GARBAGE, 1234, NULL};
	struct wait wait = {.reason = FOR_NOTHING};
	int result;

	(void)world;
	if (place->busy)
		return;
	life_check_place(place);
	check_in_flight(place);
	if (place->handle == NULL) {
		EXPECT("[misuse]", ump_completions_next(NULL, &out) == UMP_INVALID);
		EXPECT("[misuse]", ump_completions_wait(NULL, &out, UMP_FOREVER) == UMP_INVALID);
		return;
	}
	place->lent = NULL;
	if (input_flag(&life.input)) {
		result = ump_completions_next(place->handle, &out);
		life_completed(place, result, &out, UMP_EMPTY);
	} else {
		life_wait_begin(&wait);
		result = ump_completions_wait(place->handle, &out, life_past_of(from));
		life_wait_end(&wait);
		life_completed(place, result, &out,
			place->model.in_flight == 0 ? UMP_NONE_PENDING : UMP_TIMED_OUT);
	}
	check_in_flight(place);
}

void life_req_completion(struct world *world, unsigned from)
{
	LIFE_BUFFER(buffer);
	struct place *place = place_of(input_byte(&life.input));
	bool there = world->clients[from] != NULL && world->config.request.size != 0;
	bool can = there && place->handle != NULL && !place->busy;
	int value = can ? life_make(world, KIND_REQUEST, buffer) : MODEL_NO_VALUE;
	int request = NOBODY;
	int expected;
	int result;

	if (place->busy)
		return;
	result = ump_client_req_completion(
		world->clients[from], buffer, place->handle, tag_of(life.tags));
	life_trace("  value", value);
	if (!can) {
		EXPECT("[misuse]", result == UMP_INVALID);
		return;
	}
	EXPECT("[gone]", life_read(world, KIND_REQUEST, buffer) == value);
	if (life_failed()) {
		EXPECT("[clean]", result == UMP_NO_MEMORY);
		return;
	}
	expected = model_place(&world->model, world->asked[from]);
	if (expected == UMP_OK)
		expected = model_send(&world->model, value, &request);
	EXPECT("[bound]", result == expected);
	if (result == UMP_OK)
		model_in_flight(&world->model, request, &place->model, life.tags++);
	check_in_flight(place);
}

void life_client_reserve(struct world *world, unsigned from)
{
	struct place *place = place_of(input_byte(&life.input));
	bool there = world->clients[from] != NULL && place->handle != NULL;
	int asked = world->asked[from];
	bool full = there && life_weak_is_full(world);
	int result;

	if (place->busy || world->in_calls[from] != 0)
		return;
	result = ump_client_reserve(world->clients[from], place->handle, tag_of(life.tags));
	if (there && life_failed()) {
		EXPECT("[clean]", result == UMP_NO_MEMORY);
		return;
	}
	if (there && world->model.capacity != 0 && full) {
		EXPECT("[clean]", result == UMP_OVERFLOW);
		return;
	}
	if (!there || model_asks(&world->model, asked)) {
		EXPECT("[misuse]", result == UMP_INVALID);
		return;
	}
	EXPECT("[bound]", result == UMP_OK);
	world->asked[from] = model_ask(&world->model, asked, &place->model, life.tags++);
	check_in_flight(place);
}

/* Simulate the maximum number in flight: the next ones must fail with UMP_OVERFLOW. */
static void overflow(struct world *world, unsigned from, struct place *place)
{
	LIFE_BUFFER(buffer);
	struct ump_completions *completions = place->handle;
	uint64_t crowd =
		UMP__COUNTS_MAX - ump__counts_weak(atomic_load(&completions->counts.value));
	ump_client *client = world->clients[from];

	if (client == NULL || world->config.request.size == 0 || world->in_calls[from] != 0)
		return;
	atomic_fetch_add(&completions->counts.value, crowd);
	EXPECT("[complete]",
		ump_client_req_completion(client, buffer, completions, NULL) == UMP_OVERFLOW);
	if (!model_asks(&world->model, world->asked[from])) {
		int result = ump_client_reserve(client, completions, NULL);

		EXPECT("[complete]", result == (life_failed() ? UMP_NO_MEMORY : UMP_OVERFLOW));
	}
	atomic_fetch_sub(&completions->counts.value, crowd);
}

void life_completions_misuse(struct world *world, unsigned from)
{
	LIFE_BUFFER(buffer);
	struct place *place = place_of(from);
	struct ump_completion out;

	EXPECT("[misuse]", ump_completions_open(NULL) == UMP_INVALID);
	EXPECT("[misuse]", ump_completions_fd(NULL) == -1);
	EXPECT("[misuse]", ump_client_reserve(NULL, place->handle, NULL) == UMP_INVALID);
	EXPECT("[misuse]", ump_client_reserve(world->clients[from], NULL, NULL) == UMP_INVALID);
	EXPECT("[misuse]",
		ump_client_req_completion(world->clients[from], buffer, NULL, NULL) == UMP_INVALID);
	EXPECT("[misuse]", ump_client_req_completion(
				   world->clients[from], NULL, place->handle, NULL) == UMP_INVALID);
	ump_completions_drop(NULL);
	if (place->handle == NULL || place->busy)
		return;
	EXPECT("[misuse]", ump_completions_next(place->handle, NULL) == UMP_INVALID);
	EXPECT("[misuse]", ump_completions_next_sized(place->handle, &out, 1) == UMP_INVALID);
	EXPECT("[misuse]",
		ump_completions_wait_sized(place->handle, &out, 1, UMP_FOREVER) == UMP_INVALID);
	EXPECT("[misuse]", ump_completions_wait(place->handle, NULL, UMP_FOREVER) == UMP_INVALID);
	overflow(world, from, place);
}
