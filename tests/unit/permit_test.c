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
#define room (memory.channel.semaphore[0])

struct asker {
	struct ump__waiter waiter;
	/* Whether it still wants the permit. */
	bool wants;
	int calls;
	int code;
	/* Number of waiters called before it. */
	int turn;
};

static struct asker askers[MANY];
static int turns;

static bool call(struct ump__waiter *waiter, int code)
{
	struct asker *asker = (struct asker *)(void *)waiter;

	CHECK(!waiter->queued);
	asker->calls++;
	asker->code = code;
	asker->turn = turns++;
	return asker->wants;
}

static void prepare(uint32_t capacity)
{
	turns = 0;
	for (int i = 0; i < MANY; i++)
		askers[i] = (struct asker){.waiter.call = call, .wants = true, .code = 1};
	ump__semaphore_init(&room, capacity);
	ump__hint_init(&channel->server_cpu, UMP__CPU_UNKNOWN);
}

static bool withdraw(struct asker *asker)
{
	bool withdrawn;

	ump__lock_take(&room.lock);
	withdrawn = ump__semaphore_withdraw(&room, &asker->waiter);
	ump__lock_give(&room.lock);
	return withdrawn;
}

static uint32_t depth(void)
{
	return ump__permits_depth(&room.permits);
}

static void in_order(void)
{
	prepare(2);
	for (int i = 0; i < MANY; i++)
		ump__semaphore_enqueue(&room, &askers[i].waiter);
	/* The first two found free permits, and were called at once. */
	CHECK_INT(turns, ==, 2);
	CHECK_INT(depth(), ==, 2);
	/* No sender may overtake the queue. */
	CHECK_INT(ump__capacity_take(channel, &nothing, UMP_NOW), ==, UMP_FULL);
	ump__semaphore_give(&room);
	CHECK_INT(ump__capacity_take(channel, &nothing, UMP_NOW), ==, UMP_FULL);
	ump__semaphore_give(&room);
	ump__semaphore_give(&room);
	for (int i = 0; i < MANY; i++) {
		CHECK_INT(askers[i].calls, ==, 1);
		CHECK_INT(askers[i].code, ==, UMP_OK);
		CHECK_INT(askers[i].turn, ==, i);
	}
	CHECK_INT(depth(), ==, 2);
	ump__semaphore_give(&room);
	CHECK_INT(depth(), ==, 1);
	CHECK_INT(ump__capacity_take(channel, &nothing, UMP_NOW), ==, UMP_OK);
	CHECK_INT(depth(), ==, 2);
	ump__semaphore_end(&room);
}

static void withdrawing(void)
{
	prepare(1);
	for (int i = 0; i < MANY; i++)
		ump__semaphore_enqueue(&room, &askers[i].waiter);
	/* From the middle, the front and the end; a second withdrawal fails. */
	CHECK(withdraw(&askers[2]));
	CHECK(!withdraw(&askers[2]));
	CHECK(withdraw(&askers[1]));
	CHECK(withdraw(&askers[4]));
	CHECK(!withdraw(&askers[0]));
	ump__semaphore_give(&room);
	CHECK_INT(askers[3].calls, ==, 1);
	CHECK_INT(askers[1].calls + askers[2].calls + askers[4].calls, ==, 0);
	CHECK_INT(depth(), ==, 1);
	/* The queue has ended with its last waiter. */
	ump__semaphore_give(&room);
	CHECK_INT(depth(), ==, 0);
	CHECK_INT(ump__capacity_take(channel, &nothing, UMP_NOW), ==, UMP_OK);
	/* It also ends if all withdraw. */
	ump__semaphore_enqueue(&room, &askers[1].waiter);
	CHECK(withdraw(&askers[1]));
	ump__semaphore_give(&room);
	CHECK_INT(ump__capacity_take(channel, &nothing, UMP_NOW), ==, UMP_OK);
	ump__semaphore_end(&room);
}

static void unwanted(void)
{
	prepare(1);
	for (int i = 0; i < 4; i++)
		ump__semaphore_enqueue(&room, &askers[i].waiter);
	askers[1].wants = false;
	askers[2].wants = false;
	ump__semaphore_give(&room);
	/* The permit went to the next waiter that wants it. */
	CHECK_INT(askers[1].calls + askers[2].calls + askers[3].calls, ==, 3);
	CHECK_INT(depth(), ==, 1);
	askers[4].wants = false;
	ump__semaphore_enqueue(&room, &askers[4].waiter);
	ump__semaphore_give(&room);
	CHECK_INT(askers[4].calls, ==, 1);
	CHECK_INT(depth(), ==, 0);
	/* Called at once, and not wanted. */
	askers[4].calls = 0;
	ump__semaphore_enqueue(&room, &askers[4].waiter);
	CHECK_INT(askers[4].calls, ==, 1);
	CHECK_INT(depth(), ==, 0);
	ump__semaphore_end(&room);
}

static void closing(void)
{
	prepare(1);
	for (int i = 0; i < 4; i++)
		ump__semaphore_enqueue(&room, &askers[i].waiter);
	ump__semaphore_close(&room);
	CHECK_INT(askers[0].code, ==, UMP_OK);
	for (int i = 1; i < 4; i++) {
		CHECK_INT(askers[i].calls, ==, 1);
		CHECK_INT(askers[i].code, ==, UMP_SERVER_GONE);
		CHECK_INT(askers[i].turn, ==, i);
	}
	ump__semaphore_enqueue(&room, &askers[4].waiter);
	CHECK_INT(askers[4].code, ==, UMP_SERVER_GONE);
	CHECK_INT(ump__capacity_take(channel, &nothing, ump_after(INT64_C(60000000000))), ==,
		UMP_SERVER_GONE);
	ump__semaphore_end(&room);
}

static const struct check_test tests[] = {
	{"[bound] each step of the word is taken where it may be, and refused elsewhere", steps},
	{"[bound] a look at the limit makes known no more than was ever used", looks},
	{"[bound] depth is what is taken; a line means all", depths},
	{"[bound] [fifo] permits go to the wait queue in its order, and no sender overtakes",
		in_order},
	{"[bound] [deadline] who leaves the line is not called, and the line may end so",
		withdrawing},
	{"[bound] a place that is not wanted goes on to the next", unwanted},
	{"[bound] [quiet] closing calls all who stand in line", closing},
};

CHECK_MAIN(tests)
