/* SPDX-License-Identifier: 0BSD */
/* The scenario's clients with completions.  Simulated code: compiled like the library. */
#include "scenario/scenario_parts.h"

/* Spurious wake-ups allowed to an event loop. */
#define IDLE 40

static uint64_t bit_of(int number)
{
	return UINT64_C(1) << number;
}

/* Tags are numbers, but never NULL. */
static void *tag_of(int number)
{
	return (void *)(intptr_t)(number + 1);
}

static bool is_open(struct client *client)
{
	if (client->completions != NULL)
		return true;
	if (ump_completions_open(&client->completions) != UMP_OK)
		oracle_refused();
	return client->completions != NULL;
}

void completions_send(struct client *client, const struct message *message)
{
	int number = (int)message->number;
	bool had;
	int code;

	if (!is_open(client))
		return;
	sim_remark("sends request %d, for its completions", number);
	had = client_use_room(client, number);
	oracle_send(number, SEND_COMPLETION, client->server, ORACLE_CLIENT);
	code = ump_client_req_completion(
		client_top(client)->client, message, client->completions, tag_of(number));
	oracle_sent(number, code);
	if (code == UMP_OK)
		client->flying |= bit_of(number);
	else
		client_keep_room(client, had, ROOM_GOT);
}

void completions_ask_room(struct client *client, int number)
{
	struct strong *strong = client_top(client);
	int code;

	/* A handle that other threads use at the same time must not reserve capacity. */
	if ((client->program->traits & SHARED) != 0 || !is_open(client))
		return;
	if ((strong->room == ROOM_ASKED || strong->room == ROOM_GOT) && !strong->for_nobody)
		return;
	sim_remark("asks for room, as %d", number);
	/* If it keeps a permit, the new reservation reports that one. */
	if (strong->room == ROOM_GOT)
		oracle_room_used(ORACLE_NO_MESSAGE, client->server);
	oracle_ask_room(number, client->server);
	code = ump_client_reserve(strong->client, client->completions, tag_of(number));
	if (code == UMP_OK) {
		client->flying |= bit_of(number);
		strong->room = ROOM_ASKED;
		strong->sent = false;
		strong->for_nobody = false;
		strong->room_message = number;
		return;
	}
	if (strong->room == ROOM_GOT)
		oracle_room_kept(client->server);
	if (code == UMP_NO_MEMORY)
		oracle_refused();
	else if (code != UMP_INVALID || strong->room != ROOM_UNKNOWN || strong->for_nobody)
		sim_fail("[bound]", "asking for room failed: %s", ump_strerror(code));
	oracle_gave_up(number);
}

/* A reservation is reported with `code`. */
static void room_told(struct client *client, int number, int code)
{
	bool kept = false;

	for (int i = 0; i < client->strongs; i++) {
		struct strong *strong = &client->strong[i];

		if (strong->room != ROOM_ASKED || strong->room_message != number)
			continue;
		kept = code == UMP_OK && !strong->sent;
		strong->room = kept ? ROOM_GOT : code == UMP_OK ? ROOM_UNKNOWN : NO_ROOM;
	}
	oracle_room_told(number, code, kept);
}

static void got(struct client *client, const struct ump_completion *completion)
{
	int number = (int)(intptr_t)completion->tag - 1;

	if (number < 0 || number >= ORACLE_MESSAGES || (client->flying & bit_of(number)) == 0)
		sim_fail("[complete]", "a tag comes out that is not in flight");
	sim_remark("gets the completion of %d: %s", number, ump_strerror(completion->result));
	client->flying &= ~bit_of(number);
	if (operation_types[client->program->operations[client->number][number % PROGRAM_OPS]]
			.action == ASK_ROOM) {
		room_told(client, number, completion->result);
		return;
	}
	if ((completion->result == UMP_OK) != (completion->reply != NULL))
		sim_fail("[complete]", "a completion has a reply that it should not, or none");
	oracle_in_order(number, client->flying);
	client_completed(number, completion->result, completion->reply);
}

static void check_count(const struct client *client)
{
	size_t count = 0;

	for (uint64_t left = client->flying; left != 0; left &= left - 1)
		count++;
	if (ump_completions_in_flight(client->completions) != count)
		sim_fail("[complete]", "another number than was sent is in flight");
}

/* Poll for a completion.  true: there was one. */
static bool next(struct client *client)
{
	struct ump_completion completion;
	int fd = ump_completions_fd(client->completions);
	bool readable = sim_readable(fd);
	int code = ump_completions_next(client->completions, &completion);

	if (code == UMP_EMPTY)
		return false;
	if (code != UMP_OK)
		sim_fail("[complete]", "looking for a completion failed: %s", ump_strerror(code));
	if (readable && !sim_readable(fd))
		sim_fail("[complete]", "the file descriptor falls silent before all is told");
	got(client, &completion);
	return true;
}

/* Wait for the file descriptor, and take all completions that are there, or one. */
static void poll_next(struct client *client, bool all)
{
	int idle = 0;
	bool taken = false;

	while (client->flying != 0 && !taken) {
		sim_poll(ump_completions_fd(client->completions), INT64_MAX);
		taken = next(client);
		while (taken && all && next(client))
			continue;
		if (!taken && ++idle > IDLE)
			sim_fail("[complete]", "the file descriptor is readable for nothing, over "
					       "and over");
	}
}

void completions_get(struct client *client, enum action action)
{
	struct ump_completion completion;
	ump_time deadline = action == NEXT_TIMED ? ump_after(SOON) : UMP_FOREVER;
	int code;

	if (client->completions == NULL)
		return;
	check_count(client);
	if (action == NEXT) {
		next(client);
		return;
	}
	if (action == NEXT_POLL || action == NEXT_POLL_ONE) {
		poll_next(client, action == NEXT_POLL);
		return;
	}
	code = ump_completions_wait(client->completions, &completion, deadline);
	if (code == UMP_OK) {
		got(client, &completion);
		return;
	}
	if (code == UMP_TIMED_OUT && action == NEXT_TIMED && sim_clock() >= deadline)
		return;
	if (code != UMP_NONE_PENDING || client->flying != 0)
		sim_fail("[complete]", "waiting for a completion failed: %s", ump_strerror(code));
}

void completions_drop(struct client *client)
{
	int fd = ump_completions_fd(client->completions);

	if (client->completions == NULL)
		return;
	sim_remark("drops its completions");
	for (int i = 0; i < ORACLE_MESSAGES; i++) {
		if (client->flying & bit_of(i))
			oracle_giving_up(i);
	}
	ump_completions_drop(&client->completions);
	if (sim_open(fd))
		sim_fail("[clean]", "completions are dropped, and their descriptor is open");
	for (int i = 0; i < ORACLE_MESSAGES; i++) {
		if (client->flying & bit_of(i))
			oracle_gave_up(i);
	}
	client->flying = 0;
	for (int i = 0; i < client->strongs; i++) {
		client->strong[i].for_nobody = client->strong[i].room != NO_ROOM;
		if (client->strong[i].room == ROOM_ASKED)
			client->strong[i].room = ROOM_UNKNOWN;
	}
}
