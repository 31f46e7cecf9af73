/* SPDX-License-Identifier: 0BSD */
/*
 * The handle registry, in debugging builds (UMP_REGISTRY) only: all strong clients of the process,
 * which keep servers alive, and the source locations that made them.
 */
#ifndef UMP_REGISTRY_H
#define UMP_REGISTRY_H

#include <stddef.h>

struct ump__handle;

#ifdef UMP_REGISTRY

/* Maximum length of the file in a source location, with its terminating NUL; a longer one loses its
 * beginning. */
#define UMP__SOURCE_SIZE 256

/* The part of a handle that the registry uses. */
struct ump__registration {
	struct ump__handle *next;
	struct ump__handle *previous;
	/* Source location where it was made; of length 0 if the caller has not given one.  The
	 * string lies behind the handle, in the same memory. */
	const char *file;
	int line;
};

/* Return how many bytes ump__registry_add needs behind the next handle that this thread makes. */
size_t ump__registry_extra(void);

/* Add a strong client to the registry, and remove it; both while it has its reference. */
void ump__registry_add(struct ump__handle *handle);
void ump__registry_remove(struct ump__handle *handle);

/* Forget all clients, in a forked child, which has none but its own. */
void ump__registry_forget(void);

#else

static inline void ump__registry_forget(void)
{
}

static inline size_t ump__registry_extra(void)
{
	return 0;
}

static inline void ump__registry_add(struct ump__handle *handle)
{
	(void)handle;
}

static inline void ump__registry_remove(struct ump__handle *handle)
{
	(void)handle;
}

#endif

#endif
