/* SPDX-License-Identifier: 0BSD */
/*
 * A negative code: those are the library's.
 * gcc: static assertion failed: "CODE_LOW: a code must be above 0"
 * clang: static_?assert(ion)? failed.*CODE_LOW: a code must be above 0
 */
#include "servers.h"

#ifdef WRONG
#define CODES(code) code(CODE_LOW, -1, "low")
UMP_TYPED(coder, int, int, UMP_NONE, CODES);
#else
#define CODES(code) code(CODE_LOW, 1, "low")
UMP_TYPED(coder, int, int, UMP_NONE, CODES);
#endif

int wrong(coder_client client);

int wrong(coder_client client)
{
	return client.untyped == NULL;
}
