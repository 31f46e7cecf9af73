/* SPDX-License-Identifier: 0BSD */
/* Tests that must fail, one for each kind of failure that the framework detects. */
#include "check.h"
#include "sync/sync.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

static void check(void)
{
	CHECK_INT(1, ==, 2);
}

static void *fail(void *arg)
{
	CHECK(arg != NULL);
	return NULL;
}

static void thread(void)
{
	pthread_t id;

	pthread_create(&id, NULL, fail, NULL);
	pthread_join(id, NULL);
}

static void memory(void)
{
	(void)ump__alloc(1);
}

/* Leak a notifier: it is never closed. */
static void notifier(void)
{
	static struct ump__notifier left;

	CHECK_INT(ump__notifier_open(&left), ==, UMP_OK);
	/* Only the account of notifiers must be able to detect it. */
	close(left.fd);
	if (left.write_fd != left.fd)
		close(left.write_fd);
}

static void descriptor(void)
{
	CHECK(dup(0) >= 0);
}

void *sleep_for_ever(void *arg);

/* Not static, so that its name is in the stacks that the watchdog prints. */
void *sleep_for_ever(void *arg)
{
	for (;;)
		check_nap(100);
	return arg;
}

static void lingering(void)
{
	pthread_t id;

	pthread_create(&id, NULL, sleep_for_ever, NULL);
	pthread_detach(id);
}

static void hang(void)
{
	pthread_t id;

	pthread_create(&id, NULL, sleep_for_ever, NULL);
	pthread_join(id, NULL);
}

static const struct check_test tests[] = {
	{"check", check},
	{"thread: a check on another thread", thread},
	{"memory", memory},
	{"notifier", notifier},
	{"descriptor", descriptor},
	{"lingering", lingering},
	{"hang", hang},
};

CHECK_MAIN(tests)
