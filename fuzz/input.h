/* SPDX-License-Identifier: 0BSD */
/*
 * What the fuzzers have in common: bytes to decide with, and a check that names the promise that
 * it checks.  An input that has run out says 0 for ever, so every input means something.
 */
#ifndef UMP_FUZZ_INPUT_H
#define UMP_FUZZ_INPUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The tag is that of a promise in ump_server.h, or names a core; reports count by it. */
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

/* A number below `limit`, which is at most 256. */
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
