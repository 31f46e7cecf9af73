/* SPDX-License-Identifier: 0BSD */
#include "core/stop.h"

bool ump__stop_is_claimed(uint32_t before)
{
	return (before & UMP__ATTENTION_CLAIMED) == 0 && (before & UMP__ATTENTION_ENDED) == 0;
}

bool ump__stop_is_accepted(uint32_t before)
{
	return (before & UMP__ATTENTION_ENDED) == 0;
}

bool ump__stop_is_set(uint32_t before)
{
	return (before & UMP__ATTENTION_STOP) != 0;
}
