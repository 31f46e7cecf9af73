/* SPDX-License-Identifier: 0BSD */
/*
 * Waiting for an answer of another server.
 * gcc: passing argument 1 of 'adder_wait_reply_wait' from incompatible pointer type
 * clang: incompatible pointer types passing
 */
#include "servers.h"

int wrong(adder_wait_reply *adder, store_wait_reply *store, struct sum *sum);

int wrong(adder_wait_reply *adder, store_wait_reply *store, struct sum *sum)
{
#ifdef WRONG
	(void)adder;
	return adder_wait_reply_wait(store, sum, UMP_FOREVER);
#else
	(void)store;
	return adder_wait_reply_wait(adder, sum, UMP_FOREVER);
#endif
}
