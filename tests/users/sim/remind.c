/* SPDX-License-Identifier: 0BSD */
/*
 * An alarm clock: each request is kept, and a timer answers it.  The end of the server is watched.
 *
 * The mistake: neither kept contexts nor pending timers keep the loop alive.  If the visitor drops
 * its client before the timer calls, the loop drains, and the visitor waits forever.
 *
 * Mended: a kept context holds the loop until it is answered.
 */
#include <assert.h>
#include <pthread.h>
#include <ump_server.h>

static struct ump_flow ring(void *self, void *arg, uint64_t count)
{
	ump_reply_context *rc = arg;

	(void)self;
	(void)count;
	ump_reply(&rc, NULL);
	return ump_continue();
}

static struct ump_flow request(void *self, const void *msg, ump_reply_context **rc)
{
	ump_reply_context *kept = ump_reply_keep(rc);

	(void)self;
	(void)msg;
#ifdef MENDED
	/* Without a client, the answer must come at once. */
	if (ump_reply_hold(kept) == UMP_CLIENTS_GONE ||
		ump_timer_start(ring, kept, ump_after(1000), 0, NULL) != UMP_OK)
		ump_reply(&kept, NULL);
#else
	if (ump_timer_start(ring, kept, ump_after(1000), 0, NULL) != UMP_OK)
		ump_reply(&kept, NULL);
#endif
	return ump_continue();
}

static int build(void *arg, ump_client *me, struct ump_handler *out)
{
	(void)arg;
	(void)me;
	out->request = request;
	return 0;
}

static void *visitor(void *arg)
{
	ump_client *client = arg;
	ump_wait_reply *alarm;

	if (ump_client_req_async(client, "", &alarm) == UMP_OK) {
		ump_client_drop(&client);
		ump_wait_reply_wait(&alarm, NULL, UMP_FOREVER);
	}
	ump_client_drop(&client);
	return NULL;
}

int main(void)
{
	const struct ump_config config = {.request.size = 1};
	struct ump_completion end;
	ump_completions *ends;
	ump_client *client;
	ump_thread *server;
	pthread_t thread;

	if (ump_completions_open(&ends) != UMP_OK ||
		ump_spawn_thread(&config, build, NULL, &client, &server) != UMP_OK ||
		ump_client_watch(client, ends, NULL) != UMP_OK)
		return 1;
	pthread_create(&thread, NULL, visitor, client);
	pthread_join(thread, NULL);
	if (ump_completions_wait(ends, &end, UMP_FOREVER) != UMP_OK)
		return 1;
	assert(end.result == UMP_OK);
	ump_completions_drop(&ends);
	ump_thread_join(&server, NULL, UMP_FOREVER);
	return 0;
}
