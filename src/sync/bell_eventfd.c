/* SPDX-License-Identifier: 0BSD */
/* Notifiers on Linux: an eventfd, which counts its raises and is cleared by one read. */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include "probe.h"
#include "sync/cancel.h"
#include "sync/sync.h"

#include <sys/eventfd.h>
#include <sys/syscall.h>
#include <unistd.h>

int ump__bell_open(struct ump__bell *bell)
{
	bell->fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	bell->rope = bell->fd;
	return bell->fd >= 0 ? UMP_OK : UMP_NO_FD;
}

void ump__bell_close(const struct ump__bell *bell)
{
	int cancel = ump__cancel_off();

	close(bell->fd);
	ump__cancel_restore(cancel);
}

void ump__bell_strike(const struct ump__bell *bell)
{
	const uint64_t once = 1;

	UMP__PROBE(ring, bell, bell->fd);
	/* Fails only if it has been raised 2^64 - 2 times: then it is raised already.  The raw call
	 * is no cancellation point, and saves turning cancellation off and on, which costs more
	 * than the gate does. */
	(void)syscall(SYS_write, bell->rope, &once, sizeof once);
}

void ump__bell_silence(const struct ump__bell *bell)
{
	uint64_t times;
	int cancel = ump__cancel_off();

	/* Fails if it was not raised. */
	(void)!read(bell->fd, &times, sizeof times);
	ump__cancel_restore(cancel);
}
