/* SPDX-License-Identifier: 0BSD */
/* The platform, whichever was built: parking, time, threads, memory. */
#include "sync/sync.h"

#include "check.h"

#include <limits.h>
#include <signal.h>
#include <string.h>

#define MS INT64_C(1000000)
/* More than any address space has free.  With 32 bits even half of it may be. */
#define TOO_MUCH (SIZE_MAX > UINT32_MAX ? SIZE_MAX / 4 : SIZE_MAX / 16 * 15)

static struct ump__word word;

static void *sleeper(void *arg)
{
	(void)arg;
	while (ump__word_peek(&word) == UMP__INBOX_PARKED)
		CHECK(ump__park(&word, UMP__INBOX_PARKED, UMP_FOREVER));
	return NULL;
}

static void wake_up(void)
{
	for (int round = 0; round < 200; round++) {
		struct ump__os_thread thread;
		uintptr_t seen = UMP__INBOX_PARKED;

		ump__word_init(&word, UMP__INBOX_PARKED);
		CHECK_INT(ump__thread_start(&thread, sleeper, NULL, 0), ==, UMP_OK);
		if (round % 2 == 0)
			check_nap(1);
		CHECK(ump__inbox_word_park(&word, &seen, UMP__INBOX_EMPTY));
		ump__wake(&word);
		ump__thread_join(&thread);
	}
}

static void other_value(void)
{
	ump__word_init(&word, UMP__INBOX_EMPTY);
	CHECK(ump__park(&word, UMP__INBOX_PARKED, UMP_FOREVER));
	CHECK(ump__park(&word, UMP__INBOX_PARKED, ump_after(3600 * 1000 * MS)));
}

static void deadlines(void)
{
	ump_time before = ump_now();

	ump__word_init(&word, UMP__INBOX_PARKED);
	while (ump__park(&word, UMP__INBOX_PARKED, before + 20 * MS))
		continue;
	CHECK_INT(ump_now() - before, >=, 20 * MS);
	while (ump__park(&word, UMP__INBOX_PARKED, UMP_NOW))
		continue;
	while (ump__park(&word, UMP__INBOX_PARKED, -5))
		continue;
	while (ump__park(&word, UMP__INBOX_PARKED, INT64_MIN))
		continue;
}

static void dead_words(void)
{
	struct ump__word *gone = ump__alloc(sizeof *gone);

	CHECK(gone != NULL);
	ump__free(gone);
	ump__wake(gone);
}

static void time_arithmetic(void)
{
	struct timespec split = ump__timespec(INT64_C(3000000007));
	ump_time now = ump_now();

	CHECK_INT(now, >, 0);
	CHECK_INT(ump_after(0), >=, now);
	CHECK_INT(ump_after(INT64_MAX), ==, UMP_FOREVER);
	CHECK_INT(ump_after(INT64_MAX - 1), ==, UMP_FOREVER);
	CHECK_INT(ump_after(INT64_MIN), <, 0);
	CHECK_INT(ump_after(-1), <=, ump_now());
	CHECK_INT(split.tv_sec, ==, 3);
	CHECK_INT(split.tv_nsec, ==, 7);
	split = ump__timespec(-1);
	CHECK_INT(split.tv_sec, ==, 0);
	CHECK_INT(split.tv_nsec, ==, 0);
	split = ump__timespec(UMP_FOREVER);
	CHECK_INT(split.tv_sec, >, INT32_MAX / 2);
}

static sigset_t mask_of_thread;
static struct ump__os_thread started;

static void *look_around(void *arg)
{
	(void)arg;
	pthread_sigmask(SIG_SETMASK, NULL, &mask_of_thread);
	ump__thread_name("looker");
	return NULL;
}

static void threads(void)
{
	sigset_t before;
	sigset_t after;

	pthread_sigmask(SIG_SETMASK, NULL, &before);
	CHECK_INT(ump__thread_start(&started, look_around, NULL, 1), ==, UMP_OK);
	CHECK(!ump__thread_is_current(&started));
	ump__thread_join(&started);
	pthread_sigmask(SIG_SETMASK, NULL, &after);
	CHECK_INT(sigismember(&after, SIGUSR1), ==, sigismember(&before, SIGUSR1));
	CHECK_INT(sigismember(&mask_of_thread, SIGUSR1), ==, 1);
	CHECK_INT(sigismember(&mask_of_thread, SIGTERM), ==, 1);
	/* A crash handler must see a crash. */
	CHECK_INT(sigismember(&mask_of_thread, SIGSEGV), ==, 0);
	CHECK_INT(sigismember(&mask_of_thread, SIGABRT), ==, 0);
}

static void no_thread(void)
{
	CHECK_INT(ump__thread_start(&started, look_around, NULL, SIZE_MAX), ==, UMP_NO_THREAD);
	CHECK_INT(ump__thread_start(&started, look_around, NULL, TOO_MUCH), ==, UMP_NO_THREAD);
}

static void memory(void)
{
	unsigned char *lines = ump__alloc_line(1);

	CHECK(lines != NULL);
	CHECK_INT((uintptr_t)lines % UMP__LINE, ==, 0);
	memset(lines, 1, UMP__LINE);
	ump__free(lines);
	ump__free(NULL);
	CHECK(ump__alloc(TOO_MUCH) == NULL);
}

static void spinning(void)
{
	int here = ump__cpu();

	ump__word_init(&word, UMP__INBOX_EMPTY);
	ump__spin(&word, UMP__INBOX_EMPTY, UMP__SIDE_SERVER, UMP__CPU_UNKNOWN);
	ump__spin(&word, UMP__INBOX_EMPTY, UMP__SIDE_SERVER, here);
	ump__spin(&word, UMP__INBOX_EMPTY, UMP__SIDE_CLIENT, here);
	ump__spin(&word, UMP__INBOX_PARKED, UMP__SIDE_CLIENT, UMP__CPU_UNKNOWN);
	ump__spin(&word, UMP__INBOX_PARKED, UMP__SIDE_SERVER, UMP__CPU_UNKNOWN);
	ump__spin(&word, UMP__INBOX_PARKED, UMP__SIDE_CLIENT, here);
}

static const struct check_test tests[] = {
	{"[quiet] a sleeper is woken, whether it slept already or not yet", wake_up},
	{"[quiet] nobody sleeps on a word that has changed", other_value},
	{"[deadline] sleep ends with its deadline, not before it, and at once after it", deadlines},
	{"[quiet] waking an address whose memory is gone is harmless", dead_words},
	{"[deadline] time saturates", time_arithmetic},
	{"[user] threads start with foreign signals blocked, and the starter's mask stays",
		threads},
	{"[clean] a thread that cannot be had gives a code", no_thread},
	{"[clean] memory is aligned as asked", memory},
	{"[quiet] spinning ends", spinning},
};

CHECK_MAIN(tests)
