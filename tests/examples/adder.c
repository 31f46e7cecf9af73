/* SPDX-License-Identifier: 0BSD */
/* Hello world: a server that adds two numbers. */
#include <stdio.h>
#include <ump_server.h>

struct add {
	int a;
	int b;
};

static struct ump_flow add(void *self, const void *msg, ump_reply_context **rc)
{
	const struct add *numbers = msg;
	int sum = numbers->a + numbers->b;

	(void)self;
	ump_reply(rc, &sum);
	return ump_continue();
}

static int build(void *arg, ump_client *client, struct ump_handler *out)
{
	(void)arg;
	(void)client;
	out->request = add;
	return 0;
}

int main(void)
{
	struct ump_config config = {.request.size = sizeof(struct add), .reply.size = sizeof(int)};
	ump_client *client;
	ump_thread *thread;
	struct ump_flow how;
	int sum;

	int result = ump_spawn_thread(&config, build, NULL, &client, &thread);
	if (result == UMP_OK)
		result = ump_client_req(client, &(struct add){3, 7}, &sum, UMP_FOREVER);
	if (result != UMP_OK) {
		fprintf(stderr, "adder: %s\n", ump_strerror(result));
		return 1;
	}
	printf("3 + 7 = %d\n", sum);
	ump_client_drop(&client); /* the last client: the server drains its inbox and ends */
	ump_thread_join(&thread, &how, UMP_FOREVER);
	printf("the server ended %s\n", how.stop ? "with a value" : "with none");
	return 0;
}
