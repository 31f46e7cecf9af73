/* SPDX-License-Identifier: 0BSD */
#include "copy.h"

#include <ump_server.h>

int library_work(void)
{
	return copy_work();
}

const void *library_copy(void)
{
	/* Each copy of the library has its own texts of the results. */
	return ump_strerror(UMP_OK);
}
