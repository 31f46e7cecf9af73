/* SPDX-License-Identifier: 0BSD */
/* The handler keeps each request's context and gives it to a third thread, with the message.  That
 * thread reads the message, which is valid until the answer, and answers with memory of its own. */
#include "check.h"

#include <ump_server.h>

#define CALLERS  3
#define REQUESTS 200
#define MOST     8

struct job {
	ump_reply_context *rc;
	const long *msg;
};

struct office {
	pthread_mutex_t mutex;
	pthread_cond_t changed;
	struct job jobs[MOST];
	int count;
};

static struct ump_flow request(void *self, const void *msg, ump_reply_context **rc)
{
	struct office *office = self;

	pthread_mutex_lock(&office->mutex);
	CHECK(office->count < MOST);
	office->jobs[office->count++] = (struct job){ump_reply_keep(rc), msg};
	pthread_cond_signal(&office->changed);
	pthread_mutex_unlock(&office->mutex);
	return ump_continue();
}

static int build(void *arg, ump_client *client, struct ump_handler *out)
{
	(void)client;
	out->self = arg;
	out->request = request;
	return 0;
}

static void *answer(void *arg)
{
	struct office *office = arg;
	int i;

	for (i = 0; i < CALLERS * REQUESTS; i++) {
		long *number = malloc(sizeof *number);
		struct job job;

		pthread_mutex_lock(&office->mutex);
		while (office->count == 0)
			pthread_cond_wait(&office->changed, &office->mutex);
		job = office->jobs[--office->count];
		pthread_mutex_unlock(&office->mutex);
		CHECK(number != NULL);
		*number = *job.msg + 1;
		CHECK(ump_reply(&job.rc, &number) == UMP_OK);
	}
	return NULL;
}

/* Half of the requests have a deadline, and so travel as copies. */
static void *call(void *arg)
{
	ump_client **client = arg;
	long i;

	for (i = 0; i < REQUESTS; i++) {
		ump_time deadline = i % 2 == 0 ? UMP_FOREVER : ump_after(INT64_C(20000000000));
		long msg = i;
		long *number;

		CHECK(ump_client_req(*client, &msg, &number, deadline) == UMP_OK);
		msg = 0;
		CHECK(*number == i + 1);
		free(number);
	}
	ump_client_drop(client);
	return NULL;
}

int main(void)
{
	struct ump_config config = {.request.size = sizeof(long), .reply.size = sizeof(long *)};
	struct office office = {PTHREAD_MUTEX_INITIALIZER, PTHREAD_COND_INITIALIZER, {{0}}, 0};
	ump_client *clients[CALLERS];
	ump_thread *thread;
	pthread_t third;
	int i;

	CHECK(ump_spawn_thread(&config, build, &office, &clients[0], &thread) == UMP_OK);
	for (i = 1; i < CALLERS; i++)
		CHECK(ump_client_clone(clients[0], &clients[i]) == UMP_OK);
	CHECK(pthread_create(&third, NULL, answer, &office) == 0);
	run_threads(call, clients, sizeof(ump_client *), CALLERS);
	CHECK(pthread_join(third, NULL) == 0);
	CHECK(ump_thread_join(&thread, NULL, UMP_FOREVER) == UMP_OK);
	return 0;
}
