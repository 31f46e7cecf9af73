/* SPDX-License-Identifier: 0BSD */
#include "litmus/litmus.h"

#include "machine/sim.h"
#include "search/search.h"

#include <stdio.h>
#include <string.h>

#define OUTCOMES 128

struct outcomes {
	char text[OUTCOMES][LITMUS_THREADS + 1];
	int count;
};

static void add(struct outcomes *outcomes, const char *text)
{
	for (int i = 0; i < outcomes->count; i++) {
		if (strcmp(outcomes->text[i], text) == 0)
			return;
	}
	if (outcomes->count < OUTCOMES)
		memcpy(outcomes->text[outcomes->count++], text, strlen(text) + 1);
}

/* Whether `text` is one of the words of `list`. */
static bool listed(const char *list, const char *text)
{
	size_t length = strlen(text);

	for (const char *at = strstr(list, text); at != NULL; at = strstr(at + 1, text)) {
		if ((at == list || at[-1] == ' ') && (at[length] == ' ' || at[length] == '\0'))
			return true;
	}
	return false;
}

static int words_in(const char *list)
{
	int words = list[0] != '\0';

	for (; *list != '\0'; list++)
		words += *list == ' ';
	return words;
}

/* The outcome: the values read, or the final values of the words. */
static void outcome(int digits, char *text)
{
	int last[2];

	memcpy(last, litmus_words, sizeof last);
	for (int i = 0; i < digits; i++)
		text[i] = (char)('0' + litmus_read[i]);
	for (int i = 0; i < 2 && digits == 0; i++)
		text[i] = (char)('0' + last[i]);
	text[digits == 0 ? 2 : digits] = '\0';
}

static long explore(const struct litmus *test, struct outcomes *outcomes)
{
	long executions = 0;

	sim_explore_anew();
	do {
		char text[LITMUS_THREADS + 1];

		sim_execute(litmus_root, (void *)(uintptr_t)test);
		executions++;
		if (sim_result.bug != NULL || sim_result.limited) {
			printf("%s: %s\n", test->name, sim_result.text);
			continue;
		}
		outcome(test->digits, text);
		add(outcomes, text);
	} while (sim_explore_again() || sim_next());
	return executions;
}

/* Check that every outcome met is allowed, and that every allowed one was met or is listed as
 * missed. */
static bool judge(const struct litmus *test, const struct outcomes *outcomes)
{
	bool good = true;
	int expected;

	for (int i = 0; i < outcomes->count; i++) {
		if (!listed(test->allowed, outcomes->text[i]) ||
			listed(test->missed, outcomes->text[i])) {
			printf("    %s must not be\n", outcomes->text[i]);
			good = false;
		}
	}
	expected = words_in(test->allowed) - words_in(test->missed);
	if (outcomes->count < expected) {
		printf("    %d of %d outcomes were not met\n", expected - outcomes->count,
			expected);
		good = false;
	}
	return good;
}

int litmus_run(void)
{
	int failed = 0;

	sim_config = (struct sim_config){
		.mode = SIM_EXHAUSTIVE, .bounds = {.preemptions = -1, .stale = 99, .steps = 1000}};
	for (int i = 0; i < litmus_count; i++) {
		const struct litmus *test = &litmus_tests[i];
		struct outcomes outcomes = {.count = 0};
		long executions = explore(test, &outcomes);
		bool good = judge(test, &outcomes);

		printf("  %-24s %7ld executions %3d outcomes  %s", test->name, executions,
			outcomes.count, good ? "as C11 says" : "WRONG");
		if (test->missed[0] != '\0')
			printf(", but for %s: %s", test->missed, test->why);
		printf("\n");
		failed += !good;
	}
	return failed;
}
