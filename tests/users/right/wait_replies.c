/* SPDX-License-Identifier: 0BSD */
/* One thread sends requests without waiting and hands the wait replies to another under a mutex.
 * That thread waits for the answers, and reads what the handler wrote and the sender gave away. */
#include "check.h"

#include <ump_server.h>

#define REQUESTS 500
#define MOST     16

struct page {
	long number;
	long stamp;
};

struct pending {
	ump_wait_reply *wait;
	struct page *page;
};

/* Between the two threads. */
static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t changed = PTHREAD_COND_INITIALIZER;
static struct pending pending[MOST];
static int count;

static struct ump_flow request(void *self, const void *msg, ump_reply_context **rc)
{
	struct page *page = *(struct page *const *)msg;
	long *stamp = malloc(sizeof *stamp);

	CHECK(stamp != NULL);
	*stamp = ++*(long *)self;
	page->stamp = *stamp;
	CHECK(ump_reply(rc, &stamp) == UMP_OK);
	return ump_continue();
}

static int build(void *arg, ump_client *client, struct ump_handler *out)
{
	(void)client;
	out->self = arg;
	out->request = request;
	return 0;
}

static void put(struct pending one)
{
	pthread_mutex_lock(&mutex);
	while (count == MOST)
		pthread_cond_wait(&changed, &mutex);
	pending[count++] = one;
	pthread_cond_signal(&changed);
	pthread_mutex_unlock(&mutex);
}

static struct pending get(void)
{
	struct pending one;

	pthread_mutex_lock(&mutex);
	while (count == 0)
		pthread_cond_wait(&changed, &mutex);
	one = pending[--count];
	pthread_cond_signal(&changed);
	pthread_mutex_unlock(&mutex);
	return one;
}

/* Wait with a deadline or without, or try until the answer is there. */
static int collect(struct pending *one, int i, long **stamp)
{
	int result = UMP_EMPTY;

	if (i % 3 == 0)
		return ump_wait_reply_wait(&one->wait, stamp, UMP_FOREVER);
	if (i % 3 == 1)
		return ump_wait_reply_wait(&one->wait, stamp, ump_after(INT64_C(20000000000)));
	while (result == UMP_EMPTY)
		result = ump_wait_reply_try(&one->wait, stamp);
	return result;
}

static void *wait_for_all(void *arg)
{
	int i;

	(void)arg;
	for (i = 0; i < REQUESTS; i++) {
		struct pending one = get();
		long *stamp;

		CHECK(collect(&one, i, &stamp) == UMP_OK);
		CHECK(one.page->number >= 0 && one.page->stamp == *stamp);
		free(stamp);
		free(one.page);
	}
	return NULL;
}

int main(void)
{
	struct ump_config config = {
		.request.size = sizeof(struct page *), .reply.size = sizeof(long *)};
	ump_client *client;
	ump_thread *thread;
	pthread_t waiter;
	long stamps = 0;
	long i;

	CHECK(ump_spawn_thread(&config, build, &stamps, &client, &thread) == UMP_OK);
	CHECK(pthread_create(&waiter, NULL, wait_for_all, NULL) == 0);
	for (i = 0; i < REQUESTS; i++) {
		struct pending one = {NULL, malloc(sizeof *one.page)};

		CHECK(one.page != NULL);
		*one.page = (struct page){.number = i};
		CHECK(ump_client_req_async(client, &one.page, &one.wait) == UMP_OK);
		put(one);
	}
	CHECK(pthread_join(waiter, NULL) == 0);
	ump_client_drop(&client);
	CHECK(ump_thread_join(&thread, NULL, UMP_FOREVER) == UMP_OK);
	CHECK(stamps == REQUESTS);
	return 0;
}
