/* SPDX-License-Identifier: 0BSD */
/*
 * What a server has asked for: requests whose answers come to it as messages, and watches of
 * servers, whose ends do.
 *
 * Such a request has two sides, the asker (the dispatcher of the asking server) and the answerer,
 * and its state (core/call.h) decides between them: the asker abandons it, or the answerer
 * completes it and pushes it into the asker's inbox.  Its own memory is the message, so it needs no
 * room.  Each request and each watch has a slot of a heap, which contains what the asker must know
 * if the answerer has the request.  The keys of the heap are their order.  All of this is allocated
 * for the first of them.
 *
 * Answers of all other requests must not have to ask whether they are of this kind.  So these
 * requests are sent with a front in place of a completion queue (call/cancellables.h).
 */
#ifndef UMP_ASKS_H
#define UMP_ASKS_H

#include "call/completions.h"
#include "call/request.h"
#include "call/watch.h"
#include "wait/heap.h"

#include <stdbool.h>

struct ump__ask {
	/* A request that was neither given up nor found answered; else NULL. */
	struct ump__request *request;
	/* NULL for a request. */
	struct ump__watch *watch;
	/* NULL: it was cancelled when it was answered already, and its message must be released. */
	ump_answer_call *call;
	void *arg;
	/* Number of the timer that ends it at its deadline; 0: none. */
	uint64_t timer;
	/* How often the slot was freed: a part of its number. */
	uint32_t generation;
};

struct ump__asks {
	/* Must be first: the last reference to it frees all of this.  Each request has one, and
	 * each watch. */
	struct ump_completions front;
	/* The rest is the asker's.  The key of a slot is its number in the order of asking. */
	struct ump__heap heap;
	struct ump__ask *slots;
	int64_t asked;
	/* Requests in flight, for which the loop does not end with none. */
	uint32_t in_flight;
	/* The EOS marker was reached. */
	bool drained;
	/* The request whose deadline has passed, while its callback is called. */
	struct ump__answered {
		ump_answer_call *call;
		void *arg;
		int result;
		const void *reply;
		uint64_t timer;
	} late;
};

/* Create the asks of a server.  UMP_OK, UMP_NO_MEMORY or UMP_OVERFLOW.  The asker only, as all
 * functions that have no other comment. */
int ump__asks_new(struct ump__channel *asker, struct ump__asks **out);

/* Give up all requests and watches.  Must precede the close of the inbox: then an answer is in the
 * inbox, or will be refused. */
void ump__asks_close(struct ump__asks *asks);

/* After the close of the inbox: describe the next request that has not ended, and forget it.
 * Returns false if there is none. */
bool ump__asks_next(struct ump__asks *asks, struct ump__answered *out);

/* Free them; no request or watch may be left. */
void ump__asks_free(struct ump__asks *asks);

/* Reserve a slot.  UMP_OK, UMP_NO_MEMORY or UMP_OVERFLOW. */
int ump__ask_open(struct ump__asks *asks, ump_answer_call *call, void *arg, uint32_t *slot);

/* Undo that: nothing was sent. */
void ump__ask_undo(struct ump__asks *asks, uint32_t slot);

/* Make `request`, which will be sent, the one of `slot`.  UMP_OK, or UMP_OVERFLOW. */
int ump__ask_set(
	struct ump__asks *asks, uint32_t slot, struct ump__request *request, ump_time deadline);

/* Undo that: the request was not sent. */
void ump__ask_unset(struct ump__asks *asks, uint32_t slot);

/* Watch the server of `channel` for `slot`.  Results as ump__watch_make. */
int ump__ask_watch(struct ump__asks *asks, uint32_t slot, struct ump__channel *channel);

/* Return the number of a slot in use. */
uint64_t ump__ask_id(const struct ump__asks *asks, uint32_t slot);

/* Cancel the request or watch with this number.  Returns false if there is none.  `timer` is the
 * number of its timer, or 0. */
bool ump__ask_cancel(struct ump__asks *asks, uint64_t id, uint64_t *timer);

/* The deadline of a request has passed: describe it in `late`, and forget it.  Returns false if it
 * is answered; then its message comes. */
bool ump__ask_expire(struct ump__asks *asks, uint32_t slot);

/* Describe a message that has arrived, and free its slot.  The message must still be released. */
struct ump__answered ump__ask_take(struct ump__asks *asks, struct ump__message *message);

/* Return whether what the message answers was cancelled. */
bool ump__ask_is_cancelled(const struct ump__asks *asks, struct ump__message *message);

/* Free a message after its callback, which owns what the reply points to. */
void ump__asks_release(struct ump__message *message);

/* Free a message without one. */
void ump__asks_discard(struct ump__message *message);

/* The answerer only: push a completed message, whose code is set, into the inbox of the server
 * behind the front, and run that server if it has no combiner.  Returns false if it was given up,
 * or the server's inbox is closed; then the caller owns the message. */
bool ump__asks_push(struct ump_completions *front, struct ump__message *message);

/* The answerer only: whether `request`, which was sent with completions that are closed, is of this
 * kind and still waited for. */
static inline bool ump__ask_is_wanted(const struct ump__request *request)
{
	return request->completions->asker != NULL && !ump__answer_is_abandoned(&request->answer);
}

#endif
