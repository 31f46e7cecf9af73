/* SPDX-License-Identifier: 0BSD */
/* Bells on Linux: an eventfd, which counts how often it was rung and is read empty at once. */
#include "probe.h"
#include "sync/cancel.h"
#include "sync/sync.h"

#include <sys/eventfd.h>
#include <unistd.h>

int ump__bell_open(struct ump__bell *bell)
{
	bell->fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	bell->rope = bell->fd;
	return bell->fd >= 0 ? UMP_OK : UMP_NO_FD;
}

void ump__bell_close(struct ump__bell *bell)
{
	int cancel = ump__cancel_off();

	close(bell->fd);
	ump__cancel_restore(cancel);
	bell->fd = -1;
	bell->rope = -1;
}

void ump__bell_ring(const struct ump__bell *bell)
{
	const uint64_t once = 1;
	int cancel = ump__cancel_off();

	UMP__PROBE(ring, bell, bell->fd);
	/* It fails only when it has been rung 2^64 - 2 times: then it rings already. */
	(void)!write(bell->rope, &once, sizeof once);
	ump__cancel_restore(cancel);
}

void ump__bell_silence(const struct ump__bell *bell)
{
	uint64_t times;
	int cancel = ump__cancel_off();

	/* It fails if it was not rung. */
	(void)!read(bell->fd, &times, sizeof times);
	ump__cancel_restore(cancel);
}
