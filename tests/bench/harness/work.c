/* SPDX-License-Identifier: 0BSD */
#include "work.h"

#include <inttypes.h>

/* The bits of a post's number above these hold the number of its client. */
#define CLIENT_SHIFT 40
#define NUMBER_MASK  ((UINT64_C(1) << CLIENT_SHIFT) - 1)

/* The first and the last word hold the number, so that a partial copy is detected. */
static void fill(struct bench_message *msg, uint64_t number)
{
	msg->words[0] = number;
	msg->words[BENCH_WORDS - 1] = number;
}

static bool whole(const struct bench_message *msg)
{
	return msg->words[0] == msg->words[BENCH_WORDS - 1];
}

void bench_work_begin(struct bench_work *work)
{
	*work = (struct bench_work){0};
	sem_init(&work->stalled, 0, 0);
	sem_init(&work->go_on, 0, 0);
}

void bench_fill(struct bench_message *msg, uint64_t number)
{
	fill(msg, number);
}

void bench_fill_post(struct bench_message *msg, unsigned client, uint64_t number)
{
	fill(msg, (uint64_t)client << CLIENT_SHIFT | number);
}

void bench_request(
	struct bench_work *work, const struct bench_message *msg, struct bench_message *reply)
{
	work->requests++;
	if (!whole(msg))
		work->astray++;
	fill(reply, msg->words[0] + 1);
}

void bench_post(struct bench_work *work, const struct bench_message *msg)
{
	uint64_t number = msg->words[0] & NUMBER_MASK;
	uint64_t *next = &work->next[msg->words[0] >> CLIENT_SHIFT & (BENCH_CLIENTS - 1)];

	work->posts++;
	work->sum += number;
	if (number != *next || !whole(msg))
		work->astray++;
	*next = number + 1;
	if (work->stalls) {
		work->stalls = false;
		sem_post(&work->stalled);
		while (sem_wait(&work->go_on) != 0)
			continue;
	}
}

void bench_check_reply(const struct bench_message *reply, uint64_t number)
{
	if (reply->words[0] != number + 1 || !whole(reply))
		bench_fail(
			"request %" PRIu64 " got a wrong reply: %" PRIu64, number, reply->words[0]);
}

void bench_check_requests(const struct bench_work *work, uint64_t all)
{
	if (work->requests != all)
		bench_fail("%" PRIu64 " requests were sent and %" PRIu64 " handled", all,
			work->requests);
	if (work->astray != 0)
		bench_fail("%" PRIu64 " requests came in pieces", work->astray);
}

void bench_check_posts(const struct bench_work *work, unsigned clients, uint64_t each)
{
	uint64_t sum = clients * (each * (each - 1) / 2);

	if (work->posts != clients * each)
		bench_fail("%" PRIu64 " posts were sent and %" PRIu64 " handled", clients * each,
			work->posts);
	if (work->sum != sum)
		bench_fail("the posts' sum is %" PRIu64 " and not %" PRIu64, work->sum, sum);
	if (work->astray != 0)
		bench_fail("%" PRIu64 " posts came out of order, or in pieces", work->astray);
}
