/* SPDX-License-Identifier: 0BSD */
/* tool: lsan memcheck */
/*
 * A caller does not free what its replies point to.  After UMP_OK the caller of the request owns
 * it; the reply type's `drop` is only for replies whose caller has given up.
 */
#include <stdio.h>
#include <stdlib.h>
#include <ump_server.h>

struct text {
	char *bytes;
};

static void drop_text(void *value)
{
	struct text *text = value;

	free(text->bytes);
}

__attribute__((noinline)) static struct text make(int number)
{
	struct text text = {malloc(16)}; /* here */

	if (text.bytes != NULL)
		(void)snprintf(text.bytes, 16, "%d", number);
	return text;
}

static struct ump_flow request(void *self, const void *msg, ump_reply_context **rc)
{
	struct text text = make(*(const int *)msg);

	(void)self;
	(void)ump_reply(rc, &text);
	return ump_continue();
}

static int build(void *arg, ump_client *client, struct ump_handler *out)
{
	(void)arg;
	(void)client;
	*out = (struct ump_handler){.request = request};
	return 0;
}

__attribute__((noinline)) static void ask(const ump_client *client, int number)
{
	struct text text;

	if (ump_client_req(client, &number, &text, UMP_FOREVER) == UMP_OK)
		puts(text.bytes);
}

int main(void)
{
	struct ump_config config = {.request.size = sizeof(int),
		.reply = {.size = sizeof(struct text), .drop = drop_text}};
	ump_client *client;
	ump_thread *thread;

	if (ump_spawn_thread(&config, build, NULL, &client, &thread) != UMP_OK)
		return 1;
	for (int i = 0; i < 3; i++)
		ask(client, i);
	ump_client_drop(&client);
	(void)ump_thread_join(&thread, NULL, UMP_FOREVER);
	return 0;
}
