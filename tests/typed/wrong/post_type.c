/* SPDX-License-Identifier: 0BSD */
/*
 * A post of another type.
 * gcc: passing argument 2 of 'adder_client_post' from incompatible pointer type
 * clang: incompatible pointer types passing
 */
#include "servers.h"

int wrong(adder_client client);

int wrong(adder_client client)
{
#ifdef WRONG
	return adder_client_post(client, &(struct add){3, 7, NULL});
#else
	return adder_client_post(client, &(struct note){3, NULL});
#endif
}
