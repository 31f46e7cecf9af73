/* SPDX-License-Identifier: 0BSD */
/*
 * A callback whose `self` is that of another server.
 * gcc: initialization of .* from incompatible pointer type
 * clang: incompatible function pointer types initializing
 */
#include "servers.h"

struct adder {
	int sums;
};

struct logger {
	int lines;
};

static struct ump_flow write_down(struct adder *self, const struct note *msg)
{
	self->sums += msg->number;
	return ump_continue();
}

#ifdef WRONG
static struct ump_flow add(struct logger *self, const struct add *msg, adder_reply_context *rc)
{
	struct sum sum = {msg->a + msg->b, NULL};

	self->lines++;
	adder_reply(rc, &sum);
	return ump_continue();
}
#else
static struct ump_flow add(struct adder *self, const struct add *msg, adder_reply_context *rc)
{
	struct sum sum = {msg->a + msg->b, NULL};

	self->sums++;
	adder_reply(rc, &sum);
	return ump_continue();
}
#endif

UMP_TYPED_HANDLER(adder, handler, .request = add, .post = write_down);

const struct adder_handler *wrong(void);

const struct adder_handler *wrong(void)
{
	return &handler;
}
