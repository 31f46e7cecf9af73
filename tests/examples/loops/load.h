/* SPDX-License-Identifier: 0BSD */
/*
 * Shared by the examples for event loops, so that each shows its loop and little else: a server
 * that adds, its clients, and a pulse that shows whether the loop kept running.
 */
#ifndef LOAD_H
#define LOAD_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <ump_server.h>

/* The period of each example's timer. */
#define TICK_MS 5
#define TICK_NS (INT64_C(1000000) * TICK_MS)
/* Maximum number of messages that a task handles before it returns to the loop. */
#define BUDGET 64
/* Number of threads that call a server on a loop. */
#define CALLERS 4
/* Maximum number of requests that a client on a loop has in flight. */
#define IN_FLIGHT 64

/* Return the number of requests to send: the first argument, or 100 000. */
uint64_t load_requests(int argc, char **argv);

/* End the program with one line, unless `good`. */
void must(bool good, const char *what);
/* The same for a result of the library. */
void must_ok(int result, const char *what);

/* ---- The pulse of a loop ------------------------------------------------------------------- */

struct pulse {
	ump_time begin;
	ump_time last;
	int64_t longest;
	unsigned ticks;
};

void pulse_start(struct pulse *pulse);
void pulse_tick(struct pulse *pulse);
/* Print whether the timer ticked all along.  Must be called after the loop. */
bool pulse_report(struct pulse *pulse);

/* ---- A server that adds -------------------------------------------------------------------- */

struct add {
	uint64_t a;
	uint64_t b;
};

typedef uint64_t sum;

/* The builder's argument: the number of handled requests. */
struct adder {
	uint64_t handled;
};

extern const struct ump_config adder_config;
int adder_build(void *arg, ump_client *client, struct ump_handler *out);

/* ---- Threads that call a server on a loop -------------------------------------------------- */

struct caller {
	pthread_t thread;
	ump_client *client;
	uint64_t first;
	uint64_t count;
	uint64_t answered;
	uint64_t right;
};

struct callers {
	uint64_t count;
	struct caller callers[CALLERS];
};

/* Start threads that send `count` requests in total.  Takes the client: when the last thread has
 * received its last answer, it drops the server's last client. */
void callers_start(struct callers *callers, ump_client **client, uint64_t count);

/* Wait for the threads and print the accounts.  Return the program's exit status. */
int callers_report(struct callers *callers, const struct adder *adder, struct pulse *pulse,
	struct ump_flow how);

/* ---- A client on a loop -------------------------------------------------------------------- */

/* A request in flight.  Its address is the tag of its completion. */
struct question {
	struct add add;
	struct question *next_free;
};

struct requester {
	ump_client *client;
	ump_completions *completions;
	uint64_t count;
	uint64_t sent;
	uint64_t answered;
	uint64_t right;
	uint64_t others;
	/* Free list: questions that are not in flight. */
	struct question *free;
	struct question questions[IN_FLIGHT];
	/* The inbox was full: nothing must be sent until the completion with this field's address.
	 * */
	bool waits_for_capacity;
	uint64_t waits;
};

/* Open the completions.  Takes the client, which is dropped once all requests are answered. */
void requester_open(struct requester *requester, ump_client **client, uint64_t count);

/* Send as many requests as may be in flight.  Return false once all were sent and answered. */
bool requester_send(struct requester *requester);

/* Book one completion. */
void requester_book(struct requester *requester, const struct ump_completion *done);

/* Wait for the server and print the accounts.  Return the program's exit status. */
int requester_report(struct requester *requester, ump_thread **thread, const struct adder *adder,
	struct pulse *pulse);

#endif
