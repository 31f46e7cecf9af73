/* SPDX-License-Identifier: 0BSD */
#include "sync/sync.h"

#include <stdlib.h>

void *ump__alloc(size_t size)
{
	return malloc(size);
}

void *ump__alloc_line(size_t size)
{
	/* aligned_alloc wants whole lines. */
	return aligned_alloc(UMP__LINE, (size + UMP__LINE - 1) / UMP__LINE * UMP__LINE);
}

void ump__free(void *memory)
{
	free(memory);
}
