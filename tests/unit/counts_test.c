/* SPDX-License-Identifier: 0BSD */
#include "core/counts.h"

#include "check.h"

static uint64_t word(uint32_t strong, uint32_t weak)
{
	return strong * UMP__COUNTS_STRONG + weak;
}

static void refused(struct ump__counts_step step, uint64_t before)
{
	CHECK(!step.taken);
	CHECK(step.next == before);
	CHECK_INT(step.edge, ==, UMP__EDGE_NONE);
}

static void taken(struct ump__counts_step step, uint64_t after, enum ump__edge edge)
{
	CHECK(step.taken);
	CHECK(step.next == after);
	CHECK_INT(step.edge, ==, edge);
}

static void first(void)
{
	CHECK_INT(ump__counts_strong(UMP__COUNTS_FIRST), ==, 1);
	CHECK_INT(ump__counts_weak(UMP__COUNTS_FIRST), ==, 2);
}

static void strong(void)
{
	taken(ump__counts_add_strong(word(1, 2)), word(2, 2), UMP__EDGE_NONE);
	taken(ump__counts_drop_strong(word(2, 2)), word(1, 2), UMP__EDGE_NONE);
	taken(ump__counts_drop_strong(word(1, 7)), word(0, 7), UMP__EDGE_LAST_STRONG);
}

static void weak(void)
{
	taken(ump__counts_add_weak(word(0, 1)), word(0, 2), UMP__EDGE_NONE);
	taken(ump__counts_drop_weak(word(3, 2)), word(3, 1), UMP__EDGE_NONE);
	taken(ump__counts_drop_weak(word(0, 1)), word(0, 0), UMP__EDGE_LAST);
}

static void dead(void)
{
	refused(ump__counts_add_strong(word(0, 5)), word(0, 5));
	refused(ump__counts_add_weak(word(0, 0)), word(0, 0));
	refused(ump__counts_drop_strong(word(0, 5)), word(0, 5));
	refused(ump__counts_drop_weak(word(0, 0)), word(0, 0));
	/* The weak reference that the strong ones share. */
	refused(ump__counts_drop_weak(word(1, 1)), word(1, 1));
}

static void limits(void)
{
	refused(ump__counts_add_strong(word(UMP__COUNTS_MAX, 1)), word(UMP__COUNTS_MAX, 1));
	refused(ump__counts_add_weak(word(1, UMP__COUNTS_MAX)), word(1, UMP__COUNTS_MAX));
	taken(ump__counts_add_strong(word(UMP__COUNTS_MAX - 1, 1)), word(UMP__COUNTS_MAX, 1),
		UMP__EDGE_NONE);
	taken(ump__counts_add_weak(word(1, UMP__COUNTS_MAX - 1)), word(1, UMP__COUNTS_MAX),
		UMP__EDGE_NONE);
}

static const struct check_test tests[] = {
	{"[weak] a channel begins with one strong reference and two weak ones", first},
	{"[weak] strong references count, and the last one is reported", strong},
	{"[clean] weak references count, and the last one is reported", weak},
	{"[weak] nothing comes back from zero, and nothing goes below it", dead},
	{"[clean] a count at its limit refuses, and does not wrap", limits},
};

CHECK_MAIN(tests)
