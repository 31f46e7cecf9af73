/* SPDX-License-Identifier: 0BSD */
/* A sandbox that refuses futexes: the linker redirects the platform's calls to this file. */
#include "check.h"
#include "sync/sync.h"

#include <errno.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <sys/resource.h>
#include <sys/syscall.h>

#define MS INT64_C(1000000)
/* The operations, without the flag for private futexes. */
#define OPERATION 127
#define WAKE      1

long __real_syscall(long number, ...);
long __wrap_syscall(long number, ...);

/* Error that each call fails with; 0: make the call. */
static atomic_int answer;
/* Refuse only wakes. */
static atomic_bool wakes_only;
static atomic_long refused;

static bool is_futex(long number)
{
#ifdef SYS_futex
	if (number == SYS_futex)
		return true;
#endif
#ifdef SYS_futex_time64
	if (number == SYS_futex_time64)
		return true;
#endif
	return false;
}

long __wrap_syscall(long number, ...)
{
	long args[6];
	va_list list;

	va_start(list, number);
	for (int i = 0; i < 6; i++)
		args[i] = va_arg(list, long);
	va_end(list);
	if (is_futex(number) && atomic_load(&answer) != 0 &&
		((args[1] & OPERATION) == WAKE || !atomic_load(&wakes_only))) {
		atomic_fetch_add(&refused, 1);
		errno = atomic_load(&answer);
		return -1;
	}
	return __real_syscall(number, args[0], args[1], args[2], args[3], args[4], args[5]);
}

static void refuse(int error)
{
	atomic_store(&answer, error);
	atomic_store(&refused, 0);
}

static int64_t cpu_ns(void)
{
	struct rusage usage;

	CHECK_INT(getrusage(RUSAGE_SELF, &usage), ==, 0);
	return (usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) * INT64_C(1000000000) +
	       (usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) * INT64_C(1000);
}

static struct ump_flow add_one(void *self, const void *msg, ump_reply_context **rc)
{
	int sum = *(const int *)msg + 1;

	(void)self;
	CHECK_INT(ump_reply(rc, &sum), ==, UMP_OK);
	return ump_continue();
}

static int build(void *arg, ump_client *client, struct ump_handler *out)
{
	(void)arg;
	(void)client;
	out->request = add_one;
	return 0;
}

/* An idle server must use no processor time, and must reply to a request. */
static void idle(void)
{
	struct ump_config config = {.request.size = sizeof(int), .reply.size = sizeof(int)};
	ump_client *client;
	ump_thread *thread;
	int64_t before;
	int sum = 1;

	CHECK_INT(ump_spawn_thread(&config, build, NULL, &client, &thread), ==, UMP_OK);
	for (int i = 0; i < 20; i++) {
		int from = sum;

		/* The server is asleep by then: a wake that is refused would leave it so. */
		check_nap(5 + i);
		CHECK_INT(ump_client_req(client, &from, &sum, UMP_FOREVER), ==, UMP_OK);
		CHECK_INT(sum, ==, i + 2);
	}
	check_nap(50);
	atomic_store(&refused, 0);
	before = cpu_ns();
	check_nap(400);
	CHECK_INT(cpu_ns() - before, <, 100 * MS);
	CHECK_INT(atomic_load(&refused), <, 20);
	ump_client_drop(&client);
	CHECK_INT(ump_thread_join(&thread, NULL, UMP_FOREVER), ==, UMP_OK);
}

/* What every platform promises of sleeping. */
static void sleeps(void)
{
	struct ump__word word;
	ump_time before = ump_now();
	int rounds = 0;

	ump__word_init(&word, UMP__INBOX_PARKED);
	while (ump__park(&word, UMP__INBOX_PARKED, before + 50 * MS))
		rounds++;
	CHECK_INT(ump_now() - before, >=, 50 * MS);
	CHECK_INT(rounds, <, 20);
	CHECK(!ump__park(&word, UMP__INBOX_PARKED, UMP_NOW));
	CHECK(!ump__park(&word, UMP__INBOX_PARKED, INT64_MIN));
	CHECK(ump__park(&word, UMP__INBOX_EMPTY, UMP_FOREVER));
	ump__wake(&word);
}

/* What the library learns first is kept, so the order of the tests matters. */
static void wakes_refused(void)
{
	atomic_store(&wakes_only, true);
	refuse(EPERM);
	idle();
	sleeps();
	atomic_store(&wakes_only, false);
}

static void all_refused(void)
{
	static const int errors[] = {EPERM, ENOSYS, EACCES, EINVAL};

	for (size_t i = 0; i < sizeof errors / sizeof *errors; i++) {
		refuse(errors[i]);
		sleeps();
		idle();
	}
}

/* The sandbox is entered after threads have slept. */
static void refused_later(void)
{
	refuse(0);
	sleeps();
	idle();
	all_refused();
}

/* Runs in a process of its own, which has learnt nothing yet. */
static void in_turn(void)
{
	wakes_refused();
	check_failed(__FILE__, __LINE__, "as it should be");
}

static void wakes_alone(void)
{
	CHECK(check_dies(in_turn, "as it should be"));
}

static const struct check_test tests[] = {
	{"[quiet]: where the system refuses to wake, no thread sleeps by its means", wakes_alone},
	{"[quiet]: refused from some moment on, futexes are done without", refused_later},
	{"[quiet]: refused from the beginning, too", all_refused},
};

CHECK_MAIN(tests)
