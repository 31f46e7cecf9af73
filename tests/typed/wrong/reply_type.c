/* SPDX-License-Identifier: 0BSD */
/*
 * A reply buffer of another type.
 * gcc: passing argument 3 of 'adder_client_req' from incompatible pointer type
 * clang: incompatible pointer types passing
 */
#include "servers.h"

int wrong(adder_client client, const struct add *add, struct sum *sum, int *number);

int wrong(adder_client client, const struct add *add, struct sum *sum, int *number)
{
#ifdef WRONG
	(void)sum;
	return adder_client_req(client, add, number, UMP_FOREVER);
#else
	(void)number;
	return adder_client_req(client, add, sum, UMP_FOREVER);
#endif
}
