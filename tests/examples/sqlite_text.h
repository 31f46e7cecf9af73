/* SPDX-License-Identifier: 0BSD */
/* Read a file in chunks of whole lines, and refuse what is not text. */
#ifndef SQLITE_TEXT_H
#define SQLITE_TEXT_H

#include <stddef.h>
#include <stdint.h>

/* The state after a call. */
enum text_state {
	/* There may be more. */
	TEXT_OPEN,
	/* All was read. */
	TEXT_END,
	/* It cannot be read further; `why` has the reason. */
	TEXT_BAD
};

struct text {
	enum text_state state;
	int fd;
	/* The part of an unfinished line that was read. */
	char *bytes;
	size_t used;
	size_t capacity;
	/* The number of that line, from 1. */
	int64_t line;
	char why[128];
};

/* Whole lines; only the last one of a file may lack its newline. */
struct text_chunk {
	/* The owner must free them. */
	char *bytes;
	size_t size;
	/* The number of its first line in the file, from 1, and the number of lines. */
	int64_t first;
	int64_t lines;
};

/* Open a file.  The text must be closed also if its state is TEXT_BAD then. */
void text_open(struct text *text, const char *path);

/*
 * Read on.  TEXT_OPEN: `*chunk` holds at least one line, and the caller owns it.  Everything before
 * a failure is returned first.  Blocks as reading the file does.
 */
enum text_state text_next(struct text *text, struct text_chunk *chunk);

void text_close(struct text *text);

#endif
