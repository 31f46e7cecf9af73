/* SPDX-License-Identifier: 0BSD */
/*
 * Replies to requests that the server does not take.
 * gcc: static assertion failed: "idler: replies need requests"
 * clang: static_?assert(ion)? failed.*idler: replies need requests
 */
#include "servers.h"

#ifdef WRONG
UMP_TYPED(idler, UMP_NONE, int, int, UMP_NONE);
#else
UMP_TYPED(idler, int, int, int, UMP_NONE);
#endif

int wrong(idler_client client);

int wrong(idler_client client)
{
	return client.untyped == NULL;
}
