/* SPDX-License-Identifier: 0BSD */
/* Notifiers by POSIX means alone: a pipe, which is raised while there is a byte in it. */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include "sync/cancel.h"
#include "sync/probe.h"
#include "sync/sync.h"

#include <fcntl.h>
#include <unistd.h>

/* Both ends must be closed in processes that are started meanwhile: by pipe2, which POSIX has only
 * since 2024, or as soon as possible. */
#if defined(__linux__) || defined(__FreeBSD__) || defined(__NetBSD__) || defined(__OpenBSD__) ||   \
	defined(__DragonFly__) || defined(__illumos__)
/* Where _POSIX_C_SOURCE hides it. */
int pipe2(int ends[2], int flags);

static bool open_ends(int ends[2])
{
	return pipe2(ends, O_CLOEXEC | O_NONBLOCK) == 0;
}
#else
/* A process that another thread starts in between inherits the two. */
static bool prepare(int fd)
{
	return fcntl(fd, F_SETFD, FD_CLOEXEC) == 0 && fcntl(fd, F_SETFL, O_NONBLOCK) == 0;
}

static bool open_ends(int ends[2])
{
	if (pipe(ends) != 0)
		return false;
	if (prepare(ends[0]) && prepare(ends[1]))
		return true;
	(void)close(ends[1]);
	(void)close(ends[0]);
	return false;
}
#endif

int ump__notifier_open(struct ump__notifier *notifier)
{
	int ends[2] = {-1, -1};
	bool opened = open_ends(ends);

	notifier->fd = opened ? ends[0] : -1;
	notifier->write_fd = opened ? ends[1] : -1;
	return opened ? UMP_OK : UMP_NO_FD;
}

void ump__notifier_close(const struct ump__notifier *notifier)
{
	int cancel = ump__cancel_off();

	close(notifier->write_fd);
	close(notifier->fd);
	ump__cancel_restore(cancel);
}

void ump__notifier_signal(const struct ump__notifier *notifier)
{
	int cancel = ump__cancel_off();

	UMP__PROBE(raise, notifier, notifier->fd);
	/* Fails if the pipe is full: then it is raised already. */
	(void)!write(notifier->write_fd, "", 1);
	ump__cancel_restore(cancel);
}

void ump__notifier_clear(const struct ump__notifier *notifier)
{
	char bytes[64];
	ssize_t count;
	int cancel = ump__cancel_off();

	do {
		count = read(notifier->fd, bytes, sizeof bytes);
	} while (count == (ssize_t)sizeof bytes);
	ump__cancel_restore(cancel);
}
