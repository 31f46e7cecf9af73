/* SPDX-License-Identifier: 0BSD */
#include "sync/sync.h"

void **ump__thread_slot(void)
{
	static _Thread_local void *slot;

	return &slot;
}
