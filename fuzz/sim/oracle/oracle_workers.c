/* SPDX-License-Identifier: 0BSD */
/*
 * The accounts of servers with workers; [workers].
 *
 * When a worker dequeues a message is not visible, only when it calls its handler.  But one that
 * is called proves that all before it were dequeued, so they are at hand of the other worker: at
 * most one of them has not been called, and that is the other one's next call.
 */
#include "oracle/oracle.h"

#include "oracle/oracle_books.h"
#include "ump_server.h"

#define NONE (-1)

void workers_begin_books(void)
{
	for (int i = 0; i < PROGRAM_SERVERS; i++) {
		books.servers[i].closer = NONE;
		for (int w = 0; w < PROGRAM_WORKERS; w++)
			books.servers[i].workers[w] = (struct worker_books){.thread = NONE,
				.at = NONE,
				.next = NONE,
				.waits_for = NONE,
				.waits_message = NONE,
				.left = NONE};
	}
}

/* The worker of `server` whose callback the calling thread has called last; the handler of another
 * server counts as one. */
static struct worker_books *mine(int server)
{
	return &books.servers[server].workers[has_workers(server) ? books.worker[sim_self()] : 0];
}

static int count_of(int server)
{
	return has_workers(server) ? program_workers(books.traits) : 1;
}

/* ---- The handlers' lives ------------------------------------------------------------------- */

void oracle_worker_built(int server, int worker)
{
	books.servers[server].workers[worker].built = true;
}

void oracle_workers_spawned(int server)
{
	books.servers[server].spawned = true;
}

void oracle_worker_enters(int server, int worker)
{
	struct worker_books *its = &books.servers[server].workers[worker];

	must(its->thread == NONE || its->thread == sim_self(), "[workers]", NONE,
		"a worker calls its handler on two threads");
	its->thread = (int8_t)sim_self();
	books.worker[sim_self()] = (uint8_t)worker;
}

void workers_init(int server)
{
	struct server_books *its = &books.servers[server];
	struct worker_books *worker = mine(server);

	must(!worker->initialised && !worker->dropped && !its->spawned, "[init]", NONE,
		"init ran twice, or late");
	worker->initialised = true;
	for (struct worker_books *one = its->workers; one <= worker; one++)
		must(one->initialised, "[init]", NONE, "init of a later worker runs first");
	its->initialised = worker == &its->workers[count_of(server) - 1];
}

void workers_broke(int server)
{
	struct worker_books *worker = mine(server);

	must(!worker->broke, "[break]", NONE, "a second break of a worker");
	worker->broke = true;
	books.servers[server].broke = true;
}

void workers_check_outcome(int server, bool stop, intptr_t value)
{
	intptr_t worker = value - VALUE_BREAK;

	must(stop && worker >= 0 && worker < PROGRAM_WORKERS &&
			books.servers[server].workers[worker].broke,
		"[break]", NONE, "the outcome is no break of a worker");
}

/* All messages have ended. */
static void check_ended(int server)
{
	for (int w = 0; w < PROGRAM_WORKERS; w++)
		must(books.servers[server].workers[w].at == NONE, "[workers]", NONE,
			"a handler ends while another one is at work");
}

void workers_term(int server, bool stop, intptr_t value)
{
	struct server_books *its = &books.servers[server];
	const struct worker_books *worker = mine(server);
	int index = (int)(worker - its->workers);

	must(!worker->dropped, "[user]", NONE, "term ran late");
	check_ended(server);
	if (index == 0) {
		must(!its->term, "[user]", NONE, "term ran twice");
		workers_closed(server);
		check_outcome(server, stop, value);
	} else {
		must(its->workers[index - 1].dropped && stop && value == VALUE_TERM + index - 1,
			"[workers]", NONE, "term does not get what the previous one returned");
	}
	its->term = true;
	oracle_drained(server);
}

/* Return whether it was the last one. */
bool workers_handler_dropped(int server)
{
	struct server_books *its = &books.servers[server];
	struct worker_books *worker = mine(server);
	const struct worker_books *last = &its->workers[count_of(server) - 1];

	must(worker->built && !worker->dropped, "[user]", NONE, "a handler was dropped twice");
	worker->dropped = true;
	check_ended(server);
	if (its->spawned) {
		must(worker == its->workers || (worker - 1)->dropped, "[workers]", NONE,
			"the handlers are not dropped one after the other");
		return worker == last;
	}
	must(worker == last || !(worker + 1)->built || (worker + 1)->dropped, "[init]", NONE,
		"the last handler is not dropped first");
	return worker == its->workers;
}

void workers_no_server(int code)
{
	const struct server_books *its = &books.servers[0];
	bool built = (books.traits & BUILDER_FAILS) == 0;

	must(code == (built ? CODE_INIT : CODE_BUILDER), "[init]", NONE,
		"spawn fails with another code than init, or the builder");
	must(its->handler_dropped && its->initialised == built && !its->term, "[init]", NONE,
		"init, term or drop ran that should not have, or the other way round");
}

