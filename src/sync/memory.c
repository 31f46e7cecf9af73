/* SPDX-License-Identifier: 0BSD */
#include "sync/sync.h"
#include "sync/tools.h"

#include <stdlib.h>

static void *own(void *memory, size_t size)
{
	ump__tools_own(memory, size);
	return memory;
}

void *ump__alloc(size_t size)
{
	return own(malloc(size), size);
}

void *ump__alloc_line(size_t size)
{
	/* aligned_alloc requires a multiple of the alignment. */
	return own(aligned_alloc(UMP__LINE, (size + UMP__LINE - 1) / UMP__LINE * UMP__LINE), size);
}

const struct ump__retention *ump__retention(void)
{
	/* With malloc's header a slab fills a page.  Its size decides how often a post allocates
	 * where the receiver is so far behind that no slab comes back. */
	static const struct ump__retention retention = {.after = 16,
		.slab = 4096 - 2 * sizeof(size_t),
		.slab_posts = 256,
		.slabs = 16,
		.requests = 256,
		.bytes = (size_t)64 * 1024};

	return &retention;
}

void *ump__alloc_spare(size_t size, bool line)
{
	return line ? ump__alloc_line(size) : ump__alloc(size);
}

void ump__free(void *memory)
{
	free(memory);
}
