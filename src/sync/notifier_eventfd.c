/* SPDX-License-Identifier: 0BSD */
/* Notifiers on Linux: an eventfd, which counts its raises and is cleared by one read. */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include "sync/cancel.h"
#include "sync/probe.h"
#include "sync/sync.h"

#include <sys/eventfd.h>
#include <sys/syscall.h>
#include <unistd.h>

int ump__notifier_open(struct ump__notifier *notifier)
{
	notifier->fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	notifier->write_fd = notifier->fd;
	return notifier->fd >= 0 ? UMP_OK : UMP_NO_FD;
}

void ump__notifier_close(const struct ump__notifier *notifier)
{
	int cancel = ump__cancel_off();

	close(notifier->fd);
	ump__cancel_restore(cancel);
}

void ump__notifier_signal(const struct ump__notifier *notifier)
{
	const uint64_t once = 1;

	UMP__PROBE(raise, notifier, notifier->fd);
	/* Fails only if it has been raised 2^64 - 2 times: then it is raised already.  The raw call
	 * is no cancellation point, and saves turning cancellation off and on, which costs more
	 * than the gate does. */
	(void)syscall(SYS_write, notifier->write_fd, &once, sizeof once);
}

void ump__notifier_clear(const struct ump__notifier *notifier)
{
	uint64_t times;
	int cancel = ump__cancel_off();

	/* Fails if it was not raised. */
	(void)!read(notifier->fd, &times, sizeof times);
	ump__cancel_restore(cancel);
}
