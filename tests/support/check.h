/* SPDX-License-Identifier: 0BSD */
/*
 * The test framework: plain executables, whose checks may fail on any thread.
 *
 * A failed check prints its place and values, and ends the process.  A watchdog ends a test that
 * hangs, and prints the stacks of all threads.  Each test must leave nothing behind: none of the
 * library's memory or notifiers, no thread and no file descriptor; [clean].
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
	/* What the test shows, with the tags of the promises that it checks. */
	const char *title;
	void (*run)(void);
};

/* Run all tests, or those whose titles contain argv[1].  Return the exit status for main. */
int check_main(const struct check_test *tests, size_t count, int argc, char **argv);

#define CHECK_MAIN(tests)                                                                          \
	int main(int argc, char **argv)                                                            \
	{                                                                                          \
		return check_main(tests, sizeof(tests) / sizeof *(tests), argc, argv);             \
	}

/* Seconds that one test may take before the watchdog ends it.  The environment variable
 * CHECK_TIMEOUT overrides it. */
#define CHECK_TIMEOUT 60

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

/* Restart the watchdog's time limit: the test makes progress.  Any thread. */
void check_progress(void);

/* If set, called after a failed check and before the watchdog ends the process, to print how to
 * reproduce the failure. */
extern void (*check_also)(void);

/* Sleep for `ms` milliseconds.  Use it to make an event likely; a test must not rely on it. */
void check_nap(int ms);

/* Return whether `run` ends the process with a message that contains `text`.  A sanitizer may end
 * it with a message of its own, which counts too.  `run` is called in another process, which has
 * the globals as they were before the first test; `text` must be static. */
bool check_dies(void (*run)(void), const char *text);

/* ---- Fault injection and accounts of the library's memory, threads and notifiers ------------- */

/* Make the `n`-th call that can fail (0: the next one) fail, once: memory, thread or notifier. */
void faults_at(int n);

/* Disable fault injection.  Return whether the fault was hit. */
bool faults_off(void);

/* Number of calls that can fail, to date. */
long faults_calls(void);

/* Blocks of memory that the library holds now. */
long faults_live(void);

/* Notifiers that the library holds now; each is one file descriptor or two. */
long faults_notifiers(void);

/* Store the addresses of up to `capacity` of the library's live channels; return their number. */
size_t faults_channels(void **out, size_t capacity);

/* Print the readable state of the library's channels, to diagnose a hang. */
void state_print(void);

#ifdef __cplusplus
}
#endif

#endif
