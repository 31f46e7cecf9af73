/* SPDX-License-Identifier: 0BSD */
#include "copy.h"

#include <ump_server.h>

int library_work(void)
{
	return copy_work();
}

const void *library_copy(void)
{
	/* The text of a result is the copy's own. */
	return ump_strerror(UMP_OK);
}
