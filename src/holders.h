/* SPDX-License-Identifier: 0BSD */
/*
 * Who keeps servers alive: a list of all strong clients of the process with the places where they
 * were made, in builds for debugging (UMP_HOLDERS).  In all others there is no such list.
 */
#ifndef UMP_HOLDERS_H
#define UMP_HOLDERS_H

struct ump__handle;

#ifdef UMP_HOLDERS

/* The part of a handle by which it is listed. */
struct ump__holder {
	struct ump__handle *next;
	struct ump__handle *previous;
	/* Where it was made, if the caller has said so. */
	const char *file;
	int line;
};

/* List a strong client, and take it off, while it has its reference. */
void ump__holder_add(struct ump__handle *handle);
void ump__holder_remove(struct ump__handle *handle);

#else

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
