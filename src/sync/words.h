/* SPDX-License-Identifier: 0BSD */
/* The words that threads share.  sync/atomic.h accesses them.  For the prover they are plain. */
#ifndef UMP_SYNC_WORDS_H
#define UMP_SYNC_WORDS_H

#include <stdint.h>

#ifdef __FRAMAC__
#define UMP__ATOMIC(type) type
#else
#include <stdatomic.h>
#define UMP__ATOMIC(type) _Atomic(type)
#endif

/* The distance between words that different threads write often.  Twice the usual cache line, since
 * processors fetch lines in pairs. */
#define UMP__LINE 128

/* A word that a thread can park on: an inbox, or the state of a call. */
struct ump__word {
	UMP__ATOMIC(uintptr_t) value;
};

/* The word of a notifier's gate (run-down protection, as in the Windows kernel): whether its owner
 * has shut it, and the number of raisers inside. */
#define UMP__GATE_OPEN   ((uintptr_t)0)
#define UMP__GATE_SHUT   ((uintptr_t)1)
#define UMP__GATE_RAISER ((uintptr_t)2)

/* The reference counts of a channel. */
struct ump__counts {
	UMP__ATOMIC(uint64_t) value;
};

/* The permits of an inbox: the two words of core/permit.h, the depth that the queue can have had,
 * and the capacity.  Senders write the first word for each message, the receiver writes the second;
 * so a cache line should end between them, which the struct that contains this must see to. */
struct ump__permits {
	UMP__ATOMIC(uint64_t) taken;
	UMP__ATOMIC(uint64_t) limit;
	UMP__ATOMIC(uint32_t) reach;
	uint32_t capacity;
};

/* A try-lock on what the senders of one client share: 1 while a thread holds it, 2 once the senders
 * have gone. */
struct ump__trylock {
	UMP__ATOMIC(uint32_t) value;
};

/* An outstanding count: how many of a number of things are still in use. */
struct ump__outstanding {
	UMP__ATOMIC(uint32_t) value;
};

/* A count of events. */
struct ump__count {
	UMP__ATOMIC(uint64_t) value;
};

/* What a dispatcher looks at before each message: bits of core/stop.h. */
struct ump__attention {
	UMP__ATOMIC(uint32_t) value;
};

/* A number that may be out of date, such as the CPU on which the other side last ran. */
struct ump__hint {
	UMP__ATOMIC(int) value;
};

#endif
