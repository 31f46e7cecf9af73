/* SPDX-License-Identifier: 0BSD */
/*
 * What clients and the receiving end share.  It lives until the last reference of any kind is gone:
 * strong clients (which own one reference together), weak clients and the receiving end.
 */
#ifndef UMP_CHANNEL_H
#define UMP_CHANNEL_H

#include "message.h"
#include "room.h"
#include "sync/sync.h"
#include "turn.h"
#include "wait.h"

#include <stdbool.h>
#include <stddef.h>

/* The receiving end.  Only its owner touches it. */
struct ump_server {
	struct ump__channel *channel;
	/* What was taken from the inbox and not received yet. */
	struct ump__queue batch;
	/* The post whose value the receiver reads, to be freed at its next call. */
	struct ump__post *lent;
	/* Posts that were handled and not given back yet: so many, of this tray. */
	struct ump__tray *tray;
	uint32_t done;
	/* The goodbye has come up. */
	bool ended;
	/* Where the last client ran, as far as known. */
	int client_cpu;
	/* For those who watch: messages handled, requests skipped because they were given up while
	 * queued, the most that were ever queued, and since when (ump_now, or 0) a message is
	 * worked on. */
	struct ump__count handled;
	struct ump__count skipped;
	struct ump__count depth_most;
	struct ump__count busy_since;
	/* Whether one is. */
	struct ump__hint busy;
};

/*
 * Three lines, and a fourth if there is a capacity.  Each is written by one side, but for what is
 * too rare to do harm.
 */
struct ump__channel {
	/* Read by all and hardly ever written. */
	_Alignas(UMP__LINE) struct ump_type request;
	struct ump_type reply;
	struct ump_type post;
	/* Whether there is a capacity, and room behind all this. */
	bool bounded;
	/* How values are aligned; at least as ump__value_align has it without a configuration. */
	uint16_t request_align;
	uint16_t reply_align;
	uint16_t post_align;
	/* A handler that takes longer is told of. */
	int64_t slow_limit;
	void (*slow_handler)(void *arg, int64_t took, bool request);
	void *slow_arg;
	/* The server that is run by those who send to it; of all others, NULL. */
	struct ump_inline *inlined;
#ifndef NDEBUG
	/* In which process it was opened. */
	int generation;
#endif
	struct ump__hint server_cpu;
	/* The bytes that a client may keep of its messages' memory; 0: as many as is usual. */
	uint32_t keep;
	struct ump__message goodbye;
	/* Written by the receiving end; its numbers by those who keep contexts or fail requests,
	 * which mostly is the handler that it runs. */
	_Alignas(UMP__LINE) struct ump_server server;
	struct ump__count kept;
	struct ump__count failed;
	/* Written by those who clone and drop, mostly because of a message; and by all senders,
	 * who need this line for each.  The larger one first: where words are small there is no
	 * hole. */
	_Alignas(UMP__LINE) struct ump__counts counts;
	struct ump__word inbox;
	/* What wakes the receiving end of a task; of all others, -1.  A task opens and ends it. */
	struct ump__bell bell;
	/* A handler that sends from its callback, and then waits, looks at it. */
	struct ump__vertex vertex;
	char gap[UMP__LINE - sizeof(struct ump__bell) - sizeof(struct ump__word) -
		 sizeof(struct ump__counts) - sizeof(struct ump__vertex) - UMP__ROOM_BEFORE_LINE];
	/* One, or none: only then is there more of it than the address.  Its first word is written
	 * by senders and ends their line; the rest has one of its own, which the receiving end
	 * writes while those who find no room look at it. */
	struct ump__room room[];
};

_Static_assert(
	offsetof(struct ump__channel, room) + UMP__ROOM_BEFORE_LINE == sizeof(struct ump__channel),
	"a channel without a capacity is three lines, and its room begins at the end of the last");

/* The bytes of one with or without a capacity. */
static inline size_t ump__channel_size(bool bounded)
{
	return bounded ? offsetof(struct ump__channel, room) + sizeof(struct ump__room)
		       : sizeof(struct ump__channel);
}

/* The bell that pushes into this channel's inbox ring, or NULL. */
static inline struct ump__bell *ump__channel_bell(struct ump__channel *channel)
{
	return channel->bell.fd >= 0 ? &channel->bell : NULL;
}

/* Check `config`, of which the caller knows `size` bytes, and copy it.  UMP_OK or UMP_INVALID. */
int ump__config_read(struct ump_config *to, const struct ump_config *from, size_t size);

/* A channel with one strong reference, which the caller owns, and a receiving end; or NULL.  It has
 * no bell yet. */
struct ump__channel *ump__channel_new(const struct ump_config *config);

/* Free a channel that nobody else has seen. */
void ump__channel_free(struct ump__channel *channel);

/* Give back a strong reference; the last one says goodbye. */
void ump__channel_drop_strong(struct ump__channel *channel);

/* Give back a weak reference; the last one frees the channel. */
void ump__channel_drop_weak(struct ump__channel *channel);

/* Send a message.  UMP_OK; UMP__RUN, if the server is inline and was at rest; or UMP_SERVER_GONE:
 * the inbox is closed, and the message is still the caller's. */
int ump__channel_send(struct ump__channel *channel, struct ump__message *message);

/* Do what UMP__RUN asks for, if that is the `result` of a send, with no lock held; and give what
 * the application is to be told. */
int ump__channel_run(struct ump__channel *channel, int result);

#endif
