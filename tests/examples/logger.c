/* SPDX-License-Identifier: 0BSD */
/*
 * A logger whose queue cannot grow without bound.  Important lines wait for capacity, which slows
 * their writers down to the speed of the disk; chatter is discarded instead, and counted.
 */
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <ump_server.h>

enum level {
	CHATTER,
	IMPORTANT
};

struct line {
	enum level level;
	int writer;
	int number;
};

#define WRITERS 4
#define LINES   5000

/* The server's side. */
struct log {
	FILE *file;
	long written[2];
	int last[WRITERS];
	int out_of_order;
};

static struct ump_flow write_line(void *self, const void *msg)
{
	struct log *log = self;
	const struct line *line = msg;

	fprintf(log->file, "%s %d.%d\n", line->level == IMPORTANT ? "important" : "chatter",
		line->writer, line->number);
	log->written[line->level]++;
	log->out_of_order += line->number <= log->last[line->writer];
	log->last[line->writer] = line->number;
	return ump_continue();
}

/* Back-pressure needs a slow disk: this logger syncs nothing, but writes each line at once. */
static int open_log(void *arg, ump_client *client, struct ump_handler *out)
{
	struct log *log = arg;

	(void)client;
	log->file = tmpfile();
	if (log->file == NULL)
		return 1;
	setvbuf(log->file, NULL, _IOLBF, 256);
	for (int i = 0; i < WRITERS; i++)
		log->last[i] = -1;
	out->self = log;
	out->post = write_line;
	return 0;
}

/* The writers' side. */
struct writer {
	pthread_t thread;
	ump_client *log;
	int number;
};

static atomic_long thrown_away;

static void *write_lines(void *arg)
{
	struct writer *writer = arg;

	for (int i = 0; i < LINES; i++) {
		struct line line = {i % 2 == 0 ? IMPORTANT : CHATTER, writer->number, i};
		int result = line.level == IMPORTANT
				     ? ump_client_post_until(writer->log, &line, UMP_FOREVER)
				     : ump_client_post(writer->log, &line);

		if (result == UMP_FULL)
			thrown_away++;
		else if (result != UMP_OK)
			fprintf(stderr, "logger: %s\n", ump_strerror(result));
	}
	ump_client_drop(&writer->log);
	return NULL;
}

int main(void)
{
	struct ump_config config = {.post.size = sizeof(struct line), .capacity = 64};
	struct log log = {0};
	struct writer writers[WRITERS];
	struct ump_stats stats;
	ump_client *client;
	ump_thread *thread;
	int result = ump_spawn_thread(&config, open_log, &log, &client, &thread);

	if (result != UMP_OK) {
		fprintf(stderr, "logger: could not open the log (%d)\n", result);
		return 1;
	}
	for (int i = 0; i < WRITERS; i++) {
		writers[i].number = i;
		if (ump_client_clone(client, &writers[i].log) != UMP_OK ||
			pthread_create(&writers[i].thread, NULL, write_lines, &writers[i]) != 0)
			return 1;
	}
	for (int i = 0; i < WRITERS; i++)
		pthread_join(writers[i].thread, NULL);
	ump_client_stats(client, &stats);
	ump_client_drop(&client);
	ump_join(&thread, NULL, UMP_FOREVER);
	fclose(log.file);
	printf("important: %d sent, %ld written\n", WRITERS * LINES / 2, log.written[IMPORTANT]);
	printf("chatter: %d sent, %ld written or thrown away\n", WRITERS * LINES / 2,
		log.written[CHATTER] + thrown_away);
	printf("out of order: %d\n", log.out_of_order);
	printf("never more than 64 queued: %s\n", stats.depth_most <= 64 ? "yes" : "no");
	return 0;
}
