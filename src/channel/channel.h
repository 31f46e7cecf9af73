/* SPDX-License-Identifier: 0BSD */
/*
 * State shared by the clients and the receiver.  It lives until the last reference of any kind is
 * dropped.  The strong clients own one together.  Each weak client owns one, and so do the
 * receiver, a combining server's handle, slab allocators, kept contexts, pinned requests and
 * reservations.
 */
#ifndef UMP_CHANNEL_H
#define UMP_CHANNEL_H

#include "channel/combiner.h"
#include "channel/crowd.h"
#include "channel/fair_semaphore.h"
#include "channel/message.h"
#include "channel/vertex.h"
#include "sync/sync.h"

#include <stdbool.h>
#include <stddef.h>

/* The receiver.  Only its owner may access it, except for its statistics. */
struct ump_server {
	struct ump__channel *channel;
	/* Messages taken from the inbox, and not received yet. */
	struct ump__queue batch;
	union {
		/* Raw: post whose value the receiver reads; it is freed at the receiver's next
		 * call. */
		struct ump__post *lent;
		/* A dispatcher's: message that it had dequeued, and whose permit it had released,
		 * when it found the stop; it is disposed of before the batch. */
		struct ump__message *refused;
	};
	/* Slab of the posts that were handled and are not released yet, and their number. */
	struct ump__slab *slab;
	uint32_t done;
	/* CPU of the last client; a hint. */
	int client_cpu;
	/* Raw: number of pending delayed posts; and how many of them may still precede the next
	 * message, plus 1, or 0 if none has preceded it yet (server/raw_due.c). */
	uint32_t pending;
	uint32_t overtaking;
	/* For monitoring: messages handled, requests skipped because they were abandoned while
	 * queued, the maximum depth of the queue, and the start (ump_now, or 0) of the message that
	 * is being handled. */
	struct ump__count handled;
	struct ump__count skipped;
	struct ump__count depth_most;
	struct ump__count busy_since;
	/* Whether a message is being handled. */
	struct ump__hint busy;
	/* Raw: the EOS marker was dequeued. */
	bool drained;
};

/* A stop: the outcome of the loop, and what releases it if the loop ends otherwise. */
struct ump__stop {
	void *value;
	void (*drop)(void *value);
};

/* The pending delayed posts of a raw receiver between two of its calls: a struct ump__pairing
 * (wait/pairing.h) without its number of entries. */
struct ump__raw_posts {
	struct ump__pairing_entry *root;
	uint64_t added;
};

/*
 * Three cache lines, and a fourth if there is a capacity.  Each is written by one side, except for
 * writes that are too rare to do harm.
 */
struct ump__channel {
	/* Read by all threads, and hardly ever written. */
	_Alignas(UMP__LINE) struct ump_type request;
	struct ump_type reply;
	struct ump_type post;
	/* Whether there is a capacity, and a semaphore at the end. */
	bool bounded;
	/* Alignments of the values; at least what ump__value_align returns for 0. */
	uint16_t request_align;
	uint16_t reply_align;
	uint16_t post_align;
	/* A handler that takes longer than this is reported. */
	int64_t slow_limit;
	void (*slow_handler)(void *arg, int64_t took, bool request);
	void *slow_arg;
	/* The combining server; NULL for other servers. */
	struct ump_combining *combining;
#ifndef NDEBUG
	/* Fork generation of the process that opened it. */
	int generation;
#endif
	/* What the dispatcher must look at before each message. */
	struct ump__attention attention;
	struct ump__hint server_cpu;
	/* Bytes of message memory that a client may keep; 0 for the default. */
	uint32_t keep;
	struct ump__message eos;
	/* The watches of the server's end (call/watch.c).  Written when one is added or removed,
	 * and at the end. */
	struct ump__word watches;
	/* Written by the receiver.  The two counts are written by threads that keep contexts or
	 * fail requests, mostly the receiver's own handler. */
	_Alignas(UMP__LINE) struct ump_server server;
	struct ump__count kept;
	struct ump__count failed;
	union {
		/* Written by the one thread whose stop has claimed it. */
		struct ump__stop stop;
		/* Raw: a loop that cannot be stopped.  Only the receiver accesses it. */
		struct ump__raw_posts raw_posts;
	};
	/* Written by threads that clone and drop clients, mostly because of a message; and by all
	 * senders, which need this line for each message.  The larger member must come first, so
	 * that there is no hole where words are small. */
	_Alignas(UMP__LINE) struct ump__counts counts;
	struct ump__word inbox;
	/* Notifier that wakes the receiver of a task, which opens and ends it; its descriptor is -1
	 * for other servers. */
	struct ump__notifier notifier;
	/* Accessed by a handler that sends from its callback, and then waits. */
	struct ump__vertex vertex;
	/* What the receiver dequeues once its deadline has passed: NULL, or a thread's marker of
	 * due calls.  Only the receiver accesses it, and only then. */
	struct ump__message *late;
	/* The list of news of delayed posts (call/delayed.h): an inbox that is never parked. */
	struct ump__word delayed;
	/* Its workers; NULL for a server that one thread at a time runs.  Written before the
	 * channel is shared. */
	struct ump__crowd *crowd;
	char gap[UMP__LINE - sizeof(struct ump__message *) - sizeof(struct ump__crowd *) -
		 sizeof(struct ump__notifier) - 2 * sizeof(struct ump__word) -
		 sizeof(struct ump__counts) - sizeof(struct ump__vertex) -
		 UMP__SEMAPHORE_BEFORE_LINE];
	/* One or none; if none, only its address exists.  Its first word is written by senders and
	 * ends their line.  The rest has a line of its own, which the receiver writes while senders
	 * that find no permit read it. */
	struct ump__semaphore semaphore[];
};

