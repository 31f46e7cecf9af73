/* SPDX-License-Identifier: 0BSD */
/*
 * A dispatcher: a receiver and the handler to which it passes messages, from the builder to the
 * drop.  Threads, tasks and combining servers differ only in what runs the dispatcher and in how it
 * is woken.
 */
#ifndef UMP_DISPATCH_H
#define UMP_DISPATCH_H

#include "call/asks.h"
#include "client/handle.h"
#include "server/due_posts.h"
#include "server/server.h"
#include "server/timers.h"
#include "wait/frame.h"

#include <stdbool.h>

struct ump__dispatcher {
	ump_server *server;
	struct ump_handler handler;
	/* Lent to init.  It borrows the receiver's reference. */
	struct ump_weak_client me;
	/* Entered around all callbacks; by combining servers around the builder only, since each
	 * combiner enters a frame of its own. */
	struct ump__frame frame;
	/* NULL before the first timer.  The dispatcher's callbacks use both. */
	struct ump__timers *timers;
	struct ump__due_posts due_posts;
	/* Stands for due calls where a dispatcher takes messages.  Its address tells it apart from
	 * the EOS marker, as which it is made. */
	struct ump__message marker;
	/* Time of the next due call, or UMP_FOREVER.  A thread's receiver waits until then, and
	 * gets the marker; any other must pass the marker to ump__dispatcher_handle. */
	ump_time until;
	/* NULL before the first request, or watch, of the handler itself. */
	struct ump__asks *asks;
	/* A task was dropped in a callback: it must end when that has returned. */
	bool dropped;
};

/* Return whether a configuration and a handler of these sizes are valid.  `checked` receives the
 * configuration. */
bool ump__dispatcher_fits(struct ump_config *checked, const struct ump_config *config,
	size_t config_size, size_t handler_size);

/* Open a channel for a dispatcher, with its first client.  UMP_OK, or UMP_NO_MEMORY. */
int ump__dispatcher_open(
	struct ump__dispatcher *dispatcher, const struct ump_config *config, ump_client **client);

/* Build the handler.  UMP_OK, or the result for the caller of spawn; then the handler was dropped
 * and the inbox closed.  The caller must release the receiver and the client in both cases. */
int ump__dispatcher_build(struct ump__dispatcher *dispatcher, const struct ump_config *config,
	ump_handler_builder *builder, void *arg, ump_client *client);

/* Undo that, before any message is handled: every client finds the server gone.  The caller must
 * release the receiver. */
void ump__dispatcher_unwind(struct ump__dispatcher *dispatcher);

/* Call init.  Returns 0, or its code. */
int ump__dispatcher_init(struct ump__dispatcher *dispatcher);

/* Make the calls that are due.  Then pass one message to the handler, unless it is the marker of
 * due calls or the EOS marker, or the server was stopped; then the message is undelivered, and
 * ump__dispatcher_end disposes of it.  `flow` receives what the handler
 * returns.  If the handler has suspended (see the frame), a post is not freed; the caller must do
 * so. */
enum ump__outcome ump__dispatcher_handle(
	struct ump__dispatcher *dispatcher, struct ump__message *message, struct ump_flow *flow);

/* Set `until` after a change of what is pending. */
void ump__dispatcher_plan(struct ump__dispatcher *dispatcher);

/* Whether a timer or a delayed post is pending. */
static inline bool ump__dispatcher_has_times(const struct ump__dispatcher *dispatcher)
{
	return dispatcher->until != UMP_FOREVER;
}

/* Return `outcome`, or what replaces it because of requests of the handler itself that are in
 * flight, or no longer are. */
enum ump__outcome ump__dispatcher_drained(
	const struct ump__dispatcher *dispatcher, enum ump__outcome outcome);

/* Return the dispatcher whose callback the calling thread is in; NULL if there is none, or the
 * callback is a builder. */
struct ump__dispatcher *ump__dispatcher_of_caller(void);

/* Return the dispatcher of a combining server.  Its combiner only. */
struct ump__dispatcher *ump__combining_dispatcher(struct ump_combining *combining);
/* Pass a request or a post to the handler, whatever the attention word is. */
enum ump__outcome ump__dispatcher_pass(
	struct ump__dispatcher *dispatcher, struct ump__message *message, struct ump_flow *flow);

/* For several handlers of one receiver, the first part of ump__dispatcher_end: close the inbox,
 * dispose of undelivered messages, and of a stop that is not the outcome.
 * `handler` may be NULL: none is left.  `flow` is the outcome, unless `outcome` replaces it.
 * Returns the outcome. */
struct ump_flow ump__dispatcher_close(ump_server *server, const struct ump_handler *handler,
	enum ump__outcome outcome, struct ump_flow flow);

/* The same, the last part: drop the handler. */
void ump__dispatcher_end_handler(struct ump__dispatcher *dispatcher);

/* End the loop: close the inbox, dispose of undelivered messages, and of a stop that is not the
 * outcome, call term and drop.  `flow` is the outcome, unless `outcome` replaces it.  Returns the
 * outcome.  The caller must release the receiver. */
struct ump_flow ump__dispatcher_end(
	struct ump__dispatcher *dispatcher, enum ump__outcome outcome, struct ump_flow flow);

#endif
