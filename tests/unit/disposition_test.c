/* SPDX-License-Identifier: 0BSD */
#include "core/disposition.h"

#include "check.h"

static void dispositions(void)
{
	for (int over = 0; over <= 1; over++) {
		enum ump__disposition live =
			over ? UMP__DISPOSITION_LEFTOVER : UMP__DISPOSITION_HANDLE;

		for (int abandoned = 0; abandoned <= 1; abandoned++) {
			CHECK_INT(ump__disposition_of(UMP__KIND_EOS, abandoned, over), ==,
				UMP__DISPOSITION_NOTHING);
			CHECK_INT(ump__disposition_of(UMP__KIND_POST, abandoned, over), ==, live);
		}
		CHECK_INT(ump__disposition_of(UMP__KIND_REQUEST, false, over), ==, live);
		CHECK_INT(ump__disposition_of(UMP__KIND_REQUEST, true, over), ==,
			UMP__DISPOSITION_SKIP);
		CHECK_INT(ump__disposition_of(UMP__KIND_ANSWER, false, over), ==,
			over ? UMP__DISPOSITION_RELEASE : UMP__DISPOSITION_HANDLE);
	}
}

static void stops(void)
{
	CHECK_INT(ump__outcome_after(UMP__KIND_POST, false), ==, UMP__OUTCOME_CONTINUE);
	CHECK_INT(ump__outcome_after(UMP__KIND_REQUEST, false), ==, UMP__OUTCOME_CONTINUE);
	CHECK_INT(ump__outcome_after(UMP__KIND_POST, true), ==, UMP__OUTCOME_VALUE);
	CHECK_INT(ump__outcome_after(UMP__KIND_REQUEST, true), ==, UMP__OUTCOME_VALUE);
	CHECK_INT(ump__outcome_after(UMP__KIND_EOS, false), ==, UMP__OUTCOME_NONE);
	CHECK_INT(ump__outcome_after(UMP__KIND_EOS, true), ==, UMP__OUTCOME_NONE);
}

static void stopped_from_outside(void)
{
	CHECK_INT(ump__outcome_before(UMP__KIND_POST, false), ==, UMP__OUTCOME_CONTINUE);
	CHECK_INT(ump__outcome_before(UMP__KIND_REQUEST, false), ==, UMP__OUTCOME_CONTINUE);
	CHECK_INT(ump__outcome_before(UMP__KIND_EOS, false), ==, UMP__OUTCOME_NONE);
	CHECK_INT(ump__outcome_before(UMP__KIND_POST, true), ==, UMP__OUTCOME_STOP);
	CHECK_INT(ump__outcome_before(UMP__KIND_REQUEST, true), ==, UMP__OUTCOME_STOP);
	CHECK_INT(ump__outcome_before(UMP__KIND_EOS, true), ==, UMP__OUTCOME_STOP);
}

static void held_by_requests(void)
{
	for (int drained = 0; drained <= 1; drained++) {
		CHECK_INT(ump__outcome_drained(UMP__OUTCOME_NONE, drained, 1), ==,
			UMP__OUTCOME_CONTINUE);
		CHECK_INT(
			ump__outcome_drained(UMP__OUTCOME_NONE, drained, 0), ==, UMP__OUTCOME_NONE);
		CHECK_INT(ump__outcome_drained(UMP__OUTCOME_CONTINUE, drained, 1), ==,
			UMP__OUTCOME_CONTINUE);
		CHECK_INT(ump__outcome_drained(UMP__OUTCOME_CONTINUE, drained, 0), ==,
			drained ? UMP__OUTCOME_NONE : UMP__OUTCOME_CONTINUE);
		CHECK_INT(ump__outcome_drained(UMP__OUTCOME_VALUE, drained, 1), ==,
			UMP__OUTCOME_VALUE);
		CHECK_INT(
			ump__outcome_drained(UMP__OUTCOME_STOP, drained, 0), ==, UMP__OUTCOME_STOP);
	}
}

static const struct check_test tests[] = {
	{"[once] each message has one disposition", dispositions},
	{"[drain] [break] the loop ends by the end-of-stream marker or by a break, and by nothing "
	 "else",
		stops},
	{"[stop] a stop ends the loop before any message", stopped_from_outside},
	{"[ask] requests of the server itself hold its loop at the drain", held_by_requests},
};

CHECK_MAIN(tests)