_Static_assert(offsetof(struct ump__channel, semaphore) + UMP__SEMAPHORE_BEFORE_LINE ==
		       sizeof(struct ump__channel),
	"a channel without a capacity is three lines, and its semaphore begins at the end of the "
	"last");

/* Return the size of a channel with or without a capacity. */
static inline size_t ump__channel_size(bool bounded)
{
	return bounded ? offsetof(struct ump__channel, semaphore) + sizeof(struct ump__semaphore)
		       : sizeof(struct ump__channel);
}

/* Return the notifier that pushes into this channel's inbox raise, or NULL. */
static inline struct ump__notifier *ump__channel_notifier(struct ump__channel *channel)
{
	return channel->notifier.fd >= 0 ? &channel->notifier : NULL;
}

/* Check `config`, of which the caller knows `size` bytes, and copy it.  UMP_OK or UMP_INVALID. */
int ump__config_read(struct ump_config *to, const struct ump_config *from, size_t size);

/* Create a channel with a receiver and one strong reference, which the caller owns; NULL if out of
 * memory.  It has no notifier yet. */
struct ump__channel *ump__channel_new(const struct ump_config *config);

/* Initialize a receiver, or the part of one that a worker has for itself. */
void ump__server_init(struct ump_server *server, struct ump__channel *channel);

/* Free a channel that no other thread has seen. */
void ump__channel_free(struct ump__channel *channel);

/* Drop a strong reference; the last drop pushes the EOS marker, unless a stop has. */
void ump__channel_drop_strong(struct ump__channel *channel);

/* Push the EOS marker, which no thread may have done before.  The result is that of a send; the
 * caller must pass it to ump__channel_run. */
int ump__channel_push_eos(struct ump__channel *channel);

/* Stop the server.  UMP_OK: accepted; the value belongs to the loop.  UMP_SERVER_GONE, UMP_INVALID
 * (a raw receiving end): nothing was done.  The caller must have a strong reference, and must not
 * hold a lock. */
int ump__channel_stop(struct ump__channel *channel, void *value, void (*drop)(void *value));

/* Accept no stop from now on.  Returns the one that was accepted, which the caller owns then, or
 * NULL.  The dispatcher only, once. */
struct ump__stop *ump__channel_end_stop(struct ump__channel *channel);

/* Drop a weak reference; the last drop frees the channel. */
void ump__channel_drop_weak(struct ump__channel *channel);

/* Send a message.  UMP_OK.  UMP__RUN: the server had no combiner, and the caller is it now.
 * UMP_SERVER_GONE: the inbox is closed, and the message still belongs to the caller. */
int ump__channel_send(struct ump__channel *channel, struct ump__message *message);

/* Run the server if the `result` of a send is UMP__RUN; the caller must not hold a lock.  Returns
 * the result for the application. */
int ump__channel_run(struct ump__channel *channel, int result);

#endif
