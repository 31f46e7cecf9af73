/* SPDX-License-Identifier: 0BSD */
/* A plugin whose servers are dropped: on threads of their own, and on pooled threads. */
#include "plugin.h"

#include <ump_server.h>

static struct ump_flow request(void *self, const void *msg, ump_reply_context **rc)
{
	(void)self;
	if (*(const int *)msg != 0)
		ump_reply(rc, msg);
	return ump_continue();
}

static int build(void *arg, ump_client *client, struct ump_handler *out)
{
	(void)arg;
	(void)client;
	out->request = request;
	return 0;
}

static int one(ump_thread_pool *threads)
{
	struct ump_config config = {.request.size = sizeof(int), .reply.size = sizeof(int)};
	ump_client *client;
	ump_thread *thread;
	int value = 42;
	int answer = 0;
	const int none = 0;
	int ignored;

	config.thread_pool = threads;
	if (ump_spawn_thread(&config, build, NULL, &client, &thread) != UMP_OK)
		return -1;
	ump_client_req(client, &value, &answer, UMP_FOREVER);
	/* UMP_NO_REPLY arrives only after the handler has returned: from then on no code of the
	 * plugin runs on that thread. */
	if (ump_client_req(client, &none, &ignored, UMP_FOREVER) != UMP_NO_REPLY)
		return -1;
	ump_thread_drop(&thread);
	ump_client_drop(&client);
	return answer;
}

int plugin_run(void)
{
	ump_thread_pool *threads;
	int sum = one(NULL) + one(NULL);

	if (ump_thread_pool_open(&threads, 1, 0) != UMP_OK)
		return -1;
	sum += one(threads) + one(threads);
	ump_thread_pool_drop(&threads);
	return sum;
}

int plugin_end(void)
{
	return ump_join_dropped(UMP_FOREVER);
}
