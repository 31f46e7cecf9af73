/* SPDX-License-Identifier: 0BSD */
/* The oracle's books, and what its parts have in common. */
#ifndef SIM_ORACLE_BOOKS_H
#define SIM_ORACLE_BOOKS_H

#include "oracle.h"
#include "sim.h"

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
	uint8_t server;
	/* Whose handler has sent it, or ORACLE_CLIENT; and on which thread. */
	int8_t from;
	uint8_t thread;
	bool handled;
	bool leftover;
	bool kept;
	/* Its deadline had passed before it could be sent. */
	bool too_late;
	/* Room for it was kept; its client has asked for room, and was not told. */
	bool has_room;
	bool asked;
	/* ASK_ROOM: the client that asked has gone, or is about to go. */
	bool asker_gone;
	/* Which messages had been accepted when this one's sending began. */
	uint64_t before;
	/* Which stood in line for room then. */
	uint64_t ahead;
	/* Which had been answered when its answer began. */
	uint64_t answered_before;
};

struct server_books {
	/* Strong clients: surely there; perhaps there; and whether there were surely none once. */
	int strong_low;
	int strong_high;
	bool strong_was_zero;
	bool initialised;
	bool broke;
	bool term;
	bool handler_dropped;
	/* On which thread it was. */
	int8_t ended_on;
	/* The handler is at work on a message. */
	bool busy;
	/* The handler has suspended; so many are resuming it: one may be late to return when it
	 * has suspended and is resumed again. */
	bool suspended;
	uint8_t resuming;
	/* A task: it was dropped; the thread that runs it at the moment, or -1. */
	bool quit;
	int8_t runner;
	/* Its handler waits for another server, or -1: for the answer to which message, if for any,
	 * and whether it has been in a circle since it began to. */
	int8_t waits_for;
	int8_t waits_message;
	bool in_circle;
	/* Places that are kept for clients. */
	int rooms;
	/* Threads that were told that it is gone: one bit each. */
	uint8_t gone_told;
};

/* All of it belongs to the state that the simulator compares: no counter of events, no time. */
struct books {
	struct account accounts[ORACLE_MESSAGES];
	struct server_books servers[PROGRAM_SERVERS];
	uint64_t accepted;
	/* Answered, and the answer has returned. */
	uint64_t answered;
	unsigned traits;
	unsigned capacity;
	int server_count;
	bool no_server;
	/* Servers that are run by those who send: how many messages of others each thread has
	 * handled in each of them, in the call that it is in. */
	uint8_t handled_for_others[SIM_THREADS][PROGRAM_SERVERS];
	/* The same since it has offered the turn, as that counts; and whose handler it has run
	 * last. */
	uint8_t handled_unoffered[SIM_THREADS][PROGRAM_SERVERS];
	uint8_t ran_last[SIM_THREADS];
};
extern struct books books;

static inline uint64_t bit(int message)
{
	return UINT64_C(1) << message;
}

/* Fail the execution unless a promise was held. */
void must(bool held, const char *promise, int message, const char *what);

/* The application is called: by the right thread, with no lock held. */
void called_back(int server);

/* The server may have ended, or never have come up, while clients are there. */
bool over(int server);

/* The caller of a request has given up, or may be doing so at the moment. */
bool leaves(const struct account *account);

bool is_post(const struct account *account);

/* Whether `server`'s handler has been, in its present wait, in a circle of servers that wait for
 * each other. */
bool was_in_circle(int server);

#endif
