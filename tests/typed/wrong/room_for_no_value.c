/* SPDX-License-Identifier: 0BSD */
/*
 * Room for a value that replies do not have.
 * gcc: implicit declaration of function 'store_reply_room'
 * clang: (implicit declaration of|call to undeclared) function 'store_reply_room'
 */
#include "servers.h"

int wrong(store_reply_context *rc);

int wrong(store_reply_context *rc)
{
#ifdef WRONG
	return store_reply_room(*rc) != NULL;
#else
	return store_reply_origin_gone(*rc);
#endif
}
