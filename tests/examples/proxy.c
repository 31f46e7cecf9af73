/* SPDX-License-Identifier: 0BSD */
/*
 * A proxy: a server on a thread in front of another one.  It passes each request on and goes on
 * with the next, so that many are in flight at once; the answers come to it as callbacks.  A
 * backend that takes too long costs its caller an error, and the proxy no thread.
 */
#include <stdio.h>
#include <ump_server.h>

#define MS       INT64_C(1000000)
#define REQUESTS 4

/* The proxy's own code: the backend has not answered in time. */
#define LATE 1

/* ---- The backend: squares numbers, and never answers a negative one ------------------------ */

struct backend {
	ump_reply_context *unanswered;
};

static struct ump_flow square(void *self, const void *msg, ump_reply_context **rc)
{
	struct backend *backend = self;
	int number = *(const int *)msg;
	int result = number * number;

	if (number < 0 && backend->unanswered == NULL)
		backend->unanswered = ump_reply_keep(rc);
	else
		ump_reply(rc, &result);
	return ump_continue();
}

static void backend_drop(void *self)
{
	ump_reply_drop(&((struct backend *)self)->unanswered);
}

static int build_backend(void *arg, ump_client *client, struct ump_handler *out)
{
	(void)client;
	out->self = arg;
	out->request = square;
	out->drop = backend_drop;
	return 0;
}

/* ---- The proxy ----------------------------------------------------------------------------- */

/* `arg` is the reply context of the proxy's caller. */
static struct ump_flow on_answer(void *self, void *arg, int result, const void *reply)
{
	ump_reply_context *rc = arg;

	(void)self;
	if (result == UMP_OK)
		ump_reply(&rc, reply);
	else if (result == UMP_TIMED_OUT)
		ump_reply_fail(&rc, LATE);
	/* The backend has failed, or the proxy ends: its caller gets UMP_NO_REPLY. */
	ump_reply_drop(&rc);
	return ump_continue();
}

static struct ump_flow pass_on(void *self, const void *msg, ump_reply_context **rc)
{
	ump_reply_context *kept = ump_reply_keep(rc);

	if (ump_client_ask(self, msg, ump_after(50 * MS), on_answer, kept, NULL) != UMP_OK)
		ump_reply_drop(&kept);
	return ump_continue();
}

static int build_proxy(void *arg, ump_client *client, struct ump_handler *out)
{
	(void)client;
	out->self = arg;
	out->request = pass_on;
	return 0;
}

/* ---- The program --------------------------------------------------------------------------- */

int main(void)
{
	static const struct ump_config config = {
		.request.size = sizeof(int), .reply.size = sizeof(int)};
	static const int numbers[REQUESTS] = {2, -1, 3, 4};
	struct backend backend = {NULL};
	ump_wait_reply *waiting[REQUESTS];
	ump_client *behind, *proxy;
	ump_thread *threads[2];

	if (ump_spawn_thread(&config, build_backend, &backend, &behind, &threads[0]) != UMP_OK ||
		ump_spawn_thread(&config, build_proxy, behind, &proxy, &threads[1]) != UMP_OK)
		return 1;
	for (int i = 0; i < REQUESTS; i++) {
		if (ump_client_req_async(proxy, &numbers[i], &waiting[i]) != UMP_OK)
			return 1;
	}
	/* Its requests in flight hold the proxy. */
	ump_client_drop(&proxy);
	for (int i = 0; i < REQUESTS; i++) {
		int square_of = 0;
		int result = ump_wait_reply_wait(&waiting[i], &square_of, UMP_FOREVER);

		if (result == UMP_OK)
			printf("%d: %d\n", numbers[i], square_of);
		else
			printf("%d: %s\n", numbers[i],
				result == LATE ? "late" : ump_strerror(result));
	}
	ump_thread_join(&threads[1], NULL, UMP_FOREVER);
	ump_client_drop(&behind);
	ump_thread_join(&threads[0], NULL, UMP_FOREVER);
	return 0;
}
