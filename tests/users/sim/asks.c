/* SPDX-License-Identifier: 0BSD */
/*
 * A shop that asks another server for each price, and goes on: the answer comes as a call.  Each
 * order is kept until then.
 *
 * The mistake: the shop has a place for one order.  If a second order comes before the price of the
 * first, the context of the first is lost, and its visitor waits forever.
 *
 * Mended: the context is the argument of the call, so each answer has its own.
 */
#include <pthread.h>
#include <stddef.h>
#include <ump_server.h>

static ump_client *prices;
static ump_reply_context *waiting;

static struct ump_flow price(void *self, const void *msg, ump_reply_context **rc)
{
	int amount = *(const int *)msg * 10;

	(void)self;
	ump_reply(rc, &amount);
	return ump_continue();
}

static struct ump_flow priced(void *self, void *arg, int result, const void *reply)
{
#ifdef MENDED
	ump_reply_context *order = arg;
#else
	ump_reply_context *order = waiting;

	(void)arg;
	waiting = NULL;
#endif
	(void)self;
	if (result == UMP_OK)
		ump_reply(&order, reply);
	else
		ump_reply_drop(&order);
	return ump_continue();
}

static struct ump_flow order(void *self, const void *msg, ump_reply_context **rc)
{
	ump_reply_context *kept = ump_reply_keep(rc);

	(void)self;
	waiting = kept;
	if (ump_client_ask(prices, msg, UMP_FOREVER, priced, kept, NULL) != UMP_OK)
		ump_reply_drop(&kept);
	return ump_continue();
}

static int build(void *arg, ump_client *client, struct ump_handler *out)
{
	(void)client;
	out->request = arg != NULL ? order : price;
	return 0;
}

static void *visitor(void *client)
{
	int article = 4;
	int amount;

	ump_client_req(client, &article, &amount, UMP_FOREVER);
	return NULL;
}

int main(void)
{
	const struct ump_config config = {.request.size = sizeof(int), .reply.size = sizeof(int)};
	ump_client *shop;
	ump_thread *asked;
	ump_thread *asker;
	pthread_t visitors[2];

	if (ump_spawn_thread(&config, build, NULL, &prices, &asked) != UMP_OK ||
		ump_spawn_thread(&config, build, &prices, &shop, &asker) != UMP_OK)
		return 1;
	for (int i = 0; i < 2; i++)
		pthread_create(&visitors[i], NULL, visitor, shop);
	for (int i = 0; i < 2; i++)
		pthread_join(visitors[i], NULL);
	ump_client_drop(&shop);
	ump_thread_join(&asker, NULL, UMP_FOREVER);
	ump_client_drop(&prices);
	ump_thread_join(&asked, NULL, UMP_FOREVER);
	return 0;
}
