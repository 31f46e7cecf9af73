/* SPDX-License-Identifier: 0BSD */
/* The accounts: the server's side. */
#include "oracle/oracle.h"

#include "oracle/oracle_books.h"
#include "ump_server.h"

static bool is_task(int server)
{
	/* A server spawned by a client is a task. */
	return server >= books.server_count ||
	       ((books.traits & TASK) != 0 && (server == 0 || (books.traits & MIXED) == 0));
}

void called_back(int server)
{
	must(sim_locks() == 0, "[user]", -1, "the application is called with a lock held");
	must(!is_task(server) || books.servers[server].runner == sim_self(), "[task]", -1,
		"a task calls the application, and the thread does not run it");
}

/* The loop of a thread that finds nothing to do must sleep, or end: it must not read the clock
 * again and again.  (The threads that run other servers have read it for themselves, too; and the
 * news of each delayed post wake the loop.) */
#define MOST_IDLE_READS     10
#define READS_OF_EACH_DELAY 4
static void check_idle_reads(void)
{
	int reads = sim_take_idle_reads();
	int most = MOST_IDLE_READS;

	if ((books.traits & (RAW | TASK | COMBINING)) != 0 || reads <= most)
		return;
	for (int i = 0; i < ORACLE_MESSAGES; i++)
		most += is_delayed(&books.accounts[i]) ? READS_OF_EACH_DELAY : 0;
	must(reads <= most, "[quiet]", -1, "the loop spins where it could sleep or end");
}

/* ---- The handler's life -------------------------------------------------------------------- */

void oracle_init(int server)
{
	struct server_books *its = &books.servers[server];

	must(sim_locks() == 0, "[user]", -1, "the application is called with a lock held");
	if (has_workers(server)) {
		workers_init(server);
		return;
	}
	must(!its->initialised && !its->handler_dropped, "[init]", -1, "init ran twice");
	its->initialised = true;
}

void oracle_broke(int server)
{
	if (has_workers(server)) {
		workers_broke(server);
		return;
	}
	must(!books.servers[server].broke, "[break]", -1, "a second break");
	books.servers[server].broke = true;
}

/* A loop that ends by itself must have no strong client left. */
void oracle_drained(int server)
{
	must(over(server) || books.servers[server].strong_low == 0, "[drain]", -1,
		"the loop ended while there was a strong client");
}

/* Check an outcome before term. */
void check_outcome(int server, bool stop, intptr_t value)
{
	struct server_books *its = &books.servers[server];
	int message = (int)(value - VALUE_STOP);

	if (has_workers(server) && stop && value < VALUE_STOP) {
		workers_check_outcome(server, stop, value);
	} else if (its->broke && !its->quit && !has_workers(server)) {
		must(stop && value == VALUE_BREAK, "[break]", -1, "a break is not the outcome");
	} else if (value >= VALUE_STOP && value < VALUE_STOP + ORACLE_MESSAGES) {
		/* The call that has stopped it may not have returned. */
		must(stop && (its->stopped == message || (its->stopped < 0 && its->stopping > 0)) &&
				books.accounts[message].server == server &&
				books.accounts[message].hands == CALLER,
			"[stop]", message, "the outcome is another stop's value");
		its->outcome = (int8_t)message;
	} else if (its->quit) {
		must(stop && (value == 0 || value == VALUE_BREAK), "[task]", -1,
			"a dropped task has another outcome");
	} else {
		must(!stop && value == 0 && its->stopped < 0 && !its->broke, "[stop]", -1,
			"a stop is not the outcome");
	}
}

void oracle_term(int server, bool stop, intptr_t value)
{
	struct server_books *its = &books.servers[server];

	called_back(server);
	if (has_workers(server)) {
		workers_term(server, stop, value);
		return;
	}
	must(!its->term && !its->handler_dropped, "[user]", -1, "term ran twice, or late");
	check_outcome(server, stop, value);
	oracle_drained(server);
	its->term = true;
}

void oracle_handler_dropped(int server)
{
	struct server_books *its = &books.servers[server];

	must(sim_locks() == 0, "[user]", -1, "the application is called with a lock held");
	if (has_workers(server) && !workers_handler_dropped(server))
		return;
	must(!its->handler_dropped, "[user]", -1, "the handler was dropped twice");
	check_idle_reads();
	/* A joined server has returned its thread to the pool: the next server must run on it. */
	must((books.traits & DETACH) != 0 || (books.traits & THREAD_POOL) == 0 ||
			(books.traits & SEQUENTIAL) == 0 || server == 0 || is_task(server) ||
			has_workers(server) || books.servers[0].ended_on == sim_self(),
		"[reuse]", -1, "a pooled thread is idle, and a server does not run on it");
	its->ended_on = (int8_t)sim_self();
	its->handler_dropped = true;
}

