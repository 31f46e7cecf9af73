/* SPDX-License-Identifier: 0BSD */
/*
 * A post through a weak client that was not upgraded.
 * gcc: incompatible type for argument 1 of 'adder_client_post'
 * clang: passing 'adder_weak_client' to parameter of incompatible type 'adder_client'
 */
#include "servers.h"

int wrong(adder_weak_client weak, const struct note *note);

int wrong(adder_weak_client weak, const struct note *note)
{
#ifdef WRONG
	return adder_client_post(weak, note);
#else
	adder_client client;
	int result = adder_weak_client_upgrade(weak, &client);

	if (result == UMP_OK)
		result = adder_client_post(client, note);
	adder_client_drop(&client);
	return result;
#endif
}
