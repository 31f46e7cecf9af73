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

/* Send a request that can be given up alone. */
static int send_cancellable(struct client *client, const struct message *message, bool expires)
{
	int number = (int)message->number;
	int operation = number % PROGRAM_OPS;
	ump_time deadline = expires ? ump_after(SOON) : UMP_FOREVER;
	int code = ump_client_req_completion_until(client_top(client)->client, message,
		client->completions, tag_of(number), deadline, &client->ids[operation]);

	client->deadlines[operation] = deadline;
	if ((client->ids[operation] != 0) != (code == UMP_OK))
		sim_fail("[complete]", "a request that was sent has no number, or another one has");
	if (code == UMP_TIMED_OUT && sim_clock() < deadline)
		sim_fail("[deadline]", "a request was not sent, before its deadline");
	return code;
}

void completions_send(struct client *client, const struct message *message, enum action action)
{
	int number = (int)message->number;
	bool had;
	int code;

	if (!is_open(client))
		return;
	sim_remark("sends request %d, for its completions", number);
	had = client_use_permit(client, number);
	oracle_send(number, action, client->server, ORACLE_CLIENT);
	if (action == SEND_COMPLETION)
		code = ump_client_req_completion(
			client_top(client)->client, message, client->completions, tag_of(number));
	else
		code = send_cancellable(client, message, action == SEND_EXPIRING);
	oracle_sent(number, code);
	if (code == UMP_OK)
		client->flying |= bit_of(number);
	else
		client_keep_permit(client, had, PERMIT_HELD);
}

void completions_reserve(struct client *client, int number)
{
	struct strong *strong = client_top(client);
	int code;

	/* A handle that other threads use at the same time must not reserve capacity. */
	if ((client->program->traits & SHARED) != 0 || !is_open(client))
		return;
	if ((strong->reservation == RESERVATION_PENDING || strong->reservation == PERMIT_HELD) &&
		!strong->orphaned)
		return;
	sim_remark("reserves capacity, as %d", number);
	/* If it keeps a permit, the new reservation reports that one. */
	if (strong->reservation == PERMIT_HELD)
		oracle_permit_used(ORACLE_NO_MESSAGE, client->server);
	oracle_reserve(number, client->server);
	code = ump_client_reserve(strong->client, client->completions, tag_of(number));
	if (code == UMP_OK) {
		client->flying |= bit_of(number);
		strong->reservation = RESERVATION_PENDING;
		strong->sent = false;
		strong->orphaned = false;
		strong->reservation_message = number;
		return;
	}
	if (strong->reservation == PERMIT_HELD)
		oracle_permit_kept(client->server);
	if (code == UMP_NO_MEMORY)
		oracle_refused();
	else if (code != UMP_INVALID || strong->reservation != PERMIT_UNKNOWN || strong->orphaned)
		sim_fail("[bound]", "reserving capacity failed: %s", ump_strerror(code));
	oracle_gave_up(number);
}

/* A reservation is reported with `code`. */
static void reservation_ended(struct client *client, int number, int code)
{
	bool kept = false;

	for (int i = 0; i < client->strongs; i++) {
		struct strong *strong = &client->strong[i];

		if (strong->reservation != RESERVATION_PENDING ||
			strong->reservation_message != number)
			continue;
		kept = code == UMP_OK && !strong->sent;
		strong->reservation = kept             ? PERMIT_HELD
				      : code == UMP_OK ? PERMIT_UNKNOWN
						       : NOT_RESERVED;
	}
	oracle_reservation_ended(number, code, kept);
}

/* ---- Watches ------------------------------------------------------------------------------- */

