/* SPDX-License-Identifier: 0BSD */
/*
 * Dropping a handle by value, not by the address of its variable.
 * gcc: incompatible type for argument 1 of 'adder_client_drop'
 * clang: passing 'adder_client' to parameter of incompatible type 'adder_client \*'
 */
#include "servers.h"

void wrong(adder_client client);

void wrong(adder_client client)
{
#ifdef WRONG
	adder_client_drop(client);
#else
	adder_client_drop(&client);
#endif
}
