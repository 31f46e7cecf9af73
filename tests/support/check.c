/* SPDX-License-Identifier: 0BSD */
#define _GNU_SOURCE
#include "check.h"

#include <dirent.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/* backtrace() is not part of POSIX, and musl does not have it. */
#ifdef __has_include
#if __has_include(<execinfo.h>)
#include <execinfo.h>
#define HAS_BACKTRACE 1
#endif
#endif

/* Sanitizers abort on an allocation that is too large; the tests must see the error code
 * instead. */
const char *__asan_default_options(void);
const char *__tsan_default_options(void);

const char *__asan_default_options(void)
{
	return "allocator_may_return_null=1";
}

/* There is no other thread to wait for at exit; the wait would cost a second for each test. */
const char *__tsan_default_options(void)
{
	return "allocator_may_return_null=1:atexit_sleep_ms=0";
}

static const char *_Atomic current = "(none)";
static atomic_ulong progress;
void (*check_also)(void);

void check_progress(void)
{
	atomic_fetch_add_explicit(&progress, 1, memory_order_relaxed);
}

void check_failed(const char *file, int line, const char *format, ...)
{
	char text[512];
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(text, sizeof text, format, arguments);
	va_end(arguments);
	fprintf(stderr, "%s:%d: in \"%s\": not true: %s\n", file, line, current, text);
	if (check_also != NULL)
		check_also();
	fflush(NULL);
	_exit(1);
}

void check_nap(int ms)
{
	struct timespec nap = {ms / 1000, ms % 1000 * 1000000L};

	nanosleep(&nap, NULL);
}

static time_t seconds(void)
{
	struct timespec now;

	CHECK(clock_gettime(CLOCK_MONOTONIC, &now) == 0);
	return now.tv_sec;
}

/* Number of entries in a folder of /proc: threads, or file descriptors. */
static int entries(const char *folder)
{
	DIR *open = opendir(folder);
	int count = 0;

	if (open == NULL)
		return -1;
	while (readdir(open) != NULL)
		count++;
	closedir(open);
	return count;
}

/* ---- The watchdog -------------------------------------------------------------------------- */

#ifdef HAS_BACKTRACE
static void print_stack(int signal)
{
	void *frames[64];
	int depth = backtrace(frames, 64);
	static const char line[] = "-- a thread:\n";

	(void)signal;
	if (write(STDERR_FILENO, line, sizeof line - 1) > 0)
		backtrace_symbols_fd(frames, depth, STDERR_FILENO);
}

/* Ask each thread in turn for its stack. */
static void print_all_stacks(void)
{
	DIR *tasks = opendir("/proc/self/task");
	struct dirent *task;

	if (tasks == NULL)
		return;
	while ((task = readdir(tasks)) != NULL) {
		int id = atoi(task->d_name);

		if (id > 0 && id != (int)syscall(SYS_gettid)) {
			syscall(SYS_tgkill, getpid(), id, SIGUSR2);
			check_nap(100);
		}
	}
	closedir(tasks);
}

/* Install the handler that prints a stack. */
static void listen_for_stacks(void)
{
	struct sigaction action;
	void *warm[1];

	memset(&action, 0, sizeof action);
	action.sa_handler = print_stack;
	action.sa_flags = SA_RESTART;
	sigaction(SIGUSR2, &action, NULL);
	/* The first call loads a library, which a signal handler must not do. */
	(void)backtrace(warm, 1);
}
#else
static void listen_for_stacks(void)
{
}

static void print_all_stacks(void)
{
	fprintf(stderr, "not run: stacks of a test that hangs: this libc has no backtrace()\n");
}
#endif

static int watchdog_timeout(void)
{
	const char *asked = getenv("CHECK_TIMEOUT");

	return asked != NULL ? atoi(asked) : CHECK_TIMEOUT;
}

static void *watch(void *arg)
{
	int timeout = watchdog_timeout();

	(void)arg;
	for (;;) {
		const char *seen = current;
		unsigned long reached = progress;
		int seconds = 0;

		while (current == seen && progress == reached && seconds < timeout) {
			check_nap(1000);
			seconds++;
		}
		if (current == seen && progress == reached) {
			fprintf(stderr,
				"\"%s\" hangs: no progress in %d s (addr2line -pfe names the "
				"rest)\n",
				seen, timeout);
			if (check_also != NULL)
				check_also();
			state_print();
			print_all_stacks();
			_exit(2);
		}
	}
	return NULL;
}