/* Watch by a client or a handle.  UMP_INVALID: there is none that this thread may use. */
static int watch_by(struct client *client, enum action action, void *tag)
{
	const struct server *server = &client->servers[client->server];

	if (action == WATCH)
		return ump_client_watch(client_top(client)->client, client->completions, tag);
	if (action == WATCH_WEAK && client->weaks > 0)
		return ump_weak_client_watch(
			client->weak[client->weaks - 1], client->completions, tag);
	/* The first thread joins it; unless a handler does. */
	if (action == WATCH_WEAK || client->number != 0 || program_joins(client->program))
		return UMP_INVALID;
	if (server->thread != NULL)
		return ump_thread_watch(server->thread, client->completions, tag);
	if (server->combining != NULL)
		return ump_combining_watch(server->combining, client->completions, tag);
	if (server->workers != NULL)
		return ump_workers_watch(server->workers, client->completions, tag);
	return UMP_INVALID;
}

void completions_watch(struct client *client, enum action action, int number)
{
	int code;

	if (!is_open(client))
		return;
	sim_remark("watches its server, as %d", number);
	code = watch_by(client, action, tag_of(number));
	if (code == UMP_INVALID)
		return;
	if (code == UMP_NO_MEMORY) {
		oracle_refused();
		return;
	}
	if (code != UMP_OK)
		sim_fail("[watch]", "a watch failed: %s", ump_strerror(code));
	oracle_watch(number, client->server);
	client->flying |= bit_of(number);
	client->watching |= bit_of(number);
}

/* The loop has ended: a join waits for the exit of a thread at most. */
static void join_now(struct server *server)
{
	bool exits = (server->thread != NULL || server->workers != NULL) &&
		     ((server->program->traits & (THREAD_POOL | EARLY)) != THREAD_POOL ||
			     program_servers(server->program) > 1 || server->workers != NULL);
	struct ump_flow how;
	int code = UMP_OK;

	if (server->thread != NULL)
		code = ump_thread_join(&server->thread, &how, UMP_NOW);
	else if (server->combining != NULL)
		code = ump_combining_join(&server->combining, &how, UMP_NOW);
	else if (server->workers != NULL)
		code = ump_workers_join(&server->workers, &how, UMP_NOW);
	else
		return;
	if (code == UMP_OK)
		oracle_joined(server->number, how.stop, (intptr_t)how.value);
	else if (code != UMP_TIMED_OUT || !exits)
		sim_fail("[watch]", "a join after the watch has failed: %s", ump_strerror(code));
}

static void watch_ended(struct client *client, int number, enum action action,
	const struct ump_completion *completion)
{
	const struct ump_flow *how = completion->reply;
	struct server *server = &client->servers[client->server];

	client->watching &= ~bit_of(number);
	if (completion->result != UMP_OK || (how != NULL) != (action == WATCH_HANDLE))
		sim_fail("[watch]", "a watch has an outcome that it should not, or none");
	oracle_watch_ended(number);
	/* What the callbacks have written is visible. */
	(void)*(volatile unsigned *)&server->handled;
	for (int i = 0; server->crew != NULL && i < PROGRAM_WORKERS; i++)
		(void)*(volatile unsigned *)&server->crew[i].handled;
	if (how == NULL)
		return;
	workers_stats(server, true);
	oracle_joined(server->number, how->stop, (intptr_t)how->value);
	if ((client->program->traits & DETACH) == 0)
		join_now(server);
}

/* Whether a wait for a watch might be a wait for this thread itself. */
static bool keeps_server(const struct client *client)
{
	return client->strongs > 0 || client->posts > 0 || client->borrowed ||
	       (client->number == 0 && (client->program->traits & LATE) != 0);
}

/* ---- Arrivals ------------------------------------------------------------------------------ */

/* A request was given up, and comes out as that. */
static void given_up(struct client *client, int number, int code)
{
	bool cancelled = (client->cancelled & bit_of(number)) != 0;

	if (cancelled != (code == UMP_CANCELLED))
		sim_fail("[complete]", "%d was %s, and comes out with: %s", number,
			cancelled ? "cancelled" : "not cancelled", ump_strerror(code));
	client->cancelled &= ~bit_of(number);
	oracle_came_unanswered(number);
	if (!cancelled)
		oracle_timed_out(number, true, client->deadlines[number % PROGRAM_OPS]);
}

