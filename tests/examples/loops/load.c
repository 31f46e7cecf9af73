/* SPDX-License-Identifier: 0BSD */
#include "load.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

uint64_t load_requests(int argc, char **argv)
{
	char *end = NULL;
	uint64_t count = 100000;

	if (argc > 1)
		count = strtoull(argv[1], &end, 10);
	must(argc <= 2 && count > 0 && (end == NULL || *end == '\0'),
		"the only argument is a number of requests");
	return count;
}

void must(bool good, const char *what)
{
	if (good)
		return;
	fprintf(stderr, "failed: %s\n", what);
	exit(1);
}

void must_ok(int result, const char *what)
{
	if (result == UMP_OK)
		return;
	fprintf(stderr, "failed: %s: %s\n", what, ump_strerror(result));
	exit(1);
}

/* ---- The pulse of a loop ------------------------------------------------------------------- */

void pulse_start(struct pulse *pulse)
{
	*pulse = (struct pulse){.begin = ump_now()};
	pulse->last = pulse->begin;
}

static void note_gap(struct pulse *pulse)
{
	ump_time now = ump_now();

	if (now - pulse->last > pulse->longest)
		pulse->longest = now - pulse->last;
	pulse->last = now;
}

void pulse_tick(struct pulse *pulse)
{
	note_gap(pulse);
	pulse->ticks++;
}

bool pulse_report(struct pulse *pulse)
{
	int64_t took;
	bool steady;

	note_gap(pulse); /* since the last tick */
	took = pulse->last - pulse->begin;
	/* A loaded machine may be late by tenths of a second; a blocked loop is late by most of the
	 * duration. */
	steady = pulse->ticks * TICK_NS * 10 >= took && pulse->longest < TICK_NS * 20 + took / 2;
	printf("the timer %s\n", steady ? "ticked all along" : "STALLED");
	fprintf(stderr, "%" PRId64 " ms, %u ticks, the longest gap %" PRId64 " ms\n",
		took / 1000000, pulse->ticks, pulse->longest / 1000000);
	return steady;
}

/* ---- A server that adds -------------------------------------------------------------------- */

const struct ump_config adder_config = {
	.request.size = sizeof(struct add), .reply.size = sizeof(sum), .name = "adder"};

static struct ump_flow add(void *self, const void *msg, ump_reply_context **rc)
{
	struct adder *adder = self;
	const struct add *numbers = msg;
	sum result = numbers->a + numbers->b;

	adder->handled++;
	(void)ump_reply(rc, &result); /* no caller gives up here */
	return ump_continue();
}

int adder_build(void *arg, ump_client *client, struct ump_handler *out)
{
	(void)client;
	out->self = arg;
	out->request = add;
	return 0;
}

/* ---- Threads that call a server on a loop -------------------------------------------------- */

static void *call(void *arg)
{
	struct caller *caller = arg;
	uint64_t i;

	for (i = 0; i < caller->count; i++) {
		struct add add = {caller->first + i, i};
		sum result;

		if (ump_client_req(caller->client, &add, &result, UMP_FOREVER) != UMP_OK)
			break;
		caller->answered++;
		caller->right += result == add.a + add.b;
	}
	ump_client_drop(&caller->client);
	return NULL;
}

void callers_start(struct callers *callers, ump_client **client, uint64_t count)
{
	uint64_t given = 0;
	uint64_t i;

	callers->count = count;
	for (i = 0; i < CALLERS; i++) {
		struct caller *caller = &callers->callers[i];
		uint64_t end = count * (i + 1) / CALLERS;

		*caller = (struct caller){.first = given, .count = end - given};
		given = end;
		must_ok(ump_client_clone(*client, &caller->client), "a client");
		must(pthread_create(&caller->thread, NULL, call, caller) == 0, "a thread");
	}
	ump_client_drop(client);
}