void oracle_threads_left(int most)
{
	must(sim_alive() <= most, "[reuse]", -1, "there are more threads than may be idle");
}

void oracle_joined(int server, bool stop, intptr_t value)
{
	const struct server_books *its = &books.servers[server];
	bool has_term = (books.traits & TERM) != 0;
	int last = has_workers(server) ? program_workers(books.traits) - 1 : 0;

	must(!has_term || (stop && value == VALUE_TERM + last), "[break]", -1,
		"join returned another outcome");
	if (!has_term)
		check_outcome(server, stop, value);
	must(its->handler_dropped && its->term == has_term, "[user]", -1,
		"join returned before term or drop");
	must(!its->suspended, "[suspend]", -1, "the loop ended while a handler had suspended");
	oracle_drained(server);
}

void oracle_raw_ended(uint64_t skipped)
{
	uint64_t given_up = 0;

	books.raw_ended = true;
	oracle_drained(0);
	/* With a capacity, a request that waited for a permit may have been given up unsent. */
	if (books.servers[0].broke || books.capacity != 0)
		return;
	for (int i = 0; i < ORACLE_MESSAGES; i++) {
		const struct account *account = &books.accounts[i];

		given_up += account->hands == DROPPED && !is_post(account) &&
			    !is_delayed(account) && !account->too_late;
	}
	must(given_up == skipped || (books.traits & NO_DROP) != 0, "[origin]", -1,
		"not as many were skipped as were given up in the queue");
}

void oracle_no_server(int code)
{
	const struct server_books *its = &books.servers[0];
	bool built = (books.traits & BUILDER_FAILS) == 0;

	books.no_server = true;
	if (code == UMP_NO_MEMORY || code == UMP_NO_THREAD || code == UMP_NO_FD) {
		oracle_refused();
		return;
	}
	if (has_workers(0)) {
		workers_no_server(code);
		return;
	}
	must(code == (built ? CODE_INIT : CODE_BUILDER), "[init]", -1,
		"spawn fails with another code than init, or the builder");
	must(its->handler_dropped == built && its->initialised == built && !its->term, "[init]", -1,
		"init, term or drop ran that should not have, or the other way round");
}

void oracle_fewer_servers(int count)
{
	oracle_refused();
	books.server_count = count;
}

/* ---- Messages ------------------------------------------------------------------------------ */

bool is_due(const struct account *account)
{
	return !account->handled && !account->leftover && !leaves(account) &&
	       account->hands != CALLER;
}

/* All messages accepted before its send began must come before it; and with a capacity of one, all
 * whose senders were in the wait queue then. */
static void check_order(int message)
{
	const struct account *mine = &books.accounts[message];
	uint64_t before = mine->before | (books.capacity == 1 ? mine->ahead : 0);

	for (int i = 0; i < ORACLE_MESSAGES; i++) {
		const struct account *account = &books.accounts[i];

		must((before >> i & 1) == 0 || account->server != mine->server || !is_due(account),
			mine->before >> i & 1 ? "[fifo]" : "[bound]", message,
			"it comes before one that was accepted, or stood in the wait queue, "
			"before");
	}
}

/*
 * In a combining server, one handler runs at a time.  After its budget, a combiner must not handle
 * a message whose sender is blocked and could handle it itself.  After a second budget, and after
 * each further one, it must release the combiner role before it handles another message.  No
 * blocked sender is counted for messages that handlers send.
 */
static void check_combiner(int message)
{
	const struct account *account = &books.accounts[message];
	uint8_t *others = &books.handled_for_others[sim_self()][account->server];
	uint8_t *since_release = &books.handled_since_release[sim_self()][account->server];
	bool waits = account->action == SEND_REQUEST || account->action == SEND_TIMED;
	bool blocked = account->from == ORACLE_CLIENT && waits;

	must(!books.servers[account->server].busy, "[combining]", message,
		"it is handled while another one is");
	if (account->thread == sim_self()) {
		/* A caller's own request starts its count anew, even if it has handled others'
		 * messages before: then the role was handed off to the caller itself.  The sender
		 * may also be a handler. */
		*others = waits ? 0 : *others;
		*since_release = waits ? 0 : *since_release;
		return;
	}
	must((books.traits & BUDGET) == 0 || !blocked || *others < 1, "[combining]", message,
		"it is handled by a combiner whose budget is exhausted");
	must((books.traits & BUDGET) == 0 || *since_release < 2, "[combining]", message,
		"it is handled by a combiner that has not released its role");
	*others = 1;
	if (*since_release < 2)
		(*since_release)++;
}

/*
 * No message must be handled after a stop but the one at hand.  A dispatcher without notice of the
 * stop may read its bits late, but no stale value twice: one of before the claim, and one of before
 * the acceptance.  In a combining server, so may each combiner.
 */
