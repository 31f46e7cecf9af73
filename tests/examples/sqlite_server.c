/* SPDX-License-Identifier: 0BSD */
/*
 * A server that owns one SQLite connection, in use: four client threads read files, post their
 * lines in chunks and request how often words occur.  A file that cannot be read as text stops the
 * work; all files before it, and its lines up to there, are stored all the same.
 */
#include "sqlite_handler.h"
#include "sqlite_store.h"

#include <errno.h>
#include <inttypes.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define READERS 4
/* Posts do not wait, requests do: a question after each POSTS_PER_QUESTION posts keeps readers from
 * running ahead of the disk, and the inbox from growing without bound. */
#define POSTS_PER_QUESTION 8
/* The longest word that readers request. */
#define WORD_SIZE 64
/* Progress is shown after this time, then after twice as long, and so on up to the longest. */
#define SHOW_FIRST_NS   INT64_C(50000000)
#define SHOW_LONGEST_NS INT64_C(2000000000)
/* How long the question for it may wait behind the readers' messages. */
#define SHOW_TIMEOUT_NS INT64_C(60000000000)
#define NS_PER_S        INT64_C(1000000000)

/* The contents of the command line. */
struct job {
	const char *database;
	struct source *sources;
	size_t sources_count;
	const char **words;
	size_t words_count;
	bool show;
};

/* State that the readers share. */
struct feed {
	const struct job *job;
	pthread_mutex_t mutex;
	pthread_cond_t reader_ended;
	/* The rest is guarded by the mutex. */
	size_t next;
	size_t running;
	int64_t accepted;
	int64_t answered;
	/* No new file is begun; those in progress are read to their end. */
	bool stop;
	/* The first failure: empty if there was none. */
	char why[512];
};

struct reader {
	struct feed *feed;
	ump_client *client;
	pthread_t thread;
};

/* ---- Readers ------------------------------------------------------------------------------- */

static void feed_stop(struct feed *feed)
{
	pthread_mutex_lock(&feed->mutex);
	feed->stop = true;
	pthread_mutex_unlock(&feed->mutex);
}

static void feed_fail(struct feed *feed, const char *what, const char *why)
{
	pthread_mutex_lock(&feed->mutex);
	feed->stop = true;
	if (feed->why[0] == '\0')
		snprintf(feed->why, sizeof feed->why, "%.300s: %s", what, why);
	pthread_mutex_unlock(&feed->mutex);
}

/* Return the next file to read, or NULL if there are no more.  Files are begun in the given
 * order. */
static struct source *feed_next(struct feed *feed)
{
	struct source *source = NULL;

	pthread_mutex_lock(&feed->mutex);
	if (!feed->stop && feed->next < feed->job->sources_count)
		source = &feed->job->sources[feed->next++];
	pthread_mutex_unlock(&feed->mutex);
	return source;
}

static void feed_count(struct feed *feed, int64_t accepted, int64_t answered)
{
	pthread_mutex_lock(&feed->mutex);
	feed->accepted += accepted;
	feed->answered += answered;
	pthread_mutex_unlock(&feed->mutex);
}

/* Copy the first word of a chunk that fits; return its length, or 0 if there is none. */
static size_t first_word(const struct text_chunk *chunk, char *word)
{
	size_t start = 0;

	while (start < chunk->size) {
		size_t end = start;

		while (end < chunk->size && store_is_word_byte(chunk->bytes[end]))
			end++;
		if (end > start && end - start <= WORD_SIZE) {
			memcpy(word, chunk->bytes + start, end - start);
			return end - start;
		}
		start = end + 1;
	}
	return 0;
}

/* Request a word that was posted before: messages are handled in order, so it must be stored by
 * now. */
