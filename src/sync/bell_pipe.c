/* SPDX-License-Identifier: 0BSD */
/* Bells by POSIX means alone: a pipe, which rings while there is a byte in it. */
#include "probe.h"
#include "sync/cancel.h"
#include "sync/sync.h"

#include <fcntl.h>
#include <unistd.h>

/* pipe2, which does this at once, is not POSIX.  A process started by another thread in between
 * inherits the two, which does no harm: nobody there knows of them. */
static bool prepare(int fd)
{
	return fcntl(fd, F_SETFD, FD_CLOEXEC) == 0 && fcntl(fd, F_SETFL, O_NONBLOCK) == 0;
}

int ump__bell_open(struct ump__bell *bell)
{
	int ends[2];

	if (pipe(ends) != 0) {
		bell->fd = -1;
		bell->rope = -1;
		return UMP_NO_FD;
	}
	bell->fd = ends[0];
	bell->rope = ends[1];
	if (prepare(bell->fd) && prepare(bell->rope))
		return UMP_OK;
	ump__bell_close(bell);
	return UMP_NO_FD;
}

void ump__bell_close(struct ump__bell *bell)
{
	int cancel = ump__cancel_off();

	/* The rope first: a pipe that nobody reads would raise SIGPIPE if it were rung. */
	close(bell->rope);
	close(bell->fd);
	ump__cancel_restore(cancel);
	bell->fd = -1;
	bell->rope = -1;
}

void ump__bell_ring(const struct ump__bell *bell)
{
	int cancel = ump__cancel_off();

	UMP__PROBE(ring, bell, bell->fd);
	/* It fails if the pipe is full: then it rings already. */
	(void)!write(bell->rope, "", 1);
	ump__cancel_restore(cancel);
}

void ump__bell_silence(const struct ump__bell *bell)
{
	char rung[64];
	ssize_t count;
	int cancel = ump__cancel_off();

	do {
		count = read(bell->fd, rung, sizeof rung);
	} while (count == (ssize_t)sizeof rung);
	ump__cancel_restore(cancel);
}
