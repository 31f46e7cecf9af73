/* SPDX-License-Identifier: 0BSD */
/* The oracle's books, shared by its parts. */
#ifndef SIM_ORACLE_BOOKS_H
#define SIM_ORACLE_BOOKS_H

#include "machine/sim.h"
#include "oracle/oracle.h"

/* Owner of a message's value. */
enum hands {
	NO_OWNER,
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
	uint8_t server;
	/* The server whose handler has sent it, or ORACLE_CLIENT; and the sending thread. */
	int8_t from;
	uint8_t thread;
	bool handled;
	bool leftover;
	bool kept;
	/* Its deadline had passed before it could be sent. */
	bool too_late;
	/* A permit was kept for it; its client had a pending reservation. */
	bool has_permit;
	bool reserved;
	/* RESERVE: the client that made the reservation has gone, or is about to go. */
	bool client_gone;
	/* The messages that had been accepted when its send began. */
	uint64_t before;
	/* The messages whose senders were in the wait queue then. */
	uint64_t ahead;
	/* Its server was stopped before its send began. */
	bool too_late_to_handle;
	/* The messages that had been answered when its answer began. */
	uint64_t answered_before;
	/* It came out of its completions without an answer; and a reply to it was accepted. */
	bool came_out_unanswered;
	bool reply_accepted;
	/* Its answer comes to the handler that has sent it as a callback. */
	bool asked;
	/* The call that answers it may run the asking server. */
	bool runs_asker;
	/* A delayed post: it is periodic; its call is under way; a controller has been used; a
	 * cancel gave it up, or has found that its call had begun; and the calls that may still
	 * begin although it is paused, or was found to have ended: those that had begun in the
	 * library. */
	bool periodic;
	bool running;
	bool controlled;
	bool cancelled;
	bool begun;
	bool paused;
	bool closed;
	uint8_t paused_calls;
	uint8_t closed_calls;
	/* The threads that are cancelling it: one bit each. */
	uint32_t cancelling;
};

/* A worker: the part of the books that a server with one thread has once. */
struct worker_books {
	bool built;
	bool initialised;
	bool broke;
	bool dropped;
	bool in_cycle;
	/* Its thread; the message at which its handler is at work; the one that it has dequeued for
	 * certain, and that must be the next: -1, if there is none. */
	int8_t thread;
	int8_t at;
	int8_t next;
	/* As in server_books. */
	int8_t waits_for;
	int8_t waits_message;
	/* Messages that it may still begin, since the inbox has closed; -1: it has not. */
	int8_t left;
	/* Messages that it has begun. */
	uint8_t begun;
};

struct server_books {
	struct worker_books workers[PROGRAM_WORKERS];
	/* The workers were spawned; a key is being computed; and the messages whose keys were. */
	bool spawned;
	bool keying;
	uint64_t keyed;
	/* The thread that calls `leftover`, or -1. */
	int8_t closer;
	/* Strong clients: lower bound, upper bound, and whether the lower bound has been 0. */
	int strong_low;
	int strong_high;
	bool strong_was_zero;
	bool initialised;
	bool broke;
	bool term;
	bool handler_dropped;
	/* The thread on which it was dropped. */
	int8_t ended_on;
	/* Calls of timers, which count as messages. */
	uint8_t due_calls;
	/* Watches of its handler itself that have not called back. */
	uint8_t watches;
	/* The handler is at work on a message. */
	bool busy;
	/* The handler has suspended; and the number of threads that are resuming it.  One of them
	 * may return late, when the handler has suspended again and is resumed again. */
	bool suspended;
	uint8_t resuming;
	/* A task: it was dropped; the thread that runs it now, or -1. */
	bool quit;
	int8_t runner;
	/* The server that its handler waits for, or -1; the message whose answer it waits for, or
	 * -1; and whether it has been in a wait cycle since the wait began. */
	int8_t waits_for;
	int8_t waits_message;
	bool in_cycle;
	/* Permits kept for clients. */
	int permits;
	/* Stops in progress; a stop was begun, and may have been accepted; messages whose handling
	 * began after one was accepted, as far as that counts. */
	uint8_t stopping;
	bool may_be_stopped;
	uint8_t handled_since_stop;
	/* The stop that was accepted, or -1; and the one whose value was the outcome, or -1. */
	int8_t stopped;
	int8_t outcome;
	/* Threads that got UMP_SERVER_GONE from it: one bit each. */
	uint8_t gone_reported;
	/* A delayed post was passed to `leftover`. */
	bool delayed_left;
};

/* All of it belongs to the simulator's states: it must not contain event counters or times. */
struct books {
	struct account accounts[ORACLE_MESSAGES];
	struct server_books servers[PROGRAM_SERVERS];
	uint64_t accepted;
	/* Answered, and the answering call has returned. */
	uint64_t answered;
	unsigned traits;
	unsigned capacity;
	int server_count;
	bool no_server;
	bool raw_ended;
	/* Combining servers: the number of other threads' messages that each thread has handled in
	 * each server, during its current call. */
	uint8_t handled_for_others[SIM_THREADS][PROGRAM_SERVERS];
	/* The same since it last released the combiner role, as far as that counts; and the server
	 * whose handler each thread has run last. */
	uint8_t handled_since_release[SIM_THREADS][PROGRAM_SERVERS];
	uint8_t ran_last[SIM_THREADS];
	/* The worker whose callback each thread has called last. */
	uint8_t worker[SIM_THREADS];
};
extern struct books books;

static inline uint64_t bit(int message)
{
	return UINT64_C(1) << message;
}

/* Fail the execution unless `held`. */
void must(bool held, const char *promise, int message, const char *what);

/* Check a callback: it must be on the right thread, with no lock held. */
void called_back(int server);

/* Whether the server may have ended, or never have started, while there are clients. */
bool over(int server);

/* A thread begins a call in which it may run `server`; not if a handler of that server calls. */
void begins_call(int server, int from);

/* Whether the caller of a request has given up, or may be giving up now. */
bool leaves(const struct account *account);

bool is_post(const struct account *account);

static inline bool is_delayed(const struct account *account)
{
	return account->action == SEND_AT;
}

/* The value of a delayed post is dropped; and at the end. */
void drop_delayed(int message);
void settle_delayed(int message);

/* A due call of the server begins, which `what` names. */
void due_call(int server, const char *what);

/* Not a reservation, a watch or a delayed post. */
static inline bool is_message(const struct account *account)
{
	return account->action != RESERVE && account->action < WATCH;
}

/* Whether the server has workers. */
static inline bool has_workers(int server)
{
	return (books.traits & WORKERS) != 0 && server < books.server_count &&
	       (server == 0 || (books.traits & MIXED) == 0);
}

/* Check an outcome before term. */
void check_outcome(int server, bool stop, intptr_t value);

/* The same events as those of a server with one thread; see oracle_workers.c. */
void workers_begin_books(void);
void workers_init(int server);
void workers_broke(int server);
void workers_check_outcome(int server, bool stop, intptr_t value);
void workers_term(int server, bool stop, intptr_t value);
bool workers_handler_dropped(int server);
void workers_no_server(int code);
void workers_handle(int message);
void workers_returns(int server);
void workers_leftover(int message);
void workers_closed(int server);
unsigned workers_between_messages(int server);
void workers_waits(int server, int other, int message);
void workers_waited(int server);
bool workers_was_in_cycle(int server);

/* Whether the message must come before another one that was accepted later: it has not been
 * handled, left over, given up or given back. */
bool is_due(const struct account *account);

/* Whether the handler of `server` has been in a wait cycle during its present wait. */
bool was_in_cycle(int server);

#endif
