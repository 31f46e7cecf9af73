/* SPDX-License-Identifier: 0BSD */
#include "sync/debug.h"

#include <stdio.h>
#include <stdlib.h>

void ump__die(const char *text)
{
	fprintf(stderr, "ump: %s\n", text);
	abort();
}
