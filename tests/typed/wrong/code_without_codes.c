/* SPDX-License-Identifier: 0BSD */
/*
 * Failing with a code on a server that has no codes.
 * gcc: implicit declaration of function 'pinger_reply_fail'
 * clang: (implicit declaration of|call to undeclared) function 'pinger_reply_fail'
 */
#include "servers.h"

int wrong(pinger_reply_context *rc, long value);

int wrong(pinger_reply_context *rc, long value)
{
#ifdef WRONG
	return pinger_reply_fail(rc, value);
#else
	return pinger_reply(rc, &value);
#endif
}
