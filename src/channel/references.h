/* SPDX-License-Identifier: 0BSD */
/*
 * Weak and strong counts of a channel's references, as in Rust's Arc: the loops that publish the
 * steps of core/counts.h.
 */
#ifndef UMP_REFERENCES_H
#define UMP_REFERENCES_H

#include "sync/atomic.h"

#include <stdbool.h>

/* Acquire a reference.  Returns false if the count is zero (no strong reference is left, nor will
 * be) or at its limit. */
bool ump__strong_add(struct ump__counts *counts);
bool ump__weak_add(struct ump__counts *counts);

/* Drop a strong reference.  Returns true for the last one: the caller must push the EOS marker,
 * then drop the weak one that the strong ones shared. */
bool ump__strong_drop(struct ump__counts *counts);

/* Drop a weak reference.  Returns true for the last one: the caller must free the channel. */
bool ump__weak_drop(struct ump__counts *counts);

/* Return whether strong references are left; may be out of date on return. */
bool ump__strong_any(const struct ump__counts *counts);

#endif
