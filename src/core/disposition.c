/* SPDX-License-Identifier: 0BSD */
#include "core/disposition.h"

enum ump__disposition ump__disposition_of(enum ump__kind kind, bool abandoned, bool over)
{
	if (kind == UMP__KIND_EOS)
		return UMP__DISPOSITION_NOTHING;
	if (kind == UMP__KIND_REQUEST && abandoned)
		return UMP__DISPOSITION_SKIP;
	if (!over)
		return UMP__DISPOSITION_HANDLE;
	return kind == UMP__KIND_ANSWER ? UMP__DISPOSITION_RELEASE : UMP__DISPOSITION_LEFTOVER;
}

enum ump__outcome ump__outcome_before(enum ump__kind kind, bool stopped)
{
	if (stopped)
		return UMP__OUTCOME_STOP;
	return kind == UMP__KIND_EOS ? UMP__OUTCOME_NONE : UMP__OUTCOME_CONTINUE;
}

enum ump__outcome ump__outcome_after(enum ump__kind kind, bool broke)
{
	if (kind == UMP__KIND_EOS)
		return UMP__OUTCOME_NONE;
	return broke ? UMP__OUTCOME_VALUE : UMP__OUTCOME_CONTINUE;
}

enum ump__outcome ump__outcome_drained(enum ump__outcome outcome, bool drained, uint32_t asks)
{
	if (outcome == UMP__OUTCOME_NONE && asks != 0)
		return UMP__OUTCOME_CONTINUE;
	if (outcome == UMP__OUTCOME_CONTINUE && drained && asks == 0)
		return UMP__OUTCOME_NONE;
	return outcome;
}
