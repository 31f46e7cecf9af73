/* SPDX-License-Identifier: 0BSD */
/*
 * The library's internal state, to find out why a test hangs.  Everything is read through the
 * kernel, which reports freed memory as an error; a plain read would end the process.
 */
#define _GNU_SOURCE
#include "channel/channel.h"
#include "check.h"

#include <dirent.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#define CHANNELS 64
/* Longer chains are not counted to the end. */
#define NODES 100000

static bool peek(const void *from, void *to, size_t size)
{
	struct iovec local = {to, size};
	struct iovec remote = {(void *)(uintptr_t)from, size};

	/* Not the libc function: sanitizers would check what it reads. */
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
		/* The value is a pointer that was stored as a number. */
		fprintf(stderr, "of %zu", chain_length((const void *)inbox));
	else
		fprintf(stderr, "%s",
			inbox == UMP__INBOX_EMPTY    ? "empty"
			: inbox == UMP__INBOX_PARKED ? "parked"
						     : "closed");
	fprintf(stderr, ", batch of %zu, %zu skipped%s\n", chain_length(server.batch.head),
		(size_t)ump__count_get(&server.skipped), server.drained ? ", ended" : "");
}

/* Read one line of a file in a thread's /proc folder, without the line end. */
static void read_line(const char *task, const char *file, char *line, int size)
{
	char path[300];
	FILE *open;

	line[0] = '\0';
	snprintf(path, sizeof path, "/proc/self/task/%s/%s", task, file);
	open = fopen(path, "r");
	if (open == NULL)
		return;
	if (fgets(line, size, open) != NULL)
		line[strcspn(line, "\n")] = '\0';
	fclose(open);
}

/* Print where threads are, as the kernel sees them.  ThreadSanitizer withholds signals, and so
 * stacks, from threads that sleep in calls that it does not know.  A system call is printed as its
 * number and arguments; for a futex, the first argument is the word. */
static void print_threads(void)
{
	DIR *tasks = opendir("/proc/self/task");
	struct dirent *task;
	char name[32];
	char call[200];

	while (tasks != NULL && (task = readdir(tasks)) != NULL) {
		if (task->d_name[0] == '.')
			continue;
		read_line(task->d_name, "comm", name, sizeof name);
		read_line(task->d_name, "syscall", call, sizeof call);
		fprintf(stderr, "-- thread %s \"%s\": system call %s\n", task->d_name, name, call);
	}
	if (tasks != NULL)
		closedir(tasks);
}

void state_print(void)
{
	void *channels[CHANNELS];
	size_t count = faults_channels(channels, CHANNELS);

	fprintf(stderr, "-- the library: %ld blocks live, %zu%s channels\n", faults_live(), count,
		count == CHANNELS ? " or more" : "");
	for (size_t i = 0; i < count; i++)
		print_channel(channels[i]);
	print_threads();
}
