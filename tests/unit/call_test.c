/* SPDX-License-Identifier: 0BSD */
#include "core/call.h"

#include "check.h"

static void stepped(struct ump__call_step step, uintptr_t next, bool taken, bool wake, bool owns)
{
	CHECK(step.next == next);
	CHECK_INT(step.taken, ==, taken);
	CHECK_INT(step.wake, ==, wake);
	CHECK_INT(step.owns, ==, owns);
}

static void finish(void)
{
	stepped(ump__call_finish_step(UMP__CALL_PENDING), UMP__CALL_DONE, true, false, false);
	stepped(ump__call_finish_step(UMP__CALL_WAITING), UMP__CALL_DONE, true, true, false);
	stepped(ump__call_finish_step(UMP__CALL_ABANDONED), UMP__CALL_DONE, true, false, true);
	stepped(ump__call_finish_step(UMP__CALL_DONE), UMP__CALL_DONE, false, false, false);
}

static void sleep_and_rise(void)
{
	stepped(ump__call_sleep_step(UMP__CALL_PENDING), UMP__CALL_WAITING, true, false, false);
	stepped(ump__call_sleep_step(UMP__CALL_WAITING), UMP__CALL_WAITING, false, false, false);
	stepped(ump__call_sleep_step(UMP__CALL_DONE), UMP__CALL_DONE, false, false, false);
	stepped(ump__call_unpark_step(UMP__CALL_WAITING), UMP__CALL_PENDING, true, false, false);
	stepped(ump__call_unpark_step(UMP__CALL_DONE), UMP__CALL_DONE, false, false, false);
}

static void abandon(void)
{
	stepped(ump__call_abandon_step(UMP__CALL_PENDING), UMP__CALL_ABANDONED, true, false, false);
	stepped(ump__call_abandon_step(UMP__CALL_WAITING), UMP__CALL_ABANDONED, true, false, false);
	stepped(ump__call_abandon_step(UMP__CALL_DONE), UMP__CALL_DONE, false, false, true);
	stepped(ump__call_abandon_step(UMP__CALL_ABANDONED), UMP__CALL_ABANDONED, false, false,
		false);
}

static const struct check_test tests[] = {
	{"[once] a call is finished once, and wakes or inherits", finish},
	{"[quiet] a waiter sleeps only while there is no answer", sleep_and_rise},
	{"[origin] a caller that gives up leaves the call to the answerer, or inherits it",
		abandon},
};

CHECK_MAIN(tests)
