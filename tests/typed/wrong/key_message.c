/* SPDX-License-Identifier: 0BSD */
/*
 * A key function for requests that takes a post.
 * gcc: initialization of .* from incompatible pointer type
 * clang: incompatible function pointer types initializing
 */
#include "servers.h"

static struct ump_flow note_down(
	struct store *self, const struct note *msg, store_reply_context *rc)
{
	(void)self;
	(void)msg;
	store_reply(rc);
	return ump_continue();
}

#ifdef WRONG
static uint64_t key_of(void *arg, const struct add *msg)
{
	(void)arg;
	return (uint64_t)msg->a;
}
#else
static uint64_t key_of(void *arg, const struct note *msg)
{
	(void)arg;
	return (uint64_t)msg->number;
}
#endif

UMP_TYPED_HANDLER(store, handler, .request = note_down, .key_request = key_of);

const struct store_handler *wrong(void);

const struct store_handler *wrong(void)
{
	return &handler;
}
