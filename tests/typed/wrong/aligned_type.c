/* SPDX-License-Identifier: 0BSD */
/*
 * Messages with a stricter alignment than the library supports.
 * gcc: static assertion failed: "idler: struct wide is aligned more strictly than UMP_ALIGN_MOST"
 * clang: static_?assert(ion)? failed.*idler: struct wide is aligned more strictly
 */
#include "servers.h"

#ifdef WRONG
struct wide {
	_Alignas(8192) char bytes[64];
};
UMP_TYPED(idler, struct wide, int, int, UMP_NONE);
#else
struct wide {
	_Alignas(4096) char bytes[64];
};
UMP_TYPED(idler, struct wide, int, int, UMP_NONE);
#endif

int wrong(idler_client client);

int wrong(idler_client client)
{
	return client.untyped == NULL;
}
