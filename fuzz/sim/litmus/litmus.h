/* SPDX-License-Identifier: 0BSD */
/*
 * Litmus tests: programs of a few accesses, whose outcomes distinguish memory models.  The
 * simulator runs each of them exhaustively, and must meet exactly the outcomes that C11 allows,
 * except those listed as not modelled.
 */
#ifndef SIM_LITMUS_H
#define SIM_LITMUS_H

#define LITMUS_THREADS 4

struct litmus {
	const char *name;
	void (*threads[LITMUS_THREADS])(void *);
	/* Outcomes, separated by spaces: the values read, in order; for 2+2W, the final values. */
	const char *allowed;
	/* Outcomes of `allowed` that the simulator does not produce, and the reason. */
	const char *missed;
	const char *why;
	/* Number of digits of an outcome. */
	int digits;
};

extern const struct litmus litmus_tests[];
extern const int litmus_count;

/* The first thread of a test: prepares the words and starts the others. */
void litmus_root(void *test);

/* The values read, each entry written by one thread only; and the two words, x and y. */
extern volatile int litmus_read[LITMUS_THREADS];
extern const void *litmus_words;

/* Run all tests; return the number of failures. */
int litmus_run(void);

#endif
