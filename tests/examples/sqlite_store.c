/* SPDX-License-Identifier: 0BSD */
#include "sqlite_store.h"

#include <errno.h>
#include <fcntl.h>
#include <sqlite3.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* How long to wait while another program uses the database. */
#define BUSY_MS 5000

static const char schema[] =
	"BEGIN IMMEDIATE;"
	"CREATE TABLE IF NOT EXISTS files (id INTEGER PRIMARY KEY, name TEXT NOT NULL);"
	"CREATE TABLE IF NOT EXISTS lines ("
	"  file INTEGER NOT NULL REFERENCES files, number INTEGER NOT NULL, text TEXT NOT NULL);"
	"CREATE TABLE IF NOT EXISTS words (word TEXT PRIMARY KEY, count INTEGER NOT NULL)"
	"  WITHOUT ROWID;"
	"COMMIT;";

/* Set `detail` to what SQLite's text omits from "disk I/O error" and "unable to open database
 * file"; or to "". */
static void find_detail(struct store *store, int code, char *detail, size_t size)
{
	int system_error = sqlite3_system_errno(store->db);

	detail[0] = '\0';
	if ((code & 0xff) != SQLITE_IOERR && (code & 0xff) != SQLITE_CANTOPEN)
		return;
	/* A commit does not report the system's reason, but it does report the kind of failure. */
	if (system_error != 0)
		(void)strerror_r(system_error, detail, size);
	else if (sqlite3_extended_errcode(store->db) == SQLITE_IOERR_WRITE)
		snprintf(detail, size, "a write failed");
}

/* Return `code`.  If it is the first failure, note its reason while SQLite still knows it. */
static int note(struct store *store, int code)
{
	char detail[128];

	if (code == SQLITE_OK || store->why[0] != '\0')
		return code;
	find_detail(store, code, detail, sizeof detail);
	snprintf(store->why, sizeof store->why, "%s%s%s", sqlite3_errmsg(store->db),
		detail[0] != '\0' ? ": " : "", detail);
	return code;
}

static int execute(struct store *store, const char *sql)
{
	return note(store, sqlite3_exec(store->db, sql, NULL, NULL, NULL));
}

static int prepare(struct store *store, const char *sql, sqlite3_stmt **statement)
{
	return note(store,
		sqlite3_prepare_v3(store->db, sql, -1, SQLITE_PREPARE_PERSISTENT, statement, NULL));
}

/* Run a statement whose parameters are bound.  The reset returns the result of the step. */
static int run(struct store *store, sqlite3_stmt *statement)
{
	(void)sqlite3_step(statement);
	return note(store, sqlite3_reset(statement));
}

bool store_is_word_byte(char byte)
{
	return (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z') ||
	       (byte >= '0' && byte <= '9') || byte == '_';
}

static int prepare_all(struct store *store)
{
	int code = prepare(store, "INSERT INTO files (name) VALUES (?1)", &store->add_file);

	if (code == SQLITE_OK)
		code = prepare(store, "INSERT INTO lines (file, number, text) VALUES (?1, ?2, ?3)",
			&store->add_line);
	if (code == SQLITE_OK)
		code = prepare(store,
			"INSERT INTO words (word, count) VALUES (?1, 1)"
			" ON CONFLICT (word) DO UPDATE SET count = count + 1",
			&store->add_word);
	if (code == SQLITE_OK)
		code = prepare(
			store, "SELECT count FROM words WHERE word = ?1", &store->count_word);
	return code;
}

/* Whether the file can be opened.  SQLite makes several attempts before it gives up, and then has
 * only the last error: "No such file" for a folder that is not writable. */
static bool can_open(struct store *store, const char *path)
{
	int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0644);

	if (fd >= 0) {
		close(fd);
		return true;
	}
	if (strerror_r(errno, store->why, sizeof store->why) != 0)
		snprintf(store->why, sizeof store->why, "it cannot be opened");
	return false;
}

int store_open(struct store *store, const char *path)
{
	/* NOMUTEX: SQLite needs no lock of its own if one thread owns the connection. */
	int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX;
	int code;

	memset(store, 0, sizeof *store);
	if (!can_open(store, path))
		return SQLITE_CANTOPEN;
	code = note(store, sqlite3_open_v2(path, &store->db, flags, NULL));
	if (code == SQLITE_OK)
		code = note(store, sqlite3_busy_timeout(store->db, BUSY_MS));
	if (code == SQLITE_OK)
		code = execute(store, schema);
	if (code == SQLITE_OK)
		code = prepare_all(store);
	return code;
}

