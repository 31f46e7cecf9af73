/* SPDX-License-Identifier: 0BSD */
/*
 * A server of this process, offered to other processes and machines through NNG.
 *
 * `gateway serve` runs a ledger, which books orders, and passes orders from outside to
 * it.  `gateway ask` sends orders from another process.  A failure is handled alike on both sides
 * of the wire: an order must be sent again only if the reply is that it was never started
 * (UMP_SERVER_GONE).  If the reply is missing, the order's state is unknown, and it must not be
 * sent again.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <nng/nng.h>
#include <nng/protocol/reqrep0/rep.h>
#include <nng/protocol/reqrep0/req.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <ump_server.h>
#include <unistd.h>

#define NS_PER_MS INT64_C(1000000)
/* Maximum number of orders from outside in progress. */
#define WORKERS 4
/* Capacity of the ledger's inbox; further orders wait for it until their deadline. */
#define CAPACITY 16
/* The longest time that an order may take. */
#define BUDGET_MS_MOST (60 * 60 * 1000)
/* The pause before a ledger that broke is restarted, and before an order is sent again. */
#define RESTART_MS     20
#define RETRY_MS_FIRST 5
#define RETRY_MS_MOST  100
/* Extra time to wait for a reply beyond the order's own time: it must travel. */
#define TRAVEL_MS 200

static _Noreturn void die(const char *what, const char *why)
{
	fprintf(stderr, "gateway: %s: %s\n", what, why);
	exit(1);
}

static void must(int error, const char *what)
{
	if (error != 0)
		die(what, nng_strerror(error));
}

static void must_ump(int result, const char *what)
{
	if (result != UMP_OK)
		die(what, ump_strerror(result));
}

static void sleep_ms(int64_t ms)
{
	struct timespec left = {(time_t)(ms / 1000), (long)(ms % 1000 * NS_PER_MS)};

	while (nanosleep(&left, &left) != 0 && errno == EINTR)
		;
}

/* ---- The wire ------------------------------------------------------------------------------ */

/* Numbers cross the wire with their highest byte first.  An order consists of its number and the ms
 * that its sender has left, since clocks differ.  A reply consists of a result of ump and the
 * number of orders booked to date. */

static bool put_order(nng_msg *message, uint64_t number, uint32_t budget_ms)
{
	return nng_msg_append_u64(message, number) == 0 &&
	       nng_msg_append_u32(message, budget_ms) == 0;
}

static bool get_order(nng_msg *message, uint64_t *number, uint32_t *budget_ms)
{
	return nng_msg_trim_u64(message, number) == 0 &&
	       nng_msg_trim_u32(message, budget_ms) == 0 && nng_msg_len(message) == 0 &&
	       *budget_ms <= BUDGET_MS_MOST;
}

static bool put_answer(nng_msg *message, int result, uint64_t booked)
{
	return nng_msg_append_u32(message, (uint32_t)result) == 0 &&
	       nng_msg_append_u64(message, booked) == 0;
}

static bool get_answer(nng_msg *message, int *result, uint64_t *booked)
{
	uint32_t bits;

	if (nng_msg_trim_u32(message, &bits) != 0 || nng_msg_trim_u64(message, booked) != 0)
		return false;
	*result = (int)(int32_t)bits;
	return nng_msg_len(message) == 0;
}

/* ---- The ledger ---------------------------------------------------------------------------- */

struct ledger {
	/* Where the numbers of orders are written, one a line. */
	int log;
	/* Duration of an order. */
	int64_t work_ms;
	/* After this number of orders the ledger breaks, in the middle of the last one; 0:
	 * never. */
	uint64_t break_after;
	uint64_t booked;
	uint64_t since_start;
};

static struct ump_flow book(void *self, const void *msg, ump_reply_context **rc)
{
	struct ledger *ledger = self;
	char line[32];
	int length = snprintf(line, sizeof line, "%" PRIu64 "\n", *(const uint64_t *)msg);

	if (write(ledger->log, line, (size_t)length) != length) {
		(void)ump_reply_fail(rc, errno);
		return ump_continue();
	}
	sleep_ms(ledger->work_ms);
	ledger->booked++;
	/* The worst moment: the order is booked, and its requester will not know. */
	if (++ledger->since_start == ledger->break_after)
		return ump_break(ledger);
	(void)ump_reply(rc, &ledger->booked); /* a requester that gave up will not know either */
	return ump_continue();
}

static int build(void *arg, ump_client *client, struct ump_handler *out)
{
	struct ledger *ledger = arg;

	(void)client;
	ledger->since_start = 0;
	out->self = ledger;
	out->request = book;
	return 0;
}

static const struct ump_config ledger_config = {.request.size = sizeof(uint64_t),
	.reply.size = sizeof(uint64_t),
	.name = "ledger",
	.capacity = CAPACITY};

