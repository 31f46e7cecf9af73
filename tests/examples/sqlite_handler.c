/* SPDX-License-Identifier: 0BSD */
#include "sqlite_handler.h"
#include "sqlite_store.h"

#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>

/* A transaction is committed at once when it holds this number of lines, so at most about as many
 * accepted lines can be lost to a full disk or a crash. */
#define COMMIT_LINES 2000

struct handler {
	const char *path;
	struct outcome *outcome;
	struct store store;
	/* Lent by the library until drop. */
	ump_weak_client *me;
	/* A POST_COMMIT is in the inbox. */
	bool commit_coming;
};

/* Drop a post that will not be handled. */
static void drop_post(void *value)
{
	struct post *post = value;

	free(post->chunk.bytes);
}

const struct ump_config handler_config = {
	.request.size = sizeof(struct question),
	.reply.size = sizeof(answer),
	.post = {.size = sizeof(struct post), .drop = drop_post},
	.name = "sqlite",
};

const char *handler_code_text(int code)
{
	return sqlite3_errstr(code);
}

/* Runs on the dispatcher, so that one thread opens, uses and closes the connection. */
static int init(void *self, ump_weak_client *me)
{
	struct handler *handler = self;
	int code = store_open(&handler->store, handler->path);

	handler->me = me;
	if (code != 0)
		snprintf(handler->outcome->why, sizeof handler->outcome->why, "%s",
			handler->store.why);
	return code;
}

static struct ump_flow give_up(struct handler *handler)
{
	snprintf(handler->outcome->why, sizeof handler->outcome->why, "%s", handler->store.why);
	return ump_break(handler->outcome->why);
}

/*
 * Commit what was stored, later: the handler posts itself a commit.  It arrives after everything
 * that is queued now was handled, so one transaction takes many small chunks: one wait for the disk
 * instead of many when the queue is long, and no delay when it is empty.
 *
 * A strong client kept for this would keep the server alive forever; a weak one does not.
 */
static int commit_soon(struct handler *handler)
{
	struct post post = {.kind = POST_COMMIT};
	ump_client *client;
	int result;

	if (handler->commit_coming)
		return 0;
	result = ump_weak_client_upgrade(handler->me, &client);
	/* The clients are gone: the inbox holds the rest, and term will commit. */
	if (result == UMP_CLIENTS_GONE)
		return 0;
	if (result == UMP_OK) {
		result = ump_client_post(client, &post);
		ump_client_drop(&client);
	}
	handler->commit_coming = result == UMP_OK;
	/* No memory to do it later: do it now. */
	return result == UMP_OK ? 0 : store_commit(&handler->store);
}

static int commit_now(struct handler *handler)
{
	handler->commit_coming = false;
	return store_commit(&handler->store);
}

static int add_lines(struct handler *handler, const struct post *post)
{
	const struct text_chunk *chunk = &post->chunk;
	int code = 0;

	if (chunk->first == 1)
		code = store_add_file(&handler->store, post->source->name, &post->source->id);
	if (code == 0)
		code = store_add_lines(
			&handler->store, post->source->id, chunk->first, chunk->bytes, chunk->size);
	free(chunk->bytes);
	if (code != 0)
		return code;
	return handler->store.pending < COMMIT_LINES ? commit_soon(handler)
						     : store_commit(&handler->store);
}

static struct ump_flow handle_post(void *self, const void *msg)
{
	struct handler *handler = self;
	const struct post *post = msg;
	int code = post->kind == POST_LINES ? add_lines(handler, post) : commit_now(handler);

	return code == 0 ? ump_continue() : give_up(handler);
}

static struct ump_flow handle_request(void *self, const void *msg, ump_reply_context **rc)
{
	struct handler *handler = self;
	const struct question *question = msg;
	answer *count = ump_reply_room(*rc);
	int code = 0;

	if (question->word == NULL)
		*count = handler->store.committed + handler->store.pending;
	else
		code = store_count(&handler->store, question->word, question->length, count);
	if (code != 0)
		(void)ump_reply_fail(rc, code);
	else if (ump_reply(rc, count) == UMP_OK)
		handler->outcome->answered++;
	return ump_continue();
}

static struct ump_flow term(void *self, struct ump_flow how)
{
	struct handler *handler = self;

	/* After a break too: what was stored before the failure should not be lost with it. */
	if (store_commit(&handler->store) != 0 && !how.stop)
		how = give_up(handler);
	handler->outcome->stored = handler->store.committed;
	return how;
}

/* Called also if init has failed; closing copes with a store that is half open or zero. */
static void drop(void *self)
{
	struct handler *handler = self;

	store_close(&handler->store);
	free(handler);
}

int handler_build(void *arg, ump_client *client, struct ump_handler *out)
{
	const struct handler_setup *setup = arg;
	struct handler *handler = calloc(1, sizeof *handler);

	(void)client;
	if (handler == NULL)
		return UMP_NO_MEMORY;
	handler->path = setup->path;
	handler->outcome = setup->outcome;
	out->self = handler;
	out->init = init;
	out->request = handle_request;
	out->post = handle_post;
	out->term = term;
	out->drop = drop;
	return 0;
}
