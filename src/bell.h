/* SPDX-License-Identifier: 0BSD */
/*
 * Bells with a gate.  Whoever rings has done first what the ringing tells of, so the owner may have
 * seen that, and be gone, when a late ringer comes: its descriptor is closed by then, and its
 * number another file's.  Ringers therefore pass a gate, which the owner shuts before it closes.
 */
#ifndef UMP_BELL_H
#define UMP_BELL_H

#include "sync/sync.h"

/* Open a bell that nobody else has seen.  UMP_OK, or UMP_NO_FD. */
int ump__bell_make(struct ump__bell *bell);

/* Ring it; once the owner has gone this does nothing.  Any thread with a reference of what the bell
 * belongs to. */
void ump__bell_ring(struct ump__bell *bell);

/* Close it, for good.  Ringers that are inside are waited for: they are about to leave.  The owner
 * only. */
void ump__bell_end(struct ump__bell *bell);

#endif
