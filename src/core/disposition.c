/* SPDX-License-Identifier: 0BSD */
#include "core/disposition.h"

enum ump__fate ump__fate_of(enum ump__kind kind, bool abandoned, bool over)
{
	if (kind == UMP__KIND_GOODBYE)
		return UMP__FATE_NOTHING;
	if (kind == UMP__KIND_REQUEST && abandoned)
		return UMP__FATE_SKIP;
	return over ? UMP__FATE_LEFTOVER : UMP__FATE_HANDLE;
}

enum ump__verdict ump__verdict_after(enum ump__kind kind, bool broke)
{
	if (kind == UMP__KIND_GOODBYE)
		return UMP__VERDICT_NONE;
	return broke ? UMP__VERDICT_VALUE : UMP__VERDICT_GO_ON;
}