/* ---- Serving ------------------------------------------------------------------------------- */

struct worker {
	struct gateway *gateway;
	pthread_t id;
	/* What the worker waits for; the thread that ends the gateway stops it. */
	nng_aio *aio;
};

struct gateway {
	struct ledger ledger;
	ump_thread *thread;
	nng_socket socket;
	struct worker workers[WORKERS];
	pthread_t waiter;
	pthread_mutex_t mutex;
	/* Guarded by the mutex: the client of the current ledger, and the order to stop. */
	ump_client *client;
	bool stopping;
};

/* Return a client of the current ledger, or NULL if there is none. */
static ump_client *get_client(struct gateway *gateway)
{
	ump_client *client = NULL;

	pthread_mutex_lock(&gateway->mutex);
	if (gateway->client != NULL)
		(void)ump_client_clone(gateway->client, &client);
	pthread_mutex_unlock(&gateway->mutex);
	return client;
}

/* Pass one order to the ledger; the reply replaces it in the message. */
static bool pass_on(struct gateway *gateway, nng_msg *message)
{
	int result = UMP_INVALID;
	uint64_t booked = 0;
	uint32_t budget_ms;
	uint64_t number;

	if (get_order(message, &number, &budget_ms)) {
		ump_client *client = get_client(gateway);

		result = UMP_SERVER_GONE;
		if (client != NULL)
			result = ump_client_req(
				client, &number, &booked, ump_after(budget_ms * NS_PER_MS));
		ump_client_drop(&client);
	}
	nng_msg_clear(message);
	return put_answer(message, result, booked);
}

/* Pass orders to the ledger until the worker is stopped. */
static void *work(void *arg)
{
	struct gateway *gateway = ((struct worker *)arg)->gateway;
	nng_aio *aio = ((struct worker *)arg)->aio;
	nng_ctx context;

	must(nng_ctx_open(&context, gateway->socket), "a worker");
	for (;;) {
		nng_msg *message;

		nng_ctx_recv(context, aio);
		nng_aio_wait(aio);
		if (nng_aio_result(aio) != 0)
			break;
		message = nng_aio_get_msg(aio);
		if (!pass_on(gateway, message)) {
			nng_msg_free(message); /* no memory: the other side will wait until its
			                        * deadline */
			continue;
		}
		nng_aio_set_msg(aio, message);
		nng_ctx_send(context, aio);
		nng_aio_wait(aio);
		if (nng_aio_result(aio) != 0)
			nng_msg_free(message); /* we still own it */
	}
	(void)nng_ctx_close(context);
	return NULL;
}

/* Stop the workers first: NNG does not cope well with a socket that is closed while replies are
 * being sent. */
static void stop_workers(struct gateway *gateway)
{
	size_t i;

	for (i = 0; i < WORKERS; i++)
		nng_aio_stop(gateway->workers[i].aio);
	for (i = 0; i < WORKERS; i++) {
		pthread_join(gateway->workers[i].id, NULL);
		nng_aio_free(gateway->workers[i].aio);
	}
	(void)nng_close(gateway->socket);
}

static void start_workers(struct gateway *gateway)
{
	size_t i;

	for (i = 0; i < WORKERS; i++) {
		struct worker *worker = &gateway->workers[i];

		worker->gateway = gateway;
		must(nng_aio_alloc(&worker->aio, NULL, NULL), "a worker");
		must(pthread_create(&worker->id, NULL, work, worker), "a worker");
	}
}

/* Wait for SIGTERM or SIGINT, then make everything end: the ledger ends without clients. */
static void *wait_for_signal(void *arg)
{
	struct gateway *gateway = arg;
	sigset_t signals;
	ump_client *last;
	int which;

	sigemptyset(&signals);
	sigaddset(&signals, SIGTERM);
	sigaddset(&signals, SIGINT);
	sigwait(&signals, &which);
	stop_workers(gateway);
	pthread_mutex_lock(&gateway->mutex);
	gateway->stopping = true;
	last = gateway->client;
	gateway->client = NULL;
	pthread_mutex_unlock(&gateway->mutex);
	ump_client_drop(&last);
	return NULL;
}

/* Start a ledger, in place of one that broke.  false: it must stop now. */
static bool start_ledger(struct gateway *gateway)
{
	ump_client *client;
	ump_client *old;
	bool stopping;

	must_ump(ump_spawn_thread(
			 &ledger_config, build, &gateway->ledger, &client, &gateway->thread),
		"the ledger");
	pthread_mutex_lock(&gateway->mutex);
	stopping = gateway->stopping;
	old = gateway->client;
	gateway->client = stopping ? NULL : client;
	pthread_mutex_unlock(&gateway->mutex);
	ump_client_drop(&old);
	if (stopping) {
		ump_client_drop(&client);
		ump_thread_join(&gateway->thread, NULL, UMP_FOREVER);
	}
	return !stopping;
}