static bool ask(struct reader *reader, const char *word, size_t length)
{
	struct question question = {.word = length > 0 ? word : NULL, .length = length};
	answer count;
	int result = ump_client_req(reader->client, &question, &count, UMP_FOREVER);

	if (result == UMP_OK) {
		feed_count(reader->feed, 0, 1);
		if (count > 0)
			return true;
		feed_fail(reader->feed, "the server", "it does not know a word it was sent");
	} else if (result == UMP_SERVER_GONE) {
		/* Join will report why. */
		feed_stop(reader->feed);
	} else {
		feed_fail(reader->feed, reader->feed->job->database,
			result > 0 ? handler_code_text(result) : ump_strerror(result));
	}
	return false;
}

/* Post a chunk.  On failure the caller still owns it. */
static bool send_chunk(struct reader *reader, struct source *source, const struct text_chunk *chunk)
{
	struct post post = {.kind = POST_LINES, .source = source, .chunk = *chunk};
	int result = ump_client_post(reader->client, &post);

	if (result == UMP_OK) {
		feed_count(reader->feed, chunk->lines, 0);
		return true;
	}
	free(chunk->bytes);
	if (result == UMP_SERVER_GONE)
		feed_stop(reader->feed);
	else
		feed_fail(reader->feed, "the server", ump_strerror(result));
	return false;
}

/* Send all of a file.  false: further files would be of no use. */
static bool send_file(struct reader *reader, struct source *source, unsigned *posts)
{
	struct text text;
	struct text_chunk chunk;
	char word[WORD_SIZE];
	bool good = true;

	text_open(&text, source->name);
	while (good && text_next(&text, &chunk) == TEXT_OPEN) {
		/* The server owns the chunk once it is sent. */
		size_t length = first_word(&chunk, word);

		good = send_chunk(reader, source, &chunk);
		if (good && ++*posts % POSTS_PER_QUESTION == 0)
			good = ask(reader, word, length);
	}
	if (text.state == TEXT_BAD) {
		feed_fail(reader->feed, source->name, text.why);
		good = false;
	}
	text_close(&text);
	return good;
}

static void *read_files(void *arg)
{
	struct reader *reader = arg;
	struct feed *feed = reader->feed;
	struct source *source;
	unsigned posts = 0;

	while ((source = feed_next(feed)) != NULL && send_file(reader, source, &posts))
		;
	ump_client_drop(&reader->client);
	pthread_mutex_lock(&feed->mutex);
	feed->running--;
	pthread_cond_signal(&feed->reader_ended);
	pthread_mutex_unlock(&feed->mutex);
	return NULL;
}

/* Start as many readers as possible; return their number. */
static size_t start_readers(struct feed *feed, const ump_client *client, struct reader *readers)
{
	size_t count;

	for (count = 0; count < READERS; count++) {
		struct reader *reader = &readers[count];
		int result = ump_client_clone(client, &reader->client);
		int error;

		if (result != UMP_OK) {
			feed_fail(feed, "a client", ump_strerror(result));
			break;
		}
		reader->feed = feed;
		/* Count it before it runs: it may end before this thread continues. */
		pthread_mutex_lock(&feed->mutex);
		feed->running++;
		error = pthread_create(&reader->thread, NULL, read_files, reader);
		if (error != 0)
			feed->running--;
		pthread_mutex_unlock(&feed->mutex);
		if (error != 0) {
			ump_client_drop(&reader->client);
			feed_fail(feed, "a thread", ump_strerror(UMP_NO_THREAD));
			break;
		}
	}
	return count;
}

/* ---- Progress ------------------------------------------------------------------------------ */

/* Wait until the readers have ended, or until `deadline`; return whether they have. */
static bool readers_ended(struct feed *feed, ump_time deadline)
{
	struct timespec until = {
		.tv_sec = (time_t)(deadline / NS_PER_S), .tv_nsec = (long)(deadline % NS_PER_S)};
	int error = 0;
	bool ended;

	pthread_mutex_lock(&feed->mutex);
	while (feed->running > 0 && error == 0)
		error = pthread_cond_timedwait(&feed->reader_ended, &feed->mutex, &until);
	ended = feed->running == 0;
	pthread_mutex_unlock(&feed->mutex);
	return ended;
}

