/* SPDX-License-Identifier: 0BSD */
/* A program outside the project: it sends requests to servers, and sees both ways in which one
 * ends. */
#include <stdio.h>
#include <ump_server.h>

struct numbers {
	int a;
	int b;
};

static struct ump_flow add(void *self, const void *msg, ump_reply_context **rc)
{
	const struct numbers *numbers = msg;
	int sum = numbers->a + numbers->b;

	(void)self;
	ump_reply(rc, &sum);
	return ump_continue();
}

static struct ump_flow stop(void *self, const void *msg)
{
	int *last = self;

	*last = *(const int *)msg;
	return ump_break(last);
}

static int build(void *arg, ump_client *client, struct ump_handler *out)
{
	(void)client;
	out->self = arg;
	out->request = add;
	out->post = stop;
	return 0;
}

/* Send a server a request, post `last` to it unless that is 0, and print how it ended.  Return 0 if
 * all went well. */
static int serve(int last)
{
	struct ump_config config = {0};
	struct numbers numbers = {3, 7};
	struct ump_flow how;
	ump_client *client;
	ump_thread *thread;
	int value = 0;
	int sum;
	int result;

	config.request.size = sizeof(numbers);
	config.reply.size = sizeof(sum);
	config.post.size = sizeof(last);
	result = ump_spawn_thread(&config, build, &value, &client, &thread);
	if (result != UMP_OK)
		return result;
	result = ump_client_req(client, &numbers, &sum, UMP_FOREVER);
	if (result == UMP_OK && last != 0)
		result = ump_client_post(client, &last);
	ump_client_drop(&client);
	ump_join(&thread, &how, UMP_FOREVER);
	if (result != UMP_OK)
		return result;
	printf("%d + %d = %d\n", numbers.a, numbers.b, sum);
	if (how.stop)
		printf("the server ended with %d\n", *(int *)how.value);
	else
		printf("the server ended with none\n");
	return 0;
}

int main(void)
{
	if (ump_version() != UMP_VERSION_NUMBER)
		return 1;
	if (serve(0) != 0)
		return 1;
	return serve(42) != 0;
}
