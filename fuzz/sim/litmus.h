/* SPDX-License-Identifier: 0BSD */
/*
 * Litmus tests: programs of a few accesses, whose outcomes tell one memory model from another.  The
 * simulator runs each of them exhaustively and must meet exactly the outcomes that C11 allows, but
 * for those that are listed as not modelled.
 */
#ifndef SIM_LITMUS_H
#define SIM_LITMUS_H

#define LITMUS_THREADS 4

struct litmus {
	const char *name;
	void (*threads[LITMUS_THREADS])(void *);
	/* Outcomes, parted by spaces: what was read, in order, or the last values for 2+2W. */
	const char *allowed;
	/* Those of `allowed` that the simulator does not produce, and why. */
	const char *missed;
	const char *why;
	/* How many digits an outcome has. */
	int digits;
};

extern const struct litmus litmus_tests[];
extern const int litmus_count;

/* The first thread of a test: it prepares the words and starts the others. */
void litmus_root(void *test);

/* What was read, each by one thread only, and the two words, x and y. */
extern volatile int litmus_read[LITMUS_THREADS];
extern const void *litmus_words;

/* Run all tests; the number of those that fail. */
int litmus_run(void);

#endif
