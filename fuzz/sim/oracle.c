/* SPDX-License-Identifier: 0BSD */
#include "oracle.h"

#include "sim.h"
#include "ump_server.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* In whose hands a message's value is. */
enum hands {
	NOBODY,
	LIBRARY,
	CALLER,
	HANDLER,
	DROPPED
};

enum caller {
	NOT_SENT,
	PENDING,
	COMPLETED,
	GIVING_UP,
	GAVE_UP
};

enum answer {
	NO_ANSWER,
	VALUE_GIVEN,
	VALUE_AT_CALLER,
	VALUE_DROPPED,
	CODE_GIVEN,
	CONTEXT_DROPPED
};

struct account {
	uint8_t hands;
	uint8_t caller;
	uint8_t answer;
	uint8_t action;
	bool handled;
	bool leftover;
	/* Its deadline had passed before it could be sent. */
	bool too_late;
	/* Which messages had been accepted when this one's sending began. */
	uint32_t before;
};

/* All of it belongs to the state that the simulator compares: no counter of events, no time. */
static struct {
	struct account accounts[ORACLE_MESSAGES];
	uint32_t accepted;
	unsigned traits;
	/* Strong clients: surely there; perhaps there; and whether there were surely none once. */
	int strong_low;
	int strong_high;
	bool strong_was_zero;
	bool initialised;
	bool broke;
	bool term;
	bool handler_dropped;
	bool no_server;
} books;

static void broken(const char *promise, int message, const char *what)
{
	if (sim_self() >= 0)
		sim_fail(promise, "message %d: %s", message, what);
	if (sim_result.bug == NULL)
		sim_blame(promise, "message %d: %s", message, what);
}

static void must(bool held, const char *promise, int message, const char *what)
{
	if (!held)
		broken(promise, message, what);
}

void oracle_begin(const struct program *program)
{
	memset(&books, 0, sizeof books);
	sim_watch(&books, sizeof books);
	books.traits = program->traits;
}

/* The server may have ended, or never have come up, while clients are there. */
static bool over(void)
{
	return books.broke || books.no_server || (books.traits & INIT_FAILS) != 0;
}

/* The caller of a request has given up, or may be doing so at the moment. */
static bool leaves(const struct account *account)
{
	return account->caller == GIVING_UP || account->caller == GAVE_UP ||
	       (account->caller == PENDING && account->action == SEND_TIMED);
}

static bool is_post(const struct account *account)
{
	return account->action == SEND_POST || account->action == SEND_POST_CLIENT;
}

/* ---- The client's side --------------------------------------------------------------------- */

void oracle_send(int message, enum action action)
{
	struct account *account = &books.accounts[message];

	account->hands = LIBRARY;
	account->caller = PENDING;
	account->action = (uint8_t)action;
	account->before = books.accepted;
}

void oracle_refused(void)
{
	must(sim_result.refusals > 0, "[clean]", -1, "memory ran out though none was refused");
}

/* Nothing was delivered: the value is the caller's as before. */
static void untouched(int message, const char *promise)
{
	struct account *account = &books.accounts[message];

	must(account->hands == LIBRARY && !account->handled, promise, message,
		"it was not accepted, and handled or dropped all the same");
	account->hands = CALLER;
}

void oracle_sent(int message, int code)
{
	struct account *account = &books.accounts[message];

	if (code == UMP_OK) {
		books.accepted |= UINT32_C(1) << message;
		if (is_post(account))
			account->caller = COMPLETED;
		return;
	}
	must(code == UMP_SERVER_GONE || code == UMP_NO_MEMORY, "[once]", message,
		"sending it failed in an unknown way");
	if (code == UMP_NO_MEMORY)
		oracle_refused();
	else
		must(over(), "[gone]", message, "the server is said to be gone, and is not");
	untouched(message, "[gone]");
	account->caller = COMPLETED;
}

