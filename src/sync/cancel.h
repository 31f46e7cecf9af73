/* SPDX-License-Identifier: 0BSD */
/* Sleeping, reading, writing and joining are cancellation points; the library's calls must not
 * be. */
#ifndef UMP_SYNC_CANCEL_H
#define UMP_SYNC_CANCEL_H

#include <pthread.h>

/* Disable cancellation of the calling thread.  Return the argument for ump__cancel_restore. */
static inline int ump__cancel_off(void)
{
	int state;

	pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &state);
	return state;
}

static inline void ump__cancel_restore(int state)
{
	int disabled;

	pthread_setcancelstate(state, &disabled);
}

#endif
