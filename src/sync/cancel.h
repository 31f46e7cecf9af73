/* SPDX-License-Identifier: 0BSD */
/* Sleeping, reading, writing and joining are cancellation points; no function of the library is. */
#ifndef UMP_SYNC_CANCEL_H
#define UMP_SYNC_CANCEL_H

#include <pthread.h>

/* From here on the calling thread is not cancelled.  Returns what ump__cancel_restore needs. */
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
