/* SPDX-License-Identifier: 0BSD */
/*
 * A post to a server that takes none.
 * gcc: implicit declaration of function 'store_client_post'
 * clang: (implicit declaration of|call to undeclared) function 'store_client_post'
 */
#include "servers.h"

int wrong(store_client client, const struct note *note);

int wrong(store_client client, const struct note *note)
{
#ifdef WRONG
	return store_client_post(client, note);
#else
	return store_client_req(client, note, UMP_FOREVER);
#endif
}
