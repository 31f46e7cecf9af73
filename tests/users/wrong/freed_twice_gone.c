/* SPDX-License-Identifier: 0BSD */
/* tool: asan memcheck */
/*
 * A handler frees what its reply points to when the answer was not delivered.  With UMP_ORIGIN_GONE
 * the value was given to the reply type's `drop`, which has freed it already.
 */
#include <semaphore.h>
#include <stdlib.h>
#include <ump_server.h>

struct text {
	char *bytes;
};

static sem_t started;
static sem_t given_up;

static void drop_text(void *value)
{
	struct text *text = value;

	free(text->bytes);
}

static struct ump_flow request(void *self, const void *msg, ump_reply_context **rc)
{
	struct text text = {malloc(16)};

	(void)self;
	(void)msg;
	sem_post(&started);
	sem_wait(&given_up);
	if (ump_reply(rc, &text) == UMP_ORIGIN_GONE)
		free(text.bytes); /* here */
	return ump_continue();
}

static int build(void *arg, ump_client *client, struct ump_handler *out)
{
	(void)arg;
	(void)client;
	*out = (struct ump_handler){.request = request};
	return 0;
}

int main(void)
{
	struct ump_config config = {.request.size = sizeof(int),
		.reply = {.size = sizeof(struct text), .drop = drop_text}};
	ump_wait_reply *wait_reply;
	ump_client *client;
	ump_thread *thread;
	int number = 1;

	sem_init(&started, 0, 0);
	sem_init(&given_up, 0, 0);
	if (ump_spawn_thread(&config, build, NULL, &client, &thread) != UMP_OK ||
		ump_client_req_async(client, &number, &wait_reply) != UMP_OK)
		return 1;
	sem_wait(&started);
	ump_wait_reply_drop(&wait_reply);
	sem_post(&given_up);
	ump_client_drop(&client);
	(void)ump_thread_join(&thread, NULL, UMP_FOREVER);
	return 0;
}
