/* SPDX-License-Identifier: 0BSD */
/*
 * A web server, on libevent's loop, in front of the server that owns an SQLite connection.  The
 * loop never waits for the database: a question is sent with the browser's request as its tag, and
 * the browser is answered when the completion is retrieved.
 */
#include "sqlite_handler.h"
#include "sqlite_store.h"

#include <arpa/inet.h>
#include <event2/buffer.h>
#include <event2/event.h>
#include <event2/http.h>
#include <event2/keyvalq_struct.h>
#include <inttypes.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* The longest word in a question, and the longest text that can be sent. */
#define WORD_SIZE 64
#define BODY_SIZE (1024 * 1024)
/* How long a browser may be silent in the middle of a request. */
#define SILENCE_S 30
/* Time for the last answers to be sent at the end: libevent does not report when they are. */
#define LEAVE_USEC 100000

struct web {
	struct event_base *base;
	struct evhttp *http;
	struct evhttp_bound_socket *socket;
	ump_client *client;
	ump_completions *completions;
	/* All texts belong to one file; its id belongs to the handler. */
	struct source source;
	bool stopping;
	/* Answers by the first digit of their status. */
	uint64_t answers[6];
	uint64_t asked;
	uint64_t completed;
};

/* A browser's question, in flight to the other server.  Its address is the tag. */
struct asked {
	struct evhttp_request *request;
	/* Lent to the server until it has replied. */
	char word[WORD_SIZE + 1];
};

/* ---- Answers ------------------------------------------------------------------------------- */

static void answer_text(
	struct web *web, struct evhttp_request *request, int status, const char *text)
{
	struct evkeyvalq *headers = evhttp_request_get_output_headers(request);
	struct evbuffer *body = evbuffer_new();

	web->answers[status / 100]++;
	if (body != NULL)
		evbuffer_add_printf(body, "%s\n", text);
	evhttp_add_header(headers, "Content-Type", "text/plain");
	if (status == HTTP_SERVUNAVAIL)
		evhttp_add_header(headers, "Retry-After", "1");
	if (web->stopping)
		evhttp_add_header(headers, "Connection", "close");
	/* If the browser has disconnected, this only frees the request. */
	evhttp_send_reply(request, status, NULL, body);
	if (body != NULL)
		evbuffer_free(body);
}

static void answer_number(struct web *web, struct evhttp_request *request, int64_t number)
{
	char text[32];

	snprintf(text, sizeof text, "%" PRId64, number);
	answer_text(web, request, HTTP_OK, text);
}

/* Answer a browser if the other server did not reply. */
static void answer_failure(struct web *web, struct evhttp_request *request, int result)
{
	if (result == UMP_SERVER_GONE)
		answer_text(web, request, HTTP_SERVUNAVAIL,
			"UMP_SERVER_GONE: the database's server has ended");
	else if (result == UMP_FULL)
		answer_text(web, request, HTTP_SERVUNAVAIL, "UMP_FULL: too much is waiting");
	else if (result > 0)
		answer_text(web, request, HTTP_INTERNAL, handler_code_text(result));
	else
		answer_text(web, request, HTTP_INTERNAL, ump_strerror(result));
}

/* ---- Questions ----------------------------------------------------------------------------- */

/* Ask the other server how often `word` occurs, or with NULL for all lines, without waiting. */
static void ask(struct web *web, struct evhttp_request *request, const char *word)
{
	struct asked *asked = calloc(1, sizeof *asked);
	struct question question = {.word = NULL};
	int result = UMP_NO_MEMORY;

	if (asked != NULL) {
		asked->request = request;
		if (word != NULL) {
			snprintf(asked->word, sizeof asked->word, "%s", word);
			question.word = asked->word;
			question.length = strlen(asked->word);
		}
		result = ump_client_req_completion(web->client, &question, web->completions, asked);
	}
	if (result == UMP_OK) {
		web->asked++;
		return;
	}
	free(asked);
	answer_failure(web, request, result);
}

