/* SPDX-License-Identifier: 0BSD */
/* The accounts: the sender's side, values, and the end. */
#include "oracle/oracle.h"

#include "oracle/oracle_books.h"
#include "search/search.h"
#include "ump_server.h"

#include <string.h>

struct books books;

static void broken(const char *promise, int message, const char *what)
{
	if (sim_self() >= 0)
		sim_fail(promise, "message %d: %s", message, what);
	if (sim_result.bug == NULL)
		sim_blame(promise, "message %d: %s", message, what);
}

void must(bool held, const char *promise, int message, const char *what)
{
	if (!held)
		broken(promise, message, what);
}

void oracle_begin(const struct program *program)
{
	memset(&books, 0, sizeof books);
	sim_watch(&books, sizeof books);
	books.traits = program->traits;
	books.capacity = program_capacity(program);
	books.server_count = program_servers(program);
	for (int i = 0; i < PROGRAM_SERVERS; i++) {
		books.servers[i].waits_for = -1;
		books.servers[i].runner = -1;
		books.servers[i].stopped = -1;
		books.servers[i].outcome = -1;
	}
	workers_begin_books();
}

bool over(int server)
{
	return books.servers[server].broke || books.servers[server].may_be_stopped ||
	       books.no_server || (books.traits & INIT_FAILS) != 0;
}

bool leaves(const struct account *account)
{
	return account->caller == GIVING_UP || account->caller == GAVE_UP ||
	       (account->caller == PENDING &&
		       (account->action == SEND_TIMED || account->action == SEND_EXPIRING ||
			       (account->asked && over(account->from))));
}

bool is_post(const struct account *account)
{
	return account->action == SEND_POST || account->action == SEND_POST_CLIENT ||
	       account->action == SEND_POST_UNTIL || account->action == SEND_POST_TIMED;
}

/* Whether its sender blocks in one call from the send to the answer. */
static bool blocks(const struct account *account)
{
	return account->action == SEND_REQUEST || account->action == SEND_TIMED;
}

/* ---- Sending ------------------------------------------------------------------------------- */

/* Whether the message's sender is asleep in the wait queue, without a deadline. */
static bool in_wait_queue(const struct account *account)
{
	return account->caller == PENDING && account->hands == LIBRARY &&
	       (account->action == SEND_POST_UNTIL || account->action == SEND_ASYNC_UNTIL) &&
	       sim_sleeps(account->thread);
}

/* Record the senders that are in the wait queue when this message is sent. */
static void note_wait_queue(int message)
{
	struct account *mine = &books.accounts[message];

	for (int i = 0; i < ORACLE_MESSAGES; i++) {
		const struct account *other = &books.accounts[i];

		if (i != message && other->server == mine->server && in_wait_queue(other))
			mine->ahead |= bit(i);
	}
}

void begins_call(int server, int from)
{
	if (from == server)
		return;
	books.handled_for_others[sim_self()][server] = 0;
	books.handled_since_release[sim_self()][server] = 0;
}

void oracle_send(int message, enum action action, int server, int from)
{
	struct account *account = &books.accounts[message];

	account->hands = LIBRARY;
	account->caller = PENDING;
	account->action = (uint8_t)action;
	account->server = (uint8_t)server;
	account->from = (int8_t)from;
	account->thread = (uint8_t)sim_self();
	account->before = books.accepted;
	account->too_late_to_handle = books.servers[server].stopped >= 0;
	begins_call(server, from);
	/* A client with a reservation is in the wait queue by that. */
	if (books.capacity != 0 && !account->reserved && !account->has_permit)
		note_wait_queue(message);
}

void oracle_refused(void)
{
	must(sim_result.refusals > 0, "[clean]", -1, "memory ran out though none was refused");
}

/* Nothing was delivered: the value must be the caller's as before. */
static void untouched(int message, const char *promise)
{
	struct account *account = &books.accounts[message];

	must(account->hands == LIBRARY && !account->handled, promise, message,
		"it was not accepted, and handled or dropped all the same");
	account->hands = CALLER;
}