/* Each request must be answered once, by a task that did not stop its loop: [once], [task]. */
int callers_report(struct callers *callers, const struct adder *adder, struct pulse *pulse,
	struct ump_flow how)
{
	uint64_t answered = 0;
	uint64_t right = 0;
	bool steady;
	int i;

	for (i = 0; i < CALLERS; i++) {
		pthread_join(callers->callers[i].thread, NULL);
		answered += callers->callers[i].answered;
		right += callers->callers[i].right;
	}
	printf("%d threads sent %" PRIu64 " requests\n", CALLERS, callers->count);
	printf("the server handled %" PRIu64 "\n", adder->handled);
	printf("answered: %" PRIu64 ", right: %" PRIu64 "\n", answered, right);
	steady = pulse_report(pulse);
	printf("the server ended with %s\n", how.stop ? "a value" : "none");
	return steady && right == callers->count && adder->handled == right && !how.stop ? 0 : 1;
}

/* ---- A client on a loop -------------------------------------------------------------------- */

void requester_open(struct requester *requester, ump_client **client, uint64_t count)
{
	int i;

	*requester = (struct requester){.client = *client, .count = count};
	*client = NULL;
	must_ok(ump_completions_open(&requester->completions), "completions");
	for (i = 0; i < IN_FLIGHT; i++) {
		requester->questions[i].next_free = requester->free;
		requester->free = &requester->questions[i];
	}
}

/* Reserve capacity instead of waiting for it, since a loop must not wait; [bound]. */
static void reserve(struct requester *requester)
{
	must_ok(ump_client_reserve(
			requester->client, requester->completions, &requester->waits_for_capacity),
		"reserving capacity");
	requester->waits_for_capacity = true;
	requester->waits++;
}

bool requester_send(struct requester *requester)
{
	while (requester->sent < requester->count && requester->free != NULL &&
		!requester->waits_for_capacity) {
		struct question *question = requester->free;
		int result;

		question->add = (struct add){requester->sent, requester->sent / 3};
		result = ump_client_req_completion(
			requester->client, &question->add, requester->completions, question);
		if (result == UMP_FULL) {
			reserve(requester);
			break;
		}
		must_ok(result, "a request");
		requester->free = question->next_free;
		requester->sent++;
	}
	if (requester->sent < requester->count ||
		ump_completions_in_flight(requester->completions) > 0)
		return true;
	ump_client_drop(&requester->client); /* the last one: the server ends */
	return false;
}

void requester_book(struct requester *requester, const struct ump_completion *done)
{
	struct question *question = done->tag;

	if (done->tag == &requester->waits_for_capacity) {
		must_ok(done->result, "a reservation");
		requester->waits_for_capacity = false;
		return;
	}
	if (done->result == UMP_OK) {
		requester->answered++;
		requester->right += *(const sum *)done->reply == question->add.a + question->add.b;
	} else {
		requester->others++;
	}
	question->next_free = requester->free;
	requester->free = question;
}

/* Each request must be completed once, with its own answer: [complete]. */
int requester_report(struct requester *requester, ump_thread **thread, const struct adder *adder,
	struct pulse *pulse)
{
	struct ump_flow how;
	bool steady;

	must_ok(ump_thread_join(thread, &how, UMP_FOREVER), "join");
	ump_completions_drop(&requester->completions);
	printf("the loop sent %" PRIu64 " requests, at most %d at a time\n", requester->sent,
		IN_FLIGHT);
	printf("the server handled %" PRIu64 "\n", adder->handled);
	printf("answered: %" PRIu64 ", right: %" PRIu64 ", others: %" PRIu64 "\n",
		requester->answered, requester->right, requester->others);
	printf("it had to wait for capacity: %s\n", requester->waits > 0 ? "yes" : "no");
	steady = pulse_report(pulse);
	printf("the server ended with %s\n", how.stop ? "a value" : "none");
	return steady && requester->right == requester->count &&
			       adder->handled == requester->count && !how.stop
		       ? 0
		       : 1;
}
