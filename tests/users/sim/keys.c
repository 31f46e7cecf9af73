/* SPDX-License-Identifier: 0BSD */
/*
 * Accounts, served by two workers: the key of a message is its account, so that the messages of one
 * account never overlap, and no account needs a lock.  Posts pay in, requests read.
 *
 * The mistake: the key of a request is missing, as if requests changed nothing and so were free to
 * overlap.  But they read what a post writes meanwhile.
 *
 * Mended: both kinds of message have the key of their account.
 */
#include <assert.h>
#include <stddef.h>
#include <ump_server.h>

static int accounts[2];

static uint64_t key(void *arg, const void *msg, bool request)
{
	(void)arg;
#ifdef MENDED
	(void)request;
#else
	if (request)
		return 100;
#endif
	return (uint64_t) * (const int *)msg;
}

static struct ump_flow pay_in(void *self, const void *msg)
{
	(void)self;
	accounts[*(const int *)msg] += 10;
	return ump_continue();
}

static struct ump_flow look(void *self, const void *msg, ump_reply_context **rc)
{
	(void)self;
	ump_reply(rc, &accounts[*(const int *)msg]);
	return ump_continue();
}

static int build(void *arg, ump_client *client, struct ump_handler *out)
{
	(void)arg;
	(void)client;
	out->request = look;
	out->post = pay_in;
	return 0;
}

int main(void)
{
	const struct ump_config config = {.request.size = sizeof(int),
		.reply.size = sizeof(int),
		.post.size = sizeof(int),
		.key = key};
	const int account = 1;
	ump_client *client;
	ump_workers *workers;
	int amount = -1;

	if (ump_spawn_workers(&config, build, NULL, 2, &client, &workers) != UMP_OK)
		return 1;
	if (ump_client_post(client, &account) == UMP_OK &&
		ump_client_req(client, &account, &amount, UMP_FOREVER) == UMP_OK)
		assert(amount == 10);
	ump_client_drop(&client);
	ump_workers_join(&workers, NULL, UMP_FOREVER);
	return 0;
}