/* The request was accepted and never started: its value must be the caller's if that is blocked,
 * and must have been dropped otherwise. */
static void unstarted(int message)
{
	const struct account *account = &books.accounts[message];

	if (blocks(account)) {
		untouched(message, "[gone]");
		return;
	}
	must(!account->handled &&
			account->hands == ((books.traits & NO_DROP) != 0 ? LIBRARY : DROPPED),
		"[gone]", message, "it was never started, and its value was not dropped");
}

/* There must not be more messages queued than the server's capacity.  One more may have left the
 * queue without having reached the handler, unless the handler is at work. */
static void check_capacity(int message)
{
	int server = books.accounts[message].server;
	const struct server_books *its = &books.servers[server];
	unsigned queued = (unsigned)its->permits;
	unsigned between;

	for (int i = 0; i < ORACLE_MESSAGES; i++) {
		const struct account *account = &books.accounts[i];

		queued += (books.accepted & bit(i)) != 0 && account->server == server &&
			  account->hands == LIBRARY && !leaves(account);
	}
	between = has_workers(server) ? workers_between_messages(server) : !its->busy;
	must(over(server) || queued <= books.capacity + between, "[bound]", message,
		"it is accepted, and there are more messages than the capacity");
}

/* A reservation that was not reported before the drop of its completions returned: no permit is
 * kept for it. */
static bool is_abandoned_reservation(const struct account *account)
{
	return account->action == RESERVE && account->caller == GAVE_UP;
}

/* Whether the inbox may be full, as far as the sender knows: a sender without notice that a message
 * was handled may see it queued for a while. */
static bool may_be_full(const struct account *mine)
{
	unsigned others = 0;

	for (int i = 0; i < ORACLE_MESSAGES; i++) {
		const struct account *other = &books.accounts[i];
		bool known =
			(other->answer == VALUE_AT_CALLER || is_abandoned_reservation(other)) &&
			other->thread == mine->thread;

		others += other != mine && other->caller != NOT_SENT &&
			  other->server == mine->server && !known;
	}
	return others >= books.capacity;
}

static bool waits_for_capacity(const struct account *account)
{
	return account->action != SEND_ASYNC && account->action != SEND_POST &&
	       account->action != SEND_POST_CLIENT && account->action != SEND_COMPLETION &&
	       account->action != SEND_CANCELLABLE && account->action != SEND_EXPIRING &&
	       !account->too_late;
}

/* Check the reason why nothing was sent. */
static void check_refusal(int message, int code)
{
	const struct account *account = &books.accounts[message];

	switch (code) {
	case UMP_NO_MEMORY:
	case UMP_NO_FD:
		oracle_refused();
		break;
	case UMP_SERVER_GONE:
		must(over(account->server), "[gone]", message,
			"it got UMP_SERVER_GONE, and the server is not gone");
		books.servers[account->server].gone_reported |= (uint8_t)(1u << sim_self());
		workers_closed(account->server);
		break;
	case UMP_FULL:
		must((books.servers[account->server].gone_reported >> sim_self() & 1) == 0,
			"[gone]", message, "the server is gone, and it got UMP_FULL");
		must(!waits_for_capacity(account), "[bound]", message,
			"it did not wait for a permit");
		must(books.capacity != 0 && !account->has_permit && may_be_full(account), "[bound]",
			message, "there is free capacity, and it got UMP_FULL");
		break;
	case UMP_TIMED_OUT:
		must(account->action == SEND_EXPIRING, "[deadline]", message, "it has no deadline");
		break;
	case UMP_DEADLOCK:
		must(account->from >= 0 && was_in_cycle(account->from), "[deadlock]", message,
			"there is no wait cycle");
		break;
	default:
		broken("[once]", message, "sending it failed in an unknown way");
	}
}

void oracle_sent(int message, int code)
{
	struct account *account = &books.accounts[message];

	if (code == UMP_OK) {
		books.accepted |= bit(message);
		if (is_post(account))
			account->caller = COMPLETED;
		if (books.capacity != 0)
			check_capacity(message);
		return;
	}
	check_refusal(message, code);
	untouched(message, "[gone]");
	account->caller = COMPLETED;
}

