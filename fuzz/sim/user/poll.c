/* SPDX-License-Identifier: 0BSD */
/* Event loops: poll on the descriptors of tasks and of completions; there are no others. */
#include "user/objects.h"
#include "user/real.h"
#include "user/user.h"

#include "machine/trace.h"
#include "model/race.h"
#include "platform/devices.h"

#include <poll.h>
#include <unistd.h>

int __wrap_poll(struct pollfd *fds, nfds_t count, int timeout);
ssize_t __wrap_write(int fd, const void *bytes, size_t size);

static int raised(struct pollfd *fds, nfds_t count)
{
	int ready = 0;

	for (nfds_t i = 0; i < count; i++) {
		fds[i].revents = 0;
		if (fds[i].fd >= 0 && (fds[i].events & POLLIN) != 0 &&
			notifier_is_raised(fds[i].fd))
			fds[i].revents = POLLIN;
		ready += fds[i].revents != 0;
	}
	return ready;
}

int __wrap_poll(struct pollfd *fds, nfds_t count, int timeout)
{
	struct step step = {
		.op = OP_POLL, .address = count > 0 ? (uintptr_t)fds[0].fd : 0, .pc = CALLER};
	int64_t deadline = INT64_MAX;
	int ready;

	if (!simulated())
		return poll(fds, count, timeout);
	for (nfds_t i = 0; i < count; i++) {
		if (fds[i].fd >= 0 && !notifier_is_known(fds[i].fd))
			world_refuse("poll on a descriptor that is not the library's", step.pc);
	}
	if (timeout >= 0)
		deadline = machine.clock + (int64_t)timeout * 1000000;
	self()->live_from = FRAME;
	step.expected = (uint64_t)deadline;
	machine_step(&step);
	race_access((uintptr_t)fds, count * sizeof *fds, PLAIN_WRITE, step.pc);
	ready = raised(fds, count);
	trace_result((uint64_t)ready, ready > 0);
	while (ready == 0 && timeout != 0) {
		bool late = object_sleep(OP_POLL, NOTIFIER_ANY, deadline);

		ready = raised(fds, count);
		if (late)
			break;
	}
	machine_scrub();
	return ready;
}

ssize_t __wrap_write(int fd, const void *bytes, size_t size)
{
	if (!simulated())
		return write(fd, bytes, size);
	if (fd != STDOUT_FILENO && fd != STDERR_FILENO)
		world_refuse("write to a descriptor", CALLER);
	race_access((uintptr_t)bytes, size, PLAIN_READ, CALLER);
	machine_scrub();
	return (ssize_t)size;
}
