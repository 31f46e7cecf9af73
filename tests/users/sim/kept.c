/* SPDX-License-Identifier: 0BSD */
/*
 * A gate: requests wait, as kept reply contexts, until a post opens it.
 *
 * The mistake: a post that closes the server breaks the loop, and forgets the contexts in the list.
 * Their callers wait forever.
 *
 * Mended: when the loop has ended, whatever is in the list is dropped, so that callers get
 * UMP_NO_REPLY.
 */
#include <pthread.h>
#include <ump_server.h>

enum kind {
	OPEN,
	CLOSE
};

struct gate {
	ump_reply_context *waiting[4];
	int count;
};

static ump_client *client;

static struct ump_flow request(void *self, const void *msg, ump_reply_context **rc)
{
	struct gate *gate = self;

	(void)msg;
	if (gate->count < 4)
		gate->waiting[gate->count++] = ump_reply_keep(rc);
	return ump_continue();
}

static struct ump_flow post(void *self, const void *msg)
{
	struct gate *gate = self;

	if (*(const enum kind *)msg == CLOSE)
		return ump_break(NULL);
	while (gate->count > 0)
		ump_reply(&gate->waiting[--gate->count], NULL);
	return ump_continue();
}

static struct ump_flow term(void *self, struct ump_flow how)
{
#ifdef MENDED
	struct gate *gate = self;

	while (gate->count > 0)
		ump_reply_drop(&gate->waiting[--gate->count]);
#else
	(void)self;
#endif
	return how;
}

static int build(void *arg, ump_client *me, struct ump_handler *out)
{
	(void)me;
	out->self = arg;
	out->request = request;
	out->post = post;
	out->term = term;
	return 0;
}

static void *visitor(void *unused)
{
	ump_client_req(client, "", NULL, UMP_FOREVER);
	return unused;
}

int main(void)
{
	const struct ump_config config = {.request.size = 1, .post.size = sizeof(enum kind)};
	struct gate gate = {.count = 0};
	pthread_t thread;
	ump_thread *server;

	ump_spawn_thread(&config, build, &gate, &client, &server);
	pthread_create(&thread, NULL, visitor, NULL);
	ump_client_post(client, &(enum kind){OPEN});
	ump_client_post(client, &(enum kind){CLOSE});
	pthread_join(thread, NULL);
	ump_client_drop(&client);
	ump_thread_join(&server, NULL, UMP_FOREVER);
	return 0;
}
