/* SPDX-License-Identifier: 0BSD */
/*
 * The library's own state, for whoever has to find out why a test hangs.  Everything is read
 * through the kernel, which says so where memory is gone, instead of ending the process.
 */
#define _GNU_SOURCE
#include "channel.h"
#include "check.h"

#include <stdio.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#define CHANNELS 64
/* Longer chains are not counted to their end. */
#define NODES 100000

static bool peek(const void *from, void *to, size_t size)
{
	struct iovec local = {to, size};
	struct iovec remote = {(void *)(uintptr_t)from, size};

	/* Not the function: sanitizers would look at what it reads. */
	return syscall(SYS_process_vm_readv, getpid(), &local, 1UL, &remote, 1UL, 0UL) ==
	       (long)size;
}

static size_t chain_length(const void *node)
{
	struct ump__node copy;
	size_t length = 0;

	while (node != NULL && length < NODES && peek(node, &copy, sizeof copy)) {
		node = copy.next;
		length++;
	}
	return length;
}

static void print_channel(const unsigned char *channel)
{
	struct ump_server server;
	uintptr_t inbox = 0;
	uint64_t counts = 0;

	if (!peek(channel + offsetof(struct ump__channel, inbox), &inbox, sizeof inbox) ||
		!peek(channel + offsetof(struct ump__channel, counts), &counts, sizeof counts) ||
		!peek(channel + offsetof(struct ump__channel, server), &server, sizeof server)) {
		fprintf(stderr, "-- channel %p: unreadable\n", (const void *)channel);
		return;
	}
	fprintf(stderr, "-- channel %p: %u strong, %u weak; inbox ", (const void *)channel,
		(unsigned)ump__counts_strong(counts), (unsigned)ump__counts_weak(counts));
	if (ump__inbox_is_node(inbox))
		/* It is read as a pointer that was stored as a number. */
		fprintf(stderr, "of %zu", chain_length((const void *)inbox));
	else
		fprintf(stderr, "%s",
			inbox == UMP__INBOX_EMPTY    ? "empty"
			: inbox == UMP__INBOX_PARKED ? "parked"
						     : "closed");
	fprintf(stderr, ", batch of %zu, %zu skipped%s\n", chain_length(server.batch.head),
		server.skipped, server.ended ? ", ended" : "");
}

void state_print(void)
{
	void *channels[CHANNELS];
	size_t count = faults_lines(channels, CHANNELS);

	fprintf(stderr, "-- the library: %ld blocks live, %zu%s channels\n", faults_live(), count,
		count == CHANNELS ? " or more" : "");
	for (size_t i = 0; i < count; i++)
		print_channel(channels[i]);
}
