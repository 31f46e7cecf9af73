/* SPDX-License-Identifier: 0BSD */
/*
 * Two codes with the same value.
 * gcc: duplicate case value
 * clang: duplicate case value
 */
#include "servers.h"

#ifdef WRONG
#define CODES(code) code(CODE_ONE, 1, "one") code(CODE_OTHER, 1, "other")
UMP_TYPED(coder, int, int, UMP_NONE, CODES);
#else
#define CODES(code) code(CODE_ONE, 1, "one") code(CODE_OTHER, 2, "other")
UMP_TYPED(coder, int, int, UMP_NONE, CODES);
#endif

int wrong(coder_client client);

int wrong(coder_client client)
{
	return client.untyped == NULL;
}