static void check_stopped(int message)
{
	const struct account *account = &books.accounts[message];
	struct server_books *its = &books.servers[account->server];
	int most = books.traits & COMBINING ? 5 : 3;

	must(!account->too_late_to_handle, "[stop]", message,
		"it was sent after a stop, and is handled");
	if (its->stopped < 0)
		return;
	/* As each worker may. */
	if (has_workers(account->server))
		most *= program_workers(books.traits);
	must(its->handled_since_stop < most, "[stop]", message, "it is handled after a stop");
	its->handled_since_stop++;
}

void oracle_handle(int message)
{
	struct account *account = &books.accounts[message];
	struct server_books *its = &books.servers[account->server];

	called_back(account->server);
	must(account->hands == LIBRARY && !account->handled && !account->leftover, "[once]",
		message, "it is handled, and was handled, dropped or given back before");
	must(!its->broke || has_workers(account->server), "[break]", message,
		"it is handled after a break");
	must((books.traits & INIT) == 0 || its->initialised, "[init]", message,
		"it is handled before init");
	must(!its->term && !its->handler_dropped, "[user]", message, "it is handled after term");
	must(!its->suspended, "[suspend]", message, "it is handled, and the handler has suspended");
	/* The loop began after all operations of the first client. */
	must((books.traits & LATE) == 0 || message >= PROGRAM_OPS || account->caller != GAVE_UP,
		"[origin]", message, "it is handled, and was given up while it was queued");
	if (has_workers(account->server))
		workers_handle(message);
	else
		check_order(message);
	check_stopped(message);
	check_idle_reads();
	if ((books.traits & COMBINING) != 0 &&
		(account->server == 0 || (books.traits & MIXED) == 0))
		check_combiner(message);
	account->handled = true;
	account->hands = HANDLER;
	its->busy = !has_workers(account->server);
}

void due_call(int server, const char *what)
{
	struct server_books *its = &books.servers[server];

	called_back(server);
	check_idle_reads();
	must(!its->broke, "[break]", -1, what);
	must(!its->term && !its->handler_dropped, "[timer]", -1, what);
	must(!its->suspended, "[suspend]", -1, what);
	/* As check_stopped(). */
	must(its->stopped < 0 || its->handled_since_stop < 3, "[stop]", -1, what);
	if (its->stopped >= 0)
		its->handled_since_stop++;
	its->due_calls++;
}

void oracle_due_call(int server)
{
	due_call(server, "a timer calls after the end, a stop, or a suspension");
}

/* An answer, or the end of a watched server, comes to the handler of `server`. */
static void comes_back(int server)
{
	struct server_books *its = &books.servers[server];

	called_back(server);
	must(!its->broke, "[break]", -1, "an answer comes after a break");
	must(!its->term && !its->handler_dropped, "[ask]", -1, "an answer comes after term");
	must(!its->suspended, "[suspend]", -1, "an answer comes, and the handler has suspended");
	/* As check_stopped(). */
	must(its->stopped < 0 ||
			its->handled_since_stop < ((books.traits & COMBINING) != 0 ? 5 : 3),
		"[stop]", -1, "an answer comes after a stop");
	if (its->stopped >= 0)
		its->handled_since_stop++;
	its->due_calls++;
	/* It counts as the combiner's own message. */
	begins_call(server, ORACLE_CLIENT);
}

void oracle_asks(int message)
{
	books.accounts[message].asked = true;
}

void oracle_answered(int server, int message, int code)
{
	struct account *account = &books.accounts[message];
	const struct server_books *its = &books.servers[server];

	must(account->caller == PENDING, "[ask]", message, "its answer comes twice");
	if (code != UMP_CANCELLED) {
		comes_back(server);
		return;
	}
	called_back(server);
	must(its->broke || its->may_be_stopped, "[ask]", message,
		"it is cancelled without a break");
	must(!its->term && !its->handler_dropped, "[ask]", message, "it is cancelled after term");
	account->caller = GAVE_UP;
}

void oracle_watches(int server)
{
	books.servers[server].watches++;
}

void oracle_watched_ended(int server, int watched)
{
	comes_back(server);
	books.servers[server].watches--;
	must(books.servers[watched].handler_dropped, "[watch]", -1,
		"a server seems to have ended before its end");
}

void oracle_returns(int server)
{
	if (has_workers(server))
		workers_returns(server);
	books.servers[server].busy = false;
	if ((books.traits & COMBINING) != 0)
		books.ran_last[sim_self()] = (uint8_t)server;
}

void oracle_released_role(void)
{
	/* Only the first budget of a combiner ends without a release. */
	books.handled_since_release[sim_self()][books.ran_last[sim_self()]] = 1;
}

