/* SPDX-License-Identifier: 0BSD */
/*
 * To fail with a code of a server that has none.
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