void oracle_completed(int message, int code, int reply)
{
	struct account *account = &books.accounts[message];

	must(account->caller == PENDING, "[once]", message, "it completed twice");
	account->caller = COMPLETED;
	switch (code) {
	case UMP_OK:
		must(account->answer == VALUE_GIVEN, "[once]", message,
			"it was answered by nobody, or its reply was dropped");
		must(reply == message, "[once]", message, "it got another one's reply");
		must(account->hands == HANDLER, "[once]", message, "it has a reply unhandled");
		account->answer = VALUE_AT_CALLER;
		break;
	case CODE_FAIL:
		must(account->answer == CODE_GIVEN, "[once]", message, "no handler gave this code");
		break;
	case UMP_NO_REPLY:
		must(account->answer == CONTEXT_DROPPED && account->hands == HANDLER, "[gone]",
			message, "it says UMP_NO_REPLY, and its context was not dropped");
		break;
	case UMP_SERVER_GONE:
		must(over(), "[gone]", message, "the server is said to be gone, and is not");
		untouched(message, "[gone]");
		break;
	case UMP_NO_MEMORY:
		oracle_refused();
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

void oracle_timed_out(int message, bool sent, int64_t deadline)
{
	struct account *account = &books.accounts[message];

	must(sim_clock() >= deadline, "[deadline]", message, "it timed out before its deadline");
	if (account->action != SEND_TIMED)
		/* One that is waited for stays sent. */
		return;
	account->caller = GAVE_UP;
	account->too_late = !sent;
	/* A caller cannot tell whether it was sent, so the value goes the same way either time. */
	must(sent || account->hands == DROPPED || (books.traits & NO_DROP) != 0, "[deadline]",
		message, "it was not sent, and its value was not dropped");
}

/* ---- Handles ------------------------------------------------------------------------------- */

void oracle_making_strong(void)
{
	books.strong_high++;
}

void oracle_made_strong(bool made)
{
	books.strong_low += made;
	books.strong_high -= !made;
}

void oracle_dropping_strong(void)
{
	books.strong_low--;
	if (books.strong_low == 0)
		books.strong_was_zero = true;
}

void oracle_dropped_strong(void)
{
	books.strong_high--;
}

bool oracle_strong_gone(void)
{
	return books.strong_high == 0;
}

void oracle_upgraded(bool before, int code)
{
	switch (code) {
	case UMP_OK:
		must(!before, "[weak]", -1, "an upgrade worked when no strong client was left");
		break;
	case UMP_CLIENTS_GONE:
		must(books.strong_was_zero, "[weak]", -1,
			"an upgrade failed while there was a strong client");
		break;
	default:
		must(code == UMP_NO_MEMORY, "[weak]", -1, "an upgrade failed in an unknown way");
		oracle_refused();
	}
}

/* ---- The server's side --------------------------------------------------------------------- */

void oracle_init(void)
{
	must(!books.initialised && !books.handler_dropped, "[init]", -1, "init ran twice");
	books.initialised = true;
}

/* All that had been accepted when this one's sending began comes before it. */
static void check_order(int message)
{
	uint32_t before = books.accounts[message].before;

	for (int i = 0; i < ORACLE_MESSAGES; i++) {
		const struct account *account = &books.accounts[i];

		if ((before >> i & 1) != 0 && !account->handled && !account->leftover &&
			!leaves(account))
			broken("[fifo]", message, "it comes before one that was accepted before");
	}
}

void oracle_handle(int message)
{
	struct account *account = &books.accounts[message];

	must(account->hands == LIBRARY && !account->handled && !account->leftover, "[once]",
		message, "it is handled, and was handled, dropped or given back before");
	must(!books.broke, "[break]", message, "it is handled after a break");
	must((books.traits & INIT) == 0 || books.initialised, "[init]", message,
		"it is handled before init");
	must(!books.term && !books.handler_dropped, "[user]", message, "it is handled after term");
	/* The loop began after all that the first client did. */
	must((books.traits & LATE) == 0 || message >= PROGRAM_OPS || account->caller != GAVE_UP,
		"[origin]", message, "it is handled, and was given up while it was queued");
	check_order(message);
	account->handled = true;
	account->hands = HANDLER;
}

void oracle_leftover(int message, bool taken)
{
	struct account *account = &books.accounts[message];

	must(books.broke && !books.term, "[break]", message, "it is left over without a break");
	must(account->hands == LIBRARY && !account->handled && !account->leftover, "[once]",
		message, "it is left over, and was handled, dropped or given back before");
	check_order(message);
	account->leftover = true;
	/* Otherwise it goes back, to the caller or to the drop of its type. */
	if (taken)
		account->hands = HANDLER;
}

void oracle_replying(int message, bool value)
{
	struct account *account = &books.accounts[message];

	account->answer = value ? VALUE_GIVEN : CODE_GIVEN;
}

void oracle_replied(int message, int code)
{
	const struct account *account = &books.accounts[message];

	if (code == UMP_OK)
		return;
	must(code == UMP_ORIGIN_GONE && leaves(account), "[origin]", message,
		"an answer is refused although its caller waits");
	must(account->answer != VALUE_GIVEN || (books.traits & NO_DROP) != 0, "[origin]", message,
		"its caller is gone, and the reply was not dropped");
}

void oracle_context_dropped(int message)
{
	books.accounts[message].answer = CONTEXT_DROPPED;
}

void oracle_broke(void)
{
	must(!books.broke, "[break]", -1, "a second break");
	books.broke = true;
}

/* No strong client was left when the loop ended by itself. */
void oracle_drained(void)
{
	must(books.broke || books.no_server || (books.traits & INIT_FAILS) != 0 ||
			books.strong_low == 0,
		"[drain]", -1, "the loop ended while there was a strong client");
}

void oracle_term(void)
{
	must(!books.term && !books.handler_dropped, "[user]", -1, "term ran twice, or late");
	oracle_drained();
	books.term = true;
}

void oracle_handler_dropped(void)
{
	must(!books.handler_dropped, "[user]", -1, "the handler was dropped twice");
	books.handler_dropped = true;
}

void oracle_joined(bool stop, intptr_t value)
{
	bool has_term = (books.traits & TERM) != 0;
	intptr_t wanted = has_term ? VALUE_TERM : books.broke ? VALUE_BREAK : 0;

	must(stop == (has_term || books.broke) && value == wanted, "[break]", -1,
		"join tells another outcome");
	must(books.handler_dropped && books.term == has_term, "[user]", -1,
		"join returned before term or drop");
	oracle_drained();
}

void oracle_raw_ended(uint64_t skipped)
{
	uint64_t given_up = 0;

	oracle_drained();
	if (books.broke)
		return;
	for (int i = 0; i < ORACLE_MESSAGES; i++) {
		const struct account *account = &books.accounts[i];

		given_up += account->hands == DROPPED && !is_post(account) && !account->too_late;
	}
	must(given_up == skipped || (books.traits & NO_DROP) != 0, "[origin]", -1,
		"not as many were skipped as were given up in the queue");
}

void oracle_no_server(int code)
{
	bool built = (books.traits & BUILDER_FAILS) == 0;

	books.no_server = true;
	if (code == UMP_NO_MEMORY || code == UMP_NO_THREAD) {
		oracle_refused();
		return;
	}
	must(code == (built ? CODE_INIT : CODE_BUILDER), "[init]", -1,
		"spawn fails with another code than init, or the builder");
	must(books.handler_dropped == built && books.initialised == built && !books.term, "[init]",
		-1, "init, term or drop ran that should not have, or the other way round");
}

/* ---- Values -------------------------------------------------------------------------------- */

void oracle_drop_value(int message)
{
	struct account *account = &books.accounts[message];

	must(account->hands == LIBRARY && !account->handled, "[once]", message,
		"its value is dropped, and was handled, dropped or given back before");
	must(is_post(account) ? over() : leaves(account), "[once]", message,
		"its value is dropped, and somebody waits for it");
	account->hands = DROPPED;
}

void oracle_drop_reply(int message)
{
	struct account *account = &books.accounts[message];

	must(account->answer == VALUE_GIVEN, "[once]", message,
		"its reply is dropped, and was dropped or delivered before");
	must(leaves(account), "[origin]", message, "its reply is dropped while its caller waits");
	account->answer = VALUE_DROPPED;
}

void oracle_end(void)
{
	bool drops = (books.traits & NO_DROP) == 0;

	for (int i = 0; i < ORACLE_MESSAGES; i++) {
		const struct account *account = &books.accounts[i];

		if (account->caller == NOT_SENT)
			continue;
		must(account->caller == COMPLETED || account->caller == GAVE_UP, "[once]", i,
			"it never completed");
		must(account->hands != LIBRARY || (!drops && (over() || leaves(account))), "[once]",
			i, "its value was neither handled, dropped nor given back");
		must(account->answer != VALUE_GIVEN || !drops, "[once]", i,
			"its reply was neither delivered nor dropped");
	}
	must(books.no_server || (books.traits & RAW) != 0 || books.handler_dropped, "[user]", -1,
		"the handler was not dropped");
}