/* Run ledgers until one ends because its clients were dropped; return the number that broke. */
static unsigned run_ledgers(struct gateway *gateway)
{
	unsigned breaks = 0;
	struct ump_flow how;

	for (;;) {
		must_ump(ump_thread_join(&gateway->thread, &how, UMP_FOREVER), "join");
		if (!how.stop)
			return breaks;
		breaks++;
		sleep_ms(RESTART_MS);
		if (!start_ledger(gateway))
			return breaks;
	}
}

static int serve(struct gateway *gateway, char **urls)
{
	sigset_t signals;
	unsigned breaks;

	/* Before there are other threads: only one of them must get the signals. */
	sigemptyset(&signals);
	sigaddset(&signals, SIGTERM);
	sigaddset(&signals, SIGINT);
	pthread_sigmask(SIG_BLOCK, &signals, NULL);
	pthread_mutex_init(&gateway->mutex, NULL);
	(void)start_ledger(gateway);
	must(nng_rep0_open(&gateway->socket), "the socket");
	start_workers(gateway);
	must(pthread_create(&gateway->waiter, NULL, wait_for_signal, gateway), "a thread");
	for (; *urls != NULL; urls++) {
		must(nng_listen(gateway->socket, *urls, NULL, 0), *urls);
		printf("listening on %s\n", *urls);
	}
	fflush(stdout);
	breaks = run_ledgers(gateway);
	pthread_join(gateway->waiter, NULL);
	pthread_mutex_destroy(&gateway->mutex);
	printf("%" PRIu64 " orders booked, %u breaks\n", gateway->ledger.booked, breaks);
	nng_fini();
	return fflush(stdout) == 0 && close(gateway->ledger.log) == 0 ? 0 : 1;
}

/* ---- Asking -------------------------------------------------------------------------------- */

/* What became of an order. */
enum outcome {
	ANSWERED,
	UNKNOWN,
	NEVER,
	OUTCOMES
};
static const char *const outcome_texts[OUTCOMES] = {"answered", "unknown", "never"};

struct asking {
	uint64_t count;
	uint64_t first;
	int64_t budget_ms;
	nng_ctx context;
	nng_aio *aio;
	uint64_t outcomes[OUTCOMES];
	uint64_t retries;
};

/* Send, and wait until the order is on its way; on failure the caller still owns it. */
static bool send_order(struct asking *asking, uint64_t number, int64_t left_ms)
{
	nng_msg *message = NULL;

	must(nng_msg_alloc(&message, 0), "an order");
	if (!put_order(message, number, (uint32_t)left_ms))
		die("an order", ump_strerror(UMP_NO_MEMORY));
	nng_aio_set_timeout(asking->aio, (nng_duration)left_ms);
	nng_aio_set_msg(asking->aio, message);
	nng_ctx_send(asking->context, asking->aio);
	nng_aio_wait(asking->aio);
	if (nng_aio_result(asking->aio) == 0)
		return true;
	nng_msg_free(message);
	return false;
}

/* Try once.  The result of ump on the other side is returned as it is.  An order that could not be
 * sent was never started; one whose reply is missing may have been. */
static int try_order(struct asking *asking, uint64_t number, int64_t left_ms)
{
	nng_msg *message;
	uint64_t booked;
	int result;

	if (!send_order(asking, number, left_ms))
		return UMP_SERVER_GONE;
	nng_aio_set_timeout(asking->aio, (nng_duration)(left_ms + TRAVEL_MS));
	nng_ctx_recv(asking->context, asking->aio);
	nng_aio_wait(asking->aio);
	if (nng_aio_result(asking->aio) != 0)
		return UMP_NO_REPLY;
	message = nng_aio_get_msg(asking->aio);
	if (!get_answer(message, &result, &booked))
		result = UMP_NO_REPLY; /* not from a gateway */
	nng_msg_free(message);
	return result;
}

/* Send an order, and again while it was never started and there is time. */
static enum outcome order(struct asking *asking, uint64_t number)
{
	ump_time deadline = ump_after(asking->budget_ms * NS_PER_MS);
	int64_t pause_ms = RETRY_MS_FIRST;

	for (;;) {
		int64_t left_ms = (deadline - ump_now()) / NS_PER_MS;
		int result = UMP_SERVER_GONE;

		if (left_ms > 0)
			result = try_order(asking, number, left_ms);
		if (result == UMP_OK)
			return ANSWERED;
		if (result != UMP_SERVER_GONE)
			return UNKNOWN;
		if (left_ms <= pause_ms)
			return NEVER;
		sleep_ms(pause_ms);
		asking->retries++;
		pause_ms = pause_ms < RETRY_MS_MOST / 2 ? pause_ms * 2 : RETRY_MS_MOST;
	}
}

