/* SPDX-License-Identifier: 0BSD */
/*
 * Shared by the fuzzers: input bytes for decisions, and a check that names the promise it checks.
 * An exhausted input yields 0 forever, so that every input is valid.
 */
#ifndef UMP_FUZZ_INPUT_H
#define UMP_FUZZ_INPUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* `tag` names a promise of ump_server.h, or a core; reports count by tag. */
#define EXPECT(tag, condition)                                                                     \
	((condition) ? (void)0 : expect_failed(tag, #condition, __FILE__, __LINE__))

static inline _Noreturn void expect_failed(
	const char *tag, const char *condition, const char *file, int line)
{
	fprintf(stderr, "%s:%d: broken promise %s: %s\n", file, line, tag, condition);
	abort();
}

struct input {
	const uint8_t *bytes;
	size_t left;
};

static inline bool input_is_over(const struct input *input)
{
	return input->left == 0;
}

static inline uint8_t input_byte(struct input *input)
{
	if (input->left == 0)
		return 0;
	input->left--;
	return *input->bytes++;
}

/* Return a number below `limit`, which must be at most 256. */
static inline unsigned input_below(struct input *input, unsigned limit)
{
	return input_byte(input) % limit;
}

static inline bool input_flag(struct input *input)
{
	return (input_byte(input) & 1) != 0;
}

static inline uint64_t input_word(struct input *input)
{
	uint64_t word = 0;

	for (int i = 0; i < 8; i++)
		word = word << 8 | input_byte(input);
	return word;
}

#endif
