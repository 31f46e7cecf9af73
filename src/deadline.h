/* SPDX-License-Identifier: 0BSD */
#ifndef UMP_DEADLINE_H
#define UMP_DEADLINE_H

#include "ump_server.h"

#include <stdbool.h>

/* Whether a wait until then would end at once.  UMP_NOW is over without a look at the clock. */
static inline bool ump__is_over(ump_time deadline)
{
	return deadline <= UMP_NOW || (deadline != UMP_FOREVER && deadline <= ump_now());
}

/* A deadline that has passed is UMP_NOW; [deadline].  For the beginning of a wait. */
static inline ump_time ump__deadline_at_call(ump_time deadline)
{
	return ump__is_over(deadline) ? UMP_NOW : deadline;
}

#endif
