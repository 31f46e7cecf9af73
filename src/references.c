/* SPDX-License-Identifier: 0BSD */
#include "references.h"

#include "debug.h"

bool ump__strong_add(struct ump__counts *counts)
{
	uint64_t seen = ump__counts_load(counts);

	for (;;) {
		struct ump__counts_step step = ump__counts_add_strong(seen);

		if (!step.taken)
			return false;
		if (ump__counts_add(counts, &seen, step.next))
			return true;
	}
}

bool ump__weak_add(struct ump__counts *counts)
{
	uint64_t seen = ump__counts_load(counts);

	for (;;) {
		struct ump__counts_step step = ump__counts_add_weak(seen);

		if (!step.taken)
			return false;
		if (ump__counts_add(counts, &seen, step.next))
			return true;
	}
}

bool ump__strong_drop(struct ump__counts *counts)
{
	uint64_t seen = ump__counts_load(counts);

	for (;;) {
		struct ump__counts_step step = ump__counts_drop_strong(seen);

		UMP__REQUIRE(step.taken, "a strong client was dropped more often than made");
		if (!step.taken)
			return false;
		if (ump__counts_drop(counts, &seen, step.next)) {
			if (step.edge != UMP__EDGE_LAST_STRONG)
				return false;
			ump__counts_settle(counts);
			return true;
		}
	}
}

bool ump__weak_drop(struct ump__counts *counts)
{
	uint64_t seen = ump__counts_load(counts);

	for (;;) {
		struct ump__counts_step step = ump__counts_drop_weak(seen);

		UMP__REQUIRE(step.taken, "a weak reference was dropped more often than made");
		if (!step.taken)
			return false;
		if (ump__counts_drop(counts, &seen, step.next)) {
			if (step.edge != UMP__EDGE_LAST)
				return false;
			ump__counts_settle(counts);
			return true;
		}
	}
}

bool ump__strong_any(const struct ump__counts *counts)
{
	return ump__counts_strong(ump__counts_load(counts)) != 0;
}