/* ---- Messages ------------------------------------------------------------------------------ */

void oracle_key_begins(int message, bool request)
{
	struct account *account = &books.accounts[message];
	struct server_books *its = &books.servers[account->server];

	must(sim_locks() == 0, "[user]", message, "the application is called with a lock held");
	must(!its->keying, "[workers]", message, "its key is computed while another one is");
	must((its->keyed & bit(message)) == 0 && !account->handled && !account->leftover,
		"[workers]", message, "its key is computed twice");
	must(request != is_post(account), "[workers]", message, "it is of the wrong type");
	for (int i = 0; i < ORACLE_MESSAGES; i++)
		must((account->before >> i & 1) == 0 || (its->keyed & bit(i)) != 0 ||
				books.accounts[i].server != account->server ||
				!is_due(&books.accounts[i]),
			"[fifo]", message, "it is dequeued before one that was accepted before");
	its->keying = true;
	its->keyed |= bit(message);
}

void oracle_key_ends(int message)
{
	struct server_books *its = &books.servers[books.accounts[message].server];

	must(its->keying, "[workers]", message, "its key is computed while another one is");
	its->keying = false;
}

/* Return the messages that must come before `message`. */
static uint64_t due_before(int message)
{
	const struct account *account = &books.accounts[message];
	uint64_t before = account->before | (books.capacity == 1 ? account->ahead : 0);
	uint64_t due = 0;

	for (int i = 0; i < ORACLE_MESSAGES; i++) {
		if ((before & bit(i)) != 0 && books.accounts[i].server == account->server &&
			is_due(&books.accounts[i]))
			due |= bit(i);
	}
	return due;
}

/* The other worker must have dequeued all of `due`, which is one message at most, before the worker
 * `by` could begin, or leave over, `message`. */
static void must_be_at_hand(int message, uint64_t due, const struct worker_books *by)
{
	struct server_books *its = &books.servers[books.accounts[message].server];
	struct worker_books *other = &its->workers[by == its->workers];

	if (due == 0)
		return;
	must(count_of(books.accounts[message].server) > 1 && (due & (due - 1)) == 0 &&
			other->at == NONE && (other->next == NONE || due == bit(other->next)),
		"[fifo]", message, "it comes before one that was accepted before");
	other->next = (int8_t)__builtin_ctzll(due);
}

/* Return those of `due` with the key of `message`. */
static uint64_t of_its_key(int message, uint64_t due)
{
	uint64_t same = 0;

	for (int i = 0; i < ORACLE_MESSAGES; i++) {
		if (program_key(books.traits, i) == program_key(books.traits, message))
			same |= due & bit(i);
	}
	return same;
}

void workers_handle(int message)
{
	struct server_books *its = &books.servers[books.accounts[message].server];
	struct worker_books *worker = mine(books.accounts[message].server);
	const struct worker_books *other = &its->workers[worker == its->workers];
	bool keys = program_has_keys(books.traits);
	uint64_t due = due_before(message);

	must(its->spawned, "[init]", message, "it is handled before all workers have started");
	must(worker->at == NONE, "[workers]", message, "it is handled inside another one");
	must(other->thread != worker->thread, "[workers]", message,
		"two workers run on one thread");
	must(!worker->broke, "[break]", message, "it is handled after a break");
	must(worker->left != 0, "[break]", message, "it begins after the inbox has closed");
	must(worker->next == NONE || worker->next == message, "[fifo]", message,
		"its worker has dequeued another one before");
	if (keys) {
		must((its->keyed & bit(message)) != 0, "[workers]", message, "it has no key");
		must(of_its_key(message, due) == 0, "[fifo]", message,
			"it comes before one of its key that was accepted before");
		must(other->at == NONE || program_key(books.traits, other->at) !=
						  program_key(books.traits, message),
			"[workers]", message, "it overlaps with another one of its key");
	} else {
		must_be_at_hand(message, due, worker);
	}
	worker->next = NONE;
	worker->at = (int8_t)message;
	worker->begun++;
	if (worker->left > 0)
		worker->left--;
}

void workers_returns(int server)
{
	mine(server)->at = NONE;
}

/* The inbox has closed, as the caller knows: each worker may have a message at hand already. */
void workers_closed(int server)
{
	if (!has_workers(server))
		return;
	for (int w = 0; w < PROGRAM_WORKERS; w++) {
		struct worker_books *worker = &books.servers[server].workers[w];

		if (worker->left == NONE)
			worker->left = worker->at == NONE && !worker->broke;
	}
}

