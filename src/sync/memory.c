/* SPDX-License-Identifier: 0BSD */
#include "sync/sync.h"

#include <stdlib.h>

void *ump__alloc(size_t size)
{
	return malloc(size);
}

void *ump__alloc_line(size_t size)
{
	/* aligned_alloc requires a multiple of the alignment. */
	return aligned_alloc(UMP__LINE, (size + UMP__LINE - 1) / UMP__LINE * UMP__LINE);
}

const struct ump__thrift *ump__thrift(void)
{
	/* With malloc's header a slab fills a page.  Its size decides how often a post allocates
	 * where the receiver is so far behind that no slab comes back. */
	static const struct ump__thrift thrift = {.after = 16,
		.tray = 4096 - 2 * sizeof(size_t),
		.tray_posts = 256,
		.trays = 16,
		.requests = 256,
		.bytes = (size_t)64 * 1024};

	return &thrift;
}

void *ump__alloc_spare(size_t size, bool line)
{
	return line ? ump__alloc_line(size) : ump__alloc(size);
}

void ump__free(void *memory)
{
	free(memory);
}
