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

#endif