void oracle_too_late_to_wait(int message)
{
	books.accounts[message].too_late = true;
}

void oracle_sent_too_late(int message, int64_t deadline)
{
	struct account *account = &books.accounts[message];

	must(sim_clock() >= deadline, "[deadline]", message, "it timed out before its deadline");
	must(books.capacity != 0, "[bound]", message,
		"it waited for a permit where there is no capacity");
	untouched(message, "[deadline]");
	account->caller = COMPLETED;
}

/* ---- Answers ------------------------------------------------------------------------------- */

void oracle_completed(int message, int code, int reply)
{
	struct account *account = &books.accounts[message];

	must(account->caller == PENDING, "[once]", message, "it completed twice");
	account->caller = COMPLETED;
	switch (code) {
	case UMP_OK:
		must(account->answer == VALUE_GIVEN, "[once]", message,
			"it was not answered, or its reply was dropped");
		must(reply == message, "[once]", message, "it got another one's reply");
		must(account->hands == HANDLER, "[once]", message, "it has a reply unhandled");
		account->answer = VALUE_AT_CALLER;
		break;
	case CODE_FAIL:
		must(account->answer == CODE_GIVEN, "[once]", message, "no handler gave this code");
		break;
	case UMP_NO_REPLY:
		must(account->answer == CONTEXT_DROPPED && account->hands == HANDLER, "[gone]",
			message, "it got UMP_NO_REPLY, and its context was not dropped");
		break;
	case UMP_SERVER_GONE:
		must(over(account->server), "[gone]", message,
			"it got UMP_SERVER_GONE, and the server is not gone");
		unstarted(message);
		break;
	case UMP_NO_MEMORY:
	case UMP_DEADLOCK:
	case UMP_FULL:
		check_refusal(message, code);
		untouched(message, "[clean]");
		break;
	default:
		broken("[once]", message, "it completed with an unknown code");
	}
}

void oracle_giving_up(int message)
{
	books.accounts[message].caller = GIVING_UP;
}

void oracle_gave_up(int message)
{
	books.accounts[message].caller = GAVE_UP;
}

void oracle_answer_won(int message)
{
	struct account *account = &books.accounts[message];

	must(account->answer != NO_ANSWER || over(account->server), "[complete]", message,
		"it was not cancelled, although it was not answered");
	account->caller = PENDING;
}

void oracle_came_unanswered(int message)
{
	books.accounts[message].came_out_unanswered = true;
}

void oracle_timed_out(int message, bool sent, int64_t deadline)
{
	struct account *account = &books.accounts[message];

	must(sim_clock() >= deadline, "[deadline]", message, "it timed out before its deadline");
	if (account->action == SEND_EXPIRING)
		must(account->caller == PENDING, "[once]", message, "it completed twice");
	else if (account->action != SEND_TIMED)
		/* Only the wait has timed out: the request stays sent. */
		return;
	account->caller = GAVE_UP;
	account->too_late = !sent;
	/* A caller cannot tell whether the request was sent, so the value goes the same way in both
	 * cases. */
	must(sent || account->hands == DROPPED || (books.traits & NO_DROP) != 0, "[deadline]",
		message, "it was not sent, and its value was not dropped");
}

void oracle_in_order(int message, uint64_t others)
{
	uint64_t before = books.accounts[message].answered_before & others;

	for (int i = 0; i < ORACLE_MESSAGES; i++)
		must((before & bit(i)) == 0 || books.accounts[i].caller != PENDING, "[complete]",
			message, "it comes before one that was answered before");
}

/* ---- Waits of handlers --------------------------------------------------------------------- */

/* Whether only the server that it waits for can end its wait. */
static bool is_stuck(const struct server_books *its)
{
	const struct account *account;

	if (its->waits_for < 0)
		return false;
	/* With combining servers, its thread may run the other server after its own message is
	 * answered. */
	if (its->waits_message < 0 || (books.traits & COMBINING) != 0)
		return true;
	account = &books.accounts[its->waits_message];
	return account->answer == NO_ANSWER && !account->kept;
}

