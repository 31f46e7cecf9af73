/* SPDX-License-Identifier: 0BSD */
/* The same program as consumer.c, in C++11. */
#include <cstdio>
#include <ump_server.h>

namespace
{

struct numbers {
	int a;
	int b;
};

extern "C" struct ump_flow add(void *, const void *msg, ump_reply_context **rc)
{
	auto *values = static_cast<const numbers *>(msg);
	int sum = values->a + values->b;

	ump_reply(rc, &sum);
	return ump_continue();
}

extern "C" struct ump_flow stop(void *self, const void *msg)
{
	*static_cast<int *>(self) = *static_cast<const int *>(msg);
	return ump_break(self);
}

extern "C" int build(void *arg, ump_client *, struct ump_handler *out)
{
	out->self = arg;
	out->request = add;
	out->post = stop;
	return 0;
}

/* Send a server a request, post `last` to it unless that is 0, and print how it ended.  Return 0 if
 * all went well. */
int serve(int last)
{
	ump_config config = ump_config();
	numbers values = {3, 7};
	ump_flow how = ump_continue();
	ump_client *client = nullptr;
	ump_thread *thread = nullptr;
	int value = 0;
	int sum = 0;

	config.request.size = sizeof(values);
	config.reply.size = sizeof(sum);
	config.post.size = sizeof(last);
	int result = ump_spawn_thread(&config, build, &value, &client, &thread);
	if (result != UMP_OK)
		return result;
	result = ump_client_req(client, &values, &sum, UMP_FOREVER);
	if (result == UMP_OK && last != 0)
		result = ump_client_post(client, &last);
	ump_client_drop(&client);
	ump_join(&thread, &how, UMP_FOREVER);
	if (result != UMP_OK)
		return result;
	std::printf("%d + %d = %d\n", values.a, values.b, sum);
	if (how.stop)
		std::printf("the server ended with %d\n", *static_cast<int *>(how.value));
	else
		std::printf("the server ended with none\n");
	return 0;
}

} // namespace

int main()
{
	if (ump_version() != UMP_VERSION_NUMBER)
		return 1;
	if (serve(0) != 0)
		return 1;
	return serve(42) != 0;
}
