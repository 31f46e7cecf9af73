/* SPDX-License-Identifier: 0BSD */
/*
 * A worker with a limited rate, and callers with deadlines.  A request whose caller has given up
 * while it was queued is never started, so no time is spent on it.
 */
#include <stdio.h>
#include <time.h>
#include <ump_server.h>

#define MS       INT64_C(1000000)
#define INTERVAL (20 * MS)

struct worker {
	/* When the next job may begin. */
	ump_time next;
	int started;
};

static void sleep_until(ump_time when)
{
	struct timespec until = {(time_t)(when / 1000000000), (long)(when % 1000000000)};

	while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &until, NULL) != 0)
		continue;
}

static struct ump_flow work(void *self, const void *msg, ump_reply_context **rc)
{
	struct worker *worker = self;
	int doubled = 2 * *(const int *)msg;

	sleep_until(worker->next);
	worker->next = ump_now() + INTERVAL;
	/* The caller may have given up while the request waited here. */
	if (ump_reply_origin_gone(*rc))
		return ump_continue();
	worker->started++;
	ump_reply(rc, &doubled);
	return ump_continue();
}

static int hire(void *arg, ump_client *client, struct ump_handler *out)
{
	(void)client;
	*out = (struct ump_handler){.self = arg, .request = work};
	return 0;
}

int main(void)
{
	struct ump_config config = {.request.size = sizeof(int), .reply.size = sizeof(int)};
	struct worker worker = {0};
	ump_wait_reply *unhurried[5];
	struct ump_stats stats;
	ump_client *client;
	ump_thread *thread;
	ump_time begin = ump_now();
	int answer = 0;
	int sum = 0;

	if (ump_spawn_thread(&config, hire, &worker, &client, &thread) != UMP_OK)
		return 1;
	for (int i = 0; i < 5; i++) {
		if (ump_client_req_async(client, &i, &unhurried[i]) != UMP_OK)
			return 1;
	}
	/* Five jobs are ahead of this one; they take at least 80 ms. */
	printf("in a hurry: %s\n",
		ump_strerror(ump_client_req(client, &(int){99}, &answer, ump_after(30 * MS))));
	for (int i = 0; i < 5; i++) {
		if (ump_wait_reply_wait(&unhurried[i], &answer, UMP_FOREVER) == UMP_OK)
			sum += answer;
	}
	printf("the others got %d\n", sum);
	/* One more request, so that the worker has passed the one that was given up. */
	printf("afterwards: %s\n",
		ump_strerror(ump_client_req(client, &(int){1}, &answer, UMP_FOREVER)));
	ump_client_stats(client, &stats);
	ump_client_drop(&client);
	ump_thread_join(&thread, NULL, UMP_FOREVER);
	printf("started: %d, skipped: %d\n", worker.started, (int)stats.skipped);
	printf("took its time: %s\n", ump_now() - begin >= 5 * INTERVAL ? "yes" : "no");
	return 0;
}