static void got(struct client *client, const struct ump_completion *completion)
{
	int number = (int)(intptr_t)completion->tag - 1;
	enum action action;

	if (number < 0 || number >= ORACLE_MESSAGES || (client->flying & bit_of(number)) == 0)
		sim_fail("[complete]", "a tag comes out that is not in flight");
	sim_remark("gets the completion of %d: %s", number, ump_strerror(completion->result));
	client->flying &= ~bit_of(number);
	action = operation_types[client->program->operations[client->number][number % PROGRAM_OPS]]
			 .action;
	if (action == RESERVE) {
		reservation_ended(client, number, completion->result);
		return;
	}
	if (client->watching & bit_of(number)) {
		watch_ended(client, number, action, completion);
		return;
	}
	if ((completion->result == UMP_OK) != (completion->reply != NULL))
		sim_fail("[complete]", "a completion has a reply that it should not, or none");
	if (completion->result == UMP_CANCELLED || completion->result == UMP_TIMED_OUT ||
		(client->cancelled & bit_of(number)) != 0) {
		given_up(client, number, completion->result);
		return;
	}
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

	if (code == UMP_EMPTY && ump_completions_due(client->completions) == UMP_NOW)
		sim_fail("[complete]", "a cancelled request does not come out");
	if (code == UMP_EMPTY)
		return false;
	if (code != UMP_OK)
		sim_fail("[complete]", "looking for a completion failed: %s", ump_strerror(code));
	/* A deadline does not raise it. */
	if (readable && !sim_readable(fd) && completion.result != UMP_TIMED_OUT)
		sim_fail("[complete]", "the notifier is cleared while completions are left");
	got(client, &completion);
	return true;
}

/* Wait for the file descriptor, and take all completions that are there, or one. */
static void poll_next(struct client *client, bool all)
{
	int idle = 0;
	bool taken = false;

	while (client->flying != 0 && !taken) {
		sim_poll(ump_completions_fd(client->completions),
			ump_completions_due(client->completions));
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
	if (action == NEXT || (client->watching != 0 && keeps_server(client))) {
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

void completions_cancel(struct client *client)
{
	int number = -1;
	int code;

	if (client->completions == NULL)
		return;
	for (int i = 0; i < PROGRAM_OPS && number < 0; i++) {
		int found = oracle_message(client->number, i);

		if ((client->flying & ~client->cancelled & bit_of(found)) != 0 &&
			client->ids[i] != 0)
			number = found;
	}
	if (number < 0) {
		/* All are harmless. */
		for (int i = 0; i < PROGRAM_OPS; i++) {
			if (ump_completions_cancel(client->completions, client->ids[i]) !=
				UMP_EMPTY)
				sim_fail("[complete]", "what is not in flight is cancelled");
		}
		return;
	}
	sim_remark("cancels %d", number);
	oracle_giving_up(number);
	code = ump_completions_cancel(client->completions, client->ids[number % PROGRAM_OPS]);
	if (code != UMP_OK && code != UMP_EMPTY)
		sim_fail("[complete]", "cancelling failed: %s", ump_strerror(code));
	if (code == UMP_EMPTY) {
		oracle_answer_won(number);
		return;
	}
	oracle_gave_up(number);
	client->cancelled |= bit_of(number);
	if (!sim_readable(ump_completions_fd(client->completions)))
		sim_fail("[complete]", "a request is cancelled, and the notifier is clear");
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
	client->watching = 0;
	client->cancelled = 0;
	for (int i = 0; i < client->strongs; i++) {
		client->strong[i].orphaned = client->strong[i].reservation != NOT_RESERVED;
		if (client->strong[i].reservation == RESERVATION_PENDING)
			client->strong[i].reservation = PERMIT_UNKNOWN;
	}
}