/* When nothing is in flight any more: let the last answers be sent, and end the loop. */
static void end_when_idle(struct web *web)
{
	struct timeval leave = {.tv_usec = LEAVE_USEC};

	if (web->stopping && ump_completions_in_flight(web->completions) == 0)
		event_base_loopexit(web->base, &leave);
}

static void on_completions(evutil_socket_t fd, short events, void *arg)
{
	struct web *web = arg;
	struct ump_completion done;

	(void)fd;
	(void)events;
	while (ump_completions_next(web->completions, &done) == UMP_OK) {
		struct asked *asked = done.tag;

		web->completed++;
		if (done.result == UMP_OK)
			answer_number(web, asked->request, *(const answer *)done.reply);
		else
			answer_failure(web, asked->request, done.result);
		free(asked);
	}
	end_when_idle(web);
}

/* ---- What browsers can do ------------------------------------------------------------------ */

static bool is_word(const char *text)
{
	size_t length = 0;

	while (store_is_word_byte(text[length]))
		length++;
	return length > 0 && length <= WORD_SIZE && text[length] == '\0';
}

static void get_count(struct web *web, struct evhttp_request *request)
{
	const char *query = evhttp_uri_get_query(evhttp_request_get_evhttp_uri(request));
	struct evkeyvalq parameters = {0};
	const char *word = NULL;

	if (query != NULL && evhttp_parse_query_str(query, &parameters) == 0)
		word = evhttp_find_header(&parameters, "word");
	if (word == NULL)
		answer_text(web, request, HTTP_BADREQUEST, "which word? /count?word=WORD");
	else if (!is_word(word))
		answer_text(web, request, HTTP_BADREQUEST,
			"a word is made of A-Z, a-z, 0-9 and _, and has at most 64 of them");
	else
		ask(web, request, word);
	evhttp_clear_headers(&parameters);
}

static void get_lines(struct web *web, struct evhttp_request *request)
{
	ask(web, request, NULL);
}

static int64_t count_lines(const char *bytes, size_t size)
{
	int64_t lines = bytes[size - 1] != '\n';
	size_t i;

	for (i = 0; i < size; i++)
		lines += bytes[i] == '\n';
	return lines;
}

/* Post a text to the other server, which then owns its bytes; on failure the caller does. */
static void post_text(struct web *web, struct evhttp_request *request, char *bytes, size_t size)
{
	struct post post = {.kind = POST_LINES, .source = &web->source};
	int result;

	post.chunk = (struct text_chunk){
		.bytes = bytes, .size = size, .first = 1, .lines = count_lines(bytes, size)};
	result = ump_client_post(web->client, &post);
	if (result == UMP_OK) {
		answer_text(web, request, 202, "accepted");
		return;
	}
	free(bytes);
	answer_failure(web, request, result);
}

static void post_lines(struct web *web, struct evhttp_request *request)
{
	struct evbuffer *body = evhttp_request_get_input_buffer(request);
	size_t size = evbuffer_get_length(body);
	char *bytes = size > 0 ? malloc(size) : NULL;

	if (size == 0) {
		answer_text(web, request, HTTP_BADREQUEST, "there is no text");
		return;
	}
	if (bytes == NULL) {
		answer_failure(web, request, UMP_NO_MEMORY);
		return;
	}
	evbuffer_remove(body, bytes, size);
	if (memchr(bytes, '\0', size) == NULL) {
		post_text(web, request, bytes, size);
		return;
	}
	free(bytes);
	answer_text(web, request, HTTP_BADREQUEST, "not text: it has a NUL byte");
}

