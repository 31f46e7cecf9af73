/* SPDX-License-Identifier: 0BSD */
/*
 * Codes for answers to requests that the server does not take.
 * gcc: static assertion failed: "idler: codes need requests, whose answers they are"
 * clang: static_?assert(ion)? failed.*idler: codes need requests, whose answers they are
 */
#include "servers.h"

#ifdef WRONG
UMP_TYPED(idler, UMP_NONE, UMP_NONE, int, STORE_CODES);
#else
UMP_TYPED(idler, UMP_NONE, UMP_NONE, int, UMP_NONE);
#endif

int wrong(idler_client client);

int wrong(idler_client client)
{
	return client.untyped == NULL;
}
