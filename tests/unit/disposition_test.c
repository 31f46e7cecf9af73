/* SPDX-License-Identifier: 0BSD */
#include "core/disposition.h"

#include "check.h"

static void fates(void)
{
	for (int over = 0; over <= 1; over++) {
		enum ump__fate live = over ? UMP__FATE_LEFTOVER : UMP__FATE_HANDLE;

		for (int abandoned = 0; abandoned <= 1; abandoned++) {
			CHECK_INT(ump__fate_of(UMP__KIND_GOODBYE, abandoned, over), ==,
				UMP__FATE_NOTHING);
			CHECK_INT(ump__fate_of(UMP__KIND_POST, abandoned, over), ==, live);
		}
		CHECK_INT(ump__fate_of(UMP__KIND_REQUEST, false, over), ==, live);
		CHECK_INT(ump__fate_of(UMP__KIND_REQUEST, true, over), ==, UMP__FATE_SKIP);
	}
}

static void verdicts(void)
{
	CHECK_INT(ump__verdict_after(UMP__KIND_POST, false), ==, UMP__VERDICT_GO_ON);
	CHECK_INT(ump__verdict_after(UMP__KIND_REQUEST, false), ==, UMP__VERDICT_GO_ON);
	CHECK_INT(ump__verdict_after(UMP__KIND_POST, true), ==, UMP__VERDICT_VALUE);
	CHECK_INT(ump__verdict_after(UMP__KIND_REQUEST, true), ==, UMP__VERDICT_VALUE);
	CHECK_INT(ump__verdict_after(UMP__KIND_GOODBYE, false), ==, UMP__VERDICT_NONE);
	CHECK_INT(ump__verdict_after(UMP__KIND_GOODBYE, true), ==, UMP__VERDICT_NONE);
}

static const struct check_test tests[] = {
	{"[once] each message has one fate", fates},
	{"[drain] [break] the loop ends by the goodbye or by a break, and by nothing else",
		verdicts},
};

CHECK_MAIN(tests)
