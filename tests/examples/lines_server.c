/* SPDX-License-Identifier: 0BSD */
/*
 * A line server on epoll.  Each line of a connection is a request to a ump server, with a
 * deadline; the requests of a connection that closes are cancelled.  All connections share one
 * completion queue, so the loop waits for one descriptor besides theirs, and needs neither a thread
 * nor a timer for the deadlines: ump_completions_due tells how long it may wait.
 *
 * The connections are pairs of sockets, and a thread plays the peers.
 */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <ump_server.h>
#include <unistd.h>

#define MS      INT64_C(1000000)
#define TIMEOUT (200 * MS)
#define PEERS   3
#define LINE    64

struct line {
	char text[LINE];
};

/* ---- The server: it reverses lines ---------------------------------------------------------- */

struct reverser {
	/* Contexts of "later", which nothing answers. */
	ump_reply_context *kept[PEERS];
	int count;
};

static struct ump_flow reverse(void *self, const void *msg, ump_reply_context **rc)
{
	struct reverser *reverser = self;
	const struct line *line = msg;
	size_t length = strlen(line->text);
	struct line out = {""};

	if (strcmp(line->text, "later") == 0 && reverser->count < PEERS) {
		reverser->kept[reverser->count++] = ump_reply_keep(rc);
		return ump_continue();
	}
	for (size_t i = 0; i < length; i++)
		out.text[i] = line->text[length - 1 - i];
	ump_reply(rc, &out);
	return ump_continue();
}

static struct ump_flow finish(void *self, struct ump_flow how)
{
	struct reverser *reverser = self;

	for (int i = 0; i < reverser->count; i++)
		ump_reply_drop(&reverser->kept[i]);
	return how;
}

static int build(void *arg, ump_client *client, struct ump_handler *out)
{
	(void)client;
	*out = (struct ump_handler){.self = arg, .request = reverse, .term = finish};
	return 0;
}

/* ---- The loop -------------------------------------------------------------------------------- */

struct connection {
	/* -1 once it is closed. */
	int fd;
	/* Requests in flight: the connection is freed after the last. */
	struct job *jobs;
	size_t used;
	char buffer[LINE];
};

struct job {
	struct connection *connection;
	struct job *next;
	uint64_t id;
};

struct loop {
	int epoll;
	int open;
	ump_client *client;
	ump_completions *completions;
	int answered;
	int timed_out;
	int cancelled;
};

static void say(const struct connection *connection, const char *text)
{
	char line[LINE + 1];
	int length = snprintf(line, sizeof line, "%s\n", text);

	/* A peer that does not read loses its connection's lines, not the server. */
	if (connection->fd >= 0 &&
		send(connection->fd, line, (size_t)length, MSG_NOSIGNAL | MSG_DONTWAIT) < 0)
		return;
}

static void request(struct loop *loop, struct connection *connection, const char *text)
{
	struct job *job = malloc(sizeof *job);
	struct line line = {""};
	int result = UMP_NO_MEMORY;

	snprintf(line.text, sizeof line.text, "%s", text);
	if (job != NULL) {
		*job = (struct job){connection, connection->jobs, 0};
		result = ump_client_req_completion_until(
			loop->client, &line, loop->completions, job, ump_after(TIMEOUT), &job->id);
	}
	if (result == UMP_OK) {
		connection->jobs = job;
		return;
	}
	free(job);
	say(connection, ump_strerror(result));
}

static void close_connection(struct loop *loop, struct connection *connection)
{
	close(connection->fd);
	connection->fd = -1;
	loop->open--;
	/* Their completions come out all the same.  An answer that was there before is ignored. */
	for (struct job *job = connection->jobs; job != NULL; job = job->next)
		(void)ump_completions_cancel(loop->completions, job->id);
	if (connection->jobs == NULL)
		free(connection);
}

static void readable(struct loop *loop, struct connection *connection)
{
	char *at = connection->buffer + connection->used;
	ssize_t got = read(connection->fd, at, sizeof connection->buffer - connection->used);
	char *end;

	if (got > 0)
		connection->used += (size_t)got;
	while ((end = memchr(connection->buffer, '\n', connection->used)) != NULL) {
		size_t length = (size_t)(end - connection->buffer) + 1;

		*end = '\0';
		request(loop, connection, connection->buffer);
		connection->used -= length;
		memmove(connection->buffer, connection->buffer + length, connection->used);
	}
	/* The end, an error, or a line that is too long. */
	if (got <= 0 || connection->used == sizeof connection->buffer)
		close_connection(loop, connection);
}

