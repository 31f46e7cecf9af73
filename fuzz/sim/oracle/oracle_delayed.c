/* SPDX-License-Identifier: 0BSD */
/* The accounts of delayed posts; [timer]. */
#include "oracle/oracle.h"

#include "oracle/oracle_books.h"
#include "ump_server.h"

/* Whether the loop may have ended, or may be ending. */
static bool may_be_over(int server)
{
	const struct server_books *its = &books.servers[server];

	return over(server) || its->strong_was_zero || its->handler_dropped;
}

/* ---- Sending ------------------------------------------------------------------------------- */

void oracle_post_at(int message, bool periodic, int server)
{
	struct account *account = &books.accounts[message];

	account->hands = LIBRARY;
	account->caller = PENDING;
	account->action = SEND_AT;
	account->server = (uint8_t)server;
	account->from = ORACLE_CLIENT;
	account->thread = (uint8_t)sim_self();
	account->periodic = periodic;
}

void oracle_posted_at(int message, int code)
{
	struct account *account = &books.accounts[message];
	bool timeless = has_workers(account->server) ||
			((books.traits & COMBINING) != 0 &&
				(account->server == 0 || (books.traits & MIXED) == 0));

	account->caller = COMPLETED;
	must((code == UMP_NO_TIMERS) == timeless, "[timer]", message,
		"a server without a time of its own takes it, or another one does not");
	if (code == UMP_OK)
		return;
	must(account->hands == LIBRARY && !account->handled, "[timer]", message,
		"it was not accepted, and handled or dropped all the same");
	account->hands = CALLER;
	if (code == UMP_NO_MEMORY)
		oracle_refused();
	else if (code == UMP_SERVER_GONE)
		must(over(account->server), "[gone]", message,
			"it got UMP_SERVER_GONE, and the server is not gone");
	else
		must(timeless, "[timer]", message, "sending it failed in an unknown way");
}

/* ---- Calls --------------------------------------------------------------------------------- */

void oracle_due_post(int message)
{
	struct account *account = &books.accounts[message];

	due_call(account->server, "a delayed post comes after the end, a stop or a suspension");
	must(account->hands == LIBRARY && !account->cancelled, "[once]", message,
		"it is called, and was handled, dropped or given back before");
	must(!account->running, "[timer]", message, "it is called while its call is under way");
	/* A call that had begun when it was paused, or found to have ended, comes late. */
	must(!account->paused || account->paused_calls-- > 0, "[timer]", message,
		"it is called, and is paused");
	must(!account->closed || account->closed_calls-- > 0, "[timer]", message,
		"it is called, and had ended");
	account->handled = true;
	account->running = true;
	if (!account->periodic)
		account->hands = HANDLER;
}

void oracle_due_post_over(int message)
{
	books.accounts[message].running = false;
}

bool oracle_is_pending(int message, int server)
{
	const struct account *account = &books.accounts[message];

	return is_delayed(account) && account->server == server && account->caller == COMPLETED &&
	       account->hands == LIBRARY && !account->handled && !account->controlled;
}

/* ---- The value ----------------------------------------------------------------------------- */

/* Whether the handler is at work on it, as far as its value is lent. */
static bool is_lent(const struct account *account)
{
	return account->running && !books.servers[account->server].quit;
}

void oracle_delayed_left(int message)
{
	struct account *account = &books.accounts[message];
	struct server_books *its = &books.servers[account->server];

	called_back(account->server);
	must((its->broke || its->may_be_stopped) && !its->term, "[timer]", message,
		"it is left over without a break");
	must(account->hands == LIBRARY && !account->cancelled && !is_lent(account), "[once]",
		message, "it is left over, and was handled, dropped or given back before");
	account->hands = HANDLER;
	account->leftover = true;
	its->delayed_left = true;
}

void drop_delayed(int message)
{
	struct account *account = &books.accounts[message];
	bool cancels = (account->cancelling >> sim_self() & 1) != 0;

	must(account->hands == LIBRARY && !account->cancelled, "[once]", message,
		"its value is dropped, and was handled, dropped or given back before");
	must(!is_lent(account), "[timer]", message, "its value is dropped during its call");
	must(cancels || (account->periodic && (account->closed || account->cancelling != 0)) ||
			may_be_over(account->server),
		"[timer]", message, "its value is dropped, and it was not cancelled");
	account->hands = DROPPED;
}

void settle_delayed(int message)
{
	const struct account *account = &books.accounts[message];
	bool drops = (books.traits & NO_DROP) == 0;

	must(account->hands != LIBRARY || !drops, "[once]", message,
		"its value was neither handled, dropped nor given back");
	must(!account->running, "[timer]", message, "its call has not ended");
	must(!account->begun || account->handled, "[timer]", message,
		"it was not cancelled, and neither called nor ended");
}

/* ---- Controllers --------------------------------------------------------------------------- */

void oracle_delayed_cancel(int message)
{
	struct account *account = &books.accounts[message];

	account->cancelling |= UINT32_C(1) << sim_self();
	account->controlled = true;
}

/* A controller has found that no further call begins. */
static void closes(struct account *account)
{
	if (!account->closed)
		account->closed_calls = !account->running;
	account->closed = true;
}

void oracle_delayed_cancelled(int message, int code)
{
	struct account *account = &books.accounts[message];
	bool drops = (books.traits & NO_DROP) == 0;

	account->cancelling &= ~(UINT32_C(1) << sim_self());
	if (code == UMP_OK) {
		must(account->hands == (drops ? DROPPED : LIBRARY) && !is_lent(account) &&
				!account->cancelled,
			"[timer]", message, "it was cancelled, and its value not dropped once");
		account->cancelled = true;
		return;
	}
	must(code == UMP_EMPTY, "[timer]", message, "cancelling it failed in an unknown way");
	/* Otherwise its call is under way, and about to reach the handler. */
	account->begun = !account->handled && !account->cancelled && account->cancelling == 0 &&
			 !account->closed && !may_be_over(account->server);
	closes(account);
}

/* Whether a controller may find that it has ended. */
static bool may_have_ended(const struct account *account)
{
	return (account->handled && !account->periodic) || account->cancelled || account->closed ||
	       account->cancelling != 0 || may_be_over(account->server);
}

void oracle_delayed_changed(int message, int code)
{
	struct account *account = &books.accounts[message];

	must(code == UMP_OK || (code == UMP_EMPTY && may_have_ended(account)), "[timer]", message,
		"it was not changed, and has not ended");
	if (code == UMP_EMPTY)
		closes(account);
}

void oracle_delayed_paused(int message, int code)
{
	struct account *account = &books.accounts[message];

	account->controlled = true;
	oracle_delayed_changed(message, code);
	if (code != UMP_OK)
		return;
	account->paused_calls = !account->running;
	account->paused = true;
}

void oracle_delayed_resume(int message)
{
	books.accounts[message].controlled = true;
	books.accounts[message].paused = false;
}
