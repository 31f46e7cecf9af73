/* SPDX-License-Identifier: 0BSD */
/* Callbacks pass structures by value that have a member which is not set, and depend on all of
 * their own arguments.  What MemorySanitizer remembers of the one must not spoil the other. */
#include "check.h"

#include <ump_server.h>

#define REQUESTS 50

struct half {
	long set;
	long unset;
	long more[4];
};

__attribute__((noinline)) static long set_of(struct half half, struct half other)
{
	return half.set + other.set;
}

/* Pass what is not set, in registers and on the stack. */
static long pass(void)
{
	struct half half;
	struct half other;

	half.set = 1;
	other.set = 1;
	return set_of(half, other);
}

static struct ump_flow request(void *self, const void *msg, ump_reply_context **rc)
{
	long number;

	CHECK(self != NULL && msg != NULL && rc != NULL && *rc != NULL);
	number = *(const long *)msg + pass();
	CHECK(ump_reply(rc, &number) == UMP_OK && *rc == NULL);
	CHECK(pass() == 2);
	return ump_continue();
}

static struct ump_flow post(void *self, const void *msg)
{
	CHECK(self != NULL && msg != NULL && pass() == 2);
	return ump_continue();
}

static struct ump_flow term(void *self, struct ump_flow how)
{
	CHECK(self != NULL && !how.stop && pass() == 2);
	return how;
}

static int build(void *arg, ump_client *client, struct ump_handler *out)
{
	CHECK(arg != NULL && client != NULL && out != NULL && out->self == NULL);
	*out = (struct ump_handler){.self = arg, .request = request, .post = post, .term = term};
	return 0;
}

static void use(const ump_client *client)
{
	ump_wait_reply *wait;
	ump_client *other;
	long reply;

	CHECK(client != NULL && pass() == 2);
	for (long i = 0; i < REQUESTS; i++) {
		CHECK(ump_client_req(client, &i, &reply, UMP_FOREVER) == UMP_OK && reply == i + 2);
		CHECK(ump_client_req_async(client, &i, &wait) == UMP_OK && wait != NULL);
		CHECK(ump_wait_reply_wait(&wait, &reply, UMP_FOREVER) == UMP_OK && reply == i + 2);
		CHECK(wait == NULL && ump_client_post(client, &i) == UMP_OK);
	}
	CHECK(ump_client_clone(client, &other) == UMP_OK && other != NULL);
	ump_client_drop(&other);
	CHECK(other == NULL);
}

int main(void)
{
	struct ump_config config = {.request.size = sizeof(long),
		.reply.size = sizeof(long),
		.post.size = sizeof(long)};
	ump_client *client;
	ump_combining *combining;
	ump_thread *thread;
	struct ump_flow how;
	long state = 0;

	CHECK(ump_spawn_thread(&config, build, &state, &client, &thread) == UMP_OK);
	use(client);
	ump_client_drop(&client);
	CHECK(thread != NULL && ump_thread_join(&thread, &how, UMP_FOREVER) == UMP_OK && !how.stop);
	CHECK(ump_spawn_combining(&config, build, &state, &client, &combining) == UMP_OK);
	use(client);
	ump_client_drop(&client);
	CHECK(ump_combining_join(&combining, &how, UMP_FOREVER) == UMP_OK && !how.stop);
	return 0;
}
