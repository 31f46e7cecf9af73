/* SPDX-License-Identifier: 0BSD */
/*
 * Failing with a code of another server.
 * gcc: implicit conversion from 'enum store_code' to 'enum adder_code'
 * clang: implicit conversion from enumeration type 'enum store_code' to different enumeration type
 */
#include "servers.h"

int wrong(adder_reply_context *rc);

int wrong(adder_reply_context *rc)
{
#ifdef WRONG
	return adder_reply_fail(rc, STORE_FULL);
#else
	return adder_reply_fail(rc, ADDER_OVERFLOW);
#endif
}
