/* SPDX-License-Identifier: 0BSD */
/*
 * Two workers that count what they handle.
 *
 * The mistake: their handlers share one counter.  Each handles one message at a time, but the two
 * of them do so at the same time.
 *
 * Mended: each has a counter of its own, and `term`, which runs for one worker after the other,
 * adds it to the total.
 */
#include <assert.h>
#include <stddef.h>
#include <ump_server.h>

enum {
	WORKERS = 2,
	POSTS = 3
};

static int total;
static int counts[WORKERS];

static struct ump_flow post(void *self, const void *msg)
{
	(void)msg;
#ifdef MENDED
	++*(int *)self;
#else
	(void)self;
	total++;
#endif
	return ump_continue();
}

static struct ump_flow term(void *self, struct ump_flow how)
{
	total += *(int *)self;
	return how;
}

/* Called for each worker. */
static int build(void *arg, ump_client *client, struct ump_handler *out)
{
	int *built = arg;

	(void)client;
	out->self = &counts[(*built)++];
	out->post = post;
	out->term = term;
	return 0;
}

int main(void)
{
	const struct ump_config config = {.post.size = 1};
	ump_client *client;
	ump_workers *workers;
	int built = 0;

	if (ump_spawn_workers(&config, build, &built, WORKERS, &client, &workers) != UMP_OK)
		return 1;
	for (int i = 0; i < POSTS; i++)
		ump_client_post(client, "");
	ump_client_drop(&client);
	ump_workers_join(&workers, NULL, UMP_FOREVER);
	assert(total == POSTS);
	return 0;
}
