/* SPDX-License-Identifier: 0BSD */
/* The messages of a server that owns one SQLite connection, and the builder of its handler. */
#ifndef SQLITE_HANDLER_H
#define SQLITE_HANDLER_H

#include "sqlite_text.h"

#include <stdint.h>
#include <ump_server.h>

/* A file whose lines are sent.  It must outlive the server; `id` belongs to the handler. */
struct source {
	const char *name;
	int64_t id;
};

enum post_kind {
	/* Store a chunk of a file. */
	POST_LINES,
	/* Commit what was stored so far.  The handler posts this to itself. */
	POST_COMMIT
};

struct post {
	enum post_kind kind;
	struct source *source;
	struct text_chunk chunk;
};

/* Count a word, or with NULL all lines added so far.  The word is lent until the reply. */
struct question {
	const char *word;
	size_t length;
};

/* The reply: a count. */
typedef int64_t answer;

/* Results, to be read at the end.  Written by the dispatcher; join orders that. */
struct outcome {
	/* Lines that are committed to the database. */
	int64_t stored;
	/* Replies that reached their requester. */
	int64_t answered;
	/* What ended the loop, or kept it from starting; empty if nothing did. */
	char why[256];
};

/* Argument of the builder.  Both must outlive the server. */
struct handler_setup {
	const char *path;
	struct outcome *outcome;
};

/* Sizes and drops of the messages. */
extern const struct ump_config handler_config;

/*
 * The builder: `arg` is a struct handler_setup.  If the database cannot be opened, spawn returns
 * SQLite's code, which is above 0, and the outcome's `why` has the reason.  If storing fails, the
 * loop breaks with the outcome's `why`; if counting fails, the request gets SQLite's code.
 */
int handler_build(void *arg, ump_client *client, struct ump_handler *out);

/* Return the text for a code that a request got. */
const char *handler_code_text(int code);

#endif