void workers_leftover(int message)
{
	int server = books.accounts[message].server;
	struct server_books *its = &books.servers[server];
	uint64_t due = due_before(message);

	must(its->closer == NONE || its->closer == sim_self(), "[break]", message,
		"two workers dispose of what is left");
	its->closer = (int8_t)sim_self();
	workers_closed(server);
	mine(server)->left = 0;
	for (int w = 0; w < PROGRAM_WORKERS; w++)
		must(its->workers[w].next != message, "[workers]", message,
			"it is left over, and has begun");
	if (program_has_keys(books.traits))
		due = of_its_key(message, due);
	must_be_at_hand(message, due, mine(server));
}

unsigned workers_between_messages(int server)
{
	unsigned between = 0;

	for (int w = 0; w < count_of(server); w++)
		between += books.servers[server].workers[w].at == NONE;
	return between;
}

void oracle_worker_numbers(int server, int worker, uint64_t handled, bool ended)
{
	uint64_t begun = books.servers[server].workers[worker].begun;

	must(ended ? handled == begun : handled <= begun + 1, "[once]", NONE,
		"more messages of a worker are counted than it has handled, or fewer");
}

/* ---- Waits --------------------------------------------------------------------------------- */

/* Whether only servers can end the wait of the handler. */
static bool is_stuck(const struct worker_books *its)
{
	const struct account *account;

	if (its->waits_for < 0)
		return false;
	if (its->waits_message < 0)
		return true;
	account = &books.accounts[its->waits_message];
	return account->answer == NO_ANSWER && !account->kept;
}

/* Return the worker on which alone the answer depends; all: NONE. */
static int only_worker(const struct worker_books *its)
{
	const struct worker_books *workers = books.servers[its->waits_for].workers;
	int message = its->waits_message;

	if (!has_workers(its->waits_for) || message < 0)
		return NONE;
	for (int w = 0; w < PROGRAM_WORKERS; w++) {
		if (workers[w].at == NONE)
			continue;
		if (workers[w].at == message ||
			(!books.accounts[message].handled && program_has_keys(books.traits) &&
				program_key(books.traits, workers[w].at) ==
					program_key(books.traits, message)))
			return w;
	}
	return NONE;
}

/* Sets of handlers, one bit each. */
static unsigned handler(int server, int worker)
{
	return 1u << (server * PROGRAM_WORKERS + worker);
}

/* Return the handlers on which the wait depends. */
static unsigned depends_on(const struct worker_books *its)
{
	int only = only_worker(its);
	unsigned all = 0;

	if (only != NONE)
		return handler(its->waits_for, only);
	for (int w = 0; w < count_of(its->waits_for); w++)
		all |= handler(its->waits_for, w);
	return all;
}

static const struct worker_books *books_of(int number)
{
	return &books.servers[number / PROGRAM_WORKERS].workers[number % PROGRAM_WORKERS];
}

/* Return the handlers that cannot proceed, since none of those on which they depend can. */
static unsigned blocked(void)
{
	unsigned set = 0;
	unsigned before;

	for (int i = 0; i < PROGRAM_SERVERS * PROGRAM_WORKERS; i++)
		set |= is_stuck(books_of(i)) ? 1u << i : 0;
	do {
		before = set;
		for (int i = 0; i < PROGRAM_SERVERS * PROGRAM_WORKERS; i++) {
			if ((set >> i & 1) != 0 && (depends_on(books_of(i)) & ~set) != 0)
				set &= ~(1u << i);
		}
	} while (set != before);
	return set;
}

/* Return whether the wait of handler `number`, which is one of `set`, depends on itself. */
static bool comes_back(int number, unsigned set)
{
	unsigned reached = depends_on(books_of(number));
	unsigned before;

	do {
		before = reached;
		for (int i = 0; i < PROGRAM_SERVERS * PROGRAM_WORKERS; i++) {
			if ((reached & set & 1u << i) != 0)
				reached |= depends_on(books_of(i));
		}
	} while (reached != before);
	return (reached >> number & 1) != 0;
}

static void note_cycles(void)
{
	unsigned set = blocked();

	for (int i = 0; i < PROGRAM_SERVERS * PROGRAM_WORKERS; i++) {
		struct worker_books *its =
			&books.servers[i / PROGRAM_WORKERS].workers[i % PROGRAM_WORKERS];

		if ((set >> i & 1) != 0 && comes_back(i, set))
			its->in_cycle = true;
	}
}

void workers_waits(int server, int other, int message)
{
	struct worker_books *its = mine(server);

	its->waits_for = (int8_t)other;
	its->waits_message = (int8_t)message;
	its->in_cycle = false;
	note_cycles();
}

void workers_waited(int server)
{
	mine(server)->waits_for = NONE;
	mine(server)->in_cycle = false;
}

bool workers_was_in_cycle(int server)
{
	note_cycles();
	return mine(server)->in_cycle;
}
