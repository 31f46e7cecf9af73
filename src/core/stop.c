/* SPDX-License-Identifier: 0BSD */
#include "core/stop.h"

/* Return whether `word` has `bit`, by arithmetic that provers know better than masks. */
/*@ requires bit: bit > 0;
  @ terminates \true;
  @ assigns \result \from word, bit;
  @ ensures has: \result <==> has_bit(word, bit);
  @*/
static bool has_attention(uint32_t word, uint32_t bit)
{
	return word / bit % 2 == 1;
}

bool ump__stop_is_claimed(uint32_t before)
{
	return !has_attention(before, UMP__ATTENTION_CLAIMED) &&
	       !has_attention(before, UMP__ATTENTION_ENDED);
}

bool ump__stop_is_accepted(uint32_t before)
{
	return !has_attention(before, UMP__ATTENTION_ENDED);
}

bool ump__stop_is_set(uint32_t before)
{
	return has_attention(before, UMP__ATTENTION_STOP);
}

bool ump__stop_is_over(uint32_t word)
{
	return has_attention(word, UMP__ATTENTION_ENDED);
}