/* Whether the server is in a wait cycle now. */
static bool is_in_cycle(int server)
{
	int at = server;

	for (int i = 0; i < PROGRAM_SERVERS; i++) {
		const struct server_books *its = &books.servers[at];

		if (!is_stuck(its))
			return false;
		at = its->waits_for;
		if (at == server)
			return true;
	}
	return false;
}

/* A wait cycle begins with a wait, and may have ended before one of its members gets
 * UMP_DEADLOCK. */
void oracle_waits(int server, int other, int message)
{
	struct server_books *its = &books.servers[server];

	if ((books.traits & WORKERS) != 0) {
		workers_waits(server, other, message);
		return;
	}
	its->waits_for = (int8_t)other;
	its->waits_message = (int8_t)message;
	its->in_cycle = false;
	for (int i = 0; i < PROGRAM_SERVERS; i++)
		books.servers[i].in_cycle = books.servers[i].in_cycle || is_in_cycle(i);
}

void oracle_waited(int server)
{
	if ((books.traits & WORKERS) != 0) {
		workers_waited(server);
		return;
	}
	books.servers[server].waits_for = -1;
	books.servers[server].in_cycle = false;
}

bool was_in_cycle(int server)
{
	if ((books.traits & WORKERS) != 0)
		return workers_was_in_cycle(server);
	return books.servers[server].in_cycle || is_in_cycle(server);
}

void oracle_deadlock(int server)
{
	must(was_in_cycle(server), "[deadlock]", -1, "there is no wait cycle");
}

/* ---- Capacity ------------------------------------------------------------------------------ */

void oracle_reserve(int message, int server)
{
	struct account *account = &books.accounts[message];

	account->caller = PENDING;
	account->action = RESERVE;
	account->server = (uint8_t)server;
	account->thread = (uint8_t)sim_self();
}

void oracle_client_goes(int message)
{
	books.accounts[message].client_gone = true;
}

void oracle_reservation_ended(int message, int code, bool kept)
{
	struct account *account = &books.accounts[message];
	struct server_books *its = &books.servers[account->server];

	must(account->caller == PENDING, "[complete]", message, "its reservation ended twice");
	account->caller = COMPLETED;
	switch (code) {
	case UMP_OK:
		if (kept && books.capacity != 0) {
			its->permits++;
			check_capacity(message);
		}
		break;
	case UMP_SERVER_GONE:
		must(over(account->server), "[bound]", message,
			"it got UMP_SERVER_GONE, and the server is not gone");
		break;
	default:
		must(code == UMP_ORIGIN_GONE && account->client_gone, "[bound]", message,
			"its reservation ended with an unknown code");
	}
}

void oracle_watch(int message, int server)
{
	struct account *account = &books.accounts[message];

	account->caller = PENDING;
	account->action = WATCH;
	account->server = (uint8_t)server;
	account->thread = (uint8_t)sim_self();
}

void oracle_watch_ended(int message)
{
	struct account *account = &books.accounts[message];
	const struct server_books *its = &books.servers[account->server];

	must(account->caller == PENDING, "[watch]", message, "its watch completes twice");
	account->caller = COMPLETED;
	must(its->handler_dropped || ((books.traits & RAW) != 0 && books.raw_ended), "[watch]",
		message, "its watch completes before the end");
}

void oracle_permit_used(int message, int server)
{
	if (books.capacity == 0)
		return;
	books.servers[server].permits--;
	if (message >= 0)
		books.accounts[message].has_permit = true;
}

void oracle_permit_kept(int server)
{
	if (books.capacity != 0)
		books.servers[server].permits++;
}

void oracle_has_reservation(int message)
{
	books.accounts[message].reserved = true;
}

