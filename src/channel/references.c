/* SPDX-License-Identifier: 0BSD */
#include "channel/references.h"

#include "sync/debug.h"

/*@ requires valid: \valid(counts);
  @ requires role: ump__own_strong > 0 || ump__own_weak > 0;
  @ requires few: ump__own_strong < UINT64_MAX;
  @ terminates \false;
  @ assigns counts->value, ump__last_counts, ump__own_strong, ump__own_weak;
  @ ensures added: \result ==> ump__own_strong == \old(ump__own_strong) + 1;
  @ ensures other: ump__own_weak == \old(ump__own_weak);
  @ ensures refused: \result == \false ==> ump__own_strong == \old(ump__own_strong) &&
  @   (strong_of(ump__last_counts) == 0 || strong_of(ump__last_counts) == 0xffffffff);
  @*/
bool ump__strong_add(struct ump__counts *counts)
{
	uint64_t seen = ump__counts_load(counts);

	/*@ loop invariant rely: counts_rely(ump__own_weak, seen) && ump__last_counts == seen;
	  @ loop invariant none: ump__own_strong == \at(ump__own_strong, Pre) &&
	  @   ump__own_weak == \at(ump__own_weak, Pre);
	  @ loop assigns seen, counts->value, ump__last_counts, ump__own_strong, ump__own_weak;
	  @*/
	for (;;) {
		struct ump__counts_step step = ump__counts_add_strong(seen);

		if (!step.taken)
			return false;
		if (ump__counts_add(counts, &seen, step.next))
			return true;
	}
}

/*@ requires valid: \valid(counts);
  @ requires role: ump__own_strong > 0 || ump__own_weak > 0;
  @ requires few: ump__own_weak < UINT64_MAX;
  @ terminates \false;
  @ assigns counts->value, ump__last_counts, ump__own_strong, ump__own_weak;
  @ ensures added: \result ==> ump__own_weak == \old(ump__own_weak) + 1;
  @ ensures other: ump__own_strong == \old(ump__own_strong);
  @ ensures refused: \result == \false ==> ump__own_weak == \old(ump__own_weak) &&
  @   (weak_of(ump__last_counts) == 0 || weak_of(ump__last_counts) == 0xffffffff);
  @*/
bool ump__weak_add(struct ump__counts *counts)
{
	uint64_t seen = ump__counts_load(counts);

	/*@ loop invariant rely: counts_rely(ump__own_weak, seen) && ump__last_counts == seen;
	  @ loop invariant none: ump__own_strong == \at(ump__own_strong, Pre) &&
	  @   ump__own_weak == \at(ump__own_weak, Pre);
	  @ loop assigns seen, counts->value, ump__last_counts, ump__own_strong, ump__own_weak;
	  @*/
	for (;;) {
		struct ump__counts_step step = ump__counts_add_weak(seen);

		if (!step.taken)
			return false;
		if (ump__counts_add(counts, &seen, step.next))
			return true;
	}
}

/*@ requires valid: \valid(counts);
  @ requires role: ump__own_strong > 0;
  @ requires few: ump__own_weak < UINT64_MAX;
  @ terminates \false;
  @ assigns counts->value, ump__last_counts, ump__own_strong, ump__own_weak, ump__settled;
  @ ensures last: \result ==> strong_of(ump__last_counts) == 0 && ump__settled == \true &&
  @   ump__own_strong == \old(ump__own_strong) - 1 && ump__own_weak == \old(ump__own_weak) + 1;
  @ ensures more: \result == \false && strong_of(ump__last_counts) > 0 ==>
  @   ump__own_strong == \old(ump__own_strong) - 1 && ump__own_weak == \old(ump__own_weak);
  @ ensures refused: \result == \false && strong_of(ump__last_counts) == 0 ==>
  @   ump__own_strong == \old(ump__own_strong) && ump__own_weak == \old(ump__own_weak);
  @*/
bool ump__strong_drop(struct ump__counts *counts)
{
	uint64_t seen = ump__counts_load(counts);

	/*@ loop invariant rely: counts_rely(ump__own_weak, seen) && ump__last_counts == seen;
	  @ loop invariant none: ump__own_strong == \at(ump__own_strong, Pre) &&
	  @   ump__own_weak == \at(ump__own_weak, Pre);
	  @ loop assigns seen, counts->value, ump__last_counts, ump__own_strong, ump__own_weak,
	  @   ump__settled;
	  @*/
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

/*@ requires valid: \valid(counts);
  @ requires role: ump__own_weak > 0;
  @ terminates \false;
  @ assigns counts->value, ump__last_counts, ump__own_strong, ump__own_weak, ump__settled;
  @ ensures other: ump__own_strong == \old(ump__own_strong);
  @ ensures last: \result ==> ump__last_counts == 0 && ump__settled == \true &&
  @   ump__own_weak == \old(ump__own_weak) - 1;
  @ ensures more: \result == \false && ump__last_counts != 0 ==>
  @   ump__own_weak == \old(ump__own_weak) - 1;
  @ ensures refused: \result == \false && ump__last_counts == 0 ==>
  @   ump__own_weak == \old(ump__own_weak);
  @*/
bool ump__weak_drop(struct ump__counts *counts)
{
	uint64_t seen = ump__counts_load(counts);

	/*@ loop invariant rely: counts_rely(ump__own_weak, seen) && ump__last_counts == seen;
	  @ loop invariant none: ump__own_strong == \at(ump__own_strong, Pre) &&
	  @   ump__own_weak == \at(ump__own_weak, Pre);
	  @ loop assigns seen, counts->value, ump__last_counts, ump__own_strong, ump__own_weak,
	  @   ump__settled;
	  @*/
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

/*@ requires valid: \valid_read(counts);
  @ terminates \true;
  @ assigns \result, ump__last_counts \from counts->value;
  @ ensures any: \result <==> strong_of(ump__last_counts) > 0;
  @*/
bool ump__strong_any(const struct ump__counts *counts)
{
	return ump__counts_strong(ump__counts_load(counts)) != 0;
}
