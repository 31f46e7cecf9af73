/* SPDX-License-Identifier: 0BSD */
/*
 * A request through a post-only client.
 * gcc: incompatible type for argument 1 of 'adder_client_req'
 * clang: passing 'adder_post_client' to parameter of incompatible type 'adder_client'
 */
#include "servers.h"

int wrong(adder_client client, adder_post_client poster, const struct add *add, struct sum *sum);

int wrong(adder_client client, adder_post_client poster, const struct add *add, struct sum *sum)
{
#ifdef WRONG
	(void)client;
	return adder_client_req(poster, add, sum, UMP_FOREVER);
#else
	(void)poster;
	return adder_client_req(client, add, sum, UMP_FOREVER);
#endif
}
