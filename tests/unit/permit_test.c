/* SPDX-License-Identifier: 0BSD */
/* Permits of an inbox: the transition functions of the word, and the queue of waiters. */
#include "core/permit.h"

#include "channel/channel.h"
#include "channel/permits.h"
#include "check.h"
#include "wait/capacity.h"

/* The claim of a client without a reservation. */
static const struct ump__claim nothing;

/* The senders' word: `count` permits taken, and `known` more known to be free. */
static uint64_t word(uint64_t count, uint64_t known)
{
	return count * UMP__PERMIT_TAKEN + known;
}

static void taken(struct ump__permit_word_step step, uint64_t next)
{
	CHECK(step.taken);
	CHECK_INT(step.next, ==, next);
}

static void refused(struct ump__permit_word_step step, uint64_t before)
{
	CHECK(!step.taken);
	CHECK_INT(step.next, ==, before);
}

#define LAST (UMP__PERMIT_MODULUS - 1)

static void steps(void)
{
	taken(ump__permit_word_take_step(word(7, 3)), word(8, 2));
	taken(ump__permit_word_take_step(word(7, 1)), word(8, 0));
	taken(ump__permit_word_take_step(word(LAST, 1)), word(0, 0));
	refused(ump__permit_word_take_step(word(7, 0)), word(7, 0));
	taken(ump__permit_word_give_step(7), 8);
	taken(ump__permit_word_give_step(LAST), 0);
	refused(ump__permit_word_give_step(UMP__PERMIT_QUEUE), UMP__PERMIT_QUEUE);
	refused(ump__permit_word_give_step(UMP__PERMIT_QUEUE + LAST), UMP__PERMIT_QUEUE + LAST);
	taken(ump__permit_word_begin_step(word(7, 0), 7), UMP__PERMIT_QUEUE + 7);
	refused(ump__permit_word_begin_step(word(6, 0), 7), 7);
	refused(ump__permit_word_begin_step(word(7, 0), UMP__PERMIT_QUEUE + 7),
		UMP__PERMIT_QUEUE + 7);
	taken(ump__permit_word_end_step(UMP__PERMIT_QUEUE + 7), 7);
	refused(ump__permit_word_end_step(0), 0);
	refused(ump__permit_word_end_step(LAST), LAST);
	CHECK(ump__permit_word_has_queue(UMP__PERMIT_QUEUE));
	CHECK(!ump__permit_word_has_queue(LAST));
	CHECK(ump__permit_word_is_valid(UMP__PERMIT_QUEUE + LAST));
	CHECK(!ump__permit_word_is_valid(2 * UMP__PERMIT_MODULUS));
}

/* Reading the limit makes known as many permits as keep the queue no deeper than it has been. */
static void looks(void)
{
	/* One of five is taken, and the depth has been four. */
	taken(ump__permit_word_look_step(word(1, 0), 5, 5, 4), word(2, 2));
	/* The depth never exceeded the current one, or the one before the word was read. */
	taken(ump__permit_word_look_step(word(1, 0), 5, 5, 1), word(2, 0));
	taken(ump__permit_word_look_step(word(1, 0), 5, 5, 0), word(2, 0));
	taken(ump__permit_word_look_step(word(4, 0), 5, 5, 5), word(5, 0));
	refused(ump__permit_word_look_step(word(5, 0), 5, 5, 5), word(5, 0));
	refused(ump__permit_word_look_step(word(5, 0), UMP__PERMIT_QUEUE + 5, 5, 5), word(5, 0));
	/* Across the wrap-around. */
	taken(ump__permit_word_look_step(word(LAST, 0), 4, 5, 5), word(0, 4));
	refused(ump__permit_word_look_step(word(0, 0), 0, 5, 5), word(0, 0));
	/* More than fits into the word. */
	taken(ump__permit_word_look_step(
		      word(0, 0), UMP__PERMIT_MOST, UMP__PERMIT_MOST, UMP__PERMIT_MOST),
		word(1, UMP__PERMIT_TAKEN - 1));
	/* The word is older than the limit: the exchange will find it changed. */
	taken(ump__permit_word_look_step(word(1, 0), 100, 5, 5), word(2, 4));
}

