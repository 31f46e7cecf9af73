/* SPDX-License-Identifier: 0BSD */
/*
 * What clients and the receiving end share.  It lives until the last reference of any kind is gone:
 * strong clients (which own one reference together), weak clients and the receiving end.
 */
#ifndef UMP_CHANNEL_H
#define UMP_CHANNEL_H

#include "message.h"
#include "sync/sync.h"

#include <stdbool.h>

/* The receiving end.  Only its owner touches it. */
struct ump_server {
	struct ump__channel *channel;
	/* What was taken from the inbox and not received yet. */
	struct ump__queue batch;
	/* The post whose value the receiver reads, to be freed at its next call. */
	struct ump__post *lent;
	/* The goodbye has come up. */
	bool ended;
	/* Where the last client ran, as far as known. */
	int client_cpu;
	/* Requests given up while they were queued. */
	size_t skipped;
};

struct ump__channel {
	/* Written by all. */
	_Alignas(UMP__LINE) struct ump__word inbox;
	/* Written by those who clone and drop. */
	_Alignas(UMP__LINE) struct ump__counts counts;
	/* Written by the receiving end. */
	_Alignas(UMP__LINE) struct ump_server server;
	/* Read by all and hardly ever written. */
	_Alignas(UMP__LINE) struct ump_type request;
	struct ump_type reply;
	struct ump_type post;
	struct ump__hint server_cpu;
	struct ump__message goodbye;
};

/* Check `config`, of which the caller knows `size` bytes, and copy it.  UMP_OK or UMP_INVALID. */
int ump__config_read(struct ump_config *to, const struct ump_config *from, size_t size);

/* A channel with one strong reference, which the caller owns, and a receiving end; or NULL. */
struct ump__channel *ump__channel_new(const struct ump_config *config);

/* Give back a strong reference; the last one says goodbye. */
void ump__channel_drop_strong(struct ump__channel *channel);

/* Give back a weak reference; the last one frees the channel. */
void ump__channel_drop_weak(struct ump__channel *channel);

/* Send a message.  false: the inbox is closed, and the message is still the caller's. */
bool ump__channel_send(struct ump__channel *channel, struct ump__message *message);

#endif
