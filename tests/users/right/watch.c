/* SPDX-License-Identifier: 0BSD */
/* Threads spawn servers, watch them, and read what their callbacks have written once the watch has
 * completed.  Some watches come after the end, and some are dropped with their queue. */
#include "check.h"

#include <ump_server.h>
#include <unistd.h>

#define WATCHERS 2
#define SERVERS  150

struct job {
	long sum;
	long *result;
};

static struct ump_flow post(void *self, const void *msg)
{
	((struct job *)self)->sum += *(const int *)msg;
	return ump_continue();
}

/* The end owns nothing of the job but this. */
static void drop(void *self)
{
	struct job *job = self;

	job->result = malloc(sizeof *job->result);
	CHECK(job->result != NULL);
	*job->result = job->sum;
}

static int build(void *arg, ump_client *client, struct ump_handler *out)
{
	(void)client;
	*out = (struct ump_handler){.self = arg, .post = post, .drop = drop};
	return 0;
}

/* Read the result of the server that has ended. */
static void collect(ump_completions *ends, const struct job *job)
{
	struct ump_completion end;
	const struct ump_flow *how;

	CHECK(ump_completions_wait(ends, &end, UMP_FOREVER) == UMP_OK);
	CHECK(end.tag == job && *job->result == 3);
	how = end.reply;
	CHECK(how == NULL || !how->stop);
}

static void *watch_all(void *unused)
{
	struct ump_config config = {.post.size = sizeof(int)};
	ump_completions *ends;

	(void)unused;
	CHECK(ump_completions_open(&ends) == UMP_OK);
	for (int i = 0; i < SERVERS; i++) {
		struct job job = {0, NULL};
		ump_completions *dropped;
		ump_weak_client *weak;
		ump_client *client;
		ump_thread *thread;

		CHECK(ump_spawn_thread(&config, build, &job, &client, &thread) == UMP_OK);
		CHECK(ump_client_weak(client, &weak) == UMP_OK);
		if (i % 2 == 0)
			CHECK(ump_thread_watch(thread, ends, &job) == UMP_OK);
		CHECK(ump_completions_open(&dropped) == UMP_OK);
		CHECK(ump_client_watch(client, dropped, NULL) == UMP_OK);
		for (int number = 1; number <= 2; number++)
			CHECK(ump_client_post(client, &number) == UMP_OK);
		ump_client_drop(&client);
		ump_completions_drop(&dropped);
		if (i % 2 == 0)
			collect(ends, &job);
		else
			usleep(200);
		CHECK(ump_weak_client_watch(weak, ends, &job) == UMP_OK);
		collect(ends, &job);
		free(job.result);
		ump_weak_client_drop(&weak);
		ump_thread_drop(&thread);
	}
	ump_completions_drop(&ends);
	return NULL;
}

int main(void)
{
	int unused[WATCHERS] = {0};

	run_threads(watch_all, unused, sizeof unused[0], WATCHERS);
	CHECK(ump_join_dropped(UMP_FOREVER) == UMP_OK);
	return 0;
}
