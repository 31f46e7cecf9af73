/* SPDX-License-Identifier: 0BSD */
/*
 * Replying with a value where replies have none.
 * gcc: too many arguments to function 'store_reply'
 * clang: too many arguments to function call, expected single argument 'rc_'
 */
#include "servers.h"

int wrong(store_reply_context *rc, int value);

int wrong(store_reply_context *rc, int value)
{
#ifdef WRONG
	return store_reply(rc, &value);
#else
	return value + store_reply(rc);
#endif
}
