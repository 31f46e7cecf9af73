/* SPDX-License-Identifier: 0BSD */
/*
 * A request from its sending to its answer.  It has two sides, the waiter (the caller, or its
 * ump_wait_reply) and the answerer (its ump_reply_context), and both handles are its address.
 *
 * If the caller waits without a deadline, the request lies on the caller's stack, and the values
 * where the caller has them: nothing is allocated and nothing is copied.  Otherwise either side may
 * leave first; the request then is an allocation of its own with room for both values, and the side
 * that leaves last frees it.
 */
#ifndef UMP_REQUEST_H
#define UMP_REQUEST_H

#include "answer.h"
#include "channel.h"
#include "message.h"

#include <stdbool.h>

/*
 * What a request takes is mostly the lines that go to the other processor and back.  So it has no
 * holes, and an allocated one with small values fills two lines, if it begins with one; what the
 * server needs comes first.
 */
struct ump__request {
	struct ump__message message;
	struct ump__answer answer;
	/* The request's value, and room for the reply's. */
	const void *value;
	void *reply;
	struct ump_type reply_type;
	/* Where the caller ran when it sent this. */
	int client_cpu;
	/* It was received, or somebody took it on: to drop its context says UMP_NO_REPLY, and
	 * before that UMP_SERVER_GONE. */
	bool started;
	/* The context was kept, and owns a reference of the channel. */
	bool held;
	/* Its caller is blocked until the answer comes: it can be handed the turn with it
	 * (inline.h), and has its value back if the request is never started. */
	bool may_run;
	/* Its caller runs the handler, and looks at the answer when that has returned. */
	bool direct;
	/* Where its end is told, or NULL: to a waiter. */
	struct ump_completions *completions;
	union {
		/* With completions: what they tell it by. */
		void *tag;
		/* Without: `channel`, if the request has a reference of it, or NULL. */
		struct ump__channel *pinned;
	};
	/* For an allocated request: what drops its value if that ends without an owner. */
	void (*value_drop)(void *value);
	/* The server.  It may be gone once the request is complete, or was kept without `held`,
	 * unless the request is pinned. */
	struct ump__channel *channel;
	/* Where the server ran when this was sent. */
	int server_cpu;
	/* Not 0: its context was kept.  Read by those who look for circles of waits. */
	struct ump__hint kept;
};

/* Prepare a request that lies on its caller's stack. */
void ump__request_init(
	struct ump__request *request, struct ump__channel *channel, const void *value, void *reply);

/* The bytes of an allocated request to `channel`. */
size_t ump__request_size(const struct ump__channel *channel);

/* An allocated request with a copy of `value`, to be sent by `handle`; or NULL. */
struct ump__request *ump__request_new(const struct ump__handle *handle, const void *value);

/* Keep the channel of an allocated request until the request is freed, for a waiter that has no
 * client: by a reference, or by that of the pool that the memory is from.  Before it is sent. */
void ump__request_pin(struct ump__request *request);

/* Whether it is kept. */
bool ump__request_is_pinned(const struct ump__request *request);

/* Free an allocated request whose values somebody else owns. */
void ump__request_free(struct ump__request *request);

/* Free an allocated request that ends with `code`, and drop the value that nobody will own. */
void ump__request_discard(struct ump__request *request, int code);

/* Complete a request with `code`; on UMP_OK the reply is in its place.  UMP_OK, or UMP_ORIGIN_GONE
 * if the caller has given up.  The request must not be touched afterwards.  The answerer only. */
int ump__request_complete(struct ump__request *request, int code);

/* Whether the caller has given up; then the answerer owns the request. */
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