static void depths(void)
{
	CHECK_INT(ump__permit_word_depth(word(0, 0), 5, 5), ==, 0);
	CHECK_INT(ump__permit_word_depth(word(3, 2), 5, 5), ==, 3);
	CHECK_INT(ump__permit_word_depth(word(5, 0), 5, 5), ==, 5);
	CHECK_INT(ump__permit_word_depth(word(5, 0), UMP__PERMIT_QUEUE + 5, 5), ==, 5);
	CHECK_INT(ump__permit_word_depth(word(LAST, 0), 2, 5), ==, 2);
	CHECK_INT(ump__permit_word_depth(
			  word(UMP__PERMIT_MOST, 0), UMP__PERMIT_MOST, UMP__PERMIT_MOST),
		==, UMP__PERMIT_MOST);
	CHECK_INT(ump__permit_word_left(word(LAST, 0), 2), ==, 3);
	CHECK_INT(ump__permit_word_left(word(5, 0), 5), ==, 0);
	/* One of the words is older than the other. */
	CHECK_INT(ump__permit_word_depth(word(1, 0), 8, 5), ==, 0);
	CHECK_INT(ump__permit_word_depth(word(8, 0), 5, 5), ==, 0);
}

/* ---- The wait queue ------------------------------------------------------------------------ */

#define MANY 5

/* Memory of a channel with a semaphore, which lies behind it. */
static union {
	struct ump__channel channel;
	unsigned char bytes[sizeof(struct ump__channel) + sizeof(struct ump__semaphore)];
} memory;
static struct ump__channel *const channel = &memory.channel;
static struct ump__semaphore *const semaphore = memory.channel.semaphore;

struct requester {
	struct ump__waiter waiter;
	/* Whether it still wants the permit. */
	bool wants;
	int calls;
	int code;
	/* Number of waiters called before it. */
	int position;
};

static struct requester requesters[MANY];
static int called;

static bool call(struct ump__waiter *waiter, int code)
{
	struct requester *requester = (struct requester *)(void *)waiter;

	CHECK(!waiter->queued);
	requester->calls++;
	requester->code = code;
	requester->position = called++;
	return requester->wants;
}

static void prepare(uint32_t capacity)
{
	called = 0;
	for (int i = 0; i < MANY; i++)
		requesters[i] = (struct requester){.waiter.call = call, .wants = true, .code = 1};
	ump__semaphore_init(semaphore, capacity);
	ump__hint_init(&channel->server_cpu, UMP__CPU_UNKNOWN);
}

static bool withdraw(struct requester *requester)
{
	bool withdrawn;

	ump__lock_take(&semaphore->lock);
	withdrawn = ump__semaphore_withdraw(semaphore, &requester->waiter);
	ump__lock_give(&semaphore->lock);
	return withdrawn;
}

static uint32_t depth(void)
{
	return ump__permits_depth(&semaphore->permits);
}

static void in_order(void)
{
	prepare(2);
	for (int i = 0; i < MANY; i++)
		ump__semaphore_enqueue(semaphore, &requesters[i].waiter);
	/* The first two found free permits, and were called at once. */
	CHECK_INT(called, ==, 2);
	CHECK_INT(depth(), ==, 2);
	/* No sender may overtake the queue. */
	CHECK_INT(ump__capacity_take(channel, &nothing, UMP_NOW), ==, UMP_FULL);
	ump__semaphore_give(semaphore);
	CHECK_INT(ump__capacity_take(channel, &nothing, UMP_NOW), ==, UMP_FULL);
	ump__semaphore_give(semaphore);
	ump__semaphore_give(semaphore);
	for (int i = 0; i < MANY; i++) {
		CHECK_INT(requesters[i].calls, ==, 1);
		CHECK_INT(requesters[i].code, ==, UMP_OK);
		CHECK_INT(requesters[i].position, ==, i);
	}
	CHECK_INT(depth(), ==, 2);
	ump__semaphore_give(semaphore);
	CHECK_INT(depth(), ==, 1);
	CHECK_INT(ump__capacity_take(channel, &nothing, UMP_NOW), ==, UMP_OK);
	CHECK_INT(depth(), ==, 2);
	ump__semaphore_end(semaphore);
}