static void completed(struct loop *loop, const struct ump_completion *got)
{
	struct job *job = got->tag;
	struct connection *connection = job->connection;
	struct job **link = &connection->jobs;

	while (*link != job)
		link = &(*link)->next;
	*link = job->next;
	free(job);
	if (got->result == UMP_OK) {
		loop->answered++;
		say(connection, ((const struct line *)got->reply)->text);
	} else {
		loop->timed_out += got->result == UMP_TIMED_OUT;
		loop->cancelled += got->result == UMP_CANCELLED;
		say(connection, ump_strerror(got->result));
	}
	if (connection->fd < 0 && connection->jobs == NULL)
		free(connection);
}

/* How long epoll may wait, in ms; -1: for any time. */
static int patience(const struct loop *loop)
{
	ump_time due = ump_completions_due(loop->completions);
	ump_time now = ump_now();

	if (due == UMP_FOREVER)
		return -1;
	return due <= now ? 0 : (int)((due - now + MS - 1) / MS);
}

static void run(struct loop *loop)
{
	struct epoll_event events[8];
	struct ump_completion got;

	while (loop->open > 0 || ump_completions_in_flight(loop->completions) > 0) {
		int count = epoll_wait(loop->epoll, events, 8, patience(loop));

		for (int i = 0; i < count; i++) {
			if (events[i].data.ptr != NULL)
				readable(loop, events[i].data.ptr);
		}
		while (ump_completions_next(loop->completions, &got) == UMP_OK)
			completed(loop, &got);
	}
}

static void accept_connection(struct loop *loop, int fd)
{
	struct connection *connection = calloc(1, sizeof *connection);
	struct epoll_event event = {.events = EPOLLIN, .data.ptr = connection};

	if (connection == NULL || epoll_ctl(loop->epoll, EPOLL_CTL_ADD, fd, &event) != 0)
		abort();
	connection->fd = fd;
	loop->open++;
}

/* ---- The peers ------------------------------------------------------------------------------- */

static void ask(FILE *peer, const char *lines, int answers)
{
	char line[LINE];

	fputs(lines, peer);
	fflush(peer);
	for (int i = 0; i < answers && fgets(line, sizeof line, peer) != NULL; i++)
		printf("%s", line);
	fclose(peer);
}

static void *play(void *arg)
{
	FILE **peers = arg;

	ask(peers[0], "hello\nworld\n", 2);
	/* This one leaves before it has its answers. */
	ask(peers[1], "later\nlater\n", 0);
	ask(peers[2], "later\n", 1);
	return NULL;
}

int main(void)
{
	struct ump_config config = {
		.request.size = sizeof(struct line), .reply.size = sizeof(struct line)};
	struct reverser reverser = {.count = 0};
	struct loop loop = {.epoll = epoll_create1(EPOLL_CLOEXEC)};
	struct epoll_event event = {.events = EPOLLIN, .data.ptr = NULL};
	FILE *peers[PEERS];
	pthread_t player;
	ump_thread *thread;

	if (ump_spawn_thread(&config, build, &reverser, &loop.client, &thread) != UMP_OK ||
		ump_completions_open(&loop.completions) != UMP_OK ||
		epoll_ctl(loop.epoll, EPOLL_CTL_ADD, ump_completions_fd(loop.completions),
			&event) != 0)
		return 1;
	for (int i = 0; i < PEERS; i++) {
		int ends[2];

		if (socketpair(AF_UNIX, SOCK_STREAM, 0, ends) != 0)
			return 1;
		accept_connection(&loop, ends[0]);
		peers[i] = fdopen(ends[1], "r+");
	}
	if (pthread_create(&player, NULL, play, peers) != 0)
		return 1;
	run(&loop);
	pthread_join(player, NULL);
	printf("answered: %d, timed out: %d, cancelled: %d\n", loop.answered, loop.timed_out,
		loop.cancelled);
	close(loop.epoll);
	ump_completions_drop(&loop.completions);
	ump_client_drop(&loop.client);
	return ump_thread_join(&thread, NULL, UMP_FOREVER) != UMP_OK;
}
