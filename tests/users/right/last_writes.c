/* SPDX-License-Identifier: 0BSD */
/* Threads write, and drop their clients without another message.  The end of the loop comes after
 * all of these drops: `term` reads what the threads wrote, and frees it. */
#include "check.h"

#include <ump_server.h>

#define WRITERS 4
#define ROUNDS  100

struct writer {
	ump_client *client;
	ump_post_client *poster;
	long *page;
};

static struct ump_flow post(void *self, const void *msg)
{
	(void)self;
	(void)msg;
	return ump_continue();
}

static struct ump_flow term(void *self, struct ump_flow how)
{
	struct writer *writers = self;
	int i;

	for (i = 0; i < WRITERS; i++) {
		CHECK(*writers[i].page == i);
		free(writers[i].page);
		writers[i].page = NULL;
	}
	return how;
}

static int build(void *arg, ump_client *client, struct ump_handler *out)
{
	(void)client;
	*out = (struct ump_handler){.self = arg, .post = post, .term = term};
	return 0;
}

/* Half of the threads have a client that can only post. */
static void *write_page(void *arg)
{
	struct writer *writer = arg;
	long number = *writer->page;

	*writer->page = number - WRITERS;
	ump_post_client_drop(&writer->poster);
	ump_client_drop(&writer->client);
	return NULL;
}

static void give_clients(const ump_client *client, struct writer *writers)
{
	long i;

	for (i = 0; i < WRITERS; i++) {
		writers[i].page = malloc(sizeof *writers[i].page);
		CHECK(writers[i].page != NULL);
		*writers[i].page = i + WRITERS;
		if (i % 2 == 0)
			CHECK(ump_client_clone(client, &writers[i].client) == UMP_OK);
		else
			CHECK(ump_client_post_client(client, &writers[i].poster) == UMP_OK);
	}
}

static void round_of(const struct ump_config *config)
{
	struct writer writers[WRITERS] = {0};
	ump_client *client;
	ump_thread *thread;
	int i;

	CHECK(ump_spawn_thread(config, build, writers, &client, &thread) == UMP_OK);
	give_clients(client, writers);
	ump_client_drop(&client);
	run_threads(write_page, writers, sizeof *writers, WRITERS);
	CHECK(ump_thread_join(&thread, NULL, UMP_FOREVER) == UMP_OK);
	for (i = 0; i < WRITERS; i++)
		CHECK(writers[i].page == NULL);
}

int main(void)
{
	struct ump_config config = {.post.size = sizeof(int)};
	int i;

	for (i = 0; i < ROUNDS; i++)
		round_of(&config);
	return 0;
}
