/* SPDX-License-Identifier: 0BSD */
/* The handler of a task suspends in each request, and has a server on a thread do the work.  That
 * server writes the suspended handler's variables, answers, and resumes the handler, which reads
 * them in its next message. */
#include "check.h"

#include <poll.h>
#include <ump_server.h>

#define CALLERS  2
#define REQUESTS 150

struct desk {
	ump_client *worker;
	long done;
	long seen;
};

struct work {
	struct desk *desk;
	const long *msg;
	ump_reply_context *rc;
	ump_suspension *suspension;
};

static struct ump_flow work(void *self, const void *msg)
{
	struct work work = *(const struct work *)msg;
	long answer = *work.msg + 1;

	(void)self;
	CHECK(ump_reply(&work.rc, &answer) == UMP_OK);
	work.desk->done++; /* no other message is handled meanwhile; [suspend] */
	CHECK(ump_task_resume(&work.suspension, ump_continue()) == UMP_OK);
	return ump_continue();
}

static struct ump_flow request(void *self, const void *msg, ump_reply_context **rc)
{
	struct desk *desk = self;
	struct work work = {.desk = desk, .msg = msg};

	CHECK(desk->done == desk->seen);
	desk->seen++;
	CHECK(ump_suspend_for(desk->worker, &work.suspension) == UMP_OK);
	work.rc = ump_reply_keep(rc);
	CHECK(ump_client_post(desk->worker, &work) == UMP_OK);
	return ump_pending();
}

static int build_worker(void *arg, ump_client *client, struct ump_handler *out)
{
	(void)arg;
	(void)client;
	out->post = work;
	return 0;
}

static int build_desk(void *arg, ump_client *client, struct ump_handler *out)
{
	(void)client;
	out->self = arg;
	out->request = request;
	return 0;
}

static void *call(void *arg)
{
	ump_client **client = arg;
	long answer;
	long i;

	for (i = 0; i < REQUESTS; i++) {
		CHECK(ump_client_req(*client, &i, &answer, UMP_FOREVER) == UMP_OK);
		CHECK(answer == i + 1);
	}
	ump_client_drop(client);
	return NULL;
}

int main(void)
{
	struct ump_config worker_config = {.post.size = sizeof(struct work)};
	struct ump_config config = {.request.size = sizeof(long), .reply.size = sizeof(long)};
	struct desk desk = {0};
	pthread_t threads[CALLERS];
	ump_client *clients[CALLERS];
	ump_thread *worker;
	ump_task *task;
	int i;

	CHECK(ump_spawn_thread(&worker_config, build_worker, NULL, &desk.worker, &worker) ==
		UMP_OK);
	CHECK(ump_spawn_task(&config, build_desk, &desk, &clients[0], &task) == UMP_OK);
	CHECK(ump_client_clone(clients[0], &clients[1]) == UMP_OK);
	for (i = 0; i < CALLERS; i++)
		CHECK(pthread_create(&threads[i], NULL, call, &clients[i]) == 0);
	do {
		struct pollfd ready = {ump_task_fd(task), POLLIN, 0};

		CHECK(poll(&ready, 1, -1) == 1);
	} while (ump_task_dispatch(task, 0));
	CHECK(desk.done == CALLERS * REQUESTS);
	CHECK(ump_task_join(&task, NULL) == UMP_OK);
	ump_client_drop(&desk.worker);
	CHECK(ump_thread_join(&worker, NULL, UMP_FOREVER) == UMP_OK);
	for (i = 0; i < CALLERS; i++)
		CHECK(pthread_join(threads[i], NULL) == 0);
	return 0;
}
