/* SPDX-License-Identifier: 0BSD */
/* The platform in this build: parking, time, threads, memory. */
#include "sync/sync.h"

#include "check.h"

#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#define MS INT64_C(1000000)
/* More than any address space has free.  With 32 bits, even half of it may be free. */
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
		CHECK_INT(ump__thread_join(&thread, UMP_FOREVER), ==, UMP_OK);
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
	CHECK_INT(ump__thread_join(&started, UMP_FOREVER), ==, UMP_OK);
	pthread_sigmask(SIG_SETMASK, NULL, &after);
	CHECK_INT(sigismember(&after, SIGUSR1), ==, sigismember(&before, SIGUSR1));
	CHECK_INT(sigismember(&mask_of_thread, SIGUSR1), ==, 1);
	CHECK_INT(sigismember(&mask_of_thread, SIGTERM), ==, 1);
	/* A crash handler must see a crash. */
	CHECK_INT(sigismember(&mask_of_thread, SIGSEGV), ==, 0);
	CHECK_INT(sigismember(&mask_of_thread, SIGABRT), ==, 0);
	/* A profiler must see the thread. */
	CHECK_INT(sigismember(&mask_of_thread, SIGPROF), ==, 0);
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

/* ---- Notifiers ----------------------------------------------------------------------------- */

static struct ump__notifier notifier;

static bool raised(void)
{
	struct pollfd look = {notifier.fd, POLLIN, 0};

	return poll(&look, 1, 0) == 1 && (look.revents & POLLIN) != 0;
}

static void notifies(void)
{
	CHECK_INT(ump__notifier_open(&notifier), ==, UMP_OK);
	CHECK(notifier.fd >= 0);
	CHECK(!raised());
	/* Clearing an idle notifier has no effect. */
	ump__notifier_clear(&notifier);
	CHECK(!raised());
	ump__notifier_signal(&notifier);
	CHECK(raised());
	CHECK(raised());
	ump__notifier_signal(&notifier);
	CHECK(raised());
	/* However often it was raised. */
	ump__notifier_clear(&notifier);
	CHECK(!raised());
	ump__notifier_signal(&notifier);
	CHECK(raised());
	ump__notifier_close(&notifier);
	CHECK(fcntl(notifier.fd, F_GETFD) < 0);
}

/* More often than a pipe can hold; even then, raising must not block. */
static void raised_often(void)
{
	CHECK_INT(ump__notifier_open(&notifier), ==, UMP_OK);
	for (int i = 0; i < 100000; i++)
		ump__notifier_signal(&notifier);
	CHECK(raised());
	ump__notifier_clear(&notifier);
	CHECK(!raised());
	/* As many as one read takes, and one fewer or more. */
	for (int times = 63; times <= 65; times++) {
		for (int i = 0; i < times; i++)
			ump__notifier_signal(&notifier);
		ump__notifier_clear(&notifier);
		CHECK(!raised());
	}
	ump__notifier_close(&notifier);
}

static void notifier_deadlines(void)
{
	ump_time before = ump_now();

	CHECK_INT(ump__notifier_open(&notifier), ==, UMP_OK);
	while (ump_now() < before + 20 * MS)
		ump__notifier_wait(&notifier, before + 20 * MS);
	/* Returns at once: these deadlines have passed. */
	ump__notifier_wait(&notifier, UMP_NOW);
	ump__notifier_wait(&notifier, -5);
	ump__notifier_wait(&notifier, INT64_MIN);
	ump__notifier_wait(&notifier, before);
	ump__notifier_signal(&notifier);
	/* Returns at once: it is raised, and stays raised. */
	ump__notifier_wait(&notifier, UMP_FOREVER);
	ump__notifier_wait(&notifier, UMP_FOREVER - 1);
	ump__notifier_wait(&notifier, ump_after(3600 * 1000 * MS));
	CHECK(raised());
	ump__notifier_close(&notifier);
}

static void *raiser(void *arg)
{
	if (arg != NULL)
		check_nap(1);
	ump__notifier_signal(&notifier);
	return NULL;
}

static void notifier_wakes(void)
{
	CHECK_INT(ump__notifier_open(&notifier), ==, UMP_OK);
	for (int round = 0; round < 100; round++) {
		struct ump__os_thread thread;

		CHECK_INT(ump__thread_start(&thread, raiser, round % 2 ? &notifier : NULL, 0), ==,
			UMP_OK);
		while (!raised())
			ump__notifier_wait(&notifier, UMP_FOREVER);
		CHECK_INT(ump__thread_join(&thread, UMP_FOREVER), ==, UMP_OK);
		ump__notifier_clear(&notifier);
	}
	ump__notifier_close(&notifier);
}

static atomic_bool enough;
static bool was_open[64];

static void *open_and_close(void *arg)
{
	struct ump__notifier opened;

	while (!atomic_load(&enough)) {
		CHECK_INT(ump__notifier_open(&opened), ==, UMP_OK);
		ump__notifier_close(&opened);
	}
	return arg;
}

/* Whether a process that is started now would inherit a notifier's descriptor; checked in a
 * child. */
