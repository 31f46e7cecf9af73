/* SPDX-License-Identifier: 0BSD */
/*
 * Every atomic access of the library, with its memory order.  The shell must reach its words
 * through the functions that this includes only.  When compiled they are C11 atomics
 * (sync/atomic_words.h, sync/atomic_counts.h).  When proved they are the contracts of
 * sync/contracts.h, since Frama-C gives C11 atomics no meaning.  Only this file and
 * sync/words.h know __FRAMAC__.
 *
 * Each order comment names its partner on the other side and what the pair carries.  There are no
 * fences: ThreadSanitizer does not model them.
 */
#ifndef UMP_SYNC_ATOMIC_H
#define UMP_SYNC_ATOMIC_H

#ifdef __FRAMAC__
#include "sync/contracts.h"
#else
#include "sync/atomic_counts.h"
#include "sync/atomic_words.h"
#endif

#endif
