/* SPDX-License-Identifier: 0BSD */
/* Waiting for a notifier of either kind. */
#include "sync/cancel.h"
#include "sync/sync.h"
#include "sync/tools.h"

#include <limits.h>
#include <poll.h>

#define NS_PER_MS INT64_C(1000000)

/* Return how long poll may sleep: whole ms, rounded up so that it does not return too early over
 * and over, or -1 for no deadline.  If the time is too long for an int, poll wakes and the caller
 * checks again. */
static int milliseconds(ump_time deadline)
{
	ump_time left;

	if (deadline == UMP_FOREVER)
		return -1;
	/* Before the subtraction, which would overflow for times long past. */
	if (deadline <= 0)
		return 0;
	left = deadline - ump_now();
	if (left <= 0)
		return 0;
	left = left / NS_PER_MS + 1;
	return left < INT_MAX ? (int)left : INT_MAX;
}

void ump__notifier_wait(const struct ump__notifier *notifier, ump_time deadline)
{
	struct pollfd wanted = {notifier->fd, POLLIN, 0};
	int cancel = ump__cancel_off();

	ump__tools_written(&wanted, sizeof wanted);
	(void)poll(&wanted, 1, milliseconds(deadline));
	ump__cancel_restore(cancel);
}