void oracle_numbers(int server, uint64_t depth, uint64_t most, uint64_t handled)
{
	uint64_t begun = (uint64_t)(has_workers(server) ? program_workers(books.traits) : 1) +
			 books.servers[server].due_calls;

	for (int i = 0; i < ORACLE_MESSAGES; i++)
		begun += books.accounts[i].handled && books.accounts[i].server == server;
	if (books.capacity == 0)
		must(depth == UMP_UNCOUNTED && most == UMP_UNCOUNTED, "[bound]", -1,
			"the depth is counted where there is no capacity");
	else
		must(depth <= books.capacity && most <= books.capacity, "[bound]", -1,
			"more messages are counted than the capacity");
	must(handled <= begun, "[once]", -1, "more messages are counted than were handled");
}

/* ---- Handles ------------------------------------------------------------------------------- */

void oracle_making_strong(int server)
{
	books.servers[server].strong_high++;
}

void oracle_made_strong(int server, bool made)
{
	books.servers[server].strong_low += made;
	books.servers[server].strong_high -= !made;
}

void oracle_dropping_strong(int server)
{
	/* In a handler, this is not the last one. */
	if (!books.servers[server].busy)
		begins_call(server, ORACLE_CLIENT);
	books.servers[server].strong_low--;
	if (books.servers[server].strong_low == 0)
		books.servers[server].strong_was_zero = true;
}

void oracle_dropped_strong(int server)
{
	books.servers[server].strong_high--;
}

bool oracle_strong_gone(int server)
{
	return books.servers[server].strong_high == 0;
}

void oracle_upgraded(int server, bool before, int code)
{
	switch (code) {
	case UMP_OK:
		must(!before, "[weak]", -1, "an upgrade worked when no strong client was left");
		break;
	case UMP_CLIENTS_GONE:
		must(books.servers[server].strong_was_zero, "[weak]", -1,
			"an upgrade failed while there was a strong client");
		break;
	default:
		must(code == UMP_NO_MEMORY, "[weak]", -1, "an upgrade failed in an unknown way");
		oracle_refused();
	}
}

void oracle_held(int server, bool before, int code)
{
	if (code == UMP_OK)
		must(!before, "[hold]", -1, "a context holds when no strong client was left");
	else
		must(code == UMP_CLIENTS_GONE && books.servers[server].strong_was_zero, "[hold]",
			-1, "a context cannot hold while there is a strong client");
}

/* ---- Stops --------------------------------------------------------------------------------- */

static bool is_stop(const struct account *account)
{
	return account->action == STOP || account->action == STOP_POST_CLIENT ||
	       account->action == STOP_WEAK;
}

void oracle_stop(int message, enum action action, int server, int from)
{
	struct account *account = &books.accounts[message];
	struct server_books *its = &books.servers[server];

	account->hands = CALLER;
	account->caller = PENDING;
	account->action = (uint8_t)action;
	account->server = (uint8_t)server;
	account->from = (int8_t)from;
	account->thread = (uint8_t)sim_self();
	its->stopping++;
	its->may_be_stopped = true;
	begins_call(server, from);
}

/* The stop was refused: its value must be the caller's, untouched. */
static void refused_stop(int message, int code)
{
	const struct account *account = &books.accounts[message];
	struct server_books *its = &books.servers[account->server];

	must(account->hands == CALLER && its->outcome != message, "[stop]", message,
		"its value was taken, and it was refused");
	if (code == UMP_CLIENTS_GONE)
		must(account->action == STOP_WEAK && its->strong_was_zero, "[stop]", message,
			"it got UMP_CLIENTS_GONE, and there is a strong client");
	else if (code == UMP_INVALID)
		must((books.traits & RAW) != 0, "[stop]", message, "it is wrong, and is right");
	else
		must(code == UMP_SERVER_GONE, "[stop]", message, "it failed in an unknown way");
	/* With no other stop, nothing has been stopped. */
	its->may_be_stopped = its->stopping > 0 || its->stopped >= 0;
	if (code == UMP_SERVER_GONE)
		must(over(account->server) || its->handler_dropped, "[stop]", message,
			"it got UMP_SERVER_GONE, and the server is not gone");
}