void store_close(struct store *store)
{
	sqlite3_finalize(store->add_file);
	sqlite3_finalize(store->add_line);
	sqlite3_finalize(store->add_word);
	sqlite3_finalize(store->count_word);
	/* Closing rolls back a transaction that is still open. */
	sqlite3_close(store->db);
	store->db = NULL;
}

/* Open a transaction if none is open. */
static int begin(struct store *store)
{
	return sqlite3_get_autocommit(store->db) != 0 ? execute(store, "BEGIN") : SQLITE_OK;
}

int store_add_file(struct store *store, const char *name, int64_t *id)
{
	int code = begin(store);

	if (code == SQLITE_OK)
		code = note(store, sqlite3_bind_text(store->add_file, 1, name, -1, SQLITE_STATIC));
	if (code == SQLITE_OK)
		code = run(store, store->add_file);
	*id = sqlite3_last_insert_rowid(store->db);
	return code;
}

static int add_words(struct store *store, const char *line, size_t length)
{
	int code = SQLITE_OK;
	size_t start = 0;

	while (code == SQLITE_OK && start < length) {
		size_t end = start;

		while (end < length && store_is_word_byte(line[end]))
			end++;
		if (end > start) {
			code = note(store, sqlite3_bind_text64(store->add_word, 1, line + start,
						   end - start, SQLITE_STATIC, SQLITE_UTF8));
			if (code == SQLITE_OK)
				code = run(store, store->add_word);
		}
		start = end + 1;
	}
	return code;
}

/* A line is stored as text, byte for byte: SQLite neither checks nor changes invalid UTF-8. */
static int add_line(
	struct store *store, int64_t file, int64_t number, const char *line, size_t length)
{
	int code = note(store, sqlite3_bind_int64(store->add_line, 1, file));

	if (code == SQLITE_OK)
		code = note(store, sqlite3_bind_int64(store->add_line, 2, number));
	if (code == SQLITE_OK)
		code = note(store, sqlite3_bind_text64(store->add_line, 3, line, length,
					   SQLITE_STATIC, SQLITE_UTF8));
	if (code == SQLITE_OK)
		code = run(store, store->add_line);
	if (code == SQLITE_OK)
		code = add_words(store, line, length);
	return code;
}

static int add_each_line(
	struct store *store, int64_t file, int64_t number, const char *bytes, const char *end)
{
	int code = SQLITE_OK;

	while (code == SQLITE_OK && bytes < end) {
		const char *newline = memchr(bytes, '\n', (size_t)(end - bytes));
		const char *stop = newline != NULL ? newline : end;

		code = add_line(store, file, number, bytes, (size_t)(stop - bytes));
		number++;
		store->pending++;
		bytes = stop + 1;
	}
	return code;
}

int store_add_lines(
	struct store *store, int64_t file, int64_t first, const char *bytes, size_t size)
{
	int64_t pending = store->pending;
	int code = begin(store);

	/* A failure half-way must not leave lines whose words are not counted. */
	if (code == SQLITE_OK)
		code = execute(store, "SAVEPOINT lines");
	if (code == SQLITE_OK)
		code = add_each_line(store, file, first, bytes, bytes + size);
	if (code == SQLITE_OK)
		return execute(store, "RELEASE lines");
	store->pending = pending;
	/* Some failures, such as a full disk, have ended the whole transaction already. */
	if (sqlite3_get_autocommit(store->db) != 0)
		store->pending = 0;
	else
		(void)execute(store, "ROLLBACK TO lines; RELEASE lines");
	return code;
}

int store_commit(struct store *store)
{
	int code;

	if (sqlite3_get_autocommit(store->db) != 0)
		return SQLITE_OK;
	code = execute(store, "COMMIT");
	if (code == SQLITE_OK)
		store->committed += store->pending;
	/* A commit that fails may leave the transaction open, to be tried again. */
	if (sqlite3_get_autocommit(store->db) != 0)
		store->pending = 0;
	return code;
}

int store_count(struct store *store, const char *word, size_t length, int64_t *count)
{
	int code = note(store, sqlite3_bind_text64(store->count_word, 1, word, length,
				       SQLITE_STATIC, SQLITE_UTF8));

	*count = 0;
	if (code != SQLITE_OK)
		return code;
	/* No row: the word was never seen. */
	if (sqlite3_step(store->count_word) == SQLITE_ROW)
		*count = sqlite3_column_int64(store->count_word, 0);
	return note(store, sqlite3_reset(store->count_word));
}
