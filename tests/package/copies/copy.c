/* SPDX-License-Identifier: 0BSD */
#include "copy.h"

#include <ump_server.h>

static ump_client *own;
static int answered;

static struct ump_flow request(void *self, const void *msg, ump_reply_context **rc)
{
	(void)self;
	ump_reply(rc, msg);
	return ump_continue();
}

static struct ump_flow post(void *self, const void *msg)
{
	int value = 0;

	(void)self;
	(void)msg;
	answered = ump_client_req(own, &value, &value, UMP_FOREVER);
	return ump_continue();
}

static int build(void *arg, ump_client *client, struct ump_handler *out)
{
	(void)arg;
	(void)client;
	out->request = request;
	out->post = post;
	return 0;
}

static int one_round(const struct ump_config *config)
{
	ump_client *client;
	ump_client *other;
	ump_thread *thread;
	int value = 3;

	if (ump_spawn_thread(config, build, NULL, &client, &thread) != UMP_OK)
		return __LINE__;
	if (ump_client_clone(client, &other) != UMP_OK)
		return __LINE__;
	if (ump_client_req(other, &value, &value, ump_after(INT64_C(10000000000))) != UMP_OK)
		return __LINE__;
	own = other;
	answered = 1;
	ump_client_post(client, &value);
	ump_client_drop(&client);
	if (ump_client_req(other, &value, &value, UMP_FOREVER) != UMP_OK)
		return __LINE__;
	if (answered != UMP_DEADLOCK)
		return __LINE__;
	ump_client_drop(&other);
	return ump_thread_join(&thread, NULL, UMP_FOREVER) == UMP_OK ? 0 : __LINE__;
}

int copy_work(void)
{
	struct ump_config config = {.post.size = sizeof(int)};
	int line = 0;

	config.request.size = sizeof(int);
	config.reply.size = sizeof(int);
	for (int round = 0; round < 20 && line == 0; round++) {
		config.capacity = round % 2 == 0 ? 0 : 4;
		line = one_round(&config);
	}
	return line;
}