void oracle_leftover(int message, bool taken)
{
	struct account *account = &books.accounts[message];
	const struct server_books *its = &books.servers[account->server];

	called_back(account->server);
	must((its->broke || its->may_be_stopped) && !its->term, "[break]", message,
		"it is left over without a break");
	must(account->hands == LIBRARY && !account->handled && !account->leftover, "[once]",
		message, "it is left over, and was handled, dropped or given back before");
	must(!its->delayed_left, "[timer]", message, "it is left over after a delayed post");
	if (has_workers(account->server))
		workers_leftover(message);
	else
		check_order(message);
	account->leftover = true;
	/* Otherwise it goes back to the caller, or to its type's drop. */
	if (taken)
		account->hands = HANDLER;
}

void oracle_replying(int message, bool value)
{
	struct account *account = &books.accounts[message];

	account->answer = value ? VALUE_GIVEN : CODE_GIVEN;
	account->answered_before = books.answered;
	/* This may run the server that has asked, if that is a combining one.  Then the answering
	 * handler waits for it, unless another thread answers. */
	if (!account->asked)
		return;
	begins_call(account->from, account->server);
	account->runs_asker = (books.traits & COMBINING) != 0 && !account->kept;
	if (account->runs_asker)
		oracle_waits(account->server, account->from, ORACLE_NO_MESSAGE);
}

void oracle_replied(int message, int code)
{
	struct account *account = &books.accounts[message];

	if (account->runs_asker)
		oracle_waited(account->server);
	account->runs_asker = false;
	if (code == UMP_OK) {
		books.answered |= bit(message);
		account->reply_accepted = true;
		return;
	}
	must(code == UMP_ORIGIN_GONE && leaves(account), "[origin]", message,
		"an answer is refused although its caller waits");
	must(account->answer != VALUE_GIVEN || (books.traits & NO_DROP) != 0, "[origin]", message,
		"its caller is gone, and the reply was not dropped");
}

void oracle_context_dropped(int message)
{
	books.accounts[message].answer = CONTEXT_DROPPED;
}

void oracle_kept(int message)
{
	books.accounts[message].kept = true;
}

/* ---- Tasks --------------------------------------------------------------------------------- */

void oracle_runs(int server, bool runs)
{
	books.servers[server].runner = runs ? (int8_t)sim_self() : -1;
}

/* Whether a message may be queued for this server, or certainly is. */
static bool is_there(const struct account *account, int server)
{
	return account->server == server && account->hands == LIBRARY &&
	       account->caller != NOT_SENT;
}

/*
 * After a run that did not end the task, and with no call in progress: the descriptor must be
 * readable if there is work; otherwise it may be only if it was raised late.
 */
void oracle_idle(int server, bool readable, bool was_raised)
{
	const struct server_books *its = &books.servers[server];
	bool work = its->strong_high == 0 || its->stopped >= 0;
	bool news = false;

	if (its->strong_low != its->strong_high || its->resuming > 0 || its->stopping > 0 ||
		its->watches > 0)
		return;
	for (int i = 0; i < ORACLE_MESSAGES; i++) {
		const struct account *account = &books.accounts[i];

		/* Its answer may be there or not, also if it was cancelled, and until it is handled
		 * the loop does not end. */
		if (account->asked && account->from == server && account->caller != COMPLETED)
			return;
		/* News of a delayed post may be queued. */
		news = news || (is_delayed(account) && account->server == server);
		if (account->server != server || account->caller == NOT_SENT ||
			!is_message(account))
			continue;
		/* A sender whose call has not returned may still have to raise the notifier. */
		if (account->caller == PENDING && (books.accepted & bit(i)) == 0)
			return;
		if (is_there(account, server) && leaves(account))
			return;
		work = work || is_there(account, server);
	}
	work = work && !its->suspended;
	must(readable || !work, "[task]", -1, "its notifier is clear, and there is work");
	must(!readable || work || was_raised || news, "[task]", -1,
		"its notifier is raised, and there is no work");
}

void oracle_suspended(int server)
{
	must(!books.servers[server].suspended, "[suspend]", -1, "a handler suspends twice");
	books.servers[server].suspended = true;
}

void oracle_resuming(int server, bool breaks)
{
	struct server_books *its = &books.servers[server];

	must(its->suspended, "[suspend]", -1, "a handler is resumed that has not suspended");
	its->suspended = false;
	/* Whether a handler that has named a server still waits is unknown until the call has
	 * returned; the edge stays until the next wait replaces it. */
	its->resuming++;
	if (breaks && !its->quit)
		its->broke = true;
}

void oracle_resumed(int server, int code)
{
	struct server_books *its = &books.servers[server];

	its->resuming--;
	must(code == UMP_OK || (code == UMP_SERVER_GONE && its->quit), "[suspend]", -1,
		"a handler could not be resumed");
}

void oracle_quits(int server)
{
	books.servers[server].quit = true;
	books.servers[server].broke = true;
}
