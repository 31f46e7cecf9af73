/* SPDX-License-Identifier: 0BSD */
/*
 * A request, from sending to its answer.  It has two sides: the waiter (the caller, or its
 * ump_wait_reply) and the answerer (its ump_reply_context).  Both handles are its address.
 *
 * If the caller waits without a deadline, the request lies on the caller's stack, and the values
 * stay in the caller's memory: nothing is allocated or copied.  Otherwise either side may leave
 * first: the request must then be an allocation of its own, with memory for both values, and the
 * side that leaves last frees it.
 */
#ifndef UMP_REQUEST_H
#define UMP_REQUEST_H

#include "channel/channel.h"
#include "channel/message.h"
#include "wait/answer.h"

#include <stdbool.h>

/*
 * The cost of a request is mostly the cache lines that travel to the other CPU and back.  So it has
 * no holes; an allocated one with small values fills two lines, if it begins at a line; and what
 * the server needs comes first.
 */
struct ump__request {
	struct ump__message message;
	struct ump__answer answer;
	/* The request's value, and the reply buffer. */
	const void *value;
	void *reply;
	struct ump_type reply_type;
	/* CPU of the caller when it sent this. */
	int client_cpu;
	/* It was received, or taken over as an undelivered message: dropping its context now gives
	 * UMP_NO_REPLY, and before that UMP_SERVER_GONE. */
	bool started;
	/* What the context, which was kept, holds of the channel: bits of enum ump__held
	 * (call/hold.h). */
	uint8_t held;
	/* Its caller is in ump_client_req: it can take the combiner role with the answer
	 * (server/combining.c), and gets its value back with UMP_SERVER_GONE. */
	bool may_run;
	/* Its caller runs the handler, and reads the answer after that has returned. */
	bool direct;
	/* Where it completes; NULL for a waiter. */
	struct ump_completions *completions;
	union {
		/* With completions: identifies it to the application. */
		void *tag;
		/* Without: `channel`, if the request holds a reference to it, or NULL. */
		struct ump__channel *pinned;
		/* Its deadline, if it is cancellable (call/cancellables.h), or if its caller is in
		 * ump_client_req with one. */
		ump_time deadline;
	};
	/* For an allocated request: drops its value if the request ends without an owner of it. */
	void (*value_drop)(void *value);
	/* The server.  It may be gone once the request is complete, or was kept without `held`,
	 * unless the request is pinned. */
	struct ump__channel *channel;
	union {
		/* CPU of the server when this was sent. */
		int server_cpu;
		/* Of a cancellable request, for its owner. */
		uint32_t slot;
	};
	/* Not 0 once its context was kept: enum ump__kept.  Read by walks along the wait-for
	 * graph. */
	struct ump__hint kept;
};

/* Initialize a request that lies on its caller's stack. */
void ump__request_init(
	struct ump__request *request, struct ump__channel *channel, const void *value, void *reply);

/* Return the size of an allocated request to `channel`. */
size_t ump__request_size(const struct ump__channel *channel);

/* Create an allocated request to `channel` with a copy of `value`; NULL if out of memory.
 * `allocator` is the sender's, or NULL. */
struct ump__request *ump__request_new(
	struct ump__channel *channel, struct ump__slab_allocator *allocator, const void *value);

/* Pin the channel of an allocated request until the request is freed, for a waiter without a
 * client: by a reference, or by that of the allocator that the memory is from.  Must be called
 * before it is sent. */
void ump__request_pin(struct ump__request *request);

/* Return whether the channel is pinned. */
bool ump__request_is_pinned(const struct ump__request *request);

/* Free an allocated request whose values have other owners. */
void ump__request_free(struct ump__request *request);

/* Free an allocated request that ends with `code`, and drop the value that would have no owner. */
void ump__request_discard(struct ump__request *request, int code);

/* Drop the value of a request that was never started, and whose sender cannot take it back. */
void ump__request_drop_value(struct ump__request *request);

/* Complete a request with `code`; for UMP_OK the reply must be in its buffer.  UMP_OK, or
 * UMP_ORIGIN_GONE if the caller has given up.  The request must not be accessed afterwards.  The
 * answerer only.  May run a combining server, if the context holds it. */
int ump__request_complete(struct ump__request *request, int code);

/* If the answer was the combiner role, run the server with this request, and return true.  The
 * caller must then wait for the answer again; it may be there already.  Only the waiter, which owns
 * the request, may call this. */
static inline bool ump__request_run_role(struct ump__request *request)
{
	if (request->answer.code != UMP__CODE_COMBINER)
		return false;
	ump__combining_calls.take_over(request);
	return true;
}

/* Return whether the caller has given up; then the answerer owns the request. */
bool ump__request_is_abandoned(const struct ump__request *request);

static inline struct ump__request *ump__request_of(struct ump__message *message)
{
	return (struct ump__request *)(void *)message;
}

static inline struct ump__request *ump__request_of_context(ump_reply_context *context)
{
	return (struct ump__request *)(void *)context;
}

static inline ump_reply_context *ump__request_context(struct ump__request *request)
{
	return (ump_reply_context *)(void *)request;
}

static inline struct ump__request *ump__request_of_waiter(ump_wait_reply *waiter)
{
	return (struct ump__request *)(void *)waiter;
}

static inline ump_wait_reply *ump__request_waiter(struct ump__request *request)
{
	return (ump_wait_reply *)(void *)request;
}

#endif
