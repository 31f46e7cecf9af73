/* SPDX-License-Identifier: 0BSD */
/*
 * An untyped client, of ump_server.h.
 * gcc: incompatible type for argument 1 of 'adder_client_post'
 * clang: passing 'ump_client \*'.* to parameter of incompatible type 'adder_client'
 */
#include "servers.h"

int wrong(adder_client typed, ump_client *untyped, const struct note *note);

int wrong(adder_client typed, ump_client *untyped, const struct note *note)
{
#ifdef WRONG
	(void)typed;
	return adder_client_post(untyped, note);
#else
	return adder_client_post(typed, note) + ump_client_post(untyped, note);
#endif
}
