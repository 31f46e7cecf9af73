/* SPDX-License-Identifier: 0BSD */
/*
 * Replying without the value that replies have.
 * gcc: too few arguments to function 'adder_reply'
 * clang: too few arguments to function call, expected 2, have 1
 */
#include "servers.h"

int wrong(adder_reply_context *rc, const struct sum *sum);

int wrong(adder_reply_context *rc, const struct sum *sum)
{
#ifdef WRONG
	(void)sum;
	return adder_reply(rc);
#else
	return adder_reply(rc, sum);
#endif
}
