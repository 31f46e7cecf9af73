/* SPDX-License-Identifier: 0BSD */
/*
 * A store of texts by key, as a server.  It has what makes handlers hard to get right: messages and
 * replies that own memory, contexts that are kept until something happens or time is up, a handler
 * that suspends, and a break with a value.
 */
#ifndef STORE_H
#define STORE_H

#include <ump_server.h>

#define STORE_KEYS 8
/* How long a request for a text that is not there waits. */
#define STORE_PATIENCE_NS 1000000000

enum store_code {
	STORE_LATE = 1, /* no text came in time */
	STORE_CLOSED    /* the store ends */
};

/* A request: the text of a key; it waits for one.  The reply is a text, which the caller frees. */
struct store_get {
	int key;
};

/* A post. */
struct store_put {
	enum {
		STORE_PUT,   /* from now on the key has this text, which the store frees */
		STORE_FLUSH, /* write everything down; nothing else is done until store_flushed */
		STORE_STOP   /* end; the outcome is the number of texts, an `int *` to be freed */
	} what;
	int key;
	char *text;
};

struct store {
	char *texts[STORE_KEYS];
	int count;
	struct store_waiter *waiters;
	int64_t now;
	ump_suspension *flushing;
};

struct store_waiter {
	struct store_waiter *next;
	ump_reply_context *rc;
	int key;
	int64_t until;
};

/* The configuration, and the builder, whose `arg` is a zeroed struct store that outlives the
 * server. */
extern const struct ump_config store_config;
ump_handler_builder store_build;

/* Time passes: requests that have waited for too long fail. */
void store_elapse(struct store *store, int64_t ns);

/* What was to be written is written. */
void store_flushed(struct store *store);

#endif
