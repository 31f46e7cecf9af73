/* SPDX-License-Identifier: 0BSD */
#include "core/inbox.h"

#include "check.h"

#define NODE  ((uintptr_t)0x1000)
#define OTHER ((uintptr_t)0x2000)

static void pushed(uintptr_t word, uintptr_t link, bool wake)
{
	struct ump__inbox_push push = ump__inbox_push_step(word, NODE);

	CHECK(push.accepted);
	CHECK(push.next == NODE);
	CHECK(push.link == link);
	CHECK_INT(push.wake, ==, wake);
}

static void push(void)
{
	struct ump__inbox_push refused = ump__inbox_push_step(UMP__INBOX_CLOSED, NODE);

	pushed(UMP__INBOX_EMPTY, 0, false);
	pushed(UMP__INBOX_PARKED, 0, true);
	pushed(OTHER, OTHER, false);
	CHECK(!refused.accepted);
	CHECK(!refused.wake);
	CHECK(refused.next == UMP__INBOX_CLOSED);
}

static void stepped(struct ump__inbox_step step, uintptr_t next, uintptr_t chain, bool taken)
{
	CHECK(step.next == next);
	CHECK(step.chain == chain);
	CHECK_INT(step.taken, ==, taken);
}

static void take(void)
{
	stepped(ump__inbox_take_step(NODE), UMP__INBOX_EMPTY, NODE, true);
	stepped(ump__inbox_take_step(UMP__INBOX_EMPTY), UMP__INBOX_EMPTY, 0, false);
	stepped(ump__inbox_take_step(UMP__INBOX_PARKED), UMP__INBOX_PARKED, 0, false);
	stepped(ump__inbox_take_step(UMP__INBOX_CLOSED), UMP__INBOX_CLOSED, 0, false);
}

static void park(void)
{
	stepped(ump__inbox_park_step(UMP__INBOX_EMPTY), UMP__INBOX_PARKED, 0, true);
	stepped(ump__inbox_park_step(UMP__INBOX_PARKED), UMP__INBOX_PARKED, 0, false);
	stepped(ump__inbox_park_step(UMP__INBOX_CLOSED), UMP__INBOX_CLOSED, 0, false);
	stepped(ump__inbox_park_step(NODE), NODE, 0, false);
	stepped(ump__inbox_unpark_step(UMP__INBOX_PARKED), UMP__INBOX_EMPTY, 0, true);
	stepped(ump__inbox_unpark_step(NODE), NODE, 0, false);
}

static void close_for_good(void)
{
	stepped(ump__inbox_close_step(UMP__INBOX_EMPTY), UMP__INBOX_CLOSED, 0, true);
	stepped(ump__inbox_close_step(UMP__INBOX_PARKED), UMP__INBOX_CLOSED, 0, true);
	stepped(ump__inbox_close_step(UMP__INBOX_CLOSED), UMP__INBOX_CLOSED, 0, true);
	stepped(ump__inbox_close_step(NODE), UMP__INBOX_CLOSED, NODE, true);
}

static const struct check_test tests[] = {
	{"[quiet] a push links below, and owes a wake only to a sleeper", push},
	{"[once] a take gives all there is, and leaves the inbox empty", take},
	{"[quiet] only an empty inbox lets the dispatcher sleep", park},
	{"[break] a close gives what is left, and stays", close_for_good},
};

CHECK_MAIN(tests)