static void start_watchdog(void)
{
	pthread_t id;

	listen_for_stacks();
	if (pthread_create(&id, NULL, watch, NULL) != 0)
		check_failed(__FILE__, __LINE__, "the watchdog starts");
	pthread_detach(id);
}

/* ---- Deaths -------------------------------------------------------------------------------- */

/*
 * A test that must die runs in a child of a process that never had a second thread.  By POSIX, a
 * child of the test itself, which has threads, may do almost nothing.  If such a child starts a
 * thread, ThreadSanitizer ends it, and so does qemu 7.2, whose thread table still has the parent's
 * threads.
 */
struct death {
	void (*doomed)(void);
	const char *text;
};

static int ask_for_death[2];
static int hear_of_death[2];

static bool died(const struct death *death)
{
	char said[8192];
	size_t length = 0;
	ssize_t got;
	int ends[2];
	int status;
	pid_t child;

	CHECK(pipe(ends) == 0);
	child = fork();
	CHECK(child >= 0);
	if (child == 0) {
		dup2(ends[1], STDERR_FILENO);
		close(ends[0]);
		close(ends[1]);
		/* The watchdog does not cover this process. */
		alarm((unsigned)watchdog_timeout());
		death->doomed();
		_exit(0);
	}
	close(ends[1]);
	while (length < sizeof said - 1 &&
		(got = read(ends[0], said + length, sizeof said - 1 - length)) > 0)
		length += (size_t)got;
	said[length] = '\0';
	close(ends[0]);
	CHECK(waitpid(child, &status, 0) == child);
	if (strstr(said, death->text) == NULL && strstr(said, "Sanitizer") == NULL)
		return false;
	return !WIFEXITED(status) || WEXITSTATUS(status) != 0;
}

/* Start that process.  It ends when the test does, because the pipe is closed then. */
static void start_deaths(void)
{
	struct death death;
	pid_t child;

	CHECK(pipe(ask_for_death) == 0);
	CHECK(pipe(hear_of_death) == 0);
	child = fork();
	CHECK(child >= 0);
	if (child > 0) {
		close(ask_for_death[0]);
		close(hear_of_death[1]);
		return;
	}
	close(ask_for_death[1]);
	close(hear_of_death[0]);
	/* It was forked from the test, so these addresses mean the same here. */
	while (read(ask_for_death[0], &death, sizeof death) == (ssize_t)sizeof death) {
		bool answer = died(&death);

		CHECK(write(hear_of_death[1], &answer, sizeof answer) == sizeof answer);
	}
	_exit(0);
}

bool check_dies(void (*doomed)(void), const char *text)
{
	struct death death = {doomed, text};
	bool answer = false;

	CHECK(write(ask_for_death[1], &death, sizeof death) == sizeof death);
	CHECK(read(hear_of_death[0], &answer, sizeof answer) == sizeof answer);
	return answer;
}

/* ---- Running ------------------------------------------------------------------------------- */

/* A thread that was joined or has ended may still be listed for a moment, longer on a busy
 * machine.  The limit must lie below the watchdog's, which reports less. */
static void check_entries(const char *folder, int before)
{
	time_t end = seconds() + watchdog_timeout() / 3;

	while (entries(folder) != before && seconds() < end)
		check_nap(1);
	if (entries(folder) != before)
		check_failed(__FILE__, __LINE__, "%s has %d entries as before, not %d", folder,
			before, entries(folder));
}

static void run(const struct check_test *test)
{
	int threads = entries("/proc/self/task");
	int files = entries("/proc/self/fd");

	current = test->title;
	faults_off();
	test->run();
	faults_off();
	check_entries("/proc/self/task", threads);
	check_entries("/proc/self/fd", files);
	CHECK_INT(faults_live(), ==, 0);
	CHECK_INT(faults_notifiers(), ==, 0);
	printf("ok %s\n", test->title);
	fflush(stdout);
}

int check_main(const struct check_test *tests, size_t count, int argc, char **argv)
{
	size_t done = 0;

	start_deaths();
	start_watchdog();
	for (size_t i = 0; i < count; i++) {
		if (argc > 1 && strstr(tests[i].title, argv[1]) == NULL)
			continue;
		run(&tests[i]);
		done++;
	}
	printf("%zu passed, 0 failed\n", done);
	return done == 0;
}
