/* SPDX-License-Identifier: 0BSD */
/*
 * A request of another type.
 * gcc: passing argument 2 of 'adder_client_req' from incompatible pointer type
 * clang: incompatible pointer types passing
 */
#include "servers.h"

int wrong(adder_client client, struct sum *sum);

int wrong(adder_client client, struct sum *sum)
{
#ifdef WRONG
	return adder_client_req(client, &(struct note){1, NULL}, sum, UMP_FOREVER);
#else
	return adder_client_req(client, &(struct add){3, 7, NULL}, sum, UMP_FOREVER);
#endif
}