/* Report the other server's statistics, without a request to it. */
static void get_stats(struct web *web, struct evhttp_request *request)
{
	struct ump_stats stats;
	char text[128];

	if (ump_client_stats(web->client, &stats) != UMP_OK) {
		answer_text(web, request, HTTP_INTERNAL, "no numbers");
		return;
	}
	snprintf(text, sizeof text, "handled %" PRIu64 "\nqueued %" PRIu64 "\n%s", stats.handled,
		stats.depth, stats.closed ? "closed" : "open");
	answer_text(web, request, HTTP_OK, text);
}

static const struct route {
	const char *path;
	enum evhttp_cmd_type method;
	const char *method_name;
	void (*handle)(struct web *web, struct evhttp_request *request);
} routes[] = {
	{"/count", EVHTTP_REQ_GET, "GET", get_count},
	{"/lines", EVHTTP_REQ_GET, "GET", get_lines},
	{"/lines", EVHTTP_REQ_POST, "POST", post_lines},
	{"/stats", EVHTTP_REQ_GET, "GET", get_stats},
};

static void on_request(struct evhttp_request *request, void *arg)
{
	struct web *web = arg;
	const char *path = evhttp_uri_get_path(evhttp_request_get_evhttp_uri(request));
	const char *allowed = NULL;
	size_t i;

	if (web->stopping) {
		answer_text(web, request, HTTP_SERVUNAVAIL, "this server is about to end");
		return;
	}
	for (i = 0; path != NULL && i < sizeof routes / sizeof routes[0]; i++) {
		if (strcmp(path, routes[i].path) != 0)
			continue;
		if (evhttp_request_get_command(request) == routes[i].method) {
			routes[i].handle(web, request);
			return;
		}
		allowed = routes[i].method_name;
	}
	if (allowed != NULL)
		evhttp_add_header(evhttp_request_get_output_headers(request), "Allow", "GET, POST");
	answer_text(web, request, allowed != NULL ? HTTP_BADMETHOD : HTTP_NOTFOUND,
		allowed != NULL ? "not with this method" : "there are /count, /lines and /stats");
}

/* ---- The loop ------------------------------------------------------------------------------ */

static void on_signal(evutil_socket_t fd, short events, void *arg)
{
	struct web *web = arg;

	(void)fd;
	(void)events;
	if (web->stopping)
		return;
	web->stopping = true;
	evhttp_del_accept_socket(web->http, web->socket);
	end_when_idle(web);
}

/* Print the address of the socket: the system may have chosen the port. */
static bool say_where(struct web *web)
{
	char address[64] = "";
	struct sockaddr_in bound;
	socklen_t size = sizeof bound;
	evutil_socket_t fd = evhttp_bound_socket_get_fd(web->socket);

	if (getsockname(fd, (struct sockaddr *)(void *)&bound, &size) != 0)
		return false;
	evutil_inet_ntop(AF_INET, &bound.sin_addr, address, sizeof address);
	printf("listening on http://%s:%d\n", address, ntohs(bound.sin_port));
	return fflush(stdout) == 0;
}

static bool listen_on(struct web *web, uint16_t port)
{
	web->base = event_base_new();
	web->http = web->base != NULL ? evhttp_new(web->base) : NULL;
	if (web->http == NULL)
		return false;
	evhttp_set_gencb(web->http, on_request, web);
	evhttp_set_max_body_size(web->http, BODY_SIZE);
	evhttp_set_timeout(web->http, SILENCE_S);
	/* Accept all methods here: on_request decides which one is allowed where. */
	evhttp_set_allowed_methods(web->http, 0xffff);
	web->socket = evhttp_bind_socket_with_handle(web->http, "127.0.0.1", port);
	return web->socket != NULL && say_where(web);
}

