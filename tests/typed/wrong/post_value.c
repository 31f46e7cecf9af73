/* SPDX-License-Identifier: 0BSD */
/*
 * A value instead of a pointer to it.
 * gcc: incompatible type for argument 2 of 'adder_client_post'
 * clang: passing 'struct note' to parameter of incompatible type 'const struct note \*'
 */
#include "servers.h"

int wrong(adder_client client, struct note note);

int wrong(adder_client client, struct note note)
{
#ifdef WRONG
	return adder_client_post(client, note);
#else
	return adder_client_post(client, &note);
#endif
}
