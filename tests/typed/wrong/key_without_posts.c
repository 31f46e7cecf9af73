/* SPDX-License-Identifier: 0BSD */
/*
 * A key function for posts, in a handler of a server that takes none.
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

static uint64_t key_of(void *arg, const struct note *msg)
{
	(void)arg;
	return (uint64_t)msg->number;
}

#ifdef WRONG
UMP_TYPED_HANDLER(store, handler, .request = note_down, .key_post = key_of);
#else
UMP_TYPED_HANDLER(store, handler, .request = note_down, .key_request = key_of);
#endif

const struct store_handler *wrong(void);

const struct store_handler *wrong(void)
{
	return &handler;
}
