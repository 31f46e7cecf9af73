/* SPDX-License-Identifier: 0BSD */
/*
 * The code 0, which would mean success.
 * gcc: static assertion failed: "CODE_NONE: a code must be above 0"
 * clang: static_?assert(ion)? failed.*CODE_NONE: a code must be above 0
 */
#include "servers.h"

#ifdef WRONG
#define CODES(code) code(CODE_NONE, 0, "none") code(CODE_SOME, 1, "some")
UMP_TYPED(coder, int, int, UMP_NONE, CODES);
#else
#define CODES(code) code(CODE_NONE, 2, "none") code(CODE_SOME, 1, "some")
UMP_TYPED(coder, int, int, UMP_NONE, CODES);
#endif

int wrong(coder_client client);

int wrong(coder_client client)
{
	return client.untyped == NULL;
}
