/* SPDX-License-Identifier: 0BSD */
/*
 * The test framework: plain executables, whose checks may fail on any thread.
 *
 * A failed check prints where and what, and ends the process.  A watchdog ends a test that hangs,
 * with the stacks of all threads.  After each test nothing may be left: no memory and no bell of
 * the library's, no thread and no file descriptor; [clean].
 */
#ifndef CHECK_H
#define CHECK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

struct check_test {
	/* What it shows, with the tags of the promises that it checks. */
	const char *title;
	void (*run)(void);
};

/* Run all tests, or those whose titles contain argv[1].  The exit status of main. */
int check_main(const struct check_test *tests, size_t count, int argc, char **argv);

#define CHECK_MAIN(tests)                                                                          \
	int main(int argc, char **argv)                                                            \
	{                                                                                          \
		return check_main(tests, sizeof(tests) / sizeof *(tests), argc, argv);             \
	}

/* Seconds that one test may take before the watchdog ends it; the environment variable
 * CHECK_PATIENCE overrides it. */
#define CHECK_PATIENCE 60

void check_failed(const char *file, int line, const char *format, ...)
	__attribute__((noreturn, format(printf, 3, 4)));

#define CHECK(condition)                                                                           \
	((condition) ? (void)0 : check_failed(__FILE__, __LINE__, "%s", #condition))

#define CHECK_INT(left, op, right)                                                                 \
	do {                                                                                       \
		intmax_t check_left = (intmax_t)(left);                                            \
		intmax_t check_right = (intmax_t)(right);                                          \
		if (!(check_left op check_right))                                                  \
			check_failed(__FILE__, __LINE__,                                           \
				"%s %s %s, but left is %jd and right %jd", #left, #op, #right,     \
				check_left, check_right);                                          \
	} while (0)

/* Tell the watchdog that the test goes on: its patience begins anew.  Any thread. */
void check_progress(void);

/* Called, if set, after a failed check and before the watchdog ends the process: to say how to get
 * there again. */
extern void (*check_also)(void);

/* Sleep for so many milliseconds: to make something likely, never to be sure of it. */
void check_nap(int ms);

/* Whether `run` ends the process with a message that contains `text`.  Sanitizers may end it with
 * one of their own, which counts too.  It runs in another process, which has the globals as they
 * were before the first test; `text` is static. */
bool check_dies(void (*run)(void), const char *text);

/* ---- Faults and accounts of the library's memory, threads and bells ------------------------- */

/* Let the `n`-th call that can fail (0 is the next one) fail, once: memory, thread or bell. */
void faults_at(int n);

/* Let nothing fail.  Returns whether the fault was met. */
bool faults_off(void);

/* Calls that can fail, so far. */
long faults_calls(void);

/* Blocks of memory that the library holds now. */
long faults_live(void);

/* Bells, each a file descriptor or two, that the library holds now. */
long faults_bells(void);

/* The addresses of up to `room` of the library's channels that live now; returns how many. */
size_t faults_lines(void **out, size_t room);

/* Print what can be read of the library's channels: of use when everything else hangs. */
void state_print(void);

#ifdef __cplusplus
}
#endif

#endif