static nng_socket dial(struct asking *asking, const char *url)
{
	nng_socket socket;

	must(nng_req0_open(&socket), "the socket");
	must(nng_socket_set_ms(socket, NNG_OPT_RECONNMINT, RETRY_MS_FIRST), "the socket");
	must(nng_socket_set_ms(socket, NNG_OPT_RECONNMAXT, RETRY_MS_MOST), "the socket");
	/* NNG would send an order again by itself when the connection breaks, and after a
	 * minute.  It cannot know whether the order was started, so it must not. */
	must(nng_socket_set_ms(socket, NNG_OPT_REQ_RESENDTIME, NNG_DURATION_INFINITE),
		"the socket");
	must(nng_ctx_open(&asking->context, socket), "the socket");
	must(nng_aio_alloc(&asking->aio, NULL, NULL), "the socket");
	/* The other side may start later, and restart. */
	must(nng_dial(socket, url, NULL, NNG_FLAG_NONBLOCK), url);
	return socket;
}

static int ask(struct asking *asking, const char *url)
{
	nng_socket socket = dial(asking, url);
	uint64_t i;

	/* Line buffered, so that a killed process has printed what it knew. */
	setvbuf(stdout, NULL, _IOLBF, 0);
	for (i = 0; i < asking->count; i++) {
		enum outcome outcome = order(asking, asking->first + i);

		asking->outcomes[outcome]++;
		printf("%" PRIu64 " %s\n", asking->first + i, outcome_texts[outcome]);
	}
	printf("total: %" PRIu64 " answered, %" PRIu64 " unknown, %" PRIu64
	       " never started, %" PRIu64 " sent again\n",
		asking->outcomes[ANSWERED], asking->outcomes[UNKNOWN], asking->outcomes[NEVER],
		asking->retries);
	nng_aio_free(asking->aio);
	(void)nng_close(socket);
	nng_fini();
	return fflush(stdout) == 0 ? 0 : 1;
}

/* ---- The command line ---------------------------------------------------------------------- */

static const char usage[] =
	"usage: gateway serve [-l LOG] [-b ORDERS] [-w MS] URL...\n"
	"       gateway ask [-n COUNT] [-f FIRST] [-d MS] URL\n"
	"A ledger books orders that other processes send; URL is tcp://HOST:PORT or ipc://PATH.\n"
	"  -l LOG     write the number of each order to LOG\n"
	"  -b ORDERS  break after ORDERS orders, and start anew\n"
	"  -w MS      take MS milliseconds for each order\n"
	"  -n COUNT   send COUNT orders (1)\n"
	"  -f FIRST   number them from FIRST (1)\n"
	"  -d MS      wait MS milliseconds for each (1000)\n";

static _Noreturn void misused(void)
{
	fputs(usage, stderr);
	exit(2);
}

static int64_t read_number(const char *text, int64_t most)
{
	char *end;
	long long number;

	errno = 0;
	number = strtoll(text, &end, 10);
	if (end == text || *end != '\0' || errno != 0 || number < 0 || number > most)
		misused();
	return number;
}

static int main_serve(int argc, char **argv)
{
	struct gateway gateway = {.ledger.log = -1};
	const char *log = "/dev/null";
	int option;

	while ((option = getopt(argc, argv, "l:b:w:")) != -1) {
		if (option == 'l')
			log = optarg;
		else if (option == 'b')
			gateway.ledger.break_after = (uint64_t)read_number(optarg, INT64_MAX);
		else if (option == 'w')
			gateway.ledger.work_ms = read_number(optarg, BUDGET_MS_MOST);
		else
			misused();
	}
	if (optind == argc)
		misused();
	gateway.ledger.log = open(log, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
	if (gateway.ledger.log < 0)
		die(log, strerror(errno));
	return serve(&gateway, argv + optind);
}

static int main_ask(int argc, char **argv)
{
	struct asking asking = {.count = 1, .first = 1, .budget_ms = 1000};
	int option;

	while ((option = getopt(argc, argv, "n:f:d:")) != -1) {
		if (option == 'n')
			asking.count = (uint64_t)read_number(optarg, INT64_MAX);
		else if (option == 'f')
			asking.first = (uint64_t)read_number(optarg, INT64_MAX);
		else if (option == 'd')
			asking.budget_ms = read_number(optarg, BUDGET_MS_MOST);
		else
			misused();
	}
	if (argc - optind != 1)
		misused();
	return ask(&asking, argv[optind]);
}

int main(int argc, char **argv)
{
	if (argc > 1 && strcmp(argv[1], "serve") == 0)
		return main_serve(argc - 1, argv + 1);
	if (argc > 1 && strcmp(argv[1], "ask") == 0)
		return main_ask(argc - 1, argv + 1);
	misused();
}
