/* SPDX-License-Identifier: 0BSD */
#include "sqlite_text.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Approximate size of a chunk; a longer line makes a larger one. */
#define CHUNK_SIZE ((size_t)64 * 1024)

static void fail(struct text *text, int error)
{
	text->state = TEXT_BAD;
	if (strerror_r(error, text->why, sizeof text->why) != 0)
		snprintf(text->why, sizeof text->why, "error %d", error);
}

void text_open(struct text *text, const char *path)
{
	memset(text, 0, sizeof *text);
	text->line = 1;
	text->state = TEXT_OPEN;
	text->fd = open(path, O_RDONLY | O_CLOEXEC);
	if (text->fd < 0)
		fail(text, errno);
}

void text_close(struct text *text)
{
	if (text->fd >= 0)
		close(text->fd);
	free(text->bytes);
	text->bytes = NULL;
}

/* Grow the buffer, to twice its size each time, so that a long line is not copied too often. */
static int grow(struct text *text)
{
	size_t capacity = text->capacity < CHUNK_SIZE / 2 ? CHUNK_SIZE : text->capacity * 2;
	char *bytes;

	if (text->used < text->capacity)
		return 0;
	bytes = capacity > text->capacity ? realloc(text->bytes, capacity) : NULL;
	if (bytes == NULL)
		return ENOMEM;
	text->bytes = bytes;
	text->capacity = capacity;
	return 0;
}

static int64_t count_newlines(const char *bytes, size_t size)
{
	const char *end = bytes + size;
	int64_t lines = 0;

	for (; (bytes = memchr(bytes, '\n', (size_t)(end - bytes))) != NULL; bytes++)
		lines++;
	return lines;
}

/* A NUL byte at `nul`: the file is not text.  The line that contains it is not returned. */
static void refuse_nul(struct text *text, const char *nul)
{
	text->used = (size_t)(nul - text->bytes);
	text->state = TEXT_BAD;
	snprintf(text->why, sizeof text->why, "not text: line %lld has a NUL byte",
		(long long)(text->line + count_newlines(text->bytes, text->used)));
}

/* Read once.  A failure shows in the state. */
static void read_more(struct text *text)
{
	int error = grow(text);
	ssize_t got = 0;
	const char *nul;

	if (error == 0) {
		do
			got = read(text->fd, text->bytes + text->used, text->capacity - text->used);
		while (got < 0 && errno == EINTR);
		error = got < 0 ? errno : 0;
	}
	if (error != 0) {
		fail(text, error);
		return;
	}
	if (got == 0) {
		text->state = TEXT_END;
		return;
	}
	nul = memchr(text->bytes + text->used, '\0', (size_t)got);
	text->used += (size_t)got;
	if (nul != NULL)
		refuse_nul(text, nul);
}

/* Return where the last whole line ends, if that is behind `from`; else 0. */
static size_t whole_lines(const struct text *text, size_t from)
{
	size_t end = text->used;

	if (text->state == TEXT_END)
		return end;
	while (end > from && text->bytes[end - 1] != '\n')
		end--;
	return end > from ? end : 0;
}

/* Return the first `size` bytes as a chunk and keep the rest. */
static enum text_state give(struct text *text, size_t size, struct text_chunk *chunk)
{
	size_t rest = text->used - size;
	char *kept = NULL;

	if (rest > 0) {
		kept = malloc(rest);
		if (kept == NULL) {
			fail(text, ENOMEM);
			return TEXT_BAD;
		}
		memcpy(kept, text->bytes + size, rest);
	}
	chunk->bytes = text->bytes;
	chunk->size = size;
	chunk->first = text->line;
	chunk->lines = count_newlines(chunk->bytes, size);
	if (chunk->bytes[size - 1] != '\n')
		chunk->lines++;
	text->line += chunk->lines;
	text->bytes = kept;
	text->used = rest;
	text->capacity = rest;
	return TEXT_OPEN;
}

enum text_state text_next(struct text *text, struct text_chunk *chunk)
{
	while (text->state == TEXT_OPEN) {
		size_t from = text->used;
		size_t size;

		read_more(text);
		/* The bytes kept from before have no newline: only the new ones must be
		 * searched. */
		size = whole_lines(text, from);
		if (size > 0)
			return give(text, size, chunk);
	}
	return text->state;
}
