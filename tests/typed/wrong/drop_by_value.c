/* SPDX-License-Identifier: 0BSD */
/*
 * To drop a handle but not the variable that holds it.
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