static void withdrawing(void)
{
	prepare(1);
	for (int i = 0; i < MANY; i++)
		ump__semaphore_enqueue(semaphore, &requesters[i].waiter);
	/* From the middle, the front and the end; a second withdrawal fails. */
	CHECK(withdraw(&requesters[2]));
	CHECK(!withdraw(&requesters[2]));
	CHECK(withdraw(&requesters[1]));
	CHECK(withdraw(&requesters[4]));
	CHECK(!withdraw(&requesters[0]));
	ump__semaphore_give(semaphore);
	CHECK_INT(requesters[3].calls, ==, 1);
	CHECK_INT(requesters[1].calls + requesters[2].calls + requesters[4].calls, ==, 0);
	CHECK_INT(depth(), ==, 1);
	/* The queue has ended with its last waiter. */
	ump__semaphore_give(semaphore);
	CHECK_INT(depth(), ==, 0);
	CHECK_INT(ump__capacity_take(channel, &nothing, UMP_NOW), ==, UMP_OK);
	/* It also ends if all withdraw. */
	ump__semaphore_enqueue(semaphore, &requesters[1].waiter);
	CHECK(withdraw(&requesters[1]));
	ump__semaphore_give(semaphore);
	CHECK_INT(ump__capacity_take(channel, &nothing, UMP_NOW), ==, UMP_OK);
	ump__semaphore_end(semaphore);
}

static void unwanted(void)
{
	prepare(1);
	for (int i = 0; i < 4; i++)
		ump__semaphore_enqueue(semaphore, &requesters[i].waiter);
	requesters[1].wants = false;
	requesters[2].wants = false;
	ump__semaphore_give(semaphore);
	/* The permit went to the next waiter that wants it. */
	CHECK_INT(requesters[1].calls + requesters[2].calls + requesters[3].calls, ==, 3);
	CHECK_INT(depth(), ==, 1);
	requesters[4].wants = false;
	ump__semaphore_enqueue(semaphore, &requesters[4].waiter);
	ump__semaphore_give(semaphore);
	CHECK_INT(requesters[4].calls, ==, 1);
	CHECK_INT(depth(), ==, 0);
	/* Called at once, and not wanted. */
	requesters[4].calls = 0;
	ump__semaphore_enqueue(semaphore, &requesters[4].waiter);
	CHECK_INT(requesters[4].calls, ==, 1);
	CHECK_INT(depth(), ==, 0);
	ump__semaphore_end(semaphore);
}

static void closing(void)
{
	prepare(1);
	for (int i = 0; i < 4; i++)
		ump__semaphore_enqueue(semaphore, &requesters[i].waiter);
	ump__semaphore_close(semaphore);
	CHECK_INT(requesters[0].code, ==, UMP_OK);
	for (int i = 1; i < 4; i++) {
		CHECK_INT(requesters[i].calls, ==, 1);
		CHECK_INT(requesters[i].code, ==, UMP_SERVER_GONE);
		CHECK_INT(requesters[i].position, ==, i);
	}
	ump__semaphore_enqueue(semaphore, &requesters[4].waiter);
	CHECK_INT(requesters[4].code, ==, UMP_SERVER_GONE);
	CHECK_INT(ump__capacity_take(channel, &nothing, ump_after(INT64_C(60000000000))), ==,
		UMP_SERVER_GONE);
	ump__semaphore_end(semaphore);
}

static const struct check_test tests[] = {
	{"[bound] each step of the word is taken where it may be, and refused elsewhere", steps},
	{"[bound] a poll at the limit reports no more than was ever used", looks},
	{"[bound] depth is the permits taken; a wait queue means all", depths},
	{"[bound] [fifo] permits go to the wait queue in its order, and no sender overtakes",
		in_order},
	{"[bound] [deadline] a waiter that has left is not called, and may have been the last",
		withdrawing},
	{"[bound] a permit that is not wanted goes to the next waiter", unwanted},
	{"[bound] [quiet] closing calls all waiters", closing},
};

CHECK_MAIN(tests)
