/* SPDX-License-Identifier: 0BSD */
/*
 * Stop a server from outside, although its inbox is full.  The supervisor of a busy printer stops
 * it: the page at hand is printed, the supervisor's value is the outcome, and the pages that were
 * not started come back, to be printed elsewhere.
 */
#include <pthread.h>
#include <stdio.h>
#include <ump_server.h>

#define CAPACITY 4

struct printer {
	pthread_mutex_t lock;
	pthread_cond_t changed;
	/* The first page has begun; the supervisor has stopped the printer. */
	bool begun;
	bool stopped;
	int left[CAPACITY];
	int left_count;
};

static void set(struct printer *printer, bool *flag)
{
	pthread_mutex_lock(&printer->lock);
	*flag = true;
	pthread_cond_broadcast(&printer->changed);
	pthread_mutex_unlock(&printer->lock);
}

static void await(struct printer *printer, const bool *flag)
{
	pthread_mutex_lock(&printer->lock);
	while (!*flag)
		pthread_cond_wait(&printer->changed, &printer->lock);
	pthread_mutex_unlock(&printer->lock);
}

/* A page that takes long: until the supervisor has stopped the printer. */
static struct ump_flow print(void *self, const void *msg)
{
	struct printer *printer = self;

	set(printer, &printer->begun);
	await(printer, &printer->stopped);
	printf("page %d is printed\n", *(const int *)msg);
	return ump_continue();
}

static void give_back(void *self, const void *msg, ump_reply_context **rc)
{
	struct printer *printer = self;

	(void)rc;
	printer->left[printer->left_count++] = *(const int *)msg;
}

static int build(void *arg, ump_client *client, struct ump_handler *out)
{
	(void)client;
	*out = (struct ump_handler){.self = arg, .post = print, .leftover = give_back};
	return 0;
}

/* Fill the inbox while the first page is being printed.  Returns the first page that is refused. */
static int fill(struct printer *printer, const ump_client *client)
{
	int page = 1;

	if (ump_client_post(client, &page) != UMP_OK)
		return 0;
	await(printer, &printer->begun);
	do {
		page++;
	} while (ump_client_post(client, &page) == UMP_OK);
	return page;
}

int main(void)
{
	static char reason[] = "no more paper";
	struct printer printer = {
		.lock = PTHREAD_MUTEX_INITIALIZER, .changed = PTHREAD_COND_INITIALIZER};
	struct ump_config config = {.post.size = sizeof(int), .capacity = CAPACITY};
	ump_client *client;
	ump_thread *thread;
	struct ump_flow how;

	if (ump_spawn_thread(&config, build, &printer, &client, &thread) != UMP_OK)
		return 1;
	printf("page %d: the inbox is full\n", fill(&printer, client));
	/* The value is static: if the printer broke by itself, nothing would have to be dropped. */
	if (ump_client_stop(client, reason, NULL) != UMP_OK)
		return 1;
	printf("a second stop: %s\n", ump_strerror(ump_client_stop(client, reason, NULL)));
	set(&printer, &printer.stopped);
	if (ump_thread_join(&thread, &how, UMP_FOREVER) != UMP_OK || !how.stop)
		return 1;
	printf("the printer has ended: %s\n", (const char *)how.value);
	for (int i = 0; i < printer.left_count; i++)
		printf("page %d was not started\n", printer.left[i]);
	ump_client_drop(&client);
	return 0;
}