static bool child_inherits(void)
{
	pid_t child = fork();
	int status;

	CHECK(child >= 0);
	if (child == 0) {
		for (int fd = 3; fd < 64; fd++) {
			int flags = was_open[fd] ? -1 : fcntl(fd, F_GETFD);

			if (flags >= 0 && (flags & FD_CLOEXEC) == 0)
				_exit(1);
		}
		_exit(0);
	}
	CHECK_INT(waitpid(child, &status, 0), ==, child);
	return status != 0;
}

static void not_inherited(void)
{
	struct ump__os_thread thread;

	for (int fd = 0; fd < 64; fd++)
		was_open[fd] = fcntl(fd, F_GETFD) >= 0;
	atomic_store(&enough, false);
	CHECK_INT(ump__thread_start(&thread, open_and_close, NULL, 0), ==, UMP_OK);
	for (int i = 0; i < 300; i++)
		CHECK(!child_inherits());
	atomic_store(&enough, true);
	ump__thread_join(&thread, UMP_FOREVER);
}

/* One descriptor fewer than a notifier needs, and then none. */
static void no_notifier(void)
{
	struct rlimit limit;
	struct rlimit none;
	int top = dup(0);

	CHECK(top >= 0);
	close(top);
	CHECK_INT(getrlimit(RLIMIT_NOFILE, &limit), ==, 0);
	none = limit;
	none.rlim_cur = (rlim_t)top;
	CHECK_INT(setrlimit(RLIMIT_NOFILE, &none), ==, 0);
	CHECK_INT(ump__notifier_open(&notifier), ==, UMP_NO_FD);
	CHECK_INT(notifier.fd, ==, -1);
	CHECK_INT(setrlimit(RLIMIT_NOFILE, &limit), ==, 0);
}

/* ---- Locks and the thread's own pointer ---------------------------------------------------- */

static struct ump__lock lock;
static struct ump__lock static_lock = UMP__LOCK_FREE;
static int guarded;

static void *locker(void *arg)
{
	for (int i = 0; i < 10000; i++) {
		ump__lock_take(arg);
		/* Not atomic: ThreadSanitizer checks it, and a lost increment would be missing. */
		guarded++;
		ump__lock_give(arg);
	}
	return NULL;
}

static void try_lock(struct ump__lock *tried)
{
	struct ump__os_thread threads[4];

	guarded = 0;
	for (int i = 0; i < 4; i++)
		CHECK_INT(ump__thread_start(&threads[i], locker, tried, 0), ==, UMP_OK);
	for (int i = 0; i < 4; i++)
		CHECK_INT(ump__thread_join(&threads[i], UMP_FOREVER), ==, UMP_OK);
	CHECK_INT(guarded, ==, 40000);
}

static void locks(void)
{
	ump__lock_init(&lock);
	try_lock(&lock);
	ump__lock_end(&lock);
	try_lock(&static_lock);
}

static void *look_into_slot(void *arg)
{
	CHECK(*ump__thread_slot() == NULL);
	CHECK(ump__thread_slot() != arg);
	*ump__thread_slot() = &word;
	return NULL;
}

static void thread_slots(void)
{
	struct ump__os_thread thread;
	void **slot = ump__thread_slot();

	CHECK(*slot == NULL);
	*slot = slot;
	CHECK_INT(ump__thread_start(&thread, look_into_slot, slot, 0), ==, UMP_OK);
	CHECK_INT(ump__thread_join(&thread, UMP_FOREVER), ==, UMP_OK);
	CHECK(ump__thread_slot() == slot);
	CHECK(*slot == slot);
	*slot = NULL;
}

static const struct check_test tests[] = {
	{"[quiet] a sleeper is woken, whether it slept already or not yet", wake_up},
	{"[quiet] no thread sleeps on a word that has changed", other_value},
	{"[deadline] sleep ends with its deadline, not before it, and at once after it", deadlines},
	{"[quiet] waking an address whose memory is gone is harmless", dead_words},
	{"[deadline] time saturates", time_arithmetic},
	{"[user] threads start with foreign signals blocked, and the starter's mask stays",
		threads},
	{"[clean] a thread that cannot start gives a code", no_thread},
	{"[clean] memory is aligned as asked", memory},
	{"[quiet] spinning ends", spinning},
	{"[quiet] [task] a notifier is readable from its first signal until it is cleared",
		notifies},
	{"[quiet] a notifier may be raised any number of times: it neither blocks nor stays raised "
	 "when cleared",
		raised_often},
	{"[deadline] a wait for a notifier ends with its signal or with the deadline",
		notifier_deadlines},
	{"[quiet] a notifier wakes its waiter, whether it waits already or not yet",
		notifier_wakes},
	{"[clean] a notifier that cannot be opened gives a code, and leaves nothing open",
		no_notifier},
	{"[clean] a process that is started while a notifier is opened inherits nothing of it",
		not_inherited},
	{"[user] a lock lets one thread in at a time", locks},
	{"[deadlock] each thread has a pointer of its own, NULL at first", thread_slots},
};

CHECK_MAIN(tests)