static void show_progress(struct feed *feed, const ump_client *client, ump_time deadline)
{
	struct question all = {.word = NULL};
	answer lines;
	size_t begun;

	if (!feed->job->show || ump_client_req(client, &all, &lines, deadline) != UMP_OK)
		return;
	feed_count(feed, 0, 1);
	pthread_mutex_lock(&feed->mutex);
	begun = feed->next;
	pthread_mutex_unlock(&feed->mutex);
	fprintf(stderr, "sqlite_server: %" PRId64 " lines stored, file %zu of %zu\n", lines, begun,
		feed->job->sources_count);
}

static void wait_for_readers(struct feed *feed, const ump_client *client)
{
	int64_t interval = SHOW_FIRST_NS;

	while (!readers_ended(feed, ump_after(interval))) {
		show_progress(feed, client, ump_after(SHOW_TIMEOUT_NS));
		interval = interval < SHOW_LONGEST_NS / 2 ? interval * 2 : SHOW_LONGEST_NS;
	}
}

/* ---- The end ------------------------------------------------------------------------------- */

/* Request each word without waiting.  The replies are read after the last client is dropped: the
 * server still handles what it has accepted. */
static void ask_words(struct feed *feed, const ump_client *client, ump_wait_reply **waits)
{
	const struct job *job = feed->job;
	size_t i;

	for (i = 0; i < job->words_count; i++) {
		struct question question = {job->words[i], strlen(job->words[i])};
		int result = ump_client_req_async(client, &question, &waits[i]);

		if (result != UMP_OK && result != UMP_SERVER_GONE)
			feed_fail(feed, job->words[i], ump_strerror(result));
	}
}

static void print_words(struct feed *feed, ump_wait_reply **waits)
{
	const struct job *job = feed->job;
	size_t i;

	for (i = 0; i < job->words_count; i++) {
		answer count;
		int result = UMP_SERVER_GONE;

		if (waits[i] != NULL)
			result = ump_wait_reply_wait(&waits[i], &count, UMP_FOREVER);
		if (result == UMP_OK) {
			feed_count(feed, 0, 1);
			printf("word %s %" PRId64 "\n", job->words[i], count);
		} else if (result != UMP_SERVER_GONE) {
			feed_fail(feed, job->words[i],
				result > 0 ? handler_code_text(result) : ump_strerror(result));
		}
	}
}

/* Print the results; return the exit status. */
static int report(const struct feed *feed, const struct outcome *outcome, struct ump_flow how,
	int64_t nanoseconds)
{
	printf("lines stored: %" PRId64 "\n", outcome->stored);
	printf("files begun: %zu of %zu\n", feed->next, feed->job->sources_count);
	printf("requests answered: %" PRId64 "\n", outcome->answered);
	printf("seconds: %.3f\n", (double)nanoseconds / (double)NS_PER_S);
	printf("the loop ended: %s\n",
		how.stop ? (const char *)how.value : "with none, the last client being gone");
	if (fflush(stdout) != 0 || ferror(stdout)) {
		fprintf(stderr, "sqlite_server: standard output: %s\n", strerror(errno));
		return 1;
	}
	if (how.stop)
		fprintf(stderr,
			"sqlite_server: %s: %s (%" PRId64 " of %" PRId64 " lines are stored)\n",
			feed->job->database, (const char *)how.value, outcome->stored,
			feed->accepted);
	else if (feed->why[0] != '\0')
		fprintf(stderr, "sqlite_server: %s\n", feed->why);
	else if (outcome->stored != feed->accepted || outcome->answered != feed->answered)
		fprintf(stderr, "sqlite_server: messages were lost, or handled twice\n");
	else
		return 0;
	return 1;
}

/* The clients' side, from the first client to the last. */
static void feed_server(struct feed *feed, ump_client **client, ump_wait_reply **waits)
{
	struct reader readers[READERS] = {{0}};
	size_t count = start_readers(feed, *client, readers);

	wait_for_readers(feed, *client);
	while (count > 0)
		pthread_join(readers[--count].thread, NULL);
	ask_words(feed, *client, waits);
	ump_client_drop(client); /* the last one: the server drains its inbox and ends */
	print_words(feed, waits);
}

