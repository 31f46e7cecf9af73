/* SPDX-License-Identifier: 0BSD */
/*
 * A cache of names.
 *
 * The mistake: it keeps, and hands out, a pointer into the message that brought the name.  The
 * message is gone when the handler has returned.
 *
 * Mended: it keeps a copy.
 */
#include <assert.h>
#include <stdio.h>
#include <string.h>
#include <ump_server.h>

struct name {
	char text[16];
};

struct cache {
#ifdef MENDED
	struct name name;
#else
	const struct name *name;
#endif
};

static struct ump_flow put(void *self, const void *msg)
{
	struct cache *cache = self;
	const struct name *name = msg;

#ifdef MENDED
	cache->name = *name;
#else
	cache->name = name;
#endif
	return ump_continue();
}

static struct ump_flow get(void *self, const void *msg, ump_reply_context **rc)
{
	const struct cache *cache = self;

	(void)msg;
#ifdef MENDED
	ump_reply(rc, &cache->name);
#else
	ump_reply(rc, cache->name);
#endif
	return ump_continue();
}

static int build(void *arg, ump_client *client, struct ump_handler *out)
{
	(void)client;
	out->self = arg;
	out->post = put;
	out->request = get;
	return 0;
}

int main(void)
{
	const struct ump_config config = {.post.size = sizeof(struct name),
		.request.size = 1,
		.reply.size = sizeof(struct name)};
	struct cache cache;
	struct name name = {"Ada"};
	ump_client *client;
	ump_thread *thread;

	ump_spawn_thread(&config, build, &cache, &client, &thread);
	ump_client_post(client, &name);
	memset(&name, 0, sizeof name);
	ump_client_req(client, "", &name, UMP_FOREVER);
	printf("%s\n", name.text);
	assert(strcmp(name.text, "Ada") == 0);
	ump_client_drop(&client);
	ump_thread_join(&thread, NULL, UMP_FOREVER);
	return 0;
}
