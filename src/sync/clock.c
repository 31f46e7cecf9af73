/* SPDX-License-Identifier: 0BSD */
#include "sync/sync.h"

#define NS_PER_S INT64_C(1000000000)

ump_time ump_now(void)
{
	struct timespec now;

	/* This cannot fail: every POSIX system since 2008 has the clock, and `now` is ours. */
	(void)clock_gettime(CLOCK_MONOTONIC, &now);
	return (ump_time)now.tv_sec * NS_PER_S + now.tv_nsec;
}

ump_time ump_after(int64_t ns)
{
	ump_time now = ump_now();

	/* The clock counts from boot, so `now` is not negative and only one side can overflow. */
	if (ns > UMP_FOREVER - now)
		return UMP_FOREVER;
	return now + ns;
}

struct timespec ump__timespec(ump_time time)
{
	struct timespec split;
	/* The largest time_t, 2^31 - 1 or 2^63 - 1, without assuming which. */
	int64_t last = sizeof(time_t) == 8 ? INT64_MAX : INT32_MAX;

	if (time < 0)
		time = 0;
	split.tv_sec = (time_t)(time / NS_PER_S < last ? time / NS_PER_S : last);
	split.tv_nsec = (long)(time % NS_PER_S);
	return split;
}
