/* SPDX-License-Identifier: 0BSD */
/* The handler keeps a request's context, which holds the loop, and a third thread answers.  The
 * client is dropped before that, so that the answer ends the server; `term` reads what the third
 * thread has written before it. */
#include "check.h"

#include <ump_server.h>

#define ROUNDS 100

struct office {
	pthread_mutex_t mutex;
	pthread_cond_t changed;
	ump_reply_context *kept;
	/* Written by the third thread before the answer. */
	long answered;
	long *result;
};

static struct ump_flow request(void *self, const void *msg, ump_reply_context **rc)
{
	struct office *office = self;
	ump_reply_context *kept = ump_reply_keep(rc);

	(void)msg;
	CHECK(ump_reply_hold(kept) == UMP_OK);
	pthread_mutex_lock(&office->mutex);
	office->kept = kept;
	pthread_cond_broadcast(&office->changed);
	pthread_mutex_unlock(&office->mutex);
	return ump_continue();
}

/* The answer that has ended the loop orders this after what its thread has written. */
static struct ump_flow term(void *self, struct ump_flow how)
{
	struct office *office = self;

	office->result = malloc(sizeof *office->result);
	CHECK(office->result != NULL);
	*office->result = office->answered;
	return how;
}

static int build(void *arg, ump_client *client, struct ump_handler *out)
{
	(void)client;
	*out = (struct ump_handler){.self = arg, .request = request, .term = term};
	return 0;
}

static void *answer(void *arg)
{
	struct office *office = arg;
	ump_reply_context *kept;

	pthread_mutex_lock(&office->mutex);
	while (office->kept == NULL)
		pthread_cond_wait(&office->changed, &office->mutex);
	kept = office->kept;
	pthread_mutex_unlock(&office->mutex);
	office->answered = 7;
	CHECK(ump_reply(&kept, NULL) == UMP_OK);
	return NULL;
}

static void round_of(void)
{
	struct ump_config config = {.request.size = 1};
	struct office office = {PTHREAD_MUTEX_INITIALIZER, PTHREAD_COND_INITIALIZER, NULL, 0, NULL};
	ump_wait_reply *waits;
	ump_client *client;
	ump_thread *thread;
	pthread_t third;

	CHECK(ump_spawn_thread(&config, build, &office, &client, &thread) == UMP_OK);
	CHECK(pthread_create(&third, NULL, answer, &office) == 0);
	CHECK(ump_client_req_async(client, "", &waits) == UMP_OK);
	/* The handler has the context, and holds the loop. */
	pthread_mutex_lock(&office.mutex);
	while (office.kept == NULL)
		pthread_cond_wait(&office.changed, &office.mutex);
	pthread_mutex_unlock(&office.mutex);
	ump_client_drop(&client);
	CHECK(ump_thread_join(&thread, NULL, UMP_FOREVER) == UMP_OK);
	CHECK(*office.result == 7);
	free(office.result);
	CHECK(ump_wait_reply_wait(&waits, NULL, UMP_FOREVER) == UMP_OK);
	CHECK(pthread_join(third, NULL) == 0);
}

int main(void)
{
	int i;

	for (i = 0; i < ROUNDS; i++)
		round_of();
	return 0;
}