static bool run(struct web *web)
{
	struct event *events[3];
	bool good = true;
	size_t i;

	events[0] = event_new(web->base, ump_completions_fd(web->completions), EV_READ | EV_PERSIST,
		on_completions, web);
	events[1] = evsignal_new(web->base, SIGTERM, on_signal, web);
	events[2] = evsignal_new(web->base, SIGINT, on_signal, web);
	for (i = 0; i < 3; i++)
		good = good && events[i] != NULL && event_add(events[i], NULL) == 0;
	good = good && event_base_dispatch(web->base) == 0;
	for (i = 0; i < 3; i++)
		if (events[i] != NULL)
			event_free(events[i]);
	return good;
}

static void close_web(struct web *web)
{
	if (web->http != NULL)
		evhttp_free(web->http);
	if (web->base != NULL)
		event_base_free(web->base);
	ump_completions_drop(&web->completions);
	libevent_global_shutdown();
}

/* Print the accounts; return the exit status. */
static int report(const struct web *web, const struct outcome *outcome, struct ump_flow how)
{
	printf("answers: %" PRIu64 " good, %" PRIu64 " for bad requests, %" PRIu64 " failures\n",
		web->answers[2], web->answers[4], web->answers[5]);
	printf("questions to the database: %" PRIu64 ", completed: %" PRIu64 "\n", web->asked,
		web->completed);
	printf("lines stored: %" PRId64 "\n", outcome->stored);
	if (how.stop)
		fprintf(stderr, "http_server: the database: %s\n", (const char *)how.value);
	return !how.stop && web->asked == web->completed ? 0 : 1;
}

static int serve(const char *database, uint16_t port, size_t capacity)
{
	struct web web = {.source = {.name = "http"}};
	struct outcome outcome = {0};
	struct handler_setup setup = {database, &outcome};
	struct ump_config config = handler_config;
	ump_thread *thread;
	struct ump_flow how;
	bool good;
	int result;

	config.capacity = capacity;
	result = ump_spawn_thread(&config, handler_build, &setup, &web.client, &thread);
	if (result != UMP_OK) {
		fprintf(stderr, "http_server: %s: %s\n", database,
			outcome.why[0] != '\0' ? outcome.why : ump_strerror(result));
		return 1;
	}
	good = ump_completions_open(&web.completions) == UMP_OK && listen_on(&web, port) &&
	       run(&web);
	ump_client_drop(&web.client); /* the last one: what was accepted is stored, then the
	                               * server ends */
	ump_join(&thread, &how, UMP_FOREVER);
	close_web(&web);
	if (!good) {
		fprintf(stderr, "http_server: cannot serve on port %u\n", port);
		return 1;
	}
	return report(&web, &outcome, how);
}

static const char usage[] = "usage: http_server [-p PORT] [-c CAPACITY] DATABASE\n"
			    "Serve a database of lines on 127.0.0.1 until SIGTERM or SIGINT:\n"
			    "  POST /lines            store the lines of the body\n"
			    "  GET /lines             how many were stored\n"
			    "  GET /count?word=WORD   how often WORD occurs in them\n"
			    "  GET /stats             how the database's server does\n"
			    "  -p PORT      0 (chosen by the system) is what you get without it\n"
			    "  -c CAPACITY  how much may wait for the database (1024)\n";

/* Read a number up to `most`; return -1 if it is none. */
static long read_number(const char *text, long most)
{
	char *end;
	long number = strtol(text, &end, 10);

	return end > text && *end == '\0' && number >= 0 && number <= most ? number : -1;
}

int main(int argc, char **argv)
{
	long port = 0;
	long capacity = 1024;
	int option;

	while ((option = getopt(argc, argv, "p:c:")) != -1) {
		if (option == 'p')
			port = read_number(optarg, UINT16_MAX);
		else if (option == 'c')
			capacity = read_number(optarg, INT32_MAX);
		else
			port = -1;
	}
	if (port < 0 || capacity < 0 || argc - optind != 1) {
		fputs(usage, stderr);
		return 2;
	}
	/* A browser that hangs up must not end the process. */
	signal(SIGPIPE, SIG_IGN);
	return serve(argv[optind], (uint16_t)port, (size_t)capacity);
}
