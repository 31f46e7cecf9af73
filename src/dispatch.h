/* SPDX-License-Identifier: 0BSD */
/*
 * A dispatcher: a receiving end and the handler to which it hands its messages, from the builder to
 * the drop.  A thread and a task differ in who runs it and in how it is woken, in nothing else.
 */
#ifndef UMP_DISPATCH_H
#define UMP_DISPATCH_H

#include "frame.h"
#include "handle.h"
#include "server.h"

#include <stdbool.h>

struct ump__dispatcher {
	ump_server *server;
	struct ump_handler handler;
	/* Lent to init.  It borrows the receiving end's reference. */
	struct ump_weak_client me;
	/* Entered around all callbacks. */
	struct ump__frame frame;
};

/* Whether a configuration and a handler of these sizes are all right.  `checked` gets the
 * configuration. */
bool ump__dispatcher_fits(struct ump_config *checked, const struct ump_config *config,
	size_t config_size, size_t handler_size);

/* Open a channel for a dispatcher, with its first client.  UMP_OK, or UMP_NO_MEMORY. */
int ump__dispatcher_open(
	struct ump__dispatcher *dispatcher, const struct ump_config *config, ump_client **client);

/* Build the handler.  UMP_OK, or what spawn returns; then the handler is dropped and the inbox
 * closed.  The receiving end and the client are the caller's to release in both cases. */
int ump__dispatcher_build(struct ump__dispatcher *dispatcher, const struct ump_config *config,
	ump_handler_builder *builder, void *arg, ump_client *client);

/* Undo that, before any message was handled: everybody with a client finds the server gone.  The
 * receiving end is the caller's to release. */
void ump__dispatcher_unwind(struct ump__dispatcher *dispatcher);

/* Call init.  0, or its code. */
int ump__dispatcher_init(struct ump__dispatcher *dispatcher);

/* Hand one message to the handler, or see that it is the goodbye.  `flow` gets what the handler
 * said.  If it has suspended (see the frame), a post is not freed: the caller does that. */
enum ump__verdict ump__dispatcher_handle(
	struct ump__dispatcher *dispatcher, struct ump__message *message, struct ump_flow *flow);

/* The loop has ended: close the inbox, see to the leftovers, call term and drop.  Returns the
 * outcome.  The receiving end is the caller's to release. */
struct ump_flow ump__dispatcher_end(
	struct ump__dispatcher *dispatcher, enum ump__verdict verdict, struct ump_flow flow);

#endif
