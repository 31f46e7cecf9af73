/* SPDX-License-Identifier: 0BSD */
/* The header must compile without another one before it, and may be included twice. */
#include "ump_server.h"

struct ump_flow header_flow(void);

struct ump_flow header_flow(void)
{
	return UMP_VERSION_NUMBER > 0 ? ump_continue() : ump_break(NULL);
}
