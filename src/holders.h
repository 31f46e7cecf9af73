/* SPDX-License-Identifier: 0BSD */
/*
 * Who keeps servers alive: a list of all strong clients of the process with the places where they
 * were made, in builds for debugging (UMP_HOLDERS).  In all others there is no such list.
 */
#ifndef UMP_HOLDERS_H
#define UMP_HOLDERS_H

#include <stddef.h>

struct ump__handle;

#ifdef UMP_HOLDERS

/* The longest file of a place, with its terminating NUL; a longer one loses its beginning. */
#define UMP__PLACE_SIZE 256

/* The part of a handle by which it is listed. */
struct ump__holder {
	struct ump__handle *next;
	struct ump__handle *previous;
	/* Where it was made; of length 0 if the caller has not said so.  The string lies behind the
	 * handle, in the same memory. */
	const char *file;
	int line;
};

/* The bytes that ump__holder_add needs behind the next handle that this thread makes. */
size_t ump__holder_extra(void);

/* List a strong client, and take it off, while it has its reference. */
void ump__holder_add(struct ump__handle *handle);
void ump__holder_remove(struct ump__handle *handle);

/* In a forked child: there are no clients but its own. */
void ump__holders_forget(void);

#else

static inline void ump__holders_forget(void)
{
}

static inline size_t ump__holder_extra(void)
{
	return 0;
}

static inline void ump__holder_add(struct ump__handle *handle)
{
	(void)handle;
}

static inline void ump__holder_remove(struct ump__handle *handle)
{
	(void)handle;
}

#endif

#endif
