/* SPDX-License-Identifier: 0BSD */
/*
 * Lines of text in an SQLite database, and how often each word occurs in them.
 *
 * A word is a longest run of the bytes A-Z, a-z, 0-9 and _; case matters.  This is what `LC_ALL=C
 * grep -ow WORD` finds.
 *
 * Not thread-safe: a store must be used by one thread at a time.  Codes are SQLite's; 0 is success.
 */
#ifndef SQLITE_STORE_H
#define SQLITE_STORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct store {
	struct sqlite3 *db;
	struct sqlite3_stmt *add_file;
	struct sqlite3_stmt *add_line;
	struct sqlite3_stmt *add_word;
	struct sqlite3_stmt *count_word;
	/* Lines added since the store was opened: those that are committed, and those that the next
	 * commit will add. */
	int64_t committed;
	int64_t pending;
	/* Text of the first failure. */
	char why[256];
};

/* Whether `byte` can be in a word. */
bool store_is_word_byte(char byte);

/* Open or make a database.  On failure `why` has the reason, and the store must still be closed. */
int store_open(struct store *store, const char *path);

/* Close it.  What is not committed is lost. */
void store_close(struct store *store);

/* Make an entry for a file; its lines are stored under `*id`. */
int store_add_file(struct store *store, const char *name, int64_t *id);

/* Store all lines in `bytes`, numbered from `first`, or none; the last may lack its newline. */
int store_add_lines(
	struct store *store, int64_t file, int64_t first, const char *bytes, size_t size);

/* Commit what was added.  Does nothing if there is nothing to commit. */
int store_commit(struct store *store);

/* Count how often a word occurs in all that is stored. */
int store_count(struct store *store, const char *word, size_t length, int64_t *count);

#endif
