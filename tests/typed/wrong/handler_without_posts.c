/* SPDX-License-Identifier: 0BSD */
/*
 * A callback for posts of a server that takes none.
 * gcc: initialization of .* from incompatible pointer type
 * clang: incompatible function pointer types initializing
 */
#include "servers.h"

static struct ump_flow put(struct store *self, const struct note *msg, store_reply_context *rc)
{
	(void)self;
	(void)msg;
	store_reply(rc);
	return ump_continue();
}

#ifdef WRONG
static struct ump_flow post(struct store *self, const struct note *msg)
{
	(void)self;
	(void)msg;
	return ump_continue();
}

UMP_TYPED_HANDLER(store, handler, .request = put, .post = post);
#else
UMP_TYPED_HANDLER(store, handler, .request = put);
#endif

const struct store_handler *wrong(void);

const struct store_handler *wrong(void)
{
	return &handler;
}
