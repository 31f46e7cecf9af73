/* SPDX-License-Identifier: 0BSD */
/*
 * References to a channel, counted: the loops that publish the steps of core/counts.h.
 */
#ifndef UMP_REFERENCES_H
#define UMP_REFERENCES_H

#include "sync/atomic.h"

#include <stdbool.h>

/* false: refused, at zero (there is no strong reference, and never will be) or at the limit. */
bool ump__strong_add(struct ump__counts *counts);
bool ump__weak_add(struct ump__counts *counts);

/* true: this was the last strong reference.  The caller says goodbye, then drops the weak one that
 * the strong ones shared. */
bool ump__strong_drop(struct ump__counts *counts);

/* true: this was the last reference of all.  The caller frees the channel. */
bool ump__weak_drop(struct ump__counts *counts);

/* Whether strong references are left; may be out of date when it returns. */
bool ump__strong_any(const struct ump__counts *counts);

#endif