static int run(const struct job *job, ump_wait_reply **waits)
{
	struct outcome outcome = {0};
	struct handler_setup setup = {job->database, &outcome};
	struct feed feed = {.job = job, .mutex = PTHREAD_MUTEX_INITIALIZER};
	pthread_condattr_t monotonic;
	ump_client *client;
	ump_thread *thread;
	struct ump_flow how;
	ump_time start = ump_now();
	int result = ump_spawn_thread(&handler_config, handler_build, &setup, &client, &thread);

	if (result != UMP_OK) {
		fprintf(stderr, "sqlite_server: %s: %s\n", job->database,
			outcome.why[0] != '\0' ? outcome.why : ump_strerror(result));
		return 1;
	}
	pthread_condattr_init(&monotonic);
	pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
	pthread_cond_init(&feed.reader_ended, &monotonic);
	pthread_condattr_destroy(&monotonic);
	feed_server(&feed, &client, waits);
	ump_thread_join(&thread, &how, UMP_FOREVER);
	pthread_cond_destroy(&feed.reader_ended);
	pthread_mutex_destroy(&feed.mutex);
	return report(&feed, &outcome, how, ump_now() - start);
}

/* ---- The command line ---------------------------------------------------------------------- */

static const char usage[] =
	"usage: sqlite_server [-v] [-w WORD]... DATABASE FILE...\n"
	"Store the lines of text files in an SQLite database, and count their words.\n"
	"  -v       show progress on standard error, also if that is no terminal\n"
	"  -w WORD  at the end, print how often WORD occurs (may be given again)\n"
	"  -h       print this\n"
	"A word is made of A-Z, a-z, 0-9 and _, as for `LC_ALL=C grep -ow WORD`.\n";

static bool is_word(const char *text)
{
	const char *byte = text;

	while (store_is_word_byte(*byte))
		byte++;
	return byte > text && *byte == '\0';
}

/* Read the options; return -1 to continue, else the exit status. */
static int read_options(struct job *job, int argc, char **argv)
{
	int option;

	while ((option = getopt(argc, argv, "hvw:")) != -1) {
		switch (option) {
		case 'h':
			fputs(usage, stdout);
			return fflush(stdout) == 0 ? 0 : 1;
		case 'v':
			job->show = true;
			break;
		case 'w':
			if (!is_word(optarg)) {
				fprintf(stderr, "sqlite_server: %s: not a word; see -h\n", optarg);
				return 2;
			}
			job->words[job->words_count++] = optarg;
			break;
		default:
			return 2; /* getopt has printed why */
		}
	}
	if (argc - optind < 2) {
		fprintf(stderr, "sqlite_server: a database and files are needed; see -h\n");
		return 2;
	}
	return -1;
}

int main(int argc, char **argv)
{
	struct job job = {.show = isatty(STDERR_FILENO) != 0};
	size_t capacity = (size_t)argc + 1;
	ump_wait_reply **waits = calloc(capacity, sizeof(ump_wait_reply *));
	int status = 1;

	/* A report to a file at its size limit must be a failed write, not the end of the
	 * process.  The database needs no such care: the dispatcher has all signals blocked. */
	signal(SIGXFSZ, SIG_IGN);
	job.words = calloc(capacity, sizeof *job.words);
	job.sources = calloc(capacity, sizeof *job.sources);
	if (waits == NULL || job.words == NULL || job.sources == NULL) {
		fprintf(stderr, "sqlite_server: %s\n", ump_strerror(UMP_NO_MEMORY));
	} else {
		status = read_options(&job, argc, argv);
		if (status < 0) {
			job.database = argv[optind++];
			while (optind < argc)
				job.sources[job.sources_count++].name = argv[optind++];
			status = run(&job, waits);
		}
	}
	free(job.sources);
	free(job.words);
	free(waits);
	return status;
}
