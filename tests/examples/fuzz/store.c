/* SPDX-License-Identifier: 0BSD */
#include "store.h"

#include <stdlib.h>
#include <string.h>

static void drop_put(void *value)
{
	free(((struct store_put *)value)->text);
}

static void drop_text(void *value)
{
	free(*(char **)value);
}

const struct ump_config store_config = {
	.request.size = sizeof(struct store_get),
	.reply = {sizeof(char *), drop_text},
	.post = {sizeof(struct store_put), drop_put},
};

/* Reply with a copy of the text. */
static void answer(ump_reply_context **rc, const char *text)
{
	char *copy = strdup(text);

	if (copy == NULL)
		ump_reply_drop(rc);
	else
		(void)ump_reply(rc, &copy);
}

static struct ump_flow get(void *self, const void *msg, ump_reply_context **rc)
{
	struct store *store = self;
	const struct store_get *wanted = msg;
	struct store_waiter *waiter;

	if (store->texts[wanted->key] != NULL) {
		answer(rc, store->texts[wanted->key]);
		return ump_continue();
	}
	waiter = malloc(sizeof *waiter);
	if (waiter == NULL) {
		ump_reply_drop(rc);
		return ump_continue();
	}
	*waiter = (struct store_waiter){.next = store->waiters,
		.key = wanted->key,
		.until = store->now + STORE_PATIENCE_NS};
	waiter->rc = ump_reply_keep(rc);
	store->waiters = waiter;
	return ump_continue();
}

/* Take a waiter out of the list; its context is the caller's. */
static ump_reply_context *take(struct store_waiter **at)
{
	struct store_waiter *waiter = *at;
	ump_reply_context *rc = waiter->rc;

	*at = waiter->next;
	free(waiter);
	return rc;
}

static void put(struct store *store, int key, char *text)
{
	struct store_waiter **at = &store->waiters;

	if (store->texts[key] == NULL)
		store->count++;
	free(store->texts[key]);
	store->texts[key] = text;
	while (*at != NULL) {
		if ((*at)->key == key) {
			ump_reply_context *rc = take(at);

			answer(&rc, text);
		} else {
			at = &(*at)->next;
		}
	}
}

static struct ump_flow post(void *self, const void *msg)
{
	struct store *store = self;
	const struct store_put *order = msg;
	int *count;

	switch (order->what) {
	case STORE_PUT:
		put(store, order->key, order->text);
		return ump_continue();
	case STORE_FLUSH:
		/* NULL: this is no task, and the file is written at once. */
		store->flushing = ump_suspend();
		return ump_pending();
	default:
		count = malloc(sizeof *count);
		if (count != NULL)
			*count = store->count;
		return ump_break(count);
	}
}

/* What follows a break: it is not done, so the store takes no text over. */
static void leftover(void *self, const void *msg, ump_reply_context **rc)
{
	(void)self;
	if (rc == NULL)
		free(((const struct store_put *)msg)->text);
}

static struct ump_flow term(void *self, struct ump_flow how)
{
	struct store *store = self;

	while (store->waiters != NULL) {
		ump_reply_context *rc = take(&store->waiters);

		(void)ump_reply_fail(&rc, STORE_CLOSED);
	}
	return how;
}

static void drop(void *self)
{
	struct store *store = self;

	for (int i = 0; i < STORE_KEYS; i++) {
		free(store->texts[i]);
		store->texts[i] = NULL;
	}
	store->count = 0;
}

int store_build(void *arg, ump_client *client, struct ump_handler *out)
{
	(void)client;
	*out = (struct ump_handler){.self = arg,
		.request = get,
		.post = post,
		.leftover = leftover,
		.term = term,
		.drop = drop};
	return 0;
}

void store_elapse(struct store *store, int64_t ns)
{
	struct store_waiter **at = &store->waiters;

	store->now += ns;
	while (*at != NULL) {
		if ((*at)->until <= store->now) {
			ump_reply_context *rc = take(at);

			(void)ump_reply_fail(&rc, STORE_LATE);
		} else {
			at = &(*at)->next;
		}
	}
}

void store_flushed(struct store *store)
{
	if (store->flushing != NULL)
		(void)ump_task_resume(&store->flushing, ump_continue());
}
