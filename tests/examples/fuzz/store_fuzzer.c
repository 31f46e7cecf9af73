/* SPDX-License-Identifier: 0BSD */
/* Fuzzes the store: a template for a fuzzer of your own server (README.md). */
#include "store.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <ump_server/fuzz.h>

static void *begin(struct ump_fuzz_input *input)
{
	struct store *store = calloc(1, sizeof *store);

	(void)input;
	if (store == NULL)
		abort();
	return store;
}

static void make_get(void *arg, struct ump_fuzz_input *input, void *request)
{
	struct store_get *get = request;

	(void)arg;
	get->key = (int)ump_fuzz_below(input, STORE_KEYS);
}

static void make_put(void *arg, struct ump_fuzz_input *input, void *post)
{
	struct store_put *put = post;
	char text[32];
	uint32_t what = ump_fuzz_below(input, 16);

	(void)arg;
	put->what = what == 0 ? STORE_STOP : what == 1 ? STORE_FLUSH : STORE_PUT;
	if (put->what != STORE_PUT)
		return;
	put->key = (int)ump_fuzz_below(input, STORE_KEYS);
	snprintf(text, sizeof text, "%d: %d", put->key, ump_fuzz_byte(input));
	put->text = strdup(text);
	if (put->text == NULL)
		abort();
}

/* A text must be that of the key that was asked for. */
static const char *check_answer(void *arg, const void *request, int result, const void *reply)
{
	const struct store_get *get = request;

	(void)arg;
	if (result > STORE_CLOSED)
		return "an unknown code";
	if (reply != NULL && atoi(*(char *const *)reply) != get->key)
		return "the text of another key";
	return NULL;
}

static const char *check_invariant(void *arg)
{
	const struct store *store = arg;
	int count = 0;

	for (int i = 0; i < STORE_KEYS; i++)
		count += store->texts[i] != NULL;
	if (count != store->count)
		return "the number of texts is wrong";
	for (const struct store_waiter *waiter = store->waiters; waiter != NULL;
		waiter = waiter->next) {
		if (store->texts[waiter->key] != NULL)
			return "a request waits for a text that is there";
		if (waiter->until <= store->now)
			return "a request waits for too long";
	}
	return NULL;
}

/* The disk may be done at any time. */
static void act(void *arg, struct ump_fuzz_input *input)
{
	(void)input;
	store_flushed(arg);
}

static void elapse(void *arg, int64_t ns)
{
	store_elapse(arg, ns);
}

static void settle(void *arg)
{
	store_flushed(arg);
}

/* The rest of the program may stop the store: with a value of the kind that it breaks with. */
static void *make_stop(void *arg, struct ump_fuzz_input *input)
{
	int *count = malloc(sizeof *count);

	(void)arg;
	if (count == NULL)
		abort();
	*count = (int)ump_fuzz_below(input, STORE_KEYS);
	return count;
}

static const char *end(void *arg, struct ump_flow how)
{
	const struct store *store = arg;
	const char *wrong = NULL;

	if (how.stop && how.value != NULL && *(int *)how.value > STORE_KEYS)
		wrong = "the outcome has too many texts";
	if (store->count != 0 || store->waiters != NULL)
		wrong = "the store has not released everything";
	free(how.value);
	free(arg);
	return wrong;
}

/* The server, as the program spawns it, and a capacity, so that senders see UMP_FULL. */
static struct ump_fuzz_target store = {
	.build = store_build,
	.begin = begin,
	.request = make_get,
	.post = make_put,
	.answer = check_answer,
	.invariant = check_invariant,
	.act = act,
	.elapse = elapse,
	.settle = settle,
	.end = end,
	.threads = 2,
	.stop = make_stop,
	.drop_stop = free,
};

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	store.config = store_config;
	store.config.capacity = 6;
	ump_fuzz(&store, bytes, size);
	return 0;
}
