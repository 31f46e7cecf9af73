/* SPDX-License-Identifier: 0BSD */
/*
 * A server that takes no messages.
 * gcc: static assertion failed: "idler: a server takes requests, or posts, or both"
 * clang: static_?assert(ion)? failed.*idler: a server takes requests, or posts, or both
 */
#include "servers.h"

#ifdef WRONG
UMP_TYPED(idler, UMP_NONE, UMP_NONE, UMP_NONE, UMP_NONE);
#else
UMP_TYPED(idler, UMP_NONE, UMP_NONE, int, UMP_NONE);
#endif

int wrong(idler_client client);

int wrong(idler_client client)
{
	return client.untyped == NULL;
}
