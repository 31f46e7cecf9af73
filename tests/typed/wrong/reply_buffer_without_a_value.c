/* SPDX-License-Identifier: 0BSD */
/*
 * A reply buffer where replies have no value.
 * gcc: implicit declaration of function 'store_reply_buffer'
 * clang: (implicit declaration of|call to undeclared) function 'store_reply_buffer'
 */
#include "servers.h"

int wrong(store_reply_context *rc);

int wrong(store_reply_context *rc)
{
#ifdef WRONG
	return store_reply_buffer(*rc) != NULL;
#else
	return store_reply_origin_gone(*rc);
#endif
}
