/* SPDX-License-Identifier: 0BSD */
/*
 * Messages of an incomplete type.
 * gcc: invalid application of 'sizeof' to incomplete type 'struct unknown'
 * clang: invalid application of 'sizeof' to an incomplete type 'struct unknown'
 */
#include "servers.h"

#ifdef WRONG
struct unknown;
UMP_TYPED(idler, struct unknown, int, int, UMP_NONE);
#else
struct unknown;
UMP_TYPED(idler, struct unknown *, int, int, UMP_NONE);
#endif

int wrong(idler_client client);

int wrong(idler_client client)
{
	return client.untyped == NULL;
}
