/* SPDX-License-Identifier: 0BSD */
/*
 * Orders with numbers, which clients take from a common counter, as they may.
 *
 * The mistake: the handler believes that they arrive in the order of their numbers.  Of two clients
 * the one that took the later number may send first; one thread always sends in order.
 *
 * Mended: the handler only relies on their being different.
 */
#include <stdatomic.h>
#include <ump_server/fuzz.h>

struct order {
	unsigned number;
};

static struct shop {
	atomic_uint next;
	unsigned newest;
	bool taken[1024];
	const char *wrong;
} shop;

static struct ump_flow post(void *self, const void *msg)
{
	const struct order *order = msg;

	(void)self;
#ifdef MENDED
	if (shop.taken[order->number % 1024])
		shop.wrong = "two orders have the same number";
#else
	if (order->number < shop.newest)
		shop.wrong = "an old order";
#endif
	shop.newest = order->number;
	shop.taken[order->number % 1024] = true;
	return ump_continue();
}

static int build(void *arg, ump_client *client, struct ump_handler *out)
{
	(void)arg;
	(void)client;
	out->post = post;
	return 0;
}

static void *begin(struct ump_fuzz_input *input)
{
	(void)input;
	shop = (struct shop){0};
	return NULL;
}

static void make(void *arg, struct ump_fuzz_input *input, void *value)
{
	struct order *order = value;

	(void)arg;
	(void)input;
	order->number = atomic_fetch_add(&shop.next, 1);
}

static const char *check(void *arg)
{
	(void)arg;
	return shop.wrong;
}

static const struct ump_fuzz_target ticket = {
	.config.post.size = sizeof(struct order),
	.build = build,
	.begin = begin,
	.post = make,
	.invariant = check,
	.kinds = UMP_FUZZ_TASK | UMP_FUZZ_COMBINING | UMP_FUZZ_THREAD,
	.threads = 2,
	.in_order = true,
};
UMP_FUZZ_TARGET(ticket)
