/* SPDX-License-Identifier: 0BSD */
/* Structures of the application, which may have been compiled for another version. */
#ifndef UMP_USER_H
#define UMP_USER_H

#include "sync/tools.h"

#include <stddef.h>
#include <string.h>

/* Write the known part of a structure; what a newer caller has beyond it becomes 0. */
static inline void ump__user_write(void *out, size_t out_size, const void *known, size_t known_size)
{
	memset(out, 0, out_size);
	memcpy(out, known, known_size < out_size ? known_size : out_size);
	ump__tools_written(out, out_size);
}

#endif
