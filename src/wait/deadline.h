/* SPDX-License-Identifier: 0BSD */
#ifndef UMP_DEADLINE_H
#define UMP_DEADLINE_H

#include "ump_server.h"

#include <stdbool.h>

/* Return whether a wait until `deadline` would end at once.  For UMP_NOW the clock is not read. */
static inline bool ump__is_over(ump_time deadline)
{
	return deadline <= UMP_NOW || (deadline != UMP_FOREVER && deadline <= ump_now());
}

/* Return UMP_NOW for a deadline that has passed; [deadline].  For the beginning of a wait. */
static inline ump_time ump__deadline_at_call(ump_time deadline)
{
	return ump__is_over(deadline) ? UMP_NOW : deadline;
}

#endif