void oracle_stopped(int message, int code)
{
	struct account *account = &books.accounts[message];
	struct server_books *its = &books.servers[account->server];

	its->stopping--;
	account->caller = COMPLETED;
	if (code != UMP_OK) {
		refused_stop(message, code);
		return;
	}
	must((books.traits & RAW) == 0, "[stop]", message, "a loop of the application was stopped");
	must(its->stopped < 0, "[stop]", message, "a second stop was accepted");
	its->stopped = (int8_t)message;
}

void oracle_drop_stop(int message)
{
	struct account *account = &books.accounts[message];
	const struct server_books *its = &books.servers[account->server];

	called_back(account->server);
	must(account->caller != NOT_SENT && account->hands == CALLER && its->outcome != message,
		"[stop]", message, "its value is dropped, and was dropped, or is the outcome");
	must(its->broke || books.no_server || (books.traits & INIT_FAILS) != 0, "[stop]", message,
		"its value is dropped, and no other one is the outcome");
	must(!its->term && !its->handler_dropped, "[stop]", message, "its value is dropped late");
	account->hands = DROPPED;
}

/* An accepted value must be the outcome, or dropped; others see `refused_stop`. */
static void settle_stop(int message)
{
	const struct account *account = &books.accounts[message];
	const struct server_books *its = &books.servers[account->server];

	/* The outcome of a thread or a task that was dropped is discarded; of workers, it may be
	 * the stop although another one has broken. */
	bool discarded = has_workers(account->server) && (books.traits & DETACH) != 0;

	must(its->stopped != message || account->hands == DROPPED || its->outcome == message ||
			!its->broke || its->quit || discarded,
		"[stop]", message, "its value is lost");
}

/* ---- Values -------------------------------------------------------------------------------- */

void oracle_drop_value(int message)
{
	struct account *account = &books.accounts[message];

	must(sim_locks() == 0, "[user]", message, "a drop is called with a lock held");
	if (is_delayed(account)) {
		drop_delayed(message);
		return;
	}
	must(account->hands == LIBRARY && !account->handled, "[once]", message,
		"its value is dropped, and was handled, dropped or given back before");
	must(leaves(account) || (!blocks(account) && over(account->server)), "[once]", message,
		"its value is dropped, and its requester waits for it");
	account->hands = DROPPED;
}

void oracle_drop_reply(int message)
{
	struct account *account = &books.accounts[message];

	must(sim_locks() == 0, "[user]", message, "a drop is called with a lock held");
	must(account->answer == VALUE_GIVEN, "[once]", message,
		"its reply is dropped, and was dropped or delivered before");
	must(leaves(account), "[origin]", message, "its reply is dropped while its caller waits");
	account->answer = VALUE_DROPPED;
}

/* ---- The end ------------------------------------------------------------------------------- */

static void settle(int message)
{
	const struct account *account = &books.accounts[message];
	bool drops = (books.traits & NO_DROP) == 0;

	must(account->caller == COMPLETED || account->caller == GAVE_UP, "[once]", message,
		"it never completed");
	if (is_delayed(account))
		settle_delayed(message);
	if (!is_message(account))
		return;
	if (is_stop(account)) {
		settle_stop(message);
		return;
	}
	must(!account->came_out_unanswered || !account->reply_accepted, "[origin]", message,
		"it came out as given up, and a reply to it was accepted");
	must(account->hands != LIBRARY || (!drops && (over(account->server) || leaves(account))),
		"[once]", message, "its value was neither handled, dropped nor given back");
	must(account->answer != VALUE_GIVEN || !drops, "[once]", message,
		"its reply was neither delivered nor dropped");
}

void oracle_end(void)
{
	for (int i = 0; i < ORACLE_MESSAGES; i++) {
		if (books.accounts[i].caller != NOT_SENT)
			settle(i);
	}
	for (int i = 0; i < books.server_count; i++) {
		const struct server_books *its = &books.servers[i];

		must(books.no_server || (books.traits & RAW) != 0 || its->handler_dropped, "[user]",
			-1, "a handler was not dropped");
		must(!its->suspended, "[suspend]", -1, "a handler was never resumed");
	}
}
